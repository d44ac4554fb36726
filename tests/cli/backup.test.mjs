// Backups while people draw, and putting them back: what is copied is a moment of the wall, whole and verified; what is killed in the middle
// does no harm; nothing that is there is lost; a restored wall is what it was, to the bit.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { makeRandom } from '../crash/load.mjs';
import { BIN, Client, eventually, hideBody, kolam, lineBody, makeFolder, newNonce, startServer } from '../wire/client.mjs';
import { decodePng } from '../wire/png.mjs';
import { SqliteFile } from '../wire/sqlite.mjs';
import '../wire/tidy.mjs';

const random = makeRandom(Number(process.env.KOLAM_SEED ?? 1));

async function does(...args) {
  const run = await kolam(args);
  assert.equal(run.code, 0, run.stderr);
  assert.equal(run.stderr, '');
  return run.stdout;
}

async function complains(status, words, ...args) {
  const run = await kolam(args);
  assert.equal(run.code, status, run.stdout + run.stderr);
  assert.match(run.stderr, /^kolam \w+: [^\n]*\n$/);
  assert.match(run.stderr, words);
  return run.stdout;
}

const seqOf = (folder, canvas = 'main') =>
  JSON.parse(readFileSync(join(folder, 'backup.json'), 'utf8')).canvases.find(({ name }) => name === canvas).seq;
const logOf = (folder) => new SqliteFile(join(folder, 'canvases/main.kolam')).rows('op');
const incarnationOf = (folder) =>
  new SqliteFile(join(folder, 'canvases/main.kolam')).rows('meta').find(({ key }) => key === 'incarnation').value;

let pictures = 0;
async function picture(data, ...args) {
  const path = join(makeFolder(), `${(pictures += 1)}.png`);
  await does('export', '--data', data, '--rect', '-20,-20,600,600', ...args, '-o', path);
  return decodePng(readFileSync(path)).rgba;
}

// Someone who draws as fast as it is acknowledged, undoes now and then, and remembers what was acknowledged.
async function draw(server) {
  const artist = await Client.artist(server);
  const state = { acked: [], isDrawing: true };
  state.done = (async () => {
    for (let i = 1; state.isDrawing; i += 1) {
      const last = state.acked.at(-1);
      const body = i % 7 === 6 && last ? hideBody([last]) : lineBody([random.below(500), random.below(500), random.below(500), random.below(500)]);
      const answer = await artist.commit(body);
      assert.equal(answer.type, 'ack');
      state.acked.push(answer.seq);
    }
  })();
  state.stop = () => {
    state.isDrawing = false;
    return state.done;
  };
  return state;
}

test('a backup is a moment of a wall on which people draw, and the next one takes it further', async () => {
  const server = await startServer();
  const artist = await draw(server);
  const backup = join(makeFolder(), 'backup');
  let before = 0;
  for (let i = 0; i < 4; i += 1) {
    await eventually(() => artist.acked.length > before + 20, 'strokes');
    const acked = artist.acked.at(-1);
    const told = await does('backup', '--data', server.data, '-o', backup);
    assert.match(told, i === 0 ? /^main: copied whole/ : /^main: \d+ ops? since the last time/);
    const seq = seqOf(backup);
    assert.ok(seq >= acked, `what was acknowledged before it began is in it: ${seq} >= ${acked}`);
    assert.equal(logOf(backup).length, seq);
    assert.match(await does('check', '--data', backup), /no problems/);
    before = artist.acked.length;
  }
  await artist.stop();
  const newest = artist.acked.at(-1);
  await does('backup', '--data', server.data, '-o', backup);
  assert.equal(seqOf(backup), newest);
  await server.stop();
  assert.deepEqual(logOf(backup), logOf(server.data), 'the same log');
  assert.ok((await picture(backup)).equals(await picture(server.data)), 'the same picture');
  assert.equal(statSync(join(backup, 'identity.db')).mode & 0o777, 0o600, 'secrets are for their owner alone');
  assert.ok(existsSync(join(backup, 'moderation.db')), 'what was decided about people is in it');
  assert.ok(!existsSync(join(backup, 'admin.token')), 'the admin token is not asked for');
});

test('a backup that is killed at any moment leaves the former state or the new, and the next one goes on', async () => {
  const server = await startServer();
  const artist = await draw(server);
  const backup = join(makeFolder(), 'backup');
  let former = 0;
  for (let i = 0; i < 12; i += 1) {
    const child = spawn(BIN, ['backup', '--data', server.data, '-o', backup], { stdio: 'ignore' });
    const ended = new Promise((done) => child.on('close', done));
    setTimeout(() => child.kill('SIGKILL'), random.below(60));
    await ended;
    if (existsSync(join(backup, 'canvases/main.kolam'))) {
      const told = await does('check', '--data', backup);
      const ops = Number(/main: ([\d,]+) ops/.exec(told)[1].replaceAll(',', ''));
      assert.match(told, /no problems/);
      assert.ok(ops >= former, 'never less than before');
      former = ops;
    }
  }
  await does('backup', '--data', server.data, '-o', backup);
  await artist.stop();
  await does('backup', '--data', server.data, '-o', backup);
  await server.stop();
  assert.deepEqual(logOf(backup), logOf(server.data));
  assert.deepEqual(readdirSync(join(backup, 'canvases')), ['main.kolam'], 'nothing half made is left');
});

test('a wall is restored as it was at a moment, under another incarnation, and drawn on', async () => {
  const server = await startServer();
  const artist = await Client.artist(server);
  const first = await artist.commit(lineBody([10, 10, 400, 300]));
  await artist.commit(lineBody([10, 300, 400, 10]));
  await artist.commit(hideBody([first.seq]));
  await artist.commit(lineBody([200, 0, 200, 500]));
  const backup = join(makeFolder(), 'backup');
  await does('backup', '--data', server.data, '-o', backup, '--with-admin-token');
  const token = artist.token;
  await server.stop();

  const data = join(makeFolder(), 'data');
  const told = await does('restore', backup, '--data', data);
  assert.match(told, /^main: restored up to seq 4\nidentity.db: restored\n/);
  assert.match(told, /^admin.token: restored/m);
  assert.ok((await picture(data)).equals(await picture(server.data)), 'the same picture');
  assert.notEqual(incarnationOf(data), incarnationOf(server.data), 'another incarnation');
  assert.match(await does('check', '--data', data), /4 ops.*no problems/);

  // People who can be read no more are replaced, too, and what is there of them is kept.
  const broken = Buffer.alloc(8192, 'no database');
  writeFileSync(join(data, 'identity.db'), broken);
  assert.match(await does('restore', backup, '--data', data, '--replace', '--yes'), /^identity.db: restored$/m);
  assert.ok(readFileSync(join(data, 'identity.db.replaced')).equals(broken));
  assert.equal(new SqliteFile(join(data, 'identity.db')).rows('person').length, 1);

  for (const at of ['1', '2', '3']) {
    const then = join(makeFolder(), 'data');
    await does('restore', backup, '--data', then, '--canvas', 'main', '--at', at);
    assert.ok((await picture(then)).equals(await picture(server.data, '--at', at)), `as it was at ${at}`);
    assert.match(await does('check', '--data', then), new RegExp(`main: ${at} op.*no problems`));
    assert.ok(!existsSync(join(then, 'identity.db')), 'one wall alone brings nobody with it');
  }

  // A time is as good: all that was committed up to its millisecond.
  const rows = logOf(data);
  const time = rows[1].time_ms;
  const then = join(makeFolder(), 'data');
  await does('restore', backup, '--data', then, '--at', new Date(time).toISOString());
  assert.deepEqual(logOf(then).map(({ seq }) => seq), rows.filter(({ time_ms }) => time_ms <= time).map(({ seq }) => seq));

  const again = await startServer({ data });
  const back = await Client.join(again, { token });
  assert.equal(back.welcome.you.name, artist.me.name, 'who drew is known as before');
  assert.equal((await back.commit(lineBody([0, 0, 50, 50]))).seq, 5);
  await again.stop();
  assert.match(await does('check', '--data', data), /5 ops.*no problems/);
});

test('nothing that is there is overwritten unasked, or lost', async () => {
  const folder = makeFolder();
  const [data, backup] = [join(folder, 'data'), join(folder, 'backup')];
  const file = join(folder, 'a.ndjson');
  const line = (x) => `${JSON.stringify({ t: null, author: 'Mira', color: '#204080ff', width: 6, tool: 'pen', points: [[0, x], [250, x]] })}\n`;
  writeFileSync(file, line(1) + line(2));
  await does('import', '--data', data, file);
  await does('import', '--data', data, '--canvas', 'other', file);
  await does('backup', '--data', data, '-o', backup);
  writeFileSync(file, line(3));
  await does('import', '--data', data, file);
  const before = readFileSync(join(data, 'canvases/main.kolam'));

  await complains(1, /has main already: nothing was restored; give --replace/, 'restore', backup, '--data', data);
  await complains(1, /--replace needs --yes/, 'restore', backup, '--data', data, '--replace');
  assert.ok(readFileSync(join(data, 'canvases/main.kolam')).equals(before));
  const told = await does('restore', backup, '--data', data, '--canvas', 'main', '--replace', '--yes');
  const kept = /what was there is kept as (\S+)/.exec(told)[1];
  assert.deepEqual(new SqliteFile(kept).rows('op').map(({ seq }) => seq), [1, 2, 3]);
  assert.equal(logOf(data).length, 2);

  // The backup does not give up what it has for the wall that was restored from it either.
  const whole = await does('backup', '--data', data, '-o', backup);
  const aside = /main: what was here is kept as (\S+)/.exec(whole)[1];
  assert.equal(new SqliteFile(aside).rows('op').length, 2);
  assert.match(whole, /^other: 0 ops since the last time/m);

  // Flattening is another history, too.
  await does('compact', '--data', data, '--before', '1', '--yes');
  assert.match(await does('backup', '--data', data, '-o', backup), /main: copied whole/);
  assert.match(await does('check', '--data', backup), /main: 1 ops.*base tiles.*no problems/);
});

test('what is asked must make sense', async () => {
  const folder = makeFolder();
  const data = join(folder, 'data');
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, `${JSON.stringify({ t: null, author: 'Mira', color: '#204080ff', width: 6, tool: 'pen', points: [[0, 1], [250, 1]] })}\n`);
  await does('import', '--data', data, file);
  const backup = join(folder, 'backup');
  await does('backup', '--data', data, '-o', backup);
  await complains(2, /--output BACKUP is needed/, 'backup', '--data', data);
  await complains(1, /is the data folder itself/, 'backup', '--data', data, '-o', `${data}/.`);
  await complains(1, /there is no canvas other/, 'backup', '--data', data, '-o', backup, '--canvas', 'other');
  await complains(2, /no name of a canvas/, 'backup', '--data', data, '-o', backup, '--canvas', 'O');
  await complains(1, /No such file/, 'backup', '--data', join(folder, 'no'), '-o', backup);
  await complains(2, /one BACKUP is needed/, 'restore');
  await complains(1, /No such file/, 'restore', join(folder, 'no'), '--data', join(folder, 'x'));
  await complains(1, /there is no canvas in/, 'restore', makeFolder(), '--data', join(folder, 'x'));
  await complains(1, /there is no canvas other/, 'restore', backup, '--data', join(folder, 'x'), '--canvas', 'other');
  await complains(2, /--at 1 is a seq/, 'restore', backup, '--data', join(folder, 'x'), '--at', '1');
  await complains(2, /--at soon/, 'restore', backup, '--data', join(folder, 'x'), '--at', 'soon');
  await complains(1, /seq 9 is not there yet/, 'restore', backup, '--data', join(folder, 'x'), '--canvas', 'main', '--at', '9');
  const told = await does('restore', backup, '--data', join(folder, 'y'), '--at', '1999-01-01');
  assert.match(told, /^main: left out: .*nothing had been drawn/);
  const server = await startServer({ data });
  await complains(1, /in use by another kolam/, 'restore', backup, '--data', data, '--replace', '--yes');
  await server.stop();
});

test('a drawing of several parts, or an edit, is restored whole or not at all', async () => {
  const server = await startServer();
  const artist = await Client.artist(server);
  await artist.commit(lineBody([0, 0, 100, 100])); // 1
  const parts = [0, 1, 2].map((part) => lineBody([0, 0, 100, 50], { part, parts: 3 }));
  artist.submit(parts); // 2 to 4
  await artist.wait((event) => event.type === 'ack' && event.count === 3);
  await artist.commit(lineBody([0, 50, 100, 100])); // 5
  const backup = join(makeFolder(), 'backup');
  await does('backup', '--data', server.data, '-o', backup);
  await server.stop();
  for (const [at, seq] of [[1, 1], [2, 1], [3, 1], [4, 4], [5, 5]]) {
    const data = join(makeFolder(), 'data');
    const told = await does('restore', backup, '--data', data, '--canvas', 'main', '--at', String(at));
    assert.equal(logOf(data).length, seq);
    assert.equal(/up to seq 1, not \d: the ops after it are one drawing or edit/.test(told), at !== seq);
  }
});

test('a damaged wall is not taken over, and what the backup had stays', async () => {
  const folder = makeFolder();
  const [data, backup] = [join(folder, 'data'), join(folder, 'backup')];
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, Array.from({ length: 300 }, (_, i) => `${JSON.stringify({
    t: null, author: 'Mira', color: '#204080ff', width: 6, tool: 'pen', points: [[i, 0], [250, i], [newNonce().length, 5]],
  })}\n`).join(''));
  await does('import', '--data', data, file);
  await does('backup', '--data', data, '-o', backup);
  const good = logOf(backup);
  const path = join(data, 'canvases/main.kolam');
  const bytes = readFileSync(path);
  bytes.fill(0x5a, 4096 * 6, 4096 * 9);
  writeFileSync(path, bytes);
  // As if all were new, so that all of it is read.
  const run = await kolam(['backup', '--data', data, '-o', join(folder, 'fresh')]);
  assert.equal(run.code, 1);
  assert.match(run.stderr, /kolam backup: main: /);
  assert.ok(!existsSync(join(folder, 'fresh/canvases/main.kolam')), 'nothing that is wrong has the name of a backup');
  assert.deepEqual(logOf(backup), good);
});

const isRoot = process.getuid() === 0 ? 'root may write everywhere: nothing could be refused' : false;

test('a backup needs no more than reading the data folder', { skip: isRoot }, async () => {
  const folder = makeFolder();
  const data = join(folder, 'data');
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, `${JSON.stringify({ t: null, author: 'M', color: '#204080ff', width: 6, tool: 'pen', points: [[0, 1], [250, 1]] })}\n`);
  await does('import', '--data', data, file);
  chmodSync(join(data, 'canvases'), 0o555);
  chmodSync(data, 0o555);
  assert.match(await does('backup', '--data', data, '-o', join(folder, 'backup')), /copied whole/);
  chmodSync(data, 0o755);
  chmodSync(join(data, 'canvases'), 0o755);
});
