// Undo where it is hardest, in real browsers: of a stroke that is in a fetched picture, by two people on one
// spot, and after the server was started again. Every frame is looked at: what went never comes back, and
// what stays is never gone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  draw,
  inkOf,
  openPage,
  ready,
  settled,
  stage,
  startLasting,
  status,
  until,
  wave,
} from './kit.mjs';

const { browser, open, close } = await stage();

const seen = async (page, seq) => {
  await until(page, (wanted) => window.kolamDebug.status().seq >= wanted, seq);
  await ready(page);
};

/** From now on, for each frame: is there ink where two spots of the screen are? */
const watch = (page, spots) =>
  page.evaluate((places) => {
    const { tileX, tileY, x, y } = window.kolamDebug.camera();
    const pixels = places.map(([screenX, screenY]) => {
      const px = Math.round(tileX * 256 + x + screenX - innerWidth / 2);
      const py = Math.round(tileY * 256 + y + screenY - innerHeight / 2);
      return [Math.floor(px / 256), Math.floor(py / 256), ((px % 256) + 256) % 256, ((py % 256) + 256) % 256];
    });
    window.seenInk = [];
    const look = () => {
      const now = pixels.map(([tx, ty, ox, oy]) => window.kolamDebug.tile(0, tx, ty).rgba[4 * (oy * 256 + ox) + 3] > 0);
      const last = window.seenInk[window.seenInk.length - 1];
      if (last === undefined || now.some((has, i) => has !== last[i])) {
        window.seenInk.push(now);
      }
      requestAnimationFrame(look);
    };
    look();
  }, spots);
const seenInk = (page) => page.evaluate(() => window.seenInk);

test('undo_of_a_stroke_in_a_fetched_picture_takes_it_once_and_nothing_else_flashes', async () => {
  const [ann, ben] = [await open('/c/flash#@0,0,0'), await open('/c/flash#@0,0,0')];
  await draw(ann, wave([200, 300], [600, 300], 20, 0));
  await settled(ann);
  await seen(ben, 1);
  await draw(ben, [[400, 200], [400, 400]]);
  await settled(ben);
  await ann.reload();
  await ready(ann);
  await until(ann, () => window.kolamDebug.canUndo());
  assert.equal((await status(ann)).seq, 2);
  await ann.evaluate(() => {
    const button = document.querySelector('[aria-label="Undo"]');
    window.waited = false;
    new MutationObserver(() => (window.waited ||= button.classList.contains('is-waiting'))).observe(button, { attributes: true });
  });
  const spots = [[300, 300], [400, 250]]; // Ann's alone, Ben's alone
  await Promise.all([ann, ben].map((page) => watch(page, spots)));
  await ann.keyboard.press('Control+z');
  await settled(ann);
  for (const page of [ann, ben]) {
    await seen(page, 3);
    await until(page, () => !window.seenInk[window.seenInk.length - 1][0]);
    assert.deepEqual(await seenInk(page), [[true, true], [false, true]]);
  }
  assert.equal(await ann.evaluate(() => window.waited), true, 'the button told that it was at work');
  await until(ann, () => !document.querySelector('.is-waiting'));
  assert.equal(await ann.getByRole('button', { name: 'Redo' }).isEnabled(), true);
  await ann.keyboard.press('Control+Shift+z');
  for (const page of [ann, ben]) {
    await seen(page, 4);
    await until(page, () => window.seenInk[window.seenInk.length - 1][0]);
    assert.deepEqual(await seenInk(page), [[true, true], [false, true], [true, true]]);
  }
  await close(ann, ben);
});

test('two_people_on_one_spot_undo_while_the_other_draws', async () => {
  const [ann, ben] = [await open('/c/spot#@0,0,0'), await open('/c/spot#@0,0,0')];
  for (let i = 0; i < 3; i++) {
    await draw(ann, wave([200, 280 + 30 * i], [600, 280 + 30 * i], 12, 0));
    await settled(ann);
    await draw(ben, [[350 + 40 * i, 200], [350 + 40 * i, 420]]);
    await settled(ben);
  }
  await seen(ann, 6);
  await seen(ben, 6);
  const all = await inkOf(ann);
  // Ben's pen is down while Ann takes back all of hers, and he takes back one of his at once with her.
  await draw(ben, wave([220, 350], [580, 350], 30, 60), { isReleased: false });
  const spots = [[250, 280], [350, 230]];
  await watch(ann, spots);
  await watch(ben, spots);
  for (let i = 0; i < 3; i++) {
    await ann.keyboard.press('Control+z');
  }
  await settled(ann);
  await ben.mouse.up();
  await settled(ben);
  await ben.keyboard.press('Control+z');
  await settled(ben);
  for (const page of [ann, ben]) {
    await seen(page, 11);
    await until(page, () => !window.seenInk[window.seenInk.length - 1][0]);
    assert.deepEqual(await seenInk(page), [[true, true], [false, true]], 'Ann’s line went once, Ben’s stayed');
  }
  const bens = await inkOf(ben);
  assert.equal(await inkOf(ann), bens);
  assert.ok(bens > 0 && bens < all);
  assert.equal(await ann.evaluate(() => window.kolamDebug.canUndo()), false, 'each takes back their own');
  for (let i = 0; i < 3; i++) {
    await ann.keyboard.press('Control+Shift+z');
  }
  await settled(ann);
  await seen(ben, 14);
  await seen(ann, 14);
  assert.equal(await inkOf(ben), all);
  assert.equal(await inkOf(ann), all);
  await close(ann, ben);
});

test('undo_goes_on_after_the_server_was_started_again', async () => {
  const { start, server: first } = await startLasting();
  const ann = await openPage(browser, first.address, { path: '/#@0,0,0' });
  await draw(ann, wave([200, 250], [600, 250]));
  await draw(ann, wave([200, 400], [600, 400]));
  await settled(ann);
  const both = await inkOf(ann);
  await first.kill();
  const second = await start();
  await seen(ann, 2);
  await ann.keyboard.press('Control+z');
  await settled(ann);
  await seen(ann, 3);
  const one = await inkOf(ann);
  assert.ok(one < both);
  await second.stop();
  const third = await start();
  await ann.reload(); // another page, another server: the log tells
  await ready(ann);
  assert.equal(await inkOf(ann), one);
  await until(ann, () => window.kolamDebug.canUndo());
  await ann.keyboard.press('Control+z');
  await settled(ann);
  await seen(ann, 4);
  assert.equal(await inkOf(ann), 0);
  await ann.keyboard.press('Control+Shift+z');
  await ann.keyboard.press('Control+Shift+z');
  await settled(ann);
  await seen(ann, 6);
  assert.equal(await inkOf(ann), both);
  await close(ann);
  await third.stop();
});
