// What it costs to tell everybody: server CPU for each delivered op with 1,000 clients that all look at one place, and with 1,000 different views of
// it, against (a) a bare epoll server that writes ready-made frames of the same size as often, (b) a relay on `ws` that sends one frame an op, and (c) our
// last recorded figures in docs/benchmarks.md. Runs are interleaved, figures are medians, CPU is the server's own from /proc.
//
//     node tests/bench/fanout.mjs [--rounds N] [--seconds S] [--long [--scale X] [--data DIR] [--only PATTERN]]
//
// --long: the crowds of thousands of docs/benchmarks.md as well (some 15 minutes; X times as long); DIR is a folder that holds the corpus
// already (a copy is used). --rounds 0 leaves the short suite out. KOLAM_SHARED: where corpus/ lies (default ../shared).

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { kolam, memory, ROOT, startServer } from '../wire/process.mjs';
import { printTable, quantile } from './support/table.mjs';

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? Number(process.argv[at + 1]) : otherwise;
};
const ROUNDS = option('rounds', 5);
const SECONDS = option('seconds', 5);
const BARE = join(ROOT, 'build/fanout_bare');
const HERE = fileURLToPath(new URL('.', import.meta.url));
const CORPUS = join(process.env.KOLAM_SHARED ?? resolve(ROOT, '../shared'), 'corpus');

const median = (values) => quantile(values, 0.5);
const us = (value) => (value === null || Number.isNaN(value) ? '-' : value.toFixed(value < 10 ? 2 : 1));
const times = (value) => (Number.isFinite(value) ? `${value.toFixed(2)} x` : '-');

// One run of `kolam load`; what it finds wrong is said, and kept in `faults`.
async function load(server, args, { deadlineMs = 900e3 } = {}) {
  const pid = ['--server-pid', String(server.pid)];
  const run = await kolam(['load', '--server', server.origin, '--json', ...pid, ...args.map(String)], { deadlineMs });
  if (run.stdout === '') {
    throw new Error(`kolam load: ${run.stderr}`);
  }
  return { ...JSON.parse(run.stdout), faults: run.code === 0 ? '' : run.stderr };
}

async function onFreshServer(work, args = [], data = undefined) {
  const server = await startServer({ data, args: ['--log-level', 'warn', '--max-connections', '20000', ...args] });
  const result = await work(server);
  await server.kill();
  return result;
}

async function startRelay() {
  const child = spawn(process.execPath, [join(HERE, 'support/fanout_relay.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((done) => child.stdout.once('data', (text) => done(Number(text))));
  return { pid: child.pid, origin: `http://127.0.0.1:${port}`, kill: () => child.kill('SIGKILL') };
}

const CROWD = ['--artists', 20, '--watchers', 980, '--no-previews'];
const perOp = (run) => run.server_cpu_us_per_delivery;
const loopPerOp = (run) => (run.server_loop_share * run.seconds * 1e6) / run.delivered_in_time;

// The bare server at the pace of a run: as many frames, of the size that the run's had.
function bare(run) {
  const clients = run.artists + run.watchers;
  const rate = run.frames / clients / run.seconds;
  const result = spawnSync(BARE, [clients, rate.toFixed(3), Math.max(1, Math.round(run.bytes / run.frames)), SECONDS], { encoding: 'utf8' });
  const out = JSON.parse(result.stdout);
  const delivered = run.delivered_in_time / run.seconds;
  return (out.cpu_s / out.seconds) * 1e6 / delivered; // for as many ops a second as those frames held
}

async function fanOut() {
  const found = { same: [], overlap: [], loop: [], loopOverlap: [], bare: [], bareOverlap: [], relay: [], ticks: [], late: [], faults: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const same = await onFreshServer((server) => load(server, [...CROWD, '--same-view', '--rate', 30, '--seconds', SECONDS]));
    found.same.push(perOp(same));
    found.loop.push(loopPerOp(same));
    found.ticks.push(same.frames / 1000 / same.seconds);
    found.late.push(same.latency_ms.p99);
    found.bare.push(bare(same));
    const overlap = await onFreshServer((server) => load(server, [...CROWD, '--overlap', '--rate', 30, '--seconds', SECONDS]));
    found.overlap.push(perOp(overlap));
    found.loopOverlap.push(loopPerOp(overlap));
    found.bareOverlap.push(bare(overlap));
    const relay = await startRelay();
    const relayed = await load(relay, [...CROWD, '--same-view', '--rate', 3, '--seconds', SECONDS]); // more than that it cannot
    found.relay.push(perOp(relayed));
    relay.kill();
    found.faults.push(same.faults, overlap.faults);
  }
  return found;
}

async function oneStroke() {
  return onFreshServer((server) => load(server, ['--artists', 1, '--watchers', 10, '--same-view', '--rate', 4.3, '--seconds', 15, '--no-previews']));
}

async function idleMemory() {
  return onFreshServer(async (server) => {
    const before = memory(server.pid).now;
    const idle = await load(server, ['--artists', 0, '--watchers', 5000, '--same-view', '--seconds', 5]);
    return { kb: (idle.server_rss_mb * 1048576 - before) / 5000 / 1024, share: idle.server_cpu_s / idle.seconds };
  });
}

// Figures of the last time, by the name in the first column: docs/benchmarks.md's first table.
function recorded() {
  const text = readFileSync(join(ROOT, 'docs/benchmarks.md'), 'utf8');
  const rows = [...text.matchAll(/^\| ([^|]+?) +\| +([\d.]+) [^|]*\|/gm)];
  return Object.fromEntries(rows.map(([, name, value]) => [name, Number(value)]));
}

async function shortSuite() {
  const before = recorded();
  const found = await fanOut();
  const stroke = await oneStroke();
  const idle = await idleMemory();
  const [same, overlap, loop, loopOverlap, limit, limitOverlap, relay] =
    [found.same, found.overlap, found.loop, found.loopOverlap, found.bare, found.bareOverlap, found.relay].map(median);
  const row = (name, value, unit, ...ratios) => [name, `${us(value)} ${unit}`, ...ratios, times(value / before[name])];
  console.log(`Fan-out, medians of ${ROUNDS}; 20 artists x 30 strokes/s, ${us(median(found.ticks))} frames/s to each client, op latency p99 ${us(median(found.late))} ms:`);
  printTable(['what', 'figure', 'to bare epoll', 'to ws', 'to the last time'], [
    row('CPU an op, 1,000 on the same view', same, 'us', times(same / limit), times(same / relay)),
    row('of it the loop thread', loop, 'us', times(loop / limit), '-'),
    row('CPU an op, 1,000 different views', overlap, 'us', times(overlap / limitOverlap), times(overlap / relay)),
    row('of it the loop thread, different views', loopOverlap, 'us', times(loopOverlap / limitOverlap), '-'),
    row('different views to the same view', overlap / same, 'x', '-', '-'),
    row('bare epoll, same frames', limit, 'us', times(1), times(limit / relay)),
    row('relay on ws, a frame an op', relay, 'us', times(relay / limit), times(1)),
    row('one stroke to 10 others, p50 after its ACK', stroke.after_ack_ms.p50, 'ms', '-', '-'),
    row('one stroke to 10 others, p99 after its ACK', stroke.after_ack_ms.p99, 'ms', '-', '-'),
    row('the same from pen-up, the disk included, p50', stroke.latency_ms.p50, 'ms', '-', '-'),
    row('memory an idle connection', idle.kb, 'KB', '-', '-'),
    row('CPU with 5,000 idle connections', idle.share * 100, '%', '-', '-'),
  ]);
  return [...found.faults, stroke.faults].filter((text) => text !== '');
}

async function main() {
  const made = spawnSync('make', ['-s', '-C', ROOT, 'build/fanout_bare'], { stdio: 'inherit' });
  const faults = made.status === 0 && ROUNDS > 0 ? await shortSuite() : [];
  faults.forEach((text) => console.error(text));
  if (process.argv.includes('--long')) {
    const { longTable } = await import('./support/fanout_long.mjs');
    const text = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : null);
    const only = text('--only') === null ? null : new RegExp(text('--only'));
    await longTable({ load, onFreshServer, corpus: CORPUS, data: text('--data'), scale: option('scale', 1), only });
  }
  process.exit(made.status !== 0 || faults.length > 0 ? 1 : 0);
}

await main();
