// Strokes, hides and records: acknowledged when they are kept, once, in order, and told to the others.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { after, before } from 'node:test';

import {
  Client, decodeBody, hideBody, lineBody, newNonce, recordBody, ROOT, showBody, startServer, strokeBody,
  Writer,
} from './client.mjs';
import { SqliteFile } from './sqlite.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

// Two artists on a canvas of their own, looking at its middle.
let canvasNumber = 0;
async function pair() {
  const canvas = `ops-${(canvasNumber += 1)}`;
  const clients = await Promise.all([Client.artist(server, { canvas }), Client.artist(server, { canvas })]);
  await Promise.all(clients.map((client) => client.view({ x: -2, y: -2, width: 4, height: 4 })));
  return [...clients, canvas];
}

test('a_stroke_reaches_its_author_as_ack_and_op_and_the_other_as_op', async () => {
  const [mira, tom] = await pair();
  const body = strokeBody({
    tool: 'marker', color: 0x33669980, width: 700, level: 0, x: -1, y: 0, start: 1700000000123,
    points: [[100, 200, 9, 0], [300, 260, 99, 8], [390, 280, 255, 17]],
  });
  const before = Date.now();
  const counter = mira.submit(body);
  const ack = await mira.answer(counter);
  assert.deepEqual([ack.type, ack.count, ack.seq], ['ack', 1, 1]);
  for (const client of [mira, tom]) {
    const op = await client.op(1);
    assert.equal(op.artist, mira.me.artist);
    assert.equal(op.nonce, mira.nonce);
    assert.equal(op.counter, counter);
    assert.equal(op.replaces, 0);
    assert.ok(Math.abs(op.time - before) < 60000);
    assert.deepEqual(Buffer.from(op.body), Buffer.from(body), 'the body is what was sent');
  }
  const at = (type) => mira.events.findIndex((event) => event.type === type);
  assert.ok(at('ack') < at('op'), 'the ACK comes first');
  assert.deepEqual(tom.all('ack'), [], 'an ACK is for the author alone');
});

test('seqs_and_times_of_two_authors_rise_without_gaps', async () => {
  const [mira, tom] = await pair();
  for (let i = 0; i < 60; i += 1) {
    mira.submit(lineBody([i, 0, i, 50]));
    tom.submit(lineBody([0, i, 50, i]));
  }
  await Promise.all([mira.op(120), tom.op(120)]);
  for (const client of [mira, tom]) {
    const ops = client.all('op');
    assert.deepEqual(ops.map(({ seq }) => seq), Array.from({ length: 120 }, (_, i) => i + 1));
    ops.slice(1).forEach((op, i) => assert.ok(op.time >= ops[i].time, 'time never goes back'));
    const acks = client.all('ack');
    assert.deepEqual(acks.map(({ counter }) => counter), Array.from({ length: 60 }, (_, i) => i + 1));
    const own = ops.filter((op) => op.nonce === client.nonce).map(({ seq }) => seq);
    assert.deepEqual(acks.map(({ seq }) => seq), own);
  }
});

test('parts_of_a_group_are_one_unit_with_consecutive_seqs', async () => {
  const [mira, tom] = await pair();
  const part = (index, line) => lineBody(line, { part: index, parts: 3, color: 0x00ff0080 });
  tom.submit(lineBody([0, 0, 1, 1]));
  const counter = mira.submit([part(0, [1, 1, 9, 9]), part(1, [9, 9, 20, 9]), part(2, [20, 9, 30, 3])]);
  tom.submit(lineBody([0, 0, 1, 2]));
  const ack = await mira.answer(counter);
  assert.deepEqual([ack.type, ack.count], ['ack', 3]);
  await Promise.all([1, 2, 3, 4, 5].map((seq) => tom.op(seq)));
  const seqs = tom.all('op').filter((op) => op.nonce === mira.nonce).map(({ seq }) => seq);
  assert.deepEqual(seqs, [ack.seq, ack.seq + 1, ack.seq + 2]);
  const counters = tom.all('op').filter((op) => op.nonce === mira.nonce).map((op) => op.counter);
  assert.deepEqual(counters, [counter, counter + 1, counter + 2]);
});

test('a_group_with_one_wrong_part_is_refused_whole', async () => {
  const [mira] = await pair();
  const good = lineBody([1, 1, 9, 9], { part: 0, parts: 2 });
  const wrong = [
    [good, lineBody([1, 1, 9, 9], { part: 1, parts: 2, width: 9 })],
    [good, lineBody([1, 1, 9, 9], { part: 1, parts: 2, tool: 'eraser' })],
    [good, lineBody([1, 1, 9, 9], { part: 1, parts: 2, color: 1 })],
    [good, lineBody([1, 1, 9, 9], { part: 1, parts: 2, level: 1 })],
    [good, lineBody([1, 1, 9, 9], { part: 1, parts: 3 })],
    [good, lineBody([1, 1, 9, 9], { part: 0, parts: 2 })],
    [good],
    [good, good.subarray(0, 9)],
    [lineBody([1, 1, 9, 9]), lineBody([1, 1, 9, 9])],
    [good, hideBody(1)],
  ];
  for (const [index, bodies] of wrong.entries()) {
    const answer = await mira.commit(bodies);
    assert.equal(answer.type, 'nack', `unit ${index}`);
    assert.equal(answer.code, 1, `unit ${index}: ${answer.message}`);
  }
  assert.equal(await mira.draw([0, 0, 1, 1]), 1, 'nothing of them was committed');
});

test('a_stroke_sent_again_is_acknowledged_again_and_not_drawn_twice', async () => {
  const [mira, tom, canvas] = await pair();
  const body = lineBody([5, 5, 50, 50]);
  const first = await mira.commit(body, { counter: 7 });
  const again = await mira.commit(body, { counter: 7 });
  assert.deepEqual([again.type, again.seq, again.count], ['ack', first.seq, 1]);
  const back = await Client.join(server, { canvas, nonce: mira.nonce, token: mira.token });
  const later = await back.commit(body, { counter: 7 });
  assert.deepEqual([later.type, later.seq], ['ack', first.seq]);
  const next = await back.draw([9, 9, 10, 10], { });
  assert.equal(next, first.seq + 1);
  await tom.op(next);
  assert.deepEqual(tom.all('op').map(({ seq }) => seq), [first.seq, next], 'shown once');
});

test('the_same_counter_under_another_nonce_is_another_stroke', async () => {
  const [mira, , canvas] = await pair();
  const seq = (await mira.commit(lineBody([5, 5, 50, 50]), { counter: 1 })).seq;
  const other = await Client.join(server, { canvas, nonce: newNonce(), token: mira.token });
  assert.equal((await other.commit(lineBody([5, 5, 50, 50]), { counter: 1 })).seq, seq + 1);
});

test('the_same_nonce_of_another_artist_is_another_stroke', async () => {
  const [mira, , canvas] = await pair();
  const seq = (await mira.commit(lineBody([5, 5, 50, 50]), { counter: 1 })).seq;
  const thief = await Client.artist(server, { canvas, nonce: mira.nonce });
  assert.equal((await thief.commit(lineBody([5, 5, 50, 50]), { counter: 1 })).seq, seq + 1);
});

test('a_group_sent_again_is_acknowledged_with_its_first_seq', async () => {
  const [mira] = await pair();
  const unit = [0, 1].map((part) => lineBody([part, 1, 9, 9], { part, parts: 2 }));
  const first = await mira.commit(unit, { counter: 3 });
  const again = await mira.commit(unit, { counter: 3 });
  assert.deepEqual([again.type, again.seq, again.count], ['ack', first.seq, 2]);
  assert.equal(await mira.draw([0, 0, 1, 1]), first.seq + 2);
});

test('hiding_and_showing_reaches_everyone_who_sees_the_stroke', async () => {
  const [mira, tom] = await pair();
  const seq = await mira.draw([5, 5, 50, 50]);
  const hide = await mira.commit(hideBody(seq));
  assert.equal(hide.type, 'ack');
  const told = await tom.op(hide.seq);
  assert.deepEqual(decodeBody(told.body), { kind: 'hide', targets: [seq] });
  await tom.wait((event) => event.type === 'tile' && event.seq >= hide.seq && event.x === 0 && event.y === 0);
  const show = await mira.commit(showBody(seq));
  assert.deepEqual(decodeBody((await tom.op(show.seq)).body), { kind: 'show', targets: [seq] });
  await tom.wait((event) => event.type === 'tile' && event.seq >= show.seq);
});

test('nobody_hides_what_another_drew', async () => {
  const [mira, tom] = await pair();
  const seq = await mira.draw([5, 5, 50, 50]);
  const own = await tom.draw([5, 50, 50, 5]);
  for (const body of [hideBody(seq), showBody(seq), hideBody(seq, own)]) {
    const answer = await tom.commit(body);
    assert.deepEqual([answer.type, answer.code], ['nack', 2]);
  }
  assert.equal((await tom.commit(hideBody(own))).type, 'ack');
});

test('an_artist_hides_from_another_device_what_they_drew', async () => {
  const [mira, , canvas] = await pair();
  const seq = await mira.draw([5, 5, 50, 50]);
  const phone = await Client.join(server, { canvas, token: mira.token });
  assert.equal(phone.me.artist, mira.me.artist);
  assert.equal((await phone.commit(hideBody(seq))).type, 'ack');
});

test('what_is_not_there_cannot_be_hidden', async () => {
  const [mira] = await pair();
  const seq = await mira.draw([5, 5, 50, 50]);
  for (const target of [seq + 1, 4711, 2 ** 40]) {
    const answer = await mira.commit(hideBody(target));
    assert.deepEqual([answer.type, answer.code], ['nack', 3], `target ${target}`);
  }
  const hide = await mira.commit(hideBody(seq));
  const answer = await mira.commit(hideBody(hide.seq));
  assert.equal(answer.type, 'nack', 'a hide is no stroke');
});

// Bodies that break the form, each in one way.
const line = [[8, 8], [800, 8]];
const patched = (at, value) => {
  const bytes = strokeBody({ points: line });
  bytes[at] = value;
  return bytes;
};
const overlong = (bytes, at) => Uint8Array.from([...bytes.slice(0, at), bytes[at] | 128, 0, ...bytes.slice(at + 1)]);
const far = 2 ** 23;
const WRONG_BODIES = {
  'nothing': new Uint8Array(0),
  'a version alone': Uint8Array.of(1),
  'another version': strokeBody({ points: line, version: 2 }),
  'an unknown kind': Uint8Array.of(1, 9),
  'kind zero': Uint8Array.of(1, 0),
  'an unknown flag': patched(2, 32),
  'an unknown tool': patched(3, 6),
  'no width': strokeBody({ points: line, width: 0 }),
  'too wide': strokeBody({ points: line, width: 131073 }),
  'a level too fine': strokeBody({ points: line, level: 25 }),
  'a level of 255': strokeBody({ points: line, level: 231 }),
  'no points': Uint8Array.from([...strokeBody({ points: [[0, 0]] }).slice(0, -3), 0]),
  'too many points': strokeBody({ points: Array.from({ length: 8193 }, (_, i) => [i % 9, 0]) }),
  'a huge count and nothing after': new Writer().raw(strokeBody({ points: [[0, 0]] }).slice(0, -3))
    .varint(2 ** 32).u8(0).u8(0).finish(),
  'more points than bits': Uint8Array.from([...strokeBody({ points: [[0, 0]] }).slice(0, -3), 100, 0, 0, 0, 0]),
  'a point too far from its origin': strokeBody({ points: [[2 ** 20 + 1, 0]] }),
  'a path too far from its origin': strokeBody({ points: [[0, 0], [2 ** 20, 0], [2 ** 20 + 1, 0]] }),
  'an origin outside the world': strokeBody({ points: line, x: far }),
  'an origin outside the world below': strokeBody({ points: line, y: -far - 1 }),
  'a point outside the world': strokeBody({ points: [[2049, 0]], x: far - 1 }),
  'more than 256 tiles': strokeBody({ points: [[0, 0], [257 * 2048, 0]] }),
  'a byte left over': Uint8Array.from([...strokeBody({ points: line }), 0]),
  'a byte missing': strokeBody({ points: line }).slice(0, -1),
  'padding that is not zero': (() => {
    const bytes = strokeBody({ points: line });
    bytes[bytes.length - 1] |= 1;
    return bytes;
  })(),
  'a superfluous varint group': overlong(strokeBody({ points: line, width: 5 }), 8),
  'a varint without an end': Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 255, ...new Array(12).fill(255)),
  'a group of one': (() => {
    const bytes = [...strokeBody({ points: [[0, 0]], parts: 2, part: 0 })];
    bytes[bytes.length - 4] = 1;
    return Uint8Array.from(bytes);
  })(),
  'a part outside its group': strokeBody({ points: line, part: 2, parts: 2 }),
  'too many parts': strokeBody({ points: line, part: 0, parts: 33 }),
  'a hide of nothing': Uint8Array.of(1, 2, 0),
  'a hide of seq zero': Uint8Array.of(1, 2, 1, 0),
  'a hide of one seq twice': Uint8Array.of(1, 2, 2, 1, 0),
  'a hide of too many': hideBody(...Array.from({ length: 4097 }, (_, i) => i + 1)),
  'a hide that overflows': new Writer().u8(1).u8(2).varint(2).varint(2n ** 63n).varint(2n ** 63n).finish(),
  'a record of nothing': Uint8Array.of(1, 4, 0),
};
for (const [name, body] of Object.entries(WRONG_BODIES)) {
  test(`refuses_a_body_with_${name.replaceAll(' ', '_')}`, async () => {
    const client = await Client.artist(server, { canvas: 'refusals' });
    const answer = await client.commit(body);
    assert.equal(answer.type, 'nack');
    assert.ok([1, 4].includes(answer.code), `code ${answer.code}: ${answer.message}`);
    assert.ok(answer.message.length > 0, 'it says why');
    assert.equal((await client.commit(lineBody([1, 1, 2, 2]))).type, 'ack', 'the session goes on');
    await client.leave();
  });
}

test('takes_what_lies_on_the_bounds', async () => {
  const [mira] = await pair();
  const bodies = [
    strokeBody({ points: Array.from({ length: 8192 }, (_, i) => [i % 2000, (i * 7) % 2000]) }),
    strokeBody({ points: line, width: 1 }),
    strokeBody({ points: [[1024, 1024]], width: 131072, level: 3 }),
    strokeBody({ points: [[2048, 2048]], x: 100, y: 100 }),
    strokeBody({ points: [[2 ** 20, -(2 ** 20)]] }),
    strokeBody({ points: [[0, 0, 0], [9, 9, 255]] }),
    strokeBody({ points: [[0, 0, undefined, 0], [9, 9, undefined, 86400000]] }),
    strokeBody({ points: [[5, 5], [9, 5]], level: 24, x: 2 ** 47 - 2, y: -(2 ** 47) + 1 }),
    strokeBody({ points: [[1500, 500], [1504, 500]], level: -24, x: -1, y: 0 }),
    strokeBody({ points: line, start: -62135596800000 }),
  ];
  for (const [index, body] of bodies.entries()) {
    const answer = await mira.commit(body);
    assert.equal(answer.type, 'ack', `body ${index}: ${answer.message}`);
  }
});

test('takes_or_refuses_a_record_entry_but_says_which', async () => {
  const [mira] = await pair();
  const answer = await mira.commit(recordBody({ kind: 'note', text: 'later' }));
  assert.ok(['ack', 'nack'].includes(answer.type));
});

test('the_log_on_disk_holds_what_was_acknowledged', async () => {
  const own = await startServer();
  const mira = await Client.artist(own);
  const bodies = [lineBody([1, 2, 30, 40]), lineBody([9, 9, 100, 9], { tool: 'eraser' })];
  const long = strokeBody({ points: Array.from({ length: 8000 }, (_, i) => [(i * 37) % 2000, (i * i) % 2000]) });
  const seqs = [];
  for (const body of [...bodies, long]) {
    seqs.push((await mira.commit(body)).seq);
  }
  const hide = await mira.commit(hideBody(seqs[1]));
  assert.equal((await own.stop()).code, 0);
  const file = new SqliteFile(`${own.data}/canvases/main.kolam`);
  assert.equal(file.applicationId, 0x6b6f6c6d);
  const told = /schema version \((\d+)\)/.exec(readFileSync(`${ROOT}/docs/storage.md`, 'utf8'));
  assert.equal(file.userVersion, Number(told[1]), 'docs/storage.md tells the version');
  const ops = file.rows('op');
  assert.deepEqual(ops.map(({ seq }) => seq), [1, 2, 3, 4]);
  assert.deepEqual(ops.map(({ body }) => body), [...bodies, long, hideBody(seqs[1])].map((b) => Buffer.from(b)));
  assert.equal(hide.seq, 4);
  const [origin] = file.rows('origin');
  assert.equal(BigInt.asUintN(64, BigInt(origin.nonce)), BigInt(`0x${mira.nonce}`));
  assert.ok(ops.every((op) => op.artist === mira.me.artist && op.origin === origin.id));
});
