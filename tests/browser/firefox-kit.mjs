// Firefox for the browser tests: Debian's own, driven over WebDriver BiDi, the standard protocol that it speaks by
// itself, through puppeteer-core. A page is made to answer what kit.mjs asks of one.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { webRequire } from '../web/load.mjs';
import { watchPage } from './failure.mjs';
import { killServers, ready, rememberNotes, startServer } from './kit.mjs';
import { starvePage } from './starve.mjs';

const places = [process.env.KOLAM_FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox'];
const firefoxPath = places.find((path) => path !== undefined && existsSync(path)) ?? null;
export const skip = firefoxPath === null ? 'no Firefox here: scripts/deps installs firefox-esr' : false;

const profiles = new Set();
const running = new Set();
process.on('exit', () => {
  running.forEach((child) => child.kill('SIGKILL'));
  profiles.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

export function makeProfile() {
  const folder = mkdtempSync(join(tmpdir(), 'kolam-firefox-'));
  profiles.add(folder);
  return folder;
}

/** Nothing is asked of the network, nothing pops up, and a page that was killed is not brought back by itself. */
const PREFS = {
  'browser.sessionstore.resume_from_crash': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.startup.max_resumed_crashes': -1,
  'dom.disable_beforeunload': false,
};

export async function startFirefox({ profile = makeProfile() } = {}) {
  const browser = await webRequire('puppeteer-core').launch({
    browser: 'firefox',
    executablePath: firefoxPath,
    headless: true,
    userDataDir: profile,
    extraPrefsFirefox: PREFS,
    handleSIGINT: false,
    timeout: 60_000,
  });
  const child = browser.process();
  running.add(child);
  child.once('exit', () => running.delete(child));
  return browser;
}

/** As a crash of the whole browser or a pulled plug does it. */
export async function killFirefox(browser) {
  const child = browser.process();
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/* What Firefox itself says of a server that is gone; what the page makes of it is for its tests. */
const WITHOUT_SERVER = /establish a connection to the server at ws|A ServiceWorker passed a promise .* rejected with ‘TypeError: NetworkError/;

/** A page of `browser`, or of one of its contexts. */
export async function openInFirefox(browser, address, { path = '', width = 900, height = 700 } = {}) {
  const page = await browser.newPage();
  await page.setViewport({ width, height });
  await page.evaluateOnNewDocument(rememberNotes);
  page.errors = [];
  watchPage(page);
  page.on('pageerror', (error) => {
    if (!WITHOUT_SERVER.test(String(error))) {
      page.errors.push(String(error));
    }
  });
  /* By evaluation alone: the page's policy forbids code made of text, which the library's own would need. */
  page.waitForFunction = async (condition, argument, { timeout, polling }) => {
    const untilMs = Date.now() + timeout;
    while (!(await page.evaluate(condition, argument))) {
      if (Date.now() > untilMs) {
        throw new Error(`not within ${timeout} ms: ${condition}`);
      }
      await page.evaluate((ms) => new Promise((resolve) => setTimeout(resolve, ms)), polling);
    }
  };
  /* A pen's way in one question: each place alone takes several frames there and back. */
  page.moveThrough = async (places) => {
    const actions = places.map(([x, y]) => ({ type: 'pointerMove', x: Math.round(x), y: Math.round(y), duration: 0 }));
    await page.mainFrame().browsingContext.performActions([{ type: 'pointer', id: '__puppeteer_mouse', parameters: { pointerType: 'mouse' }, actions }]);
  };
  await starvePage(page);
  await page.goto(new URL(path, address).href);
  await ready(page);
  return page;
}

/** As `stage` of kit.mjs: a server and a Firefox for a file of tests; neither where there is no Firefox. */
export async function firefoxStage({ hasServer = true } = {}) {
  let [server, browser] = [null, null];
  after(async () => {
    await browser?.close();
    await server?.stop();
    killServers();
  });
  if (!skip) {
    server = hasServer ? await startServer() : null;
    browser = await startFirefox();
  }
  return {
    server,
    browser,
    open: (path, options = {}) => openInFirefox(browser, server.address, { path, ...options }),
  };
}

/** Keys held together, as `Control+z`. */
export async function press(page, keys) {
  const names = keys.split('+');
  const last = names.pop();
  for (const name of names) {
    await page.keyboard.down(name);
  }
  await page.keyboard.press(last);
  for (const name of names.reverse()) {
    await page.keyboard.up(name);
  }
}
