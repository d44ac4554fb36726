import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const geometry = await load('core/geometry.ts');
const camera = await load('core/camera.ts');
const { formatView, parsePage, parseView } = await load('core/address.ts');

const place = (level, tileX, tileY, x = 0, y = 0) => ({ level, tileX, tileY, x, y });
const viewport = { width: 800, height: 600, ratio: 1 };
const near = (a, b, within, what) => assert.ok(Math.abs(a - b) <= within, `${what}: ${a} and ${b}`);

test('a_place_is_the_same_after_going_to_finer_levels_and_back', () => {
  const start = place(-24, -1, 0, 200.25, 13.5);
  const fine = geometry.toLevel(start, 24);
  assert.deepEqual(geometry.toLevel(fine, -24), start);
  assert.equal(fine.tileX, (-256 + 200.25) * 2 ** 40);
});

test('places_round_towards_minus_infinity_across_the_origin', () => {
  assert.deepEqual(geometry.toLevel(place(1, -1, 0, 0, 0), 0), place(0, -1, 0, 128, 0));
  assert.deepEqual(geometry.translate(place(0, 0, 0), -1, -256), place(0, -1, -1, 255, 0));
});

test('a_pixel_is_told_apart_at_the_finest_level_in_the_farthest_corner', () => {
  const corner = place(24, 2 ** 47 - 1, -(2 ** 47), 254, 0);
  const next = geometry.translate(corner, 1, 0);
  assert.deepEqual(geometry.difference(next, corner), { dx: 1, dy: 0 });
  assert.equal(geometry.pixelStrings(next).x, String(2n ** 55n - 1n));
  assert.deepEqual(
    geometry.positionFromPixels(24, String(2n ** 55n - 1n), String(-(2n ** 55n))),
    next,
  );
});

test('the_place_under_the_cursor_stays_there_while_zooming_across_all_levels', () => {
  let view = camera.makeCamera(place(24, 123456789, -987654321, 10, 20), 24);
  const [x, y] = [613, 77];
  const anchor = camera.screenToPosition(view, viewport, x, y);
  for (let zoom = 24; zoom >= -3; zoom -= 0.37) {
    view = camera.zoomAt(view, viewport, x, y, zoom);
    const at = camera.positionToScreen(view, viewport, anchor);
    near(at.x, x, 0.01, 'x');
    near(at.y, y, 0.01, 'y');
  }
  for (let zoom = -3; zoom <= 24; zoom += 0.41) {
    view = camera.zoomAt(view, viewport, x, y, zoom);
    const at = camera.positionToScreen(view, viewport, anchor);
    near(at.x, x, 0.1, 'x on the way back');
    near(at.y, y, 0.1, 'y on the way back');
  }
});

test('zoom_ends_at_the_first_and_last_level', () => {
  const view = camera.makeCamera(place(0, 0, 0), 0);
  assert.equal(camera.zoomAt(view, viewport, 0, 0, 99).zoom, 24);
  assert.equal(camera.zoomAt(view, viewport, 0, 0, -99).zoom, -24);
});

test('a_tile_pixel_is_never_far_from_a_device_pixel', () => {
  for (const ratio of [1, 1.25, 1.5, 2, 2.625, 3]) {
    for (let zoom = -22; zoom <= 22; zoom += 0.13) {
      const level = camera.displayLevel(zoom, ratio);
      const size = 2 ** (zoom - level) * ratio;
      assert.ok(size > 0.7 && size < 1.42, `${size} at ${zoom}, ${ratio}`);
    }
  }
});

test('tiles_map_one_to_one_at_whole_zooms', () => {
  const view = camera.makeCamera(place(0, 3, -2, 10.4, 20.6), 0);
  const layout = camera.layoutFor(view, { width: 801, height: 601, ratio: 2 }, 1);
  assert.equal(layout.size, 256);
  assert.ok(Number.isInteger(layout.x) && Number.isInteger(layout.y));
});

test('the_visible_tiles_cover_the_screen_without_gaps', () => {
  for (const zoom of [-24, -23.6, -3.3, 0, 0.49, 0.51, 7.7, 23.9, 24]) {
    const view = camera.makeCamera(place(0, 0, 0, 100, 50), zoom);
    const rect = camera.visibleTiles(view, viewport);
    const layout = camera.layoutFor(view, viewport, rect.level);
    const first = camera.tileBox(layout, rect.x, rect.y);
    const last = camera.tileBox(layout, rect.x + rect.width - 1, rect.y + rect.height - 1);
    const isWhole = rect.x === geometry.tileMin(rect.level);
    assert.ok(isWhole || (first.x0 <= 0 && first.y0 <= 0), `${zoom}`);
    const isEnd = rect.x + rect.width - 1 === geometry.tileMax(rect.level);
    assert.ok(isEnd || (last.x1 >= 800 && last.y1 >= 600), `${zoom}`);
    const second = camera.tileBox(layout, rect.x + 1, rect.y);
    assert.equal(second.x0, first.x1, 'neighbours share an edge');
  }
});

test('a_huge_screen_asks_for_no_more_tiles_than_a_view_may_have', () => {
  const view = camera.makeCamera(place(0, 0, 0), 0.49);
  const rect = camera.visibleTiles(view, { width: 40_000, height: 40_000, ratio: 1 });
  assert.ok(rect.width * rect.height <= 4096);
});

test('the_address_keeps_the_view_exactly', () => {
  for (const zoom of [-24, -7.25, 0, 0.5, 13, 24]) {
    const centre = geometry.toLevel(
      place(24, 2 ** 46 + 12345, -(2 ** 46) - 77, 9, 99),
      Math.round(zoom),
    );
    const text = formatView(camera.makeCamera(centre, zoom));
    assert.match(text, /^#@-?\d+,-?\d+,-?[\d.]+$/);
    const parsed = parseView(text);
    assert.equal(formatView(parsed), text);
    assert.equal(parsed.zoom, zoom);
  }
});

test('an_address_that_is_not_a_view_is_refused', () => {
  for (const hash of [
    '',
    '#',
    '#@1,2',
    '#@1,2,99',
    '#@1,2,-25',
    '#@a,b,c',
    '#@1.5,2,3',
    '#@1,2,3,4,5',
  ]) {
    assert.equal(parseView(hash), null, hash);
  }
});

test('the_page_tells_its_canvas', () => {
  assert.deepEqual(parsePage('/', ''), { canvas: 'main', isWatching: false });
  assert.deepEqual(parsePage('/c/lab-2', '?watch'), { canvas: 'lab-2', isWatching: true });
  assert.equal(parsePage('/c/Not Allowed', '').canvas, 'main');
});

test('a_place_beyond_the_world_is_held_at_its_edge', () => {
  const { clampToWorld, tileMax } = geometry;
  assert.deepEqual(clampToWorld(place(-24, 3, -9, 5, 5)), place(-24, 0, -1, 128, 128));
  assert.deepEqual(clampToWorld(place(-24, 0, 0, 60, 100)), place(-24, 0, 0, 60, 100));
  const held = clampToWorld(place(5, tileMax(5) + 7, 0, 10, 10));
  assert.deepEqual(held, place(5, tileMax(5), 0, 255, 10));
});
