// How long a first visit looks at nothing, over a slow line and with an empty cache: until the first ink is on the screen, and
// until the view is complete; with a place in the address, and without one, where the server tells it.
//
//     node tests/bench/first_tile.mjs [--rounds N]
//
// The lines: DevTools' own preset, once called "Fast 3G" and now "Slow 4G" (1.6 Mbit/s x 0.9, 150 ms x 3.75 added to
// each request), and the line that it stands for (1.6 Mbit/s, 150 ms), as WebPageTest's "3G Fast" and Lighthouse have it.
import { draw, openPage, settled, startBrowser, startServer, wave } from '../browser/kit.mjs';
import { printTable, quantile } from './support/table.mjs';

const LINES = {
  'DevTools "Fast 3G": 562.5 ms a request, 1.44 Mbit/s': { latency: 562.5, downloadThroughput: (1.6e6 * 0.9) / 8, uploadThroughput: (750e3 * 0.9) / 8 },
  '150 ms a request, 1.6 Mbit/s': { latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 750e3 / 8 },
  'no throttling': null,
};
const at = process.argv.indexOf('--rounds');
const rounds = at > 0 ? Number(process.argv[at + 1]) : 5;

const server = await startServer();
const browser = await startBrowser();
const painter = await openPage(browser, server.address, { path: '/c/slow#@0,0,0', width: 1280, height: 860 });
for (let i = 0; i < 6; i++) {
  await draw(painter, wave([60, 100 + i * 130], [1220, 130 + i * 120], 60, 40));
}
await settled(painter);
await painter.context().close();

async function visit(line, hash) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Network.enable');
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
  if (line !== null) {
    await cdp.send('Network.emulateNetworkConditions', { offline: false, ...line });
  }
  await page.addInitScript(() => {
    const small = document.createElement('canvas');
    [small.width, small.height] = [64, 43];
    const context = small.getContext('2d', { willReadFrequently: true });
    const look = () => {
      const wall = document.querySelector('#wall');
      if (wall !== null && wall.width > 300) {
        context.drawImage(wall, 0, 0, small.width, small.height);
        const { data } = context.getImageData(0, 0, small.width, small.height);
        /* Ink or its edge: neither the paper nor the black that a canvas begins with. */
        const isInk = data.some((value, i) => i % 4 === 0 && value < 235) && data.some((value, i) => i % 4 === 0 && value > 245);
        if (isInk) {
          window.firstInkMs = performance.now();
          return;
        }
      }
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.goto(`${server.address}c/slow${hash}`, { waitUntil: 'commit' });
  await page.waitForFunction(() => window.firstInkMs !== undefined && window.kolamDebug?.status().isComplete, null, { polling: 20, timeout: 60_000 });
  const [inkMs, doneMs] = await page.evaluate(() => [window.firstInkMs, performance.now()]);
  await context.close();
  return { inkMs, doneMs };
}

const rows = [];
for (const [name, line] of Object.entries(LINES)) {
  for (const hash of ['#@0,0,0', '']) {
    const times = [];
    for (let i = 0; i < rounds; i++) {
      times.push(await visit(line, hash));
    }
    const middle = (key) => `${Math.round(quantile(times.map((each) => each[key]), 0.5))} ms`;
    rows.push([name, hash === '' ? 'none' : 'a place', middle('inkMs'), middle('doneMs')]);
  }
}
printTable(['line', 'address', 'first ink on the screen', 'view complete, app running'], rows);
await browser.close();
await server.stop();
process.exit(0);
