// A newcomer's ink as the client counts it, and what the server says in the page's language.

import assert from 'node:assert/strict';
import test from 'node:test';

import { load } from './load.mjs';

const { inkOf, Inkwell } = await load('policy/ink.ts');
const { wordsFor } = await load('policy/words.ts');
const { setLanguage } = await load('i18n/i18n.ts');

const stroke = (xs, ys, more = {}) => ({
  kind: 'stroke', tool: 0, width: 4 * 256,
  points: { count: xs.length, x: Int32Array.from(xs), y: Int32Array.from(ys) }, ...more,
});

test('ink_is_the_path_and_the_width_as_the_server_counts_it', () => {
  assert.equal(inkOf(stroke([0], [0])), 4);
  assert.equal(inkOf(stroke([0, 240], [0, 320])), 54);
  assert.equal(inkOf(stroke([0, 240, 0], [0, 320, 0])), 104);
  assert.equal(inkOf(stroke([0, 240, 0], [0, 320, 0], { tool: 5 })), 142);
});

test('a_well_refills_within_a_minute_and_holds_no_more', () => {
  const well = new Inkwell();
  well.set(6000, 6000, 1000);
  well.take(7000, 1000);
  assert.equal(well.leftAt(1000), -1000);
  assert.equal(well.shareAt(1000), 0);
  assert.equal(well.leftAt(41_000), 3000);
  assert.equal(well.shareAt(41_000), 0.5);
  assert.equal(well.fullInMs(41_000), 30_000);
  assert.equal(well.shareAt(10_000_000), 1);
});

test('what_the_server_says_is_known', () => {
  setLanguage('en');
  assert.match(wordsFor('this area rests for a while; draw elsewhere'), /rests for a while/);
  assert.match(wordsFor("a newcomer's ink refills by and by: there is enough for this in 12 s"), /12/);
  assert.equal(wordsFor('something else'), null);
});
