import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { TileLog } = await load('core/tilelog.ts');

const mark = (seq, parts = 1) => ({ key: `a:${seq}`, seq, parts: Array(parts).fill({}) });
const none = new Map();
const seqs = (log, overrides = none) => log.visibleMarks(overrides).map(({ seq }) => seq);

function liveTile(baseSeq) {
  const log = new TileLog();
  log.setBase(baseSeq);
  log.isLive = true;
  return log;
}

test('ops_that_came_before_the_picture_are_drawn_over_it_once', () => {
  const log = new TileLog();
  log.isLive = true;
  log.addMark(mark(11));
  log.addMark(mark(12));
  log.setBase(11);
  assert.deepEqual(seqs(log), [12]);
  assert.equal(log.addMark(mark(10)), false);
  assert.deepEqual(seqs(log), [12]);
});

test('marks_are_drawn_in_seq_order_however_they_came', () => {
  const log = liveTile(0);
  [5, 3, 9, 4].forEach((seq) => log.addMark(mark(seq)));
  assert.deepEqual(seqs(log), [3, 4, 5, 9]);
  log.addMark(mark(4));
  assert.deepEqual(seqs(log), [3, 4, 5, 9]);
});

test('a_tile_drawn_up_to_date_needs_no_fetch', () => {
  const log = liveTile(10);
  log.addMark(mark(12));
  assert.equal(log.isOutdatedBy(12), false);
  assert.equal(log.hasMissed(12), false);
  assert.equal(log.isOutdatedBy(13), true);
});

test('a_tile_that_left_the_view_does_not_claim_what_it_may_have_missed', () => {
  const log = liveTile(10);
  log.isLive = false;
  log.addMark(mark(15));
  assert.equal(log.hasMissed(15), true);
});

test('a_stroke_after_the_picture_is_hidden_at_once', () => {
  const log = liveTile(10);
  log.addMark(mark(11));
  log.addMark(mark(12));
  assert.equal(log.addVisibility({ seq: 13, isHidden: true, targets: [11] }), true);
  assert.deepEqual(seqs(log), [12]);
  assert.equal(log.isOutdatedBy(13), false);
  log.addVisibility({ seq: 14, isHidden: false, targets: [11] });
  assert.deepEqual(seqs(log), [11, 12]);
});

test('a_stroke_in_the_picture_goes_with_the_next_picture_even_behind_later_ops', () => {
  const log = liveTile(10);
  assert.equal(log.addVisibility({ seq: 11, isHidden: true, targets: [9] }), false);
  log.addMark(mark(12));
  assert.equal(log.hasMissed(12), false);
  assert.equal(log.isOutdatedBy(11), true);
  log.setBase(11);
  assert.equal(log.isOutdatedBy(12), false);
  assert.deepEqual(seqs(log), [12]);
});

test('an_older_picture_never_replaces_a_newer_one', () => {
  const log = liveTile(10);
  assert.equal(log.setBase(8), false);
  assert.equal(log.baseSeq, 10);
});

test('ones_own_undo_shows_before_the_server_confirms_it', () => {
  const log = liveTile(0);
  log.addMark(mark(1));
  log.addMark(mark(2));
  assert.deepEqual(seqs(log, new Map([[2, true]])), [1]);
  log.addVisibility({ seq: 3, isHidden: true, targets: [1] });
  assert.deepEqual(seqs(log, new Map([[1, false]])), [1, 2]);
});

test('a_group_counts_up_to_its_last_part', () => {
  const log = liveTile(0);
  log.addMark(mark(5, 1));
  log.addMark(mark(5, 3));
  assert.equal(log.markCount, 1);
  assert.equal(log.isOutdatedBy(7), false);
  assert.equal(log.isOutdatedBy(8), true);
});

test('a_picture_that_would_take_an_undo_back_is_known', () => {
  const log = new TileLog();
  log.setBase(1);
  log.isLive = true;
  log.addMark(mark(2));
  log.addMark(mark(3));
  assert.equal(log.isUndoneBy(3, none), false);
  assert.equal(log.isUndoneBy(3, new Map([[2, true]])), true, 'hidden here, and not told of yet');
  assert.equal(log.isUndoneBy(1, new Map([[2, true]])), false, 'the picture lacks the stroke anyway');
  log.addVisibility({ seq: 4, isHidden: true, targets: [2] });
  assert.equal(log.isUndoneBy(3, none), true);
  assert.equal(log.isUndoneBy(4, none), false);
  assert.equal(log.isUndoneBy(4, new Map([[2, false]])), true, 'shown again here');
  log.addVisibility({ seq: 5, isHidden: false, targets: [2] });
  assert.equal(log.isUndoneBy(4, none), true);
  assert.equal(log.isUndoneBy(5, none), false);
  assert.equal(new TileLog().isUndoneBy(9, none), false, 'any picture is better than none');
});
