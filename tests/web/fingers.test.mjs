// What touches mean: which draw, which hold the wall, which mean nothing. Contacts and times, no browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { Fingers } = await load('core/fingers.ts');
const { stepOf, Twist, Throw } = await load('core/grip.ts');

/** Fingers on a screen 400 px wide, and all that they were taken to mean. */
function makeHand({ mayDraw = true } = {}) {
  const told = [];
  const total = { dx: 0, dy: 0, levels: 0, degrees: 0 };
  const fingers = new Fingers(
    {
      mayDraw: () => mayDraw,
      begin: () => told.push('begin'),
      end: () => told.push('end'),
      cancel: () => told.push('cancel'),
      gripped: (isOn) => told.push(isOn ? 'grip' : 'let go'),
      moved: (step) => {
        total.dx += step.dx;
        total.dy += step.dy;
        total.levels += Math.log2(step.factor);
        total.degrees += step.degrees;
      },
      thrown: () => told.push('thrown'),
      tapped: (count) => told.push(`tap ${count}`),
    },
    () => 400,
  );
  const contact = (id, x, y, timeMs, sizePx = 20) => ({ id, x, y, timeMs, sizePx });
  return {
    told,
    total,
    fingers,
    down: (...args) => fingers.down(contact(...args)),
    move: (...args) => fingers.move(contact(...args)),
    up: (id, timeMs) => fingers.up(id, timeMs),
  };
}

test('one_finger_draws', () => {
  const hand = makeHand();
  hand.down(1, 100, 100, 0);
  hand.move(1, 150, 100, 100);
  assert.ok(hand.fingers.isDrawing(1));
  hand.up(1, 200);
  assert.deepEqual(hand.told, ['begin', 'end']);
});

test('a_second_finger_takes_back_what_the_first_began_and_both_hold_the_wall', () => {
  const hand = makeHand();
  hand.down(1, 100, 300, 0);
  hand.move(1, 110, 300, 40);
  hand.down(2, 200, 300, 80);
  for (let i = 1; i <= 10; i++) {
    hand.move(1, 110 - i * 5, 300, 80 + i * 10);
    hand.move(2, 200 + i * 5, 300, 80 + i * 10);
  }
  hand.up(1, 400);
  hand.up(2, 400);
  assert.deepEqual(hand.told, ['begin', 'cancel', 'grip', 'let go']);
  assert.ok(Math.abs(hand.total.levels - Math.log2(190 / 90)) < 0.01, `${hand.total.levels}`);
});

test('a_finger_that_slips_onto_the_glass_does_not_end_a_stroke_that_is_under_way', () => {
  const hand = makeHand();
  hand.down(1, 100, 300, 0);
  hand.move(1, 180, 300, 500);
  hand.down(2, 300, 600, 510);
  hand.move(2, 300, 640, 520);
  hand.move(1, 220, 300, 530);
  assert.ok(hand.fingers.isDrawing(1));
  hand.up(2, 540);
  hand.up(1, 600);
  assert.deepEqual(hand.told, ['begin', 'end']);
  assert.equal(hand.total.dx, 0);
});

test('taps_of_two_and_three_fingers_are_told_and_leave_nothing', () => {
  for (const count of [2, 3]) {
    const hand = makeHand();
    for (let id = 1; id <= count; id++) {
      hand.down(id, 100 + id * 40, 300, id * 20);
      hand.move(id, 103 + id * 40, 302, id * 20 + 5);
    }
    for (let id = 1; id <= count; id++) {
      hand.up(id, 150 + id * 10);
    }
    assert.deepEqual(hand.told, ['begin', 'cancel', 'grip', 'let go', `tap ${count}`]);
    assert.deepEqual(hand.total, { dx: 0, dy: 0, levels: 0, degrees: 0 }, 'the wall did not move');
  }
});

test('a_pinch_a_slow_touch_and_a_lone_tap_are_no_taps_of_several', () => {
  const pinch = makeHand();
  pinch.down(1, 100, 300, 0);
  pinch.down(2, 200, 300, 10);
  pinch.move(2, 240, 300, 60);
  pinch.up(1, 120);
  pinch.up(2, 130);
  const slow = makeHand();
  slow.down(1, 100, 300, 0);
  slow.down(2, 200, 300, 10);
  slow.up(1, 700);
  slow.up(2, 710);
  const lone = makeHand({ mayDraw: false });
  lone.down(1, 100, 300, 0);
  lone.up(1, 60);
  for (const { told } of [pinch, slow, lone]) {
    assert.deepEqual(told.filter((each) => each.startsWith('tap')), []);
  }
});

test('fingers_come_and_go_and_the_wall_stays_under_those_that_are_there', () => {
  const hand = makeHand();
  const spots = new Map();
  const put = (id, x, y, t) => (spots.has(id) ? hand.move : hand.down)(id, x, y, t) ?? spots.set(id, [x, y]);
  put(1, 100, 100, 0);
  put(2, 200, 100, 10);
  put(1, 110, 120, 20);
  put(2, 210, 120, 25);
  const before = { ...hand.total };
  for (let id = 3; id <= 5; id++) {
    put(id, 90 * id, 260, 30 + id);
  }
  assert.deepEqual(hand.total, before, 'nothing moves as fingers come');
  for (let id = 1; id <= 5; id++) {
    const [x, y] = spots.get(id);
    put(id, x + 30, y - 10, 60 + id);
  }
  assert.ok(Math.abs(hand.total.dx - before.dx - 30) < 1e-9 && Math.abs(hand.total.dy - before.dy + 10) < 1e-9);
  assert.ok(Math.abs(hand.total.levels) < 0.02 && hand.total.degrees === 0, 'moved together, nothing else');
  const held = { ...hand.total };
  [5, 1, 3, 4].forEach((id) => hand.up(id, 100));
  assert.deepEqual(hand.total, held, 'nor as they go');
  put(2, 300, 300, 110);
  assert.notDeepEqual(hand.total, held, 'the last one moves it still');
  hand.up(2, 400);
  assert.deepEqual(hand.told, ['begin', 'cancel', 'grip', 'let go']);
});

test('the_wall_turns_only_when_turning_is_meant', () => {
  const turn = (degrees, radius) => {
    const hand = makeHand();
    const at = (id, angle) => [200 + (id === 1 ? -1 : 1) * radius * Math.cos(angle), 200 + (id === 1 ? -1 : 1) * radius * Math.sin(angle)];
    hand.down(1, ...at(1, 0), 0);
    hand.down(2, ...at(2, 0), 5);
    for (let i = 1; i <= degrees; i++) {
      hand.move(1, ...at(1, (i * Math.PI) / 180), i * 10);
      hand.move(2, ...at(2, (i * Math.PI) / 180), i * 10 + 5);
    }
    return hand.total.degrees;
  };
  assert.equal(turn(7, 100), 0);
  const far = turn(60, 100);
  assert.ok(far > 45 && far < 52, `${far} of 60 degrees: the first ones are not counted`);
  assert.equal(turn(20, 20), 0, 'fingers close together tremble');
});

test('who_zooms_far_does_not_turn', () => {
  const twist = new Twist();
  const step = { x: 0, y: 0, dx: 0, dy: 0, factor: 2 ** 0.1, degrees: 2 };
  const degrees = Array.from({ length: 10 }, () => twist.take(step, 100));
  assert.deepEqual(new Set(degrees), new Set([0]));
});

test('a_step_of_fingers_is_what_they_did', () => {
  const before = [{ x: 0, y: 0 }, { x: 100, y: 0 }, { x: 50, y: 80 }];
  const [cos, sin] = [Math.cos(0.3) * 1.5, Math.sin(0.3) * 1.5];
  const after = before.map(({ x, y }) => ({ x: 7 + x * cos - y * sin, y: -3 + x * sin + y * cos }));
  const step = stepOf(before, after);
  assert.ok(Math.abs(step.factor - 1.5) < 1e-9);
  assert.ok(Math.abs(step.degrees - (0.3 * 180) / Math.PI) < 1e-9);
});

test('while_the_pen_is_down_and_just_after_touches_mean_nothing', () => {
  const hand = makeHand();
  hand.fingers.penDown(1_000);
  hand.down(1, 100, 300, 1_010);
  hand.move(1, 100, 340, 1_050);
  hand.up(1, 1_060);
  hand.fingers.penUp(1_100);
  hand.down(2, 100, 300, 1_300);
  hand.move(2, 110, 300, 1_320);
  hand.up(2, 1_330);
  hand.down(3, 100, 300, 1_340);
  hand.down(4, 160, 300, 1_345);
  hand.up(3, 1_360);
  hand.up(4, 1_360);
  assert.ok(!hand.told.some((each) => /begin|end|tap/.test(each)), `${hand.told}`);
  assert.deepEqual(hand.total, { dx: 0, dy: 0, levels: 0, degrees: 0 });
  hand.down(5, 100, 300, 2_000);
  assert.ok(hand.told.includes('begin'), 'later they do again');
});

test('a_palm_that_came_before_the_pen_is_taken_back', () => {
  const hand = makeHand();
  hand.down(1, 100, 300, 0);
  hand.move(1, 103, 301, 600);
  hand.fingers.penDown(700);
  hand.move(1, 160, 300, 800);
  hand.up(1, 900);
  assert.deepEqual(hand.told, ['begin', 'cancel']);
});

test('what_a_finger_drew_before_the_pen_came_stays', () => {
  const hand = makeHand();
  hand.down(1, 100, 300, 0);
  hand.move(1, 200, 300, 600);
  hand.fingers.penDown(700);
  assert.deepEqual(hand.told, ['begin', 'end']);
});

test('a_palm_draws_nothing_also_when_it_comes_down_edge_first', () => {
  const hand = makeHand();
  hand.down(1, 100, 300, 0, 120);
  assert.deepEqual(hand.told, []);
  hand.down(2, 200, 300, 10, 30);
  hand.move(2, 201, 300, 20, 130);
  assert.deepEqual(hand.told, ['begin', 'cancel']);
  hand.up(2, 30);
  hand.down(3, 250, 300, 40, 20);
  hand.move(3, 300, 300, 500, 20);
  hand.up(3, 600);
  assert.deepEqual(hand.told, ['begin', 'cancel', 'begin', 'end'], 'beside the palm that rests');
});

test('beside_a_pen_fingers_hold_the_wall_and_a_resting_palm_does_not_move_it', () => {
  const hand = makeHand({ mayDraw: false });
  hand.fingers.penNear(0);
  hand.down(1, 100, 300, 200);
  hand.move(1, 118, 300, 300);
  assert.equal(hand.total.dx, 0, 'a palm that shifts a little');
  hand.up(1, 310);
  hand.down(2, 100, 300, 1_000);
  hand.move(2, 118, 300, 1_020);
  assert.equal(hand.total.dx, 18);
});

test('what_the_system_takes_from_the_edge_leaves_no_stroke', () => {
  for (const [x, meant] of [[5, 'cancel'], [390, 'cancel'], [200, 'end']]) {
    const hand = makeHand();
    hand.down(1, x, 300, 0);
    hand.move(1, x === 390 ? 300 : x + 90, 300, 400);
    hand.fingers.cancelled(1, 500);
    assert.deepEqual(hand.told, ['begin', meant]);
  }
});

test('a_throw_is_told_only_if_the_hand_did_not_stop', () => {
  const drag = (restMs) => {
    const hand = makeHand({ mayDraw: false });
    hand.down(1, 100, 300, 0);
    for (let i = 1; i <= 10; i++) {
      hand.move(1, 100 + i * 12, 300, i * 16);
    }
    hand.up(1, 160 + restMs);
    return hand.told;
  };
  assert.deepEqual(drag(10), ['grip', 'let go', 'thrown']);
  assert.deepEqual(drag(200), ['grip', 'let go']);
  const flight = new Throw();
  for (let i = 0; i < 10; i++) {
    flight.add(i * 10, 6, -3);
  }
  const { vx, vy } = flight.speed(95);
  assert.ok(Math.abs(vx - 0.6) < 0.05 && Math.abs(vy + 0.3) < 0.03, `${vx}, ${vy}`);
});

test('a_finger_that_rests_is_known_and_may_be_taken_over', () => {
  const hand = makeHand();
  hand.down(1, 100, 300, 0);
  hand.move(1, 105, 300, 200);
  assert.ok(hand.fingers.isResting(1));
  hand.fingers.takeOver(1);
  assert.ok(hand.fingers.isDrawing(1));
  hand.move(1, 130, 300, 300);
  assert.ok(!hand.fingers.isResting(1));
  hand.down(2, 200, 300, 310);
  assert.ok(!hand.fingers.isResting(2), 'one of two does not rest');
});
