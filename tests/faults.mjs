// Every power cut, every failing call, every failed allocation of the engine's tests, in pieces of less than a minute: what is done is
// noted in build/faults/, so that it may be stopped at any time and goes on where it was. A program that was built anew begins
// anew. `make test-faults`, or node tests/faults.mjs [--seconds N] [PROGRAM...]; the exit status is 0 when all of it passed.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const FOLDER = process.env.KOLAM_FAULT_TESTS ?? join(ROOT, 'build/gcc/tests/unit');
const accountOf = (program) => join(ROOT, 'build/faults', `${program}.json`);
const PIECES = { test_power_cut: 600, test_memory_faults: 600, test_disk_faults: 600 };

function parse(args) {
  const options = { seconds: Infinity, programs: [] };
  for (let i = 0; i < args.length; i += 1) {
    if (args[i] === '--seconds' && Number(args[i + 1]) > 0) {
      options.seconds = Number(args[(i += 1)]);
    } else if (args[i] in PIECES) {
      options.programs.push(args[i]);
    } else {
      console.error(`usage: faults.mjs [--seconds N] [${Object.keys(PIECES).join('|')}...]`);
      process.exit(2);
    }
  }
  options.programs = options.programs.length > 0 ? options.programs : Object.keys(PIECES);
  return options;
}

// What was done of this very program, else nothing.
function load(program) {
  const path = accountOf(program);
  const print = createHash('sha256').update(readFileSync(join(FOLDER, program))).digest('hex').slice(0, 16);
  const entry = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  return entry.print === print && entry.pieces === PIECES[program]
    ? entry : { print, pieces: PIECES[program], done: {}, failed: {} };
}

function save(program, entry) {
  const path = accountOf(program);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(entry, null, 1)}\n`);
  renameSync(`${path}.new`, path);
}

function runPiece(program, piece, pieces) {
  const begun = Date.now();
  const result = spawnSync(join(FOLDER, program), [], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, KOLAM_LONG: '1', KOLAM_PIECE: `${piece}/${pieces}`, KOLAM_SEED: process.env.KOLAM_SEED ?? '1' },
  });
  const count = Number(/^(\d+) (cuts|faults|allocations failed)$/m.exec(result.stdout ?? '')?.[1] ?? 0);
  return { isGood: result.status === 0, count, seconds: (Date.now() - begun) / 1000, output: `${result.stdout}${result.stderr}` };
}

function main() {
  const options = parse(process.argv.slice(2));
  const end = Date.now() + options.seconds * 1000;
  let isWhole = true;
  let hasFailed = false;
  for (const program of options.programs) {
    const entry = load(program);
    for (let piece = 0; piece < entry.pieces; piece += 1) {
      if (entry.done[piece] !== undefined) {
        continue;
      }
      if (Date.now() >= end) {
        break;
      }
      const result = runPiece(program, piece, entry.pieces);
      if (result.isGood) {
        entry.done[piece] = result.count;
        delete entry.failed[piece];
      } else {
        entry.failed[piece] = result.output.split('\n').filter((line) => /^(cut|fault|.*: bit|.*allocation|life:|lie)|ERROR/.test(line)).slice(0, 20);
        console.log(`${program} ${piece}/${entry.pieces} failed:\n${entry.failed[piece].join('\n')}`);
      }
      save(program, entry);
    }
    const counts = Object.values(entry.done);
    const failures = Object.keys(entry.failed).length;
    isWhole &&= counts.length === entry.pieces;
    hasFailed ||= failures > 0;
    console.log(`${program}: ${counts.length} of ${entry.pieces} pieces passed, ${counts.reduce((a, b) => a + b, 0)} faults`
      + `${failures > 0 ? `, ${failures} pieces failed` : ''}`);
  }
  process.exitCode = isWhole && !hasFailed ? 0 : 1;
}

main();
