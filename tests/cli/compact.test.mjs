// Flattening older history from the command line: what is refused, what is said, what stays as it was.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';

import { decodePng } from '../wire/png.mjs';
import { getJson, kolam, makeFolder, ROOT, startServer } from '../wire/process.mjs';
import { SqliteFile } from '../wire/sqlite.mjs';

const RECT = ['--rect', '-20,-20,300,320'];

// Twenty strokes of two artists, crossing each other.
const DRAWING = Array.from({ length: 20 }, (_, i) => `${JSON.stringify({
  t: null, author: i % 2 ? 'Tom' : 'Mira', color: i % 3 ? '#ff000080' : '#204080ff', width: 6, tool: i % 5 === 4 ? 'eraser' : 'pen',
  points: [[0, i * 14], [250, 280 - i * 14]],
})}\n`).join('');

async function makeWall() {
  const folder = makeFolder();
  const data = join(folder, 'data');
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, DRAWING);
  const run = await kolam(['import', '--data', data, file]);
  assert.equal(run.code, 0, run.stderr);
  return { folder, data, file, path: join(data, 'canvases/main.kolam'), at: (name) => join(folder, name) };
}

const compact = (wall, ...args) => kolam(['compact', '--data', wall.data, ...args], { env: { TMPDIR: wall.folder } });

async function does(promise) {
  const run = await promise;
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.stderr, '');
  return run.stdout;
}

// Exactly one line on standard error, this exit status, and the wall as it was.
async function complains(wall, args, status, words) {
  const before = readFileSync(wall.path);
  const run = await compact(wall, ...args);
  assert.equal(run.code, status, run.stdout + run.stderr);
  assert.match(run.stderr, /^kolam compact: [^\n]*\n$/);
  assert.match(run.stderr, words);
  assert.equal(run.stdout, '');
  assert.ok(readFileSync(wall.path).equals(before), 'the wall is as it was');
  assert.deepEqual(readdirSync(wall.folder).filter((name) => name.startsWith('kolam-compact')), [], 'nothing is left behind');
  assert.ok(!existsSync(`${wall.path}.new`));
}

let pictures = 0;
async function exported(wall, ...args) {
  const path = wall.at(`export-${(pictures += 1)}.png`);
  await does(kolam(['export', '--data', wall.data, ...RECT, ...args, '-o', path]));
  return decodePng(readFileSync(path));
}

const assertSame = (a, b, words) => assert.ok(a.rgba.equals(b.rgba), words);

test('nothing is done without --yes, and what is asked must make sense', async () => {
  const wall = await makeWall();
  await complains(wall, [], 2, /--before MOMENT is needed/);
  await complains(wall, ['--before', '10'], 2, /nothing is done without --yes/);
  await complains(wall, ['--before', '10', '--yes', '--dry-run'], 2, /exclude each other/);
  await complains(wall, ['--before', 'soon', '--yes'], 2, /no seq \(4711\) and no time/);
  await complains(wall, ['--before', '10', '--yes', 'main.kolam'], 2, /takes no file names/);
  await complains(wall, ['--before', '10', '--yes', '--canvas', 'No'], 2, /no name of a canvas/);
  await complains(wall, ['--before', '21', '--yes'], 1, /seq 21 is not there yet: the newest is 20/);
  await complains(wall, ['--before', '1999-01-01', '--yes'], 1, /nothing had been drawn/);
  await complains(wall, ['--before', '2999-01-01', '--yes'], 1, /in the future/);
  await complains(wall, ['--before', '10', '--yes', '--canvas', 'other'], 1, /there is no canvas other/);
});

test('a dry run tells what it would bring and changes nothing, beside a server too', async () => {
  const wall = await makeWall();
  const before = readFileSync(wall.path);
  const told = await does(compact(wall, '--before', '12', '--dry-run'));
  assert.match(told, /^main: 12 ops up to seq 12 of \d{4}-\S+Z would become a picture\n/);
  assert.match(told, /^would be lost: undo, redo, rollback and authors of 12 strokes \(0 of them hidden/m);
  assert.match(told, /every moment before seq 12/);
  assert.match(told, /\d+ pictures, \d+\.\d MB; the file: \d+\.\d MB before, \d+\.\d MB after\n/);
  assert.match(told, /compared: \d+ tiles, then, later and now, equal to the bit\n$/);
  assert.ok(readFileSync(wall.path).equals(before));
  const server = await startServer({ data: wall.data });
  assert.match(await does(compact(wall, '--before', '12', '--dry-run')), /would become a picture/);
  const busy = await compact(wall, '--before', '12', '--yes');
  assert.equal(busy.code, 1);
  assert.match(busy.stderr, new RegExp(`^kolam compact: [^\n]*${server.pid}[^\n]*\n$`));
  await server.stop();
  assert.deepEqual(readdirSync(wall.folder).filter((name) => name.startsWith('kolam-compact')), []);
});

test('a flattened wall looks as before from then on, and what was before is gone', async () => {
  const wall = await makeWall();
  const [then, later, now] = [await exported(wall, '--at', '12'), await exported(wall, '--at', '15'), await exported(wall)];
  const told = await does(compact(wall, '--before', '12', '--yes'));
  assert.match(told, /^main: 12 ops up to seq 12 of \S+Z became a picture\nlost: undo/);
  assertSame(await exported(wall, '--at', '12'), then);
  assertSame(await exported(wall, '--at', '15'), later);
  assertSame(await exported(wall), now);
  assert.match(await does(kolam(['check', '--data', wall.data])), /main: 8 ops, .*, \d+ base tiles, no problems/);
  const gone = await kolam(['export', '--data', wall.data, ...RECT, '--at', '11', '-o', wall.at('gone.png')]);
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /^kolam export: --at 11: that moment is gone: this canvas's history was flattened up to seq 12 of [^\n]+\n$/);
  const lapse = await kolam(['timelapse', '--data', wall.data, ...RECT, '--from', '3', '-o', wall.at('gone.png')]);
  assert.equal(lapse.code, 1);
  assert.match(lapse.stderr, /that moment is gone/);
  await does(kolam(['timelapse', '--data', wall.data, ...RECT, '--seconds', '1', '--fps', '4', '-o', wall.at('lapse.png')]));
  const blamed = await does(kolam(['blame', '--data', wall.data, '--at', '125,140']));
  assert.ok(blamed.split('\n').slice(1).filter((line) => /^ +\d/.test(line)).every((line) => Number(line.trim().split(' ')[0]) > 12));
  assert.match(blamed, /older history was flattened/);
  await complains(wall, ['--before', '12', '--yes'], 1, /main was flattened up to seq 12 before/);
  await complains(wall, ['--before', '5', '--yes'], 1, /that moment is gone/);
});

test('what was imported before is recognised, also when it was flattened', async () => {
  const wall = await makeWall();
  await does(compact(wall, '--before', '12', '--yes'));
  await does(kolam(['import', '--data', wall.data, wall.file]));
  const more = wall.at('b.ndjson');
  writeFileSync(more, DRAWING.split('\n')[0]);
  await does(kolam(['import', '--data', wall.data, more]));
  const seqs = new SqliteFile(wall.path).rows('op').map(({ seq }) => seq);
  assert.deepEqual(seqs, Array.from({ length: 9 }, (_, i) => 13 + i), 'nothing twice, seqs go on without a gap');
});

test('strokes that were hidden later stay, and it is said why', async () => {
  const wall = await makeWall();
  await does(kolam(['rollback', '--data', wall.data, '--artist', 'Tom', '--from', '9', '--to', '12', '--yes']));
  const now = await exported(wall);
  await complains(wall, ['--before', '20', '--canvas', 'main', '--yes', '--data', join(wall.folder, 'none')], 1, /none/);
  const told = await does(compact(wall, '--before', '16', '--yes'));
  assert.match(told, /^not up to seq 16, but to 9: seq 21 hides, shows or completes seq 10, which has to stay\nmain: 9 ops/);
  assertSame(await exported(wall), now);
  const again = await does(kolam(['rollback', '--data', wall.data, '--undo', '21', '--yes']));
  assert.match(again, /shown again: seq 22\n/);
  assert.match(await does(compact(wall, '--before', '22', '--yes')), /^main: 13 ops up to seq 22 .* became a picture\n/);
  const undone = await kolam(['rollback', '--data', wall.data, '--undo', '21', '--yes']);
  assert.equal(undone.code, 1);
  assert.match(undone.stderr, /^kolam rollback: --undo: seq 21 is gone: [^\n]*flattened[^\n]*\n$/);
});

test('a server serves a flattened wall', async () => {
  const wall = await makeWall();
  const before = statSync(wall.path).size;
  await does(compact(wall, '--before', '20', '--yes'));
  assert.ok(before > 0);
  const server = await startServer({ data: wall.data });
  const { json } = await getJson(server, '/api/canvas/main');
  assert.equal(json.seq, 20);
  assert.equal(json.base.seq, 20);
  assert.ok(json.recent);
  await server.stop();
});

test('a wall that an older kolam wrote is refused in one line', async () => {
  const wall = await makeWall();
  writeFileSync(wall.path, gunzipSync(readFileSync(join(ROOT, 'tests/data/formats/canvas-1.kolam.gz'))));
  copyFileSync(wall.path, wall.at('kept'));
  await complains(wall, ['--before', '12', '--dry-run'], 1, /older kolam/);
});
