// Strokes chosen and changed: to what the log will hold, exactly; and outlines made into filled strokes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { changeStroke, recoloured } = await load('select/transform.ts');
const { boxAlong, isHit, shareInside } = await load('select/shape.ts');
const { bridged, polygonStroke, textStrokes } = await load('text/outline.ts');
const { encodeOp, POINTS_MAX, FILL_WIDTH } = await load('core/op.ts');
const { homesOf } = await load('core/touch.ts');

const SUB = 2048;
const place = (level, tileX, tileY, x = 0, y = 0) => ({ level, tileX, tileY, x, y });

function stroke(spots, { level = 0, tile = [0, 0], width = 1024, ...rest } = {}) {
  const count = spots.length;
  const points = {
    count,
    x: Int32Array.from(spots, ([x]) => x),
    y: Int32Array.from(spots, ([, y]) => y),
    pressure: new Uint8Array(count).fill(200),
    dtMs: Uint32Array.from(spots, (_, i) => (i === 0 ? 0 : 7)),
  };
  return {
    kind: 'stroke', tool: 0, color: 0x11223380, width, origin: { level, x: tile[0], y: tile[1] }, startMs: 5n,
    part: 0, parts: 1, hasPressure: true, hasTimes: true, points, ...rest,
  };
}
const fill = (spots, contours, rest) =>
  stroke(spots, { tool: 5, width: FILL_WIDTH, hasPressure: false, contours, ...rest });

/** In 1/8 px of its level, from the world's middle. */
const spotsOf = ({ origin, points }) =>
  Array.from({ length: points.count }, (_, i) => [
    BigInt(origin.x) * BigInt(SUB) + BigInt(points.x[i]),
    BigInt(origin.y) * BigInt(SUB) + BigInt(points.y[i]),
  ]);
const move = (level, dx, dy) => ({ pivot: place(level, 0, 0), scale: 1, angle: 0, dx, dy });

test('a_move_is_by_whole_eighths_of_the_strokes_own_level_and_changes_nothing_of_its_form', () => {
  const spots = [[3, 2000], [2060, -900], [5000, 17], [-70, 3]];
  for (const [level, tile] of [[0, [0, 0]], [3, [-5, 9]], [-4, [2, -1]], [24, [-(2 ** 45), 2 ** 45 - 9]], [-24, [-1, 0]]]) {
    const before = stroke(level === -24 ? [[1100, 5], [1200, 9]] : spots, { level, tile });
    for (const [dx, dy] of [[0.06, -0.06], [13.37, -271.9], [-4000.2, 0.125]]) {
      const at = level > 10 ? level - 2 : level;
      if (level === -24 && Math.abs(dx) + Math.abs(dy) > 100) {
        continue;
      }
      const [after] = changeStroke([before], move(at, dx, dy));
      const scale = 2 ** (level - at) * 8;
      const [sx, sy] = [BigInt(Math.round(dx * scale)), BigInt(Math.round(dy * scale))];
      assert.deepEqual(spotsOf(after), spotsOf(before).map(([x, y]) => [x + sx, y + sy]));
      assert.deepEqual([after.width, after.color, after.startMs], [before.width, before.color, before.startMs]);
      assert.deepEqual([after.points.pressure, after.points.dtMs], [before.points.pressure, before.points.dtMs]);
      assert.ok(after.points.x[0] >= 0 && after.points.x[0] < SUB, 'from the tile of its first point');
      assert.ok(encodeOp(after).length > 10);
    }
  }
});

test('twice_as_large_is_the_same_points_a_level_up_and_back_again_nothing_is_lost', () => {
  const before = stroke([[10, 20], [900, 31], [2047, 2047]], { level: 2, tile: [6, -4] });
  const pivot = place(2, 8, -2);
  const [larger] = changeStroke([before], { pivot, scale: 2, angle: 0, dx: 0, dy: 0 });
  assert.equal(larger.origin.level, 1);
  assert.equal(larger.width, before.width);
  const [same] = changeStroke([larger], { pivot, scale: 0.5, angle: 0, dx: 0, dy: 0 });
  assert.deepEqual([same.origin.level, spotsOf(same)], [2, spotsOf(before)]);
});

test('scaled_and_turned_it_is_where_it_should_be_to_an_eighth_of_a_pixel', () => {
  const before = stroke([[0, 0], [1600, 0], [1600, 800]]);
  for (const scale of [0.3, 0.71, 1.3, 3.7, 40]) {
    for (const angle of [0, Math.PI / 2, -1.1]) {
      const pivot = place(-1, 0, 0, 25, 10); /* 50, 20 of level 0 */
      const change = { pivot, scale, angle, dx: 3, dy: -7 };
      const [after] = changeStroke([before], change);
      const zoom = 2 ** after.origin.level;
      assert.ok(zoom * scale >= 0.7 && zoom * scale <= 1.42, 'about as many pixels as it had');
      assert.ok(Math.abs(after.width / zoom - before.width * scale) <= 0.51 / zoom);
      spotsOf(after).forEach(([x, y], i) => {
        const [fromX, fromY] = [before.points.x[i] / 8 - 50, before.points.y[i] / 8 - 20];
        const wantX = 50 + (fromX * Math.cos(angle) - fromY * Math.sin(angle)) * scale + 6;
        const wantY = 20 + (fromX * Math.sin(angle) + fromY * Math.cos(angle)) * scale - 14;
        assert.ok(Math.abs(Number(x) / 8 / zoom - wantX) <= 0.0626 / zoom, `${scale} ${angle}`);
        assert.ok(Math.abs(Number(y) / 8 / zoom - wantY) <= 0.0626 / zoom);
      });
    }
  }
});

test('what_would_touch_too_many_tiles_goes_a_level_up_all_its_parts_together', () => {
  const tiles = (count) => Array.from({ length: count + 1 }, (_, i) => [i * SUB + 400, 1000]);
  const long = stroke(tiles(255), { width: 256 });
  assert.equal(homesOf(long).size, 256);
  const [after] = changeStroke([long], move(0, 0, 130));
  assert.equal(after.origin.level, -1, 'over two rows of tiles');
  assert.equal(after.width, 128);
  const parts = [{ ...long, part: 0, parts: 2 }, { ...stroke([[0, 0], [9, 9]], { width: 256 }), part: 1, parts: 2 }];
  assert.deepEqual(changeStroke(parts, move(0, 0, 130)).map(({ origin, width }) => [origin.level, width]), [[-1, 128], [-1, 128]]);
  const wide = stroke([[0, 0]], { width: 512 * 256, level: -24 + 1 });
  assert.equal(changeStroke([wide], { pivot: place(0, 0, 0), scale: 1.3, angle: 0, dx: 0, dy: 0 })[0].origin.level, -24);
});

test('beyond_the_walls_edge_it_cannot_be_an_op', () => {
  const edge = 2 ** 23 - 1;
  const [after] = changeStroke([stroke([[0, 0]], { tile: [edge, 0] })], move(0, 300, 0));
  assert.throws(() => encodeOp(after));
});

test('a_colour_is_given_without_taking_the_opacity_and_an_eraser_has_none', () => {
  const [ink, eraser] = recoloured([stroke([[0, 0]]), stroke([[0, 0]], { tool: 2, color: 0xff })], 0xaabbcc);
  assert.deepEqual([ink.color.toString(16), eraser.color], ['aabbcc80', 0xff]);
});

const anchor = place(0, 0, 0);
const square = [{ x: 0, y: 0 }, { x: 100, y: 0 }, { x: 100, y: 100 }, { x: 0, y: 100 }];

test('a_lasso_means_what_lies_mostly_inside', () => {
  const line = (x0, x1) => [stroke([[x0 * 8, 400], [x1 * 8, 400]])];
  assert.equal(shareInside(line(10, 90), anchor, square), 1);
  assert.ok(Math.abs(shareInside(line(50, 150), anchor, square) - 0.5) < 0.02);
  assert.equal(shareInside(line(110, 150), anchor, square), 0);
  assert.equal(shareInside([stroke([[400, 400]])], anchor, square), 1, 'a dot');
  const finer = [stroke([[400 * 4, 400], [600 * 4, 400]], { level: 2 })];
  assert.equal(shareInside(finer, anchor, square), 1, 'of another level');
  const whole = [...line(10, 40), ...line(40, 400)];
  assert.ok(shareInside(whole, anchor, square) < 0.5, 'all parts of a stroke count');
});

test('a_press_means_ink_under_it', () => {
  const thick = [stroke([[0, 0], [800, 0]], { width: 20 * 256 })];
  assert.equal(isHit(thick, anchor, { x: 50, y: 9.5 }, 0), true);
  assert.equal(isHit(thick, anchor, { x: 50, y: 12 }, 1), false);
  const ring = fill([[0, 0], [800, 0], [800, 800], [0, 800], [240, 240], [240, 560], [560, 560], [560, 240]], [4, 4]);
  assert.equal(isHit([ring], anchor, { x: 10, y: 50 }, 0), true);
  assert.equal(isHit([ring], anchor, { x: 50, y: 50 }, 2), false, 'the hole');
  assert.equal(isHit([{ ...thick[0], tool: 2 }], anchor, { x: 50, y: 0 }, 5), false, 'an eraser is not seen');
});

test('the_frame_holds_all_ink_along_any_axes', () => {
  const box = boxAlong([[stroke([[0, 0], [800, 0]], { width: 10 * 256 })]], anchor, { x: 1, y: 0 }, { x: 0, y: 1 });
  assert.deepEqual(box, { x0: -5, y0: -5, x1: 105, y1: 5 });
  const turned = boxAlong([[stroke([[0, 0], [800, 0]], { width: 256 })]], anchor, { x: 0, y: 1 }, { x: -1, y: 0 });
  assert.deepEqual([turned.x0, turned.y0], [-0.5, -100.5]);
  assert.equal(boxAlong([], anchor, { x: 1, y: 0 }, { x: 0, y: 1 }), null);
});

const upright = { right: { dx: 1, dy: 0 }, down: { dx: 0, dy: 1 } };

test('text_of_many_points_is_a_group_of_whole_contours_the_first_with_the_words', () => {
  const contour = (size) => [0, 0, ...Array.from({ length: size - 1 }, (_, i) => [1, i % 2 ? 1 : -1]).flat()];
  const outline = { width: 0, height: 0, contours: [contour(5000), contour(3000), contour(300), contour(8000)] };
  const parts = textStrokes(outline, place(0, 3, 4, 10, 20), upright, 'words', 0xff, 9);
  assert.deepEqual(parts.map(({ contours, part, parts: all, text }) => [contours, part, all, text]), [
    [[5000, 3000], 0, 3, 'words'],
    [[300], 1, 3, undefined],
    [[8000], 2, 3, undefined],
  ]);
  parts.forEach((part) => assert.ok(encodeOp(part).length > 20));
  assert.deepEqual([parts[0].points.x[0], parts[0].points.y[0], parts[0].origin], [80, 160, { level: 0, x: 3, y: 4 }]);
  const many = { width: 0, height: 0, contours: Array.from({ length: 3000 }, () => [0, 0, 8, 0, 0, 8]) };
  assert.deepEqual(textStrokes(many, place(0, 0, 0), upright, 'x', 0xff, 9).map(({ contours }) => contours.length), [2048, 952]);
});

test('text_lies_as_the_view_was_turned', () => {
  const outline = { width: 0, height: 0, contours: [[0, 0, 80, 0, 0, 16]] };
  const turned = { right: { dx: 0, dy: -1 }, down: { dx: 1, dy: 0 } };
  const [part] = textStrokes(outline, place(0, 0, 0, 100, 100), turned, 'x', 0xff, 9);
  assert.deepEqual([...part.points.x], [800, 800, 816]);
  assert.deepEqual([...part.points.y], [800, 720, 720]);
});

function windsAround({ points, contours }, x, y) {
  let [turns, begin] = [0, 0];
  for (const size of contours) {
    for (let i = begin; i < begin + size; i++) {
      const j = i === begin ? begin + size - 1 : i - 1;
      const [ay, by] = [points.y[j], points.y[i]];
      if (ay > y !== by > y) {
        const at = points.x[j] + ((points.x[i] - points.x[j]) * (y - ay)) / (by - ay);
        turns += at < x ? 0 : by > ay ? 1 : -1;
      }
    }
    begin += size;
  }
  return turns !== 0;
}

test('a_preview_of_many_contours_is_one_that_fills_the_same', () => {
  const box = (x, y, side, isHole) =>
    isHole ? [[x, y], [x, y + side], [x + side, y + side], [x + side, y]] : [[x, y], [x + side, y], [x + side, y + side], [x, y + side]];
  const spots = [...box(0, 0, 100, false), ...box(30, 30, 40, true), ...box(200, 50, 60, false), ...box(90, 300, 50, false)];
  const before = fill(spots, [4, 4, 4, 4], { text: 'x' });
  const joined = bridged(before);
  assert.deepEqual([joined.contours, joined.text], [[joined.points.count], undefined]);
  for (let y = -7.5; y < 400; y += 5) {
    for (let x = -7.5; x < 400; x += 5) {
      assert.equal(windsAround(joined, x, y), windsAround(before, x, y), `${x}, ${y}`);
    }
  }
  assert.ok(encodeOp(joined).length > 0);
  const huge = fill(Array.from({ length: POINTS_MAX }, (_, i) => [i, i % 7]), Array(2048).fill(4));
  assert.ok(bridged(huge).points.count <= POINTS_MAX);
});

test('a_polygon_keeps_its_corners_and_when_they_were_set', () => {
  const corners = [[10, 20, 0], [300, 20, 400], [300, 400.06, 1000]].map(([x, y, atMs]) => ({ place: place(0, -1, 2, x, y), atMs }));
  const made = polygonStroke(corners, 0x112233ff, 77);
  assert.deepEqual([[...made.points.x], [...made.points.y]], [[80, 2400, 2400], [160, 160, 3200]]);
  assert.deepEqual([[...made.points.dtMs], made.startMs, made.contours], [[0, 400, 600], 77n, [3]]);
  assert.ok(encodeOp(made).length > 20);
});

// ---- what is pressed while it is asked which strokes are meant ----

const { Asking } = await load('select/asking.ts');

/** Questions that are answered when the test says so. */
function makeAsking() {
  const done = [];
  const answers = [];
  const asking = new Asking({ failed: (error) => done.push(error.message), ended: () => undefined });
  const ask = (name) => {
    const find = () => new Promise((resolve, reject) => answers.push({ resolve, reject }));
    return asking.ask(find, (found) => done.push(`${name}: ${found}`));
  };
  const press = (key) => asking.then(() => done.push(key));
  return { asking, done, answers, ask, press };
}
const passed = () => new Promise((resolve) => setTimeout(resolve));

test('what_is_pressed_waits_for_what_it_is_meant_for_and_keeps_its_order', async () => {
  const { asking, done, answers, ask, press } = makeAsking();
  press('left');
  const asked = ask('lasso');
  press('right');
  press('delete');
  assert.deepEqual(done, ['left']);
  answers[0].resolve('two');
  await asked;
  assert.deepEqual(done, ['left', 'lasso: two', 'right', 'delete']);
  assert.equal(asking.isOpen, false);
});

test('a_question_among_what_waits_is_asked_in_its_turn', async () => {
  const { asking, done, answers, ask, press } = makeAsking();
  void ask('first');
  asking.then(() => void ask('second'));
  press('left');
  answers[0].resolve(1);
  await passed();
  assert.deepEqual(done, ['first: 1']);
  answers[1].resolve(2);
  await passed();
  assert.deepEqual(done, ['first: 1', 'second: 2', 'left']);
});

test('the_last_question_counts_and_what_fails_or_is_given_up_takes_what_waits_with_it', async () => {
  const { asking, done, answers, ask, press } = makeAsking();
  void ask('first');
  void ask('second');
  answers[1].resolve(2);
  answers[0].resolve(1);
  await passed();
  assert.deepEqual(done.splice(0), ['second: 2']);
  void ask('third');
  press('delete');
  answers[2].reject(new Error('gone'));
  await passed();
  assert.deepEqual(done.splice(0), ['gone'], 'or something else than what was meant would be deleted');
  void ask('fourth');
  press('delete');
  asking.cancel();
  answers[3].resolve(4);
  await passed();
  press('left');
  assert.deepEqual(done.splice(0), ['left']);
  const fifth = ask('fifth');
  press('left');
  press('delete');
  assert.equal(asking.takeBack(), true);
  answers[4].resolve(5);
  await fifth;
  assert.deepEqual(done, ['fifth: 5', 'left']);
  assert.equal(asking.takeBack(), false);
});
