// Edits: strokes that take others' place, in one submit, durable whole or not at all, one step to undo.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { after, before } from 'node:test';

import { Client, editBody, hideBody, lineBody, recordBody, showBody, startServer } from './client.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

let canvasNumber = 0;
async function pair() {
  const canvas = `edits-${(canvasNumber += 1)}`;
  const clients = await Promise.all([Client.artist(server, { canvas }), Client.artist(server, { canvas })]);
  await Promise.all(clients.map((client) => client.view({ x: -2, y: -2, width: 4, height: 4 })));
  return [...clients, canvas];
}

async function mine(client) {
  const from = client.mark();
  client.say({ type: 'mine', id: 1 });
  const { ops } = await client.wait((event) => event.type === 'mine', from, 'mine');
  return ops;
}

test('strokes_moved_are_one_unit_that_hides_and_draws', async () => {
  const [mira, tom, canvas] = await pair();
  const first = await mira.draw([10, 10, 60, 10]);
  const second = await mira.draw([10, 20, 60, 20]);
  const counter = mira.submit([editBody([first, second], 3), lineBody([10, 110, 60, 110]),
    lineBody([10, 120, 60, 120], { part: 0, parts: 2 }), lineBody([60, 120, 90, 120], { part: 1, parts: 2 })]);
  const ack = await mira.answer(counter);
  assert.deepEqual([ack.type, ack.count, ack.seq], ['ack', 4, 3]);
  await tom.op(6);
  assert.deepEqual(tom.all('op').map(({ seq }) => seq), [1, 2, 3, 4, 5, 6]);
  const ops = await mine(await Client.join(server, { canvas, token: mira.token }));
  assert.deepEqual(ops.find(({ seq }) => seq === '3'), { seq: '3', kind: 'hide', targets: ['1', '2'], follow: 3 });
});

test('an_edit_sent_again_is_acknowledged_again_and_done_once', async () => {
  const [mira, , canvas] = await pair();
  const seq = await mira.draw([10, 10, 60, 10]);
  const unit = [editBody([seq], 1), lineBody([10, 110, 60, 110])];
  const first = await mira.commit(unit, { counter: 9 });
  const again = await mira.commit(unit, { counter: 9 });
  assert.deepEqual([again.type, again.seq, again.count], ['ack', first.seq, 2]);
  const back = await Client.join(server, { canvas, nonce: mira.nonce, token: mira.token });
  assert.equal((await back.commit(unit, { counter: 9 })).seq, first.seq);
  assert.equal(await back.draw([1, 1, 2, 2]), first.seq + 2);
});

test('undoing_an_edit_is_an_edit_that_hides_the_new_and_shows_the_old', async () => {
  const [mira, , canvas] = await pair();
  const tile = async () => {
    const url = `${server.url}/tiles/${canvas}/0/0/0.png?at=${seq}`;
    return Buffer.from(await (await fetch(url)).arrayBuffer()).toString('base64');
  };
  let seq = await mira.draw([10, 10, 60, 10]);
  const before = await tile();
  const edit = await mira.commit([editBody([seq], 1), lineBody([10, 110, 60, 110])]);
  seq = edit.seq + 1;
  const moved = await tile();
  assert.notEqual(moved, before);
  const undo = await mira.commit([editBody([edit.seq + 1], 1), showBody(1)]);
  seq = undo.seq + 1;
  assert.equal(await tile(), before);
  const redo = await mira.commit([editBody([1], 1), showBody(edit.seq + 1)]);
  seq = redo.seq + 1;
  assert.equal(await tile(), moved);
});

test('strokes_doubled_hide_nothing_and_belong_together', async () => {
  const [mira, tom] = await pair();
  await mira.draw([10, 10, 60, 10]);
  const ack = await mira.commit([editBody([], 2), lineBody([10, 110, 60, 110]), lineBody([10, 120, 60, 120])]);
  assert.deepEqual([ack.type, ack.count, ack.seq], ['ack', 3, 2]);
  await tom.op(4);
  assert.deepEqual((await mine(mira)).map(({ seq, follow }) => [seq, follow]),
    [['4', undefined], ['3', undefined], ['2', 2], ['1', undefined]]);
});

test('a_thousand_strokes_are_moved_at_once', async () => {
  const [mira, tom] = await pair();
  const counters = Array.from({ length: 1024 }, (_, i) => mira.submit(lineBody([i % 200, 1, i % 200, 3])));
  await mira.answer(counters.at(-1));
  const seqs = Array.from({ length: 1024 }, (_, i) => i + 1);
  const ack = await mira.commit([editBody(seqs, 1024), ...seqs.map((i) => lineBody([i % 200, 100, i % 200, 103]))]);
  assert.deepEqual([ack.type, ack.count, ack.seq], ['ack', 1025, 1025]);
  await tom.op(2049);
});

test('an_edit_that_is_not_whole_or_not_ones_own_is_refused_whole', async () => {
  const [mira, tom] = await pair();
  const own = await mira.draw([10, 10, 60, 10]);
  const others = await tom.draw([10, 10, 60, 10]);
  const line = lineBody([1, 1, 9, 9]);
  const part = (index) => lineBody([1, 1, 9, 9], { part: index, parts: 2 });
  const wrong = {
    'too few': [editBody([own], 2), line],
    'too many': [editBody([own], 1), line, line],
    alone: [editBody([own], 1)],
    'half a group': [editBody([own], 1), part(0)],
    'a group in disorder': [editBody([own], 2), part(1), part(0)],
    'a group cut by a show': [editBody([own], 3), part(0), showBody(own), part(1)],
    'two hides': [editBody([own], 1), hideBody(own)],
    'a record': [editBody([own], 1), recordBody({ type: 'note' })],
    'the hide last': [line, editBody([own], 1)],
    'a plain hide before': [hideBody(own), line],
  };
  for (const [name, bodies] of Object.entries(wrong)) {
    const answer = await mira.commit(bodies);
    assert.deepEqual([answer.type, name === 'a record' ? 1 : answer.code], ['nack', 1], `${name}: ${answer.message}`);
  }
  const stolen = await mira.commit([editBody([own, others], 1), line]);
  assert.deepEqual([stolen.type, stolen.code], ['nack', 2]);
  const missing = await mira.commit([editBody([own, 999], 1), line]);
  assert.deepEqual([missing.type, missing.code], ['nack', 3]);
  assert.equal(await mira.draw([0, 0, 1, 1]), others + 1, 'nothing of them was committed');
});

test('the_welcome_tells_how_much_one_edit_may_hold', async () => {
  const [mira] = await pair();
  assert.equal(mira.welcome.limits.edit, 1024);
  assert.match(await readFile(new URL('../../docs/protocol.md', import.meta.url), 'utf8'), /"edit":1024/);
});

test('strokes_only_removed_are_a_step_of_their_own_that_a_show_undoes', async () => {
  const [mira, tom] = await pair();
  const seq = await mira.draw([10, 10, 60, 10]);
  const removed = await mira.commit([editBody([seq], 0)]);
  assert.deepEqual([removed.type, removed.count], ['ack', 1]);
  await mira.commit([showBody(seq)]);
  await mira.commit([hideBody(seq)]);
  await tom.op(4);
  assert.deepEqual((await mine(mira)).map(({ kind, follow }) => [kind, follow]),
    [['hide', undefined], ['show', undefined], ['hide', 0], ['stroke', undefined]]);
  const nothing = await mira.commit([editBody([], 0)]);
  assert.deepEqual([nothing.type, nothing.code], ['nack', 1]);
});
