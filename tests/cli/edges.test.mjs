// Verbs where something else goes wrong: an output that is full, a signal in the middle, a server that lies, names that command a
// terminal, files that were kept before.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { delimiter, join } from 'node:path';
import test from 'node:test';

import { Writer } from '../wire/codec.mjs';
import { decodePng } from '../wire/png.mjs';
import { BIN, eventually, getJson, kolam, makeFolder, startServer, withDeadline } from '../wire/process.mjs';

function stroke(fields = {}) {
  return `${JSON.stringify({
    t: null, author: 'Mira', color: '#204080ff', width: 8, tool: 'pen', points: [[0, 0], [40, 30]], ...fields })}\n`;
}

async function does(args, options) {
  const run = await kolam(args, options);
  assert.equal(run.code, 0, run.stderr);
  return run.stdout;
}

async function makeWall(lines = stroke()) {
  const folder = makeFolder();
  const data = join(folder, 'data');
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, lines);
  await does(['import', '--data', data, file]);
  return { folder, data, file, at: (name) => join(folder, name) };
}

// Runs a verb with these descriptors (and `cwd`) and a hand on it.
function begin(t, args, options = {}) {
  const child = spawn(BIN, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
  let said = '';
  t.after(() => child.kill('SIGKILL'));
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const ended = new Promise((done) => child.on('close', (code, signal) => done({ code, signal, said })));
  return { child, said: () => said, ended: () => withDeadline(ended, `the end of ${args.join(' ')}`) };
}

test('what_cannot_be_told_is_a_failure', { skip: !existsSync('/dev/full') }, async (t) => {
  const wall = await makeWall();
  const runs = [['--help'], ['--version'], ['check', '--help'], ['check', '--data', wall.data], ['import', '--data', wall.data, wall.file],
    ['blame', '--data', wall.data, '--at', '0,0'], ['backup', '--data', wall.data, '-o', wall.at('copy')],
    ['rollback', '--data', wall.data, '--artist', 'Mira', '--dry-run']];
  for (const args of runs) {
    const full = openSync('/dev/full', 'w');
    const run = await begin(t, args, { stdio: ['ignore', full, 'pipe'] }).ended();
    closeSync(full);
    assert.equal(run.code, 1, args.join(' '));
  }
});

test('every_file_that_was_replaced_is_kept_also_those_that_cannot_be_read', async () => {
  const wall = await makeWall();
  const copy = wall.at('copy');
  const log = join(wall.data, 'canvases/main.kolam');
  await does(['backup', '--data', wall.data, '-o', copy]);
  for (const word of ['first', 'second', 'third']) {
    writeFileSync(log, word.repeat(2000));
    await does(['restore', copy, '--data', wall.data, '--replace', '--yes']);
  }
  const kept = readdirSync(join(wall.data, 'replaced')).map((name) => readFileSync(join(wall.data, 'replaced', name), 'utf8'));
  assert.deepEqual(kept.map((text) => text.slice(0, 5)).sort(), ['first', 'secon', 'third']);
  assert.match(await does(['check', '--data', wall.data]), /no problems/);
});

test('a_compacted_wall_is_as_readable_as_it_was', async () => {
  const wall = await makeWall(stroke() + stroke({ points: [[90, 90]] }));
  const log = join(wall.data, 'canvases/main.kolam');
  chmodSync(log, 0o600);
  await does(['compact', '--data', wall.data, '--before', '1', '--yes']);
  assert.equal(statSync(log).mode & 0o777, 0o600);
});

test('who_an_import_draws_as_is_kept_before_it_draws', async (t) => {
  const server = await startServer();
  const folder = makeFolder();
  const file = join(folder, 'a.ndjson');
  const token = join(folder, 'token');
  t.after(() => server.kill());
  // An hour of drawing: the interruption comes in the middle of it.
  writeFileSync(file, stroke({ t: 0 }) + stroke({ t: 3600000 }));
  const one = begin(t, ['import', '--realtime', '--server', server.origin, '--token-file', token, file]);
  const seq = async () => (await getJson(server, '/api/canvas/main')).json.seq;
  let drawn = 0;
  const looking = setInterval(async () => (drawn = (await seq().catch(() => 0)) ?? 0), 50);
  await eventually(() => drawn === 1 || one.child.exitCode !== null, 'the first stroke').finally(() => clearInterval(looking));
  one.child.kill('SIGINT');
  assert.match((await one.ended()).said, /interrupted \(1 strokes/);
  assert.match(readFileSync(token, 'utf8'), /^[0-9a-f]{64}\n$/);
  await does(['import', '--server', server.origin, '--token-file', token, file]);
  assert.equal(await seq(), 2, 'nothing is doubled: it is the same artist');

  const other = begin(t, ['import', '--realtime', '--server', server.origin, file]);
  drawn = 0;
  const again = setInterval(async () => (drawn = (await seq().catch(() => 0)) ?? 0), 50);
  await eventually(() => drawn === 3 || other.child.exitCode !== null, 'its first stroke').finally(() => clearInterval(again));
  other.child.kill('SIGINT');
  assert.match((await other.ended()).said, /--token-file:\n[0-9a-f]{64}\n/, 'and told where it is kept nowhere');

  // The finest pixels: a rectangle in a query is as exact as one of an option.
  const fine = ['--rect', '0.00000011920928955078125,0,0.0000019073486328125,0.0000019073486328125', '--scale', '16777216'];
  const picture = join(folder, 'fine.png');
  await does(['export', '--server', server.origin, ...fine, '-o', picture]);
  assert.equal(decodePng(readFileSync(picture)).width, 32);
  await server.stop();
});

test('a_signal_while_a_server_says_nothing_leaves_nothing_half', async (t) => {
  const silent = createSocketServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  let asked = 0;
  silent.on('connection', (socket) => socket.on('data', () => (asked += 1)));
  await new Promise((done) => silent.on('listening', done));
  t.after(() => silent.close());
  const folder = makeFolder();
  const run = begin(t, ['export', '--server', `http://127.0.0.1:${silent.address().port}`, '--rect', '0,0,10,10', '-o',
    join(folder, 'wall.png')]);
  await eventually(() => asked === 1, 'the question');
  assert.equal(readdirSync(folder).length, 1, 'it is being written');
  run.child.kill('SIGINT');
  const { code, said } = await run.ended();
  assert.deepEqual([code, said], [1, 'kolam export: interrupted\n']);
  assert.deepEqual(readdirSync(folder), []);
});

async function lies(t, answer) {
  const server = createServer((request, response) => {
    const said = answer(new URL(request.url, 'http://here'), request);
    response.statusCode = said.status ?? 200;
    response.end(Buffer.isBuffer(said.bytes) ? said.bytes : JSON.stringify(said.json));
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server.on('listening', done));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

test('strokes_that_do_not_rise_are_not_asked_for_without_end', async (t) => {
  let asked = 0;
  const op = new Writer().varint(3).varint(1000).varint(1).u64("05".padStart(16, "0")).varint(1).varint(0).finish();
  const records = Buffer.from(new Writer().u8(0x81).sized(op).finish());
  const origin = await lies(t, (url) => {
    if (url.pathname.endsWith('/moment')) {
      return { json: { seq: url.searchParams.get('at') === '1' ? 1 : 9, time: 1000 } };
    }
    asked += url.pathname.endsWith('/strokes') ? 1 : 0;
    return asked > 20 ? { status: 500, json: {} } : url.pathname.endsWith('/strokes') ? { bytes: records } : { json: { seq: 9 } };
  });
  const run = await kolam(['timelapse', '--server', origin, '--rect', '0,0,10,10', '-o', join(makeFolder(), 'a.png')]);
  assert.equal(run.code, 1);
  assert.match(run.stderr, /answer is malformed/);
  assert.equal(asked, 2);
});

test('no_word_of_a_stranger_commands_the_terminal', async (t) => {
  const evil = 'Mi\u001b[31mra\u009b2J\u0007';
  const origin = await lies(t, (url) => (url.searchParams.get('x') === '1'
    ? { status: 404, json: { error: evil } }
    : { json: { strokes: [{ seq: 1, artist: 1, name: evil, tool: evil, color: evil, width: 1, level: 0, time: 0 }] } }));
  for (const x of ['0', '1']) {
    const run = await kolam(['blame', '--server', origin, '--at', `${x},0`]);
    assert.match(run.stdout + run.stderr, /Mi\?\[31mra\?\?2J\?/);
    assert.doesNotMatch(run.stdout + run.stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  }
});

test('a_video_may_have_any_name', async (t) => {
  const wall = await makeWall();
  const bin = wall.at('bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'ffmpeg'), '#!/bin/sh\nfor last; do :; done\ncase "$last" in ./*) cat > "$last";; *) exit 1;; esac\n');
  chmodSync(join(bin, 'ffmpeg'), 0o755);
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  for (const name of ['http:a.webm', '-vf.webm']) {
    const run = await begin(t, ['timelapse', '--data', wall.data, '--rect', '0,0,10,10', '--seconds', '1', '-o', name],
      { cwd: wall.folder, env }).ended();
    assert.equal(run.code, 0, run.said);
    assert.ok(statSync(wall.at(name)).size > 0);
  }
});
