// From where the pointer went down and where it is to lines, rectangles, ellipses and filled outlines.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PLAIN } from './feel.mjs';
import { load, root } from './load.mjs';

const { ShapeBuilder, outline, regular } = await load('core/shape.ts');
const { StrokeBuilder, splitStroke } = await load('core/stroke.ts');
const { HomeCounter, homesOf } = await load('core/touch.ts');
const { decodeOp, encodeOp } = await load('core/op.ts');
const { TOOLS, BRUSHES, OTHERS, SHAPES } = await load('core/tools.ts');
const { Palette } = await load('ui/palette.ts');
const { Ink } = await load('ink.ts');

const [PEN, FILL] = [0, 5];
const at = (x, y, level = 0) => ({ level, tileX: 0, tileY: 0, x, y });

function stretched(shape, from, to, { tool = PEN, isRegular = false, widthPx = 4 } = {}) {
  const builder = new ShapeBuilder(shape, { tool, color: 0x23211fff, widthPx }, at(...from), 1_000);
  builder.add({ place: at(...from), pressure: 0.5, timeMs: 0, isRegular });
  builder.add({ place: at(...to), pressure: 0.5, timeMs: 80, isRegular });
  builder.finish();
  return builder;
}

function spotsOf({ points, origin }) {
  const scale = 2 ** -origin.level;
  return Array.from({ length: points.count }, (_, i) => [
    (origin.x * 256 + points.x[i] / 8) * scale,
    (origin.y * 256 + points.y[i] / 8) * scale,
  ]);
}

test('a_line_runs_from_where_the_pointer_went_down_to_where_it_is', () => {
  const { stroke } = stretched('line', [10, 20], [300.5, -40]);
  assert.deepEqual(spotsOf(stroke), [[10, 20], [300.5, -40]]);
  assert.equal(stroke.width, 4 * 256);
  assert.deepEqual(decodeOp(encodeOp(stroke)).points.count, 2);
});

test('shift_makes_lines_straight_rectangles_square_and_ellipses_round', () => {
  const near = (spot, x, y) => assert.ok(Math.hypot(spot.x - x, spot.y - y) < 1e-9, JSON.stringify(spot));
  near(regular('line', { x: 100, y: 8 }), 100, 0);
  near(regular('line', { x: -3, y: 90 }), 0, 90);
  near(regular('line', { x: 100, y: -80 }), 90, -90);
  near(regular('rectangle', { x: 100, y: -30 }), 100, -100);
  near(regular('ellipse', { x: -20, y: -50 }), -50, -50);
  const { stroke } = stretched('rectangle', [0, 0], [60, 200], { isRegular: true });
  assert.deepEqual(spotsOf(stroke)[0], [200, 200]);
});

test('a_rectangle_comes_back_to_its_first_corner_and_ends_at_the_pointer', () => {
  const { stroke } = stretched('rectangle', [50, 60], [250, 160]);
  assert.deepEqual(spotsOf(stroke), [[250, 160], [250, 60], [50, 60], [50, 160], [250, 160]]);
  assert.equal(stroke.contours, undefined);
  const filled = stretched('rectangle', [50, 60], [250, 160], { tool: FILL }).stroke;
  assert.deepEqual(spotsOf(filled), [[250, 60], [50, 60], [50, 160], [250, 160]]);
  assert.deepEqual([filled.contours, filled.width], [[4], 256]);
  assert.deepEqual(decodeOp(encodeOp(filled)).contours, [4]);
});

for (const [rx, ry] of [[3, 3], [40, 12], [900, 300], [7000, 7000]]) {
  test(`an_ellipse_of_${rx}_by_${ry}_is_round_within_a_fifth_of_a_pixel`, () => {
    const spots = outline('ellipse', { x: -rx, y: -ry }, { x: rx, y: ry }, false);
    assert.deepEqual([spots[0].x, spots[0].y].map(Math.round), [spots.at(-1).x, spots.at(-1).y].map(Math.round));
    for (let i = 1; i < spots.length; i++) {
      const middle = { x: (spots[i].x + spots[i - 1].x) / 2, y: (spots[i].y + spots[i - 1].y) / 2 };
      for (const { x, y } of [spots[i], middle]) {
        const away = Math.abs(Math.hypot(x / rx, y / ry) - 1) * Math.max(rx, ry);
        assert.ok(away < 0.2, `${away} px`);
      }
    }
    const right = Math.max(...spots.map(({ x }) => x));
    assert.ok(Math.abs(right - rx) < 1e-6, 'as wide as the pointer says');
    assert.ok(spots.length <= 1025);
  });
}

test('a_shape_lasts_as_long_as_it_was_drawn', () => {
  const { points } = stretched('ellipse', [0, 0], [300, 300]).stroke;
  assert.equal(points.dtMs[0], 0);
  assert.equal(points.dtMs.reduce((sum, dtMs) => sum + dtMs, 0), 80);
});

test('a_press_that_slipped_is_no_shape', () => {
  assert.ok(stretched('line', [10, 10], [10.5, 11]).isNothing);
  assert.ok(!stretched('line', [10, 10], [10, 14]).isNothing);
  assert.ok(stretched('rectangle', [10, 10], [80, 10], { tool: FILL }).isNothing);
  assert.ok(!stretched('rectangle', [10, 10], [80, 10]).isNothing);
});

/** As the hand does: over too many tiles, a level up. */
function held(builder) {
  let counter = new HomeCounter();
  while (!counter.update(builder.stroke)) {
    builder.coarsen();
    counter = new HomeCounter();
  }
  return builder.stroke;
}

for (const tool of [PEN, FILL]) {
  test(`a_shape_over_too_many_tiles_is_coarser_until_it_is_small_again_with_tool_${tool}`, () => {
    const builder = stretched('rectangle', [300, 40], [40_300, 30_040], { tool });
    const large = held(builder);
    assert.ok(large.origin.level < 0);
    assert.equal(large.width, tool === FILL ? 256 : (4 * 256) / 2 ** -large.origin.level);
    const [x, y] = spotsOf(large).at(-1);
    assert.ok(Math.abs(x - 40_300) < 16 && Math.abs(y - 30_040) < 16);
    assert.ok(encodeOp(large).length < 100);
    builder.add({ place: at(500, 90), pressure: 0.5, timeMs: 100 });
    const small = held(builder);
    assert.equal(small.origin.level, 0);
    assert.deepEqual(spotsOf(small).at(-1), [500, 90]);
  });
}

function lasso(places) {
  const brush = { tool: FILL, color: 0x2c6ed5ff, widthPx: 4 };
  const builder = new StrokeBuilder(brush, at(...places[0]), { ...PLAIN, pressure: 'pen' }, 1_000);
  places.forEach(([x, y], i) => builder.add({ place: at(x, y), pressure: 0.3, timeMs: i * 8 }));
  builder.finish();
  return builder;
}

test('an_outline_drawn_by_hand_is_one_filled_contour_without_pressure', () => {
  const { stroke, isNothing } = lasso([[0, 0], [200, 20], [150, 180], [20, 160]]);
  assert.deepEqual(stroke.contours, [stroke.points.count]);
  assert.deepEqual([stroke.width, stroke.hasPressure, isNothing], [256, false, false]);
  const [part, ...more] = splitStroke(stroke);
  assert.equal(more.length, 0);
  assert.deepEqual(decodeOp(encodeOp(part)).contours, [stroke.points.count]);
  assert.ok(lasso([[5, 5]]).isNothing);
});

test('a_very_long_outline_keeps_every_other_point_and_stays_one_op', () => {
  const places = Array.from({ length: 9_000 }, (_, i) => [400 + 380 * Math.cos(i / 3), 400 + 380 * Math.sin(i / 3.01)]);
  const builder = lasso(places);
  const { stroke } = builder;
  assert.ok(builder.takeRewritten(), 'what was shown is not what there is');
  assert.ok(!builder.takeRewritten(), 'told once');
  assert.ok(stroke.points.count > 4_000 && stroke.points.count <= 8_192, `${stroke.points.count} points`);
  assert.deepEqual(stroke.contours, [stroke.points.count]);
  const [part, ...more] = splitStroke(stroke);
  assert.equal(more.length, 0);
  assert.equal(decodeOp(encodeOp(part)).points.count, stroke.points.count);
  const lasted = stroke.points.dtMs.slice(0, stroke.points.count).reduce((sum, dtMs) => sum + dtMs, 0);
  assert.equal(lasted, 8_999 * 8, 'and its time');
});

test('shapes_are_known_to_be_where_the_kernel_says', async () => {
  const ink = await Ink.load(readFileSync(join(root, 'build/web/ink.wasm')));
  const slot = ink.allocStroke();
  let state = 11;
  const next = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
  const place = () => [next() * 3000 - 700, next() * 3000 - 700];
  for (let round = 0; round < 80; round++) {
    const tool = round % 2 ? FILL : PEN;
    const shape = ['rectangle', 'ellipse', 'line'][round % 3];
    const stroke =
      tool === FILL && shape === 'line'
        ? lasso(Array.from({ length: 9 }, place)).stroke
        : stretched(shape, place(), place(), { tool }).stroke;
    assert.ok(ink.decodeStroke(slot, encodeOp(stroke)));
    const homes = ink.strokeHomes(slot).map(({ tile }) => `${tile.level}/${tile.x}/${tile.y}`);
    assert.deepEqual([...homesOf(stroke)].sort(), homes.sort());
  }
  ink.freeStroke(slot);
});

test('every_tool_has_a_name_and_a_key_of_its_own', () => {
  const kinds = Object.values(TOOLS);
  assert.equal(new Set(kinds.map(({ key }) => key)).size, kinds.length);
  assert.equal(new Set(kinds.map(({ title }) => title)).size, kinds.length);
  assert.equal(BRUSHES.length + SHAPES.length + OTHERS.length + 1, kinds.length, 'each has its place, the eraser its own');
});

function palette(kept) {
  const values = new Map([['brush', kept]]);
  const settings = { get: (name) => values.get(name), set: (name, value) => values.set(name, structuredClone(value)) };
  return { held: new Palette(settings, () => undefined), values };
}

test('the_hand_holds_what_it_held_also_what_the_former_version_kept', () => {
  const first = palette(undefined);
  first.held.setTool('filledEllipse');
  assert.equal(first.held.hasWidth, false);
  first.held.setTool('airbrush');
  first.held.setWidth(60);
  const again = palette(first.values.get('brush')).held;
  assert.deepEqual([again.tool, again.width], ['airbrush', 60]);
  assert.equal(again.lastOf(SHAPES), 'filledEllipse');
  const former = palette({ tool: 1, rgb: '#169a95', widths: [4, 20, 30] }).held;
  assert.deepEqual([former.tool, former.rgb, former.width], ['marker', '#169a95', 20]);
  assert.deepEqual(former.brush('eraser').width, 30);
  const strange = palette({ tool: 'constructor', rgb: 7, widths: { pen: 1e9 } }).held;
  assert.deepEqual([strange.tool, strange.width], ['pen', 4]);
});
