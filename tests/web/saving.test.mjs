// What the page says about one's strokes, over time: nothing blinks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { SavingSign } = await load('core/saving.ts');

const calm = { isOpen: true, isWritable: true, strokes: 0, changes: 0, unkept: 0, trouble: null };

/** What is said at each moment of a story of [ms, facts]. */
function tell(story) {
  const sign = new SavingSign();
  return story.map(([nowMs, facts]) => sign.update({ ...calm, ...facts }, nowMs).text);
}

test('nothing_is_said_before_anything_is_drawn', () => {
  assert.deepEqual(tell([[0, {}], [5_000, {}]]), ['', '']);
});

test('strokes_that_are_acknowledged_at_once_are_saved_without_a_flicker', () => {
  const story = [];
  for (let ms = 0; ms < 3_000; ms += 100) {
    story.push([ms, { strokes: 1 }], [ms + 5, {}]);
  }
  const said = tell(story);
  assert.deepEqual([...new Set(said)], ['', 'Saved']);
  assert.equal(said.lastIndexOf(''), 0);
});

test('a_server_that_cannot_save_is_said_at_once_and_until_it_can', () => {
  const said = tell([
    [0, {}],
    [2_000, { isWritable: false }],
    [3_000, { isWritable: false, strokes: 1 }],
    [60_000, { isWritable: false, strokes: 2, changes: 1 }],
    [61_000, { isOpen: false, isWritable: false, strokes: 3 }],
    [63_000, { isOpen: false, isWritable: false, strokes: 3 }],
    [64_000, { isWritable: true, strokes: 3 }],
    [64_010, {}],
    [66_000, {}],
  ]);
  assert.deepEqual(said, [
    '', 'The wall cannot save now', 'The wall cannot save now: 1 waiting', 'The wall cannot save now: 3 waiting',
    'The wall cannot save now: 3 waiting', 'Offline: 3 strokes waiting', 'Saving 3 strokes', 'Saving', 'Saved',
  ]);
});

test('a_slow_server_is_said_after_a_second_and_stays_readable', () => {
  const said = tell([
    [0, { strokes: 1 }],
    [999, { strokes: 1 }],
    [1_000, { strokes: 1 }],
    [1_100, { strokes: 3 }],
    [1_200, {}],
    [2_000, {}],
  ]);
  assert.deepEqual(said, ['', '', 'Saving', 'Saving 3 strokes', 'Saving', 'Saved']);
});

test('a_short_loss_is_nobodys_business', () => {
  const said = tell([
    [0, { strokes: 1 }],
    [10, {}],
    [5_000, { isOpen: false }],
    [6_100, { isOpen: false }],
    [6_150, {}],
  ]);
  assert.deepEqual(said.slice(1), ['Saved', 'Saved', 'Saved', 'Saved']);
});

test('offline_tells_how_many_wait_and_then_that_they_are_sent', () => {
  const said = tell([
    [0, { isOpen: false }],
    [1_200, { isOpen: false }],
    [1_300, { isOpen: false, strokes: 1 }],
    [1_400, { isOpen: false, strokes: 2 }],
    [1_500, { isOpen: false, strokes: 2, changes: 1 }],
    [9_000, { strokes: 2, changes: 1 }],
    [9_500, {}],
    [10_000, {}],
  ]);
  assert.deepEqual(said, [
    '',
    'Offline',
    'Offline: 1 stroke waiting',
    'Offline: 2 strokes waiting',
    'Offline: 3 changes waiting',
    'Saving 3 changes',
    'Saving',
    'Saved',
  ]);
});

test('strokes_that_the_browser_has_no_room_for_are_said', () => {
  const facts = { isOpen: false, strokes: 2, unkept: 1, trouble: 'full' };
  const said = tell([[0, facts], [1_200, facts]]);
  assert.match(said[1], /No room left in this browser: 1 stroke only in this tab/);
  const forbidden = tell([[0, { ...facts, trouble: 'forbidden' }], [1_000, { ...facts, trouble: 'forbidden' }]]);
  assert.match(forbidden[1], /keeps nothing/);
});

test('it_tells_when_to_ask_again', () => {
  const sign = new SavingSign();
  assert.equal(sign.update(calm, 0).againMs, null);
  assert.equal(sign.update({ ...calm, strokes: 1 }, 100).againMs, 1_000);
  assert.equal(sign.update({ ...calm, strokes: 1 }, 600).againMs, 500);
  assert.equal(sign.update({ ...calm, strokes: 1 }, 1_100).againMs, null);
});
