// Not alone on the wall: following and being followed, tours, pages that only look on, frames on other sites.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { becomes, draw, inkOf, ready, screenshot, settled, stage, until, wave } from './kit.mjs';
import { middle, somebody, there, WIDE } from './place-kit.mjs';
import { decodePng } from '../wire/png.mjs';

const { server, browser, open, close } = await stage();

test('one_follows_an_artist_until_one_moves_oneself', async () => {
  const { client } = await somebody(server, 'follow', 'Mira');
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
  const { client } = await somebody(server, 'followed', 'Otto');
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
  const { drawAt } = await somebody(server, 'hall');
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
  const { client } = await somebody(server, 'framed');
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
  const { client } = await somebody(server, 'shown');
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
  await becomes(() => page.evaluate(() => navigator.clipboard.readText()), frame);
  await until(page, () => document.querySelector('.embed-preview').complete);
  await screenshot(page, 'place-embed-dialog');
  await close(page);
});
