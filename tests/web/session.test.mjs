import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { Session } = await load('net/session.ts');
const { Journal } = await load('core/journal.ts');
const { decodeFrame, encodeCursor, encodePreview, encodeSubmit } = await load('core/protocol.ts');
const { ByteReader, ByteWriter } = await load('core/bytes.ts');

const body = (value) => Uint8Array.of(1, 1, value);

function record(type, write) {
  const payload = new ByteWriter();
  write(payload);
  const bytes = payload.finish();
  const out = new ByteWriter();
  out.u8(type);
  out.varint(bytes.length);
  out.raw(bytes);
  return out.finish().buffer;
}
const ack = (...values) => record(0x82, (out) => values.forEach((value) => out.varint(value)));
const nack = (counter, code, message) =>
  record(0x83, (out) => {
    out.varint(counter);
    out.u8(code);
    out.raw(new TextEncoder().encode(message));
  });

/** A session whose sockets and clock the test holds. */
function makeSession({ isWatching = false, isHeld = () => false } = {}) {
  const sockets = [];
  const timers = new Map();
  const told = [];
  const claims = [];
  let serial = 0;
  const around = {
    open() {
      const socket = { sent: [], bufferedAmount: 0, isClosed: false };
      socket.send = (data) => socket.sent.push(typeof data === 'string' ? JSON.parse(data) : data);
      socket.close = () => (socket.isClosed = true);
      sockets.push(socket);
      return socket;
    },
    random: () => 0.5,
    later: (run, ms) => (timers.set(++serial, { run, ms }), serial),
    cancel: (timer) => timers.delete(timer),
  };
  const keeper = { save: () => Promise.resolve(true), remove() {} };
  const journal = new Journal('0123456789abcdef', keeper);
  const options = { canvas: 'main', isWatching, around, isHeld };
  options.claim = (code) => new Promise((resolve) => claims.push({ code, resolve }));
  const session = new Session(options, journal, {
    acknowledged: ({ entry, seq }) => told.push(['ack', entry.counter, seq]),
    refused: (entry, message) => told.push(['nack', entry.counter, message]),
    linked: (link) => told.push(['link', link]),
  });
  session.start();
  const rig = { session, journal, sockets, timers, told, claims };
  rig.socket = () => sockets[sockets.length - 1];
  rig.say = (message) => rig.socket().onmessage({ data: JSON.stringify(message) });
  rig.bytes = (data) => rig.socket().onmessage({ data });
  rig.submits = () =>
    rig
      .socket()
      .sent.filter((data) => data instanceof Uint8Array)
      .map((data) => data[1]);
  rig.welcome = (you = null) => {
    rig.socket().onopen();
    rig.say({ type: 'welcome', seq: 0, incarnation: 'aa', raster: 1, you, recent: null });
  };
  rig.runTimers = () => {
    const due = [...timers.values()];
    timers.clear();
    due.forEach(({ run }) => run());
  };
  return rig;
}

test('the_cookie_is_claimed_before_the_first_stroke_is_sent', async () => {
  const rig = makeSession();
  rig.welcome();
  rig.journal.addStrokes([body(1)]);
  rig.session.flush();
  assert.deepEqual(rig.socket().sent.at(-1), { type: 'identify' });
  rig.say({ type: 'identity', artist: 4, name: 'Quiet Heron', claim: 'c0de' });
  assert.deepEqual(rig.submits(), []);
  assert.equal(rig.claims[0].code, 'c0de');
  rig.claims[0].resolve(true);
  await new Promise(setImmediate);
  assert.deepEqual(rig.submits(), [1]);
  assert.equal(rig.session.canDraw, true);
});

test('one_that_may_not_be_somebody_new_yet_asks_again_later', () => {
  const rig = makeSession();
  rig.journal.addStrokes([body(1)]);
  rig.welcome();
  const asked = () => rig.socket().sent.filter(({ type }) => type === 'identify').length;
  rig.session.flush();
  assert.equal(asked(), 1);
  rig.say({ type: 'error', code: 'limit', message: 'many are new here at the moment', fatal: false });
  rig.session.flush();
  assert.equal(asked(), 1);
  rig.runTimers();
  assert.equal(asked(), 2);
});

test('a_known_person_sends_at_once', () => {
  const rig = makeSession();
  rig.journal.addStrokes([body(1)]);
  rig.welcome({ artist: 4, name: 'Quiet Heron' });
  assert.deepEqual(rig.submits(), [1]);
});

test('after_a_loss_it_sends_again_what_was_not_acknowledged', () => {
  const rig = makeSession();
  rig.welcome({ artist: 4, name: 'Quiet Heron' });
  [1, 2, 3].forEach((value) => rig.journal.addStrokes([body(value)]));
  rig.session.flush();
  rig.bytes(ack(1, 1, 70));
  assert.deepEqual(rig.submits(), [1, 2, 3]);
  rig.socket().onclose();
  assert.equal(rig.session.canDraw, false);
  rig.runTimers();
  assert.equal(rig.sockets.length, 2);
  rig.welcome({ artist: 4, name: 'Quiet Heron' });
  assert.deepEqual(rig.submits(), [2, 3]);
  rig.bytes(ack(2, 1, 71));
  rig.bytes(ack(3, 1, 72));
  assert.equal(rig.journal.size, 0);
  assert.deepEqual(
    rig.told.filter(([what]) => what === 'ack'),
    [
      ['ack', 1, 70],
      ['ack', 2, 71],
      ['ack', 3, 72],
    ],
  );
});

test('a_refused_stroke_is_taken_back_and_one_for_later_is_tried_again', () => {
  const rig = makeSession();
  rig.welcome({ artist: 4, name: 'Quiet Heron' });
  rig.journal.addStrokes([body(1)]);
  rig.journal.addStrokes([body(2)]);
  rig.session.flush();
  rig.bytes(nack(1, 1, 'no'));
  rig.bytes(nack(2, 5, 'later'));
  assert.deepEqual(
    rig.told.filter(([what]) => what === 'nack'),
    [['nack', 1, 'no']],
  );
  assert.equal(rig.journal.size, 1);
  rig.runTimers();
  assert.deepEqual(rig.submits(), [1, 2, 2]);
});

test('a_failed_claim_connects_again_instead_of_drawing_as_nobody', async () => {
  const rig = makeSession();
  rig.welcome();
  rig.journal.addStrokes([body(1)]);
  rig.session.flush();
  rig.say({ type: 'identity', artist: 4, name: 'Quiet Heron', claim: 'c0de' });
  for (let i = 0; i < 3; i++) {
    rig.claims[i].resolve(false);
    await new Promise(setImmediate);
  }
  assert.deepEqual(rig.submits(), []);
  assert.equal(rig.sockets[0].isClosed, true);
  assert.deepEqual(rig.told.at(-1), ['link', 'lost']);
});

test('a_watcher_says_so_and_never_submits', () => {
  const rig = makeSession({ isWatching: true });
  rig.welcome();
  assert.equal(rig.socket().sent[0].watch, true);
  rig.journal.addStrokes([body(1)]);
  rig.session.flush();
  assert.deepEqual(rig.socket().sent.length, 1);
});

test('a_server_that_does_not_answer_is_left_for_another_try', () => {
  const rig = makeSession();
  rig.runTimers();
  assert.deepEqual(rig.told.at(-1), ['link', 'lost']);
  rig.runTimers();
  assert.equal(rig.sockets.length, 2);
});

test('a_frame_gives_its_records_in_order_and_skips_unknown_ones', () => {
  const unknown = new Uint8Array(record(0xf0, (out) => out.raw(body(9))));
  const left = new Uint8Array(record(0x89, (out) => out.hex64('0123456789abcdef')));
  const frame = new Uint8Array([...unknown, ...left, ...new Uint8Array(ack(3, 2, 300))]);
  assert.deepEqual(decodeFrame(frame), [
    { type: 'left', nonce: '0123456789abcdef' },
    { type: 'ack', counter: 3, count: 2, seq: 300 },
  ]);
  assert.throws(() => decodeFrame(frame.subarray(0, frame.length - 1)));
});

test('a_view_record_tells_each_tiles_seq', () => {
  const frame = record(0x88, (out) => {
    [7].forEach((value) => out.varint(value));
    out.u8(1);
    out.varint(99);
    out.u8(22);
    out.zigzag(-3);
    out.zigzag(5);
    [2, 1, 0, 98].forEach((value) => out.varint(value));
  });
  const rect = { level: -2, x: -3, y: 5, width: 2, height: 1 };
  assert.deepEqual(decodeFrame(new Uint8Array(frame)), [
    { type: 'view', id: 7, isResumed: true, seq: 99, rect, seqs: [0, 98] },
  ]);
});

test('client_records_are_as_the_protocol_says', () => {
  const hex = (bytes) => Buffer.from(bytes).toString('hex');
  assert.equal(hex(encodeSubmit(300, [body(1), body(2)])), '01ac0202030101010301010' + '2');
  assert.equal(hex(encodePreview(1, 2, body(3))), '020102010103');
  const place = { level: 0, tileX: -1, tileY: 2, x: 2047, y: 0 };
  assert.equal(hex(encodeCursor(place)), '04180104ff0f00');
  const reader = new ByteReader(Uint8Array.from(Buffer.from('efcdab8967452301', 'hex')));
  assert.equal(reader.hex64(), '0123456789abcdef');
});

test('strokes_wait_while_older_ones_of_another_page_are_sent', () => {
  let hasOlder = true;
  const rig = makeSession({ isHeld: () => hasOlder });
  rig.welcome({ artist: 4, name: 'Quiet Heron' });
  rig.journal.addStrokes([body(1)]);
  rig.session.flush();
  assert.deepEqual(rig.submits(), []);
  hasOlder = false;
  rig.session.flush();
  assert.deepEqual(rig.submits(), [1]);
});

test('a_connection_that_takes_strokes_and_never_answers_is_given_up', () => {
  const rig = makeSession();
  rig.welcome({ artist: 4, name: 'Quiet Heron' });
  rig.journal.addStrokes([body(1)]);
  rig.journal.addStrokes([body(2)]);
  rig.session.flush();
  rig.bytes(ack(1, 1, 70));
  rig.runTimers();
  assert.equal(rig.socket().isClosed, false, 'it answers');
  rig.runTimers();
  assert.equal(rig.socket().isClosed, true);
  rig.runTimers();
  rig.welcome({ artist: 4, name: 'Quiet Heron' });
  assert.deepEqual(rig.submits(), [2]);
});
