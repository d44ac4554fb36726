// What the artist saw while drawing is what the server keeps: no pop when a stroke is confirmed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draw, screenshot, settled, stage, until, wave } from './kit.mjs';
import { compareAll, tilesOf } from './compare.mjs';

const { server, open } = await stage();

/* The palette's first nine have keys. */
const COLORS = ['Ink', 'Red', 'Orange', 'Yellow', 'Green', 'Sky', 'Blue', 'Pink', 'White'];
const choose = (page, color) => page.keyboard.press(String(1 + COLORS.indexOf(color)));

async function drawPicture(page) {
  await page.keyboard.press('p');
  await choose(page, 'Blue');
  await draw(page, wave([80, 150], [800, 180], 50, 60));
  await draw(page, wave([120, 420], [780, 300], 50, 35));
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press(']');
  }
  await choose(page, 'Orange');
  await draw(page, wave([100, 300], [700, 520], 40, 50));
  await page.keyboard.press('m');
  await choose(page, 'Pink');
  await draw(page, [
    [150, 100],
    [400, 500],
    [650, 100],
    [150, 330],
    [700, 330],
  ]);
  await page.keyboard.press('e');
  await draw(page, wave([300, 80], [330, 560], 30, 15));
  await page.keyboard.press('p');
  for (let i = 0; i < 30; i++) {
    await page.keyboard.press('[');
  }
  await choose(page, 'Ink');
  await draw(page, wave([60, 520], [820, 90], 60, 10));
  await page.mouse.click(600, 480);
}

for (const level of [-2, 0, 2]) {
  test(`a_finished_stroke_has_the_servers_pixels_at_level_${level}`, async () => {
    const canvas = `pixels${level + 2}`;
    const page = await open(`/c/${canvas}#@0,0,${level}`);
    await drawPicture(page);
    const before = await tilesOf(page);
    await settled(page);
    await until(page, () => window.kolamDebug.status().seq >= 7);
    const total = await compareAll(page, server, canvas, before);
    console.log(`level ${level}:`, JSON.stringify(total));
    await screenshot(page, `pixels-level${level}`);
    assert.ok(total.inked > 20_000, 'there is a picture');
    assert.ok(total.off / total.pixels <= 0.0001, `${total.off} pixels are off`);
    assert.equal(total.popped, 0, 'nothing moved when the server confirmed it');
    assert.deepEqual(page.errors, []);
    await page.context().close();
  });
}

test('a_stroke_over_pictures_that_were_fetched_has_the_servers_pixels', async () => {
  const first = await open('/c/over#@0,0,0');
  await drawPicture(first);
  await settled(first);
  const page = await open('/c/over#@0,0,0');
  await page.keyboard.press('m');
  await choose(page, 'Green');
  await draw(page, [
    [100, 120],
    [780, 500],
    [120, 480],
    [760, 140],
  ]);
  await page.keyboard.press('e');
  await draw(page, wave([150, 500], [750, 200], 30, 20));
  await settled(page);
  await until(page, () => window.kolamDebug.status().seq === 9);
  const total = await compareAll(page, server, 'over');
  console.log('over fetched pictures:', JSON.stringify(total));
  assert.ok(total.inked > 20_000);
  assert.ok(total.off / total.pixels <= 0.0001, `${total.off} pixels are off`);
  await first.context().close();
  await page.context().close();
});
