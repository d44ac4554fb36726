// `make fuzz SECONDS=N [HARNESS=name]`: runs each harness until it has been clean for N seconds in all, one after the other.
//
// build/fuzz/account.json keeps, for each, the seconds, executions, coverage and what was found, so a run can be stopped at any moment
// (Ctrl-C) and taken up later; build/fuzz/NAME/ keeps the inputs that led somewhere new, beside the few in tests/fuzz/corpus/NAME. What
// breaks a harness is kept as build/fuzz/NAME-crash-..., ends its run, and sets its clean seconds back to 0.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const output = join(root, 'build/fuzz');
const accountPath = join(output, 'account.json');
const SLICE_S = 60; // of one process: what leaks or grows is seen, and little is lost if it is killed

const [folder, secondsText, ...wanted] = process.argv.slice(2);
const seconds = Number(secondsText);
if (!folder || !(seconds > 0)) {
  console.error('usage: tests/fuzz/run.mjs FOLDER SECONDS [HARNESS...]');
  process.exit(2);
}

const env = {
  ...process.env,
  ASAN_OPTIONS: 'detect_leaks=1:allocator_may_return_null=1:quarantine_size_mb=16',
  LSAN_OPTIONS: `print_suppressions=0:suppressions=${join(root, 'tests/support/leaks.txt')}`,
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
};

mkdirSync(output, { recursive: true });
const account = existsSync(accountPath) ? JSON.parse(readFileSync(accountPath, 'utf8')) : {};

function save() {
  writeFileSync(`${accountPath}.new`, `${JSON.stringify(account, null, 2)}\n`);
  renameSync(`${accountPath}.new`, accountPath);
}

// What libFuzzer says: "#4096 pulse cov: 512 ft: 900 corp: 80/12Kb exec/s: 2048 rss: 100Mb", and of an end "stat::...".
function readLine(line, state) {
  const progress = /^#(\d+)\s.*cov: (\d+) ft: (\d+) corp: (\d+)/.exec(line);
  if (progress) {
    state.executions = Number(progress[1]);
    state.coverage = Number(progress[2]);
    state.features = Number(progress[3]);
    state.corpus = Number(progress[4]);
  }
  const found = /Test unit written to (\S+)/.exec(line);
  if (found) {
    state.found.push(basename(found[1]));
  }
  const peak = /stat::peak_rss_mb:\s+(\d+)/.exec(line);
  if (peak) {
    state.peakMb = Number(peak[1]);
  }
}

let child = null;
let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    isStopping = true;
    child?.kill('SIGKILL'); // a server in the process has signals of its own
  });
}

async function slice(name, limit) {
  const finds = join(output, name);
  mkdirSync(finds, { recursive: true });
  const seeds = join(root, 'tests/fuzz/corpus', name);
  const dictionary = join(root, 'tests/fuzz', `${name}.dict`);
  const args = [
    `-max_total_time=${limit}`,
    '-timeout=20',
    '-rss_limit_mb=1536',
    '-malloc_limit_mb=768',
    '-print_final_stats=1',
    '-close_fd_mask=1',
    '-reload=0',
    `-artifact_prefix=${finds}-`,
    ...(existsSync(dictionary) ? [`-dict=${dictionary}`] : []),
    finds,
    ...(existsSync(seeds) ? [seeds] : []),
  ];
  const state = { executions: 0, coverage: 0, features: 0, corpus: 0, peakMb: 0, found: [], tail: [] };
  const begun = Date.now();
  child = spawn(join(root, folder, `fuzz_${name}`), args, { env, stdio: ['ignore', 'ignore', 'pipe'], cwd: output });
  createInterface({ input: child.stderr }).on('line', (line) => {
    readLine(line, state);
    state.tail.push(line);
    state.tail.splice(0, Math.max(0, state.tail.length - 60));
  });
  state.status = await new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  state.seconds = (Date.now() - begun) / 1000;
  return state;
}

function enter(name, state, isClean) {
  const entry = (account[name] ??= { cleanSeconds: 0, seconds: 0, executions: 0, coverage: 0, corpus: 0, found: [] });
  entry.seconds += Math.round(state.seconds);
  entry.executions += state.executions;
  entry.coverage = Math.max(entry.coverage, state.coverage);
  entry.corpus = state.corpus || entry.corpus;
  entry.peakMb = Math.max(entry.peakMb ?? 0, state.peakMb);
  entry.found.push(...state.found);
  entry.cleanSeconds = isClean ? entry.cleanSeconds + Math.round(state.seconds) : 0;
  save();
}

const names = readdirSync(join(root, 'tests/fuzz'))
  .filter((file) => /^fuzz_.*\.c$/.test(file))
  .map((file) => file.replace(/^fuzz_(.*)\.c$/, '$1'))
  .filter((name) => wanted.length === 0 || wanted.includes(name))
  .sort();
let hasFailed = false;

for (const name of names) {
  let isClean = true;
  while (isClean && !isStopping && (account[name]?.cleanSeconds ?? 0) < seconds) {
    const rest = Math.ceil(seconds - (account[name]?.cleanSeconds ?? 0));
    const state = await slice(name, Math.min(SLICE_S, Math.max(rest, 5)));
    isClean = state.status === 0 || isStopping;
    enter(name, state, isClean);
    if (!isClean) {
      hasFailed = true;
      console.log(`${name}: BROKEN (status ${state.status})\n${state.tail.join('\n')}`);
    }
  }
  const entry = account[name];
  if (entry) {
    console.log(
      `${name.padEnd(10)} clean for ${entry.cleanSeconds} s of ${entry.seconds} s, ${entry.executions.toLocaleString('en')} executions, ` +
        `coverage ${entry.coverage}, ${entry.corpus} inputs, ${entry.peakMb} MB, found ${entry.found.length}`,
    );
  }
  if (isStopping) {
    break;
  }
}
process.exit(hasFailed ? 1 : 0);
