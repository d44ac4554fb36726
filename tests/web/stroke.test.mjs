import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PLAIN } from './feel.mjs';
import { load, root } from './load.mjs';

const { StrokeBuilder, splitStroke, STROKE_POINTS_MAX } = await load('core/stroke.ts');
const { HomeCounter, tilesTouchedIn, touchesTile } = await load('core/touch.ts');
const { decodeOp, encodeOp } = await load('core/op.ts');
const { boostTable } = await load('core/boost.ts');
const { Ink } = await load('ink.ts');

const BRUSH = { tool: 0, color: 0x23211fff, widthPx: 4 };
const at = (x, y, level = 0) => ({ level, tileX: 0, tileY: 0, x, y });

const PEN = { ...PLAIN, pressure: 'pen' };

function build(samples, { brush = BRUSH, hasPressure = false, feel = hasPressure ? PEN : PLAIN } = {}) {
  const builder = new StrokeBuilder(brush, at(samples[0][0], samples[0][1]), feel, 1_000);
  samples.forEach(([x, y, pressure = 0.5], i) => {
    builder.add({ place: at(x, y), pressure, timeMs: i * 8 });
  });
  builder.finish();
  return builder.stroke;
}

function distanceToPath(x, y, path) {
  let least = Infinity;
  for (let i = 1; i < path.length; i++) {
    const [ax, ay] = path[i - 1];
    const [bx, by] = path[i];
    const length = (bx - ax) ** 2 + (by - ay) ** 2;
    const t = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length));
    least = Math.min(least, Math.hypot(x - ax - (bx - ax) * t, y - ay - (by - ay) * t));
  }
  return least;
}

test('a_press_without_a_move_is_one_point', () => {
  const { points } = build([[10, 20]]);
  assert.equal(points.count, 1);
  assert.deepEqual([points.x[0], points.y[0]], [80, 160]);
});

test('a_stroke_begins_and_ends_where_the_pointer_did', () => {
  const { points } = build([
    [3, 4],
    [50, 60],
    [120, 30],
    [200.5, 90.25],
  ]);
  assert.deepEqual([points.x[0], points.y[0]], [24, 32]);
  const last = points.count - 1;
  assert.deepEqual([points.x[last], points.y[last]], [1604, 722]);
});

test('a_fast_circle_of_few_events_comes_out_round', () => {
  const samples = Array.from({ length: 25 }, (_, i) => {
    const angle = (i / 24) * 2 * Math.PI;
    return [300 + 100 * Math.cos(angle), 300 + 100 * Math.sin(angle)];
  });
  const { points } = build(samples);
  let sharpest = 0;
  for (let i = 3; i < points.count - 2; i++) {
    const turn = (j) => Math.atan2(points.y[j] - points.y[j - 1], points.x[j] - points.x[j - 1]);
    const bend = Math.abs(((turn(i) - turn(i - 1) + 3 * Math.PI) % (2 * Math.PI)) - Math.PI);
    sharpest = Math.max(sharpest, bend);
  }
  assert.ok(sharpest < 0.25, `a corner of ${sharpest} rad`);
  assert.ok(points.count < 120, `${points.count} points`);
});

test('smoothing_stays_close_to_the_hand', () => {
  const samples = Array.from({ length: 80 }, (_, i) => [i * 5, 100 + 40 * Math.sin(i / 6)]);
  const { points } = build(samples);
  for (let i = 0; i < points.count; i++) {
    const away = distanceToPath(points.x[i] / 8, points.y[i] / 8, samples);
    assert.ok(away < 2, `${away} px`);
  }
});

test('times_add_up_to_how_long_it_took', () => {
  const { points } = build(Array.from({ length: 40 }, (_, i) => [i * 10, 0]));
  const lasted = points.dtMs.slice(0, points.count).reduce((sum, dt) => sum + dt, 0);
  assert.equal(lasted, 39 * 8);
  assert.equal(points.dtMs[0], 0);
});

test('a_mouse_leaves_no_pressure_and_a_pen_does', () => {
  const mouse = build([
    [0, 0],
    [100, 0],
  ]);
  assert.equal(mouse.hasPressure, false);
  assert.ok(mouse.points.pressure.slice(0, mouse.points.count).every((p) => p === 255));
  const pen = build(
    [
      [0, 0, 0.2],
      [50, 0, 0.6],
      [100, 0, 1],
    ],
    { hasPressure: true },
  );
  assert.equal(pen.points.pressure[0], 51);
  assert.equal(pen.points.pressure[pen.points.count - 1], 255);
});

test('a_long_drawing_becomes_parts_that_share_end_points', () => {
  const samples = Array.from({ length: 9_000 }, (_, i) => [i % 2 ? 0 : 30, i / 50]);
  const stroke = build(samples);
  assert.ok(stroke.points.count > 8192);
  const parts = splitStroke(stroke);
  let last = null;
  let total = 0;
  parts.forEach((part, i) => {
    assert.deepEqual([part.part, part.parts], [i, parts.length]);
    assert.ok(part.points.count <= 8192);
    const first = [part.points.x[0], part.points.y[0]];
    if (last !== null) {
      assert.deepEqual(first, last);
    }
    const end = part.points.count - 1;
    last = [part.points.x[end], part.points.y[end]];
    total += part.points.count;
    assert.equal(decodeOp(encodeOp(part)).points.count, part.points.count);
  });
  assert.equal(total, stroke.points.count + parts.length - 1);
});

test('a_drawing_ends_where_a_group_is_full', () => {
  const builder = new StrokeBuilder(BRUSH, at(0, 0), PLAIN, 0);
  for (let i = 0; !builder.isFull && i < 400_000; i++) {
    builder.add({ place: at(i % 2 ? 0 : 9, (i / 7) % 200), pressure: 0.5, timeMs: i });
  }
  assert.equal(builder.stroke.points.count, STROKE_POINTS_MAX);
  assert.equal(splitStroke(builder.stroke).length, 32);
});

test('coarsening_keeps_the_place_and_the_width', () => {
  const builder = new StrokeBuilder(BRUSH, at(300, -40), PLAIN, 0);
  builder.add({ place: at(300, -40), pressure: 0.5, timeMs: 0 });
  builder.add({ place: at(900, 500), pressure: 0.5, timeMs: 8 });
  builder.coarsen();
  builder.add({ place: at(1000, 600), pressure: 0.5, timeMs: 16 });
  builder.finish();
  const { origin, points, width } = builder.stroke;
  const worldX = (i) => (origin.x * 256 + points.x[i] / 8) * 2;
  assert.equal(origin.level, -1);
  assert.equal(width, 512);
  assert.ok(Math.abs(worldX(0) - 300) <= 0.25);
  assert.ok(Math.abs(worldX(points.count - 1) - 1000) <= 0.25);
});

function random(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
}

test('a_stroke_touches_the_tiles_the_kernel_says_and_no_fewer', async () => {
  const ink = await Ink.load(readFileSync(join(root, 'build/web/ink.wasm')));
  const slot = ink.allocStroke();
  const next = random(7);
  for (let round = 0; round < 60; round++) {
    const samples = Array.from({ length: 2 + Math.floor(next() * 12) }, () => [
      next() * 1500,
      next() * 1500,
      0.1 + next() * 0.9,
    ]);
    const brush = { ...BRUSH, tool: round % 3, widthPx: 1 + next() * 120 };
    const stroke = build(samples, { brush, hasPressure: round % 2 === 0 });
    assert.ok(ink.decodeStroke(slot, encodeOp(stroke)));
    const homes = new Set(ink.strokeHomes(slot).map(({ tile }) => `${tile.x},${tile.y}`));
    const rect = { level: 0, x: -4, y: -4, width: 16, height: 16 };
    const mine = tilesTouchedIn(stroke, 0, rect).map(({ x, y }) => `${x},${y}`);
    assert.deepEqual(new Set(mine), homes);
    const counter = new HomeCounter();
    assert.equal(counter.update(stroke), true);
  }
});

test('a_stroke_is_found_on_tiles_of_every_level', () => {
  const stroke = build([
    [100, 100],
    [140, 130],
  ]);
  for (let level = -24; level <= 8; level++) {
    const x = Math.floor((120 * 2 ** level) / 256);
    const y = Math.floor((115 * 2 ** level) / 256);
    assert.ok(touchesTile(stroke, 0, { level, x, y }), `level ${level}`);
  }
  assert.ok(!touchesTile(stroke, 0, { level: 0, x: 1, y: 0 }));
  assert.ok(!touchesTile(stroke, 0, { level: 4, x: 0, y: 0 }));
});

test('a_stroke_over_too_many_tiles_is_noticed_as_it_grows', () => {
  const counter = new HomeCounter();
  const builder = new StrokeBuilder(BRUSH, at(0, 0), PLAIN, 0);
  builder.add({ place: at(0, 0), pressure: 0.5, timeMs: 0 });
  let isWithin = counter.update(builder.stroke);
  let length = 0;
  while (isWithin) {
    length += 200;
    builder.add({ place: at(length, 0), pressure: 0.5, timeMs: length });
    isWithin = counter.update(builder.stroke);
  }
  assert.ok(length / 256 > 120 && length / 256 < 258, `${length / 256} tiles`);
});

test('the_far_out_boost_raises_and_never_lowers', () => {
  for (const level of [-2, -6, -24]) {
    const table = boostTable(level);
    assert.equal(table[0], 0);
    assert.equal(table[255], 255);
    for (let alpha = 1; alpha < 255; alpha++) {
      assert.ok(table[alpha] >= alpha && table[alpha] >= table[alpha - 1]);
    }
  }
  assert.ok(boostTable(-8)[8] > 50);
});
