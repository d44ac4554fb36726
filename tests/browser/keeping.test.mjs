// Nothing drawn is lost, whatever becomes of the tab: killed in mid-drawing, reloaded, days without a server, two
// tabs at once, a browser without room. Each stroke is on the wall once, in the order in which it was drawn.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  canvasOf,
  closedToSockets,
  draw,
  inkOf,
  killProcessOf,
  openPage,
  screenshot,
  settled,
  stage,
  startLasting,
  status,
  told,
  until,
  wave,
} from './kit.mjs';

const { browser } = await stage({ hasServer: false });

/** The strokes under a pixel of level 0, oldest first. */
async function strokesAt(server, name, x, y) {
  const query = `level=0&x=${x}&y=${y}`;
  const answer = await fetch(new URL(`/api/canvas/${name}/at?${query}`, server.address));
  return (await answer.json()).strokes.reverse();
}

const row = (i) => wave([100, 80 + i * 40], [700, 80 + i * 40], 8, 8);
const apart = (page) => until(page, () => window.kolamDebug.status().link !== 'open');
const waiting = (page, count) =>
  until(page, (wanted) => window.kolamDebug.status().unsaved === wanted, count);
const signOf = (page) => page.locator('.status').innerText();
const says = (page, text) =>
  until(page, (wanted) => document.querySelector('.status').innerText.includes(wanted), text);

/** Entries in the page's database: [counter, is a draft]. */
function entriesOf(page) {
  return page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('kolam');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const db = opening.result;
          const asked = db.transaction('entries').objectStore('entries').getAll();
          asked.onsuccess = () => {
            db.close();
            resolve(asked.result.map(({ counter, isDraft }) => [counter, isDraft]));
          };
        };
      }),
  );
}

async function untilKept(page, isWanted) {
  for (const untilMs = Date.now() + 30_000; Date.now() < untilMs; ) {
    if (isWanted(await entriesOf(page))) {
      return;
    }
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  assert.fail(`not kept: ${JSON.stringify(await entriesOf(page))}`);
}

// Browsers that are full, or keep nothing, are rare, and take as long as all the others.
const rare = { skip: process.env.KOLAM_LONG ? false : 'make test-long' };

test('a_tab_killed_in_mid_drawing_loses_nothing', async () => {
  const { start, server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/c/kill#@0,0,0' });
  await draw(page, row(0));
  await settled(page);
  const { person } = await status(page);
  await server.kill();
  await apart(page);
  await draw(page, row(1));
  await draw(page, row(2));
  await draw(page, row(3), { isReleased: false });
  /* It is kept every quarter of a second while it is drawn: all of it, once a rest longer than that is over. */
  await page.evaluate(async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  });
  await untilKept(page, (entries) => entries.length === 3 && entries[2][1]);
  await page.mouse.move(720, 300);
  const shown = await inkOf(page);
  const context = page.context();
  await killProcessOf(page);
  const second = await start();
  const next = await openPage(browser, second.address, { path: '/c/kill#@0,0,0', context });
  await settled(next);
  await until(next, () => window.kolamDebug.status().seq === 4);
  assert.equal((await canvasOf(second, 'kill')).seq, 4, 'each once');
  assert.equal((await status(next)).person.artist, person.artist);
  await until(next, () => window.kolamDebug.status().isComplete);
  const now = await inkOf(next);
  assert.ok(now > shown * 0.9 && now <= shown, `${now} of ${shown}: the last moment of the last stroke is missing`);
  assert.deepEqual(await entriesOf(next), [], 'what is saved is kept no longer');
  await context.close();
  await second.stop();
});

test('strokes_and_their_undo_survive_a_reload_without_the_server', async () => {
  const { server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/c/reload#@0,0,0' });
  await draw(page, row(0));
  await settled(page);
  const sockets = await closedToSockets(page);
  await apart(page);
  /* The tiles in view come before any socket. */
  while ((await inkOf(page)) === 0) {
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  for (let i = 1; i < 5; i++) {
    await draw(page, row(i));
  }
  await page.keyboard.press('Control+z');
  const shown = await inkOf(page);
  for (let i = 0; i < 2; i++) {
    await page.reload();
    await until(page, () => window.kolamDebug?.status().unsaved === 5);
  }
  await says(page, 'Offline: 5 changes waiting');
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+Shift+z');
  await waiting(page, 8);
  await page.reload();
  await until(page, () => window.kolamDebug?.status().unsaved === 8);
  await draw(page, row(6));
  sockets.open();
  await settled(page);
  assert.equal((await canvasOf(server, 'reload')).seq, 10);
  await until(page, () => window.kolamDebug.status().isComplete);
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await settled(page);
  await page.keyboard.press('Control+Shift+z');
  await settled(page);
  const other = await openPage(browser, server.address, { path: '/c/reload#@0,0,0' });
  const [mine, theirs] = [await inkOf(page), await inkOf(other)];
  assert.ok(Math.abs(mine - theirs) <= mine * 0.001, `${mine} and ${theirs}`);
  const told = `rows 0, 1 and 2 are there, of the four that were: ${theirs} of ${shown}`;
  assert.ok(Math.abs(theirs - 0.75 * shown) < shown * 0.02, told);
  assert.deepEqual(page.errors, []);
  await page.context().close();
  await other.context().close();
  await server.stop();
});

test('strokes_of_many_days_offline_come_in_the_order_in_which_they_were_drawn', async () => {
  const { server } = await startLasting();
  const context = await browser.newContext({ viewport: { width: 900, height: 700 } });
  const first = Date.UTC(2026, 2, 2, 9);
  await context.clock.install({ time: first });
  const page = await openPage(browser, server.address, { path: '/c/days#@0,0,0', context });
  await draw(page, row(0));
  await settled(page);
  const sockets = await closedToSockets(page);
  await apart(page);
  const through = (i) => [
    [300 + i * 5, 250],
    [500 - i * 5, 450],
  ];
  const day = 24 * 3_600_000;
  for (let i = 0; i < 4; i++) {
    await draw(page, through(i));
    await waiting(page, i + 1);
    await context.clock.fastForward(day + 3_600_000);
    if (i % 2 === 0) {
      await page.reload();
      await until(page, (count) => window.kolamDebug?.status().unsaved === count, i + 1);
    }
  }
  await draw(page, through(4));
  sockets.open();
  await context.clock.runFor(20_000);
  await settled(page);
  const strokes = await strokesAt(server, 'days', -50, 0);
  assert.equal(strokes.length, 5);
  const days = strokes.map(({ drawn }) => Math.round((drawn[0] - first) / (day + 3_600_000)));
  assert.deepEqual(days, [0, 1, 2, 3, 4], 'with the times at which they were drawn');
  assert.equal((await canvasOf(server, 'days')).seq, 6);
  await context.close();
  await server.stop();
});

test('two_tabs_at_once_keep_apart_and_one_takes_over_from_the_other_once', async () => {
  const { start, server } = await startLasting();
  const one = await openPage(browser, server.address, { path: '/c/tabs#@0,0,0' });
  const context = one.context();
  await draw(one, row(0));
  await settled(one);
  const two = await openPage(browser, server.address, { path: '/c/tabs#@0,0,0', context });
  const three = await openPage(browser, server.address, { path: '/c/tabs#@0,0,0', context });
  await server.kill();
  await Promise.all([apart(one), apart(two), apart(three)]);
  const drawIn = async (page, i) => {
    await page.bringToFront();
    await draw(page, row(i));
  };
  await drawIn(one, 1);
  await drawIn(two, 2);
  await drawIn(one, 3);
  await drawIn(two, 4);
  await drawIn(three, 5);
  const counts = async () => [(await status(two)).unsaved, (await status(three)).unsaved];
  assert.deepEqual(await counts(), [2, 1]);
  await killProcessOf(one);
  await until(two, () => true);
  for (let i = 0; i < 1_000 && (await counts()).reduce((a, b) => a + b) < 5; i++) {
    await two.evaluate(() => new Promise((resolve) => setTimeout(resolve, 20)));
  }
  const [inTwo, inThree] = await counts();
  assert.equal(inTwo + inThree, 5, `one of them took both: ${inTwo} and ${inThree}`);
  assert.ok(inTwo === 4 || inThree === 3);
  const second = await start();
  await Promise.all([settled(two), settled(three)]);
  const canvas = await canvasOf(second, 'tabs');
  assert.deepEqual([canvas.seq, canvas.artists], [6, 1]);
  assert.deepEqual(await entriesOf(two), []);
  await context.close();
  await second.stop();
});

test('a_browser_that_goes_offline_says_so_and_sends_what_waited', async () => {
  const { server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/c/offline#@0,0,0' });
  const context = page.context();
  await draw(page, row(0));
  await settled(page);
  await told(page, 'Saved');
  await screenshot(page, 'saved');
  await context.setOffline(true);
  await says(page, 'Offline');
  await draw(page, row(1));
  await says(page, 'Offline: 1 stroke waiting');
  await draw(page, row(2));
  await says(page, 'Offline: 2 strokes waiting');
  const sign = page.locator('.status').filter({ hasText: 'Offline' });
  assert.equal(await sign.isVisible(), true);
  await screenshot(page, 'offline');
  await page.setViewportSize({ width: 360, height: 640 });
  const isWhole = await page.evaluate(() => {
    const text = document.querySelector('.status-text');
    return text.scrollWidth <= text.clientWidth;
  });
  assert.ok(isWhole, 'on a phone, too, all of it is read');
  await screenshot(page, 'offline-phone');
  await context.setOffline(false);
  await settled(page);
  await told(page, 'Saved');
  assert.equal((await canvasOf(server, 'offline')).seq, 3);
  await context.close();
  await server.stop();
});

test('the_sign_does_not_blink_while_one_draws', rare, async () => {
  const { server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/c/calm#@0,0,0' });
  await page.evaluate(() => {
    window.signs = [];
    const sign = document.querySelector('.status');
    new MutationObserver(() => window.signs.push(sign.hidden ? '' : sign.innerText)).observe(sign, {
      subtree: true,
      childList: true,
      attributes: true,
      characterData: true,
    });
  });
  for (let i = 0; i < 12; i++) {
    await draw(page, row(i));
  }
  await settled(page);
  const signs = await page.evaluate(() => [...new Set(window.signs)]);
  assert.deepEqual(signs.filter((text) => text !== ''), ['Saved']);
  await page.context().close();
  await server.stop();
});

test('the_hands_tool_colour_and_width_survive_the_tab', async () => {
  const { server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/c/brush' });
  await page.keyboard.press('m');
  await page.keyboard.press(']');
  await page.getByRole('button', { name: /^Colour:/ }).click();
  await page.getByRole('button', { name: 'Teal' }).click();
  const hand = (from) =>
    from.evaluate(() => [
      document.querySelector('button[aria-pressed=true]').getAttribute('aria-label'),
      document.querySelector('.swatch[aria-pressed=true]').getAttribute('aria-label'),
      window.kolamDebug.brush().width,
    ]);
  const before = await hand(page);
  assert.deepEqual(before.slice(0, 2), ['Marker', 'Teal']);
  const context = page.context();
  const beside = await openPage(browser, server.address, { path: '/c/brush', context });
  assert.deepEqual(await hand(beside), before, 'the next tab holds the same');
  await killProcessOf(page);
  const next = await openPage(browser, server.address, { path: '/c/brush', context });
  assert.deepEqual(await hand(next), before);
  await context.close();
  await server.stop();
});

/** Fills what room the browser has for the page, to the last bytes. */
function fillStorage(page) {
  return page.evaluate(async () => {
    const db = await new Promise((resolve) => {
      const opening = indexedDB.open('kolam');
      opening.onsuccess = () => resolve(opening.result);
    });
    const put = (name, size) =>
      new Promise((resolve) => {
        const tx = db.transaction('settings', 'readwrite');
        tx.objectStore('settings').put(new Uint8Array(size), name);
        tx.oncomplete = () => resolve(true);
        tx.onabort = () => resolve(false);
      });
    let count = 0;
    for (let size = 1 << 18; size >= 16; size /= 2) {
      while (await put(`filler ${count}`, size)) {
        count++;
      }
    }
    db.close();
  });
}

test('a_browser_without_room_says_that_the_tab_must_stay_open', rare, async () => {
  const { start, server } = await startLasting();
  const context = await browser.newContext({ viewport: { width: 900, height: 700 } });
  const blank = await context.newPage();
  const client = await context.newCDPSession(blank);
  const origin = new URL(server.address).origin;
  await client.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 << 20 });
  const page = await openPage(browser, server.address, { path: '/c/full#@0,0,0', context });
  await draw(page, row(0));
  await settled(page);
  await server.kill();
  await apart(page);
  await fillStorage(page);
  await draw(page, row(1));
  await says(page, 'Offline: 1 stroke waiting'); /* pictures of tiles made room */
  await untilKept(page, (entries) => entries.length === 1);
  await fillStorage(page);
  await draw(page, row(2));
  await says(page, 'No room left in this browser: 1 stroke only in this tab');
  await screenshot(page, 'no-room');
  const asked = [];
  page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    void dialog.dismiss();
  });
  await page.close({ runBeforeUnload: true });
  for (let i = 0; asked.length === 0 && i < 100; i++) {
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  assert.deepEqual(asked, ['beforeunload']);
  await client.send('Storage.overrideQuotaForOrigin', { origin });
  await says(page, 'Offline: 2 strokes waiting');
  assert.equal((await entriesOf(page)).length, 2);
  const second = await start();
  await settled(page);
  assert.equal((await canvasOf(second, 'full')).seq, 3);
  await context.close();
  await second.stop();
});

test('a_browser_that_keeps_nothing_draws_and_says_what_waits_in_the_tab', rare, async () => {
  const { start, server } = await startLasting();
  const context = await browser.newContext({ viewport: { width: 900, height: 700 } });
  await context.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('forbidden', 'SecurityError');
    };
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new DOMException('forbidden', 'SecurityError');
      },
    });
  });
  const page = await openPage(browser, server.address, { path: '/c/nothing#@0,0,0', context });
  await draw(page, row(0));
  await settled(page);
  await server.kill();
  await apart(page);
  await draw(page, row(1));
  await says(page, 'keeps nothing');
  const second = await start();
  await settled(page);
  await told(page, 'Saved');
  assert.equal((await canvasOf(second, 'nothing')).seq, 2);
  assert.deepEqual(page.errors, []);
  await context.close();
  await second.stop();
});

test('strokes_that_an_earlier_version_kept_in_localstorage_are_sent', async () => {
  const { server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/c/legacy#@0,0,0' });
  await draw(page, row(0));
  await settled(page);
  const sockets = await closedToSockets(page);
  await apart(page);
  await draw(page, row(1));
  await untilKept(page, (entries) => entries.length === 1);
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        const opening = indexedDB.open('kolam');
        opening.onsuccess = () => {
          const entries = opening.result.transaction('entries', 'readwrite').objectStore('entries');
          const asked = entries.getAll();
          asked.onsuccess = () => {
            const [{ bodies, counter }] = asked.result;
            const text = bodies.map((body) => btoa(String.fromCharCode(...body)));
            const value = JSON.stringify({ bodies: text, refs: [], show: false, seqs: [] });
            localStorage.setItem(`kolam.journal.legacy.0123456789abcdef.${counter}`, value);
            entries.clear();
            entries.transaction.oncomplete = resolve;
          };
        };
      }),
  );
  sockets.open();
  await page.reload();
  await until(page, () => window.kolamDebug?.status().seq === 2);
  await settled(page);
  assert.equal((await canvasOf(server, 'legacy')).seq, 2);
  assert.equal(await page.evaluate(() => localStorage.length), 0);
  assert.equal(await signOf(page).then((text) => text.includes('Offline')), false);
  await page.context().close();
  await server.stop();
});
