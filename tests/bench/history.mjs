// The past of a full wall through the running server: a screenful of tiles at a random past moment against the same
// screenful now, a walk through the whole past, what the keyframes of all that weigh, who drew what, activity over time, and
// rolling back.
//
//     node tests/bench/history.mjs [--data DIR] [--moments N] [--steps N]
//
// DIR is a data folder that holds the corpus already (it is changed: rolled back and shown again); without it
// the corpus is imported. KOLAM_SHARED: where corpus/ lies (default ../shared).

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { Client, cpuSeconds, get, getJson, kolam, makeFolder, memory, ROOT, showBody, startServer } from '../wire/client.mjs';
import { mb, printTable, quantile } from './support/table.mjs';

const option = (name) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : null;
};
const CORPUS = join(process.env.KOLAM_SHARED ?? resolve(ROOT, '../shared'), 'corpus');
const MOMENTS = Number(option('moments') ?? 20);
const STEPS = Number(option('steps') ?? 40);
const [COLUMNS, ROWS] = [8, 5];
const LEVELS = [0, -3, -6, -9];
const IN_FLIGHT = 6; // what a browser has

if (!option('data') && !existsSync(CORPUS)) {
  console.log(`skipped: no corpus at ${CORPUS} (KOLAM_SHARED)`);
  process.exit(0);
}
const data = option('data') ?? makeFolder();
if (!option('data')) {
  const files = readdirSync(CORPUS).filter((name) => name.endsWith('.ndjson.zst')).map((name) => join(CORPUS, name));
  await kolam(['import', '--data', data, ...files], { deadlineMs: 600e3 });
}
const start = () => startServer({ data, args: ['--tile-cache-mb', '256'] });
let server = await start();
const { json: wall } = await getJson(server, '/api/canvas/main');

// The same places each time (Lehmer's generator).
let state = 20261122;
const random = (count) => {
  state = (state * 48271) % 2147483647;
  return state % count;
};

async function screenful(level, x0, y0, at) {
  const tiles = Array.from({ length: COLUMNS * ROWS }, (_, i) => [x0 + (i % COLUMNS), y0 + Math.floor(i / COLUMNS)]);
  const started = performance.now();
  const cpu = cpuSeconds(server.pid);
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    for (let tile = tiles.pop(); tile; tile = tiles.pop()) {
      const path = `/tiles/main/${level}/${tile[0]}/${tile[1]}.png`;
      let answer = await get(server, at ? `${path}?at=${at}` : path);
      if (answer.status === 302) {
        answer = await get(server, answer.headers.location);
      }
      if (answer.status !== 200) {
        throw new Error(`${path} at ${at}: ${answer.status} ${answer.body}`);
      }
    }
  }));
  return { ms: performance.now() - started, cpuMs: (cpuSeconds(server.pid) - cpu) * 1e3 };
}

// Where ink is: a screenful around a random stroke's place.
async function placeAt(level) {
  const seq = 1 + random(wall.seq);
  const { x0, y0, x1, y1 } = { x0: wall.box[0], y0: wall.box[1], x1: wall.box[2], y1: wall.box[3] };
  const answer = await get(server, `/api/canvas/main/strokes?level=-9&x=${Math.floor(x0 / 512) - 1}&y=${Math.floor(y0 / 512) - 1}` +
    `&width=${Math.ceil((x1 - x0) / 512) + 2}&height=${Math.ceil((y1 - y0) / 512) + 2}&from=${seq}&to=${Math.min(wall.seq, seq + 1)}`);
  const { decodeBody, decodeFrame } = await import('../wire/codec.mjs');
  const { x, y, level: own } = decodeBody(decodeFrame(answer.body)[0].body);
  const scale = 2 ** (level - own);
  return [Math.floor(x * scale) - COLUMNS / 2, Math.floor(y * scale) - Math.floor(ROWS / 2)];
}

const figures = (samples) => {
  const ms = samples.map((sample) => sample.ms);
  const cpu = samples.map((sample) => sample.cpuMs);
  return { p50: quantile(ms, 0.5), p99: quantile(ms, 0.99), cpu: cpu.reduce((sum, each) => sum + each, 0) / cpu.length, cpu99: quantile(cpu, 0.99) };
};
const cells = ({ p50, p99, cpu, cpu99 }) => [p50, p99, cpu, cpu99].map((ms) => ms.toFixed(0));
const row = (name, samples) => [name, ...cells(figures(samples)).slice(0, 3)];

async function timed(act) {
  const started = performance.now();
  const cpu = cpuSeconds(server.pid);
  const value = await act();
  return { value, ms: performance.now() - started, cpuMs: (cpuSeconds(server.pid) - cpu) * 1e3 };
}

// A file is as large as what is in it only once the server has gone. What comes back has nothing in memory.
async function sizeOf(name) {
  await server.stop();
  const { size } = statSync(join(data, 'canvases', name));
  server = await start();
  return size;
}

console.log(`the past of ${wall.seq} ops; screenfuls of ${COLUMNS} x ${ROWS} tiles, ${MOMENTS} places a level, ms`);
const scenes = LEVELS.flatMap((level) => Array.from({ length: MOMENTS }, () => ({ level })));
for (const scene of scenes) {
  scene.place = await placeAt(scene.level);
  scene.at = 1 + random(wall.seq);
  scene.first = await screenful(scene.level, ...scene.place);
}
const logBytes = await sizeOf('main.kolam');
const snapshotBytes = await sizeOf('main.tiles');
for (const scene of scenes) {
  await screenful(scene.level, ...scene.place);
  scene.now = await screenful(scene.level, ...scene.place);
  scene.past = await screenful(scene.level, ...scene.place, scene.at);
  scene.again = await screenful(scene.level, ...scene.place, scene.at + 1);
}
const momentBytes = await sizeOf('main.tiles');
const rows = LEVELS.flatMap((level) => {
  const of = (what) => figures(scenes.filter((scene) => scene.level === level).map((scene) => scene[what]));
  const now = of('now');
  const ratios = (found) => ['p50', 'p99', 'cpu'].map((what) => (found[what] / now[what]).toFixed(1));
  return [['now', 'now'], ['a random past moment', 'past'], ['one op later', 'again'], ['now, drawn for the first time', 'first']]
    .map(([name, what]) => [`level ${level}: ${name}`, ...cells(of(what)), ...ratios(of(what))]);
});
printTable(['a screenful', 'p50', 'p99', 'CPU', 'CPU p99', 'p50 / now', 'p99 / now', 'CPU / now'], rows);

// Somebody drags the time bar from the first stroke to the last, once at each level.
const walk = [];
for (const level of LEVELS) {
  const place = scenes.find((scene) => scene.level === level).place;
  const steps = [];
  for (let i = 1; i <= STEPS; i += 1) {
    steps.push(await screenful(level, ...place, Math.ceil((wall.seq * i) / STEPS)));
  }
  walk.push(row(`level ${level}`, steps));
}
printTable([`a step of ${STEPS} through the whole past`, 'p50', 'p99', 'CPU'], walk);
const walkBytes = await sizeOf('main.tiles');
const perOp = (bytes) => [mb(bytes), (bytes / wall.seq).toFixed(0)];
printTable(['storage', 'size', 'bytes an op'], [
  ['the log and its index', ...perOp(logBytes)],
  ['tiles: snapshots, keyframes of their first drawing', ...perOp(snapshotBytes)],
  [`keyframes of ${2 * scenes.length} screenfuls at random moments`, ...perOp(momentBytes - snapshotBytes)],
  [`keyframes of a walk of ${STEPS} steps at ${LEVELS.length} levels, besides`, ...perOp(walkBytes - momentBytes)],
]);

const asks = { blame: [], activity: [] };
for (let i = 0; i < MOMENTS; i += 1) {
  const [x, y] = await placeAt(0);
  const blame = `/api/canvas/main/at?level=0&x=${x * 256 + 1100}&y=${y * 256 + 600}&slack=4`;
  asks.blame.push(await timed(() => get(server, blame)));
  const activity = `/api/canvas/main/activity?level=0&x=${x * 256}&y=${y * 256}&width=2048&height=1280`;
  asks.activity.push(await timed(() => get(server, activity)));
}
const all = '/api/canvas/main/activity?level=-9&x=-2000&y=-2000&width=4000&height=4000';
asks.all = [await timed(() => get(server, all))];
printTable(['a question', 'p50', 'p99', 'CPU'], [row('who drew this pixel', asks.blame),
  row('activity of a screenful', asks.activity), row('activity of the whole wall', asks.all)]);

// ---- rolling back ----

const moderator = await Client.artist(server, { admin: server.adminToken() });
moderator.keepsNothing = true;
const ask = async (message) => {
  let heard;
  const answer = new Promise((done) => (heard = done));
  moderator.onEvent = (event) => (event.id === message.id && event.type !== 'view' ? heard(event) : undefined);
  moderator.say({ type: 'rollback', artists: null, lasso: null, level: -9, x: '-2000', y: '-2000', width: 4000, height: 4000, ...message });
  return answer;
};

// Shows again what the hides from `first` on name; an answer may hold fewer of them than asked for.
async function undo(first, count) {
  for (let i = count - 1; i >= 0; i -= 1) {
    const seq = Number(first) + i;
    const { ops: [hide] } = await new Promise((done) => {
      moderator.onEvent = (event) => event.type === 'mine' && done(event);
      moderator.say({ type: 'mine', id: seq, before: String(seq + 1), limit: 1 });
    });
    moderator.onEvent = undefined;
    moderator.keepsNothing = false;
    await moderator.commit(showBody(...hide.targets.map(Number)));
    moderator.keepsNothing = true;
  }
}

const rollbacks = [];
for (const [i, count] of [1000, 10000, 100000].entries()) {
  const span = { from: String(wall.seq - count + 1), to: String(wall.seq) };
  const preview = await timed(() => ask({ id: 2 * i, ...span, apply: false }));
  const apply = await timed(() => ask({ id: 2 * i + 1, ...span, apply: true }));
  rollbacks.push([`${preview.value.strokes} strokes`, preview.ms.toFixed(0), apply.value.ops, apply.ms.toFixed(0), apply.cpuMs.toFixed(0)]);
  await undo(apply.value.seq, apply.value.ops);
}
printTable(['a rollback', 'preview ms', 'ops', 'applied ms', 'CPU'], rollbacks);
const { peak } = memory(server.pid);
console.log(`the server's memory at most ${mb(peak)}`);
await server.stop();
