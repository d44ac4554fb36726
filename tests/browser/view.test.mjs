// Where one is on the wall: the address, the first visit, zooming from far out to far in, fingers, keys.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { addressTold, draw, inkOf, ready, screenshot, settled, stage, status, until, wave } from './kit.mjs';
import { decodePng } from '../wire/png.mjs';

const { server, browser, open, close } = await stage();

const cameraOf = (page) => page.evaluate(() => window.kolamDebug.camera());

/** The darkest value on the screen's own canvas: what a person sees of ink. */
function darkest(page) {
  return page.evaluate(() => {
    const wall = document.querySelector('#wall');
    const copy = document.createElement('canvas');
    [copy.width, copy.height] = [wall.width, wall.height];
    const context = copy.getContext('2d');
    context.drawImage(wall, 0, 0);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    let least = 255;
    for (let i = 0; i < data.length; i += 4) {
      least = Math.min(least, data[i]);
    }
    return least;
  });
}

test('the_view_is_in_the_address_and_is_kept_on_reload', async () => {
  const page = await open('/c/place');
  await page.mouse.move(200, 200);
  for (let i = 0; i < 7; i++) {
    await page.mouse.wheel(0, -120);
  }
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(() => /^#@-?\d+,-?\d+,2\.1$/.test(location.hash));
  await addressTold(page);
  const [url, camera] = [page.url(), await cameraOf(page)];
  await page.reload();
  await ready(page);
  const again = await cameraOf(page);
  assert.equal(page.url(), url);
  assert.equal(again.zoom, 2.1);
  assert.deepEqual([again.tileX, again.tileY], [camera.tileX, camera.tileY]);
  assert.ok(Math.abs(again.x - camera.x) <= 1 && Math.abs(again.y - camera.y) <= 1);
  await close(page);
});

test('a_first_visit_opens_where_the_newest_ink_is', async () => {
  const ann = await open('/c/recent#@70368744177664,-35184372088832,20');
  await draw(ann, wave([200, 200], [600, 400]));
  await settled(ann);
  const ben = await open('/c/recent');
  assert.match(ben.url(), /\/c\/recent/);
  const camera = await cameraOf(ben);
  assert.equal(camera.zoom, 20);
  await until(ben, () => window.kolamDebug.status().isComplete);
  assert.ok((await inkOf(ben)) > 0, 'the stroke is in view');
  await close(ann);
  await close(ben);
});

test('a_first_visit_to_an_empty_wall_opens_at_the_origin', async () => {
  const page = await open('/c/empty');
  const { level, tileX, tileY, x, y, zoom } = await cameraOf(page);
  assert.deepEqual(
    { level, tileX, tileY, x, y, zoom },
    { level: 0, tileX: 0, tileY: 0, x: 0, y: 0, zoom: 0 },
  );
  await close(page);
});

test('a_drawing_is_seen_from_far_out_and_never_leaves_the_screen_while_zooming', async () => {
  const page = await open('/c/far#@0,0,0', { reducedMotion: 'reduce' });
  await draw(page, wave([250, 250], [650, 450], 60, 60));
  await settled(page);
  await page.mouse.move(450, 350);
  let seen = await darkest(page);
  assert.ok(seen < 60);
  for (let i = 0; i < 20; i++) {
    await page.mouse.wheel(0, 120);
    await page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
    seen = await darkest(page);
    assert.ok(seen < 225, `step ${i}: there is ink on the screen (${seen})`);
  }
  await until(page, () => window.kolamDebug.status().isComplete);
  assert.ok((await darkest(page)) < 225);
  await screenshot(page, 'far-out');
  await close(page);
});

test('one_zooms_from_the_whole_world_to_its_finest_grain_and_draws_there', async () => {
  const page = await open('/c/deep#@0,0,-24', { reducedMotion: 'reduce' });
  await page.mouse.move(450, 350);
  for (let i = 0; i < 200 && (await cameraOf(page)).zoom < 24; i++) {
    await page.mouse.wheel(0, -600);
  }
  assert.equal((await cameraOf(page)).zoom, 24);
  await ready(page);
  await draw(page, wave([300, 300], [600, 400]));
  await settled(page);
  assert.ok((await inkOf(page)) > 0);
  for (let i = 0; i < 200 && (await cameraOf(page)).zoom > -24; i++) {
    await page.mouse.wheel(0, 600);
  }
  assert.equal((await cameraOf(page)).zoom, -24);
  await ready(page);
  await close(page);
});

test('a_view_is_sharp_on_a_dense_screen', async () => {
  const page = await open('/c/dense#@0,0,0', { scale: 2, width: 600, height: 400 });
  assert.equal((await page.evaluate(() => window.kolamDebug.view())).level, 1);
  assert.deepEqual(
    await page.evaluate(() => [
      document.querySelector('#wall').width,
      document.querySelector('#wall').height,
    ]),
    [1200, 800],
  );
  await draw(page, wave([100, 100], [400, 300]));
  await settled(page);
  const op = await (await fetch(new URL('/api/canvas/dense', server.address))).json();
  assert.equal(op.recent.level, 1);
  await close(page);
});

test('a_drawing_over_hundreds_of_tiles_is_kept_a_level_up', async () => {
  const page = await open('/c/wide#@0,0,0', { width: 4600, height: 4600 });
  const lines = Array.from({ length: 36 }, (_, i) => [
    i % 4 < 2 ? 60 : 4540,
    60 + Math.floor(i / 2) * 250,
  ]);
  await draw(page, lines);
  await settled(page);
  await until(page, () => window.kolamDebug.status().seq === 1);
  const { recent } = await (await fetch(new URL('/api/canvas/wide', server.address))).json();
  assert.equal(recent.level, -1);
  const other = await open('/c/wide#@0,0,0', { width: 900, height: 700 });
  await until(other, () => window.kolamDebug.status().isComplete);
  assert.ok((await inkOf(other)) > 0);
  await close(page);
  await close(other);
});

test('a_pen_presses_thick_and_thin', async () => {
  const page = await open('/c/pen#@0,0,0');
  for (let i = 0; i < 25; i++) {
    await page.keyboard.press(']');
  }
  const client = await page.context().newCDPSession(page);
  const pen = (type, x, force) =>
    client.send('Input.dispatchMouseEvent', {
      type,
      x,
      y: 350,
      force,
      button: 'left',
      buttons: 1,
      clickCount: 1,
      pointerType: 'pen',
    });
  await pen('mousePressed', 500, 0.15);
  for (let i = 1; i <= 20; i++) {
    await pen('mouseMoved', 500 + i * 10, 0.15 + i * 0.04);
  }
  await pen('mouseReleased', 700, 0);
  await settled(page);
  const [thin, thick] = await page.evaluate(() =>
    [530, 680].map((x) => {
      return [-1, 0].reduce((sum, y) => {
        const { rgba } = window.kolamDebug.tile(0, 0, y);
        const column = x - 450;
        for (let row = 0; row < 256; row++) {
          sum += rgba[(row * 256 + column) * 4 + 3] > 127 ? 1 : 0;
        }
        return sum;
      }, 0);
    }),
  );
  assert.ok(thin > 0 && thick > thin * 2, `${thin} and ${thick} px`);
  await close(page);
});

test('a_stroke_over_the_edge_of_the_world_does_no_harm', async () => {
  const page = await open('/c/edge#@0,0,-24');
  await draw(page, wave([440, 350], [700, 360]));
  await draw(page, wave([400, 340], [480, 345]));
  await settled(page);
  await page.keyboard.press('0');
  await until(page, () => window.kolamDebug.camera().zoom === 0);
  await ready(page);
  const { seq } = await status(page);
  await draw(page, wave([200, 200], [400, 300]));
  await settled(page);
  await until(page, (before) => window.kolamDebug.status().seq > before, seq);
  await close(page);
});

test('one_finger_draws_and_two_fingers_move_and_zoom', async () => {
  const page = await open('/c/touch#@0,0,0', { hasTouch: true, width: 400, height: 700 });
  const client = await page.context().newCDPSession(page);
  const touch = (type, ...points) =>
    client.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: points.map(([x, y], id) => ({ x, y, id })),
    });
  /* As fast as the machine goes: a finger that rests takes a colour. */
  const places = Array.from({ length: 10 }, (_, i) => [115 + i * 15, 205 + i * 5]);
  await Promise.all([touch('touchStart', [100, 200]), ...places.map((place) => touch('touchMove', place))]);
  await touch('touchEnd');
  await settled(page);
  await until(page, () => window.kolamDebug.status().seq === 1);
  const before = await cameraOf(page);
  await Promise.all([touch('touchStart', [150, 300]), touch('touchStart', [150, 300], [250, 300])]);
  for (let i = 1; i <= 10; i++) {
    await touch('touchMove', [150 - i * 5, 300 + i], [250 + i * 5, 300 + i]);
  }
  await touch('touchEnd');
  await settled(page);
  const after = await cameraOf(page);
  assert.ok(Math.abs(after.zoom - before.zoom - 1) < 0.05, `zoomed by ${after.zoom - before.zoom}`);
  assert.equal((await status(page)).seq, 1, 'the fingers left no dot');
  await close(page);
});

test('space_and_the_middle_button_move_the_wall_and_draw_nothing', async () => {
  const page = await open('/c/grab#@0,0,0');
  const before = await cameraOf(page);
  await page.keyboard.down('Space');
  await draw(page, [
    [300, 300],
    [400, 360],
  ]);
  await page.keyboard.up('Space');
  await page.mouse.move(300, 300);
  await page.mouse.down({ button: 'middle' });
  await page.mouse.move(350, 300);
  await page.mouse.up({ button: 'middle' });
  const after = await cameraOf(page);
  const moved = (before.tileX - after.tileX) * 256 + before.x - after.x;
  assert.equal(moved, 150);
  assert.equal((await status(page)).unsaved, 0);
  assert.equal(await inkOf(page), 0);
  await close(page);
});

test('keys_choose_tools_and_every_button_has_a_name', async () => {
  const page = await open('/c/keys#@0,0,0');
  await page.keyboard.press('m');
  assert.equal(
    await page.getByRole('button', { name: 'Marker' }).getAttribute('aria-pressed'),
    'true',
  );
  await page.keyboard.press('e');
  assert.equal(
    await page.getByRole('button', { name: 'Eraser' }).getAttribute('aria-pressed'),
    'true',
  );
  await page.keyboard.press('+');
  await until(page, () => window.kolamDebug.camera().zoom === 1);
  await page.keyboard.press('0');
  await until(page, () => window.kolamDebug.camera().zoom === 0);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Commands' }).waitFor();
  await page.keyboard.press('Escape');
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll('button, input')]
      .filter((each) => !each.getAttribute('aria-label') && each.textContent.trim() === '')
      .map((each) => each.outerHTML),
  );
  assert.deepEqual(nameless, []);
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  await close(page);
});

test('the_view_is_saved_as_a_picture_of_the_screens_size', async () => {
  const page = await open('/c/saved#@0,0,0', { scale: 2, width: 760, height: 400 });
  await draw(page, wave([100, 100], [400, 250]));
  await settled(page);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the view as a picture' }).click();
  const file = await download;
  assert.match(file.suggestedFilename(), /^kolam-saved-\d{4}-\d\d-\d\d\.png$/);
  const picture = decodePng(readFileSync(await file.path()));
  assert.deepEqual([picture.width, picture.height], [1520, 800]);
  const values = new Set(Array.from(picture.rgba.filter((_, i) => i % 4 === 0)));
  assert.ok(values.has(0xfb) && values.has(0x23), 'paper and ink');
  await close(page);
});

test('a_page_without_coalesced_events_draws_as_well', async () => {
  const context = await browser.newContext({ viewport: { width: 900, height: 700 } });
  await context.addInitScript(() => delete PointerEvent.prototype.getCoalescedEvents);
  const page = await open('/c/plain#@0,0,0', { context });
  await draw(page, wave([100, 100], [600, 300]), { isQuick: false });
  await settled(page);
  assert.ok((await inkOf(page)) > 0);
  await close(page);
});

test('the_page_obeys_its_own_policy', async () => {
  const response = await fetch(server.address);
  const policy = response.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'self'/);
  assert.doesNotMatch(policy, /unsafe-inline/);
  const page = await open('/');
  assert.deepEqual(page.errors, []);
  await close(page);
});
