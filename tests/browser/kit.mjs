// What the browser tests share: a server of their own, Chromium, pages that draw, and waiting for what
// a page shows instead of sleeping.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { root, webRequire } from '../web/load.mjs';
import { freePort } from '../wire/ports.mjs';
import { watchPage, watchServer } from './failure.mjs';
import { starvePage, starveServer } from './starve.mjs';

export { freePort };

const { chromium } = webRequire('playwright-core');

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-features=SpareRendererForSitePerProcess', /* so that a new process is the new tab's */
];
export const SCREENS = join(root, 'build', 'screens');
mkdirSync(SCREENS, { recursive: true });

/** A folder that is gone when the tests are over. */
const folders = new Set();
export function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'kolam-browser-'));
  folders.add(folder);
  return folder;
}

/* A test that fails leaves its server running; it must not outlive the tests, nor keep them
 * waiting. */
const running = new Set();
export function killServers() {
  running.forEach((child) => child.kill('SIGKILL'));
}
process.on('exit', () => {
  killServers();
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

/* * Starts `kolam serve`; resolves once it has told its address. KOLAM_MOCK=1 takes the mock
 * instead. */
export async function startServer({ data = makeFolder(), port = 0, isKept = false, web = null } = {}) {
  const isMock = process.env.KOLAM_MOCK === '1';
  const command = isMock
    ? [process.execPath, join(root, 'tests', 'web', 'mock-server.mjs'), String(port)]
    : [
        process.env.KOLAM_BIN ?? join(root, 'build', 'kolam'),
        'serve',
        '--listen',
        `127.0.0.1:${port}`,
        '--data',
        data,
        ...(web === null ? [] : ['--web', web]),
      ];
  const child = spawn(command[0], command.slice(1), {
    stdio: ['ignore', 'pipe', process.env.KOLAM_LOG === '1' ? 'inherit' : 'pipe'],
    cwd: root,
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  void starveServer(child);
  let log = '';
  child.stderr?.on('data', (bytes) => (log = (log + bytes).slice(-20_000)));
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const address = await new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      const match = /https?:\/\/[^\s/]+:\d+\//.exec(line);
      if (match !== null) {
        resolve(match[0]);
      }
    });
    void exited.then((code) => reject(new Error(`the server ended (${code}): ${log}`)));
  });
  const server = {
    address,
    data,
    port: Number(new URL(address).port),
    get log() {
      return log;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
      if (!isKept) {
        rmSync(data, { recursive: true, force: true });
      }
    },
  };
  watchServer(server, exited);
  return server;
}

const WHOLE = '/usr/bin/chromium';
const SHELL = '/usr/bin/chromium-headless-shell'; /* the same engine without a browser around it: a third of the work */

/** `isWhole`: with what only the whole browser does, as installing a page. */
export function startBrowser({ isWhole = false } = {}) {
  return chromium.launch({
    executablePath: process.env.KOLAM_CHROMIUM ?? (!isWhole && existsSync(SHELL) ? SHELL : WHOLE),
    args: FLAGS,
    headless: true,
  });
}

/** What a file of browser tests begins with: a server and a browser of its own, ended after its tests however these went, as are
 * the servers that they started besides. Each page that `open` makes is a person of its own, as `pageOptions` say; `close` holds
 * that no error was in them. */
export async function stage({ hasServer = true, isWhole = false, ...pageOptions } = {}) {
  let [server, browser] = [null, null];
  after(async () => {
    await browser?.close();
    await server?.stop();
    killServers();
  });
  server = hasServer ? await startServer() : null;
  browser = await startBrowser({ isWhole });
  return {
    server,
    browser,
    open: (path, options = {}) => openPage(browser, server.address, { path, ...pageOptions, ...options }),
    async close(...pages) {
      for (const page of pages) {
        assert.deepEqual(page.errors, []);
        await page.context().close();
      }
    },
  };
}

/** In a page, from its beginning: every line that a note showed. It may be gone before it is looked at. */
export function rememberNotes() {
  window.kolamTold = [];
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const note = (target.nodeType === 1 ? target : target.parentElement)?.closest('.status, [role=status]');
      if (note?.textContent) {
        window.kolamTold.push(note.textContent);
      }
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
}
const remembering = new WeakSet();

/* What the browser itself writes where a server is gone, which no page can keep it from: the last is of the service worker's
 * script. An answer that is wrong has other words. */
const WITHOUT_SERVER = /WebSocket|ERR_CONNECTION|Failed to load|^An unknown error occurred when fetching the script\.$/;

/** A page of a person of its own (a context has its own cookies). */
export async function openPage(browser, address, options = {}) {
  const { width = 900, height = 700, scale = 1, path = '', context: given, ...rest } = options;
  const context =
    given ??
    (await browser.newContext({
      viewport: { width, height },
      deviceScaleFactor: scale,
      ...rest,
    }));
  if (!remembering.has(context)) {
    remembering.add(context);
    await context.addInitScript(rememberNotes);
  }
  const before = await renderersOf(browser);
  const page = await context.newPage();
  page.errors = [];
  watchPage(page);
  page.on('pageerror', (error) => page.errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !WITHOUT_SERVER.test(message.text())) {
      page.errors.push(message.text());
    }
  });
  await starvePage(page);
  await page.goto(new URL(path, address).href);
  await ready(page);
  page.processes = (await renderersOf(browser)).filter((id) => !before.includes(id));
  return page;
}

async function renderersOf(browser) {
  const client = await browser.newBrowserCDPSession();
  const { processInfo } = await client.send('SystemInfo.getProcessInfo');
  await client.detach();
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
}

/** Ends the tab as a crash or the system does: its process is gone, without a last word. */
export async function killProcessOf(page) {
  const gone = new Promise((resolve) => page.once('crash', resolve));
  const processes = (await renderersOf(page.context().browser())).filter((id) => page.processes.includes(id));
  assert.ok(processes.length > 0, 'the tab has a process of its own');
  processes.forEach((id) => process.kill(id, 'SIGKILL'));
  await gone;
}

/** The page's sockets are closed and none is opened any more, until `open` is called; HTTP goes on. */
export async function closedToSockets(page) {
  let isOpen = false;
  await page.context().routeWebSocket(/\/ws$/, (socket) => {
    if (isOpen) {
      socket.connectToServer();
    } else {
      void socket.close();
    }
  });
  await reloadWithSettings(page);
  await until(page, () => window.kolamDebug !== undefined);
  return {
    open() {
      isOpen = true;
    },
  };
}

/** Reloads when what was chosen is on disk: a choice in the very moment of leaving may be lost. */
export async function reloadWithSettings(page) {
  await page.evaluate(() => window.kolamDebug.settingsKept());
  await page.reload();
}

/** The client runs, is connected, and shows a complete view. */
export async function ready(page) {
  await until(page, () => {
    const status = window.kolamDebug?.status();
    return status?.link === 'open' && status.isComplete;
  });
}

/** Waits until the function, run in the page, is true. */
export async function until(page, condition, argument, timeoutMs = 30_000) {
  await page.waitForFunction(condition, argument, { timeout: timeoutMs, polling: 30 });
}

/** As `until`, for conditions that the page has to wait for itself: a promise of its own is always true. */
export async function eventually(page, condition, argument, timeoutMs = 30_000) {
  const untilMs = Date.now() + timeoutMs;
  while (!(await page.evaluate(condition, argument))) {
    assert.ok(Date.now() < untilMs, `not within ${timeoutMs} ms: ${condition}`);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 30)));
  }
}

/** The browser keeps what is seen, all of it: tiles are kept few at a time, and again after each stroke. */
export async function keptAsSeen(page) {
  await eventually(page, async () => {
    const db = await new Promise((resolve) => {
      const opening = indexedDB.open('kolam');
      opening.onsuccess = () => resolve(opening.result);
    });
    const kept = await new Promise((resolve) => {
      const asked = db.transaction('tiles').objectStore('tiles').getAll();
      asked.onsuccess = () => resolve(asked.result);
    });
    db.close();
    const inkIn = (rgba) => rgba.reduce((sum, value, i) => (i % 4 === 3 ? sum + value : sum), 0);
    const canvas = new OffscreenCanvas(256, 256);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    const { x, y, width, height, level } = window.kolamDebug.view();
    let [shown, found] = [0, 0];
    for (let at = 0; at < width * height; at++) {
      const [tileX, tileY] = [x + (at % width), y + Math.floor(at / width)];
      shown += inkIn(window.kolamDebug.tile(level, tileX, tileY)?.rgba ?? []);
      const tile = kept.find((one) => one.level === level && one.x === tileX && one.y === tileY);
      if (tile !== undefined) {
        context.clearRect(0, 0, 256, 256);
        context.drawImage(await createImageBitmap(new Blob([tile.png])), 0, 0);
        found += inkIn(context.getImageData(0, 0, 256, 256).data);
      }
    }
    return shown > 0 && Math.abs(found - shown) <= shown * 0.001;
  });
}

/** Waits until what `look` gives is `wanted`; in the end it has to be. */
export async function becomes(look, wanted, timeoutMs = 30_000) {
  const untilMs = Date.now() + timeoutMs;
  let seen = await look();
  while (seen !== wanted && Date.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    seen = await look();
  }
  assert.deepEqual(seen, wanted);
}

/** A note said this, after what was waited for before: it may be gone already. */
export async function told(page, words) {
  await until(page, (wanted) => {
    const at = window.kolamTold.findIndex((line) => line.includes(wanted));
    window.kolamTold.splice(0, at + 1);
    return at >= 0;
  }, words);
}

/** The view rests and the address tells it: a timer that begins now ends after the page's own. */
export async function addressTold(page) {
  await page.evaluate(async () => {
    const camera = () => JSON.stringify(window.kolamDebug.camera());
    for (let before = ''; before !== camera(); ) {
      before = camera();
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  });
}

/** Waits until it is true while a pen moves about a place: one that rests loses its name after a while. */
export async function whilePenMoves(page, [x, y], isTrue, timeoutMs = 30_000) {
  const untilMs = Date.now() + timeoutMs;
  for (let i = 0; !(await isTrue()); i++) {
    assert.ok(Date.now() < untilMs, `not within ${timeoutMs} ms: ${isTrue}`);
    await page.mouse.move(x + (i % 3), y);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 30)));
  }
}

/** Everything drawn is acknowledged. */
export async function settled(page) {
  await until(page, () => {
    const status = window.kolamDebug.status();
    return status.link === 'open' && status.unsaved === 0 && !status.isDrawing;
  });
}

export async function status(page) {
  return page.evaluate(() => window.kolamDebug.status());
}

/* Between two places of a hand, as the events tell it, however fast or slow the machine: smoothing goes by time. */
const PLACE_MS = 24;
const inputs = new WeakMap();

async function moveThrough(page, places) {
  if (!inputs.has(page)) {
    inputs.set(page, await page.context().newCDPSession(page));
  }
  const beganMs = Date.now();
  const moved = places.map(([x, y], i) =>
    inputs.get(page).send('Input.dispatchMouseEvent', {
      type: 'mouseMoved', x, y, button: 'left', buttons: 1, timestamp: (beganMs + (i + 1) * PLACE_MS) / 1000,
    }),
  );
  await Promise.all(moved);
  await page.mouse.move(...places.at(-1)); /* the library knows where it is */
}

/** A stroke of the mouse through places on the screen, all of them told at once, which on a slow machine takes a tenth of the time.
 * `isQuick: false`: one after the other, each told to the page before the next is begun; for who asks how it grows, or how fast
 * the hand was. */
export async function draw(page, places, { isReleased = true, isQuick = true } = {}) {
  const [first, ...rest] = places;
  await page.mouse.move(first[0], first[1]);
  await page.mouse.down();
  if (isQuick) {
    await (page.moveThrough?.(rest) ?? moveThrough(page, rest));
  } else {
    for (const [x, y] of rest) {
      await page.mouse.move(x, y);
    }
  }
  if (isReleased) {
    await page.mouse.up();
  }
}

/** A wavy line of `count` places from a to b. */
export function wave(a, b, count = 24, heightPx = 20) {
  return Array.from({ length: count }, (_, i) => {
    const t = i / (count - 1);
    const lift = Math.sin(t * Math.PI * 4) * heightPx;
    return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t + lift];
  });
}

/** Sum of alpha over every tile in view: how much ink the page shows. */
export function inkOf(page) {
  return page.evaluate(() => {
    const view = window.kolamDebug.view();
    let sum = 0;
    for (let y = view.y; y < view.y + view.height; y++) {
      for (let x = view.x; x < view.x + view.width; x++) {
        const tile = window.kolamDebug.tile(view.level, x, y);
        for (let i = 3; tile !== null && i < tile.rgba.length; i += 4) {
          sum += tile.rgba[i];
        }
      }
    }
    return sum;
  });
}

/** The same of what lies over the wall: a moment, a replay, a rollback's preview. */
export function pastInk(page) {
  return page.evaluate(() => {
    const view = window.kolamDebug.view();
    let sum = 0;
    for (let y = view.y; y < view.y + view.height; y++) {
      for (let x = view.x; x < view.x + view.width; x++) {
        const rgba = window.kolamDebug.pastPixels(view.level, x, y);
        for (let i = 3; rgba !== null && i < rgba.length; i += 4) {
          sum += rgba[i];
        }
      }
    }
    return sum;
  });
}

/** From now on `window.heard` is all that screen readers were told: a later line takes the place of the one before. */
export const listen = (page) =>
  page.evaluate(() => {
    const region = document.querySelector('.unseen[role=status]');
    window.heard = [];
    new MutationObserver(() => window.heard.push(region.textContent.trim())).observe(region, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
export const hears = (page, pattern) =>
  until(page, (source) => window.heard.some((line) => new RegExp(source).test(line)), pattern.source);

let axe = null;
/** What axe-core finds serious or critical in what is shown now. The policy of the page stays as it is: the
 * rules are brought in by the debugger. A name at somebody's pen comes and goes: while it fades it has little contrast. */
export async function seriousIn(page) {
  axe ??= readFileSync(webRequire.resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(`${axe}; 0`);
  return page.evaluate(async () => {
    /* A panel that is still fading in has other contrasts. */
    await Promise.all(document.getAnimations().map((each) => each.finished.catch(() => null)));
    const { violations } = await window.axe.run({ exclude: [['.label']] }, { resultTypes: ['violations'] });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  });
}

export function screenshot(page, name) {
  return page.screenshot({ path: join(SCREENS, `${name}.png`) });
}

/** A server that can be ended and started again on the same port and folder. */
export async function startLasting(more = {}) {
  const options = { data: makeFolder(), port: await freePort(), isKept: true, ...more };
  const start = (other = {}) => startServer({ ...options, ...other });
  return { start, server: await start() };
}

export async function canvasOf(server, name) {
  return (await fetch(new URL(`/api/canvas/${name}`, server.address))).json();
}
