// A wall whose older history was flattened, over the network: what is gone is said to be gone, what is there is as it
// was, and a client that comes back with what it drew then is not given a second stroke.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import {
  Client, eventually, get, getJson, hideBody, kolam, lineBody, makeFolder, newNonce, showBody, startServer,
} from './client.mjs';
import { decodePng } from './png.mjs';
import './tidy.mjs';

const AREA = { level: 0, x: 0, y: 0, width: 256, height: 256 };
const api = (what, query) => `/api/canvas/main/${what}?${new URLSearchParams(query)}`;
const line = (i) => [20, 20 + i * 20, 230, 240 - i * 20];
const INK = { color: 0xc02040a0, width: 9 * 256 };

async function tile(server, at) {
  let answer = await get(server, `/tiles/main/0/0/0.png${at === undefined ? '' : `?at=${at}`}`);
  if (answer.status === 302) {
    answer = await get(server, answer.headers.location);
  }
  assert.equal(answer.status, 200, String(answer.body));
  return decodePng(answer.body).rgba;
}

// Ten strokes of one artist, of which `flattened` are flattened; the artist's token and nonce.
async function flattenedWall(flattened) {
  const data = makeFolder();
  let server = await startServer({ data });
  const mira = await Client.artist(server);
  const { nonce, token } = mira;
  for (let i = 0; i < 10; i += 1) {
    assert.equal(await mira.draw(line(i), INK), i + 1);
  }
  const pictures = [];
  for (let at = 1; at <= 10; at += 1) {
    pictures[at] = await tile(server, at);
  }
  const { incarnation } = mira.welcome;
  await server.stop();
  const run = await kolam(['compact', '--data', data, '--before', String(flattened), '--yes']);
  assert.equal(run.code, 0, run.stderr);
  server = await startServer({ data });
  return { server, nonce, token, pictures, incarnation };
}

test('moments_before_the_base_are_gone_and_those_from_it_on_are_as_they_were', async () => {
  const { server, pictures } = await flattenedWall(6);
  for (let at = 6; at <= 10; at += 1) {
    assert.ok((await tile(server, at)).equals(pictures[at]), `seq ${at}`);
  }
  assert.ok((await tile(server)).equals(pictures[10]));
  const { json: canvas } = await getJson(server, '/api/canvas/main');
  assert.equal(canvas.base.seq, 6);
  for (const path of ['/tiles/main/0/0/0.png?at=5', '/tiles/main/0/0/0.png?at=1', '/tiles/main/3/90/90.png?at=5',
    '/snapshot.png?canvas=main&rect=0,0,64,64&at=5', api('moment', { at: 5 }),
    api('strokes', { ...AREA, to: 6 })]) {
    const answer = await get(server, path);
    assert.equal(answer.status, 410, `${path}: ${answer.status} ${answer.body}`);
    assert.match(String(answer.body), /history was flattened up to seq 6/, path);
  }
  const early = new Date(canvas.base.time - 1).toISOString();
  const answer = await get(server, `/tiles/main/0/0/0.png?${new URLSearchParams({ at: early })}`);
  assert.ok(answer.status === 410 || answer.status === 400, 'gone; or before the wall was made');
  assert.equal((await get(server, '/tiles/main/0/0/0.png?at=11')).status, 400);
  const { json: moment } = await getJson(server, api('moment', { at: 6 }));
  assert.deepEqual(moment, canvas.base);
  await server.stop();
});

test('what_was_drawn_when_and_by_whom_begins_at_the_base', async () => {
  const { server } = await flattenedWall(6);
  const { json: canvas } = await getJson(server, '/api/canvas/main');
  const { json: activity } = await getJson(server, api('activity', AREA));
  assert.equal(activity.first, canvas.base.time);
  assert.equal(activity.counts.reduce((sum, count) => sum + count, 0), 4);
  const { json: under } = await getJson(server, api('at', { level: 0, x: 125, y: 130, slack: 16 }));
  assert.ok(under.strokes.length > 0 && under.strokes.every(({ seq }) => seq > 6));
  assert.deepEqual(under.base, canvas.base);
  const strokes = await get(server, api('strokes', AREA));
  assert.equal(strokes.status, 200);
  assert.equal(strokes.headers['x-kolam-base'], '6');
  await server.stop();
});

test('a_canvas_that_was_not_flattened_says_so', async () => {
  const server = await startServer();
  const mira = await Client.artist(server);
  await mira.draw(line(0));
  assert.equal((await getJson(server, '/api/canvas/main')).json.base, null);
  assert.equal((await getJson(server, api('at', { level: 0, x: 20, y: 20 }))).json.base, null);
  assert.equal((await get(server, api('strokes', AREA))).headers['x-kolam-base'], undefined);
  await server.stop();
});

test('ones_own_strokes_from_before_cannot_be_undone_and_it_is_said_why', async () => {
  const { server, token, incarnation } = await flattenedWall(6);
  const mira = await Client.join(server, { token });
  assert.notEqual(mira.welcome.incarnation, incarnation, 'nothing kept of the old one is taken for the new one');
  assert.equal(mira.welcome.seq, 10);
  mira.say({ type: 'mine', id: 1 });
  const mine = await mira.wait(({ type }) => type === 'mine');
  assert.deepEqual(mine.ops.map(({ seq }) => Number(seq)), [10, 9, 8, 7]);
  assert.equal(mine.more, false);
  for (const body of [hideBody(3), showBody(6), hideBody(6, 7)]) {
    const nack = await mira.commit(body);
    assert.equal(nack.type, 'nack');
    assert.equal(nack.code, 3);
    assert.match(nack.message, /flattened/);
  }
  assert.equal((await mira.commit(hideBody(7, 8))).type, 'ack');
  await server.stop();
});

test('a_stroke_that_is_sent_again_is_acknowledged_with_its_seq_of_then', async () => {
  const { server, token, nonce } = await flattenedWall(10);
  const mira = await Client.join(server, { token, nonce });
  for (let i = 0; i < 10; i += 1) {
    const ack = await mira.commit(lineBody(line(i), INK), { counter: i + 1 });
    assert.deepEqual([ack.type, ack.seq], ['ack', i + 1]);
  }
  const other = await Client.join(server, { token, nonce: newNonce() });
  assert.equal(await other.draw(line(3), INK), 11, 'seqs go on');
  await server.stop();
});

// What a killed server acknowledged may be in the -wal alone.
test('a_wall_whose_server_was_killed_is_flattened_with_all_that_was_acknowledged', async () => {
  const data = makeFolder();
  let server = await startServer({ data });
  const mira = await Client.artist(server);
  for (let i = 0; i < 10; i += 1) {
    await mira.draw(line(i), INK);
  }
  const now = await tile(server);
  await server.kill();
  const run = await kolam(['compact', '--data', data, '--before', '4', '--yes']);
  assert.equal(run.code, 0, run.stderr);
  assert.deepEqual(readdirSync(join(data, 'canvases')).filter((name) => !/^main\.(kolam|tiles)$/.test(name)), []);
  server = await startServer({ data });
  assert.equal((await getJson(server, '/api/canvas/main')).json.seq, 10);
  assert.ok((await tile(server)).equals(now));
  await server.stop();
});

test('drawing_goes_on_upon_the_base', async () => {
  const { server, token, pictures } = await flattenedWall(10);
  const mira = await Client.join(server, { token });
  const seq = await mira.draw(line(4), { ...INK, tool: 'eraser' });
  const erased = await eventually(async () => {
    const rgba = await tile(server);
    return !rgba.equals(pictures[10]) && rgba;
  }, 'the eraser on the base');
  assert.ok((await tile(server, 10)).equals(pictures[10]));
  await mira.commit(hideBody(seq));
  await eventually(async () => (await tile(server)).equals(pictures[10]), 'the base again');
  assert.ok((await tile(server, seq)).equals(erased));
  await server.stop();
});
