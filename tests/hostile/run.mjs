// Hostile programs against a real server on which honest artists draw: what it costs them, and what it costs the server.
//
//   node tests/hostile/run.mjs [--seconds N] [--artists N] [--nice N] [--rows FILE] [--table FILE] [NAME...]     (make hostile: all of them)
//
// Each program gets a fresh server with its default limits, counted on loopback, too: the honest draw from one address, the program
// attacks from another. The honest draw alone first, then beside it: the same crowd, the same strokes (kolam load), which itself
// proves that every stroke that was owed came, once, in order, byte for byte. Afterwards the server must be healthy,
// and the canvases without a fault (kolam check).
//
// The attacker's program has no machine of its own here: it runs at the lowest priority (--nice), so that what is measured is what
// it does to the server and not what its own arithmetic takes from the same cores. `control` is a program that attacks nothing
// and only computes, at that priority: what it costs the honest is the machine's doing.
//
// With --rows the result of each program is kept as a line of JSON, and what is there already is not run again.

import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { get, kolam, memory, startServer } from '../wire/client.mjs';
import { NAMES } from './attack.mjs';
import { DOUBLED, line, ratio, table } from './table.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ATTACKER = '127.77.0.9'; // another network than 127.0.0.1
const CONTROL = 'control';
const USAGE = 'usage: run.mjs [--seconds N] [--artists N] [--seed N] [--nice N] [--rows FILE] [--table FILE] [NAME...]';

function parse(args) {
  const options = { seconds: 5, artists: 50, seed: 1, nice: 19, rows: '', table: '', names: [] };
  for (let i = 0; i < args.length; i += 1) {
    const option = args[i].slice(2);
    if (['--seconds', '--artists', '--seed', '--nice'].includes(args[i])) {
      options[option] = Number(args[(i += 1)]);
    } else if (['--rows', '--table'].includes(args[i])) {
      options[option] = args[(i += 1)];
    } else if ([CONTROL, ...NAMES].includes(args[i])) {
      options.names.push(args[i]);
    } else {
      console.error(`${USAGE}\nprograms: ${[CONTROL, ...NAMES].join(' ')}`);
      process.exit(2);
    }
  }
  return { ...options, names: options.names.length > 0 ? options.names : [CONTROL, ...NAMES] };
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

// Starts a program; `found` resolves with what it found, or what was wrong with it.
export function startAttack(server, name, { seconds, seed, from, nice = 0 }) {
  const args = [`${HERE}attack.mjs`, name, '--server', server.origin, '--seconds', String(seconds), '--seed', String(seed)];
  const child = spawn('nice', ['-n', String(nice), process.execPath, ...args, ...(from ? ['--from', from] : [])], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let error = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (error += chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), (seconds + 60) * 1000);
  const found = new Promise((done) => child.on('close', (code, signal) => {
    clearTimeout(timer);
    let result = {};
    try {
      result = JSON.parse(out);
    } catch { /* told below */ }
    const isBroken = result.begun === undefined && result.rounds === undefined;
    done({ ...result, problems: [...(result.problems ?? []), ...(isBroken ? [`the program ended with ${signal ?? code}: ${error.slice(-300)}`] : [])] });
  }));
  return { pid: child.pid, found };
}

// Computes, and does nothing to anybody.
function startControl({ seconds, nice }) {
  const child = spawn('nice', ['-n', String(nice), process.execPath, '-e', `const end = performance.now() + ${seconds * 1000}; while (performance.now() < end);`], { stdio: 'ignore' });
  return { pid: child.pid, found: new Promise((done) => child.on('close', () => done({ begun: 1, problems: [] }))) };
}

// Seconds of CPU so far: of the loop's thread, and of all others of the process.
function cpuOf(pid) {
  const spent = { loop: 0, others: 0 };
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const fields = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8').split(') ')[1].split(' ');
      spent[Number(task) === pid ? 'loop' : 'others'] += (Number(fields[11]) + Number(fields[12])) / 100;
    }
  } catch { /* it has ended */ }
  return spent;
}

// What each used of a core while `work` was done.
async function measured(pids, work) {
  const began = performance.now();
  const before = pids.map(cpuOf);
  const result = await work();
  const seconds = (performance.now() - began) / 1000;
  const shares = pids.map(cpuOf).map((after, i) => ({ loop: (after.loop - before[i].loop) / seconds, others: (after.others - before[i].others) / seconds }));
  return { result, shares };
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
  const { result: calm, shares: [alone] } = await measured([server.pid], () => honest(server, options));
  const before = memory(server.pid).peak;
  const how = { seconds: options.seconds + 3, seed: options.seed, from: ATTACKER, nice: options.nice };
  const attack = name === CONTROL ? startControl(how) : startAttack(server, name, how);
  await new Promise((done) => setTimeout(done, 1500)); // it is at full strength
  const { result: beside, shares: [used, attacker] } = await measured([server.pid, attack.pid], () => honest(server, { ...options, seed: options.seed + 1 }));
  const { problems, ...tally } = await attack.found;
  const metrics = server.hasEnded() ? new Map() : await metricsOf(server).catch(() => new Map());
  const peak = server.hasEnded() ? NaN : memory(server.pid).peak;
  if (beside.code !== 0) {
    problems.push(`the honest: ${beside.faults ?? ''} ${beside.said}`);
  }
  problems.push(...(await aftermath(server)));
  return {
    name, calm, beside, tally, problems, cpu: { alone, used, attacker: attacker.loop + attacker.others },
    peak_mb: peak / 1e6, grown_mb: (peak - before) / 1e6, limits: limitsReached(metrics),
  };
}

const keptRows = (file) => (file && existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean).map((row) => JSON.parse(row)) : []);

function keep(file, row) {
  if (file) {
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, `${JSON.stringify(row)}\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = parse(process.argv.slice(2));
  const kept = keptRows(options.rows);
  const rows = [];
  for (const name of options.names) {
    const known = kept.find((row) => row.name === name);
    const row = known ?? (await runOne(name, options));
    rows.push(row);
    if (!known) {
      keep(options.rows, row);
    }
    console.log(line(row));
  }
  if (options.table) {
    writeFileSync(options.table, table(rows));
  }
  const slow = rows.filter((row) => DOUBLED.some((what) => ratio(row, what, 'p50') > 2));
  const ill = rows.filter((row) => row.problems.length > 0);
  console.log(`${rows.length} programs: ${ill.length} with problems, ${slow.length} that more than doubled the honest median${slow.length > 0 ? ` (${slow.map(({ name }) => name).join(', ')})` : ''}`);
  process.exit(ill.length > 0 ? 1 : 0);
}
