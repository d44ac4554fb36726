// The wall in Firefox: what a person does first, and what must not be lost, as in Chromium.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Client } from '../wire/client.mjs';
import '../wire/tidy.mjs';
import { compareAll, tilesOf } from './compare.mjs';
import { killFirefox, makeProfile, openInFirefox, press, skip, startFirefox } from './firefox-kit.mjs';
import { addressTold, canvasOf, draw, eventually, inkOf, keptAsSeen, killServers, screenshot, settled, startLasting, status, told, until, wave } from './kit.mjs';

/* The first test kills it: those that follow are in the one that was started after that. */
const profile = makeProfile();
let browser = skip ? null : await startFirefox({ profile });
after(async () => {
  await browser?.close();
  killServers();
});

const row = (i) => wave([100, 80 + i * 40], [700, 80 + i * 40], 8, 8);
const apart = (page) => until(page, () => window.kolamDebug.status().link !== 'open');
const says = (page, text) =>
  until(page, (wanted) => document.querySelector('.status').innerText.includes(wanted), text);
const click = (page, label) =>
  page.evaluate((name) => document.querySelector(`button[aria-label="${name}"]`).click(), label);

test('firefox_keeps_what_waits_when_it_is_killed_in_mid_drawing', { skip }, async () => {
  const { start, server } = await startLasting();
  const page = await openInFirefox(browser, server.address, { path: '/c/kill#@0,0,0' });
  await draw(page, row(0));
  await settled(page);
  await press(page, 'm');
  await server.kill();
  await apart(page);
  await draw(page, row(1));
  await says(page, 'Offline: 1 stroke waiting');
  await draw(page, row(2), { isReleased: false });
  await until(page, async () => {
    const db = await new Promise((resolve) => {
      const opening = indexedDB.open('kolam');
      opening.onsuccess = () => resolve(opening.result);
    });
    const entries = await new Promise((resolve) => {
      const asked = db.transaction('entries').objectStore('entries').getAll();
      asked.onsuccess = () => resolve(asked.result);
    });
    db.close();
    return entries.length === 2 && entries[1].isDraft;
  });
  await killFirefox(browser);
  const second = await start();
  browser = await startFirefox({ profile });
  const next = await openInFirefox(browser, second.address, { path: '/c/kill#@0,0,0' });
  await settled(next);
  await until(next, () => window.kolamDebug.status().seq === 3);
  assert.equal((await canvasOf(second, 'kill')).seq, 3, 'each once');
  assert.equal(
    await next.evaluate(() =>
      document.querySelector('.tools button[aria-pressed=true]').getAttribute('aria-label'),
    ),
    'Marker',
  );
  await next.close();
  await second.stop();
});

test('firefox_draws_and_another_client_sees_it', { skip }, async () => {
  const { server } = await startLasting();
  const page = await openInFirefox(browser, server.address, { path: '/c/seen#@0,0,0' });
  const other = await Client.join(server, { canvas: 'seen' });
  other.say({ type: 'view', id: 1, level: 0, x: '-4', y: '-4', width: 8, height: 8 });
  await other.wait((event) => event.type === 'view');
  await draw(page, row(2), { isReleased: false });
  await other.wait((event) => event.type === 'preview');
  await page.mouse.up();
  const op = await other.wait((event) => event.type === 'op');
  assert.equal(op.nonce, (await status(page)).nonce);
  await settled(page);
  await told(page, 'Saved');
  const { name, artist } = (await status(page)).person;
  assert.ok(artist > 0 && name.length > 2);
  assert.deepEqual(page.errors, []);
  await page.close();
  await server.stop();
});

test('firefox_shows_the_servers_pixels', { skip }, async () => {
  const { server } = await startLasting();
  const page = await openInFirefox(browser, server.address, { path: '/c/pixels#@0,0,0' });
  await draw(page, wave([80, 150], [800, 180], 50, 60));
  for (let i = 0; i < 12; i++) {
    await press(page, ']');
  }
  await draw(page, wave([100, 300], [700, 520], 40, 50));
  await press(page, 'm');
  await click(page, 'Pink');
  await draw(page, [
    [150, 100],
    [400, 500],
    [650, 100],
    [150, 330],
    [700, 330],
  ]);
  await press(page, 'e');
  await draw(page, wave([300, 80], [330, 560], 30, 15));
  const before = await tilesOf(page);
  await settled(page);
  await until(page, () => window.kolamDebug.status().seq >= 4);
  const own = await compareAll(page, server, 'pixels', before);
  const other = await openInFirefox(browser, server.address, { path: '/c/pixels#@0,0,0' });
  const fetched = await compareAll(other, server, 'pixels');
  console.log('drawn:', JSON.stringify(own), 'fetched:', JSON.stringify(fetched));
  await screenshot(page, 'firefox');
  assert.ok(own.inked > 20_000, 'there is a picture');
  assert.equal(own.popped, 0, 'nothing moved when the server confirmed it');
  assert.equal(own.equal, own.pixels, 'to the bit');
  assert.equal(fetched.off, 0, 'pictures that were fetched');
  assert.deepEqual(page.errors, []);
  await page.close();
  await other.close();
  await server.stop();
});

test('firefox_undoes_zooms_and_finds_the_place_again_after_a_reload', { skip }, async () => {
  const { server } = await startLasting();
  const page = await openInFirefox(browser, server.address, { path: '/c/undo#@0,0,0' });
  await draw(page, row(1));
  await draw(page, row(2));
  await settled(page);
  const both = await inkOf(page);
  await press(page, 'Control+z');
  await settled(page);
  const one = await inkOf(page);
  assert.ok(one > 0 && one < both * 0.6, `${one} of ${both}`);
  await page.mouse.move(200, 200);
  for (let i = 0; i < 5; i++) {
    await page.mouse.wheel({ deltaY: -120 });
  }
  await until(page, () => window.kolamDebug.camera().zoom > 0.3);
  await press(page, 'ArrowRight');
  await addressTold(page);
  const { zoom } = await page.evaluate(() => window.kolamDebug.camera());
  await page.reload();
  await until(page, () => window.kolamDebug?.status().link === 'open');
  const again = await page.evaluate(() => window.kolamDebug.camera());
  assert.ok(Math.abs(again.zoom - zoom) < 0.01, `${again.zoom} and ${zoom}`);
  await until(page, () => window.kolamDebug.canUndo());
  await press(page, '0');
  await until(page, () => window.kolamDebug.camera().zoom === 0);
  await press(page, 'Control+Shift+Z');
  await settled(page);
  await until(page, () => window.kolamDebug.status().seq === 4);
  assert.equal((await canvasOf(server, 'undo')).seq, 4, 'two strokes, a hide, a show');
  assert.deepEqual(page.errors, []);
  await page.close();
  await server.stop();
});

test('firefox_sends_what_was_drawn_offline_from_two_tabs_once', { skip }, async () => {
  const { start, server } = await startLasting();
  const context = await browser.createBrowserContext();
  const one = await openInFirefox(context, server.address, { path: '/c/tabs#@0,0,0' });
  await draw(one, row(0));
  await settled(one);
  const two = await openInFirefox(context, server.address, { path: '/c/tabs#@0,0,0' });
  await server.kill();
  await Promise.all([apart(one), apart(two)]);
  await draw(two, row(1));
  await one.bringToFront();
  await draw(one, row(2));
  await draw(one, row(3));
  await one.close();
  await two.bringToFront();
  await until(two, () => window.kolamDebug.status().unsaved === 3);
  const second = await start();
  await settled(two);
  const canvas = await canvasOf(second, 'tabs');
  assert.deepEqual([canvas.seq, canvas.artists], [4, 1]);
  assert.deepEqual(two.errors, []);
  await context.close();
  await second.stop();
});

test('firefox_starts_without_the_server_and_shows_the_wall_as_it_was_seen', { skip }, async () => {
  const { server } = await startLasting();
  const page = await openInFirefox(browser, server.address, { path: '/c/alone#@0,0,0' });
  await draw(page, row(1));
  await settled(page);
  const shown = await inkOf(page);
  await keptAsSeen(page);
  await eventually(page, async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated');
  await server.kill();
  await apart(page);
  await page.reload();
  await until(page, () => window.kolamDebug !== undefined);
  for (const untilMs = Date.now() + 30_000; Date.now() < untilMs && (await inkOf(page)) < shown * 0.999; ) {
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 50)));
  }
  const seen = await inkOf(page);
  assert.ok(Math.abs(seen - shown) <= shown * 0.001, `${seen} of ${shown}`);
  await draw(page, row(3));
  await says(page, 'Offline: 1 stroke waiting');
  await page.close();
});
