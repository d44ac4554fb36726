// Tiles that come late: a place that showed ink shows ink until its own picture is there, whatever the hand does
// meanwhile; what comes first is what is looked at; what left the view is not waited for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draw, ready, screenshot, settled, stage, until } from './kit.mjs';
import { eventually } from '../wire/process.mjs';

const { open } = await stage();

/** A wall that is ink all over around its middle: nothing of it can be paper. */
async function paint(name) {
  const page = await open(`/c/${name}#@0,0,-4`, { reducedMotion: 'reduce' });
  await page.keyboard.press('Shift+R');
  await draw(page, [[4, 4], [400, 300], [896, 696]]);
  await settled(page);
  await page.context().close();
}

/** Looks at the middle of the screen, frame by frame, from now on: how often, and how often there was paper in it. */
async function watchFrames(page) {
  await page.evaluate(() => {
    const wall = document.querySelector('#wall');
    const small = document.createElement('canvas');
    [small.width, small.height] = [45, 35];
    const context = small.getContext('2d', { willReadFrequently: true });
    window.seen = { frames: 0, blank: 0, worst: 0 };
    const look = () => {
      const [x, y, w, h] = [wall.width * 0.1, wall.height * 0.1, wall.width * 0.8, wall.height * 0.8];
      context.drawImage(wall, x, y, w, h, 0, 0, small.width, small.height);
      const { data } = context.getImageData(0, 0, small.width, small.height);
      let paper = 0;
      for (let i = 0; i < data.length; i += 4) {
        paper += data[i] > 150 ? 1 : 0;
      }
      window.seen.frames++;
      window.seen.blank += paper > 0 ? 1 : 0;
      window.seen.worst = Math.max(window.seen.worst, paper);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}

const seenOf = (page) => page.evaluate(() => window.seen);

/** Tiles are answered as late as this, from now on. */
async function slowTiles(page, ms) {
  const asked = [];
  await page.route(/\/tiles\//, async (route) => {
    asked.push(route.request().url());
    await new Promise((resolve) => setTimeout(resolve, ms));
    await route.continue().catch(() => {});
  });
  return asked;
}

test('inked_places_are_never_blank_while_tiles_are_on_their_way', async () => {
  await paint('late');
  const page = await open('/c/late#@0,0,-4');
  await slowTiles(page, 500);
  await page.mouse.move(450, 350);
  await watchFrames(page);
  for (let i = 0; i < 12; i++) {
    await page.mouse.wheel(0, -200);
  }
  await until(page, () => window.kolamDebug.camera().zoom > 1.5);
  for (let i = 0; i < 16; i++) {
    await page.keyboard.press(i < 8 ? 'ArrowRight' : 'ArrowDown');
  }
  await screenshot(page, 'streaming-late');
  await until(page, () => window.seen.frames > 10);
  const near = await seenOf(page);
  assert.deepEqual([near.blank, near.worst], [0, 0], 'zooming in and panning');
  await until(page, () => window.kolamDebug.status().isComplete);
  for (let i = 0; i < 10; i++) {
    await page.mouse.wheel(0, 200);
  }
  await until(page, () => window.kolamDebug.camera().zoom < -2.9);
  await until(page, () => window.kolamDebug.status().isComplete);
  assert.deepEqual([(await seenOf(page)).blank, (await seenOf(page)).worst], [0, 0], 'zooming out');
  for (const [angle, zoom] of [[40, -2], [75, -0.5], [-160, 0.6]]) {
    await page.evaluate((hash) => (location.hash = hash), `#@100,100,${zoom},${angle}`);
    await until(page, (wanted) => window.kolamDebug.camera().angle === wanted, angle);
  }
  await until(page, () => window.kolamDebug.status().isComplete);
  assert.deepEqual([(await seenOf(page)).blank, (await seenOf(page)).worst], [0, 0], 'turning');
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test('what_was_near_shows_while_one_goes_far_out_at_once', async () => {
  await paint('out');
  const page = await open('/c/out#@0,0,0', { reducedMotion: 'reduce' });
  await slowTiles(page, 700);
  await page.mouse.move(450, 350);
  await page.mouse.wheel(0, 1600);
  await until(page, () => window.kolamDebug.camera().zoom === -4);
  const ink = await page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const wall = document.querySelector('#wall');
    const copy = document.createElement('canvas');
    [copy.width, copy.height] = [1, 1];
    const context = copy.getContext('2d');
    context.drawImage(wall, 450, 350, 1, 1, 0, 0, 1, 1);
    return context.getImageData(0, 0, 1, 1).data[0];
  });
  assert.ok(ink < 100, `what was on the screen, small: ${ink}`);
  await page.context().close();
});

test('the_middle_comes_first_and_what_left_the_view_is_not_waited_for', async () => {
  await paint('order');
  const page = await open('/c/order#@0,0,-4', { reducedMotion: 'reduce' });
  const asked = await slowTiles(page, 1500);
  await page.evaluate(() => (location.hash = '#@0,0,0'));
  await until(page, () => window.kolamDebug.camera().zoom === 0);
  while (asked.length < 8) {
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 20)));
  }
  const places = asked.map((url) => /tiles\/order\/(-?\d+)\/(-?\d+)\/(-?\d+)/.exec(url).slice(1).map(Number));
  for (const [level, x, y] of places.slice(0, 4)) {
    assert.deepEqual([level, Math.abs(x + 0.5), Math.abs(y + 0.5)], [0, 0.5, 0.5], 'the four in the middle');
  }
  // Far away at once: what was asked for is given up.
  const failed = [];
  page.on('requestfailed', (request) => failed.push(request.url()));
  await page.evaluate(() => (location.hash = '#@400000,0,0'));
  await ready(page);
  await eventually(() => failed.some((url) => /tiles\/order\/0\//.test(url)), 'requests to be cancelled');
  await until(page, () => window.kolamDebug.status().isComplete);
  await page.context().close();
});
