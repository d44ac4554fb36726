// A stroke drawn as it grows gives the same pixels as one drawn whole, on every tile and however long.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load, root } from './load.mjs';

const { Ink } = await load('ink.ts');
const { LiveInk, loadPoints } = await load('view/live.ts');
const { StrokeBuilder, splitStroke } = await load('core/stroke.ts');

const ink = await Ink.load(readFileSync(join(root, 'build/web/ink.wasm')));

function random(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
}

function drawWhole(stroke, tile) {
  const pixels = ink.allocTile();
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
  return ink.tilePixels(pixels).slice();
}

function drawGrowing(samples, brush, tile, framesOf) {
  const next = random(5);
  const place = (x, y) => ({ level: 0, tileX: 0, tileY: 0, x, y });
  const builder = new StrokeBuilder(brush, place(...samples[0]), true, 0);
  const live = new LiveInk(ink, builder.stroke);
  live.touch(tile.key);
  const pixels = ink.allocTile();
  samples.forEach(([x, y, pressure = 1], i) => {
    builder.add({ place: place(x, y), pressure, timeMs: i * 4 });
    if (next() < 1 / framesOf) {
      ink.clearTile(pixels);
      live.composite(tile, pixels);
    }
  });
  builder.finish();
  ink.clearTile(pixels);
  live.composite(tile, pixels);
  const drawn = ink.tilePixels(pixels).slice();
  live.reset();
  return { stroke: builder.stroke, drawn };
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
      const { stroke, drawn } = drawGrowing(samples, brush, tile, 5);
      assert.deepEqual(drawn, drawWhole(stroke, tile), `${name} on level ${tile.level}`);
      assert.ok(drawn.some((pixel) => pixel !== 0));
    }
  });
}

test('a_drawing_of_three_parts_drawn_as_it_grows_equals_the_whole', () => {
  const samples = Array.from({ length: 21_000 }, (_, i) => [
    128 + 110 * Math.sin(i / 3.1),
    128 + 110 * Math.cos(i / 4.7),
  ]);
  const brush = { tool: 0, color: 0x23211f80, widthPx: 0.5 };
  const { stroke, drawn } = drawGrowing(samples, brush, tiles[0], 400);
  assert.ok(splitStroke(stroke).length >= 3);
  assert.deepEqual(drawn, drawWhole(stroke, tiles[0]));
});
