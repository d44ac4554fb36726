// What the first visit loads: little, and nothing of what is behind doors that were not opened.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becomes, draw, ready, settled, stage, until, wave } from './kit.mjs';

const FIRST_LOAD_MAX = 120_000;
/* What comes before the first tile can be asked for. */
const PAGE_MAX = 6_000;

const { server, browser, open } = await stage();

/** Every file of the page with the bytes that crossed the wire, headers included; tiles apart. */
async function watchLoads(page) {
  const cdp = await page.context().newCDPSession(page);
  const [paths, loads] = [new Map(), new Map()];
  await cdp.send('Network.enable');
  cdp.on('Network.requestWillBeSent', ({ requestId, request }) => paths.set(requestId, new URL(request.url).pathname));
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const path = paths.get(requestId) ?? '?';
    if (!path.startsWith('/tiles/')) {
      loads.set(path, encodedDataLength);
    }
  });
  return loads;
}

test('the_first_load_is_small_and_the_past_is_loaded_when_it_is_asked_for', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const loads = await watchLoads(page);
  await page.route(/\/place\.js$/, () => {}); /* comes a second after the first picture, which may be before the connection */
  await page.goto(server.address);
  await ready(page);
  const total = [...loads.values()].reduce((sum, bytes) => sum + bytes, 0);
  console.log(`first load: ${total} bytes: ${[...loads].map(([path, bytes]) => `${path} ${bytes}`).join(', ')}`);
  assert.ok(loads.has('/app.js') && loads.has('/ink.wasm'), 'it is measured');
  assert.ok(total < FIRST_LOAD_MAX, `${total} bytes`);
  assert.deepEqual([...loads.keys()].filter((path) => /history|brush/.test(path)), []);
  await page.keyboard.press('i');
  await until(page, () => document.querySelector('#wall.is-asking'));
  await becomes(() => [...loads.keys()].filter((path) => /history/.test(path)).sort().join(' '), '/history.css /history.js');
  await context.close();
});

/** Which request led to which, as the browser tells: how many had to be answered one after another before this one was
 * sent. What a script asked for comes after the script; what the page names, after the page. */
async function watchChains(page) {
  const cdp = await page.context().newCDPSession(page);
  const requests = new Map();
  await cdp.send('Network.enable');
  cdp.on('Network.requestWillBeSent', ({ request, initiator }) => {
    const frames = [];
    for (let stack = initiator.stack; stack; stack = stack.parent) {
      frames.push(...stack.callFrames.map(({ url }) => url));
    }
    const from = initiator.type === 'script' ? frames.filter((url) => url !== '').at(-1) : initiator.url;
    requests.set(request.url, { type: initiator.type, from: from ?? null });
  });
  const chainOf = (url) => {
    const found = requests.get(url);
    const isPage = found === undefined || found.type === 'other' || found.from === null || found.from === url;
    return isPage ? [url] : [...chainOf(found.from), url];
  };
  return { requests, chainOf };
}

test('the_first_tile_is_in_the_second_answer_and_waits_neither_for_the_app_nor_for_the_socket', async () => {
  const painter = await open('/c/first#@0,0,0');
  await draw(painter, wave([100, 100], [700, 500]));
  await settled(painter);
  await painter.context().close();
  const context = await browser.newContext({ viewport: { width: 900, height: 700 } });
  const page = await context.newPage();
  const { requests, chainOf } = await watchChains(page);
  const held = [];
  await page.route(/app\.js$/, (route) => void held.push(route)); /* the app never comes, at first */
  await page.routeWebSocket(/\/ws$/, () => {});
  await page.goto(`${server.address}c/first#@0,0,0`, { waitUntil: 'commit' });
  const ink = () =>
    page.evaluate(() => {
      const wall = document.querySelector('#wall');
      if (wall === null || wall.width !== 900) {
        return false;
      }
      const { data } = wall.getContext('2d').getImageData(0, 0, wall.width, wall.height);
      return data.some((value, i) => i % 4 === 0 && value < 100);
    });
  const untilMs = Date.now() + 30_000;
  while (!(await ink())) {
    assert.ok(Date.now() < untilMs, 'the drawing is seen without the app');
  }
  assert.equal(await page.evaluate(() => window.kolamDebug), undefined);
  const tile = [...requests.keys()].find((url) => url.includes('/tiles/'));
  const chain = chainOf(tile).map((url) => new URL(url).pathname);
  assert.equal(chain.length, 2, `the page, the tile: ${chain.join(' > ')}`);
  /* And the app takes it from there, without asking for them again. */
  const asked = [...requests.keys()].filter((url) => url.includes('/tiles/')).length;
  held.forEach((route) => void route.continue());
  await until(page, () => window.kolamDebug !== undefined);
  await until(page, () => window.kolamDebug.tile(0, -1, -1)?.isReady === true);
  assert.ok(await ink(), 'it is still seen');
  assert.equal([...requests.keys()].filter((url) => url.includes('/tiles/')).length, asked, 'no tile twice');
  await context.close();
});

test('a_first_visit_without_a_place_begins_with_what_the_page_itself_asked_for', async () => {
  const painter = await open('/c/visit#@500000,0,0');
  await draw(painter, wave([100, 100], [700, 500]));
  await settled(painter);
  await painter.context().close();
  const context = await browser.newContext({ viewport: { width: 900, height: 700 } });
  const page = await context.newPage();
  const { requests, chainOf } = await watchChains(page);
  const loads = await watchLoads(page);
  await page.goto(`${server.address}c/visit`);
  await ready(page);
  const first = [...requests.keys()].find((url) => url.includes('/tiles/'));
  const chain = chainOf(first).map((url) => new URL(url).pathname);
  assert.equal(chain.length, 2, `the server told where: ${chain.join(' > ')}`);
  assert.ok(loads.get('/c/visit') < PAGE_MAX, `the page with its script is ${loads.get('/c/visit')} bytes`);
  const tiles = await page.evaluate(() =>
    performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => /\/tiles\//.test(name)),
  );
  assert.ok(tiles.some((name) => name.endsWith('?v=new')), 'before the app');
  const places = tiles.map((name) => new URL(name).pathname);
  assert.equal(new Set(places).size, places.length, `each once: ${tiles.length}`);
  await context.close();
});
