// A stroke drawn as it grows, only what is new of it each frame, with ink ahead of the pointer that is taken back again, gives the
// same pixels as one drawn whole, on every tile and however long.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PLAIN } from './feel.mjs';
import { load, root } from './load.mjs';

const { Ink } = await load('ink.ts');
const { LiveInk, loadPoints } = await load('view/live.ts');
const { appendPoints, StrokeBuilder, splitStroke } = await load('core/stroke.ts');
const { slicePoints } = await load('core/op.ts');

const ink = await Ink.load(readFileSync(join(root, 'build/web/ink.wasm')));

function random(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
}

function drawWhole(stroke, tile, under) {
  const pixels = ink.allocTile();
  ink.tilePixels(pixels).set(under);
  const mask = ink.allocMask();
  const slot = ink.allocStroke();
  const parts = splitStroke(stroke);
  parts.forEach((part, i) => {
    ink.beginStroke(slot, part.origin, part);
    ink.setPart(slot, i, parts.length);
    loadPoints(ink, slot, part, 0, part.points.count);
    ink.addStroke(mask, slot, 0, tile);
  });
  ink.composite(mask, stroke, pixels, pixels);
  const drawn = ink.tilePixels(pixels).slice();
  [[pixels, 'freeTile'], [mask, 'freeMask'], [slot, 'freeStroke']].forEach(([handle, free]) => ink[free](handle));
  return drawn;
}

/** A tile with ink of all kinds on it already. */
function makeUnder(seed) {
  const next = random(seed);
  return Uint32Array.from({ length: 65_536 }, () => {
    const alpha = Math.floor(next() * 256);
    const channel = () => Math.floor(next() * (alpha + 1));
    return ((alpha << 24) | (channel() << 16) | (channel() << 8) | channel()) >>> 0;
  });
}

const withTail = (stroke, tail) => {
  if (tail === null) {
    return stroke;
  }
  const whole = { ...stroke, points: slicePoints(stroke.points, 0, stroke.points.count) };
  appendPoints(whole, tail, 1);
  return whole;
};

/** A frame's work, as the painter does it. */
function frame(live, tile, settled, shown) {
  const rect = live.advance(tile);
  if (rect !== null) {
    ink.copyTile(settled, shown, rect);
    live.composite(tile, shown, rect);
  }
  return rect;
}

/** Every `framesOf`-th place is a frame; every `checkOf`-th frame is compared with the whole. */
function drawGrowing(samples, brush, tile, framesOf, checkOf = Infinity) {
  const next = random(5);
  const place = (x, y) => ({ level: 0, tileX: 0, tileY: 0, x, y });
  const sample = ([x, y, pressure = 1], i) => ({ place: place(x, y), pressure, timeMs: i * 4 });
  const builder = new StrokeBuilder(brush, place(...samples[0]), { ...PLAIN, pressure: 'pen' }, 0);
  const live = new LiveInk(ink, builder.stroke);
  live.touch(tile.key);
  const [settled, shown] = [ink.allocTile(), ink.allocTile()];
  const under = makeUnder(9);
  [settled, shown].forEach((handle) => ink.tilePixels(handle).set(under));
  let frames = 0;
  samples.forEach((each, i) => {
    builder.add(sample(each, i));
    if (next() < 1 / framesOf) {
      const ahead = [1, 2].map((k) => sample([each[0] + k * 9 * next(), each[1] - k * 11 * next(), next()], i + k));
      const tail = next() < 0.2 ? null : builder.tail(next() < 0.2 ? [] : ahead);
      live.setTail(tail);
      frame(live, tile, settled, shown);
      if (++frames % checkOf === 0) {
        const whole = drawWhole(withTail(builder.stroke, tail), tile, under);
        assert.deepEqual(ink.tilePixels(shown).slice(), whole, `after ${i} places, with a tail of ${tail?.count}`);
      }
    }
  });
  builder.finish();
  live.setTail(null);
  frame(live, tile, settled, shown);
  const drawn = ink.tilePixels(shown).slice();
  assert.equal(frame(live, tile, settled, shown), null, 'nothing is left to draw');
  live.reset();
  [settled, shown].forEach((handle) => ink.freeTile(handle));
  return { stroke: builder.stroke, drawn, under };
}

const tiles = [
  { level: 0, x: 0, y: 0, key: '0' },
  { level: -3, x: 0, y: 0, key: '1' },
  { level: 2, x: 1, y: 1, key: '2' },
];

for (const [name, tool, widthPx] of [
  ['thick', 0, 9],
  ['thin', 0, 0.4],
  ['marker', 1, 24],
  ['eraser', 2, 24],
  ['pencil', 3, 14],
  ['thin_pencil', 3, 0.6],
  ['airbrush', 4, 50],
]) {
  test(`a_${name}_stroke_drawn_as_it_grows_equals_the_whole`, () => {
    const next = random(3);
    const samples = Array.from({ length: 300 }, (_, i) => [
      128 + 100 * Math.sin(i / 9) + next() * 6,
      128 + 90 * Math.cos(i / 13),
      0.2 + next() * 0.8,
    ]);
    for (const tile of tiles) {
      const brush = { tool, color: 0x2c6ed566, widthPx };
      const { stroke, drawn, under } = drawGrowing(samples, brush, tile, 5, 4);
      assert.deepEqual(drawn, drawWhole(stroke, tile, under), `${name} on level ${tile.level}`);
      assert.notDeepEqual(drawn, under);
    }
  });
}

test('a_drawing_of_three_parts_drawn_as_it_grows_equals_the_whole', () => {
  const samples = Array.from({ length: 21_000 }, (_, i) => [
    128 + 110 * Math.sin(i / 3.1),
    128 + 110 * Math.cos(i / 4.7),
  ]);
  for (const widthPx of [0.5, 3]) {
    const brush = { tool: 0, color: 0x23211f80, widthPx };
    const { stroke, drawn, under } = drawGrowing(samples, brush, tiles[0], 400, 9);
    assert.ok(splitStroke(stroke).length >= 3);
    assert.deepEqual(drawn, drawWhole(stroke, tiles[0], under));
  }
});

/** As it was shown so far, and then as the ops that it became. */
function finishGrowing(stroke, shownPoints, tile) {
  const live = new LiveInk(ink, { ...stroke, points: slicePoints(stroke.points, 0, shownPoints) });
  live.touch(tile.key);
  live.advance(tile);
  const isFinished = live.finishAs(splitStroke(stroke));
  const pixels = ink.allocTile();
  const under = makeUnder(9);
  ink.tilePixels(pixels).set(under);
  const isDrawn = isFinished && live.drawWhole(tile, pixels);
  assert.equal(isFinished && live.drawWhole({ ...tile, key: 'elsewhere' }, pixels), false);
  const drawn = ink.tilePixels(pixels).slice();
  live.reset();
  ink.freeTile(pixels);
  return { isDrawn, drawn, under };
}

test('what_was_drawn_while_it_grew_need_not_be_drawn_again_as_an_op', () => {
  const next = random(17);
  for (const [tool, widthPx, count] of [[0, 0.5, 300], [0, 7, 300], [3, 30, 300], [4, 60, 300], [0, 0.5, 21_000]]) {
    const builder = new StrokeBuilder({ tool, color: 0x23211f80, widthPx }, { ...tiles[0], tileX: 0, tileY: 0, x: 9, y: 9 }, PLAIN, 0);
    for (let i = 0; i < count; i++) {
      const place = { level: 0, tileX: 0, tileY: 0, x: 128 + 120 * Math.sin(i / 3.1), y: 128 + 110 * Math.cos(i / 4.7) };
      builder.add({ place, pressure: next(), timeMs: i * 4 });
    }
    builder.finish();
    const { stroke } = builder;
    for (const shown of [1, Math.floor(stroke.points.count * 0.7), stroke.points.count]) {
      const { isDrawn, drawn, under } = finishGrowing(stroke, shown, tiles[0]);
      assert.equal(isDrawn, true);
      assert.deepEqual(drawn, drawWhole(stroke, tiles[0], under), `${widthPx} px, ${shown} points of ${stroke.points.count}`);
    }
  }
});

test('ink_that_is_not_how_an_op_begins_is_not_taken_for_it', () => {
  const { stroke } = drawGrowing(Array.from({ length: 80 }, (_, i) => [20 + 2 * i, 60 + i]), { tool: 0, color: 0x23211fff, widthPx: 4 }, tiles[0], 9);
  const live = (change) => {
    const points = slicePoints(stroke.points, 0, stroke.points.count);
    const held = new LiveInk(ink, { ...stroke, points, ...change(points) });
    return held.finishAs(splitStroke(stroke));
  };
  assert.equal(live(() => ({})), true);
  assert.equal(live(() => ({ color: 0x23211f80 })), false);
  assert.equal(live(() => ({ width: 5 * 256 })), false);
  assert.equal(live(() => ({ origin: { ...stroke.origin, x: 1 } })), false);
  assert.equal(live((points) => void (points.x[3] += 8)), false);
  assert.equal(live((points) => void (points.pressure[3] -= 1)), false);
  const longer = { ...stroke, points: slicePoints(stroke.points, 0, stroke.points.count) };
  appendPoints(longer, slicePoints(stroke.points, 0, 2), 0);
  assert.equal(new LiveInk(ink, longer).finishAs(splitStroke(stroke)), false, 'more than became of it');
});

test('a_filled_outline_drawn_as_it_grows_equals_the_whole', () => {
  const next = random(11);
  const samples = Array.from({ length: 400 }, (_, i) => [
    200 + (150 + 60 * Math.sin(i / 17)) * Math.cos(i / 60) + 5 * next(),
    200 + (190 + 40 * Math.cos(i / 23)) * Math.sin(i / 31),
  ]);
  const under = makeUnder(9);
  for (const tile of [tiles[0], { level: 0, x: 1, y: 1, key: '3' }, { level: 1, x: 1, y: 1, key: '4' }]) {
    const builder = new StrokeBuilder({ tool: 5, color: 0x2c6ed566 }, { ...tiles[0], tileX: 0, tileY: 0, x: 0, y: 0 }, PLAIN, 0);
    const live = new LiveInk(ink, builder.stroke);
    live.touch(tile.key);
    const [settled, shown] = [ink.allocTile(), ink.allocTile()];
    [settled, shown].forEach((handle) => ink.tilePixels(handle).set(under));
    let drawn = 0;
    samples.forEach(([x, y], i) => {
      builder.add({ place: { level: 0, tileX: 0, tileY: 0, x, y }, pressure: 1, timeMs: i * 4 });
      if (i % 3 === 0) {
        const rect = frame(live, tile, settled, shown);
        drawn += rect === null ? 0 : (rect.x1 - rect.x0) * (rect.y1 - rect.y0);
      }
    });
    assert.equal(builder.tail([]), null, 'it ends where the pointer is as it is');
    builder.finish();
    frame(live, tile, settled, shown);
    assert.deepEqual(ink.tilePixels(shown).slice(), drawWhole(builder.stroke, tile, under), tile.key);
    assert.ok(drawn < 0.8 * 134 * 65_536, `${drawn / 65_536} tiles`);
  }
});

test('a_frame_touches_only_what_is_new', () => {
  const place = (x) => ({ level: 0, tileX: 0, tileY: 0, x, y: 100 });
  const builder = new StrokeBuilder({ tool: 1, color: 0x2c6ed566, widthPx: 8 }, place(10), PLAIN, 0);
  const live = new LiveInk(ink, builder.stroke);
  live.touch('0');
  const [settled, shown] = [ink.allocTile(), ink.allocTile()];
  for (let x = 10; x < 250; x += 10) {
    builder.add({ place: place(x), pressure: 1, timeMs: x });
    live.setTail(builder.tail([]));
    const rect = frame(live, tiles[0], settled, shown);
    assert.ok(rect.x1 - rect.x0 < 50, `${rect.x1 - rect.x0} columns`);
  }
});
