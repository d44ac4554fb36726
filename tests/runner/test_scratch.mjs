import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

const script = (room) => `
  import { existsSync, writeFileSync } from 'node:fs';
  import { makeScratch } from '${new URL('scratch.mjs', import.meta.url)}';
  const folder = makeScratch(process.argv[1], ${room});
  if (folder) {
    writeFileSync(folder + '/a', 'b');
  }
  console.log(folder !== null && existsSync(folder + '/a') ? folder : 'none');`;

// What a process of its own is given at `where`, and says before it ends.
function given(where, room, env = {}) {
  const { TMPDIR: _, ...rest } = process.env;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script(room), where], { env: { ...rest, ...env }, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout.trim();
}

test('a folder where there is room, gone when the process ends', { skip: statfsSync ? false : 'this Node cannot tell' }, () => {
  const where = mkdtempSync(join(tmpdir(), 'kolam-scratch-'));
  try {
    const folder = given(where, 1);
    assert.ok(folder.startsWith(where), folder);
    assert.ok(!existsSync(folder));
    assert.deepEqual(readdirSync(where), []);
  } finally {
    rmSync(where, { recursive: true });
  }
});

test('none where there is too little room, no such place, or a place was chosen', () => {
  assert.equal(given(tmpdir(), 1e18), 'none');
  assert.equal(given(join(tmpdir(), 'kolam-no-such-place'), 1), 'none');
  assert.equal(given(tmpdir(), 1, { TMPDIR: tmpdir() }), 'none');
});
