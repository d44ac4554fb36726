// The moderators' page without its DOM: areas in words and as acts, who set them and why, and where a place fits beside the panel.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { areaAct, forWhom, newestFirst, whereText } = await load('order/areawords.ts');
const { Deeds } = await load('order/deeds.ts');
const { freeOf, viewOf } = await load('order/free.ts');
const { boxOfRect } = await load('history/area.ts');
const { makeCamera } = await load('core/camera.ts');
const { makeTurn } = await load('core/turn.ts');
const { positionFromPixels } = await load('core/geometry.ts');
const { Names } = await load('app/names.ts');
const { setLanguage } = await load('i18n/i18n.ts');

const place = { level: 0, x: '-100', y: '0', width: 500, height: 400 };
const garden = { ...place, area: '4711', act: '4720', kind: 'owned', name: 'Garden', owner: 12, members: [12, 3], until: 1_800_000_000_000 };
const wish = { kind: 'frozen', name: '', owner: null, members: [], place, forS: 1800, why: '' };

test('a_new_area_says_no_more_than_is_meant', () => {
  assert.deepEqual(areaAct(wish, null), { act: { kind: 'area', area: 'frozen', name: '', ...place }, for_s: 1800 });
  assert.deepEqual(areaAct({ ...wish, forS: 0 }, null).for_s, undefined, 'for good');
});

test('a_changed_area_keeps_its_number_its_people_and_its_end', () => {
  const kept = areaAct({ ...wish, ...garden, place: garden, forS: null, why: 'paint' }, garden);
  assert.deepEqual(kept, { act: { kind: 'area', area: 'owned', of: '4711', name: 'Garden', ...place, owner: 12, members: [3], why: 'paint', until: garden.until } });
  const anew = areaAct({ ...wish, place: garden, forS: 60 }, garden);
  assert.equal(anew.act.until, undefined, 'another end in its place');
  assert.equal(anew.for_s, 60);
});

test('areas_are_told_newest_first_with_their_people_and_their_place', () => {
  setLanguage('en');
  const later = { ...garden, area: '9007199254740993', act: '9007199254740995' };
  const latest = { ...garden, area: '1', act: '9007199254740996' };
  assert.deepEqual(newestFirst([garden, later, latest]).map(({ area }) => area), ['1', later.area, '4711']);
  const nameOf = (artist) => (artist === 12 ? 'Mira' : '');
  assert.equal(forWhom(garden, nameOf), 'For Mira (owner) and Artist 3');
  assert.equal(forWhom({ ...garden, owner: null, members: [] }, nameOf), 'No members yet');
  assert.equal(forWhom({ ...garden, kind: 'quiet' }, nameOf), '', 'of no matter there');
  assert.equal(whereText(place), '500 × 400 px around 150, 200');
  assert.equal(whereText({ level: 2, x: '8', y: '-40', width: 4, height: 6 }), '1 × 1.5 px around 2.5, -9.25');
});

test('who_set_an_area_is_read_from_the_record_no_further_than_needed_and_once', async () => {
  const asked = [];
  const pages = {
    first: { entries: [{ what: 'sanction', time: 9, by: 'Eve' }, { what: 'act', act: '30', time: 8, by: 'Mira', record: { why: 'tidy' } }], next: 'second' },
    second: { entries: [{ what: 'act', act: '20', time: 7, by: 'Otto', record: {} }], next: 'third' },
    third: { entries: [], next: null },
  };
  const deeds = new Deeds({
    ask: async ({ before = 'first' }) => {
      asked.push(before);
      return pages[before];
    },
  });
  assert.equal(await deeds.learn(['30', '20']), true);
  assert.deepEqual(asked, ['first', 'second']);
  assert.deepEqual(deeds.of('30'), { by: 'Mira', time: 8, why: 'tidy' });
  assert.deepEqual(deeds.of('20'), { by: 'Otto', time: 7, why: '' });
  assert.equal(await deeds.learn(['30', '10']), false);
  assert.equal(asked.length, 5);
  assert.equal(await deeds.learn(['10']), false);
  assert.equal(asked.length, 5, 'not looked for again');
});

test('a_place_is_flown_to_beside_the_panel_however_the_view_is_turned', () => {
  const viewport = { width: 900, height: 700, ratio: 1 };
  const panel = { x: 12, y: 12, width: 384, height: 600 };
  const free = freeOf(900, 640, panel);
  assert.deepEqual(free, { x: 396, y: 0, width: 504, height: 640 });
  assert.deepEqual(freeOf(360, 640, { x: 12, y: 12, width: 336, height: 400 }), { x: 0, y: 412, width: 360, height: 228 }, 'below it on a phone');
  assert.deepEqual(freeOf(900, 640, null), { x: 0, y: 0, width: 900, height: 640 });
  for (const turn of [makeTurn(0, false), makeTurn(90, false), makeTurn(0, true)]) {
    const camera = makeCamera(positionFromPixels(3, '5000', '70'), 3, turn);
    const view = viewOf(camera, viewport, free, place);
    assert.deepEqual(view.turn, camera.turn);
    const corners = [place, { ...place, x: '400', y: '400' }].map((at) => boxOfRect(view, viewport, at));
    for (const { x, y } of corners) {
      assert.ok(x > free.x && x < free.x + free.width && y > free.y && y < free.y + free.height, `${x}, ${y}`);
    }
    const middle = corners.reduce((sum, { x, y }) => [sum[0] + x / 2, sum[1] + y / 2], [0, 0]);
    assert.ok(Math.hypot(middle[0] - 648, middle[1] - 320) < 1e-6);
  }
});

test('who_shows_names_hears_of_new_ones', () => {
  const names = new Names(() => true, () => 0);
  let heard = 0;
  names.onLearn = () => heard++;
  names.learn([{ artist: 3, name: 'Mira' }]);
  assert.deepEqual([heard, names.nameOf(3)], [1, 'Mira']);
});
