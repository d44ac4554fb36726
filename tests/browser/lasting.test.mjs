// Nothing drawn is lost or doubled: a server killed in mid-drawing, a page closed in mid-drawing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  canvasOf,
  draw,
  inkOf,
  openPage,
  screenshot,
  settled,
  stage,
  startLasting,
  status,
  until,
  wave,
} from './kit.mjs';

const { browser } = await stage({ hasServer: false });

const row = (i) => wave([100, 80 + i * 40], [700, 80 + i * 40], 8, 8);

test('strokes_drawn_while_the_server_is_killed_are_there_once_after_its_return', async () => {
  const { start, server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/c/crash#@0,0,0' });
  await draw(page, row(0));
  await settled(page);
  for (let i = 1; i < 4; i++) {
    await draw(page, row(i));
  }
  await server.kill();
  for (let i = 4; i < 8; i++) {
    await draw(page, row(i));
  }
  await until(page, () => window.kolamDebug.status().link !== 'open');
  await until(page, () => !document.querySelector('.status').hidden);
  await screenshot(page, 'not-connected');
  assert.ok((await status(page)).unsaved >= 4);
  const before = await inkOf(page);
  const second = await start();
  await settled(page);
  await until(page, () => window.kolamDebug.status().seq === 8);
  assert.equal((await canvasOf(second, 'crash')).seq, 8);
  assert.equal(await inkOf(page), before, 'nothing moved');
  const other = await openPage(browser, second.address, { path: '/c/crash#@0,0,0' });
  await until(other, () => window.kolamDebug.status().isComplete);
  assert.ok(Math.abs((await inkOf(other)) - before) <= before * 0.001);
  assert.deepEqual(page.errors, []);
  await page.context().close();
  await other.context().close();
  await second.stop();
});

test('one_goes_on_drawing_elsewhere_while_the_server_is_away', async () => {
  const { start, server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/c/away#@0,0,0' });
  await draw(page, row(0));
  await settled(page);
  await server.kill();
  await until(page, () => window.kolamDebug.status().link !== 'open');
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('ArrowRight');
  }
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  await draw(page, row(3));
  const shown = await inkOf(page);
  assert.ok(shown > 0, 'it is seen where no picture ever came');
  const second = await start();
  await settled(page);
  await until(page, () => window.kolamDebug.status().seq === 2);
  await until(page, () => window.kolamDebug.status().isComplete);
  assert.equal(await inkOf(page), shown);
  assert.deepEqual(page.errors, []);
  await page.context().close();
  await second.stop();
});

test('a_stroke_in_the_hand_goes_on_while_the_server_returns', async () => {
  const { start, server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/c/hand#@0,0,0' });
  await draw(page, row(0));
  await settled(page);
  await draw(page, row(2), { isReleased: false });
  await server.kill();
  await until(page, () => window.kolamDebug.status().link !== 'open');
  await page.mouse.move(400, 400);
  const second = await start();
  await until(page, () => window.kolamDebug.status().link === 'open');
  await page.mouse.move(700, 500);
  await page.mouse.up();
  await settled(page);
  await until(page, () => window.kolamDebug.status().seq === 2);
  assert.equal((await canvasOf(second, 'hand')).seq, 2);
  await page.context().close();
  await second.stop();
});

test('strokes_of_a_page_closed_while_the_server_was_away_come_with_the_next_page', async () => {
  const { start, server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/c/orphan#@0,0,0' });
  await draw(page, row(0));
  await settled(page);
  const artist = (await status(page)).person.artist;
  await server.kill();
  await until(page, () => window.kolamDebug.status().link !== 'open');
  await draw(page, row(1));
  await draw(page, row(2));
  await page.keyboard.press('Control+z');
  const shown = await inkOf(page);
  const context = page.context();
  await page.close({ runBeforeUnload: false });
  const second = await start();
  const next = await openPage(browser, second.address, { path: '/c/orphan#@0,0,0', context });
  await settled(next);
  await until(next, () => window.kolamDebug.status().seq === 4);
  const canvas = await canvasOf(second, 'orphan');
  assert.equal(canvas.seq, 4, 'three strokes, one of them undone');
  assert.equal(canvas.artists, 1);
  await until(next, () => window.kolamDebug.status().isComplete);
  const now = await inkOf(next);
  assert.ok(Math.abs(now - shown) <= shown * 0.001, `${now} and ${shown}`);
  await draw(next, row(4));
  await settled(next);
  assert.equal((await status(next)).person.artist, artist);
  await context.close();
  await second.stop();
});

test('a_page_whose_strokes_are_kept_for_the_next_one_closes_without_asking', async () => {
  const { server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/c/ask#@0,0,0' });
  await draw(page, row(0));
  await settled(page);
  let hasAsked = false;
  page.on('dialog', (dialog) => {
    hasAsked = true;
    void dialog.accept();
  });
  await server.kill();
  await until(page, () => window.kolamDebug.status().link !== 'open');
  await draw(page, row(1));
  await until(page, () => window.kolamDebug.status().unsaved === 1);
  const closed = new Promise((resolve) => page.once('close', resolve));
  await page.close({ runBeforeUnload: true });
  await closed;
  assert.equal(hasAsked, false);
});

test('a_page_with_everything_saved_closes_without_asking', async () => {
  const { server } = await startLasting();
  const page = await openPage(browser, server.address, { path: '/c/close#@0,0,0' });
  await draw(page, row(0));
  await settled(page);
  let hasAsked = false;
  page.on('dialog', (dialog) => {
    hasAsked = true;
    void dialog.accept();
  });
  const closed = new Promise((resolve) => page.once('close', resolve));
  await page.close({ runBeforeUnload: true });
  await closed;
  assert.equal(hasAsked, false);
  await server.stop();
});
