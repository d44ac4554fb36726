// A turned and mirrored view: what maps between screen and wall, the sheet it is drawn by, the address, motion.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const turn = await load('core/turn.ts');
const camera = await load('core/camera.ts');
const geometry = await load('core/geometry.ts');
const { formatView, parseView } = await load('core/address.ts');
const { Motion } = await load('core/motion.ts');
const ahead = await load('core/ahead.ts');
const { rectAround } = await load('history/area.ts');
const { ShapeBuilder } = await load('core/shape.ts');

const viewport = { width: 800, height: 600, ratio: 1 };
const place = (level, tileX, tileY, x = 0, y = 0) => ({ level, tileX, tileY, x, y });
const near = (a, b, message, slack = 1e-6) => assert.ok(Math.abs(a - b) < slack, `${message}: ${a}, ${b}`);

const TURNS = [0, 15, 45, 90, 133.7, 180, -90, -17.5].flatMap((angle) => [
  turn.makeTurn(angle, false),
  turn.makeTurn(angle, true),
]);

test('angles_are_held_within_half_a_turn', () => {
  const pairs = [[0, 0], [180, 180], [-180, 180], [181, -179], [360, 0], [-375, -15], [725, 5], [-0.0001, 0]];
  for (const [given, held] of pairs) {
    assert.equal(turn.makeTurn(given, false).angle, held, String(given));
  }
});

test('the_screen_and_the_wall_map_onto_each_other_however_the_view_is_turned', () => {
  for (const each of TURNS) {
    for (const zoom of [-20.4, 0, 0.5, 13.2]) {
      const centre = place(0, 12, -7, 10.5, 200.25);
      const view = camera.makeCamera(geometry.toLevel(centre, Math.round(zoom)), zoom, each);
      for (const [x, y] of [[0, 0], [799, 3], [400, 300], [123.4, 567.8]]) {
        const at = camera.positionToScreen(view, viewport, camera.screenToPosition(view, viewport, x, y));
        near(at.x, x, `x at ${each.angle}`, 1e-4);
        near(at.y, y, `y at ${each.angle}`, 1e-4);
      }
    }
  }
});

test('a_quarter_clockwise_puts_what_was_up_to_the_right', () => {
  const up = turn.wallToScreen(turn.makeTurn(90, false), 0, -1);
  assert.deepEqual([up.dx, up.dy], [1, 0]);
  const flipped = turn.wallToScreen(turn.makeTurn(90, true), 0, -1);
  assert.deepEqual([flipped.dx, flipped.dy], [-1, 0], 'mirrored after it was turned');
  assert.deepEqual(turn.wallToScreen(turn.makeTurn(0, true), 3, 4), { dx: -3, dy: 4 });
});

test('what_is_seen_turns_clockwise_also_when_it_is_mirrored', () => {
  for (const isMirrored of [false, true]) {
    const before = turn.makeTurn(40, isMirrored);
    const seen = turn.wallToScreen(before, 10, 0);
    const after = turn.wallToScreen(turn.turnedBy(before, 30), 10, 0);
    const angle = (Math.atan2(after.dy, after.dx) - Math.atan2(seen.dy, seen.dx)) * (180 / Math.PI);
    near(turn.makeTurn(angle, false).angle, 30, `mirrored: ${isMirrored}`, 0.01);
  }
});

test('keys_turn_to_the_next_fifteen_degrees', () => {
  assert.equal(turn.turnStep(turn.UPRIGHT, 1).angle, 15);
  assert.equal(turn.turnStep(turn.makeTurn(20, false), 1).angle, 30);
  assert.equal(turn.turnStep(turn.makeTurn(20, false), -1).angle, 15);
  assert.equal(turn.turnStep(turn.makeTurn(180, false), 1).angle, -165);
  assert.equal(turn.turnStep(turn.makeTurn(0, true), 1).angle, -15);
  assert.equal(turn.snapped(turn.makeTurn(4.9, false)).angle, 0);
  assert.equal(turn.snapped(turn.makeTurn(-5.1, false)).angle, -5.1);
});

test('zooming_and_turning_leave_what_is_under_the_pointer_there', () => {
  for (const each of TURNS) {
    let view = camera.makeCamera(place(0, 0, 0, 3, 4), 0, each);
    const held = camera.screenToPosition(view, viewport, 150, 480);
    view = camera.zoomAt(view, viewport, 150, 480, 2.7);
    view = camera.turnAt(view, viewport, 150, 480, turn.turnedBy(each, 77));
    view = camera.panBy(camera.panBy(view, 31, -12), -31, 12);
    const at = camera.positionToScreen(view, viewport, held);
    near(at.x, 150, 'x', 1e-3);
    near(at.y, 480, 'y', 1e-3);
  }
});

test('a_drag_moves_the_wall_with_the_pointer', () => {
  for (const each of TURNS) {
    const view = camera.makeCamera(place(0, 0, 0), 1.3, each);
    const held = camera.screenToPosition(view, viewport, 100, 100);
    const at = camera.positionToScreen(camera.panBy(view, 40, -25), viewport, held);
    near(at.x, 140, 'x', 1e-3);
    near(at.y, 75, 'y', 1e-3);
  }
});

test('the_tiles_of_a_turned_view_cover_every_corner_of_the_screen', () => {
  for (const each of TURNS) {
    for (const zoom of [-3.3, 0, 0.49, 7.7]) {
      const view = camera.makeCamera(place(0, 3, -2, 100, 50), zoom, each);
      const rect = camera.visibleTiles(view, viewport);
      for (const [x, y] of [[0, 0], [799.9, 0], [0, 599.9], [799.9, 599.9]]) {
        const spot = geometry.toLevel(camera.screenToPosition(view, viewport, x, y), rect.level);
        assert.ok(geometry.isInRect(rect, { level: rect.level, x: spot.tileX, y: spot.tileY }), `${each.angle}, ${zoom}`);
      }
      assert.ok(rect.width * rect.height < 120, 'and not many more');
    }
  }
});

test('the_sheet_of_a_turned_view_is_where_the_wall_is', () => {
  for (const each of TURNS.filter((one) => !turn.isUpright(one))) {
    for (const [zoom, ratio] of [[0, 1], [0.3, 1], [-0.6, 2], [2, 1.5]]) {
      const dense = { width: 801 / ratio, height: 600 / ratio, ratio };
      const view = camera.makeCamera(place(0, 3, -2, 100.3, 50.8), zoom, each);
      const sheet = camera.sheetOf(view, dense);
      const layout = camera.layoutFor(sheet.camera, sheet.viewport, sheet.camera.zoom);
      assert.ok(Number.isInteger(layout.x) && Number.isInteger(layout.y) && layout.size === 256);
      const corner = place(layout.level, layout.tileX, layout.tileY);
      const at = camera.positionToScreen(view, dense, corner);
      const [a, b, c, d, e, f] = sheet.matrix;
      const slack = sheet.isSharp ? 0.51 : 1e-3;
      near(a * layout.x + c * layout.y + e, at.x * ratio, `x at ${each.angle}`, slack);
      near(b * layout.x + d * layout.y + f, at.y * ratio, `y at ${each.angle}`, slack);
      if (sheet.isSharp) {
        assert.ok([a, b, c, d, e, f].every((value) => Math.abs(value - Math.round(value)) < 1e-6), 'whole pixels');
      }
    }
  }
});

test('the_address_tells_the_angle_only_when_the_view_is_turned_and_never_that_it_is_mirrored', () => {
  const at = (angle, isMirrored) => formatView(camera.makeCamera(place(0, 0, 0, 5, 6), 0, turn.makeTurn(angle, isMirrored)));
  assert.equal(at(0, false), '#@5,6,0');
  assert.equal(at(0, true), '#@5,6,0');
  assert.equal(at(-37.5, true), '#@5,6,0,-37.5');
  assert.deepEqual(parseView('#@5,6,0,-37.5&at=3').turn, { angle: -37.5, isMirrored: false });
  assert.deepEqual(parseView('#@5,6,0').turn, turn.UPRIGHT);
  assert.equal(parseView('#@5,6,0,270').turn.angle, -90);
  for (const hash of ['#@1,2,3,', '#@1,2,3,x', '#@1,2,3,4,5', '#@1,2,3,1234']) {
    assert.equal(parseView(hash), null, hash);
  }
});

test('a_window_that_grows_and_a_phones_bars_leave_the_upper_left_where_it_is', () => {
  for (const each of [turn.UPRIGHT, turn.makeTurn(30, true)]) {
    const view = camera.makeCamera(place(0, 0, 0, 5, 6), 0.4, each);
    const corner = camera.screenToPosition(view, viewport, 0, 0);
    const larger = { width: 800, height: 656, ratio: 1 };
    const at = camera.positionToScreen(camera.resized(view, viewport, larger), larger, corner);
    near(at.x, 0, 'x', 1e-4);
    near(at.y, 0, 'y', 1e-4);
    assert.equal(camera.resized(view, viewport, { width: 600, height: 800, ratio: 1 }), view, 'turned over');
    assert.equal(camera.resized(view, { width: 1, height: 1, ratio: 1 }, viewport), view, 'the first size');
  }
});

test('a_rectangle_of_the_wall_holds_what_was_seen_of_it', () => {
  const view = camera.makeCamera(place(0, 0, 0, 0, 0), 0, turn.makeTurn(90, false));
  const rect = rectAround(view, viewport, [{ x: 300, y: 200 }, { x: 500, y: 400 }]);
  assert.deepEqual(rect, { level: 0, x: '-100', y: '-100', width: 200, height: 200 });
});

test('a_rectangle_stretched_in_a_turned_view_has_the_screens_sides', () => {
  const each = turn.makeTurn(30, true);
  const view = camera.makeCamera(place(0, 0, 0, 0, 0), 0, each);
  const spot = (x, y) => camera.screenToPosition(view, viewport, x, y);
  const builder = new ShapeBuilder('rectangle', { tool: 0, color: 0xff, widthPx: 2 }, spot(200, 200), 0, each);
  builder.add({ place: spot(500, 350), pressure: 1, timeMs: 0 });
  const { points, origin } = builder.stroke;
  const seen = Array.from({ length: points.count }, (_, i) =>
    camera.positionToScreen(view, viewport, place(0, origin.x, origin.y, points.x[i] / 8, points.y[i] / 8)),
  );
  for (const { x, y } of seen) {
    assert.ok(Math.min(Math.abs(x - 200), Math.abs(x - 500)) < 0.3, `x ${x}`);
    assert.ok(Math.min(Math.abs(y - 200), Math.abs(y - 350)) < 0.3, `y ${y}`);
  }
});

/** Steps until it rests. */
function rest(motion, view, stepMs) {
  let [at, steps] = [view, 0];
  while (motion.isMoving && steps < 1_000) {
    at = motion.step(at, viewport, stepMs);
    steps++;
  }
  return at;
}

test('the_camera_comes_to_rest_where_it_was_sent', () => {
  const motion = new Motion();
  motion.zoomTo(100, 100, 3.25);
  assert.equal(rest(motion, camera.makeCamera(place(0, 0, 0), 0), 16).zoom, 3.25);
  motion.turnTo(400, 300, turn.makeTurn(-170, false));
  assert.equal(rest(motion, camera.makeCamera(place(0, 0, 0), 0, turn.makeTurn(165, false)), 16).turn.angle, -170);
});

test('a_throw_glides_as_far_at_any_rate_of_frames_and_stops', () => {
  const way = (stepMs) => {
    const motion = new Motion();
    motion.glide(1.5, -0.5);
    const view = camera.makeCamera(place(0, 0, 0), 0);
    const { dx } = geometry.difference(rest(motion, view, stepMs).centre, view.centre);
    return -dx;
  };
  assert.ok(way(16.7) > 380 && way(16.7) < 500, `${way(16.7)} px`);
  near(way(16.7), way(6.9), 'the same way', 15);
});

test('more_is_asked_for_on_the_side_that_the_view_moves_to', () => {
  const rect = { level: 0, x: 10, y: 10, width: 4, height: 3 };
  assert.deepEqual(ahead.widened(rect, { vx: 0, vy: 0 }), { level: 0, x: 9, y: 9, width: 6, height: 5 });
  assert.deepEqual(ahead.widened(rect, { vx: 0.006, vy: 0 }), { level: 0, x: 9, y: 9, width: 8, height: 5 });
  assert.deepEqual(ahead.widened(rect, { vx: 0, vy: -1 }), { level: 0, x: 9, y: 7, width: 6, height: 7 });
  assert.deepEqual(ahead.needed(rect, { vx: 0.006, vy: 0 }), { level: 0, x: 10, y: 10, width: 5, height: 3 });
  const drift = new ahead.Drift();
  for (let i = 0; i < 20; i++) {
    drift.move({ level: 0, x: i * 0.1, y: 0 }, i * 16);
  }
  near(drift.vx, 0.1 / 16, 'tiles a ms', 1e-4);
  drift.move({ level: 0, x: 2, y: 0 }, 5_000);
  assert.equal(drift.vx, 0, 'it rested');
  const order = [{ x: 8, y: 11 }, { x: 13, y: 11 }, { x: 10, y: 11 }]
    .sort((a, b) => ahead.farness(a, rect, { vx: 0.01, vy: 0 }) - ahead.farness(b, rect, { vx: 0.01, vy: 0 }));
  assert.deepEqual(order.map(({ x }) => x), [13, 10, 8]);
});
