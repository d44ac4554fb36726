// The command against a running server: import in the names of others and in one's own, watch, export.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { Client, hideBody, showBody } from '../wire/client.mjs';
import { freePort } from '../wire/ports.mjs';
import { BIN, eventually, get, getJson, kolam, makeFolder, startServer, withDeadline } from '../wire/process.mjs';

function strokeLine(fields = {}) {
  const stroke = {
    t: null, author: 'Mira', color: '#204080ff', width: 3, tool: 'pen', points: [[0, 0], [40, 30]], ...fields,
  };
  return `${JSON.stringify(stroke)}\n`;
}

function strokes(count, author = (i) => `artist ${i % 7}`) {
  let text = '';
  for (let i = 0; i < count; i += 1) {
    text += strokeLine({ author: author(i), points: [[i % 900, 0], [i % 900, 50], [(i * 7) % 900, 90]] });
  }
  return text;
}

const admin = (server) => ['--admin-token-file', join(server.data, 'admin.token')];

// A server that is gone with its test, however that ends.
async function serve(t, options) {
  const server = await startServer(options);
  t.after(() => server.kill());
  return server;
}

const figure = async (server, name) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec((await get(server, '/metrics')).body)[1]);

// kolam watch, with its lines as they come.
function watch(t, server, args = []) {
  const child = spawn(BIN, ['watch', '--server', server.origin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const state = { child, text: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk) => (state.text += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk) => (state.stderr += chunk));
  state.exited = new Promise((done) => child.on('close', (code, signal) => done({ code, signal })));
  state.lines = () => state.text.split('\n').slice(0, -1).map((line) => JSON.parse(line));
  // Who has joined is told nothing yet: it has to say what it looks at.
  state.isReady = () => eventually(async () =>
    (await figure(server, 'kolam_views_answered_total')) > 0, 'the watcher to look');
  t.after(() => child.kill('SIGKILL'));
  return state;
}

test('import draws in the names of the authors, and what is watched is what was drawn', async (t) => {
  const server = await serve(t);
  const folder = makeFolder();
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, strokes(500));
  const watcher = watch(t, server);
  await watcher.isReady();
  const run = await kolam(['import', '--server', server.origin, ...admin(server), file]);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /^500 strokes by 7 artists in [\d.]+ s, [\d,]+ strokes\/s\n$/);
  assert.equal(run.stderr, '');
  await eventually(() => watcher.lines().length === 500, 'every stroke to be watched');
  watcher.lines().forEach((line, i) => {
    assert.equal(line.seq, i + 1, 'in the order of the file');
    assert.equal(line.name, `artist ${i % 7}`);
    assert.equal(line.kind, 'stroke');
    assert.equal(line.color, '#204080ff');
    assert.deepEqual(line.points[1], [i % 900, 50]);
  });
  watcher.child.kill('SIGINT');
  assert.deepEqual(await withDeadline(watcher.exited, 'the watcher to end'), { code: 0, signal: null });
  const canvas = (await getJson(server, '/api/canvas/main')).json;
  assert.equal(canvas.artists, 7);
  await server.stop();
});

test('import again, either way, doubles nothing', async (t) => {
  const server = await serve(t);
  const folder = makeFolder();
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, strokes(60));
  for (let i = 0; i < 2; i += 1) {
    const run = await kolam(['import', '--server', server.origin, ...admin(server), file]);
    assert.equal(run.code, 0, run.stderr);
  }
  await server.stop();
  const run = await kolam(['import', '--data', server.data, file]);
  assert.match(run.stdout, /60 of them were there already/);
  const checked = await kolam(['check', '--data', server.data]);
  assert.match(checked.stdout, /^main: 60 ops.*no problems/);
});

test('without the admin token everything is drawn under a name of one\'s own', async (t) => {
  const server = await serve(t);
  const folder = makeFolder();
  const file = join(folder, 'a.ndjson');
  const tokenFile = join(folder, 'token');
  writeFileSync(file, strokes(30));
  const args = ['import', '--server', server.origin, '--token-file', tokenFile];
  const first = await kolam([...args, file]);
  assert.equal(first.code, 0, first.stderr);
  assert.match(readFileSync(tokenFile, 'utf8'), /^[0-9a-f]{64}\n$/);
  assert.equal(statSync(tokenFile).mode & 0o777, 0o600);
  writeFileSync(file, strokes(30, () => 'another'));
  const second = await kolam([...args, file]);
  assert.equal(second.code, 0, second.stderr);
  const canvas = (await getJson(server, '/api/canvas/main')).json;
  assert.equal(canvas.seq, 60);
  assert.equal(canvas.artists, 1, 'the same person both times');
  const bare = await kolam(['import', '--server', server.origin, file]);
  assert.match(bare.stderr, /--token-file[^]*\n[0-9a-f]{64}\n/, 'a new identity is told');
  await server.stop();
});

test('a wrong admin token is refused in one line', async (t) => {
  const server = await serve(t);
  const folder = makeFolder();
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, strokes(3));
  const run = await kolam(['import', '--server', server.origin, file], { env: { KOLAM_ADMIN_TOKEN: '0'.repeat(64) } });
  assert.equal(run.code, 1);
  assert.match(run.stderr, /^kolam import: the server refused: [^\n]+\n$/);
  await server.stop();
});

test('an import goes on when the server is killed and comes back: exactly once', async (t) => {
  // So slow that it is not through when the server is killed, however late that is.
  const slow = ['--limit-loopback', '--limit', 'all=off', '--limit', 'strokes.address=500:1500'];
  let server = await serve(t, { port: await freePort(), args: slow });
  const { data, port } = server;
  const folder = makeFolder();
  const file = join(folder, 'a.ndjson');
  const count = 20000;
  writeFileSync(file, strokes(count));
  const watcher = watch(t, server);
  await watcher.isReady();
  const importing = kolam(['import', '--server', server.origin, ...admin(server), file]);
  await eventually(() => /"seq":500,/.test(watcher.text), 'the import to have begun');
  await server.kill();
  server = await serve(t, { data, port });
  const run = await importing;
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stderr, /trying again/);
  watcher.child.kill('SIGTERM');
  assert.equal((await watcher.exited).code, 0);
  const seqs = watcher.lines().map((line) => line.seq);
  assert.ok(seqs.every((seq, i) => i === 0 || seq > seqs[i - 1]), 'watched in order, none twice');
  await server.stop();
  const checked = await kolam(['check', '--data', data]);
  assert.match(checked.stdout, /^main: 20,000 ops.*no problems/, checked.stderr);
});

test('watch ends quietly when nobody reads', async (t) => {
  const server = await serve(t);
  const folder = makeFolder();
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, strokes(5));
  const watcher = watch(t, server);
  await watcher.isReady();
  watcher.child.stdout.destroy();
  const end = await withDeadline(watcher.exited, 'the watcher to notice');
  assert.deepEqual(end, { code: 0, signal: null });
  assert.equal(watcher.stderr, '');
  await server.stop();
});

test('watch tells undo, redo and new names', async (t) => {
  const server = await serve(t);
  const watcher = watch(t, server);
  await watcher.isReady();
  const mira = await Client.artist(server);
  const seq = await mira.draw([0, 0, 50, 50]);
  await mira.commit(hideBody(seq));
  await mira.commit(showBody(seq));
  await eventually(() => watcher.lines().length === 3, 'three ops to be watched');
  const [stroke, hide, show] = watcher.lines();
  assert.equal(hide.kind, 'hide');
  assert.deepEqual(hide.targets, [seq]);
  assert.equal(hide.name, stroke.name);
  assert.equal(show.kind, 'show');
  mira.say({ type: 'rename', name: 'Mira the Second' });
  await mira.wait((event) => event.type === 'artists');
  await mira.draw([0, 0, 9, 9]);
  await eventually(() => watcher.lines().length === 4, 'the fourth op to be watched');
  assert.equal(watcher.lines()[3].name, 'Mira the Second');
  watcher.child.kill('SIGINT');
  await watcher.exited;
  await mira.leave();
  await server.stop();
});

test('watch --rect shows what touches it', async (t) => {
  const server = await serve(t);
  const folder = makeFolder();
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, strokeLine() + strokeLine({ points: [[1000, 1000]] }) + strokeLine({ points: [[-5, 5], [5, 5]] })
    + strokeLine({ points: [[101.4, 50]] }));
  const watcher = watch(t, server, ['--rect', '0,0,100,100']);
  await watcher.isReady();
  await kolam(['import', '--server', server.origin, ...admin(server), file]);
  await eventually(() => watcher.lines().length === 3, 'three strokes to be watched');
  assert.deepEqual(watcher.lines().map((line) => line.seq), [1, 3, 4]);
  watcher.child.kill('SIGINT');
  await watcher.exited;
  await server.stop();
});

test('export through a server is the picture that the folder gives', async (t) => {
  const server = await serve(t);
  const folder = makeFolder();
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, strokes(50));
  await kolam(['import', '--server', server.origin, ...admin(server), file]);
  const paths = ['server', 'data'].map((name) => join(folder, `${name}.png`));
  const region = ['--rect', '-10,-10,500,120', '--scale', '0.4', '--ground', '#ffffff'];
  const fromServer = await kolam(['export', '--server', server.origin, ...region, '-o', paths[0]]);
  assert.equal(fromServer.code, 0, fromServer.stderr);
  const fromData = await kolam(['export', '--data', server.data, ...region, '-o', paths[1]]);
  assert.equal(fromData.code, 0, fromData.stderr);
  // The texts may differ (a title); the pixels' chunks may not.
  const pixels = paths.map((path) => {
    const bytes = readFileSync(path);
    return bytes.subarray(bytes.indexOf('IDAT')).toString('latin1');
  });
  assert.equal(pixels[0], pixels[1]);
  const all = await kolam(['export', '--server', server.origin, '--all', '-o', paths[0]]);
  assert.equal(all.code, 0, all.stderr);
  const large = await kolam(['export', '--server', server.origin, '--all', '--scale', '100', '-o', paths[0]]);
  assert.equal(large.code, 1);
  assert.match(large.stderr, /^kolam export: a server draws at most 16384[^\n]+\n$/);
  const missing = await kolam(['export', '--server', server.origin, '--canvas', 'none', '--all', '-o', paths[0]]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^kolam export: [^\n]+\n$/);
  await server.stop();
});

// What is late goes out together, and a stroke that is over is not shown on the way: where a machine is slow for all, a slower
// drawing is, with so many times as long between its points. `isShown` draws one, on a canvas of its own.
async function atSomePace(isShown) {
  for (let pace = 1; !(await isShown(pace, `pace-${pace}`)); pace *= 3) {
    assert.ok(pace < 27, 'it is never shown on the way');
  }
}

test('--realtime takes the time that the drawing took', async (t) => {
  const server = await serve(t);
  const folder = makeFolder();
  const file = join(folder, 'a.ndjson');
  const points = [[0, 0], [10, 0], [20, 0], [30, 0]];
  const shown = () => figure(server, 'kolam_previews_received_total');
  await atSomePace(async (pace, canvas) => {
    const dt = [0, 100 * pace, 100 * pace, 100 * pace];
    writeFileSync(file, [0, 200, 400].map((at) => strokeLine({ t: at * pace + 50000, points, dt })).join(''));
    const [before, begun] = [await shown(), Date.now()];
    const run = await kolam(['import', '--server', server.origin, '--canvas', canvas, '--realtime', '--token-file', join(folder, 't'), file]);
    assert.equal(run.code, 0, run.stderr);
    const took = Date.now() - begun;
    assert.ok(took >= 700 * pace, `took ${took} ms and not ${700 * pace}`);
    assert.equal((await getJson(server, `/api/canvas/${canvas}`)).json.seq, 3);
    return (await shown()) - before >= 6;
  });
  await server.stop();
});

test('--realtime with the admin token shows each author at the pen', async (t) => {
  const server = await serve(t);
  const folder = makeFolder();
  const file = join(folder, 'a.ndjson');
  const points = [[10, 10], [20, 10], [30, 10], [40, 10], [50, 10]];
  await atSomePace(async (pace, canvas) => {
    const dt = [0, 150, 150, 150, 150].map((ms) => ms * pace);
    writeFileSync(file, ['Mira', 'Tom'].map((author) => strokeLine({ t: 0, author, points, dt })).join(''));
    const eye = await Client.join(server, { canvas, watch: true });
    await eye.view({ level: 0, x: 0, y: 0 });
    const run = await kolam(['import', '--server', server.origin, '--canvas', canvas, ...admin(server), '--realtime', file]);
    assert.equal(run.code, 0, run.stderr);
    await eventually(() => eye.all('op').length === 2, 'both strokes');
    const previews = eye.all('preview');
    const ops = eye.all('op');
    for (const preview of previews) {
      const op = ops.find((each) => each.counter === preview.counter);
      assert.equal(preview.artist, op.artist, 'of the artist whose stroke it becomes');
      assert.equal(preview.nonce, op.nonce);
    }
    await eye.leave();
    return previews.length >= 4 && new Set(previews.map((each) => each.artist)).size === 2;
  });
});
