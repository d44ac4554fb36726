import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { Journal } = await load('core/journal.ts');
const { History } = await load('core/history.ts');
const { Backoff } = await load('core/backoff.ts');
const { decodeOp, encodeOp } = await load('core/op.ts');

/** Storage that outlives a journal, as the browser's does a page. */
function makeKeeper() {
  const items = new Map();
  return {
    items,
    isFull: false,
    save(kept) {
      if (!this.isFull) {
        items.set(kept.counter, structuredClone(kept));
      }
      return Promise.resolve(!this.isFull);
    },
    remove: (counter) => items.delete(counter),
    found: () => [...items].map(([counter, value]) => ({ counter, value })),
  };
}

const body = (value) => encodeOp({ kind: 'hide', targets: [value] });
const valueOf = (bytes) => decodeOp(bytes).targets[0];
const takeOver = (keeper) => Journal.takeOver('00', keeper, keeper.found());

test('what_is_not_acknowledged_is_there_after_a_crash', () => {
  const keeper = makeKeeper();
  const before = new Journal('00', keeper);
  before.addStrokes([body(1)]);
  before.addStrokes([body(2), body(3)]);
  before.addStrokes([body(4)]);
  before.acknowledge(1, 1, 10);
  const after = takeOver(keeper);
  const bodies = after.sendable(99).map((entry) => [entry.counter, entry.bodies.map(valueOf)]);
  assert.deepEqual(bodies, [
    [2, [2, 3]],
    [4, [4]],
  ]);
});

test('what_is_said_in_a_journal_taken_over_has_a_name_its_page_never_gave', () => {
  const keeper = makeKeeper();
  const before = new Journal('00', keeper);
  before.addStrokes([body(1)]);
  before.addStrokes([body(2)]);
  before.acknowledge(2, 1, 10);
  const { counter } = takeOver(keeper).addVisibility(false, [], [1]);
  assert.ok(counter > 2 ** 20 && counter < 2 ** 32);
});

test('a_stroke_in_the_hand_of_a_page_that_died_is_there_as_far_as_it_was_drawn', () => {
  const keeper = makeKeeper();
  const before = new Journal('00', keeper);
  const counter = before.reserve();
  before.keepDraft([body(1)]);
  before.keepDraft([body(2)]);
  const [entry] = takeOver(keeper).sendable(99);
  assert.deepEqual([entry.counter, entry.bodies.map(valueOf)], [counter, [2]]);
});

test('a_stroke_taken_back_in_the_hand_leaves_nothing', () => {
  const keeper = makeKeeper();
  const before = new Journal('00', keeper);
  before.reserve();
  before.keepDraft([body(1)]);
  before.release();
  assert.equal(keeper.items.size, 0);
});

test('what_cannot_be_kept_is_counted_until_there_is_room', async () => {
  const keeper = makeKeeper();
  const told = [];
  const journal = new Journal('00', keeper, () => 5, () => told.push(journal.unkeptCount));
  keeper.isFull = true;
  journal.addStrokes([body(1)]);
  journal.addStrokes([body(2)]);
  await new Promise(setImmediate);
  assert.equal(journal.unkeptCount, 2);
  journal.acknowledge(1, 1, 10);
  assert.equal(journal.unkeptCount, 1);
  keeper.isFull = false;
  journal.keepAgain();
  await new Promise(setImmediate);
  assert.equal(journal.unkeptCount, 0);
  assert.deepEqual(told, [1, 2, 1, 0]);
  assert.equal(keeper.items.get(2).atMs, 5);
});

test('what_was_acknowledged_before_its_keeping_failed_is_no_loss', async () => {
  const keeper = makeKeeper();
  keeper.isFull = true;
  const journal = new Journal('00', keeper);
  journal.addStrokes([body(1)]);
  journal.acknowledge(1, 1, 10);
  await new Promise(setImmediate);
  assert.equal(journal.unkeptCount, 0);
});

test('a_resend_after_a_loss_has_the_same_names_in_the_same_order', () => {
  const journal = new Journal('00', makeKeeper());
  for (let i = 0; i < 5; i++) {
    journal.addStrokes([body(i)]);
  }
  journal.sendable(99).forEach((entry) => (entry.isSent = true));
  assert.equal(journal.sendable(99).length, 0);
  journal.acknowledge(3, 1, 7);
  journal.markUnsent();
  assert.deepEqual(
    journal.sendable(99).map((entry) => entry.counter),
    [1, 2, 4, 5],
  );
});

test('no_more_is_on_its_way_than_the_server_allows', () => {
  const journal = new Journal('00', makeKeeper());
  for (let i = 0; i < 10; i++) {
    journal.addStrokes([body(i)]);
  }
  const first = journal.sendable(4);
  first.forEach((entry) => (entry.isSent = true));
  assert.equal(first.length, 4);
  assert.equal(journal.sendable(4).length, 0);
  journal.acknowledge(1, 1, 1);
  assert.deepEqual(
    journal.sendable(4).map((entry) => entry.counter),
    [5],
  );
});

test('an_undo_waits_until_the_stroke_has_its_seq', () => {
  const keeper = makeKeeper();
  const journal = new Journal('00', keeper);
  journal.addStrokes([body(1), body(2)]);
  journal.addVisibility(false, [], [1]);
  assert.deepEqual(
    journal.sendable(99).map((entry) => entry.counter),
    [1],
  );
  journal.acknowledge(1, 2, 40);
  const [hide] = journal.sendable(99);
  assert.deepEqual(decodeOp(hide.bodies[0]), { kind: 'hide', targets: [40, 41] });
  const [kept] = takeOver(keeper).sendable(99);
  assert.deepEqual(decodeOp(kept.bodies[0]), { kind: 'hide', targets: [40, 41] });
});

test('an_undo_of_a_stroke_still_waiting_survives_a_crash', () => {
  const keeper = makeKeeper();
  const before = new Journal('00', keeper);
  before.addStrokes([body(1)]);
  before.addVisibility(false, [], [1]);
  const after = takeOver(keeper);
  after.acknowledge(1, 1, 9);
  const [hide] = after.sendable(99);
  assert.deepEqual(decodeOp(hide.bodies[0]), { kind: 'hide', targets: [9] });
});

test('what_refers_to_a_refused_stroke_goes_with_it', () => {
  const keeper = makeKeeper();
  const journal = new Journal('00', keeper);
  journal.addStrokes([body(1)]);
  journal.addVisibility(false, [], [1]);
  journal.reject(1);
  assert.equal(journal.size, 0);
  assert.equal(keeper.items.size, 0);
});

test('a_reserved_counter_is_the_strokes_even_if_an_undo_comes_between', () => {
  const journal = new Journal('00', makeKeeper());
  const counter = journal.reserve();
  const undo = journal.addVisibility(false, [5], []);
  const stroke = journal.addStrokes(Array.from({ length: 32 }, (_, i) => body(i)));
  assert.equal(stroke.counter, counter);
  assert.ok(undo.counter >= counter + 32);
  assert.ok(journal.reserve() > undo.counter);
});

test('a_cancelled_stroke_leaves_its_counter_unused', () => {
  const journal = new Journal('00', makeKeeper());
  const counter = journal.reserve();
  journal.release();
  assert.ok(journal.reserve() > counter);
});

test('a_full_storage_loses_nothing_while_the_page_lives', () => {
  const journal = new Journal('00', { save: () => Promise.resolve(false), remove() {} });
  journal.addStrokes([body(1)]);
  assert.equal(journal.sendable(99).length, 1);
});

test('a_damaged_entry_is_dropped_and_the_others_stay', () => {
  const keeper = makeKeeper();
  new Journal('00', keeper).addStrokes([body(1)]);
  const good = keeper.items.get(1);
  keeper.items.set(2, { ...good, counter: 2, bodies: [Uint8Array.of(1, 1, 1)] });
  keeper.items.set(3, { ...good, counter: 3, bodies: 7 });
  keeper.items.set(4, { ...good, counter: 4, refs: ['x'] });
  keeper.items.set(5, 'something else');
  keeper.items.set(6, { ...good, counter: 7 });
  assert.deepEqual(
    takeOver(keeper)
      .list()
      .map((entry) => entry.counter),
    [1],
  );
  assert.deepEqual([...keeper.items.keys()], [1]);
});

test('an_undo_of_a_stroke_that_was_lost_is_dropped', () => {
  const keeper = makeKeeper();
  const before = new Journal('00', keeper);
  before.addStrokes([body(1)]);
  before.addVisibility(false, [], [1]);
  keeper.items.delete(1);
  assert.equal(takeOver(keeper).size, 0);
  assert.equal(keeper.items.size, 0);
});

test('undo_and_redo_walk_over_ones_own_strokes', () => {
  const history = new History();
  history.add({ counter: 1, count: 1, seq: null });
  history.add({ counter: 2, count: 2, seq: null });
  history.acknowledge(2, 77);
  assert.deepEqual(history.undo(), { counter: 2, count: 2, seq: 77 });
  assert.equal(history.undo().counter, 1);
  assert.equal(history.undo(), null);
  assert.equal(history.redo().counter, 1);
  history.add({ counter: 3, count: 1, seq: null });
  assert.equal(history.canRedo, false);
  history.forget(3);
  assert.equal(history.undo().counter, 1);
});

test('what_a_page_that_is_gone_did_can_be_undone', () => {
  const history = new History();
  history.takeOver('aa', [
    { counter: 1, count: 1, refs: [], seqs: [], isShow: false },
    { counter: 2, count: 2, refs: [], seqs: [], isShow: false },
    { counter: 4, count: 1, refs: [2], seqs: [], isShow: false },
  ]);
  assert.equal(history.redo().counter, 2);
  history.said(9, 'aa');
  history.add({ counter: 1, count: 1, seq: null });
  history.acknowledge(1, 50, 'aa');
  assert.deepEqual(history.undo(), { counter: 1, count: 1, seq: null });
  history.forget(2, 'aa');
  assert.deepEqual(history.undo(), { counter: 1, count: 1, seq: 50, nonce: 'aa' });
  assert.equal(history.undo(), null);
});

test('waits_grow_to_ten_seconds_and_differ_between_clients', () => {
  const low = new Backoff(() => 0);
  const high = new Backoff(() => 1);
  assert.equal(low.nextMs(), 125);
  assert.equal(high.nextMs(), 250);
  for (let i = 0; i < 20; i++) {
    assert.ok(high.nextMs() <= 10_000);
  }
  assert.equal(high.nextMs(), 10_000);
  high.reset();
  assert.equal(high.nextMs(), 250);
});

/* ---- edits ---- */

const strokeBody = (x) =>
  encodeOp({
    kind: 'stroke', tool: 0, color: 0x112233ff, width: 256, origin: { level: 0, x: 0, y: 0 }, startMs: null,
    part: 0, parts: 1, hasPressure: false, hasTimes: false,
    points: { count: 1, x: Int32Array.of(x), y: Int32Array.of(0), pressure: Uint8Array.of(255), dtMs: new Uint32Array(1) },
  });
const read = (entry) => entry.bodies.map(decodeOp).map((op) => (op.kind === 'stroke' ? op.points.x[0] : op));

test('an_edit_is_one_entry_that_hides_and_draws', () => {
  const journal = new Journal('00', makeKeeper());
  const entry = journal.addEdit({ seqs: [9, 4], refs: [], strokes: [strokeBody(1), strokeBody(2)] });
  assert.deepEqual(read(entry), [{ kind: 'hide', targets: [4, 9], follow: 2 }, 1, 2]);
  assert.equal(journal.addStrokes([strokeBody(3)]).counter, entry.counter + 3);
  const removal = journal.addEdit({ seqs: [7], refs: [] });
  assert.deepEqual(read(removal), [{ kind: 'hide', targets: [7], follow: 0 }]);
});

test('an_edit_of_what_waits_waits_and_so_does_one_of_that', () => {
  const keeper = makeKeeper();
  const journal = new Journal('00', keeper);
  const drawn = journal.addStrokes([strokeBody(1), strokeBody(2)]);
  const moved = journal.addEdit({ seqs: [3], refs: [drawn.counter], strokes: [strokeBody(5), strokeBody(6)] });
  const second = journal.addEdit({ seqs: [], refs: [moved.counter + 2], strokes: [strokeBody(7)] });
  const undone = journal.addEdit({ seqs: [], refs: [second.counter + 1], showRefs: [moved.counter + 2] });
  assert.deepEqual(journal.sendable(9), [drawn]);
  for (const after of [journal, takeOver(keeper)]) {
    after.acknowledge(drawn.counter, 2, 10);
    const [first] = after.sendable(9);
    assert.deepEqual(read(first), [{ kind: 'hide', targets: [3, 10, 11], follow: 2 }, 5, 6]);
    after.acknowledge(moved.counter, 3, 20);
    assert.deepEqual(read(after.sendable(9)[0]), [{ kind: 'hide', targets: [22], follow: 1 }, 7]);
    after.acknowledge(second.counter, 2, 30);
    assert.deepEqual(read(after.sendable(9)[0]), [
      { kind: 'hide', targets: [31], follow: 1 },
      { kind: 'show', targets: [22] },
    ]);
    after.acknowledge(undone.counter, 2, 40);
    assert.equal(after.size, 0);
  }
});

test('what_was_refused_takes_the_undoing_of_it_along_but_not_what_came_in_its_place', () => {
  const keeper = makeKeeper();
  const journal = new Journal('00', keeper);
  const drawn = journal.addStrokes([strokeBody(1)]);
  const moved = journal.addEdit({ seqs: [], refs: [drawn.counter], strokes: [strokeBody(5)] });
  journal.addEdit({ seqs: [], refs: [drawn.counter] });
  journal.reject(drawn.counter);
  assert.deepEqual(journal.list().map(read), [[{ kind: 'hide', targets: [], follow: 1 }, 5]]);
  assert.equal(journal.list()[0].counter, moved.counter);
  assert.equal(journal.addEdit({ seqs: [], refs: [drawn.counter], strokes: [strokeBody(6)] }).bodies.length, 2, 'nothing waits for what is gone');
});

test('a_damaged_edit_is_dropped_and_a_whole_one_taken_over', () => {
  const keeper = makeKeeper();
  const journal = new Journal('00', keeper);
  const drawn = journal.addStrokes([strokeBody(1)]);
  journal.addEdit({ seqs: [], refs: [drawn.counter], strokes: [strokeBody(5)] });
  const bad = journal.addEdit({ seqs: [], refs: [drawn.counter], strokes: [strokeBody(6)] });
  keeper.items.get(bad.counter).edit.strokes[0] = Uint8Array.of(1, 99);
  const after = takeOver(keeper);
  assert.deepEqual(after.list().map(({ counter, count }) => [counter, count]), [[1, 1], [2, 2]]);
});
