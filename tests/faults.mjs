// Every power cut, every failing call, every lie of a disk, every failed allocation of the engine's tests, a minute at a time: how far
// each program came is noted in build/faults/, so that it may be stopped at any time and goes on where it was. A program that was
// built anew begins anew. `make test-faults`, or node tests/faults.mjs [--seconds N] [PROGRAM...]; the exit status is 0 when all of
// it was done and passed.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const FOLDER = process.env.KOLAM_FAULT_TESTS ?? join(ROOT, 'build/gcc/tests/unit');
const ACCOUNTS = process.env.KOLAM_FAULT_ACCOUNTS ?? join(ROOT, 'build/faults');
const PROGRAMS = ['test_power_cut', 'test_disk_faults', 'test_memory_faults'];
const AT_ONCE_S = 60;
const CLOSING = /^(\d+) faults of (\d+), (\d+) looks of which (\d+) were like another, (?:(all)|go on from (\d+))$/m;
const FAILED = /^(?:fault \d+|\d+ wrong|afterwards|life):.*|.*\bERROR\b.*|^turns: .*/gm;

const accountOf = (program) => join(ACCOUNTS, `${program}.json`);

function parse(args) {
  const options = { seconds: Infinity, programs: [] };
  for (let i = 0; i < args.length; i += 1) {
    if (args[i] === '--seconds' && Number(args[i + 1]) > 0) {
      options.seconds = Number(args[(i += 1)]);
    } else if (PROGRAMS.includes(args[i])) {
      options.programs.push(args[i]);
    } else {
      console.error(`usage: faults.mjs [--seconds N] [${PROGRAMS.join('|')}...]`);
      process.exit(2);
    }
  }
  options.programs = options.programs.length > 0 ? options.programs : PROGRAMS;
  return options;
}

// What was done of this very program, else nothing.
function load(program) {
  const path = accountOf(program);
  const print = createHash('sha256').update(readFileSync(join(FOLDER, program)))
    .update(String((process.env.TMPDIR ?? '/tmp').length)).digest('hex').slice(0, 16); // paths are as long as the folder's: so are some files
  const account = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  return account.print === print
    ? account : { print, next: 0, isDone: false, faults: 0, of: 0, looks: 0, spared: 0, cpuSeconds: 0, failed: [] };
}

function save(program, account) {
  const path = accountOf(program);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(account, null, 1)}\n`);
  renameSync(`${path}.new`, path);
}

// Of this process's children that have ended, and theirs.
function childrenCpuSeconds() {
  const fields = readFileSync('/proc/self/stat', 'utf8').replace(/^.*\) /s, '').split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

// From where the program was, for so many seconds.
function goOn(program, account, seconds) {
  const before = childrenCpuSeconds();
  const { stdout, stderr, status } = spawnSync(join(FOLDER, program), [], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: {
      ...process.env,
      CMOCKA_MESSAGE_OUTPUT: 'STDOUT',
      KOLAM_EVERY_FAULT: '1',
      KOLAM_FROM: String(account.next),
      KOLAM_SECONDS: String(Math.max(1, Math.ceil(seconds))),
      KOLAM_SEED: process.env.KOLAM_SEED ?? '1',
    },
  });
  const closing = CLOSING.exec(stdout ?? '');
  account.cpuSeconds = Math.round((account.cpuSeconds + childrenCpuSeconds() - before) * 10) / 10;
  if (status !== 0 || !closing) {
    const lines = `${stdout}\n${stderr}`.match(FAILED) ?? [];
    account.failed.push(...(lines.length > 0 ? lines : [`ended with ${status} after ${account.next}`]).slice(0, 200));
  }
  if (!closing) {
    return false;
  }
  const [faults, of, looks, spared] = closing.slice(1, 5).map(Number);
  account.faults += faults;
  account.of = of;
  account.looks += looks;
  account.spared += spared;
  account.isDone = closing[5] === 'all';
  account.next = account.isDone ? of : Number(closing[6]);
  return true;
}

function tell(program, account) {
  console.log(`${program}: ${account.isDone ? 'all' : `${account.next} of ${account.of}`}: ${account.faults} faults, ${account.looks} looks, `
    + `${account.spared} of them like another, ${(account.cpuSeconds / 60).toFixed(1)} minutes of CPU, ${account.failed.length} lines of failures`);
  account.failed.slice(0, 50).forEach((line) => console.log(`  ${line}`));
}

function main() {
  const options = parse(process.argv.slice(2));
  const end = Date.now() + options.seconds * 1000;
  let isGood = true;
  for (const program of options.programs) {
    const account = load(program);
    let goes = true;
    while (goes && !account.isDone && Date.now() < end) {
      goes = goOn(program, account, Math.min(AT_ONCE_S, (end - Date.now()) / 1000));
      save(program, account);
    }
    tell(program, account);
    isGood &&= account.isDone && account.failed.length === 0;
  }
  process.exitCode = isGood ? 0 : 1;
}

main();
