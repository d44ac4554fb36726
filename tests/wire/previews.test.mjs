// What is shown while the pen is down: previews, cursors, and what becomes of a stroke whose author
// vanished in its middle.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { Client, decodeBody, eventually, lineBody, newNonce, startServer, strokeBody } from './client.mjs';
import { SqliteFile } from './sqlite.mjs';
import './tidy.mjs';

const VANISH_MS = 400;
let server;
before(async () => {
  server = await startServer({ args: ['--vanish-ms', String(VANISH_MS)] });
});
after(() => server?.kill());

let canvasNumber = 0;
async function trio() {
  const canvas = `previews-${(canvasNumber += 1)}`;
  const clients = await Promise.all([
    Client.artist(server, { canvas }), Client.artist(server, { canvas }),
    Client.join(server, { canvas, watch: true }),
  ]);
  await Promise.all(clients.map((client) => client.view({ x: -1, y: -1, width: 3, height: 3 })));
  return [...clients, canvas];
}

const points = (from, to) => Array.from({ length: to - from }, (_, i) => [(from + i) * 40, (from + i) * 24]);
const body = (from, to) => strokeBody({ points: points(from, to), color: 0xaa0000ff });
const isPreview = (counter, first) => (event) =>
  event.type === 'preview' && event.counter === counter && event.first === first;

// Previews of one tick may come joined.
const reaches = (counter, count) => (event) =>
  event.type === 'preview' && event.counter === counter && event.first + decodeBody(event.body).points.length === count;

test('a_preview_reaches_the_others_and_not_its_author', async () => {
  const [mira, tom, watcher] = await trio();
  await mira.draw([0, 0, 9, 9]); // from here on she has a number on this canvas
  mira.preview(50, 0, body(0, 3));
  for (const client of [tom, watcher]) {
    const preview = await client.wait(isPreview(50, 0));
    assert.equal(preview.artist, mira.me.artist);
    assert.equal(preview.nonce, mira.nonce);
    assert.deepEqual(decodeBody(preview.body).points, points(0, 3));
    assert.equal(decodeBody(preview.body).color, 0xaa0000ff);
  }
  mira.preview(50, 3, body(3, 5));
  assert.deepEqual(decodeBody((await tom.wait(isPreview(50, 3))).body).points, points(3, 5));
  const ack = await mira.commit(body(0, 5), { counter: 50 });
  const op = await tom.op(ack.seq);
  assert.deepEqual([op.nonce, op.counter], [mira.nonce, 50], 'the op names the preview it ends');
  await mira.op(ack.seq);
  assert.deepEqual(mira.all('preview'), []);
});

test('previews_of_one_stroke_in_a_tick_come_joined_and_cursors_replace_each_other', async () => {
  const [mira, tom, watcher] = await trio();
  const pressed = points(0, 120).map((point, i) => [...point, 100 + i, i % 2 ? 7 : 0]);
  const part = (from, to) => strokeBody({ points: pressed.slice(from, to), color: 0x00aa00ff });
  for (let i = 0; i < 60; i += 1) {
    mira.preview(1, i * 2, part(i * 2, i * 2 + 2));
    mira.cursor({ level: 0, tileX: 0, tileY: 0, x: i, y: i });
  }
  for (const client of [tom, watcher]) {
    await client.wait(reaches(1, 120));
    await client.wait((event) => event.type === 'cursor' && event.x === 59);
    const got = [];
    for (const { first, body: bytes } of client.all('preview')) {
      const stroke = decodeBody(bytes);
      assert.equal(first, got.length, 'each point comes once');
      assert.equal(stroke.color, 0x00aa00ff);
      got.push(...stroke.points);
    }
    assert.deepEqual(got, pressed);
    assert.ok(client.all('preview').length < 60, `${client.all('preview').length} previews`);
    const places = client.all('cursor').map(({ x }) => x);
    assert.ok(places.length < 60, `${places.length} cursors`);
    assert.deepEqual(places, [...places].sort((a, b) => a - b));
  }
  assert.deepEqual(mira.all('preview').concat(mira.all('cursor')), []);
});

test('a_preview_is_not_part_of_the_canvas', async () => {
  const [mira, tom, , canvas] = await trio();
  mira.preview(1, 0, body(0, 9));
  await tom.wait(isPreview(1, 0));
  const late = await Client.join(server, { canvas });
  assert.equal(late.welcome.seq, 0);
});

test('a_cancelled_preview_is_taken_back_and_never_committed', async () => {
  const [mira, tom, , canvas] = await trio();
  mira.preview(1, 0, body(0, 3));
  await tom.wait(isPreview(1, 0));
  mira.cancel(1);
  const end = await tom.wait((event) => event.type === 'previewEnd');
  assert.deepEqual([end.nonce, end.counter], [mira.nonce, 1]);
  mira.preview(2, 0, body(0, 2));
  await tom.wait(isPreview(2, 0));
  await mira.vanish();
  const op = await tom.wait((event) => event.type === 'op');
  assert.equal(op.counter, 2, 'only the one that was still being drawn is kept');
  const late = await Client.join(server, { canvas });
  assert.equal(late.welcome.seq, 1);
});

test('a_preview_elsewhere_is_not_sent', async () => {
  const [mira, tom] = await trio();
  mira.preview(1, 0, strokeBody({ x: 50, y: 50, points: points(0, 3) }));
  mira.preview(2, 0, body(0, 3));
  await tom.wait(isPreview(2, 0));
  assert.deepEqual(tom.all('preview').map(({ counter }) => counter), [2]);
});

test('wrong_previews_end_nothing_for_others', async () => {
  const [mira, tom] = await trio();
  const wrong = await Client.artist(server, { canvas: mira.canvas });
  wrong.preview(1, 0, new Uint8Array([1, 1, 0]));
  await wrong.wait((event) => ['error', 'nack'].includes(event.type));
  mira.preview(1, 0, body(0, 3));
  await tom.wait(isPreview(1, 0));
});

test('cursors_reach_the_others', async () => {
  const [mira, tom, watcher] = await trio();
  mira.cursor({ level: 0, tileX: 0, tileY: -1, x: 2047, y: 3 });
  for (const client of [tom, watcher]) {
    const cursor = await client.wait((event) => event.type === 'cursor');
    assert.deepEqual(
      [cursor.artist, cursor.nonce, cursor.level, cursor.tileX, cursor.tileY, cursor.x, cursor.y],
      [mira.me.artist, mira.nonce, 0, 0, -1, 2047, 3]);
  }
  await mira.draw([0, 0, 1, 1]);
  assert.deepEqual(mira.all('cursor'), []);
});

test('one_who_leaves_is_forgotten', async () => {
  const [mira, tom] = await trio();
  mira.cursor({ level: 0, tileX: 0, tileY: 0, x: 9, y: 9 });
  await tom.wait((event) => event.type === 'cursor');
  await mira.leave();
  assert.equal((await tom.wait((event) => event.type === 'left')).nonce, mira.nonce);
});

test('a_stroke_whose_author_vanished_is_kept_as_far_as_it_came', async () => {
  const [mira, tom, , canvas] = await trio();
  await mira.draw([1, 1, 9, 9], { x: 99 });
  mira.preview(5, 0, body(0, 3));
  mira.preview(5, 3, body(3, 6));
  await tom.wait(reaches(5, 6));
  await mira.vanish();
  const op = await tom.wait((event) => event.type === 'op');
  assert.deepEqual([op.artist, op.nonce, op.counter], [mira.me.artist, mira.nonce, 5]);
  assert.deepEqual(decodeBody(op.body).points, points(0, 6));

  const back = await Client.join(server, { canvas, nonce: mira.nonce, token: mira.token });
  const ack = await back.commit(body(0, 9), { counter: 5 });
  const whole = await tom.op(ack.seq);
  assert.equal(whole.replaces, op.seq);
  assert.deepEqual(decodeBody(whole.body).points, points(0, 9));
  await tom.wait((event) => event.type === 'tile' && event.seq >= whole.seq);
  assert.equal((await back.commit(body(0, 9), { counter: 5 })).seq, ack.seq, 'and sent once more: the same');
});

test('an_author_who_comes_back_in_time_finishes_the_stroke_once', async () => {
  const own = await startServer();
  const canvas = 'back';
  const [mira, tom] = await Promise.all([Client.artist(own, { canvas }), Client.artist(own, { canvas })]);
  await tom.view({});
  mira.preview(1, 0, body(0, 3));
  await tom.wait(isPreview(1, 0));
  await mira.vanish();
  const back = await Client.join(own, { canvas, nonce: mira.nonce, token: mira.token });
  const ack = await back.commit(body(0, 5), { counter: 1 });
  const op = await tom.op(ack.seq);
  assert.equal(op.replaces, 0);
  assert.equal((await own.stop()).code, 0);
  assert.equal(new SqliteFile(`${own.data}/canvases/${canvas}.kolam`).rows('op').length, 1);
});

test('one_who_vanished_without_an_unfinished_stroke_leaves_nothing', async () => {
  const [mira, tom, , canvas] = await trio();
  mira.preview(1, 0, body(0, 3));
  const { seq } = await mira.commit(body(0, 3), { counter: 1 });
  await mira.vanish();
  await tom.wait((event) => event.type === 'left');
  const other = await Client.artist(server, { canvas });
  other.preview(1, 0, body(0, 4));
  await tom.wait((event) => isPreview(1, 0)(event) && event.nonce === other.nonce);
  await other.vanish();
  const op = await tom.wait((event) => event.type === 'op' && event.nonce === other.nonce);
  assert.equal(op.seq, seq + 1, 'nothing was committed between');
});

test('the_log_marks_a_partial_stroke_and_what_replaced_it', async () => {
  const own = await startServer({ env: { KOLAM_VANISH_MS: '100' } });
  const mira = await Client.artist(own);
  const nonce = mira.nonce;
  mira.preview(1, 0, body(0, 3));
  await mira.settle();
  await mira.vanish();
  const back = await eventually(async () => {
    const client = await Client.join(own, { token: mira.token, nonce: newNonce() });
    return client.welcome.seq === 1 && client;
  }, 'the partial stroke');
  await back.leave();
  const again = await Client.join(own, { token: mira.token, nonce });
  assert.equal((await again.commit(body(0, 4), { counter: 1 })).seq, 2);
  assert.equal((await again.commit(lineBody([0, 0, 9, 9]), { counter: 2 })).seq, 3);
  assert.equal((await own.stop()).code, 0);
  const rows = new SqliteFile(`${own.data}/canvases/main.kolam`).rows('op');
  assert.deepEqual(rows.map((row) => [row.counter, row.is_partial, row.replaces ?? 0]),
    [[1, 1, 0], [1, 0, 1], [2, 0, 0]]);
});
