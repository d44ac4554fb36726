// A server whose clock, memory and disk are in the test's hands; see tests/support/preload/preload.c.

import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { BIN, ROOT, makeFolder } from './process.mjs';

// A sanitized binary has an allocator of its own.
const isPlain = !process.env.KOLAM_BIN || /build\/kolam$/.test(BIN);
export const skip = isPlain ? false : 'a sanitized server cannot be preloaded';

let library;

function preload() {
  if (!library) {
    library = join(makeFolder(), 'preload.so');
    const compiler = spawnSync('gcc', ['--version']).status === 0 ? 'gcc' : 'cc';
    execFileSync(compiler, ['-O1', '-shared', '-fPIC', '-o', library,
      join(ROOT, 'tests/support/preload/preload.c')], { stdio: ['ignore', 'inherit', 'inherit'] });
  }
  return library;
}

export class Faults {
  constructor() {
    this.path = join(makeFolder(), 'faults');
    writeFileSync(this.path, Buffer.alloc(48));
    this.env = { LD_PRELOAD: preload(), KOLAM_TEST_FAULTS: this.path };
  }

  set(place, value) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    const file = openSync(this.path, 'r+');
    writeSync(file, bytes, 0, 8, place * 8);
    closeSync(file);
  }

  // The calendar is so much ahead of the true one (or behind).
  setAhead(ms) {
    this.set(0, Math.round(ms));
  }

  // One allocation of so many fails; 0: none.
  failEvery(count) {
    this.set(1, count);
  }

  // What is written to canvases waits for the disk, or no longer.
  holdCanvases(isHeld) {
    this.set(3, isHeld ? 1 : 0);
  }

  // SQLite cannot write to this file; none: to all again.
  failWrites(path) {
    this.set(5, path ? statSync(path).ino : 0);
  }

  get(place) {
    const bytes = Buffer.alloc(8);
    const file = openSync(this.path, 'r');
    readSync(file, bytes, 0, 8, place * 8);
    closeSync(file);
    return Number(bytes.readBigInt64LE());
  }

  failed() {
    return this.get(2);
  }

  held() {
    return this.get(4);
  }
}
