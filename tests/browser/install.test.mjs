// The wall without the server: it starts from what the browser keeps, shows what was seen, takes strokes; a new version
// takes over; what installing asks for is there.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../web/load.mjs';
import {
  draw,
  eventually,
  inkOf,
  keptAsSeen,
  makeFolder,
  openPage,
  screenshot,
  settled,
  stage,
  startBrowser,
  startLasting,
  until,
  wave,
} from './kit.mjs';
import { decodePng } from '../wire/png.mjs';

const { writeWorker } = await import(join(root, 'web', 'worker.mjs'));

const { browser } = await stage({ hasServer: false });

const row = (i) => wave([100, 80 + i * 40], [700, 80 + i * 40], 8, 8);
const apart = (page) => until(page, () => window.kolamDebug.status().link !== 'open');

/** The worker holds the whole shell and answers for the page. */
async function installed(page) {
  await eventually(page, async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    return registration?.active?.state === 'activated' && navigator.serviceWorker.controller !== null;
  });
}

test('a_browser_finds_everything_that_installing_asks_for', async (t) => {
  const { server } = await startLasting();
  const whole = await startBrowser({ isWhole: true });
  t.after(() => whole.close());
  const page = await openPage(whole, server.address);
  const client = await page.context().newCDPSession(page);
  const { url, data, errors } = await client.send('Page.getAppManifest');
  assert.deepEqual(errors, []);
  assert.equal(new URL(url).pathname, '/manifest.webmanifest');
  const manifest = JSON.parse(data);
  for (const { src, sizes, type } of manifest.icons) {
    const response = await fetch(new URL(src, server.address));
    assert.equal(response.headers.get('content-type'), type);
    if (type === 'image/png') {
      const { width, height } = decodePng(Buffer.from(await response.arrayBuffer()));
      assert.equal(`${width}x${height}`, sizes);
    }
  }
  assert.ok(manifest.icons.some(({ purpose }) => purpose === 'maskable'));
  await installed(page);
  const { installabilityErrors } = await client.send('Page.getInstallabilityErrors');
  const ids = installabilityErrors.map(({ errorId }) => errorId);
  assert.deepEqual(ids.filter((id) => id !== 'in-incognito'), []);
  const policy = (await fetch(server.address)).headers.get('content-security-policy');
  assert.match(policy, /worker-src 'self'; manifest-src 'self'/);
  const worker = await fetch(new URL('/worker.js', server.address));
  assert.equal(worker.headers.get('cache-control'), 'no-cache');
  assert.deepEqual(page.errors, []);
  await page.context().close();
  await server.stop();
});

test('without_the_server_the_wall_starts_as_it_was_seen_and_takes_strokes', async () => {
  const { start, server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/c/alone#@0,0,0' });
  const context = page.context();
  const other = await openPage(browser, server.address, { path: '/c/alone#@0,0,0' });
  await draw(page, row(1));
  await draw(page, row(2));
  await draw(other, row(5));
  await Promise.all([settled(page), settled(other)]);
  await until(page, () => window.kolamDebug.status().seq === 3);
  await keptAsSeen(page);
  const shown = await inkOf(page);
  await installed(page);
  await server.kill();
  await page.close();
  const next = await context.newPage();
  await next.goto(new URL('/c/alone#@0,0,0', server.address).href);
  await until(next, () => window.kolamDebug !== undefined);
  for (const untilMs = Date.now() + 30_000; Date.now() < untilMs && (await inkOf(next)) < shown * 0.999; ) {
    await next.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  const seen = await inkOf(next);
  assert.ok(Math.abs(seen - shown) <= shown * 0.001, `${seen} of ${shown}`);
  await draw(next, row(8));
  await until(next, () => document.querySelector('.status').innerText === 'Offline: 1 stroke waiting');
  await screenshot(next, 'started-offline');
  await next.reload();
  await until(next, () => window.kolamDebug?.status().unsaved === 1);
  const second = await start();
  await settled(next);
  await until(next, () => window.kolamDebug.status().seq === 4 && window.kolamDebug.status().isComplete);
  await until(other, () => window.kolamDebug.status().seq === 4);
  const [here, there] = [await inkOf(next), await inkOf(other)];
  assert.ok(Math.abs(here - there) <= there * 0.001, `${here} and ${there}`);
  await context.close();
  await other.context().close();
  await second.stop();
});

test('tools_that_were_never_opened_and_the_language_work_without_the_server', async () => {
  const { server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/c/idle#@0,0,0', locale: 'de-DE' });
  const context = page.context();
  await installed(page);
  await eventually(page, async () => {
    const kept = await window.caches.open((await window.caches.keys()).find((name) => /shell/.test(name)));
    const paths = (await kept.keys()).map(({ url }) => new URL(url).pathname);
    return ['text-', 'select-', 'polygon-'].every((name) => paths.some((path) => path.startsWith(`/${name}`))) &&
      ['/studio.css', '/shell.css', '/place.js', '/messages/de.json'].every((path) => paths.includes(path));
  });
  await server.kill();
  await page.close();
  const next = await context.newPage();
  await next.goto(new URL('/c/idle#@0,0,0', server.address).href);
  await until(next, () => window.kolamDebug !== undefined);
  assert.equal(await next.evaluate(() => document.documentElement.lang), 'de');
  for (const key of ['v', 't', 'Shift+F']) {
    await next.keyboard.press(key);
    await until(next, () => window.kolamDebug.studio() !== null);
    await next.keyboard.press('p');
    await until(next, () => window.kolamDebug.studio() === null);
  }
  await context.close();
});

test('started_without_the_server_and_without_a_place_it_is_where_one_was', async () => {
  const { server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/#@512,256,1' });
  const context = page.context();
  await draw(page, row(3));
  await settled(page);
  await keptAsSeen(page);
  await installed(page);
  await server.kill();
  await page.close();
  const next = await context.newPage();
  await next.goto(server.address);
  await until(next, () => window.kolamDebug?.camera().zoom === 1);
  for (const untilMs = Date.now() + 30_000; Date.now() < untilMs && (await inkOf(next)) === 0; ) {
    await next.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  assert.ok((await inkOf(next)) > 0);
  await context.close();
});

test('a_wall_that_began_anew_shows_nothing_of_its_former_life', async () => {
  const { start, server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/c/anew#@0,0,0' });
  await draw(page, row(1));
  await settled(page);
  await keptAsSeen(page);
  await server.kill();
  await apart(page);
  const data = makeFolder();
  const second = await start({ data });
  await page.reload();
  await until(page, () => window.kolamDebug?.status().link === 'open' && window.kolamDebug.status().isComplete);
  assert.equal(await inkOf(page), 0);
  await page.context().close();
  await second.stop();
});

/** The client as built, its version told by `window.kolamVersion`. */
async function versionOf(name) {
  const folder = makeFolder();
  cpSync(join(root, 'build', 'web'), folder, { recursive: true });
  const file = join(folder, 'app.js');
  writeFileSync(file, `window.kolamVersion = ${JSON.stringify(name)};\n${readFileSync(file, 'utf8')}`);
  await writeWorker(folder);
  return folder;
}

test('a_new_version_takes_over_at_once_online_and_offline', async () => {
  const { start, server } = await startLasting({ web: await versionOf('one') });
  const page = await openPage(browser, server.address, { path: '/c/version' });
  const version = () => page.evaluate(() => window.kolamVersion);
  const caches = () => page.evaluate(async () => (await window.caches.keys()).filter((name) => /shell/.test(name)));
  await installed(page);
  const [first] = await caches();
  await server.kill();
  await apart(page);
  await page.reload();
  await until(page, () => window.kolamDebug !== undefined);
  assert.equal(await version(), 'one', 'offline it is the version that was kept');
  const second = await start({ web: await versionOf('two') });
  await until(page, () => window.kolamDebug.status().link === 'open');
  await page.reload();
  await until(page, () => window.kolamDebug?.status().link === 'open');
  assert.equal(await version(), 'two', 'online it is the newest, in the first load');
  await eventually(page, async (old) => {
    const names = (await window.caches.keys()).filter((name) => /shell/.test(name));
    return names.length === 1 && names[0] !== old;
  }, first);
  await second.kill();
  await apart(page);
  await page.reload();
  await until(page, () => window.kolamDebug !== undefined);
  assert.equal(await version(), 'two', 'and offline it is the same');
  await page.context().close();
});

test('half_a_version_is_never_kept', async () => {
  const folder = await versionOf('half');
  const file = join(folder, 'app.css');
  writeFileSync(file, `${readFileSync(file, 'utf8')}\n/* changed after the worker was written */\n`);
  const { server } = await startLasting({ web: folder });
  const page = await openPage(browser, server.address);
  const state = await page.evaluate(async () => {
    const { installing } = await navigator.serviceWorker.register('/worker.js');
    await new Promise((resolve) => {
      installing.onstatechange = () => installing.state === 'redundant' && resolve();
    });
    return { states: installing.state, kept: (await window.caches.keys()).length };
  });
  assert.deepEqual(state, { states: 'redundant', kept: 0 });
  await page.context().close();
  await server.stop();
});
