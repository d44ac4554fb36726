// The past of a full wall in a real browser: how long each door takes to open, and how evenly frames come while
// the past is scrubbed, played and replayed, and a rollback's preview is drawn.
//
//     node tests/bench/history_web.mjs [--data DIR] [--part scrub,play,who,rollback,replay] [--size WxH] [--shots DIR]
//
// DIR is a data folder that holds the corpus already; without it the corpus is imported. KOLAM_SHARED: where
// corpus/ lies (default ../shared).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openPage, ready, startBrowser, startServer, until } from '../browser/kit.mjs';
import { kolam, makeFolder, ROOT } from '../wire/client.mjs';
import { printTable, quantile } from './support/table.mjs';

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : otherwise;
};
const CORPUS = join(process.env.KOLAM_SHARED ?? resolve(ROOT, '../shared'), 'corpus');
const parts = option('part', 'scrub,play,who,rollback,replay').split(',');
const [width, height] = option('size', '1280x860').split('x').map(Number);
const shots = option('shots', null);
const VIEWS = [['far', '@0,0,-6'], ['middle', '@-16384,-11008,-2'], ['near', '@-12000,-12000,0']];

if (!option('data', null) && !existsSync(CORPUS)) {
  console.log(`skipped: no corpus at ${CORPUS} (KOLAM_SHARED)`);
  process.exit(0);
}
const data = option('data', null) ?? makeFolder();
if (!option('data', null)) {
  const files = readdirSync(CORPUS).filter((name) => name.endsWith('.ndjson.zst')).map((name) => join(CORPUS, name));
  await kolam(['import', '--data', data, ...files], { deadlineMs: 600e3 });
}
const server = await startServer({ data, isKept: true });
const browser = await startBrowser();
const token = readFileSync(join(data, 'admin.token'), 'utf8').trim();
const rows = [];

const past = (page) => page.evaluate(() => window.kolamDebug.past());
const shot = (page, name) => (shots === null ? null : page.screenshot({ path: join(shots, `${name}.png`) }));
async function timed(act) {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

/** The lengths of all frames while `act` runs. */
async function frames(page, act) {
  await page.evaluate(() => {
    window.frameTimes = [];
    let before = performance.now();
    const each = (now) => {
      window.frameTimes?.push(now - before);
      before = now;
      if (window.frameTimes) {
        requestAnimationFrame(each);
      }
    };
    requestAnimationFrame(each);
  });
  const value = await act();
  const times = await page.evaluate(() => {
    const all = window.frameTimes;
    window.frameTimes = null;
    return all.slice(1);
  });
  return { times, value };
}
function report(what, view, times, note = '') {
  const at = (q) => `${quantile(times, q).toFixed(0)} ms`;
  rows.push([what, view, times.length > 1 ? `${at(0.5)}, ${at(0.99)}, ${Math.max(...times).toFixed(0)} ms` : `${times[0].toFixed(0)} ms`, note]);
  console.log('  ' + rows[rows.length - 1].join('  '));
}

async function clock(view, path) {
  const page = await openPage(browser, server.address, { path: `/#${path}`, width, height });
  const openMs = await timed(async () => {
    await page.keyboard.press('t');
    await until(page, () => window.kolamDebug.past()?.isComplete);
  });
  report('past opens', view, [openMs]);
  report('histogram is there', view, [await timed(() => until(page, () => window.kolamDebug.past().bars > 0))]);
  await shot(page, `clock-${view}`);
  const track = await page.locator('.timebar:visible .track').boundingBox();
  const y = track.y + track.height / 2;
  if (parts.includes('scrub')) {
    const before = (await past(page)).moments;
    const { times } = await frames(page, async () => {
      await page.mouse.move(track.x + track.width - 10, y);
      await page.mouse.down();
      for (let i = 0; i <= 100; i++) {
        await page.mouse.move(track.x + 10 + ((track.width - 20) * Math.abs(100 - 2 * i)) / 100, y);
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
      }
      await page.mouse.up();
    });
    const settleMs = await timed(() => until(page, () => window.kolamDebug.past().isComplete));
    const { moments } = await past(page);
    report('scrubbing, frames', view, times, `${moments - before} moments shown in ${(times.reduce((a, b) => a + b, 0) / 1000).toFixed(1)} s; whole ${settleMs.toFixed(0)} ms after`);
  }
  if (parts.includes('play')) {
    await page.keyboard.press('Home');
    await until(page, () => window.kolamDebug.past().isComplete);
    const before = (await past(page)).moments;
    const { times } = await frames(page, async () => {
      await page.keyboard.press('Space');
      await page.evaluate(() => new Promise((done) => setTimeout(done, 3000)));
      await page.keyboard.press('Space');
    });
    report('playing, frames', view, times, `${(await past(page)).moments - before} moments in 3 s`);
  }
  await page.context().close();
}

async function who(view, path) {
  const page = await openPage(browser, server.address, { path: `/#${path}`, width, height });
  await page.keyboard.press('i');
  await until(page, () => document.querySelector('#wall.is-asking'));
  const all = [];
  for (let i = 0; i < 9; i++) {
    all.push(await timed(async () => {
      const before = await page.evaluate(() => window.kolamDebug.past().asked);
      await page.mouse.click(width * (0.3 + 0.15 * (i % 3)), height * (0.3 + 0.15 * Math.floor(i / 3)));
      await until(page, (count) => window.kolamDebug.past().asked > count, before);
    }));
    await page.locator('.who-close').click();
  }
  report('who drew this', view, all);
  await shot(page, `who-${view}`);
  await page.context().close();
}

async function rollback(view, path) {
  const context = await browser.newContext({ viewport: { width, height } });
  const page = await openPage(browser, server.address, { path: `/?admin#${path}`, context });
  await page.getByRole('button', { name: 'Roll back' }).click();
  await page.getByLabel('Admin token').fill(token);
  const openMs = await timed(async () => {
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('.shares-list label').length > 0 || /\d|No strokes/.test(document.querySelector('.rollback-result').textContent), null, { timeout: 60_000 });
  });
  report('rollback lists artists', view, [openMs], await page.locator('.rollback-result').innerText());
  const second = page.locator('.shares-list label').nth(1);
  if ((await second.count()) > 0) {
    const { times, value } = await frames(page, () => timed(async () => {
      await second.click();
      await until(page, () => window.kolamDebug.past().rollback.isDrawn || /Too much/.test(document.querySelector('.rollback-note').textContent), null, 60_000);
    }));
    report('rollback preview, frames', view, times, `drawn after ${value.toFixed(0)} ms: ${await page.locator('.rollback-result').innerText()} ${await page.locator('.rollback-note').innerText()}`);
  }
  await shot(page, `rollback-${view}`);
  await context.close();
}

async function replay(view, path) {
  const { seq } = await (await fetch(`${server.address}api/canvas/main`)).json();
  const page = await openPage(browser, server.address, { path: `/#${path}`, width, height });
  const startMs = await timed(async () => {
    await page.evaluate((hash) => (location.hash = hash), `${path}&replay=1-${seq}`);
    await until(page, () => window.kolamDebug.past()?.replay.done > 0, null, 60_000);
  });
  report('replay begins', view, [startMs]);
  await page.evaluate(() => new Promise((done) => setTimeout(done, 600)));
  const heap = () => page.evaluate(() => performance.memory.usedJSHeapSize / 1e6);
  const from = (await past(page)).replay.done;
  const { times } = await frames(page, () => page.evaluate(() => new Promise((done) => setTimeout(done, 5000))));
  const done = (await past(page)).replay.done - from;
  report('replaying, frames', view, times, `${(done / 5).toFixed(0)} strokes/s at ${await page.locator('.timebar:visible select').inputValue()}x; heap ${(await heap()).toFixed(0)} MB`);
  await shot(page, `replay-${view}`);
  const wind = await frames(page, () => timed(async () => {
    await page.keyboard.press('End');
    await until(page, () => window.kolamDebug.past().replay.isReady && window.kolamDebug.past().replay.strokes === window.kolamDebug.past().replay.done, null, 240_000);
  }));
  report('winding to the end, frames', view, wind.times, `${(wind.value / 1000).toFixed(1)} s for ${(await past(page)).replay.done} strokes; heap ${(await heap()).toFixed(0)} MB`);
  await shot(page, `replay-end-${view}`);
  await page.context().close();
}

try {
  for (const [view, path] of VIEWS.filter(([name]) => option('view', name) === name)) {
    if (parts.includes('scrub') || parts.includes('play')) {
      await clock(view, path);
    }
    if (parts.includes('who')) {
      await who(view, path);
    }
    if (parts.includes('rollback')) {
      await rollback(view, path);
    }
    if (parts.includes('replay')) {
      await replay(view, path);
    }
  }
  printTable(['what', 'view', 'median, p99, most', ''], rows);
} finally {
  await browser.close();
  await server.stop();
}
