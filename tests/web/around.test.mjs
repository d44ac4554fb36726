// What screen readers are told of the others: sparingly, in words, never twice the same; and a pointer that
// arrow keys move.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { Happenings, sideOf } = await load('core/happenings.ts');
const { Steering } = await load('core/steering.ts');

const mira = { key: '1', name: 'Mira', side: 'left', isDrawing: true };
const arun = { key: '2', name: 'Arun', side: 'left', isDrawing: true };

test('who_begins_to_draw_is_told_once', () => {
  const around = new Happenings();
  assert.deepEqual(around.update([mira], 0), { kind: 'draws', name: 'Mira', side: 'left' });
  for (let ms = 1_000; ms < 60_000; ms += 1_000) {
    assert.equal(around.update([mira], ms), null);
  }
});

test('at_most_one_line_in_ten_seconds_and_then_the_newest_state', () => {
  const around = new Happenings();
  let told = 0;
  for (let ms = 0; ms <= 60_000; ms += 500) {
    const crowd = Array.from({ length: 1 + Math.floor(ms / 500) }, (_, i) => ({ ...mira, key: String(i) }));
    told += around.update(crowd, ms) === null ? 0 : 1;
  }
  assert.ok(told <= 7, `${told} lines in a minute`);
  assert.ok(told >= 5);
});

test('several_are_counted_and_a_common_side_is_named', () => {
  const around = new Happenings();
  assert.deepEqual(around.update([mira, arun], 0), { kind: 'many', count: 2, side: 'left' });
  const around2 = new Happenings();
  assert.deepEqual(around2.update([mira, { ...arun, side: 'right' }], 0), { kind: 'many', count: 2, side: null });
});

test('one_who_moves_elsewhere_is_news_and_so_is_quiet_after_a_while', () => {
  const around = new Happenings();
  around.update([mira], 0);
  assert.deepEqual(around.update([{ ...mira, side: 'right' }], 11_000), { kind: 'draws', name: 'Mira', side: 'right' });
  assert.equal(around.update([], 22_000), null, 'a pause is no news');
  assert.deepEqual(around.update([], 60_000), { kind: 'quiet' });
  assert.equal(around.update([], 120_000), null, 'once');
  assert.equal(new Happenings().update([], 99_000), null, 'nobody was there');
});

test('sides_are_seen_from_the_middle', () => {
  assert.equal(sideOf(400, 300, 800, 600), 'here');
  assert.equal(sideOf(-50, 300, 800, 600), 'left');
  assert.equal(sideOf(790, 320, 800, 600), 'right');
  assert.equal(sideOf(410, 10, 800, 600), 'above');
  assert.equal(sideOf(410, 900, 800, 600), 'below');
});

test('a_tap_is_a_pixel_and_a_held_key_grows_faster', () => {
  const steering = new Steering();
  assert.deepEqual(steering.press('right', 0), [1, 0]);
  assert.deepEqual(steering.press('right', 30), [0, 0], 'the keyboard repeats');
  let at = 0;
  const places = [];
  for (let ms = 16; ms <= 2_400; ms += 16) {
    at += steering.step(ms)[0];
    places.push(at);
  }
  const [early, half, late] = [places[8], places[70], places[149]];
  assert.equal(early, 0, 'a short hold is a tap');
  assert.ok(half > 5 && half < 400, `${half} px after a second`);
  assert.ok(late - half > 3 * half, 'it speeds up');
  steering.release('right');
  assert.equal(steering.isMoving, false);
  assert.deepEqual(steering.step(2_500), [0, 0]);
});

test('two_keys_go_aslant_at_the_same_speed', () => {
  const along = new Steering();
  const aslant = new Steering();
  along.press('right', 0);
  aslant.press('right', 0);
  aslant.press('down', 0);
  let [straight, x, y] = [0, 0, 0];
  for (let ms = 16; ms <= 1_000; ms += 16) {
    straight += along.step(ms)[0];
    const [dx, dy] = aslant.step(ms);
    x += dx;
    y += dy;
  }
  assert.ok(Math.abs(Math.hypot(x, y) - straight) < 0.01);
});
