// Whose a stroke is: a nonce is in every record that others see, so anybody can take it, and with it a counter that its owner is
// just drawing under, or has drawn and waits for.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load, root } from './load.mjs';

const { Ink } = await load('ink.ts');
const { Scene } = await load('view/scene.ts');
const { Others } = await load('view/others.ts');
const { encodeOp } = await load('core/op.ts');
const { markKey } = await load('core/marks.ts');

const ink = await Ink.load(readFileSync(join(root, 'build/web/ink.wasm')));
const [ANN, THIEF] = [7, 8];
const NONCE = '00000000000000aa';

function stroke(y, part = 0, parts = 1) {
  const points = { count: 2, x: Int32Array.of(80, 800), y: Int32Array.of(y, y), pressure: Uint8Array.of(255, 255), dtMs: Uint32Array.of(0, 4) };
  return { kind: 'stroke', tool: 0, color: 0x23211fff, width: 2048, origin: { level: 0, x: 0, y: 0 }, startMs: null, part, parts, hasPressure: false, hasTimes: false, points };
}

/** A view of one empty tile; `shown` tells the heights (in 1/8 px) at which strokes lie on it, by where they come from. */
function makeScene() {
  const scene = new Scene({ ink, paint: () => null }, () => undefined);
  scene.subscribe({ level: 0, x: 0, y: 0, width: 1, height: 1 });
  scene.viewCame({ type: 'view', id: 1, isResumed: false, seq: 0, rect: scene.rect, seqs: [0] });
  const tile = scene.store.find(0, 0, 0);
  const heights = (marks) => marks.map(({ parts }) => parts.map(({ points }) => points.y[0]));
  return {
    scene,
    tile,
    shown: () => ({
      marks: heights(tile.log.visibleMarks(scene.overrides)),
      pending: heights(scene.pendingFor(tile)),
      lives: scene.livesFor(tile).length,
    }),
  };
}

let seq = 0;
const op = (artist, counter, { part = 0 } = {}) => ({
  type: 'op', seq: ++seq, timeMs: 0, artist, nonce: NONCE, counter: counter + part, replaces: 0, body: new Uint8Array(),
});
const preview = (artist, counter, drawn) => ({ type: 'preview', artist, nonce: NONCE, counter, first: 0, body: encodeOp(drawn) });

test('a_strokes_preview_ends_with_its_own_artists_op_alone', () => {
  const { scene, shown } = makeScene();
  const others = new Others(scene, 'ff');
  others.previewCame(preview(ANN, 3, stroke(400)), 0);
  assert.equal(shown().lives, 1);
  const stolen = op(THIEF, 3);
  scene.opCame(stolen, stroke(900));
  others.opCame(stolen);
  assert.deepEqual(shown(), { marks: [[900]], pending: [], lives: 1 }, 'the stroke is there, and the preview goes on');
  const own = op(ANN, 3);
  scene.opCame(own, stroke(400));
  others.opCame(own);
  assert.deepEqual(shown(), { marks: [[900], [400]], pending: [], lives: 0 });
});

test('what_waits_for_the_server_waits_for_its_own_op', () => {
  const { scene, shown } = makeScene();
  const key = markKey(NONCE, 5);
  scene.addPending(key, [stroke(400)]); /* drawn before it is known who one is */
  scene.opCame(op(THIEF, 5), stroke(900));
  assert.deepEqual(shown(), { marks: [[900]], pending: [[400]], lives: 0 });
  scene.self = ANN;
  scene.opCame(op(THIEF, 5), stroke(901));
  assert.deepEqual(shown().pending, [[400]]);
  scene.opCame(op(ANN, 5), stroke(400));
  assert.deepEqual(shown(), { marks: [[900], [901], [400]], pending: [], lives: 0 });
});

test('on_a_canvas_that_does_not_exist_yet_nobody_has_a_number_before_the_first_op', () => {
  const { scene, shown } = makeScene();
  const others = new Others(scene, 'ff');
  others.previewCame(preview(0, 3, stroke(400)), 0);
  scene.self = 0;
  scene.addPending(markKey(NONCE, 4), [stroke(500)]);
  for (const [counter, height] of [[3, 400], [4, 500]]) {
    const first = op(ANN, counter);
    scene.opCame(first, stroke(height));
    others.opCame(first);
  }
  assert.deepEqual(shown(), { marks: [[400], [500]], pending: [], lives: 0 });
});

test('the_stroke_under_ones_own_hand_goes_on_whoever_commits_its_counter', () => {
  const { scene, shown } = makeScene();
  scene.self = ANN;
  scene.lives.begin(markKey(NONCE, 6), stroke(400));
  scene.opCame(op(THIEF, 6), stroke(900));
  assert.equal(shown().lives, 1);
  scene.opCame(op(ANN, 6), stroke(400));
  assert.equal(shown().lives, 0);
});

test('ink_that_was_drawn_while_it_grew_is_of_its_own_artists_mark_alone', () => {
  const { scene, tile } = makeScene();
  scene.self = ANN;
  const key = markKey(NONCE, 7);
  scene.lives.begin(key, stroke(400));
  scene.addPending(key, [stroke(400)]);
  scene.opCame(op(THIEF, 7), stroke(900));
  scene.opCame(op(ANN, 7), stroke(400));
  const [stolen, own] = tile.log.visibleMarks(scene.overrides);
  assert.equal(scene.inkOf(stolen), null);
  assert.notEqual(scene.inkOf(own), null);
});

test('parts_of_two_artists_under_one_counter_are_two_strokes', () => {
  const { scene, shown } = makeScene();
  scene.opCame(op(ANN, 10), stroke(400, 0, 2));
  scene.opCame(op(THIEF, 10, { part: 1 }), stroke(900, 1, 2));
  scene.opCame(op(ANN, 10, { part: 1 }), stroke(410, 1, 2));
  assert.deepEqual(shown().marks.sort(), [[400, 410], [900]].sort());
});
