// The command as a person runs it: what it says, where it says it, and how it ends.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';

import { kolam, makeFolder, startServer } from '../wire/process.mjs';

const VERBS = ['import', 'export', 'watch', 'check'];

// Exactly one line on standard error, none on standard output, and this exit status.
function assertComplains(run, status, words) {
  assert.equal(run.code, status, run.stderr);
  assert.equal(run.stdout, '');
  assert.match(run.stderr, /^kolam[^\n]*\n$/);
  assert.match(run.stderr, words);
}

export function strokeLine(fields = {}) {
  const stroke = {
    t: null, author: 'Mira', color: '#204080ff', width: 3, tool: 'pen', points: [[0, 0], [40, 30]], ...fields,
  };
  return `${JSON.stringify(stroke)}\n`;
}

test('help is on standard output and names the options', async () => {
  const all = await kolam(['--help']);
  assert.equal(all.code, 0);
  for (const verb of ['serve', ...VERBS]) {
    assert.match(all.stdout, new RegExp(`kolam ${verb} `));
    const one = await kolam([verb, '--help']);
    assert.equal(one.code, 0, verb);
    assert.equal(one.stderr, '');
    assert.match(one.stdout, new RegExp(`kolam ${verb}`));
    assert.equal((await kolam(['help', verb])).stdout, one.stdout);
    assert.ok(one.stdout.split('\n').every((line) => line.length <= 110), `${verb} --help is too wide`);
  }
});

test('version is told', async () => {
  const run = await kolam(['--version']);
  assert.equal(run.code, 0);
  assert.match(run.stdout, /^kolam \d+\.\d+\.\d+\n$/);
});

test('wrong usage is one line and exit status 2', async () => {
  assertComplains(await kolam(['draw']), 2, /no verb 'draw'/);
  assertComplains(await kolam(['export', '--nonsense']), 2, /--nonsense/);
  assertComplains(await kolam(['export', '--rect']), 2, /--rect needs a value/);
  assertComplains(await kolam(['import']), 2, /no FILE/);
  assertComplains(await kolam(['import', '--data', 'a', '--server', 'b', 'c']), 2, /exclude/);
  assertComplains(await kolam(['import', '--realtime', 'c']), 2, /--realtime/);
  assertComplains(await kolam(['import', '--canvas', '../x', 'c']), 2, /no name of a canvas/);
  assertComplains(await kolam(['export', '-o', 'x.png']), 2, /--rect X,Y,W,H or --all/);
  assertComplains(await kolam(['export', '--all']), 2, /-o FILE/);
  assertComplains(await kolam(['export', '--rect', '1,2,3', '-o', 'x.png']), 2, /--rect 1,2,3/);
  assertComplains(await kolam(['export', '--all', '--scale', '0', '-o', 'x.png']), 2, /--scale 0/);
  assertComplains(await kolam(['export', '--all', '--ground', 'red', '-o', 'x.png']), 2, /--ground red/);
  assertComplains(await kolam(['watch', '--server', 'https://a']), 2, /TLS/);
  assertComplains(await kolam(['check', 'file']), 2, /--data/);
  const bare = await kolam([]);
  assert.equal(bare.code, 2);
  assert.match(bare.stderr, /kolam serve/);
});

test('what is not there is one line and exit status 1', async () => {
  const folder = makeFolder();
  assertComplains(await kolam(['import', '--data', join(folder, 'd'), join(folder, 'none')]), 1, /none/);
  assertComplains(await kolam(['export', '--data', join(folder, 'no'), '--all', '-o', join(folder, 'x.png')]), 1,
    /no/);
  assertComplains(await kolam(['check', '--data', join(folder, 'no')]), 1, /no/);
  assertComplains(await kolam(['watch', '--server', 'http://127.0.0.1:1']), 1, /is the server running/);
  assert.deepEqual(readdirSync(folder).filter((name) => /png/.test(name)), []);
});

test('import, export and check of a folder', async () => {
  const folder = makeFolder();
  const data = join(folder, 'data');
  const file = join(folder, 'a.ndjson.gz');
  writeFileSync(file, gzipSync(strokeLine() + strokeLine({ author: 'Tom', points: [[5, 5, 0.5], [9, 9, 1]] })));
  const imported = await kolam(['import', '--data', data, file]);
  assert.equal(imported.code, 0, imported.stderr);
  assert.match(imported.stdout, /^2 strokes by 2 artists in [\d.]+ s, [\d,]+ strokes\/s\n$/);
  assert.equal(imported.stderr, '', 'quiet in a pipe');

  const again = await kolam(['import', file], { env: { KOLAM_DATA: data } });
  assert.match(again.stdout, /2 of them were there already/);

  const picture = join(folder, 'a.png');
  const exported = await kolam(['export', '--data', data, '--all', '--title', 'a wall', '-o', picture]);
  assert.equal(exported.code, 0, exported.stderr);
  assert.equal(exported.stdout + exported.stderr, '');

  const checked = await kolam(['check', '--data', data]);
  assert.equal(checked.code, 0, checked.stderr);
  assert.match(checked.stdout, /^main: 2 ops, .* no problems/);
  assert.deepEqual(readdirSync(folder).sort(), ['a.ndjson.gz', 'a.png', 'data'], 'nothing else is left');
});

test('a bad line is named, and what was before it is kept', async () => {
  const folder = makeFolder();
  const data = join(folder, 'data');
  const file = join(folder, 'bad.ndjson');
  writeFileSync(file, `${strokeLine()}${strokeLine({ width: -1 })}${strokeLine()}`);
  const run = await kolam(['import', '--data', data, file]);
  assertComplains(run, 1, /bad\.ndjson:2: "width"/);
  assert.match(run.stderr, /1 strokes are on the wall/);
  const checked = await kolam(['check', '--data', data]);
  assert.match(checked.stdout, /^main: 1 ops/);
});

test('an old state is exported by seq and by time', async () => {
  const folder = makeFolder();
  const data = join(folder, 'data');
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, strokeLine() + strokeLine({ points: [[100, 100]] }));
  await kolam(['import', '--data', data, file]);
  const out = (name) => join(folder, name);
  const rect = ['--data', data, '--rect', '0,0,120,120'];
  for (const [name, at] of [['now', []], ['two', ['--at', '2']], ['one', ['--at', '1']]]) {
    const run = await kolam(['export', ...rect, ...at, '-o', out(name)]);
    assert.equal(run.code, 0, run.stderr);
  }
  const bytes = (name) => readFileSync(out(name)).toString('latin1');
  assert.equal(bytes('now'), bytes('two'));
  assert.notEqual(bytes('now'), bytes('one'));
  assertComplains(await kolam(['export', ...rect, '--at', '3', '-o', out('x')]), 1, /--at 3: .* newest is 2/);
  assertComplains(await kolam(['export', ...rect, '--at', '2999-01-01', '-o', out('x')]), 1, /in the future/);
  assertComplains(await kolam(['export', ...rect, '--at', 'noon', '-o', out('x')]), 2, /--at noon/);
});

test('a picture goes to a pipe, and a full place is said plainly', async () => {
  const folder = makeFolder();
  const data = join(folder, 'data');
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, strokeLine());
  await kolam(['import', '--data', data, file]);
  const piped = await kolam(['export', '--data', data, '--all', '-o', '-']);
  assert.equal(piped.code, 0);
  assert.match(piped.stdout, /^.PNG\r\n/);
  assertComplains(await kolam(['export', '--data', data, '--all', '-o', join(folder, 'no/where.png')]), 1,
    /No such file/);
  const full = await kolam(['export', '--data', data, '--all', '-o', '/dev/full']);
  assert.equal(full.code, 1);
});

test('a folder in use is left alone', async (t) => {
  const server = await startServer();
  t.after(() => server.kill());
  const folder = makeFolder();
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, strokeLine());
  const run = await kolam(['import', '--data', server.data, file]);
  assertComplains(run, 1, new RegExp(`${server.pid}`));
  assertComplains(await kolam(['check', '--data', server.data, '--repair']), 1, new RegExp(`${server.pid}`));
  await server.stop();
});

test('names of canvases lead to different walls', async () => {
  const folder = makeFolder();
  const data = join(folder, 'data');
  mkdirSync(data);
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, strokeLine());
  await kolam(['import', '--data', data, '--canvas', 'one', file]);
  await kolam(['import', '--data', data, '--canvas', 'two', file]);
  const checked = await kolam(['check', '--data', data]);
  assert.match(checked.stdout, /^one: 1 ops[^\n]*\ntwo: 1 ops[^\n]*\nidentity\.db: [^\n]* no problems [^\n]*\n$/);
  assertComplains(await kolam(['check', '--data', data, '--canvas', 'three']), 1, /no canvas three/);
});
