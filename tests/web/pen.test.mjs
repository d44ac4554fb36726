// What the hand feels: pressure and its curve, speed in its place, tilt, the stabiliser, ink ahead of the pointer; and what of it is kept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { altitudeOf, curved, CURVES, speedToPressure, PRESSURE_AT_BEGIN, tiltWidth, UPRIGHT } = await load('core/pen.ts');
const { pull, stringLength } = await load('core/steady.ts');
const { PLAIN, StrokeBuilder } = await load('core/stroke.ts');
const { Palette, placeOfWidth, widthAt, WIDTH_MAX, WIDTH_MIN } = await load('ui/palette.ts');
const { TOOLS } = await load('core/tools.ts');

const PENCIL = 3;
const AIRBRUSH = 4;
const degrees = (angle) => (angle * Math.PI) / 180;

test('how_steep_a_pen_is_held_is_read_from_what_the_browser_tells', () => {
  assert.equal(altitudeOf({}), UPRIGHT);
  assert.equal(altitudeOf({ altitudeAngle: 0.4, tiltX: 0, tiltY: 0 }), 0.4);
  assert.ok(Math.abs(altitudeOf({ tiltX: 60, tiltY: 0 }) - degrees(30)) < 1e-9);
  assert.ok(Math.abs(altitudeOf({ tiltX: 0, tiltY: -60 }) - degrees(30)) < 1e-9);
  assert.ok(altitudeOf({ tiltX: 90, tiltY: 90 }) < degrees(1.5));
});

test('a_pencil_on_its_side_shades_and_a_pen_does_not_care', () => {
  assert.equal(tiltWidth(PENCIL, UPRIGHT), 1);
  assert.equal(tiltWidth(PENCIL, degrees(55)), 1, 'as one writes');
  assert.equal(tiltWidth(PENCIL, degrees(10)), 6);
  assert.ok(tiltWidth(PENCIL, degrees(35)) > 1.5 && tiltWidth(PENCIL, degrees(35)) < 4);
  assert.ok(tiltWidth(AIRBRUSH, degrees(20)) > 1.5);
  assert.equal(tiltWidth(0, degrees(10)), 1);
});

test('each_curve_keeps_the_ends_and_the_order', () => {
  for (const curve of CURVES) {
    assert.equal(curved(0, curve), 0);
    assert.equal(curved(1, curve), 1);
    assert.equal(curved(7, curve), 1);
    assert.ok(curved(0.3, curve) < curved(0.6, curve));
  }
  assert.ok(curved(0.4, 'soft') > 0.5 && curved(0.4, 'hard') < 0.3);
});

test('speed_thins_slowly_and_never_to_nothing', () => {
  let fast = PRESSURE_AT_BEGIN;
  let slow = PRESSURE_AT_BEGIN;
  for (let i = 0; i < 100; i++) {
    const next = speedToPressure(fast, 40, 8);
    assert.ok(Math.abs(next - fast) < 0.3);
    fast = next;
    slow = speedToPressure(slow, 2, 8);
  }
  assert.ok(fast > 0.29 && fast < 0.4, `${fast}`);
  assert.ok(slow > 0.9 && slow <= 1, `${slow}`);
  assert.equal(speedToPressure(0.5, 0, 0), 0.5, 'a hand that rests changes nothing');
});

test('a_string_pulls_only_when_it_is_taut', () => {
  assert.equal(stringLength(0), 0);
  assert.ok(stringLength(10) > 50 && stringLength(99) === stringLength(10));
  assert.deepEqual(pull({ x: 0, y: 0 }, { x: 3, y: 4 }, 5), { x: 0, y: 0 });
  assert.deepEqual(pull({ x: 0, y: 0 }, { x: 6, y: 8 }, 5), { x: 3, y: 4 });
  assert.deepEqual(pull({ x: 1, y: 1 }, { x: 6, y: 8 }, 0), { x: 6, y: 8 });
  assert.deepEqual(pull({ x: 1, y: 1 }, { x: 1, y: 1 }, 0), { x: 1, y: 1 });
});

const at = (x, y) => ({ level: 0, tileX: 0, tileY: 0, x, y });
const BRUSH = { tool: 0, color: 0x23211fff, widthPx: 4 };

function build(feel, samples, isFinished = true) {
  const builder = new StrokeBuilder(BRUSH, at(...samples[0]), { ...PLAIN, ...feel }, 0);
  samples.forEach(([x, y], i) => builder.add({ place: at(x, y), pressure: 0.5, timeMs: i * 8 }));
  if (isFinished) {
    builder.finish();
  }
  return builder;
}

const shaky = Array.from({ length: 100 }, (_, i) => [i * 4, i % 2 ? 103 : 97]);

function roughness({ points }) {
  let sum = 0;
  for (let i = 2; i < points.count; i++) {
    const turn = (j) => Math.atan2(points.y[j] - points.y[j - 1], points.x[j] - points.x[j - 1]);
    sum += Math.abs(turn(i) - turn(i - 1));
  }
  return sum;
}

test('the_stabiliser_smooths_the_more_the_stronger_and_ends_where_the_pointer_did', () => {
  const rough = [0, 2, 5, 8].map((strength) => build({ stringPx: stringLength(strength) }, shaky).stroke);
  const turns = rough.map(roughness);
  turns.slice(1).forEach((turn, i) => assert.ok(turn < turns[i] * 0.8, `${turns}`));
  for (const { points } of rough) {
    assert.deepEqual([points.x[points.count - 1], points.y[points.count - 1]], [396 * 8, 103 * 8]);
    assert.deepEqual([points.x[0], points.y[0]], [0, 97 * 8]);
  }
});

test('the_tail_is_what_would_come_and_leaves_the_stroke_as_it_was', () => {
  const samples = Array.from({ length: 30 }, (_, i) => [i * 7, 40 + 20 * Math.sin(i / 4)]);
  for (const feel of [{}, { pressure: 'speed' }, { pressure: 'pen', curve: 'soft' }]) {
    const builder = build(feel, samples, false);
    const { count } = builder.stroke.points;
    const before = JSON.stringify(builder.stroke, (_, value) => (typeof value === 'bigint' ? String(value) : value));
    const ahead = [[215, 44], [224, 41]].map(([x, y], i) => ({ place: at(x, y), pressure: 0.5, timeMs: 240 + i * 8 }));
    const tail = builder.tail(ahead);
    assert.deepEqual([tail.x[0], tail.y[0]], [builder.stroke.points.x[count - 1], builder.stroke.points.y[count - 1]]);
    assert.deepEqual([tail.x[tail.count - 1], tail.y[tail.count - 1]], [224 * 8, 41 * 8]);
    assert.equal(builder.stroke.points.count, count);
    builder.tail([]);
    const again = JSON.stringify(builder.stroke, (_, value) => (typeof value === 'bigint' ? String(value) : value));
    const points = (text) => JSON.parse(text).points.count;
    assert.equal(points(again), points(before));
    /* And goes on as one of which no tail was asked. */
    const other = build(feel, samples, false);
    for (const each of [builder, other]) {
      ahead.forEach((sample) => each.add(sample));
      each.finish();
    }
    const list = ({ stroke }) => ['x', 'y', 'pressure', 'dtMs'].map((name) => [...stroke.points[name].slice(0, stroke.points.count)]);
    assert.deepEqual(list(builder), list(other));
  }
});

test('a_tail_hangs_on_the_string_until_the_pen_is_lifted', () => {
  const builder = build({ stringPx: 30 }, Array.from({ length: 20 }, (_, i) => [i * 10, 50]), false);
  const tail = builder.tail([]);
  const end = tail === null ? builder.stroke.points.x[builder.stroke.points.count - 1] : tail.x[tail.count - 1];
  assert.ok(end / 8 < 162, `${end / 8}`);
});

function palette(kept = {}) {
  const values = new Map(Object.entries(kept));
  const settings = { get: (name) => values.get(name), set: (name, value) => values.set(name, structuredClone(value)) };
  return { held: new Palette(settings, () => undefined), values };
}

test('the_slider_reaches_every_width_and_steps_never_stick', () => {
  assert.deepEqual([widthAt(0), widthAt(1)], [WIDTH_MIN, WIDTH_MAX]);
  const { held } = palette();
  held.setWidth(-5);
  assert.equal(held.width, WIDTH_MIN);
  const seen = new Set();
  while (held.width < WIDTH_MAX && seen.size < 200) {
    seen.add(held.width);
    held.stepWidth(1);
  }
  assert.ok(held.width === WIDTH_MAX && seen.size < 60, `${seen.size} steps`);
  held.setWidth(NaN);
  assert.equal(held.width, WIDTH_MAX);
  for (let width = WIDTH_MIN; width < WIDTH_MAX; width += 7.5) {
    assert.ok(Math.abs(widthAt(placeOfWidth(width)) - width) <= 0.5);
  }
});

test('each_tool_has_an_opacity_of_its_own_that_is_in_its_colour', () => {
  const { held, values } = palette();
  const alpha = (tool) => held.brush(tool).color % 256;
  assert.deepEqual(['pen', 'marker', 'airbrush', 'eraser', 'filledEllipse'].map(alpha), [255, 102, 179, 255, 255]);
  held.setTool('filledEllipse');
  held.setOpacity(0.5);
  held.setTool('line');
  held.setOpacity(0.2);
  held.setOpacity(NaN);
  const again = palette(Object.fromEntries(values)).held;
  assert.deepEqual(['pen', 'rectangle', 'lasso'].map((tool) => again.brush(tool).color % 256), [51, 51, 128]);
  held.setOpacity(0);
  assert.ok(held.opacity > 0, 'what cannot be seen cannot be drawn by mistake');
  assert.ok(Object.keys(TOOLS).every((tool) => again.brush(tool).steadiness === 0));
});

test('two_colours_are_swapped_and_those_drawn_with_are_remembered', () => {
  const { held } = palette();
  held.use();
  held.setColor('#D83910');
  held.swap();
  assert.deepEqual([held.rgb, held.other], ['#ffffff', '#d83910']);
  held.use();
  held.setTool('eraser');
  held.setColor('#123456');
  assert.equal(held.tool, 'pen', 'a colour is chosen to draw with it');
  for (let i = 0; i < 20; i++) {
    held.setColor(`#0000${(10 + i).toString(16)}`);
    held.use();
    held.use();
  }
  assert.equal(held.recent.length, 9);
  assert.equal(held.recent[0], '#00001d');
});

test('palettes_of_ones_own_are_kept_and_what_is_strange_is_left_out', () => {
  const { held, values } = palette();
  assert.ok(held.addPalette({ name: 'Dusk', colors: ['#102030'] }));
  held.keepColor('#ffffff', true);
  held.keepColor('#ffffff', true);
  held.renamePalette('  ');
  held.renamePalette(' Dawn ');
  const again = palette(Object.fromEntries(values)).held;
  assert.deepEqual([again.colors, again.ownPalettes[0].name, again.chosenPalette], [['#102030', '#ffffff'], 'Dawn', 0]);
  again.keepColor('#102030', false);
  again.removePalette();
  assert.deepEqual([again.chosenPalette, again.colors.length], [null, 27]);
  for (let i = 0; i < 40; i++) {
    held.addPalette({ name: 'more', colors: [] });
  }
  assert.equal(held.ownPalettes.length, 32);
  const strange = palette({ palettes: { chosen: 7, list: [null, { name: 3 }, { name: 'a', colors: ['red', '#abcdef', 4] }] } }).held;
  assert.deepEqual([strange.ownPalettes, strange.chosenPalette], [[{ name: 'a', colors: ['#abcdef'] }], null]);
  for (const value of [null, 7, 'x', { list: 'x' }]) {
    assert.equal(palette({ palettes: value }).held.ownPalettes.length, 0);
  }
});
