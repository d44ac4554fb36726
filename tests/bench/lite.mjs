// Watchers by HTTP alone while people draw: what reaches the server, through the documented nginx and without it.
//
//   node tests/bench/lite.mjs [--watchers 2000] [--artists 20] [--seconds 15]
//
// CPU is what the processes used, so that it holds on a busy machine as well; the polls that watchers got round to
// are told beside it.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

import { Client, cpuSeconds, get, ROOT, startServer } from '../wire/client.mjs';
import { hasNginx, startNginx, WHY_NOT } from '../wire/nginx.mjs';
import { families } from '../wire/prometheus.mjs';

const { values: given } = parseArgs({
  options: {
    watchers: { type: 'string', default: '2000' },
    artists: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '15' },
  },
});
const [watchers, artistCount, seconds] = [Number(given.watchers), Number(given.artists), Number(given.seconds)];
const CANVAS = 'lite';
const crowd = join(ROOT, 'build', 'bench', 'lite_watchers');

const server = await startServer();
const nginx = hasNginx() ? await startNginx(server) : null;
mkdirSync(join(ROOT, 'build', 'bench'), { recursive: true });
execFileSync('cc', ['-O2', '-D_GNU_SOURCE', '-o', crowd, join(ROOT, 'tests/bench/lite_watchers.c')]);

// A stroke a second from each artist, 300 pixels of wavy line somewhere in 12 x 12 tiles.
let isOver = false;
let drawn = 0;
async function draw(artist) {
  while (!isOver) {
    const due = performance.now() + 1000;
    const [x, y] = [0, 1].map(() => Math.floor(Math.random() * 12) - 6);
    const points = Array.from({ length: 40 }, (_, i) => [i * 60, Math.round(1000 + 400 * Math.sin(i / 4))]);
    await artist.draw([], { x, y, points });
    drawn += 1;
    await new Promise((done) => setTimeout(done, due - performance.now()));
  }
}
const artists = await Promise.all(Array.from({ length: artistCount }, () => Client.artist(server, { canvas: CANVAS })));
const drawing = Promise.all(artists.map(draw));

const workersOf = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').map(Number);
const nginxCpu = () => (nginx ? workersOf(nginx.pid).reduce((sum, pid) => sum + cpuSeconds(pid), 0) : 0);
async function httpRequests() {
  const { samples } = families(String((await get(server, '/metrics')).body)).get('kolam_http_requests_total');
  return [...samples].filter(([labels]) => /"(tile|versions)"/.test(labels)).reduce((sum, [, count]) => sum + count, 0);
}
async function state() {
  return { at: performance.now(), server: cpuSeconds(server.pid), nginx: nginxCpu(), reached: await httpRequests(), drawn };
}

function difference(before, after) {
  const s = (after.at - before.at) / 1000;
  const rate = (name) => (after[name] - before[name]) / s;
  return { server: rate('server'), nginx: rate('nginx'), reached: rate('reached'), drawn: rate('drawn') };
}

async function alone() {
  const before = await state();
  await new Promise((done) => setTimeout(done, seconds * 1000));
  return difference(before, await state());
}

async function watched(port) {
  const child = spawn(crowd, [port, CANVAS, watchers, seconds, 1000].map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next(); // warm
  const before = await state();
  const told = JSON.parse((await lines.next()).value);
  return { ...difference(before, await state()), told };
}

const percent = (share) => `${(share * 100).toFixed(1)}%`;
function print(name, { server: cpu, nginx: front, reached, drawn: strokes, told }) {
  const asked = told ? (told.polls + told.tiles + told.redirects) / told.seconds : 0;
  const hit = told && told.uncached === 0 ? percent(told.cached / (told.cached + told.passed)) : '-';
  console.log(`| ${name} | ${strokes.toFixed(1)} | ${asked.toFixed(0)} | ${told ? (told.bytes / told.seconds / 1e6).toFixed(1) : 0} | ` +
    `${reached.toFixed(0)} | ${hit} | ${percent(cpu)} | ${percent(front)} | ${told ? told.poll_ms : '-'} | ${told ? told.errors : '-'} |`);
}

console.log(`${watchers} watchers by HTTP alone, polling every second; ${artistCount} artists; ${seconds} s each\n`);
console.log('| who watches | strokes/s | requests/s | MB/s | reach kolam/s | hits | kolam CPU | nginx CPU | ms between polls | errors |');
console.log('|---|---|---|---|---|---|---|---|---|---|');
print('nobody', await alone());
if (nginx) {
  print('through nginx', await watched(nginx.plain.port));
} else {
  console.log(`(${WHY_NOT})`);
}
print('directly', await watched(server.port));

isOver = true;
await drawing;
artists.forEach((artist) => artist.vanish());
await nginx?.stop();
await server.stop();
