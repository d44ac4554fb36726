// Text, selecting and the wall as a place in Firefox: the same as in Chromium, in short.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareAll } from './compare.mjs';
import { firefoxStage, press, skip } from './firefox-kit.mjs';
import { canvasOf, draw, inkOf, screenshot, settled, until, wave } from './kit.mjs';
import { somebody, there } from './place-kit.mjs';

const { server, open } = await firefoxStage();

const taken = (page) => until(page, () => window.kolamDebug.studio() !== null);
const selected = (page, count) => until(page, (n) => window.kolamDebug.studio()?.count === n, count);

test('firefox_writes_on_the_wall', { skip }, async () => {
  const page = await open('/c/text#@0,0,0');
  await page.keyboard.press('t');
  await taken(page);
  await page.mouse.click(200, 200);
  await page.keyboard.type('kolam');
  await press(page, 'Enter');
  await page.keyboard.type('here');
  await until(page, () => window.kolamDebug.studio().isShown);
  const seen = await inkOf(page);
  assert.ok(seen > 0);
  await screenshot(page, 'firefox-text');
  await press(page, 'Control+Enter');
  await settled(page);
  assert.equal(await inkOf(page), seen);
  assert.equal((await canvasOf(server, 'text')).seq, 1);
  assert.deepEqual(page.errors, []);
  await page.close();
});

test('firefox_selects_moves_and_takes_back', { skip }, async () => {
  const page = await open('/c/select#@0,0,0');
  await draw(page, wave([120, 110], [380, 110], 30, 12));
  await draw(page, wave([120, 200], [380, 200], 30, 12));
  await settled(page);
  const ink = await inkOf(page);
  await page.keyboard.press('v');
  await taken(page);
  await draw(page, [[90, 70], [410, 70], [410, 240], [90, 240], [90, 75]]);
  await selected(page, 2);
  await draw(page, [[250, 150], [300, 170], [560, 250]]);
  await settled(page);
  await screenshot(page, 'firefox-select');
  assert.equal((await canvasOf(server, 'select')).seq, 5);
  assert.ok(Math.abs((await inkOf(page)) - ink) < 0.02 * ink);
  await press(page, 'Control+z');
  await settled(page);
  assert.equal(await inkOf(page), ink);
  await press(page, 'Control+a');
  await selected(page, 2);
  await page.keyboard.press('Delete');
  await settled(page);
  assert.equal(await inkOf(page), 0);
  assert.deepEqual(page.errors, []);
  await page.close();
});

test('firefox_finds_the_way_and_sees_who_draws_elsewhere', { skip }, async () => {
  const { drawAt } = await somebody(server, 'fox', 'Otto');
  const page = await open('/c/fox#@0,5000,0');
  await drawAt(5000, 5000);
  await until(page, () => document.querySelectorAll('.sign').length === 2);
  await press(page, 'g');
  await until(page, () => document.querySelector('.place-panel:not([hidden])') !== null);
  await page.keyboard.type('3000, 4000');
  await until(page, () => document.querySelector('.hit') !== null);
  await press(page, 'Enter');
  await there(page, 3000, 4000, 0);
  await press(page, 'Alt+ArrowLeft');
  await there(page, 0, 5000, 0);
  await press(page, 'Shift+H');
  await until(page, () => window.kolamDebug.place().heat.isShown);
  assert.deepEqual(page.errors, []);
  await page.close();
});

test('firefox_draws_with_every_brush_what_the_server_has', { skip }, async () => {
  const page = await open('/c/brushes#@0,0,0');
  const brushes = [['p', 4], ['n', 40], ['m', 30], ['a', 70]];
  for (const [i, [key, width]] of brushes.entries()) {
    await page.keyboard.press(key);
    await page.evaluate((held) => window.kolamDebug.setBrush(held), { width });
    await draw(page, wave([120, 120 + i * 120], [700, 120 + i * 120], 40, 20));
  }
  await page.keyboard.press('e');
  await draw(page, [[400, 60], [410, 300], [400, 560]]);
  await settled(page);
  await until(page, (seq) => window.kolamDebug.status().seq === seq, brushes.length + 1);
  await screenshot(page, 'firefox-brushes');
  const total = await compareAll(page, server, 'brushes');
  assert.ok(total.off / total.pixels <= 0.0001, JSON.stringify(total));
  const before = await inkOf(page);
  await press(page, 'Control+z');
  await settled(page);
  assert.ok((await inkOf(page)) > before);
  assert.deepEqual(page.errors, []);
  await page.close();
});
