// Undo of a stroke below many later ones: how long until everybody who looks has it, and what it costs the server.
// Ten viewers: six look at the place 1:1, two from four times and two from 256 times as far. Each holds the tiles of its view;
// from the moment the hide is sent, each waits for the notice of every tile of its view that changes, and fetches it.
//
//     node tests/bench/undo.mjs [--later 100,1000,10000] [--rounds N]

import { Client, cpuSeconds, get, hideBody, lineBody, startServer } from '../wire/client.mjs';
import { printTable, quantile } from './support/table.mjs';

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : otherwise;
};
const LATER = option('later', '100,1000,10000').split(',').map(Number);
const ROUNDS = Number(option('rounds', '3'));
const BATCH = 500; // strokes under way at once
const VIEWS = [
  ...Array.from({ length: 6 }, () => ({ kind: 'near', level: 0, x: 0, y: 0, width: 4, height: 3 })),
  ...Array.from({ length: 2 }, () => ({ kind: 'far', level: -2, x: -1, y: -1, width: 4, height: 3 })),
  ...Array.from({ length: 2 }, () => ({ kind: 'farthest', level: -8, x: -1, y: -1, width: 3, height: 2 })),
];

const server = await startServer({ args: ['--tile-cache-mb', '256'] });
let state = 20261122; // Lehmer's generator: the same strokes each time
const random = (count) => {
  state = (state * 48271) % 2147483647;
  return state % count;
};

// Handwriting's size, on the four tiles around (512, 256).
function scribble() {
  const [x, y] = [420 + random(180), 190 + random(130)];
  const points = Array.from({ length: 20 }, () => [(x + random(40)) * 8, (y + random(30)) * 8]);
  return lineBody([0, 0, 0, 0], { points, color: (random(0xffffff) * 256 + 0xff) >>> 0, width: 3 * 256 });
}

async function drawMany(client, count) {
  for (let left = count; left > 0; left -= BATCH) {
    const from = client.mark();
    const size = Math.min(BATCH, left);
    let last;
    for (let i = 0; i < size; i += 1) {
      last = client.submit(scribble());
    }
    await client.answer(last, from);
    client.events.length = 0;
  }
}

const seqOf = (answer) => Number(/-(\d+)"$/.exec(answer.headers.etag)[1]);

// The tile as it is now, at least of `seq`: what a browser does after the notice.
async function fetchTile(canvas, { level, x, y }, seq) {
  for (;;) {
    let answer = await get(server, `/tiles/${canvas}/${level}/${x}/${y}.png`);
    if (answer.status === 302) {
      answer = await get(server, answer.headers.location);
    }
    if (answer.status !== 200) {
      throw new Error(`tile ${level}/${x}/${y}: ${answer.status}`);
    }
    if (seqOf(answer) >= seq) {
      return;
    }
    await new Promise((done) => setTimeout(done, 20)); // it is being rebuilt
  }
}

// The tiles of a view on which the undone line (100, 256) .. (900, 256) lies.
function touched(view) {
  const tiles = [];
  const scale = 2 ** view.level;
  const tile = (value) => Math.floor((value * scale) / 256);
  for (let y = view.y; y < view.y + view.height; y += 1) {
    for (let x = view.x; x < view.x + view.width; x += 1) {
      if (x >= tile(92) && x <= tile(908) && y >= tile(248) && y <= tile(264)) {
        tiles.push({ level: view.level, x, y });
      }
    }
  }
  return tiles;
}

async function look(canvas, view) {
  const client = await Client.join(server, { canvas, watch: true });
  const { tiles: seqs } = await client.view(view);
  let i = 0;
  for (let y = view.y; y < view.y + view.height; y += 1) {
    for (let x = view.x; x < view.x + view.width; x += 1) {
      if (seqs[i] > 0) {
        await fetchTile(canvas, { level: view.level, x, y }, 0);
      }
      i += 1;
    }
  }
  return { client, view };
}

// Resolves when the viewer has the notice of each tile and has fetched it.
async function hasIt({ client, view }, canvas, seq, from) {
  await Promise.all(touched(view).map(async (tile) => {
    await client.wait((event) => event.type === 'tile' && event.level === tile.level && Number(event.x) === tile.x &&
      Number(event.y) === tile.y && event.seq >= seq, from, `TILE ${tile.level}/${tile.x}/${tile.y}`, 60e3);
    await fetchTile(canvas, tile, seq);
  }));
  return performance.now();
}

async function undo(later, round) {
  const canvas = `undo-${later}-${round}`;
  const mira = await Client.artist(server, { canvas });
  const seq = await mira.draw([100, 256, 900, 256], { color: 0xff0000ff, width: 16 * 256 });
  await drawMany(await Client.artist(server, { canvas }), later);
  const viewers = [];
  for (const view of VIEWS) {
    viewers.push(await look(canvas, view));
  }
  const marks = viewers.map(({ client }) => client.mark());
  const cpu = cpuSeconds(server.pid);
  const started = performance.now();
  const from = mira.mark();
  const counter = mira.submit(hideBody(seq));
  const hidden = mira.answer(counter, from).then((answer) => ({ seq: answer.seq, at: performance.now() }));
  const ends = viewers.map(async (viewer, i) => hasIt(viewer, canvas, later + 2, marks[i]));
  const times = (await Promise.all(ends)).map((at) => at - started);
  const { at, seq: hideSeq } = await hidden;
  if (hideSeq !== later + 2) {
    throw new Error(`the hide is ${hideSeq}, not ${later + 2}`);
  }
  const cpuMs = (cpuSeconds(server.pid) - cpu) * 1e3;
  for (const { client } of viewers) {
    await client.leave();
  }
  await mira.leave();
  const of = (kind) => Math.max(...times.filter((_, i) => VIEWS[i].kind === kind));
  return { ack: at - started, near: of('near'), far: of('far'), farthest: of('farthest'), cpuMs };
}

console.log(`undo of a stroke on 8 tiles: ms until the last of ${VIEWS.length} viewers has every new tile, ${ROUNDS} rounds, median (worst)`);
const rows = [];
for (const later of LATER) {
  const samples = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    samples.push(await undo(later, round));
  }
  const cell = (name) => {
    const values = samples.map((sample) => sample[name]);
    return `${quantile(values, 0.5).toFixed(0)} (${Math.max(...values).toFixed(0)})`;
  };
  rows.push([later, ...['ack', 'near', 'far', 'farthest', 'cpuMs'].map(cell)]);
}
printTable(['later ops on its tiles', 'ACK', '6 near (level 0)', '2 far (-2)', '2 farthest (-8)', 'server CPU'], rows);
await server.stop();
