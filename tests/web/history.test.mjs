// Undo out of the log, time along the bar, links, tempo, and which picture serves which moment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { History, rebuild } = await load('core/history.ts');
const { parseExtras, formatAt, formatReplay } = await load('history/link.ts');
const timeline = await load('history/timeline.ts');
const { Spans } = await load('history/spans.ts');
const { AT_REST, pointsAt, scheduleAfter } = await load('history/tempo.ts');
const schedule = (pieces) => scheduleAfter(AT_REST, pieces).plays;
const { parseView } = await load('core/address.ts');
const { viewRect, boxOfRect } = await load('history/area.ts');
const { makeCamera } = await load('core/camera.ts');

const stroke = (seq, part = 0, parts = 1) => ({ seq, kind: 'stroke', part, parts, targets: [] });
const hide = (seq, ...targets) => ({ seq, kind: 'hide', part: 0, parts: 1, targets });
const show = (seq, ...targets) => ({ seq, kind: 'show', part: 0, parts: 1, targets });
const seqs = (stack) => stack.map(({ seq }) => seq);

test('the_log_gives_back_the_stacks_as_they_were', () => {
  const { done, undone } = rebuild([hide(9, 7), hide(8, 5), stroke(7), show(6, 3), stroke(5), hide(4, 3), stroke(3)]);
  assert.deepEqual(seqs(done), [3]);
  assert.deepEqual(seqs(undone), [5, 7]);
  assert.deepEqual(seqs(rebuild([stroke(3), stroke(1)]).done), [1, 3]);
});

test('a_group_is_one_stroke_to_undo', () => {
  const { done } = rebuild([stroke(12), stroke(11, 2, 3), stroke(10, 1, 3), stroke(9, 0, 3)]);
  assert.deepEqual(done.map(({ seq, count }) => [seq, count]), [[9, 3], [12, 1]]);
  const { undone } = rebuild([hide(13, 9, 10, 11), stroke(11, 2, 3), stroke(10, 1, 3), stroke(9, 0, 3)]);
  assert.deepEqual(undone.map(({ seq, count }) => [seq, count]), [[9, 3]]);
});

test('a_new_stroke_ends_what_could_be_redone', () => {
  const { done, undone } = rebuild([stroke(4), hide(3, 2), stroke(2), stroke(1)]);
  assert.deepEqual([seqs(done), seqs(undone)], [[1, 4], []]);
});

test('a_hide_of_a_stroke_before_the_page_can_be_redone_and_a_rollback_of_many_can_not', () => {
  assert.deepEqual(seqs(rebuild([hide(50, 20)]).undone), [20]);
  const many = Array.from({ length: 40 }, (_, i) => 100 + 2 * i);
  assert.deepEqual(rebuild([hide(500, ...many)]), { done: [], undone: [] });
});

test('what_this_page_did_stays_on_top_of_what_the_log_tells', () => {
  const history = new History();
  history.add({ counter: 1, count: 1, seq: null });
  history.restore([stroke(7), stroke(5)], false);
  assert.equal(history.undo().counter, 1);
  history.said(2);
  assert.equal(history.undo().seq, 7);
  assert.equal(history.redo().seq, 7);
  history.acknowledge(1, 8);
  history.acknowledge(2, 9);
  history.restore([hide(9, 8), stroke(8), stroke(7), stroke(5)], false);
  assert.equal(history.undo().seq, 7);
  assert.equal(history.undo().seq, 5);
  assert.equal(history.undo(), null);
});

test('a_stroke_that_the_log_told_of_before_its_acknowledgement_is_there_once', () => {
  const history = new History();
  history.add({ counter: 4, count: 1, seq: null });
  history.restore([stroke(9)], false);
  history.acknowledge(4, 9);
  assert.equal(history.undo().seq, 9);
  assert.equal(history.undo(), null);
});

test('older_pages_are_asked_for_when_few_strokes_are_left', () => {
  const history = new History();
  history.restore([stroke(40), stroke(30)], true);
  assert.equal(history.olderThan, 30);
  history.restoreOlder([stroke(20), stroke(10)], false);
  assert.equal(history.olderThan, null);
  assert.deepEqual([1, 2, 3, 4].map(() => history.undo().seq), [40, 30, 20, 10]);
});

test('links_say_a_moment_or_a_replay_and_leave_the_place_readable', () => {
  assert.equal(parseExtras(`#@1,2,0${formatAt(4711)}`).at, 4711);
  const rect = { level: -2, x: '-30', y: '9007199254740993', width: 300, height: 200 };
  const span = { from: 3, to: 90, rect };
  assert.deepEqual(parseExtras(`#@1,2,0${formatReplay(span)}`).replay, span);
  assert.deepEqual(parseExtras('#@1,2,0&replay=9-3'), { at: null, replay: null });
  assert.deepEqual(parseExtras('#@1,2,0&at=-1&replay=x'), { at: null, replay: null });
  assert.equal(parseView(`#@5,6,1.5${formatAt(3)}`).zoom, 1.5);
});

test('rests_between_bursts_take_no_length', () => {
  const counts = new Array(1000).fill(0);
  counts[0] = 5;
  counts[3] = 1;
  counts[990] = 2;
  const bursts = timeline.burstsOf(counts, { from: 0, to: 1000 });
  assert.deepEqual(bursts, [{ from: 0, to: 4 }, { from: 990, to: 991 }]);
  const line = {
    segments: [
      { fromMs: 0, toMs: 4, counts: [5, 0, 0, 1] },
      { fromMs: 990, toMs: 991, counts: [2] },
    ],
  };
  for (const timeMs of [0, 1, 3.5, 990.5, 991]) {
    assert.ok(Math.abs(timeline.timeAt(line, timeline.placeAt(line, timeMs)) - timeMs) < 1e-6);
  }
  assert.equal(timeline.placeAt(line, 500), timeline.placeAt(line, 4));
  assert.equal(timeline.advance(line, 0.5, 1, true), 3, 'bars without ink are skipped');
  assert.equal(timeline.advance(line, 0.5, 1, false), 1.5);
  assert.equal(timeline.advance(line, 3.9, 1, true), 990, 'so is the rest');
  assert.equal(timeline.advance(line, 990.9, 50, true), 991);
});

test('a_picture_serves_every_moment_from_its_version_to_the_newest_it_was_seen_at', () => {
  const closed = [];
  const spans = new Spans(2, (picture) => closed.push(picture));
  spans.add('a', 5, 20, 'five');
  assert.equal(spans.find('a', 4), null);
  assert.equal(spans.find('a', 5).picture, 'five');
  assert.equal(spans.find('a', 21), null);
  spans.add('a', 5, 30, 'five again');
  assert.deepEqual(closed, ['five again']);
  assert.equal(spans.find('a', 25).picture, 'five');
  assert.equal(spans.nearest('a', 90).picture, 'five', 'what it was last known to be');
  assert.equal(spans.nearest('a', 3).picture, 'five', 'or else to become');
  assert.equal(spans.nearest('z', 3), null);
  spans.add('b', 1, 9, 'b');
  const shown = spans.add('c', 1, 9, 'c');
  spans.find('a', 25);
  spans.trim((span) => span === shown);
  assert.equal(spans.find('b', 3), null);
  assert.equal(spans.find('c', 3), shown);
});

function piece(seq, { startMs = null, dtMs = [0, 100, 100], artist = 1, timeMs = 0 } = {}) {
  const count = dtMs.length;
  const points = {
    count,
    x: Int32Array.from({ length: count }, (_, i) => i * 80),
    y: new Int32Array(count),
    pressure: new Uint8Array(count).fill(255),
    dtMs: Uint32Array.from(dtMs),
  };
  const start = startMs === null ? null : BigInt(startMs);
  const part = { kind: 'stroke', part: 0, parts: 1, hasTimes: startMs !== null, startMs: start, points };
  return { seq, artist, key: `k${seq}`, timeMs, parts: [part] };
}

test('a_replay_keeps_the_recorded_tempo_and_shortens_long_rests', () => {
  const plays = schedule([
    piece(1, { startMs: 1_000_000 }),
    piece(2, { startMs: 1_000_700 }),
    piece(3, { startMs: 9_000_000 }),
  ]);
  assert.deepEqual(plays.map(({ beginMs }) => beginMs), [0, 700, 900 + 500]);
  assert.equal(Math.max(...plays.map(({ endMs }) => endMs)), 1600);
  assert.deepEqual([0, 99, 100, 500].map((ms) => pointsAt(plays[0], ms)), [1, 1, 2, 3]);
});

test('two_artists_draw_at_once_and_one_hand_draws_one_stroke_at_a_time', () => {
  const plays = schedule([
    piece(1, { startMs: 1000, artist: 1 }),
    piece(2, { startMs: 1050, artist: 2 }),
    piece(3, { startMs: 1100, artist: 1 }),
  ]);
  assert.deepEqual(plays.map(({ beginMs }) => beginMs), [0, 50, 200]);
});

test('without_times_the_commit_and_a_usual_speed_of_the_hand_tell', () => {
  const plays = schedule([piece(1, { timeMs: 5000 }), piece(2, { timeMs: 5900 })]);
  assert.ok(plays[0].endMs >= 30);
  assert.equal(plays[1].beginMs, 900);
});

test('the_view_as_a_rectangle_lies_where_the_screen_is', () => {
  const viewport = { width: 800, height: 600, ratio: 1 };
  for (const zoom of [0, 1.4, -3.2, 24]) {
    const camera = makeCamera({ level: 0, tileX: -3, tileY: 2, x: 10.5, y: 200 }, zoom);
    const rect = viewRect(camera, viewport);
    const box = boxOfRect(camera, viewport, rect);
    assert.ok(Math.abs(box.x) < 2 && Math.abs(box.y) < 2, JSON.stringify(box));
    assert.ok(Math.abs(box.width - 800) < 4 && Math.abs(box.height - 600) < 4);
  }
});

test('bars_are_gathered_without_losing_a_stroke', () => {
  assert.deepEqual(timeline.gathered([1, 2, 3, 4, 5, 6], 3), [3, 7, 11]);
  const many = Array.from({ length: 1000 }, (_, i) => i % 7);
  const sum = (counts) => counts.reduce((all, each) => all + each, 0);
  assert.equal(sum(timeline.gathered(many, 137)), sum(many));
});

/* ---- edits ---- */

const edit = (seq, follow, ...targets) => ({ ...hide(seq, ...targets), follow });
const { addsOf, hidesOf } = await load('core/history.ts');
const steps = (stack) => stack.map((drawn) => [addsOf(drawn).seqs, hidesOf(drawn).seqs]);

test('an_edit_is_one_step_undone_and_done_again_in_the_log', () => {
  const moved = [stroke(5), stroke(4), edit(3, 2, 1, 2), stroke(2), stroke(1)];
  assert.deepEqual(steps(rebuild(moved).done), [[[1], []], [[2], []], [[4, 5], [1, 2]]]);
  const undone = [show(7, 1, 2), edit(6, 1, 4, 5), ...moved];
  assert.deepEqual(steps(rebuild(undone).undone), [[[4, 5], [1, 2]]]);
  assert.deepEqual(steps(rebuild(undone).done), [[[1], []], [[2], []]]);
  const again = [show(9, 4, 5), edit(8, 1, 1, 2), ...undone];
  assert.deepEqual(steps(rebuild(again).done), [[[1], []], [[2], []], [[4, 5], [1, 2]]]);
  assert.deepEqual(rebuild(again).undone, []);
});

test('strokes_removed_and_strokes_doubled_are_steps', () => {
  const removed = [edit(2, 0, 1), stroke(1)];
  assert.deepEqual(steps(rebuild(removed).done), [[[1], []], [[], [1]]]);
  const back = [show(3, 1), ...removed];
  assert.deepEqual([steps(rebuild(back).done), steps(rebuild(back).undone)], [[[[1], []]], [[[], [1]]]]);
  const again = [edit(4, 0, 1), ...back];
  assert.deepEqual([steps(rebuild(again).done), rebuild(again).undone], [[[[1], []], [[], [1]]], []]);
  const doubled = [hide(5, 3, 4), stroke(4), stroke(3), edit(2, 2), stroke(1)];
  assert.deepEqual([steps(rebuild(doubled).done), steps(rebuild(doubled).undone)], [[[[1], []]], [[[3, 4], []]]]);
  assert.deepEqual(steps(rebuild([show(6, 3, 4), ...doubled]).done), [[[1], []], [[3, 4], []]]);
});

test('an_edit_whose_own_ops_are_not_known_is_known_from_its_undoing', () => {
  assert.deepEqual(steps(rebuild([show(60, 40, 41), edit(59, 1, 51, 52)]).undone), [[[51, 52], [40, 41]]]);
  assert.deepEqual(steps(rebuild([show(60, 51, 52), edit(59, 1, 40, 41)]).done), [[[51, 52], [40, 41]]]);
});

test('the_log_is_asked_for_more_where_the_oldest_strokes_may_belong_to_an_edit', () => {
  const history = new History();
  const run = (from, count) => Array.from({ length: count }, (_, i) => stroke(from - i));
  history.restore(run(3000, 200), true);
  assert.equal(history.olderThan, 2801);
  history.restoreOlder(run(2800, 1000), true);
  assert.equal(history.olderThan, null, 'no edit is larger');
  const apart = new History();
  apart.restore(Array.from({ length: 200 }, (_, i) => stroke(3000 - 2 * i)), true);
  assert.equal(apart.olderThan, null, 'other people drew in between');
});

test('an_edit_of_this_page_is_undone_before_and_after_it_is_acknowledged', () => {
  const history = new History();
  history.add({ counter: 1, count: 1, seq: null });
  history.add({ counter: 2, count: 3, seq: null, hides: { seqs: [7], refs: [1] } });
  const undone = history.undo();
  assert.deepEqual([addsOf(undone), hidesOf(undone)], [{ seqs: [], refs: [3, 4] }, { seqs: [7], refs: [1] }]);
  history.said(5);
  history.acknowledge(1, 10);
  history.acknowledge(2, 11);
  assert.deepEqual([addsOf(undone), hidesOf(undone)], [{ seqs: [12, 13], refs: [] }, { seqs: [7, 10], refs: [] }]);
  history.acknowledge(5, 14);
  history.restore([show(15, 7, 10), edit(14, 1, 12, 13), stroke(13), stroke(12), edit(11, 2, 7, 10), stroke(10), stroke(7)], false);
  assert.deepEqual(hidesOf(history.redo()).seqs, [7, 10]);
});

test('what_a_page_that_is_gone_edited_is_taken_over_as_steps', () => {
  const history = new History();
  history.restore([stroke(7)], false);
  const none = { refs: [], seqs: [], isShow: false };
  const rest = { strokes: [], shows: [], showRefs: [] };
  history.takeOver('ab', [
    { ...none, counter: 1, count: 1 },
    { ...none, counter: 2, count: 2, refs: [1], seqs: [7], edit: { ...rest, strokes: [0] } },
    { ...none, counter: 4, count: 2, refs: [3], edit: { ...rest, shows: [7], showRefs: [1] } },
    { ...none, counter: 6, count: 1, refs: [1], edit: rest },
    { ...none, counter: 7, count: 1, refs: [1], isShow: true },
  ]);
  assert.equal(history.undo().counter, 1);
  assert.equal(history.undo().seq, 7);
  assert.equal(history.undo(), null);
});

test('what_somebody_else_took_off_the_wall_is_no_step', () => {
  const history = new History();
  history.restore([{ ...hide(9, 8), taken: [8] }, { ...stroke(8), taken: [8] }, stroke(7), { ...stroke(5), taken: [5] }], false);
  assert.equal(history.canRedo, false);
  assert.equal(history.undo().seq, 7);
  assert.equal(history.undo(), null);
  assert.equal(history.redo().seq, 7);
  history.undo();
  assert.equal(history.redo().seq, 7);
  history.said(3);
  history.forget(3, undefined, true);
  assert.deepEqual([history.canUndo, history.canRedo], [false, false], 'nor is what turns out to be');
});

test('what_others_take_off_the_wall_and_bring_back_meanwhile_is_noticed', () => {
  const history = new History();
  history.restore([stroke(8), stroke(7)], false);
  assert.deepEqual([history.knows([6]), history.knows([6, 7]), history.lost], [false, true, 0]);
  history.restore([{ ...stroke(8), taken: [8] }, stroke(7)], false);
  assert.equal(history.lost, 1);
  assert.ok(history.knows([8]), 'it may come back');
  assert.equal(history.undo().seq, 7);
  history.restore([stroke(8), stroke(7)], false);
  assert.deepEqual([history.undo().seq, history.lost], [8, 0]);
});
