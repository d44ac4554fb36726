// The wall as a place: finding the way, who is here, what happens elsewhere, following, tours, frames.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { Client } from '../wire/client.mjs';
import '../wire/tidy.mjs';
import { openInFirefox, press, skip as noFirefox, startFirefox } from './firefox-kit.mjs';
import { draw, inkOf, ready, screenshot, settled, stage, until, wave } from './kit.mjs';
import { decodePng } from '../wire/png.mjs';

const { server, browser, open, close } = await stage();

const WIDE = { width: 1200, height: 760 };

/** Somebody else, who draws without a browser: a line of 100 pixels at a place of the wall. */
async function somebody(canvas, name) {
  const client = await Client.artist(server, { canvas });
  const drawAt = (x, y) =>
    client.draw([0, 0, 100, 60], { x: Math.floor(x / 256), y: Math.floor(y / 256) });
  await drawAt(0, 0);
  if (name) {
    client.say({ type: 'rename', name });
    await client.wait((event) => event.type === 'artists' && event.list.some((one) => one.name === name));
  }
  return { client, drawAt };
}

/** The middle of the view in pixels at 100 %. */
const middle = () => {
  const { level, tileX, tileY, x, y } = window.kolamDebug.camera();
  return [(tileX * 256 + x) * 2 ** -level, (tileY * 256 + y) * 2 ** -level];
};
const isAt = ([x, y, zoom]) => {
  const { level, tileX, tileY, x: dx, y: dy, zoom: now } = window.kolamDebug.camera();
  const [px, py] = [(tileX * 256 + dx) * 2 ** -level, (tileY * 256 + dy) * 2 ** -level];
  return Math.abs(px - x) < 1 && Math.abs(py - y) < 1 && Math.abs(now - zoom) < 0.001;
};
const there = (page, x, y, zoom) => until(page, isAt, [x, y, zoom]);
const loaded = (page) => until(page, () => window.kolamDebug.place() !== null);

async function goTo(page, text) {
  await page.keyboard.press('g');
  await page.locator('.search-input').fill(text);
  await until(page, () => document.querySelector('.hit') !== null);
  await page.keyboard.press('Enter');
}

// ---- the first visit ----

test('a_newcomer_is_told_three_things_in_one_line_and_draws_within_ten_seconds', async () => {
  const began = Date.now();
  const page = await open('/c/first');
  assert.match(await page.locator('.hint').innerText(), /Draw with the mouse.*Move.*Undo/);
  assert.equal(await page.locator('dialog[open]').count(), 0, 'nothing stands before the wall');
  await draw(page, wave([200, 200], [500, 300]));
  await settled(page);
  assert.ok(Date.now() - began < 10_000, `${Date.now() - began} ms`);
  assert.equal(await page.locator('.hint').count(), 0, 'whoever draws needs it no more');
  await page.reload();
  await ready(page);
  await loaded(page);
  assert.equal(await page.locator('.hint').count(), 0);
  const other = await open('/c/elsewhere', { context: page.context() });
  assert.equal(await other.locator('.hint').count(), 0, 'nor on another wall');
  await close(page);
  const finger = await open('/c/first', { width: 390, height: 780, hasTouch: true, isMobile: true });
  assert.match(await finger.locator('.hint').innerText(), /finger/);
  await screenshot(finger, 'place-hint-phone');
  await finger.locator('.hint button').click();
  await finger.reload();
  await ready(finger);
  await loaded(finger);
  assert.equal(await finger.locator('.hint').count(), 0, 'dismissed for good');
  await close(finger);
});

// ---- finding the way ----

test('one_flies_to_coordinates_and_back_and_forward_and_any_press_ends_a_flight', async () => {
  const page = await open('/c/ways#@0,0,0');
  await page.evaluate(() => {
    window.least = 0;
    const look = () => {
      window.least = Math.min(window.least, window.kolamDebug.camera().zoom);
      requestAnimationFrame(look);
    };
    look();
  });
  await goTo(page, '3000, -400');
  await there(page, 3000, -400, 0);
  assert.ok((await page.evaluate(() => window.least)) < -1, 'out, over and in');
  await page.keyboard.press('Alt+ArrowLeft');
  await there(page, 0, 0, 0);
  await page.keyboard.press('Alt+ArrowRight');
  await there(page, 3000, -400, 0);
  await goTo(page, `${server.address}c/ways#@1,2,0`);
  await there(page, 1, 2, 0);
  await goTo(page, '900000, 0, 50%');
  await until(page, () => window.kolamDebug.camera().zoom < -1);
  await page.keyboard.press('Shift');
  const [x] = await page.evaluate(middle);
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 120)));
  assert.equal((await page.evaluate(middle))[0], x, 'it stays where the press found it');
  assert.ok(x < 900000);
  await close(page);
  const still = await open('/c/ways#@0,0,0', { reducedMotion: 'reduce' });
  await goTo(still, '50000,100');
  assert.ok(await still.evaluate(isAt, [50000, 100, 0]), 'without motion one is there at once');
  await close(still);
});

test('places_get_names_for_oneself_and_for_everybody_and_are_found_again', async () => {
  const { client, drawAt } = await somebody('names', 'Mira Möller');
  await drawAt(7000, 7000);
  const page = await open('/c/names#@4000,-2000,0', { ...WIDE, reducedMotion: 'reduce' });
  await draw(page, wave([300, 200], [600, 300]));
  await settled(page);
  await page.keyboard.press('b');
  await page.locator('.is-naming .place-text').waitFor();
  await page.keyboard.type('The quiet corner');
  await page.keyboard.press('Enter');
  await until(page, () => document.querySelector('dialog[open]') === null);
  await page.keyboard.press('b');
  await page.locator('.is-naming .place-text').waitFor();
  await page.keyboard.type('Zum Brückle');
  await page.locator('.place-check input').check();
  await page.locator('.is-naming .text-button').click();
  await until(page, () => document.querySelector('dialog[open]') === null);
  await client.wait((event) => event.type === 'places_changed');
  await page.reload();
  await ready(page);
  await page.evaluate(() => (location.hash = '#@0,0,0'));
  await page.keyboard.press('g');
  await until(page, () => document.querySelectorAll('[aria-label="Places"] .row').length === 2);
  await page.keyboard.type('bruckle');
  await until(page, () => document.querySelector('.hit .row-title')?.textContent === 'Zum Brückle');
  await page.keyboard.press('Enter');
  await there(page, 4000, -2000, 0);
  await page.keyboard.press('g');
  await page.locator('.search-input').fill('mira');
  await until(page, () => document.querySelector('.hit .row-title')?.textContent === 'Mira Möller');
  await screenshot(page, 'place-search');
  await page.keyboard.press('Enter');
  await until(page, () => {
    const { tileX } = window.kolamDebug.camera();
    return tileX > 25 && tileX < 30;
  });
  await page.keyboard.press('g');
  await page.locator('[aria-label="Remove Zum Brückle"]').click();
  await until(page, () => document.querySelectorAll('[aria-label="Places"] .row').length === 1);
  await close(page);
});

// ---- what happens elsewhere ----

test('signs_at_the_edge_show_where_people_draw_and_lead_there', async () => {
  const { drawAt } = await somebody('signs', 'Otto');
  const page = await open('/c/signs#@0,5000,0', WIDE);
  await draw(page, wave([300, 200], [600, 300]));
  await settled(page);
  await drawAt(5000, 5000);
  await until(page, () => document.querySelectorAll('.sign').length === 2);
  const label = 'Otto draws 4 screens to the right. Go there';
  await until(page, (wanted) => document.querySelector(`.sign[aria-label="${wanted}"]`), label);
  assert.equal(await page.locator('.sign[aria-label*="above"]').count(), 1, 'and the other way');
  await screenshot(page, 'place-signs');
  await page.locator(`.sign[aria-label="${label}"] .sign-dot`).click();
  await until(page, () => window.kolamDebug.camera().tileX >= 18);
  await until(page, (gone) => document.querySelector(`.sign[aria-label="${gone}"]`) === null, label);
  await page.keyboard.press('w');
  await until(page, () => Math.abs(window.kolamDebug.camera().tileY) < 3);
  assert.ok(!(await page.locator('.sign').allInnerTexts()).includes('You'), 'one is no news to oneself');
  await page.keyboard.press('Shift+T');
  await until(page, () => document.body.classList.contains('is-past'));
  for (const part of ['.signs', '.map', '.pills']) {
    assert.ok(!(await page.locator(part).first().isVisible()), `${part} is of now, not of the past`);
  }
  await close(page);
});

test('the_map_shows_the_way_and_costs_nothing_while_nothing_moves', async () => {
  const { drawAt } = await somebody('map');
  await drawAt(9000, 0);
  const page = await open('/c/map#@0,0,0', WIDE);
  await until(page, () => window.kolamDebug.place()?.map.isShown && window.kolamDebug.place().map.asked >= 1);
  /* A picture of what is painted, as on the wall: dark ink. */
  await until(page, () => window.kolamDebug.place().map.pictures > 0 && window.kolamDebug.place().map.isPresent);
  await until(page, () => {
    const canvas = document.querySelector('.map-canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value, i) => i % 4 === 3 && value > 60 && data[i - 3] < 90 && data[i - 2] < 90 && data[i - 1] < 90);
  });
  const before = (await page.evaluate(() => window.kolamDebug.place())).map;
  await page.mouse.move(500, 300);
  for (let i = 0; i < 12; i++) {
    await page.mouse.move(500 + i, 300);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  const later = (await page.evaluate(() => window.kolamDebug.place())).map;
  assert.ok(later.asked - before.asked <= 1, 'it asks when something happened, and not for each frame');
  assert.ok(later.drawn - before.drawn <= 1, 'at most for what came meanwhile');
  const box = await page.locator('.map-canvas').boundingBox();
  await page.mouse.click(box.x + box.width * 0.9, box.y + box.height * 0.5);
  await until(page, () => window.kolamDebug.camera().tileX > 20);
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.5);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.2, box.y + box.height * 0.5, { steps: 4 });
  await page.mouse.up();
  await until(page, () => window.kolamDebug.camera().tileX < 15);
  await page.locator('.map-close').click();
  await page.reload();
  await ready(page);
  await loaded(page);
  assert.ok(!(await page.locator('.map').isVisible()), 'it stays closed');
  await page.evaluate(() => (location.hash = '#@0,0,0'));
  await page.keyboard.press('Shift+H');
  await until(page, () => window.kolamDebug.place().heat.total > 0);
  await page.locator('.legend-spans button').first().click();
  await until(page, () => window.kolamDebug.place().heat.span === 'hour');
  await screenshot(page, 'place-heat');
  await page.keyboard.press('Escape');
  await until(page, () => !window.kolamDebug.place().heat.isShown);
  await close(page);
});

// ---- people ----

test('one_follows_an_artist_until_one_moves_oneself', async () => {
  const { client } = await somebody('follow', 'Mira');
  const page = await open('/c/follow#@0,0,0', WIDE);
  await page.keyboard.press('u');
  await until(page, () => document.querySelector('[aria-label="Follow Mira"]'));
  await page.locator('[aria-label="Follow Mira"]').click();
  await client.wait((event) => event.type === 'followers' && event.count === 1);
  client.say({ type: 'camera', x: '40000', y: '-700.5', zoom: 1 });
  await there(page, 40000, -700.5, 1);
  assert.match(await page.locator('.pill:not([hidden])').innerText(), /You follow Mira/);
  client.say({ type: 'camera', x: '40100', y: '-700', zoom: 1.25 });
  await there(page, 40100, -700, 1.25);
  await screenshot(page, 'place-following');
  await page.keyboard.press('Escape');
  await page.keyboard.press('ArrowRight');
  const left = await client.wait((event) => event.type === 'followers' && event.count === 0);
  assert.deepEqual(left.list, []);
  await until(page, () => window.kolamDebug.place().following === null);
  const [x] = await page.evaluate(middle);
  client.say({ type: 'camera', x: '0', y: '0', zoom: 0 });
  await client.settle();
  assert.equal((await page.evaluate(middle))[0], x, 'one goes where one wants');
  await close(page);
});

test('who_is_followed_sees_it_shows_where_they_look_and_can_say_no', async () => {
  const { client } = await somebody('followed', 'Otto');
  const page = await open('/c/followed#@0,0,0');
  await draw(page, wave([200, 200], [500, 300]));
  await settled(page);
  const { artist } = await page.evaluate(() => window.kolamDebug.status().person);
  client.say({ type: 'follow', id: 1, artist });
  await client.wait((event) => event.type === 'following' && event.artist === artist);
  await client.wait((event) => event.type === 'camera' && event.x === '0' && event.y === '0' && event.zoom === 0);
  await until(page, () => document.querySelector('.pill:not([hidden])')?.textContent.includes('Otto follows you'));
  await screenshot(page, 'place-followed');
  await page.keyboard.press('ArrowRight');
  await client.wait((event) => event.type === 'camera' && event.x === '96');
  await page.locator('.pill:not([hidden]) .pill-act').click();
  await client.wait((event) => event.type === 'unfollowed' && event.reason === 'refused');
  await page.reload();
  await ready(page);
  await page.mouse.move(300, 300);
  await page.mouse.move(320, 300);
  let code = 'not_found';
  for (let id = 2; code === 'not_found'; id++) {
    client.say({ type: 'follow', id, artist });
    ({ code } = await client.wait((event) => event.id === id)); /* until the pen has moved there, too */
  }
  assert.equal(code, 'denied', 'remembered');
  await close(page);
});

// ---- looking on ----

const shownChrome = () =>
  [...document.body.querySelectorAll('button, .bar, .chip, .watching, .toast, .pill, .sign')].filter(
    (each) => each.checkVisibility() && each.getBoundingClientRect().width > 0,
  ).length;

test('a_screen_in_a_hall_flies_from_one_lively_place_to_the_next_and_shows_nothing_else', async () => {
  const { drawAt } = await somebody('hall');
  await drawAt(30_000, 0);
  await drawAt(0, 30_000);
  const page = await open('/c/hall?kiosk');
  await until(page, () => window.kolamDebug.place()?.tour.stops >= 1);
  assert.equal(await page.evaluate(shownChrome), 0);
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('#wall')).cursor), 'none');
  assert.equal(await page.evaluate(() => window.kolamDebug.status().canDraw), false);
  await close(page);
  const tour = await open('/c/hall?tour');
  await until(tour, () => window.kolamDebug.place()?.tour.state === 'on');
  assert.match(await tour.locator('.pill:not([hidden])').innerText(), /On tour/);
  await tour.mouse.click(400, 300);
  await until(tour, () => window.kolamDebug.place().tour.state === 'paused');
  await tour.locator('.pill:not([hidden]) .pill-act').click();
  await until(tour, () => window.kolamDebug.place().tour.state === 'off');
  await close(tour);
});

test('a_view_can_be_framed_elsewhere_to_look_at_and_nothing_else_can', async () => {
  const { client } = await somebody('framed');
  for (let i = 0; i < 4; i++) {
    await client.draw([0, 0, 200, i * 40]);
  }
  const html = (path) => `<!doctype html><iframe width="500" height="400" src="${new URL(path, server.address)}"></iframe>`;
  const elsewhere = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end(html(decodeURIComponent(request.url.slice(1))));
  });
  await new Promise((done) => elsewhere.listen(0, '127.0.0.1', done));
  /* Another site, not only another port: cookies know no ports. */
  const site = `http://localhost:${elsewhere.address().port}`;
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${site}/${encodeURIComponent('/c/framed?embed#@100,60,0')}`);
  const frame = page.frames()[1];
  await frame.waitForFunction(() => window.kolamDebug?.status().isComplete, null, { polling: 50 });
  await frame.waitForSelector('.link-back');
  assert.ok((await inkOf(frame)) > 0);
  assert.equal(await frame.evaluate(shownChrome), 0);
  assert.equal(await frame.evaluate(() => window.kolamDebug.status().canDraw), false);
  await page.screenshot({ path: 'build/screens/place-embed.png' });
  const [opened] = await Promise.all([context.waitForEvent('page'), frame.click('.link-back')]);
  await opened.waitForURL(/\/c\/framed#@100,60,0$/);
  for (const path of ['/c/framed', '/c/framed?watch', '/c/framed?xembed', '/c/framed?embed%3D', '/c/framed?a%3Bembed']) {
    const { headers } = await fetch(new URL(path, server.address));
    assert.match(headers.get('content-security-policy'), /frame-ancestors 'self'$/, path);
  }
  for (const path of ['/c/framed?embed', '/c/framed?a;embed', '/c/framed?%65mbed&watch']) {
    const { headers } = await fetch(new URL(path, server.address));
    assert.doesNotMatch(headers.get('content-security-policy'), /frame-ancestors/, path);
    await page.goto(new URL(path, server.address).href);
    await ready(page);
    assert.equal(await page.evaluate(shownChrome), 0, `${path} only looks on`);
  }
  await page.goto(`${site}/${encodeURIComponent('/c/framed#@100,60,0')}`);
  assert.ok(!page.frames()[1] || !(await page.frames()[1].evaluate(() => 'kolamDebug' in window).catch(() => false)));
  await context.close();
  elsewhere.close();
});

test('the_dialog_gives_a_link_a_frame_and_a_picture_of_the_view', async () => {
  const { client } = await somebody('shown');
  await client.draw([0, 0, 200, 120]);
  const page = await open('/c/shown#@100,60,1', { ...WIDE, permissions: ['clipboard-read', 'clipboard-write'] });
  await page.keyboard.press('Shift+E');
  const texts = page.locator('.is-embed textarea');
  await texts.first().waitFor();
  const [link, frame, picture] = await texts.evaluateAll((all) => all.map(({ value }) => value));
  assert.equal(link, `${server.address}c/shown#@100,60,1`);
  assert.match(frame, /^<iframe src="http:\/\/127\.0\.0\.1:\d+\/c\/shown\?embed#@[^"]+" width="640" height="400"/);
  const src = /<img src="([^"]+)"/.exec(picture)[1].replaceAll('&amp;', '&');
  const response = await fetch(src);
  assert.equal(response.status, 200);
  const image = decodePng(Buffer.from(await response.arrayBuffer()));
  assert.deepEqual([image.width, image.height], [640, 400]);
  await page.locator('.is-embed .text-button').nth(1).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), frame);
  await until(page, () => document.querySelector('.embed-preview').complete);
  await screenshot(page, 'place-embed-dialog');
  await close(page);
});

// ---- Firefox ----

test('firefox_finds_the_way_and_sees_who_draws_elsewhere', { skip: noFirefox }, async () => {
  const { drawAt } = await somebody('fox', 'Otto');
  const firefox = await startFirefox();
  try {
    const page = await openInFirefox(firefox, server.address, { path: '/c/fox#@0,5000,0' });
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
  } finally {
    await firefox.close();
  }
});
