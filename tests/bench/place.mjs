// The wall as a place on the full corpus: what an answer costs the server when it is built, and when it is shared.
//
//     node tests/bench/place.mjs [--data DIR] [--rounds N] [--artists N]
//
// DIR is a data folder that holds the corpus already (artists without a stroke are added to it); without it the corpus is
// imported. CPU is what the process used, so it holds on a busy machine; the time beside it is the median until the answer.
// KOLAM_SHARED: where corpus/ lies (default ../shared).

import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { Client, cpuSeconds, get, getJson, kolam, makeFolder, memory, ROOT, startServer } from '../wire/client.mjs';
import { mb, printTable, quantile } from './support/table.mjs';

const option = (name) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : null;
};
const CORPUS = join(process.env.KOLAM_SHARED ?? resolve(ROOT, '../shared'), 'corpus');
const ROUNDS = Number(option('rounds') ?? 40);
const ARTISTS = Number(option('artists') ?? 100000);

if (!option('data') && !existsSync(CORPUS)) {
  console.log(`skipped: no corpus at ${CORPUS} (KOLAM_SHARED)`);
  process.exit(0);
}
const data = option('data') ?? makeFolder();
if (!option('data')) {
  const files = readdirSync(CORPUS).filter((name) => name.endsWith('.ndjson.zst')).map((name) => join(CORPUS, name));
  await kolam(['import', '--data', data, ...files], { deadlineMs: 600e3 });
}

let server = await startServer({ data });
const api = (what) => `/api/canvas/main/${what}`;
const rows = [];

// `ask(i)` is a question that differs from the others where i does, so that each is built.
async function measure(title, ask, rounds = ROUNDS) {
  const times = [];
  const cpu = cpuSeconds(server.pid);
  for (let i = 0; i < rounds; i += 1) {
    const begin = performance.now();
    const answer = await get(server, ask(i));
    times.push(performance.now() - begin);
    if (answer.status !== 200) {
      throw new Error(`${ask(i)}: ${answer.status} ${answer.body}`);
    }
  }
  const cpuMs = ((cpuSeconds(server.pid) - cpu) * 1e3) / rounds;
  rows.push([title, cpuMs.toFixed(2), quantile(times, 0.5).toFixed(1), quantile(times, 1).toFixed(1)]);
}

const { json: wall } = await getJson(server, '/api/canvas/main');
console.log(`${wall.seq} ops, ${wall.artists} artists`);

await measure('an answer that is there already (people)', () => api('people'), 2000);
await measure('people, nobody here', (i) => api(`people?limit=${1 + (i % 256)}`), 200);
await measure('lively, the first: 4,096 strokes are read', () => api('lively?minutes=1440&limit=64'), 1);
await measure('lively, 64 places of 4,096 strokes', (i) => api(`lively?minutes=1440&limit=${1 + (i % 63)}`));

const [x0, y0, x1, y1] = wall.box;
const heat = (level, side, rest) => {
  const scale = 2 ** level / 256;
  const [x, y] = [((x0 + x1) / 2) * scale - side / 2, ((y0 + y1) / 2) * scale - side / 2].map(Math.floor);
  return (i) => api(`heat?level=${level}&x=${x + (i % 5)}&y=${y + Math.floor(i / 5)}&width=${side}&height=${side}${rest}`);
};
const far = Math.floor(Math.log2((64 * 256) / Math.max(x1 - x0, y1 - y0)));
const { json: middle } = await getJson(server, api(`moment?at=${Math.floor(wall.seq / 2)}`));
await measure(`heat of all time, the whole wall (level ${far})`, heat(far, 64, ''));
await measure('heat since half of it', heat(far, 64, `&from=${middle.time}`));
await measure('heat of one artist', heat(far, 64, '&artist=7'));
await measure('heat of all time, level -3', heat(-3, 64, ''));
await measure('heat of all time, level 0', heat(0, 64, ''));

const mira = await Client.artist(server);
let named = 0;
for (; named < 19; named += 1) {
  mira.say({ type: 'place', id: named, name: `Place number ${named} äöü`, x: String(named), y: '0', zoom: 0 });
  await mira.wait((event) => event.type === 'place' && event.id === named);
}
const letters = 'abcdefghijklmnopqrstuvwxyz';
const word = (i) => letters[i % 26] + letters[Math.floor(i / 26) % 26];
await measure('places', (i) => api(`places?limit=${1 + i}`));
await measure('search, the first: names are folded', () => api('search?q=zz'), 1);
await measure('search for a letter', (i) => api(`search?q=${letters[i % 26]}&limit=${10 + Math.floor(i / 26)}`));
await measure('search for two letters', (i) => api(`search?q=${word(i)}`));

// Artists without a stroke, as an import makes them.
const admin = await Client.artist(server, { admin: server.adminToken() });
const WINDOW = 2000;
for (let i = 0; i < ARTISTS; i += WINDOW) {
  const from = admin.mark();
  for (let k = 0; k < WINDOW; k += 1) {
    admin.say({ type: 'act_as', slot: k, name: `Łively Heron ${((i + k) * 7919).toString(36)}` });
  }
  await admin.wait(() => admin.all('acting', from).length === WINDOW, from);
  admin.events.length = 0;
}
await server.stop();
server = await startServer({ data });
const before = memory(server.pid).now;
await Client.join(server);
await measure(`search, the first, ${ARTISTS} artists more`, () => api('search?q=zz'), 1);
await measure('search for a letter, as many', (i) => api(`search?q=${letters[i % 26]}&limit=${10 + Math.floor(i / 26)}`));
await measure('search for two letters, as many', (i) => api(`search?q=${word(i)}`));
printTable(['answer', 'CPU ms', 'median ms', 'longest ms'], rows);
console.log(`names in memory: ${mb(memory(server.pid).now - before)}`);
await server.stop();
process.exit(0);
