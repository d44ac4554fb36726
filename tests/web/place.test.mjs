// Finding the way on the wall: flights, places visited, what is typed as a place, signs at the edge, the map, tours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { Flight, eased, flightMs } = await load('place/flight.ts');
const { Trail, isNear } = await load('place/trail.ts');
const { parseWhere } = await load('place/where.ts');
const { edgeMarks, eighth, othersIn, viewOf } = await load('place/lively.ts');
const { TourGuide } = await load('place/tourguide.ts');
const { frameFor, fromMap, onMap, picturesFor, stillServes, viewOnMap, CELLS_MAX } = await load('place/mapframe.ts');
const { tintOf } = await load('place/tint.ts');
const { makeCamera, positionToScreen } = await load('core/camera.ts');
const { difference, positionFromPixels, translate } = await load('core/geometry.ts');

const viewport = { width: 900, height: 700, ratio: 1 };
const cameraAt = (x, y, zoom) => makeCamera(positionFromPixels(Math.round(zoom), String(x), String(y)), zoom);
const gapPx = (a, b) => {
  const { dx, dy } = difference(a.centre, b.centre);
  return Math.hypot(dx, dy) * 2 ** (b.zoom - b.centre.level);
};

// ---- flights ----

test('a_flight_begins_and_ends_exactly_where_it_should_however_far_and_deep', () => {
  const far = 2n ** 54n;
  const ways = [
    [cameraAt(0, 0, 0), cameraAt(5000, -300, 0)],
    [cameraAt(0, 0, 0), cameraAt(0, 0, 6)],
    [cameraAt(0, 0, 3), cameraAt(0, 0, 3)],
    [cameraAt(-far, -far, 24), cameraAt(far - 12345n, far - 1n, 24)],
    [cameraAt(far, far, 24), cameraAt(3, 4, -24)],
    [cameraAt(10, 10, 24), cameraAt(11, 10, 24)],
  ];
  for (const [from, to] of ways) {
    const flight = new Flight(from, to, viewport);
    assert.ok(Number.isFinite(flight.length) && flight.length >= 0, `${flight.length}`);
    assert.deepEqual(flight.at(0), from);
    assert.deepEqual(flight.at(1).centre, to.centre);
    assert.equal(flight.at(1).zoom, to.zoom);
    for (let i = 0; i <= 50; i++) {
      const { centre, zoom } = flight.at(i / 50);
      assert.ok([centre.tileX, centre.tileY, centre.x, centre.y, zoom].every(Number.isFinite), `at ${i / 50}`);
    }
  }
});

test('a_flight_is_smooth_no_step_is_much_larger_on_the_screen_than_the_others', () => {
  const ways = [
    [cameraAt(0, 0, 0), cameraAt(60_000, 20_000, 0)],
    [cameraAt(0, 0, 2), cameraAt(900_000, 20_000, -3)],
    [cameraAt(-(2n ** 54n), 0, 24), cameraAt(2n ** 54n, 77, 24)],
    [cameraAt(0, 0, 20), cameraAt(40, 0, 20)],
  ];
  for (const [from, to] of ways) {
    const flight = new Flight(from, to, viewport);
    const count = Math.ceil(flight.length * 20);
    let before = flight.at(0);
    for (let i = 1; i <= count; i++) {
      const now = flight.at(i / count);
      assert.ok(gapPx(before, now) < 120, `step ${i} of ${count}: ${gapPx(before, now)} px`);
      assert.ok(Math.abs(now.zoom - before.zoom) < 0.25, `step ${i}: ${now.zoom - before.zoom} levels`);
      before = now;
    }
  }
});

test('a_flight_far_away_zooms_out_and_a_short_one_hardly_does', () => {
  const least = (flight) => Math.min(...Array.from({ length: 101 }, (_, i) => flight.at(i / 100).zoom));
  const far = new Flight(cameraAt(0, 0, 0), cameraAt(1_000_000, 0, 0), viewport);
  const short = new Flight(cameraAt(0, 0, 0), cameraAt(200, 0, 0), viewport);
  assert.ok(least(far) < -9);
  assert.ok(least(short) > -0.1);
  assert.ok(far.length > short.length);
  assert.equal(flightMs(1000, 300, 2800), 2800);
  assert.ok(flightMs(short.length, 300, 2800) < 400);
  assert.deepEqual([eased(-1), eased(0), eased(0.5), eased(1), eased(2)], [0, 0, 0.5, 1, 1]);
});

test('there_and_back_is_the_same_way', () => {
  const [a, b] = [cameraAt(0, 0, 1), cameraAt(50_000, -20_000, 4)];
  const [out, back] = [new Flight(a, b, viewport), new Flight(b, a, viewport)];
  assert.ok(Math.abs(out.length - back.length) < 1e-9);
  for (const share of [0.1, 0.3, 0.5, 0.8]) {
    const [there, then] = [out.at(share), back.at(1 - share)];
    assert.ok(Math.abs(there.zoom - then.zoom) < 1e-9);
    assert.ok(gapPx(there, then) < 0.01);
  }
});

test('a_flight_keeps_the_angle_at_which_one_looks', () => {
  const turned = { angle: 30, isMirrored: true };
  const from = { ...cameraAt(0, 0, 0), turn: turned };
  const camera = new Flight(from, { ...cameraAt(9000, 0, 2), turn: turned }, viewport).at(0.5);
  assert.deepEqual(camera.turn, turned);
  const round = new Flight({ ...from, turn: { angle: 170, isMirrored: false } }, { ...cameraAt(9, 0, 0), turn: { angle: -170, isMirrored: false } }, viewport);
  assert.equal(round.at(0.5).turn.angle, 180, "the shorter way round");
});

// ---- places visited ----

test('back_and_forward_go_through_the_places_where_one_rested', () => {
  const trail = new Trail();
  const [a, b, c] = [cameraAt(0, 0, 0), cameraAt(9000, 0, 0), cameraAt(9000, 9000, 5)];
  trail.note(a, viewport);
  assert.equal(trail.back(a, viewport), null);
  trail.note(b, viewport);
  trail.note(c, viewport);
  assert.equal(trail.back(c, viewport), b);
  assert.equal(trail.back(b, viewport), a);
  assert.equal(trail.back(a, viewport), null);
  assert.equal(trail.forward(a, viewport), b);
  assert.equal(trail.forward(b, viewport), c);
  assert.equal(trail.forward(c, viewport), null);
});

test('a_little_way_is_the_same_place_and_a_new_way_forgets_what_was_ahead', () => {
  const trail = new Trail();
  const [a, b, d] = [cameraAt(0, 0, 0), cameraAt(9000, 0, 0), cameraAt(0, -9000, 0)];
  trail.note(a, viewport);
  trail.note(b, viewport);
  const nearB = cameraAt(9100, 50, 0.4);
  assert.equal(trail.back(nearB, viewport), a);
  assert.equal(trail.forward(a, viewport), nearB, 'as it was left');
  trail.back(nearB, viewport);
  assert.equal(trail.forward(d, viewport), null, 'one went elsewhere by hand');
  assert.equal(trail.back(d, viewport), a);
  assert.ok(isNear(a, cameraAt(300, 300, 0.4), viewport));
  assert.ok(!isNear(a, cameraAt(0, 0, 3), viewport), 'far closer is another place');
});

test('a_trail_does_not_grow_for_ever', () => {
  const trail = new Trail();
  for (let i = 0; i < 1000; i++) {
    trail.note(cameraAt(i * 10_000, 0, 0), viewport);
  }
  assert.ok(trail.size <= 100);
  assert.ok(trail.canGoBack && !trail.canGoForward);
});

// ---- what is typed as a place ----

const here = new URL('https://wall.example/c/main');
const where = (text, camera = cameraAt(0, 0, 3)) => parseWhere(text, camera, here);
const placeOf = (camera, level = 0) => {
  const { dx, dy } = difference(camera.centre, { level, tileX: 0, tileY: 0, x: 0, y: 0 });
  return [dx, dy, camera.zoom];
};

test('coordinates_are_understood_as_people_write_them', () => {
  const same = ['120,-40', ' 120 , -40 ', '120 -40', '(120; -40)', 'x: 120, y: -40', '120，−40', '١٢٠، -٤٠', '१२० -४०'];
  for (const text of same) {
    assert.deepEqual(placeOf(where(text).camera), [120, -40, 3], text);
  }
  assert.deepEqual(placeOf(where('0.5,-0.25').camera), [0.5, -0.25, 3]);
  assert.deepEqual(placeOf(where('120,-40,50%').camera), [120, -40, -1]);
  assert.deepEqual(placeOf(where('-5120,880,2').camera), [-1280, 220, 2], 'with a zoom: as in the address');
  assert.deepEqual(placeOf(where('@-5120,880,2').camera), [-1280, 220, 2]);
  assert.deepEqual(placeOf(where('#@70368744177664,0,20').camera, 20), [70368744177664, 0, 20]);
});

test('what_is_no_place_is_refused', () => {
  for (const text of ['', 'Mira', '12', '1,2,3,4,5', '1,2,99', 'a,b', '99999999999,0', '1,2,-30', '1e9,3', '../c/x']) {
    assert.equal(where(text), null, text);
  }
});

test('a_pasted_link_is_a_view_here_or_leads_elsewhere', () => {
  assert.deepEqual(placeOf(where('https://wall.example/c/main#@-5120,880,2').camera), [-1280, 220, 2]);
  assert.equal(where('https://wall.example/#@1,2,0').kind, 'view', 'the main canvas has two addresses');
  const other = where('https://wall.example/c/other#@1,2,0');
  assert.deepEqual([other.kind, other.href], ['link', 'https://wall.example/c/other#@1,2,0']);
  assert.equal(where('https://wall.example/c/main#@1,2,0&at=77').kind, 'link', 'the past is opened as a link');
  assert.deepEqual(where('https://elsewhere.example/c/main#@1,2,0'), { kind: 'elsewhere', host: 'elsewhere.example' });
  assert.equal(where('javascript:alert(1)'), null);
});

// ---- signs at the edge ----

const inset = { top: 60, right: 20, bottom: 80, left: 20 };
let stamp = 0;
const lively = (x, y, options = {}) => ({
  level: 0,
  x: String(x - 50),
  y: String(y - 50),
  width: 100,
  height: 100,
  strokes: 5,
  drawing: 0,
  last: 1_000_000,
  artists: [{ artist: ++stamp, name: `A${stamp}` }],
  count: 1,
  ...options,
});

test('signs_stand_at_the_edge_and_point_to_where_people_draw', () => {
  const camera = cameraAt(0, 0, 0);
  const marks = edgeMarks([lively(5000, 0), lively(0, -9000), lively(100, 100)], camera, viewport, inset, 6);
  assert.equal(marks.length, 2, 'what is in view has none');
  const [right, top] = marks;
  assert.equal(right.x, viewport.width - inset.right);
  assert.equal(eighth(right.angle), 0);
  assert.equal(top.y, inset.top);
  assert.equal(eighth(top.angle), 6);
  assert.ok(right.screens > 5 && right.screens < 6);
  assert.ok(marks.every((mark) => mark.x >= 20 && mark.x <= 880 && mark.y >= 60 && mark.y <= 620));
});

test('signs_that_would_touch_are_one_and_there_are_at_most_so_many', () => {
  const camera = cameraAt(0, 0, 0);
  const mira = { artist: 7, name: 'Mira' };
  const close = [lively(5000, 0, { artists: [mira] }), lively(5200, 60, { artists: [mira, { artist: 8, name: 'Otto' }], count: 2 })];
  const [mark, ...none] = edgeMarks(close, camera, viewport, inset, 6);
  assert.equal(none.length, 0);
  assert.deepEqual(mark.artists.map(({ name }) => name), ['Mira', 'Otto']);
  assert.equal(mark.count, 2, 'Mira is one person');
  assert.equal(mark.place, close[0], 'it leads to the liveliest');
  const around = Array.from({ length: 24 }, (_, i) => lively(Math.round(9000 * Math.cos(i)), Math.round(9000 * Math.sin(i))));
  const many = edgeMarks(around, camera, viewport, inset, 6);
  assert.equal(many.length, 6);
  assert.equal(new Set(many.map(({ key }) => key)).size, 6);
});

test('what_one_draws_oneself_is_no_news', () => {
  const [mira, me] = [{ artist: 7, name: 'Mira' }, { artist: 1, name: 'Me' }];
  const places = [lively(0, 0, { artists: [me] }), lively(9, 9, { artists: [me, mira], count: 12 }), lively(5, 5)];
  const others = othersIn(places, 1);
  assert.deepEqual(others.map(({ count }) => count), [11, 1]);
  assert.deepEqual(others[0].artists, [mira]);
  assert.equal(others[1], places[2]);
});

test('what_is_drawn_too_small_to_see_is_marked_where_it_is', () => {
  const deep = lively(0, 0, { level: 10, x: '102400', y: '102400' });
  const [mark] = edgeMarks([deep], cameraAt(0, 0, 0), viewport, inset, 6);
  assert.equal(mark.angle, null);
  const at = positionToScreen(cameraAt(0, 0, 0), viewport, positionFromPixels(10, '102450', '102450'));
  assert.ok(Math.hypot(mark.x - at.x, mark.y - at.y) < 1);
});

test('a_lively_place_is_shown_with_room_around_it_and_no_closer_than_it_was_drawn', () => {
  const large = viewOf(lively(0, 0, { x: '-4500', y: '-100', width: 9000, height: 200 }), cameraAt(0, 0, 0), viewport);
  assert.ok(Math.abs(large.zoom - Math.log2(0.06)) < 0.01);
  assert.deepEqual(placeOf(large).slice(0, 2), [0, 0]);
  assert.equal(viewOf(lively(0, 0), cameraAt(0, 0, 0), viewport).zoom, 0);
  assert.equal(viewOf(lively(0, 0), cameraAt(0, 0, 0), { ...viewport, ratio: 2 }).zoom, -1);
});

// ---- tours ----

test('a_tour_sees_everything_lively_and_does_not_go_back_and_forth', () => {
  const guide = new TourGuide();
  const places = [lively(0, 0, { strokes: 900 }), lively(50_000, 0, { strokes: 500 }), lively(0, 50_000, { strokes: 20 }), lively(-90_000, 0, { strokes: 8 })];
  const seen = [];
  let camera = cameraAt(777_777, 0, 0);
  for (let i = 0; i < 400; i++) {
    const next = guide.next(places, camera, viewport, 1_000_000, i * 20_000);
    seen.push(places.indexOf(next.place));
    camera = next.camera;
    guide.arrived(camera, i * 20_000);
  }
  assert.deepEqual(seen.slice(0, 4).sort(), [0, 1, 2, 3], 'each once before any twice');
  assert.ok(seen.every((place, i) => place !== seen[i - 1]));
  const backs = seen.filter((place, i) => i > 2 && place === seen[i - 2] && seen[i - 1] === seen[i - 3]);
  assert.equal(backs.length, 0, 'not back and forth');
  assert.ok(guide.remembered <= 24, 'for days');
});

test('a_tour_with_one_place_stays_and_goes_where_something_begins', () => {
  const guide = new TourGuide();
  const [only, fresh] = [lively(0, 0), lively(30_000, 0)];
  const camera = viewOf(only, cameraAt(0, 0, 0), viewport);
  guide.arrived(camera, 0);
  assert.equal(guide.next([only], camera, viewport, 1_000_000, 1), null);
  assert.equal(guide.next([only, fresh], camera, viewport, 1_000_000, 2).place, fresh);
  assert.equal(guide.next([], camera, viewport, 1_000_000, 3), null);
});

// ---- the map ----

test('the_map_shows_all_that_is_painted_while_that_is_small_and_the_neighbourhood_otherwise', () => {
  const near = frameFor(cameraAt(0, 0, 0), viewport, [-3000, -2000, 3000, 2000], 1.4);
  const whole = [onMap(near, positionFromPixels(0, '-3000', '-2000')), onMap(near, positionFromPixels(0, '3000', '2000'))];
  assert.ok(whole.every(({ x, y }) => x > 0 && x < 1 && y > 0 && y < 1), JSON.stringify(whole));
  const view = viewOnMap(near, cameraAt(0, 0, 0), viewport);
  assert.ok(view.width > 0.1 && view.width < 0.2, `${view.width}`);
  const deep = viewOnMap(frameFor(cameraAt(0, 0, 12), viewport, [-3000, -2000, 3000, 2000], 1.4), cameraAt(0, 0, 12), viewport);
  assert.ok(deep.width > 0.005 && deep.width < 0.03, `64 screens: ${deep.width}`);
  for (let zoom = -24; zoom <= 24; zoom += 0.7) {
    const frame = frameFor(cameraAt(0, 0, zoom), viewport, [-1e9, -5, 1e9, 5], 1.4);
    assert.ok(frame.width >= 1 && frame.width <= CELLS_MAX && frame.height >= 1 && frame.height <= CELLS_MAX, `${zoom}`);
  }
});

test('a_few_pictures_cover_the_map_and_are_no_larger_than_on_it', () => {
  for (const [box, zoom] of [[null, 0], [[-3000, -2000, 3000, 2000], 0], [[-1e9, -5, 1e9, 5], -20], [null, 24], [null, -24]]) {
    const frame = frameFor(cameraAt(77, -5, zoom), viewport, box, 1.4);
    for (const ratio of [1, 2]) {
      const tilePx = (196 / frame.width) * ratio;
      const rect = picturesFor(frame, tilePx);
      const scale = 2 ** (frame.level - rect.level);
      assert.ok(rect.width * rect.height <= 30, JSON.stringify(rect));
      assert.ok(rect.level === -24 || 256 / (tilePx * scale) >= 1, 'sharp');
      assert.ok(rect.x * scale <= frame.x && (rect.x + rect.width) * scale >= frame.x + frame.width);
      assert.ok(rect.y * scale <= frame.y && (rect.y + rect.height) * scale >= frame.y + frame.height);
    }
  }
});

test('a_place_on_the_map_is_the_place_on_the_wall', () => {
  const frame = frameFor(cameraAt(123_456, -99_999, 5), viewport, null, 1.4);
  for (const [x, y] of [[0.1, 0.2], [0.5, 0.5], [0.99, 0.01]]) {
    const back = onMap(frame, fromMap(frame, x, y));
    assert.ok(Math.abs(back.x - x) < 1e-9 && Math.abs(back.y - y) < 1e-9);
  }
});

test('the_map_stays_while_one_moves_about_in_its_middle', () => {
  const start = cameraAt(0, 0, 6);
  const frame = frameFor(start, viewport, null, 1.4);
  const at = (x, zoom = 6) => {
    const camera = { ...start, centre: translate(start.centre, x, 0), zoom };
    return stillServes(frame, frameFor(camera, viewport, null, 1.4), camera, viewport);
  };
  assert.ok(at(0) && at(2000) && at(-4000));
  assert.ok(!at(900 * 60), 'at the rim it follows');
  assert.ok(!at(0, 9), 'closer in it shows less');
});

// ---- colours ----

test('each_artist_has_a_colour_on_which_white_can_be_read', () => {
  const channel = (hex) => {
    const value = parseInt(hex, 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  for (let artist = 0; artist < 400; artist++) {
    const tint = tintOf(artist);
    assert.match(tint, /^#[0-9a-f]{6}$/);
    const [r, g, b] = [1, 3, 5].map((i) => channel(tint.slice(i, i + 2)));
    const contrast = 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05);
    assert.ok(contrast > 4.5, `${artist}: ${tint} ${contrast}`);
  }
  assert.equal(new Set(Array.from({ length: 24 }, (_, i) => tintOf(i))).size, 24);
  assert.equal(tintOf(5), tintOf(5));
});

// ---- as the server takes places, and what is pasted elsewhere ----

const { worldDecimals, cameraOf } = await load('place/decimals.ts');
const { cameraForSize, frameSnippet, imageSnippet, linkTo, snapshotUrl } = await load('place/snippets.ts');
const { modeOf, searchOf } = await load('place/modes.ts');
const { heatFrame } = await load('place/heatframe.ts');
const { parsePage } = await load('core/address.ts');

test('a_view_told_in_decimals_is_the_same_view_at_every_level', () => {
  assert.deepEqual(worldDecimals(cameraAt(-5120, 880, 2).centre), { x: '-1280', y: '220' });
  assert.deepEqual(worldDecimals(cameraAt(-3, 1, 3).centre), { x: '-0.375', y: '0.125' });
  assert.deepEqual(worldDecimals(cameraAt(-3, 5, -2).centre), { x: '-12', y: '20' });
  for (let zoom = -24; zoom <= 24; zoom++) {
    for (const x of ['0', '-1', '77', '-98765']) {
      const camera = cameraAt(zoom < -10 ? '1' : x, x === '77' && zoom > -10 ? '-3' : '1', zoom);
      const { x: tx, y: ty } = worldDecimals(camera.centre);
      assert.match(tx, /^-?\d{1,12}(\.\d{1,24})?$/);
      const back = cameraOf(tx, ty, zoom);
      assert.ok(gapPx(camera, back) < 0.01, `${zoom}: ${tx},${ty}`);
    }
  }
  assert.equal(cameraOf('1', '2', 25), null);
  assert.equal(cameraOf('1e3', '2', 0), null);
  assert.equal(cameraOf('', '2', 0), null);
});

test('snippets_show_the_same_middle_in_the_size_asked_for_and_are_safe_to_paste', () => {
  const camera = cameraAt(100, 60, 1);
  const size = { width: 450, height: 350 };
  assert.equal(cameraForSize(camera, viewport, size).zoom, 0, 'half the size shows the same part');
  assert.equal(linkTo('https://w.example', 'main', camera), 'https://w.example/#@100,60,1');
  assert.equal(linkTo('https://w.example', 'a', camera, '?embed'), 'https://w.example/c/a?embed#@100,60,1');
  const frame = frameSnippet('https://w.example', 'a', camera, viewport, size, 'A "wall" <b>&');
  assert.match(frame, /^<iframe src="https:\/\/w\.example\/c\/a\?embed#@50,30,0" width="450" height="350"/);
  assert.match(frame, /title="A &quot;wall&quot; &lt;b&gt;&amp;"/);
  const url = new URL(snapshotUrl('https://w.example', 'a', camera, viewport, size));
  assert.equal(url.searchParams.get('rect'), '-175,-145,450,350');
  assert.equal(url.searchParams.get('scale'), '1');
  assert.match(imageSnippet('https://w.example', 'a', camera, viewport, size, 'x'), /canvas=a&amp;rect=/);
  const deep = new URL(snapshotUrl('https://w.example', 'a', cameraAt(2n ** 40n, 5, 20), viewport, size));
  assert.doesNotMatch(deep.search, /e[-+]?\d/i, 'no exponents');
  const far = new URL(snapshotUrl('https://w.example', 'a', cameraAt(0, 0, -12), viewport, size));
  assert.equal(far.searchParams.get('scale'), '0.0001220703125');
});

test('the_address_tells_how_a_page_looks_on_and_a_foreign_frame_never_draws', () => {
  assert.deepEqual(['', '?watch', '?tour', '?kiosk', '?embed', '?watch&tour', '?a;embed'].map(modeOf), [
    'draw',
    'watch',
    'tour',
    'kiosk',
    'embed',
    'tour',
    'embed',
  ]);
  for (const search of ['?watch', '?tour', '?kiosk', '?embed', '?x;embed']) {
    assert.ok(parsePage('/', search).isWatching, search);
  }
  assert.ok(!parsePage('/', '?embedded').isWatching);
  const location = { search: '?x', origin: 'https://w.example' };
  const alone = { location };
  alone.top = alone.self = alone;
  assert.equal(searchOf(alone), '?x');
  const framed = { location, self: {}, get top() {
    return { get location() {
      throw new Error('SecurityError');
    } };
  } };
  assert.equal(searchOf(framed), '?x&embed');
  const atHome = { location, self: {}, top: { location } };
  assert.equal(searchOf(atHome), '?x');
});

test('the_activity_layer_asks_for_few_tiles_at_every_zoom_and_on_every_screen', () => {
  for (const screen of [viewport, { width: 390, height: 800, ratio: 3 }, { width: 3840, height: 2160, ratio: 1 }]) {
    for (let zoom = -24; zoom <= 24; zoom += 0.5) {
      const rect = heatFrame(cameraAt(0, 0, zoom), screen);
      assert.ok(rect.width >= 1 && rect.width <= 64 && rect.height >= 1 && rect.height <= 64, `${zoom}`);
      assert.ok(Math.abs(rect.level) <= 24);
    }
  }
});

// ---- moving the view: flights and following, on a wall that only holds a camera ----

const listeners = new Map();
globalThis.window ??= {
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer),
  addEventListener: (name, run) => listeners.set(name, run),
  removeEventListener: (name) => listeners.delete(name),
};
const { Flyer } = await load('place/flyer.ts');
const { Following, Followers } = await load('place/follow.ts');

function makeWall(camera) {
  return {
    camera,
    viewport,
    setCamera(next) {
      this.camera = next;
    },
    request() {},
  };
}

test('a_flight_arrives_and_a_press_or_another_hand_on_the_wall_ends_it', async () => {
  const wall = makeWall(cameraAt(0, 0, 0));
  const flyer = new Flyer(wall, () => false);
  const goal = cameraAt(9000, 0, 2);
  const arrival = flyer.to(goal);
  for (let ms = 0; flyer.isFlying && ms < 9000; ms += 16) {
    flyer.framed(ms);
  }
  assert.equal(await arrival, true);
  assert.deepEqual(wall.camera, goal);
  assert.equal(listeners.size, 0, 'it listens no more');
  const broken = flyer.to(cameraAt(0, 0, 0));
  flyer.framed(0);
  flyer.framed(500);
  const where = wall.camera;
  listeners.get('pointerdown')();
  flyer.framed(900);
  assert.equal(await broken, false);
  assert.equal(wall.camera, where);
  const pushed = flyer.to(cameraAt(0, 0, 0));
  flyer.framed(0);
  wall.setCamera(cameraAt(77, 0, 0));
  flyer.framed(16);
  assert.equal(await pushed, false);
  assert.equal(wall.camera.centre.x, 77);
  const still = new Flyer(wall, () => true);
  assert.equal(await still.to(goal), true);
  assert.deepEqual(wall.camera, goal, 'without motion at once');
});

test('who_follows_glides_after_and_stops_when_they_move_the_wall_themselves', () => {
  const wall = makeWall(cameraAt(0, 0, 0));
  const flyer = new Flyer(wall, () => false);
  const ends = [];
  let isDrawing = false;
  const following = new Following(wall, flyer, () => isDrawing, {
    changed() {},
    ended: (who, reason) => ends.push([who.artist, reason]),
  });
  following.begin({ artist: 7, name: 'Mira' });
  following.cameraCame({ type: 'camera', artist: 8, x: '99', y: '0', zoom: 0 });
  following.framed(0);
  assert.deepEqual(wall.camera, cameraAt(0, 0, 0), 'another is not followed');
  following.cameraCame({ type: 'camera', artist: 7, x: '300', y: '-100.5', zoom: 0.5 });
  let [steps, before] = [0, 0];
  for (let ms = 16; ms < 3000; ms += 16) {
    following.framed(ms);
    const x = placeOf(wall.camera)[0];
    assert.ok(x >= before - 1e-9, 'never back');
    steps += x > before ? 1 : 0;
    before = x;
  }
  assert.ok(steps > 20, `smoothly: ${steps} steps`);
  assert.deepEqual(placeOf(wall.camera), [300, -100.5, 0.5]);
  isDrawing = true;
  following.cameraCame({ type: 'camera', artist: 7, x: '400', y: '0', zoom: 0.5 });
  following.framed(4000);
  assert.equal(placeOf(wall.camera)[0], 300, 'not while one draws');
  isDrawing = false;
  wall.setCamera(cameraAt(5, 5, 0));
  following.framed(4016);
  assert.deepEqual(ends, [[7, 'moved']]);
  following.cameraCame({ type: 'camera', artist: 7, x: '400', y: '0', zoom: 0.5 });
  following.framed(4032);
  assert.equal(placeOf(wall.camera)[0], 5);
});

test('who_is_followed_tells_where_they_look_only_then_and_not_too_often', () => {
  const wall = makeWall(cameraAt(0, 0, 0));
  const sent = [];
  const followers = new Followers(wall, (json) => sent.push(json), () => undefined);
  followers.framed(0);
  assert.equal(sent.length, 0, 'nobody is told while nobody follows');
  followers.came({ type: 'followers', list: [{ artist: 3, name: 'Otto' }], count: 1 });
  followers.framed(16);
  assert.deepEqual(sent, [{ type: 'camera', x: '0', y: '0', zoom: 0 }]);
  for (let ms = 32; ms < 1016; ms += 8) {
    wall.setCamera(cameraAt(ms, 0, 0));
    followers.framed(ms);
  }
  assert.ok(sent.length > 12 && sent.length <= 20, `${sent.length} in a second`);
  const count = sent.length;
  followers.came({ type: 'followers', list: [], count: 0 });
  wall.setCamera(cameraAt(1, 0, 0));
  followers.framed(9000);
  assert.equal(sent.length, count);
});
