// The checks of scripts/lint can fail: a small tree of its own, with one thing wrong at a time.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const SOUND = {
  'include/kolam/a.h': 'int a(void);\n',
  'tiles/a.c': '#include "kolam/a.h"\n',
  'server/net.c': '#include <libwebsockets.h>\n#include "kolam/a.h"\n',
};

// The names of the checks that fail on a tree of these files.
function failing(files) {
  const folder = mkdtempSync(join(tmpdir(), 'kolam-lint-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    mkdirSync(join(folder, 'scripts'), { recursive: true });
    copyFileSync(join(root, 'scripts/lint'), join(folder, 'scripts/lint'));
    copyFileSync(join(root, '.clang-format'), join(folder, '.clang-format'));
    const env = { ...process.env, GIT_DIR: join(folder, 'no-git') };
    const { stdout } = spawnSync(join(folder, 'scripts/lint'), ['--cheap'], { env, encoding: 'utf8' });
    return [...stdout.matchAll(/^not ok \d+ - (.*)$/gm)].map((match) => match[1]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('finds nothing in a sound tree', () => {
  assert.deepEqual(failing(SOUND), []);
});

const WRONG = [
  ['an engine that includes the server', 'tiles/b.c', '#include "server/net.h"\n', /one way/],
  ['an engine that includes a file beside its folder', 'tiles/b.c', '#include "../server/net.h"\n', /one way/],
  ['an engine with a socket', 'tiles/b.c', '#include <sys/socket.h>\n', /one way/],
  ['a server that reaches into the engine', 'server/b.c', '#include "tiles/a.h"\n', /one way/],
  ['a contract that is not there', 'tools/b.c', '#include "kolam/b.h"\n', /one way/],
  ['libwebsockets in the tools', 'tools/b.c', '#include <libwebsockets.h>\n', /libwebsockets/],
  ['SQLite outside storage', 'tiles/raster.c', '#include <sqlite3.h>\n', /SQLite/],
  ['cairo outside the raster files', 'tiles/op.c', '#include <cairo/cairo.h>\n', /cairo/],
  ['a path of one machine', 'docs/a.md', `see /${'tmp'}/notes\n`, /no path/],
  ['a download address in a lock file', 'web/package-lock.json', `"resolve${'d'}": "https://x"\n`, /no path/],
  ['a mark of unfinished work', 'server/b.c', `/* TO${'DO'}: all of it */\n`, /no path/],
  ['a tab', 'server/b.c', 'int a;\t\n', /laid out/],
  ['a file of a thousand lines', 'web/src/a.ts', 'a;\n'.repeat(1000), /laid out/],
  ['a script that does not parse', 'scripts/a', '#!/bin/sh\nif\n', /scripts parse/],
];

for (const [what, path, text, check] of WRONG) {
  test(`finds ${what}`, () => {
    const found = failing({ ...SOUND, [path]: text });
    assert.ok(found.some((name) => check.test(name)), `${found.length} checks failed: ${found}`);
  });
}

test('finds a fourth file that names libwebsockets', () => {
  const files = { ...SOUND };
  for (const name of ['b', 'c', 'd']) {
    files[`server/${name}.c`] = '#include <libwebsockets.h>\n';
  }
  assert.ok(failing(files).some((name) => /libwebsockets/.test(name)));
});
