// What breaks the protocol gets its reason and its close code, and nobody else notices.

import assert from 'node:assert/strict';
import test, { after, before, beforeEach, afterEach } from 'node:test';

import { makeRandom } from '../crash/load.mjs';
import {
  cancelRecord, CLIENT, Client, cursorRecord, eventually, exchange, hideBody, lineBody, newNonce, previewRecord, startServer,
  submitAsRecord, submitRecord, writeAndVanish, Writer,
} from './client.mjs';
import { frame, handshake, rawWebSocket } from './raw.mjs';
import './tidy.mjs';

let server;
let witness;
let painter;
before(async () => {
  server = await startServer();
  [witness, painter] = await Promise.all([Client.join(server, { watch: true }), Client.artist(server)]);
  await witness.view({});
});
after(() => server?.kill());

// Before and after each: two others go on as if nothing were.
let seqBefore;
beforeEach(async () => {
  seqBefore = await painter.draw([1, 1, 20, 20]);
});
afterEach(async () => {
  const seq = await painter.draw([1, 1, 20, 20]);
  await witness.op(seq);
  assert.equal(seq, seqBefore + 1, 'nothing of it was committed');
  assert.equal(server.hasEnded(), false);
});

const oversized = (count) => new Writer().u8(CLIENT.submit).varint(1).varint(count);
const WRONG_RECORDS = {
  'an empty message': new Uint8Array(0),
  'an unknown type': Uint8Array.of(0x77, 1, 2, 3),
  'a server record': Uint8Array.of(0x81, 1, 0),
  'a type alone': Uint8Array.of(1),
  'a submit of nothing': Uint8Array.of(1, 5, 0),
  'a submit of 1,026': oversized(1026).raw(Array.from({ length: 2052 }, (_, i) => i % 2)).finish(),
  'a size past the end': oversized(1).varint(1000).raw([1, 1, 0]).finish(),
  'a size of 2^63': oversized(1).varint(2n ** 63n).raw([1, 1, 0]).finish(),
  'bytes left over': Uint8Array.from([...submitRecord(1, [lineBody([1, 1, 2, 2])]), 9]),
  'a varint without end': Uint8Array.of(1, ...new Array(11).fill(0xff)),
  'a counter of 2^64': Uint8Array.of(1, ...new Array(9).fill(0xff), 2, 1, 0),
  'a cursor outside its tile': new Writer().u8(CLIENT.cursor).u8(24).zigzag(0).zigzag(0).varint(2048).varint(0).finish(),
  'a cursor outside the world': new Writer().u8(CLIENT.cursor).u8(24).zigzag(2n ** 40n).zigzag(0).varint(0).varint(0).finish(),
  'a cursor at level 49': new Writer().u8(CLIENT.cursor).u8(49).zigzag(0).zigzag(0).varint(0).varint(0).finish(),
  'half a cursor': new Writer().u8(CLIENT.cursor).u8(24).zigzag(0).finish(),
  'a cancel with more': Uint8Array.of(3, 1, 1),
  'an empty preview': Uint8Array.of(2),
  'a preview of a hide': new Writer().u8(CLIENT.preview).varint(1).varint(0).raw([1, 2, 1, 1]).finish(),
  'a preview with bad points': new Writer().u8(CLIENT.preview).varint(1).varint(0).raw([1, 1, 0, 0]).finish(),
  'a preview past all points': new Writer().u8(CLIENT.preview).varint(1).varint(8192 * 32 + 1).raw(lineBody([1, 1, 2, 2])).finish(),
};
for (const [name, bytes] of Object.entries(WRONG_RECORDS)) {
  test(`${name.replaceAll(' ', '_')}_is_answered_with_a_reason`, async () => {
    const client = await Client.artist(server);
    client.send(bytes);
    const answer = await client.wait((event) => ['error', 'nack', 'ack', 'close'].includes(event.type));
    assert.ok(['error', 'nack'].includes(answer.type), `${answer.type} ${answer.code}`);
    assert.ok(answer.message.length > 0);
    if (answer.fatal) {
      const { code } = await client.closed;
      assert.ok([1002, 1007, 1008].includes(code), `close code ${code}`);
    }
    client.socket.terminate();
  });
}

const WRONG_MESSAGES = {
  'broken JSON': '{"type":',
  'no object': '[1]',
  'no type': '{}',
  'a type that is a number': '{"type":1}',
  'an unknown type': '{"type":"dance"}',
  'nothing': '',
  'a NUL': '{"type":"who\u0000","artists":[]}',
  'deep nesting': `{"type":"who","artists":${'['.repeat(20000)}`,
  'a huge number': `{"type":"who","artists":[${'9'.repeat(400)}]}`,
  'a key twice': '{"type":"who","type":"dance"}',
};
for (const [name, text] of Object.entries(WRONG_MESSAGES)) {
  test(`text_with_${name.replaceAll(' ', '_')}_is_answered_with_a_reason`, async () => {
    const client = await Client.artist(server);
    client.say(text);
    const answer = await client.wait((event) => ['error', 'artists', 'close'].includes(event.type));
    assert.equal(answer.type, 'error', `${answer.type} ${answer.code}`);
    if (answer.fatal) {
      assert.ok([1002, 1007, 1008].includes((await client.closed).code));
    }
    client.socket.terminate();
  });
}

for (const size of [1048577, 1048576 * 2, 1048576 * 8]) {
  test(`a_message_of_${size}_bytes_is_closed_with_1009`, async () => {
    const client = await Client.artist(server);
    client.send(new Uint8Array(size));
    assert.equal((await client.closed).code, 1009);
  });
}

test('a_message_of_a_mebibyte_is_read', async () => {
  const client = await Client.artist(server);
  const bytes = new Uint8Array(1048576);
  bytes.set([1, 1, 1]);
  client.send(bytes);
  const answer = await client.wait((event) => ['error', 'nack', 'close'].includes(event.type));
  assert.notEqual(answer.code, 1009);
  client.socket.terminate();
});

const hello = (nonce) => JSON.stringify({ type: 'hello', protocol: 1, canvas: 'main', nonce, client: 'raw/1' });

async function rawSession() {
  const connection = await rawWebSocket(server);
  assert.equal(connection.status, 101);
  connection.send(frame(hello(newNonce()), { opcode: 1 }));
  return connection;
}

const WRONG_FRAMES = {
  'text that is not UTF-8': [[frame([0x22, 0xff, 0xfe, 0x22], { opcode: 1 })], [1007, 1002]],
  'a reserved bit': [[frame([1], { rsv: 4 })], [1002]],
  'a reserved opcode': [[frame([1], { opcode: 3 })], [1002]],
  'a reserved control opcode': [[frame([1], { opcode: 11 })], [1002]],
  'a fragmented ping': [[frame([1], { opcode: 9, fin: false })], [1002]],
  'a long ping': [[frame(new Uint8Array(126), { opcode: 9 })], [1002]],
  'a continuation of nothing': [[frame([1], { opcode: 0 })], [1002]],
  'a message within a message': [[frame([1], { fin: false }), frame([1], {})], [1002]],
  'a size of 2^63': [[frame([1], { size: 2n ** 63n })], [1002, 1009]],
  'a size of 2^40': [[frame([1], { size: 2n ** 40n })], [1009, 1002]],
};
for (const [name, [frames, codes]] of Object.entries(WRONG_FRAMES)) {
  test(`${name.replaceAll(' ', '_')}_ends_the_connection`, async () => {
    const connection = await rawSession();
    frames.forEach((bytes) => connection.send(bytes));
    const { code } = await connection.ended;
    assert.ok([...codes, 1006].includes(code), `close code ${code}`);
  });
}

for (const [name, head] of [['a_text', { opcode: 1 }], ['a_record', {}], ['a_fragment', { fin: false }]]) {
  test(`${name}_that_is_too_long_by_its_head_is_closed_before_anything_of_it_came`, async () => {
    const connection = await rawSession();
    connection.send(frame([], { ...head, size: 2n ** 62n }));
    assert.equal((await connection.ended).code, 1009);
  });
}

// RFC 6455 has a client's frames masked so that no proxy takes them for something else: the server loses nothing by one that is not.
test('frames_without_a_mask_among_others_are_what_they_say_and_no_more', async () => {
  const connection = await rawSession();
  const isSaid = (type, count) => () => connection.frames().filter(({ opcode, payload }) => opcode === 1 && JSON.parse(payload).type === type).length >= count;
  await eventually(isSaid('welcome', 1), 'a welcome');
  const who = JSON.stringify({ type: 'who', artists: [1] });
  for (let i = 1; i <= 6; i += 1) {
    connection.send(frame(who, { opcode: 1, masked: i % 2 === 0 }));
    connection.send(frame('still here', { opcode: 9, masked: i % 3 === 0 }));
    await eventually(isSaid('artists', i), 'an answer to each');
  }
  // In the midst of a message, and at its end.
  connection.send(frame(who.slice(0, 5), { opcode: 1, fin: false }));
  connection.send(frame(who.slice(5, 9), { opcode: 0, fin: false, masked: false }));
  connection.send(frame(who.slice(9), { opcode: 0, masked: false }));
  await eventually(isSaid('artists', 7), 'an answer to one in pieces');
  connection.send(frame([0x77, 1, 2, 3], { masked: false }));
  connection.send(frame([1], { rsv: 4, masked: false }));
  assert.ok([1002, 1006, 1007, 1008].includes((await connection.ended).code));
});

test('a_first_frame_without_a_mask_is_closed_with_1002', async () => {
  const connection = await rawWebSocket(server);
  connection.send(frame(hello(newNonce()), { opcode: 1, masked: false }));
  assert.equal((await connection.ended).code, 1002);
});

test('a_message_in_many_fragments_is_one_message', async () => {
  const connection = await rawWebSocket(server);
  const bytes = Buffer.from(hello(newNonce()));
  connection.send(frame(bytes.subarray(0, 1), { opcode: 1, fin: false }));
  for (let at = 1; at < bytes.length - 1; at += 1) {
    connection.send(frame(bytes.subarray(at, at + 1), { opcode: 0, fin: false }));
    if (at % 20 === 0) {
      connection.send(frame('still here', { opcode: 9 }));
    }
  }
  connection.send(frame(bytes.subarray(-1), { opcode: 0 }));
  // The answer to a ping in between may come after the welcome.
  const isAnswered = () => connection.frames().some(({ opcode, payload }) => opcode === 1 && JSON.parse(payload).type === 'welcome') &&
    connection.frames().some(({ opcode, payload }) => opcode === 10 && String(payload) === 'still here');
  await eventually(isAnswered, 'a welcome, and the answer to a ping');
  connection.socket.destroy();
});

test('fragments_beyond_a_mebibyte_are_closed_with_1009', async () => {
  const connection = await rawSession();
  const piece = new Uint8Array(65536);
  connection.send(frame(piece, { fin: false }));
  for (let i = 0; i < 17 && !connection.isClosed(); i += 1) {
    connection.send(frame(piece, { opcode: 0, fin: false }));
  }
  assert.ok([1009, 1006].includes((await connection.ended).code));
});

test('a_client_that_closes_is_answered', async () => {
  const connection = await rawSession();
  connection.send(frame([0x03, 0xe8], { opcode: 8 }));
  const { code } = await connection.ended;
  assert.ok([1000, 1005].includes(code), `close code ${code}`);
});

const WRONG_HANDSHAKES = {
  'another version': { 'Sec-WebSocket-Version': '8' },
  'no version': { 'Sec-WebSocket-Version': null },
  'no key': { 'Sec-WebSocket-Key': null },
  'no subprotocol': { 'Sec-WebSocket-Protocol': null },
  'another subprotocol': { 'Sec-WebSocket-Protocol': 'chat' },
  'a body': { 'Content-Length': '10' },
};
for (const [name, lines] of Object.entries(WRONG_HANDSHAKES)) {
  test(`a_handshake_with_${name.replaceAll(' ', '_')}_is_refused`, async () => {
    const text = await exchange(server, handshake(server, lines), (got) => got.includes('\r\n\r\n'), { end: true });
    assert.ok(!/^HTTP\/1\.1 101/.test(text), text.slice(0, 40));
  });
}

test('connections_that_end_at_any_moment_leave_nothing_behind', async () => {
  const bytes = Buffer.concat([
    Buffer.from(handshake(server)), frame(hello(newNonce()), { opcode: 1 }),
    frame(JSON.stringify({ type: 'identify' }), { opcode: 1 }),
    frame(JSON.stringify({ type: 'view', id: 1, level: 0, x: '0', y: '0', width: 8, height: 8 }), { opcode: 1 }),
  ]);
  for (let size = 1; size < bytes.length; size += 23) {
    await writeAndVanish(server, bytes.subarray(0, size));
  }
  const all = await Promise.all(Array.from({ length: 30 }, () => Client.artist(server, { canvas: 'crowd' })));
  all.forEach((client, i) => {
    client.submit(lineBody([i, 0, 9, 9]));
    client.socket.terminate();
  });
});

// Valid messages with a few bytes changed: refused or taken, never the server's end.
test('mutated_messages_hurt_nobody', async () => {
  const random = makeRandom(Number(process.env.KOLAM_SEED ?? 1));
  const stroke = lineBody([1, 1, 9, 9], { start: 5, points: [[8, 8, 9, 0], [80, 9, 200, 7], [90, 30, 1, 9]] });
  const valid = [
    submitRecord(1, [stroke]), submitRecord(2, [stroke, stroke]), submitAsRecord(0, 1, [stroke]), submitRecord(3, [hideBody(1, 2)]),
    previewRecord(4, 0, stroke), cancelRecord(4), cursorRecord({ level: 0, tileX: 1, tileY: -1, x: 5, y: 6 }),
    ...[
      { type: 'view', id: 1, level: 0, x: '0', y: '0', width: 4, height: 4, since: 1 }, { type: 'who', artists: [1, 2] },
      { type: 'rename', name: 'Mira' }, { type: 'act_as', slot: 1, name: 'a' }, { type: 'mine', id: 4, before: '50', limit: 20 },
      { type: 'rollback', id: 9, artists: null, level: 0, x: '-1', y: '0', width: 5, height: 4, lasso: [[0, 0], [5, 0], [2, 4]],
        from: '1', to: '9', apply: false },
    ].map((message) => Buffer.from(JSON.stringify(message))),
  ];
  const rounds = process.env.KOLAM_LONG ? 3000 : 200;
  const admin = server.adminToken();
  const token = painter.token;
  for (let i = 0; i < rounds; i += 1) {
    const client = await Client.join(server, { canvas: 'mutated', token, admin });
    for (let k = 0; k < 4; k += 1) {
      const bytes = Uint8Array.from(valid[random.below(valid.length)]);
      for (let n = random.below(4); n >= 0; n -= 1) {
        bytes[random.below(bytes.length)] = random.below(3) ? random.below(256) : [0, 255, 128, 127][random.below(4)];
      }
      const isText = bytes[0] === 0x7b || random.below(8) === 0;
      client.socket.send(bytes.subarray(0, random.below(5) ? bytes.length : random.below(bytes.length + 1)), { binary: !isText });
    }
    client.leave().catch(() => {});
    if (i % 20 === 0) {
      await painter.settle();
    }
  }
  await painter.settle();
});
