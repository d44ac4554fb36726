// Frames while panning, zooming and drawing on a wall that holds the whole corpus, and of Excalidraw's own package with as
// many of the same strokes as it bears: the same view, the same gestures, through the browser's own input.
//
//     npm ci --prefix tests/bench/frames        once: Excalidraw, React (no part of the product)
//     node tests/bench/frames.mjs [--data DIR] [--size WxH] [--only kolam|excalidraw] [--counts 2000,5000,...]
//
// DIR is a data folder that holds the corpus already; without it the corpus is imported. KOLAM_SHARED: where corpus/ lies
// (default ../shared). *Bears*: loaded in 5 s at most, and 10 frames a second at least while panning.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openPage, ready, startBrowser, startServer, until } from '../browser/kit.mjs';
import { kolam, makeFolder, ROOT } from '../wire/client.mjs';
import { isInstalled, servePage, version } from './frames/serve.mjs';
import { measure } from './frames/trace.mjs';
import { printTable, seconds } from './support/table.mjs';

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : otherwise;
};
const CORPUS = join(process.env.KOLAM_SHARED ?? resolve(ROOT, '../shared'), 'corpus');
const [width, height] = option('size', '1280x860').split('x').map(Number);
const only = option('only', '');
const COUNTS = option('counts', '1000,2500,5000,10000,20000,40000,80000,140714').split(',').map(Number);
const LOAD_MS_MAX = 5_000;
const RATE_MIN = 10;
/* Excalidraw zooms out to a tenth and no farther. */
const ZOOM = 0.1;
const CENTRE = { x: -12_000, y: -12_000 };

if (!existsSync(CORPUS)) {
  console.log(`skipped: no corpus at ${CORPUS} (KOLAM_SHARED)`);
  process.exit(0);
}
const files = readdirSync(CORPUS).filter((name) => name.endsWith('.ndjson.zst')).map((name) => join(CORPUS, name));
const round = (value) => (Number.isFinite(value) ? value.toFixed(1) : '-');
const rows = [];
const report = (who, what, told) =>
  rows.push([who, what, String(told.frames), round(told.median), round(told.p99), round(told.workMedian), round(told.workP99)]);

// ---- the gestures, at the device's level, 60 a second ----

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function paced(count, act) {
  const began = performance.now();
  for (let i = 0; i < count; i++) {
    await act(i / count);
    await pause(Math.max(0, began + (i + 1) * 16 - performance.now()));
  }
}

const middle = { x: width / 2, y: height / 2 };
const circle = (share, radius) => [
  middle.x + radius * Math.sin(share * 4 * Math.PI),
  middle.y + radius * Math.sin(share * 6 * Math.PI),
];

async function pan(page) {
  await page.mouse.move(middle.x, middle.y);
  await page.mouse.down({ button: 'middle' });
  await paced(180, (share) => page.mouse.move(...circle(share, 300)));
  await page.mouse.up({ button: 'middle' });
}

async function zoom(page) {
  await page.mouse.move(middle.x, middle.y);
  await page.keyboard.down('Control');
  await paced(180, (share) => page.mouse.wheel(0, share < 0.5 ? -6 : 6));
  await page.keyboard.up('Control');
}

async function draw(page) {
  await page.keyboard.press('p');
  for (let stroke = 0; stroke < 3; stroke++) {
    const at = (share) => [middle.x - 300 + 600 * share, middle.y - 100 + stroke * 80 + 60 * Math.sin(share * 20)];
    await page.mouse.move(...at(0));
    await page.mouse.down();
    await paced(60, (share) => page.mouse.move(...at(share)));
    await page.mouse.up();
  }
}

const GESTURES = { pan, zoom, draw };

async function runGestures(browser, page, who) {
  for (const [what, act] of Object.entries(GESTURES)) {
    report(who, what, await measure(browser, page, () => act(page)));
  }
}

// ---- kolam ----

async function benchKolam(browser) {
  const data = option('data', null) ?? makeFolder();
  if (!option('data', null)) {
    await kolam(['import', '--data', data, ...files], { deadlineMs: 600e3 });
  }
  const server = await startServer({ data, isKept: true });
  /* The address counts in pixels of the level nearest to the zoom. */
  const at = [CENTRE.x, CENTRE.y].map((value) => Math.round(value * 2 ** Math.round(Math.log2(ZOOM))));
  const options = { width, height, path: `/#@${at},${Math.log2(ZOOM).toFixed(3)}` };
  /* Somebody looked at the wall before, so the server, which has the same two cores, need not draw it now; the page that is measured
   * has nothing of it yet, and tiles stream into it. */
  const before = await openPage(browser, server.address, options);
  await pan(before);
  await zoom(before);
  await ready(before);
  await before.context().close();
  const began = performance.now();
  const page = await openPage(browser, server.address, options);
  console.log(`kolam, 140,714 strokes: complete after ${seconds(performance.now() - began)}`);
  await runGestures(browser, page, 'kolam, 140714 strokes');
  await page.evaluate((hash) => (location.hash = hash), '#@0,0,-6');
  await until(page, () => window.kolamDebug.camera().zoom === -6);
  await ready(page);
  report('kolam, all of it in view', 'pan', await measure(browser, page, () => pan(page)));
  report('kolam, all of it in view', 'zoom', await measure(browser, page, () => zoom(page)));
  await page.evaluate((hash) => (location.hash = hash), '#@-190,-190,-6,30');
  await until(page, () => window.kolamDebug.camera().angle === 30);
  await ready(page);
  report('kolam, turned by 30 degrees', 'pan', await measure(browser, page, () => pan(page)));
  await page.context().close();
  await server.stop();
}

// ---- Excalidraw ----

/** Those nearest to the middle first. */
function corpusStrokes() {
  const strokes = [];
  for (const file of files) {
    const text = execFileSync('zstd', ['-dcq', file], { maxBuffer: 2 ** 30 }).toString();
    for (const line of text.split('\n')) {
      if (line !== '') {
        const { points, color, width: widthPx } = JSON.parse(line);
        strokes.push({ points, color, widthPx, far: Math.hypot(points[0][0] - CENTRE.x, points[0][1] - CENTRE.y) });
      }
    }
  }
  return strokes.sort((a, b) => a.far - b.far);
}

function elementOf({ points, color, widthPx }, i) {
  const [[x, y]] = points;
  const own = points.map(([px, py]) => [px - x, py - y]);
  const span = (axis) => {
    const values = own.map((point) => point[axis]);
    return values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
  };
  return {
    id: `s${i}`, type: 'freedraw', x: x - CENTRE.x, y: y - CENTRE.y, width: span(0), height: span(1), angle: 0,
    strokeColor: color.slice(0, 7), backgroundColor: 'transparent', fillStyle: 'solid',
    /* Excalidraw draws freehand ink 4.25 times as wide as it says. */
    strokeWidth: widthPx / 4.25, strokeStyle: 'solid', roughness: 0, opacity: 100, groupIds: [], frameId: null,
    roundness: null, seed: 1, version: 1, versionNonce: 1, isDeleted: false, boundElements: null, updated: 1,
    link: null, locked: false, points: own, pressures: [], simulatePressure: true, lastCommittedPoint: null,
  };
}

async function openExcalidraw(browser, address, elements) {
  const context = await browser.newContext({ viewport: { width, height } });
  const page = await context.newPage();
  await page.goto(address);
  await page.waitForFunction(() => window.isMountable === true);
  /* In portions: one message has its limits. */
  await page.evaluate(() => (window.strokes = []));
  for (let i = 0; i < elements.length; i += 5_000) {
    await page.evaluate((some) => void window.strokes.push(...some), elements.slice(i, i + 5_000));
  }
  const loadMs = await page.evaluate((zoomTo) => window.mountStrokes(window.strokes, zoomTo), ZOOM);
  return { page, loadMs };
}

async function benchExcalidraw(browser) {
  if (!isInstalled) {
    console.log('Excalidraw is not installed: npm ci --prefix tests/bench/frames');
    return;
  }
  const site = await servePage();
  const elements = corpusStrokes().map(elementOf);
  let borne = 0;
  for (const count of COUNTS.filter((each) => each <= elements.length)) {
    const { page, loadMs } = await openExcalidraw(browser, site.address, elements.slice(0, count));
    const told = await measure(browser, page, () => pan(page));
    console.log(`Excalidraw ${version()}, ${count} strokes: loaded in ${seconds(loadMs)}, ${round(told.perSecond)} frames/s while panning`);
    await page.context().close();
    if (loadMs > LOAD_MS_MAX || told.perSecond < RATE_MIN) {
      break;
    }
    borne = count;
  }
  console.log(`Excalidraw bears ${borne} of the strokes (${LOAD_MS_MAX / 1000} s to load, ${RATE_MIN} frames/s)`);
  if (borne > 0) {
    const { page } = await openExcalidraw(browser, site.address, elements.slice(0, borne));
    await runGestures(browser, page, `Excalidraw ${version()}, ${borne} strokes`);
    await page.context().close();
  }
  site.stop();
}

const browser = await startBrowser();
if (only !== 'excalidraw') {
  await benchKolam(browser);
}
if (only !== 'kolam') {
  await benchExcalidraw(browser);
}
await browser.close();
console.log('');
printTable(['what', 'while', 'frames', 'frame ms, median', 'p99', 'main thread ms a frame, median', 'p99'], rows);
process.exit(0);
