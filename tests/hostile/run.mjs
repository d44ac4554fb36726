// Hostile programs against a real server on which honest artists draw: what it costs them, and what it costs the server.
//
//   node tests/hostile/run.mjs [--seconds N] [--artists N] [--json] [NAME...]     (make hostile: all of them)
//
// Each program gets a fresh server with its default limits, counted on loopback, too: the honest draw from one address, the program
// attacks from another. The honest draw alone first, then beside it: the same crowd, the same strokes (kolam load), which itself
// proves that every stroke that was owed came, once, in order, byte for byte. Afterwards the server must be healthy,
// and the canvases without a fault (kolam check).

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { get, kolam, memory, startServer } from '../wire/client.mjs';
import { NAMES } from './attack.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ATTACKER = '127.77.0.9'; // another network than 127.0.0.1
const LEDGER = ['latency_ms', 'ack_ms'];

function parse(args) {
  const options = { seconds: 8, artists: 50, seed: 1, json: false, names: [] };
  for (let i = 0; i < args.length; i += 1) {
    if (args[i] === '--json') {
      options.json = true;
    } else if (['--seconds', '--artists', '--seed'].includes(args[i])) {
      options[args[i].slice(2)] = Number(args[(i += 1)]);
    } else if (NAMES.includes(args[i])) {
      options.names.push(args[i]);
    } else {
      console.error(`usage: run.mjs [--seconds N] [--artists N] [--seed N] [--json] [NAME...]\nprograms: ${NAMES.join(' ')}`);
      process.exit(2);
    }
  }
  return { ...options, names: options.names.length > 0 ? options.names : NAMES };
}

// The honest: their summary, and what kolam load found missing.
export async function honest(server, { artists, seconds, seed, rate = 1 }) {
  const run = await kolam(['load', '--server', server.origin, '--canvas', 'load', '--artists', String(artists), '--watchers', '10', '--same-view',
    '--rate', String(rate), '--seconds', String(seconds), '--seed', String(seed), '--settle', '60', '--json'], { deadlineMs: (seconds + 120) * 1000 });
  let summary = {};
  try {
    summary = JSON.parse(run.stdout);
  } catch { /* it did not come so far: what it said is told below */ }
  return { ...summary, code: run.code, said: run.stderr.trim().slice(-400) };
}

// Starts a program and resolves with what it found; `ended` at once if it cannot.
export function startAttack(server, name, { seconds, seed, from }) {
  const args = [`${HERE}attack.mjs`, name, '--server', server.origin, '--seconds', String(seconds), '--seed', String(seed)];
  const child = spawn(process.execPath, from ? [...args, '--from', from] : args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let error = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (error += chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), (seconds + 60) * 1000);
  return new Promise((done) => child.on('close', (code, signal) => {
    clearTimeout(timer);
    let result = {};
    try {
      result = JSON.parse(out);
    } catch { /* told below */ }
    const isBroken = result.begun === undefined && result.rounds === undefined;
    done({ ...result, problems: [...(result.problems ?? []), ...(isBroken ? [`the program ended with ${signal ?? code}: ${error.slice(-300)}`] : [])] });
  }));
}

async function metricsOf(server) {
  const values = new Map();
  for (const line of (await get(server, '/metrics')).body.toString().split('\n')) {
    const at = line.lastIndexOf(' ');
    if (at > 0 && line[0] !== '#') {
      values.set(line.slice(0, at), Number(line.slice(at + 1)));
    }
  }
  return values;
}

const limitsReached = (metrics) =>
  [...metrics].filter(([key, value]) => key.startsWith('kolam_limit_hits_total') && value > 0)
    .map(([key, value]) => `${/limit="(\w+)",scope="(\w+)"/.exec(key).slice(1).join('.')} ${value}`);

const openFiles = (pid) => {
  try {
    return Number(/Max open files\s+(\d+)/.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
};

// After it: is the server well, and what it wrote whole? Stops it.
export async function aftermath(server) {
  const problems = [];
  if (server.hasEnded()) {
    return [`the server ended: ${server.log().slice(-600)}`];
  }
  const health = await get(server, '/healthz').catch((error) => ({ status: 0, body: String(error) }));
  if (health.status !== 200) {
    problems.push(`/healthz is ${health.status}: ${health.body}`);
  }
  const { code } = await server.stop();
  if (code !== 0) {
    problems.push(`it stopped with ${code}: ${server.log().slice(-600)}`);
  }
  const check = await kolam(['check', '--data', server.data]);
  if (check.code !== 0) {
    problems.push(`kolam check: ${(check.stdout + check.stderr).trim().slice(-400)}`);
  }
  return problems;
}

async function runOne(name, options) {
  const server = await startServer({ args: ['--limit-loopback', '--log-level', 'warn'] });
  const calm = await honest(server, options);
  const before = memory(server.pid).peak;
  const attack = startAttack(server, name, { seconds: options.seconds + 3, seed: options.seed, from: ATTACKER });
  await new Promise((done) => setTimeout(done, 1500)); // it is at full strength
  const beside = await honest(server, { ...options, seed: options.seed + 1 });
  const { problems, ...tally } = await attack;
  const metrics = server.hasEnded() ? new Map() : await metricsOf(server).catch(() => new Map());
  const peak = server.hasEnded() ? NaN : memory(server.pid).peak;
  const files = openFiles(server.pid);
  if (beside.code !== 0) {
    problems.push(`the honest: ${beside.faults ?? ''} ${beside.said}`);
  }
  problems.push(...(await aftermath(server)));
  return { name, calm, beside, tally, peak_mb: peak / 1e6, grown_mb: (peak - before) / 1e6, files, limits: limitsReached(metrics), problems };
}

const ratio = (row, what, q) => row.beside[what]?.[q] / Math.max(1, row.calm[what]?.[q]);
const cell = (value, digits = 1) => (Number.isFinite(value) ? value.toFixed(digits) : '-');

function tell(row) {
  const ms = (what, q) => `${cell(row.calm[what]?.[q])} -> ${cell(row.beside[what]?.[q])}`;
  console.log(`${row.name.padEnd(20)} op p50 ${ms('latency_ms', 'p50').padEnd(16)} p99 ${ms('latency_ms', 'p99').padEnd(18)} x${cell(ratio(row, 'latency_ms', 'p50')).padEnd(5)}` +
    ` memory +${cell(row.grown_mb, 0)} MB (${cell(row.peak_mb, 0)})  ${row.problems.length > 0 ? `NOT WELL: ${row.problems.join('; ')}` : 'well'}` +
    `${row.limits.length > 0 ? `\n${''.padEnd(21)}reached: ${row.limits.join(', ')}` : ''}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = parse(process.argv.slice(2));
  const rows = [];
  for (const name of options.names) {
    const row = await runOne(name, options);
    rows.push(row);
    if (options.json) {
      console.log(JSON.stringify(row));
    } else {
      tell(row);
    }
  }
  const slow = rows.filter((row) => LEDGER.some((what) => ratio(row, what, 'p50') > 2));
  const ill = rows.filter((row) => row.problems.length > 0);
  console.log(`${rows.length} programs: ${ill.length} with problems, ${slow.length} that more than doubled the honest median${slow.length > 0 ? ` (${slow.map(({ name }) => name).join(', ')})` : ''}`);
  process.exit(ill.length > 0 ? 1 : 0);
}
