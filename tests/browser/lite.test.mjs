// Watching by HTTP alone, in a real browser: no WebSocket at all, and new strokes within seconds; also
// through a real nginx with the documented configuration.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasNginx, startNginx, WHY_NOT } from '../wire/nginx.mjs';
import { becomes, draw, inkOf, openPage, screenshot, settled, stage, status, until, wave } from './kit.mjs';

const { server, browser, open } = await stage();

/** A page that watches, and what it opened and asked for. */
async function watch(address, path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 900, height: 700 }, ...options });
  const seen = { sockets: 0, asked: [], polls: [] };
  context.on('page', (page) => {
    page.on('websocket', () => (seen.sockets += 1));
    page.on('request', (request) => {
      const { pathname, search } = new URL(request.url());
      seen.asked.push(pathname);
      if (pathname.endsWith('/versions')) {
        seen.polls.push(search);
      }
    });
  });
  const page = await openPage(browser, address, { path, context });
  return { page, seen };
}

const inkOver = (least) => {
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
  return sum > least;
};

/** How often the most frequent is among them: each question is asked every second or so, however slow the machine. */
function mostOf(list) {
  return Math.max(0, ...[...new Set(list)].map((one) => list.filter((other) => other === one).length));
}

async function watchesStrokes(name, address, options) {
  const ann = await open(`/c/${name}#@0,0,0`);
  await draw(ann, wave([100, 200], [600, 240]));
  await settled(ann);
  const { page, seen } = await watch(address, `/c/${name}?watch&lite#@0,0,0`, options);
  await until(page, inkOver, 0);
  let ink = await inkOf(page);
  const took = [];
  const asked = [];
  for (let i = 0; i < 3; i++) {
    await draw(ann, wave([100, 300 + 60 * i], [700, 320 + 60 * i]));
    await settled(ann);
    const begun = performance.now();
    const polled = seen.polls.length;
    await until(page, inkOver, ink);
    took.push(Math.round(performance.now() - begun));
    asked.push(mostOf(seen.polls.slice(polled)));
    ink = await inkOf(ann);
    await becomes(async () => Math.abs((await inkOf(page)) - ink) <= ink * 0.001, true); /* all of its tiles */
    ink = await inkOf(page);
  }
  assert.ok(asked.every((count) => count <= 4), `strokes came after ${asked} questions, ${took} ms`);
  assert.equal(seen.sockets, 0);
  assert.ok(seen.asked.some((path) => path.endsWith('/versions')));
  assert.ok(!seen.asked.includes('/ws'));
  const { canDraw, link } = await status(page);
  assert.deepEqual([canDraw, link], [false, 'open']);
  return { ann, page, took };
}

test('a_lite_watcher_sees_new_strokes_within_seconds_without_a_websocket', async (t) => {
  const { ann, page, took } = await watchesStrokes('lite', server.address);
  t.diagnostic(`seen after ${took.join(', ')} ms`);
  await screenshot(page, 'lite');
  assert.deepEqual([...ann.errors, ...page.errors], []);
});

test('an_undo_and_a_move_are_followed', async () => {
  const ann = await open('/c/moves#@0,0,0');
  await draw(ann, wave([100, 200], [600, 240]));
  await settled(ann);
  const { page, seen } = await watch(server.address, '/c/moves?watch&lite#@0,0,0');
  await until(page, inkOver, 0);
  await ann.keyboard.press('Control+z');
  await settled(ann);
  await page.waitForFunction(() => {
    const view = window.kolamDebug.view();
    const tile = window.kolamDebug.tile(view.level, -1, -1);
    return tile !== null && tile.rgba.every((value) => value === 0);
  });
  await page.mouse.wheel(0, 400);
  await until(page, () => window.kolamDebug.status().isComplete && window.kolamDebug.view().level < 0);
  await draw(ann, wave([100, 400], [600, 440]));
  await settled(ann);
  await until(page, inkOver, 0);
  assert.equal(seen.sockets, 0);
  assert.deepEqual(page.errors, []);
});

test('a_wall_on_which_nothing_was_drawn_is_shown_and_then_what_is', async () => {
  const { page, seen } = await watch(server.address, '/c/fresh?watch&lite#@0,0,0');
  assert.equal(await inkOf(page), 0);
  const ann = await open('/c/fresh#@0,0,0');
  await draw(ann, wave([100, 200], [600, 240]));
  await settled(ann);
  await until(page, inkOver, 0);
  assert.equal(seen.sockets, 0);
  assert.deepEqual(page.errors, []);
});

test('the_same_through_nginx_over_tls', { skip: hasNginx() ? false : WHY_NOT }, async (t) => {
  const nginx = await startNginx(server);
  t.after(() => nginx.stop());
  const { page, took } = await watchesStrokes('cached', `${nginx.origin}/`, { ignoreHTTPSErrors: true });
  t.diagnostic(`seen through nginx after ${took.join(', ')} ms`);
  assert.deepEqual(page.errors, []);
  const hits = await page.evaluate(async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => fetch('/api/canvas/cached/versions?level=0&bx=0&by=0', { cache: 'no-store' })),
    );
    return answers.filter((answer) => /HIT|STALE|UPDATING|REVALIDATED/.test(answer.headers.get('x-cache'))).length;
  });
  assert.ok(hits >= 8, `${hits} of 10 by the cache`);
});
