// The WebAssembly build draws what the native one draws, and its wrapper hands it over unharmed.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import test, { before } from 'node:test';
import { drawVector, fillStroke, fnv1a, loadInk } from './ink-raw.mjs';

const file = (path) => new URL(`../../${path}`, import.meta.url);
const { vectors, raster_version } = JSON.parse(await readFile(file('tests/data/ink-vectors.json')));
const raw = await loadInk();
let module;
let ink;

before(async () => {
  const esbuild = createRequire(file('web/package.json'))('esbuild');
  const source = await readFile(file('web/src/ink.ts'), 'utf8');
  const { code } = await esbuild.transform(source, { loader: 'ts', format: 'esm' });
  module = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  ink = await module.Ink.load(await readFile(file('build/web/ink.wasm')));
});

test('fnv1a_is_the_published_function', () => {
  assert.equal(fnv1a(new TextEncoder().encode('foobar')), '85944171f73967e8');
});

for (const vector of vectors) {
  test(`wasm_draws_the_vector_${vector.name.replaceAll(' ', '_')}`, () => {
    const { rect, hash } = vector;
    assert.deepEqual(drawVector(raw, vector), { rect, hash });
    assert.deepEqual(drawVector(raw, vector, 5), { rect, hash }, 'five points at a time');
  });
}

test('is_of_the_vectors_raster_version', () => assert.equal(raw.raster_version(), raster_version));

test('needs_nothing_from_the_page_and_stays_small', async () => {
  const bytes = await readFile(file('build/web/ink.wasm'));
  assert.deepEqual(WebAssembly.Module.imports(new WebAssembly.Module(bytes)), []);
  assert.ok(bytes.length < 64 * 1024, `${bytes.length} bytes`);
});

function points(count) {
  return Array.from({ length: count }, (_, i) => ({
    x: 800 + 9 * i, y: 900 + ((i * 37) % 200), pressure: 100 + i, dtMs: i === 0 ? 0 : 8,
  }));
}

function begun(pen = { tool: module.Tool.pen, color: 0x112233ff, width: 900 }) {
  const stroke = ink.allocStroke();
  ink.beginStroke(stroke, { level: 5, x: -3, y: 2 ** 20 }, pen);
  return stroke;
}

test('a_stroke_survives_encoding_and_decoding', () => {
  const stroke = begun();
  ink.setStart(stroke, 1700000000000);
  points(60).forEach((point, i) => assert.equal(ink.pushPoint(stroke, point), i + 1));
  const body = ink.encodeStroke(stroke);
  assert.ok(body.length < 60 * 8);
  const again = ink.allocStroke();
  assert.equal(ink.decodeStroke(again, body), true);
  assert.deepEqual(ink.strokeInfo(again), ink.strokeInfo(stroke));
  assert.deepEqual(ink.strokeInfo(again).origin, { level: 5, x: -3, y: 2 ** 20 });
  points(60).forEach((point, i) => assert.deepEqual(ink.strokePoint(again, i), point));
  assert.equal(ink.decodeStroke(again, body.subarray(0, body.length - 1)), false);
  assert.equal(ink.decodeStroke(again, new Uint8Array(0)), false);
  ink.freeStroke(stroke);
  ink.freeStroke(again);
});

test('a_live_stroke_over_a_base_tile_shows_what_committing_it_leaves', () => {
  const [base, shown, stroke, mask] = [ink.allocTile(), ink.allocTile(), begun(), ink.allocMask()];
  const tile = { level: 5, x: -3, y: 2 ** 20 };
  const rgba = new Uint8Array(262144).map((_, i) => (i % 4 === 3 ? 255 : i % 251));
  ink.setTileRgba(base, rgba);
  ink.copyTile(base, shown);
  const pen = ink.strokeInfo(stroke);
  let drawn = 0;
  for (const point of points(60)) {
    const count = ink.pushPoint(stroke, point);
    ink.addStroke(mask, stroke, drawn, tile);
    drawn = count;
    ink.composite(mask, pen, base, shown);
  }
  assert.deepEqual(ink.tileRgba(base), new Uint8ClampedArray(rgba), 'the base is untouched');
  const rect = ink.composite(mask, pen, base, base);
  assert.deepEqual(rect, ink.maskRect(mask));
  assert.deepEqual(ink.tileRgba(base), ink.tileRgba(shown));
  const part = ink.tileRgba(base, rect);
  assert.equal(part.length, (rect.x1 - rect.x0) * (rect.y1 - rect.y0) * 4);
  assert.notDeepEqual(ink.tileRgba(base), new Uint8ClampedArray(rgba));
  ink.clearMask(mask);
  assert.equal(ink.maskRect(mask), null);
  ink.freeMask(mask);
  ink.freeStroke(stroke);
  [base, shown].forEach((each) => ink.freeTile(each));
});

test('tells_the_home_tiles_or_that_there_are_too_many', () => {
  const stroke = begun();
  ink.pushPoint(stroke, { x: 1024, y: 1024, pressure: 255, dtMs: 0 });
  ink.pushPoint(stroke, { x: 3072, y: 1024, pressure: 255, dtMs: 0 });
  const homes = ink.strokeHomes(stroke);
  assert.deepEqual(homes.map((home) => home.tile.x).sort((a, b) => a - b), [-3, -2]);
  assert.ok(homes.every((home) => home.tile.y === 2 ** 20 && home.tile.level === 5));
  const right = homes.find((home) => home.tile.x === -2);
  assert.ok(right.x0 === 0 && right.x1 >= 128 && right.y0 <= 127 && right.y1 >= 128);
  ink.pushPoint(stroke, { x: 1000000, y: 1000000, pressure: 255, dtMs: 0 });
  assert.equal(ink.strokeHomes(stroke), null);
  ink.freeStroke(stroke);
});

test('a_stroke_slot_holds_8192_points_and_no_more', () => {
  const stroke = begun();
  for (let i = 0; i < 8192; i++) {
    assert.equal(ink.pushPoint(stroke, { x: i, y: 0, pressure: 255, dtMs: 0 }), i + 1);
  }
  assert.equal(ink.pushPoint(stroke, { x: 0, y: 0, pressure: 255, dtMs: 0 }), 0);
  ink.truncateStroke(stroke, 10);
  assert.equal(ink.strokeInfo(stroke).pointCount, 10);
  ink.freeStroke(stroke);
});

test('memory_is_used_again_and_comes_back_empty', () => {
  const tiles = Array.from({ length: 200 }, () => ink.allocTile());
  assert.equal(new Set(tiles).size, 200);
  tiles.forEach((tile) => ink.tilePixels(tile).fill(0xffffffff));
  const before = ink.memoryBytes;
  tiles.forEach((tile) => ink.freeTile(tile));
  const again = Array.from({ length: 200 }, () => ink.allocTile());
  assert.equal(ink.memoryBytes, before);
  assert.ok(again.every((tile) => ink.tilePixels(tile).every((pixel) => pixel === 0)));
  again.forEach((tile) => ink.freeTile(tile));
});

test('halves_tiles_into_their_parent', () => {
  const [child, parent] = [ink.allocTile(), ink.allocTile()];
  ink.tilePixels(child).fill(0xff405060);
  ink.downsample(child, 3, parent);
  assert.equal(ink.tilePixels(parent)[255 * 256 + 255] >>> 0, 0xff405060);
  assert.equal(ink.tilePixels(parent)[0], 0);
  ink.downsample(null, 3, parent);
  assert.ok(ink.tilePixels(parent).every((pixel) => pixel === 0));
  [child, parent].forEach((tile) => ink.freeTile(tile));
});

test('many_slots_of_each_kind_do_not_overlap', () => {
  const [a, b] = [raw.stroke_alloc(), raw.stroke_alloc()];
  const stroke = vectors.find((vector) => vector.strokes[0].points.length > 10).strokes[0];
  fillStroke(raw, a, stroke);
  fillStroke(raw, b, { ...stroke, points: [[1, 2, 3]] });
  const first = new Int32Array(raw.memory.buffer, raw.stroke_points(a), 2);
  assert.deepEqual([...first], stroke.points[0].slice(0, 2));
  assert.equal(raw.stroke_point_count(b), 1);
  raw.stroke_free(a);
  raw.stroke_free(b);
});
