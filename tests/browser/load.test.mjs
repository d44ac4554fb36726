// What the first visit loads: little, and nothing of what is behind doors that were not opened.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage, ready, startBrowser, startServer, until } from './kit.mjs';

const FIRST_LOAD_MAX = 120_000;

let server;
let browser;
before(async () => {
  server = await startServer();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

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
  await page.goto(server.address);
  await ready(page);
  const total = [...loads.values()].reduce((sum, bytes) => sum + bytes, 0);
  console.log(`first load: ${total} bytes: ${[...loads].map(([path, bytes]) => `${path} ${bytes}`).join(', ')}`);
  assert.ok(loads.has('/app.js') && loads.has('/ink.wasm'), 'it is measured');
  assert.ok(total < FIRST_LOAD_MAX, `${total} bytes`);
  assert.deepEqual([...loads.keys()].filter((path) => /history/.test(path)), []);
  await page.keyboard.press('i');
  await until(page, () => document.querySelector('#wall.is-asking'));
  assert.deepEqual([...loads.keys()].filter((path) => /history/.test(path)).sort(), ['/history.css', '/history.js']);
  await context.close();
});
