// What leaves the hand while a shape is stretched, and what the others make of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { Hand } = await load('hand/hand.ts');
const { Others } = await load('view/others.ts');
const { Journal } = await load('core/journal.ts');
const { decodeOp } = await load('core/op.ts');
const { ByteReader } = await load('core/bytes.ts');

const NONCE = '00000000000000aa';
const NAMES = { 2: 'preview', 3: 'cancel' };

function read(bytes) {
  const input = new ByteReader(bytes);
  const type = NAMES[input.u8()];
  const counter = input.varint();
  return type === 'cancel'
    ? { type, counter }
    : { type, counter, first: input.varint(), body: input.rest() };
}

/** A hand over a view of four by four tiles at 1:1, and what it sent. */
function makeHand() {
  const sent = [];
  const keeper = { save: async () => true, remove: () => undefined };
  const journal = new Journal(NONCE, keeper);
  const session = {
    canDraw: true,
    identify: () => undefined,
    flush: () => undefined,
    connection: { isBehind: false, send: (bytes) => sent.push(read(bytes)) },
  };
  const calls = [];
  const tails = [];
  const called = (name) => (key, value) => {
    calls.push(name);
    name === 'setTail' && tails.push(value);
  };
  const calling = { get: (_, name) => called(name) };
  const scene = new Proxy({ lives: new Proxy({}, calling) }, { get: (held, name) => held[name] ?? called(name) });
  const camera = { centre: { level: 0, tileX: 2, tileY: 2, x: 0, y: 0 }, zoom: 0, turn: { angle: 0, isMirrored: false } };
  const look = () => ({ camera, viewport: { width: 1024, height: 1024, ratio: 1 } });
  const events = { finished: () => undefined, drawing: () => undefined, failed: assert.fail };
  const hand = new Hand(journal, session, scene, look, events);
  let nowMs = performance.now() + 1_000;
  const touch = (x, y, isRegular = false) => ({ x, y, pressure: 0.5, timeMs: (nowMs += 20), isRegular });
  const move = (x, y) => {
    hand.move([touch(x, y)]);
    hand.preview(nowMs);
  };
  return { hand, journal, sent, calls, tails, touch, move };
}

const FEEL = { steadiness: 0, curve: 'normal', isSpeedy: false };
const brush = (shape, tool = 0) => ({ tool, color: 0x23211fff, width: 4, shape, ...FEEL });
const pointsOf = ({ body }) => {
  const { points } = decodeOp(body);
  return Array.from({ length: points.count }, (_, i) => [points.x[i] / 8, points.y[i] / 8]);
};

test('a_shape_is_shown_whole_each_time_and_becomes_one_op', () => {
  const { hand, journal, sent, touch, move } = makeHand();
  hand.begin(brush('rectangle', 5), touch(20, 20), false);
  move(100, 120);
  move(200, 220);
  assert.deepEqual(sent.map(({ type, first }) => [type, first]), [['preview', 0], ['preview', 0]]);
  assert.deepEqual(pointsOf(sent[1]), [[200, 20], [20, 20], [20, 220], [200, 220]]);
  hand.end();
  const [{ bodies }] = journal.list();
  assert.equal(bodies.length, 1);
  assert.deepEqual(pointsOf({ body: bodies[0] }), pointsOf(sent[1]));
  assert.equal(sent.length, 2, 'all who saw it get the op');
});

test('a_shape_that_left_a_tile_ends_for_those_who_look_there', () => {
  const { hand, sent, touch, move } = makeHand();
  hand.begin(brush('rectangle'), touch(20, 20), false);
  move(700, 100);
  move(700, 120);
  assert.deepEqual(sent.map(({ type }) => type), ['preview', 'preview']);
  move(100, 100);
  assert.deepEqual(sent.map(({ type }) => type).slice(2), ['cancel', 'preview']);
  move(700, 700);
  hand.move([touch(200, 200)]);
  hand.end();
  assert.equal(sent.at(-1).type, 'cancel', 'also with the last move');
});

test('a_drawn_outline_grows_by_its_new_points', () => {
  const { hand, sent, touch, move } = makeHand();
  hand.begin(brush(null, 5), touch(20, 20), false);
  for (const [x, y] of [[100, 30], [180, 90], [120, 200], [40, 150]]) {
    move(x, y);
  }
  assert.ok(sent.length >= 3 && sent.slice(1).every(({ first }) => first > 0));
  assert.deepEqual(sent.map(({ body }) => decodeOp(body).contours.length), sent.map(() => 1));
});

test('escape_leaves_nothing_of_a_shape', () => {
  const { hand, journal, sent, calls, touch, move } = makeHand();
  hand.begin(brush('ellipse'), touch(20, 20), false);
  move(300, 200);
  hand.cancel();
  move(400, 300);
  hand.end();
  assert.equal(journal.size, 0);
  assert.deepEqual(sent.map(({ type }) => type), ['preview', 'cancel']);
  assert.equal(calls.at(-1), 'end');
});

test('a_press_without_a_move_leaves_no_shape', () => {
  const { hand, journal, touch } = makeHand();
  for (const shape of ['line', 'rectangle', 'ellipse']) {
    hand.begin(brush(shape), touch(20, 20), false);
    hand.end();
  }
  hand.begin(brush(null, 5), touch(20, 20), false);
  hand.end();
  assert.equal(journal.size, 0);
});

test('shift_counts_when_it_is_pressed_not_when_the_pointer_moves_next', () => {
  const { hand, journal, touch, move } = makeHand();
  hand.begin(brush('line'), touch(20, 20), false);
  move(220, 30);
  hand.hold({ isRegular: true });
  hand.end();
  assert.deepEqual(pointsOf({ body: journal.list()[0].bodies[0] })[1][1], 20);
});

test('others_put_a_preview_from_the_first_point_in_place_of_what_they_had', () => {
  const lives = new Map();
  const scene = {
    lives: {
      begin: (key, stroke) => lives.set(key, stroke),
      grow: () => undefined,
      end: (key) => lives.delete(key),
    },
  };
  const others = new Others(scene, 'ff');
  const { hand, sent, touch, move } = makeHand();
  hand.begin(brush('rectangle'), touch(20, 20), false);
  move(100, 120);
  move(60, 50);
  for (const { counter, first, body } of sent) {
    others.previewCame({ type: 'preview', artist: 1, nonce: NONCE, counter, first, body }, 0);
  }
  const [{ points }] = [...lives.values()];
  assert.equal(points.count, 5);
  assert.deepEqual([points.x[0], points.y[0]], [60 * 8, 50 * 8]);
  assert.deepEqual([others.pens.get(NONCE).place.x, others.pens.get(NONCE).place.y], [60, 50]);
});

test('where_the_pointer_is_thought_to_go_is_shown_and_neither_sent_nor_kept', () => {
  const { hand, journal, sent, tails, touch } = makeHand();
  hand.begin(brush(null), touch(20, 20), false);
  const ends = () => {
    const { x, y, count } = tails.at(-1);
    return [x[count - 1] / 8, y[count - 1] / 8];
  };
  const last = touch(120, 40);
  const near = { ...last, x: 150, y: 46, timeMs: last.timeMs + 12 };
  const far = { ...last, x: 400, y: 90, timeMs: last.timeMs + 60 };
  hand.move([last], [near, far]);
  assert.deepEqual(ends(), [150, 46], 'a guess far ahead is none');
  hand.framed();
  assert.deepEqual(ends(), [150, 46], 'for the frame that shows it');
  hand.framed();
  assert.deepEqual(ends(), [120, 40], 'the pointer rests: the ink ends where it is');
  const shown = tails.length;
  hand.framed();
  assert.equal(tails.length, shown);
  hand.move([touch(200, 50)]);
  assert.deepEqual(ends(), [200, 50]);
  hand.end();
  const kept = pointsOf({ body: journal.list()[0].bodies[0] });
  assert.deepEqual(kept.at(-1), [200, 50]);
  assert.ok([...sent.flatMap(pointsOf), ...kept].every(([x]) => x <= 200));
});

test('pressure_is_the_pens_or_of_speed_or_not_there', () => {
  const drawn = (held, hasPressure, tool = 0) => {
    const { hand, journal, touch } = makeHand();
    hand.begin({ ...brush(null, tool), ...held }, { ...touch(20, 20), altitude: 0.3 }, hasPressure);
    for (let x = 30; x < 900; x += 40) {
      hand.move([{ ...touch(x, 30), pressure: 0.3 }]);
    }
    hand.end();
    return decodeOp(journal.list()[0].bodies[0]);
  };
  assert.equal(drawn({}, false).hasPressure, false);
  const speed = drawn({ isSpeedy: true }, false);
  assert.ok(speed.hasPressure && new Set(speed.points.pressure.slice(0, speed.points.count)).size > 3);
  const pen = drawn({ isSpeedy: true }, true);
  assert.equal(pen.points.pressure[pen.points.count - 1], 77, 'who has pressure keeps it');
  assert.ok(drawn({ curve: 'soft' }, true).points.pressure[5] > 100);
  assert.equal(drawn({}, true).width, 4 * 256, 'a pen is not wider for lying flat');
  assert.ok(drawn({}, true, 3).width > 3 * 4 * 256, 'a pencil is');
  assert.equal(drawn({}, false, 3).width, 4 * 256, 'a finger does not tilt');
});
