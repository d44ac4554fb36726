// A view that is turned and mirrored: what is drawn is under the pointer, nothing tears between tiles, right angles are
// exact to the pixel; keys, the compass, the address, the saved picture.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { draw, ready, screenshot, settled, stage, status, until, wave } from './kit.mjs';
import { eventually } from '../wire/process.mjs';
import { decodePng } from '../wire/png.mjs';

const { server, open, close } = await stage({ reducedMotion: 'reduce' });

const cameraOf = (page) => page.evaluate(() => window.kolamDebug.camera());

/** The screen's own pixels, as the page drew them: { width, height, data } with data as bytes. */
async function screenOf(page) {
  await until(page, () => window.kolamDebug.status().isComplete);
  const { width, height, text } = await page.evaluate(async () => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const wall = document.querySelector('#wall');
    const copy = document.createElement('canvas');
    [copy.width, copy.height] = [wall.width, wall.height];
    const context = copy.getContext('2d', { willReadFrequently: true });
    context.drawImage(wall, 0, 0);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    let packed = '';
    for (let i = 0; i < data.length; i += 32_768) {
      packed += String.fromCharCode(...data.subarray(i, i + 32_768));
    }
    return { width: copy.width, height: copy.height, text: btoa(packed) };
  });
  return { width, height, data: Buffer.from(text, 'base64') };
}

const valueAt = ({ width, data }, x, y) => data[(Math.floor(y) * width + Math.floor(x)) * 4];

test('keys_turn_and_mirror_the_view_and_the_compass_makes_it_upright', async () => {
  const page = await open('/c/keys#@0,0,0');
  assert.equal(await page.locator('.compass').isVisible(), false);
  await page.keyboard.press('.');
  await page.keyboard.press('.');
  await until(page, () => window.kolamDebug.camera().angle === 30);
  await until(page, () => location.hash === '#@0,0,0,30');
  await page.keyboard.press(',');
  await until(page, () => window.kolamDebug.camera().angle === 15);
  await page.keyboard.press('Shift+M');
  await until(page, () => window.kolamDebug.camera().isMirrored);
  await screenshot(page, 'rotate-compass');
  assert.match(await page.locator('.compass').getAttribute('aria-label'), /mirrored.*15/i);
  await page.locator('.compass').click();
  await until(page, () => window.kolamDebug.camera().angle === 0 && !window.kolamDebug.camera().isMirrored);
  await page.locator('.compass').waitFor({ state: 'hidden' });
  await page.keyboard.press(',');
  await until(page, () => window.kolamDebug.camera().angle === -15);
  // Dragged around, the needle turns the view.
  const { x, y, width } = await page.locator('.compass').boundingBox();
  await page.mouse.move(x + width / 2, y + 4);
  await page.mouse.down();
  await page.mouse.move(x + width - 2, y + width / 2 + 10);
  await page.mouse.move(x + width / 2 + 200, y + width / 2);
  await page.mouse.up();
  const { angle } = await cameraOf(page);
  assert.ok(Math.abs(angle - 75) < 3, `${angle}`);
  await page.keyboard.press('Shift+Digit0');
  await until(page, () => window.kolamDebug.camera().angle === 0);
  await until(page, () => location.hash === '#@0,0,0');
  await page.goto('about:blank');
  await page.goto(`${server.address}c/keys#@7,8,1,-40.5`);
  await ready(page);
  const camera = await cameraOf(page);
  assert.deepEqual([camera.angle, camera.zoom, camera.isMirrored], [-40.5, 1, false], 'the address restores it');
  await close(page);
});

test('what_is_drawn_in_a_turned_view_is_under_the_pointer_and_stays_on_the_wall', async () => {
  const page = await open('/c/pointer#@0,0,0,33');
  await page.keyboard.press('Shift+M');
  const places = wave([150, 200], [700, 480], 40, 40);
  await page.evaluate(() => document.querySelector('#wall').focus());
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press(']');
  }
  await draw(page, places);
  await settled(page);
  const seen = await screenOf(page);
  for (const [x, y] of places.slice(2, -2)) {
    assert.ok(valueAt(seen, x, y) < 120, `ink at ${x}, ${y}: ${valueAt(seen, x, y)}`);
  }
  assert.ok(valueAt(seen, 450, 100) > 240, 'and paper elsewhere');
  await screenshot(page, 'rotate-drawn');
  // As somebody else sees it who looks straight on.
  const place = ([x, y]) => {
    const [dx, dy] = [-(x - 450), y - 350];
    const [cos, sin] = [Math.cos((-33 * Math.PI) / 180), Math.sin((-33 * Math.PI) / 180)];
    return [450 + dx * cos - dy * sin, 350 + dx * sin + dy * cos];
  };
  const other = await open('/c/pointer#@0,0,0');
  const straight = await screenOf(other);
  for (const each of places.slice(2, -2)) {
    const [x, y] = place(each);
    assert.ok(valueAt(straight, x, y) < 120, `upright: ink at ${x}, ${y}`);
  }
  // A stretched rectangle has the screen's sides.
  await page.keyboard.press('Shift+R');
  await draw(page, [[500, 100], [560, 130], [700, 180]]);
  await settled(page);
  const boxed = await screenOf(page);
  for (const [x, y] of [[504, 104], [696, 104], [504, 176], [696, 176]]) {
    assert.ok(valueAt(boxed, x, y) < 120, `inside ${x}, ${y}`);
  }
  for (const [x, y] of [[496, 140], [704, 140], [600, 96], [600, 184]]) {
    assert.ok(valueAt(boxed, x, y) > 240, `outside ${x}, ${y}`);
  }
  await close(page);
  await close(other);
});

test('nothing_tears_between_tiles_at_any_angle_or_zoom', async () => {
  const page = await open('/c/seams#@0,0,-1');
  await page.keyboard.press('Shift+R');
  await draw(page, [[20, 20], [400, 300], [880, 680]]);
  await settled(page);
  await ready(page);
  for (const [angle, zoom] of [[0, 0.37], [30, 0], [45, 0.37], [-71.3, 0.8], [90, 0.37], [123, -0.2]]) {
    await page.evaluate((hash) => (location.hash = hash), `#@0,0,${zoom},${angle}`);
    await until(page, (wanted) => window.kolamDebug.camera().angle === wanted, angle);
    const { width, height, data } = await screenOf(page);
    const reach = 200;
    const values = new Set();
    for (let y = height / 2 - reach; y < height / 2 + reach; y++) {
      for (let x = width / 2 - reach; x < width / 2 + reach; x++) {
        const i = (y * width + x) * 4;
        values.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
      }
    }
    assert.equal(values.size, 1, `one colour alone at ${angle} degrees, zoom ${zoom}: ${values.size}`);
  }
  await close(page);
});

test('a_quarter_turn_is_the_same_pixels_turned_and_a_mirrored_view_the_same_mirrored', async () => {
  const page = await open('/c/quarter#@0,0,0', { width: 640, height: 480 });
  await draw(page, wave([60, 60], [560, 400], 40, 60));
  await settled(page);
  await page.reload();
  await ready(page);
  const upright = await screenOf(page);
  const { width, height } = upright;
  const show = async (keys, condition) => {
    for (const key of keys) {
      await page.keyboard.press(key);
    }
    await until(page, condition);
    return screenOf(page);
  };
  const half = await show(Array(12).fill('.'), () => window.kolamDebug.camera().angle === 180);
  const mirrored = await show(['Shift+Digit0', 'Shift+M'], () => window.kolamDebug.camera().isMirrored);
  const quarter = await show(['Shift+Digit0', ...Array(6).fill('.')], () => window.kolamDebug.camera().angle === 90);
  let [turned, flipped, aside] = [0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = valueAt(upright, x, y);
      turned += valueAt(half, width - 1 - x, height - 1 - y) === value ? 0 : 1;
      flipped += valueAt(mirrored, width - 1 - x, y) === value ? 0 : 1;
      const [qx, qy] = [width / 2 + height / 2 - 1 - y, height / 2 - width / 2 + x];
      if (qx >= 0 && qx < width && qy >= 0 && qy < height) {
        aside += valueAt(quarter, qx, qy) === value ? 0 : 1;
      }
    }
  }
  assert.deepEqual({ turned, flipped, aside }, { turned: 0, flipped: 0, aside: 0 });
  await close(page);
});

test('others_pens_and_the_saved_picture_are_turned_with_the_view', async () => {
  const page = await open('/c/saved#@0,0,0,-60', { width: 760, height: 480 });
  const other = await open('/c/saved#@0,0,0', { width: 640, height: 480 });
  await draw(other, wave([320, 240], [520, 240], 12, 0), { isReleased: false });
  await eventually(async () => {
    /* A pen that rests loses its name after a while. */
    await other.mouse.move(520, 240 + 3 * Math.random());
    return page.evaluate(() => {
      const box = document.querySelector('.label-dot')?.getBoundingClientRect();
      /* 200 px to the right on the wall: up and to the right, a third of a turn back. */
      return box && Math.abs(box.x + 5 - 480) < 10 && Math.abs(box.y + 5 - (240 - 173)) < 10;
    });
  }, "the other's pen where it is on a turned wall");
  await other.mouse.up();
  await settled(other);
  await until(page, () => window.kolamDebug.status().seq === 1);
  const seen = await screenOf(page);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the view as a picture' }).click();
  const picture = decodePng(readFileSync(await (await download).path()));
  assert.ok(Buffer.from(picture.rgba).equals(seen.data), 'the picture is what is seen');
  assert.equal((await status(page)).unsaved, 0);
  await close(page);
  await close(other);
});
