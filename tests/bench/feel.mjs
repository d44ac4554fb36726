// How much work a frame costs the page while somebody draws: pointer events and animation frames, on the main thread,
// from the pen's place to the pixels handed to the browser. On the whole corpus if it is there, at a busy place; every tool, broad
// ones on several tiles at once; then one stroke of 16,000 points. The wall's own aim is 4 ms a frame.
//
//     node tests/bench/feel.mjs [--data DIR] [--points N] [--ratio R] [--at '#@x,y,zoom']
//     KOLAM_SHARED: where corpus/ lies (default ../shared); --data: a folder with a canvas `main`, to be used as it is

import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

import { kolam, makeFolder, ROOT, startServer } from '../wire/client.mjs';
import { printTable, quantile } from './support/table.mjs';

const option = (name, other) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : other;
};
const CORPUS = join(process.env.KOLAM_SHARED ?? resolve(ROOT, '../shared'), 'corpus');
const POINTS = Number(option('points', 16_000));
const RATIO = Number(option('ratio', 1));
const PLACE = option('at', '#@-7000,20000,0'); // written lines, close together
const VIEWPORT = { width: 1280, height: 900 };
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const { chromium } = createRequire(join(ROOT, 'web/package.json'))('playwright-core');

/* In the page before anything else: what pointer events and animation frames take, summed up frame by frame. */
function watchWork() {
  const work = { frames: [], handlers: 0 };
  Object.defineProperty(window, '__work', { value: work });
  const timed = (run) => {
    const began = performance.now();
    run();
    return performance.now() - began;
  };
  const request = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (run) =>
    request((ms) => {
      const frame = timed(() => run(ms));
      work.frames.push([work.handlers, frame]);
      work.handlers = 0;
    });
  const add = EventTarget.prototype.addEventListener;
  const wrapped = new WeakMap();
  EventTarget.prototype.addEventListener = function (type, handler, options) {
    if (!/^pointer/.test(type) || typeof handler !== 'function') {
      return add.call(this, type, handler, options);
    }
    const outer = wrapped.get(handler) ?? function (event) {
      work.handlers += timed(() => handler.call(this, event));
    };
    wrapped.set(handler, outer);
    return add.call(this, type, outer, options);
  };
  const remove = EventTarget.prototype.removeEventListener;
  EventTarget.prototype.removeEventListener = function (type, handler, options) {
    return remove.call(this, type, wrapped.get(handler) ?? handler, options);
  };
}

async function makeData() {
  const given = option('data', null);
  if (given !== null) {
    return given;
  }
  const data = makeFolder();
  if (existsSync(CORPUS)) {
    const files = readdirSync(CORPUS).filter((name) => name.endsWith('.ndjson.zst')).map((name) => join(CORPUS, name));
    console.log(`importing ${files.length} sets ...`);
    const { code, stderr } = await kolam(['import', '--data', data, ...files], { deadlineMs: 900_000 });
    if (code !== 0) {
      throw new Error(stderr);
    }
  } else {
    console.log('no corpus (KOLAM_SHARED): an empty wall');
  }
  return data;
}

/* A scribble over much of the view: loops that wander. */
function* places(count, reach = 380) {
  for (let i = 0; i < count; i++) {
    const [turn, drift] = [i / 9, i / 700];
    yield [640 + reach * Math.cos(drift * 2.1) + 90 * Math.cos(turn), 420 + 0.6 * reach * Math.sin(drift * 3.3) + 90 * Math.sin(turn)];
  }
}

class Pen {
  constructor(cdp) {
    this.cdp = cdp;
  }

  send(type, [x, y], i) {
    const force = 0.5 + 0.4 * Math.sin(i / 40);
    const buttons = type === 'mouseReleased' ? 0 : 1;
    return this.cdp.send('Input.dispatchMouseEvent', { type, x, y, force, button: 'left', buttons, clickCount: 1, pointerType: 'pen' });
  }
}

async function stroke(page, pen, count, isEnough = () => false) {
  await page.evaluate(() => (window.__work.frames.length = 0));
  let last = null;
  let i = 0;
  for (const place of places(count)) {
    last = place;
    if (i === 0) {
      await pen.send('mousePressed', place, i);
    } else if (i % 8 !== 0) {
      void pen.send('mouseMoved', place, i); // some eight a frame reach the page together, as from a tablet
    } else {
      await pen.send('mouseMoved', place, i);
      if (i % 400 === 0 && (await isEnough())) {
        break;
      }
    }
    i += 1;
  }
  const frames = await page.evaluate(() => window.__work.frames.splice(0));
  await pen.send('mouseReleased', last, i);
  return frames;
}

const row = (name, frames) => {
  const sums = frames.map(([handlers, frame]) => handlers + frame);
  const part = (q) => quantile(sums, q).toFixed(2);
  const events = quantile(frames.map(([handlers]) => handlers), 0.5).toFixed(2);
  return [name, frames.length, events, part(0.5), part(0.9), part(0.99), Math.max(...sums).toFixed(1)];
};

const TOOLS = [
  ['pen, 4 px', 'p', { width: 4 }],
  ['pen, 4 px, steady hand', 'p', { width: 4, steadiness: 6 }],
  ['pencil, 5 px', 'n', { width: 5, steadiness: 0 }],
  ['pencil, 96 px', 'n', { width: 96 }],
  ['marker, 60 px', 'm', { width: 60 }],
  ['airbrush, 96 px', 'a', { width: 96 }],
  ['airbrush, 200 px', 'a', { width: 200 }],
  ['eraser, 60 px', 'e', { width: 60 }],
  ['filled outline', 'f', {}],
  ['filled rectangle, stretched', 'Shift+R', {}],
];

const server = await startServer({ data: await makeData() });
const browser = await chromium.launch({ executablePath: process.env.KOLAM_CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
const context = await browser.newContext({ viewport: VIEWPORT, deviceScaleFactor: RATIO });
const page = await context.newPage();
await page.addInitScript(watchWork);
await page.goto(`${server.origin}/${PLACE}`);
await page.waitForFunction(() => window.kolamDebug?.status().isComplete && window.kolamDebug.status().link === 'open', null, { timeout: 120e3 });
const pen = new Pen(await context.newCDPSession(page));
const rows = [];
for (const [name, key, brush] of TOOLS) {
  await page.keyboard.press(key);
  await page.evaluate((held) => window.kolamDebug.setBrush(held), brush);
  await stroke(page, pen, 60);
  await page.keyboard.press('Control+z');
  rows.push(row(name, await stroke(page, pen, 1_200)));
  await page.keyboard.press('Control+z');
}
const pointsOf = () => page.evaluate(() => window.kolamDebug.status().points);
for (const [name, width] of [['pen, 4 px', 4], ['pen, 0.5 px', 0.5]]) {
  await page.keyboard.press('p');
  await page.evaluate((held) => window.kolamDebug.setBrush(held), { width, steadiness: 0 });
  const frames = await stroke(page, pen, 60 * POINTS, async () => (await pointsOf()) >= POINTS);
  rows.push(row(`${name}, ${POINTS} points: all`, frames));
  rows.push(row('  its last quarter', frames.slice(-Math.ceil(frames.length / 4))));
  await page.keyboard.press('Control+z');
}
console.log(`Main-thread work a frame while drawing, ms; ${VIEWPORT.width} x ${VIEWPORT.height} at ratio ${RATIO}, ${PLACE}:`);
printTable(['', 'frames', 'events p50', 'all p50', 'p90', 'p99', 'most'], rows);
await browser.close();
await server.kill();
process.exit(0);
