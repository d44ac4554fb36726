// Two people on one wall, in two real browsers, through a real server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../wire/client.mjs';
import { becomes, draw, inkOf, screenshot, settled, stage, status, until, wave, whilePenMoves } from './kit.mjs';

const { server, open, close } = await stage();

const hasInk = () => {
  const view = window.kolamDebug.view();
  for (let y = view.y; y < view.y + view.height; y++) {
    for (let x = view.x; x < view.x + view.width; x++) {
      if (window.kolamDebug.tile(view.level, x, y)?.rgba.some((value) => value > 0)) {
        return true;
      }
    }
  }
  return false;
};

test('two_people_see_each_others_strokes_while_they_are_drawn_and_after', async () => {
  const [ann, ben] = [await open('/c/duo#@0,0,0'), await open('/c/duo#@0,0,0')];
  await ann.mouse.click(120, 120);
  await settled(ann);
  await until(ben, () => window.kolamDebug.status().seq === 1);
  const dot = await inkOf(ben);
  await draw(ann, wave([150, 200], [500, 240]), { isReleased: false });
  await until(ben, () => window.kolamDebug.status().pens.length === 1);
  await whilePenMoves(ann, [500, 240], async () => (await inkOf(ben)) > dot);
  assert.equal((await status(ben)).seq, 1, 'shown before it is an op');
  const { name } = (await status(ann)).person;
  const label = () => ben.evaluate(() => document.querySelector('.label-name')?.textContent);
  await whilePenMoves(ann, [500, 240], async () => (await label()) === name);
  await screenshot(ben, 'together-preview');
  await ann.mouse.up();
  await settled(ann);
  await until(ben, () => window.kolamDebug.status().seq === 2);
  await draw(ben, wave([150, 400], [600, 380]));
  await settled(ben);
  await until(ann, () => window.kolamDebug.status().seq === 3);
  assert.equal(await inkOf(ann), await inkOf(ben));
  assert.notEqual((await status(ann)).person.artist, (await status(ben)).person.artist);
  await screenshot(ann, 'together-both');
  await close(ann, ben);
});

test('who_takes_a_nonce_ends_no_stroke_of_its_owner', async () => {
  const [ann, ben] = [await open('/c/nonce#@0,0,0'), await open('/c/nonce#@0,0,0')];
  await ann.mouse.click(120, 120); /* before the first op nobody has a number here */
  await settled(ann);
  const watcher = await Client.artist(server, { canvas: 'nonce' });
  await watcher.view({ x: -4, y: -4, width: 8, height: 8 });
  await draw(ann, wave([150, 200], [500, 240]), { isReleased: false });
  const { nonce, counter } = await watcher.wait(({ type }) => type === 'preview');
  await until(ben, () => window.kolamDebug.status().pens.length === 1);
  await whilePenMoves(ann, [500, 240], async () => (await inkOf(ben)) > 0);
  const thief = await Client.artist(server, { canvas: 'nonce', nonce });
  const before = [await inkOf(ann), await inkOf(ben)];
  const seq = await thief.draw([0, 100, 1, 100], { counter });
  for (const [page, ink] of [[ann, before[0]], [ben, before[1]]]) {
    await until(page, (newest) => window.kolamDebug.status().seq === newest, seq);
    assert.ok((await inkOf(page)) > ink, 'what is being drawn stays, the dot of the other comes');
  }
  await ann.mouse.up();
  await settled(ann);
  await until(ben, (newest) => window.kolamDebug.status().seq > newest, seq);
  await becomes(async () => (await inkOf(ann)) === (await inkOf(ben)), true);
  await Promise.all([watcher.leave(), thief.leave()]);
  await close(ann, ben);
});

test('somebody_who_comes_later_sees_the_same', async () => {
  const ann = await open('/c/later#@0,0,0');
  await draw(ann, wave([100, 150], [700, 500], 30, 60));
  await ann.keyboard.press('m');
  await draw(ann, wave([100, 500], [700, 150], 30, 60));
  await settled(ann);
  const ben = await open('/c/later#@0,0,0');
  await until(ben, hasInk);
  const [mine, theirs] = [await inkOf(ann), await inkOf(ben)];
  assert.ok(Math.abs(mine - theirs) <= mine * 0.001, `${mine} and ${theirs}`);
  await close(ann, ben);
});

test('undo_takes_ones_own_stroke_and_leaves_the_others_on_the_same_spot', async () => {
  const [ann, ben] = [await open('/c/undo#@0,0,0'), await open('/c/undo#@0,0,0')];
  await draw(ann, wave([200, 300], [600, 300], 20, 40));
  await settled(ann);
  const annOnly = await inkOf(ann);
  await until(ben, () => window.kolamDebug.status().seq === 1);
  await draw(ben, wave([200, 320], [600, 280], 20, 40));
  await settled(ben);
  await until(ann, () => window.kolamDebug.status().seq === 2);
  const both = await inkOf(ann);
  assert.ok(both > annOnly);
  await ann.keyboard.press('Control+z');
  const benOnly = await inkOf(ann);
  assert.ok(benOnly < both, 'at once');
  await settled(ann);
  for (const page of [ann, ben]) {
    await until(page, () => window.kolamDebug.status().seq === 3);
    await until(page, () => window.kolamDebug.status().isComplete);
    assert.equal(await inkOf(page), benOnly);
  }
  await ben.keyboard.press('Control+z');
  await settled(ben);
  await until(ann, () => window.kolamDebug.status().seq === 4);
  assert.equal(await inkOf(ann), 0);
  await ann.keyboard.press('Control+Shift+z');
  await settled(ann);
  await until(ben, () => window.kolamDebug.status().seq === 5);
  assert.equal(await inkOf(ben), annOnly);
  assert.equal(await inkOf(ann), annOnly);
  await close(ann, ben);
});

test('undo_of_a_stroke_that_is_in_the_fetched_picture_comes_with_a_new_picture', async () => {
  const ann = await open('/c/deep#@0,0,0');
  await draw(ann, wave([200, 300], [600, 300], 20, 40));
  await settled(ann);
  const ben = await open('/c/deep#@0,0,0');
  await until(ben, hasInk);
  await ann.keyboard.press('Control+z');
  await settled(ann);
  await ben.waitForFunction(() => window.kolamDebug.status().seq === 2);
  await until(ben, () => {
    const { isComplete } = window.kolamDebug.status();
    return isComplete;
  });
  await ben.waitForFunction(() => {
    const view = window.kolamDebug.view();
    for (let y = view.y; y < view.y + view.height; y++) {
      for (let x = view.x; x < view.x + view.width; x++) {
        if (window.kolamDebug.tile(view.level, x, y).rgba.some((value) => value > 0)) {
          return false;
        }
      }
    }
    return true;
  });
  await close(ann, ben);
});

test('an_eraser_and_a_marker_look_the_same_to_both', async () => {
  const [ann, ben] = [await open('/c/erase#@0,0,0'), await open('/c/erase#@0,0,0')];
  await draw(ann, wave([100, 300], [700, 300], 20, 80));
  await settled(ann);
  await until(ben, () => window.kolamDebug.status().seq === 1);
  await ben.keyboard.press('e');
  await draw(ben, [
    [200, 150],
    [600, 450],
  ]);
  await ben.keyboard.press('m');
  await draw(ben, [
    [600, 150],
    [200, 450],
  ]);
  await settled(ben);
  await until(ann, () => window.kolamDebug.status().seq === 3);
  assert.equal(await inkOf(ann), await inkOf(ben));
  await close(ann, ben);
});

test('a_new_name_reaches_the_others', async () => {
  const [ann, ben] = [await open('/c/names#@0,0,0'), await open('/c/names#@0,0,0')];
  await draw(ann, wave([200, 200], [400, 200]));
  await settled(ann);
  await ann.getByRole('button', { name: /^Your name/ }).click();
  await ann.getByRole('textbox', { name: 'Your name' }).fill('Mira');
  await ann.keyboard.press('Enter');
  await until(ann, () => window.kolamDebug.status().person.name === 'Mira');
  await draw(ann, wave([200, 400], [400, 400]), { isReleased: false });
  await whilePenMoves(ann, [400, 400], () => ben.evaluate(() => document.querySelector('.label-name')?.textContent === 'Mira'));
  await ann.mouse.up();
  await settled(ann);
  await close(ann, ben);
});

test('a_cancelled_stroke_disappears_for_everybody', async () => {
  const [ann, ben] = [await open('/c/cancel#@0,0,0'), await open('/c/cancel#@0,0,0')];
  await draw(ann, wave([200, 200], [500, 200]), { isReleased: false });
  await until(ben, hasInk);
  await ann.keyboard.press('Escape');
  await until(ben, () => {
    const view = window.kolamDebug.view();
    const tile = window.kolamDebug.tile(view.level, -1, -1);
    return tile.rgba.every((value) => value === 0);
  });
  await ann.mouse.up();
  assert.equal(await inkOf(ann), 0);
  await close(ann, ben);
});

test('a_watcher_sees_everything_and_has_no_tools', async () => {
  const ann = await open('/c/watched#@0,0,0');
  const eve = await open('/c/watched?watch#@0,0,0');
  assert.equal(await eve.getByRole('toolbar').count(), 0);
  await draw(ann, wave([200, 200], [500, 300]));
  await settled(ann);
  await until(eve, () => window.kolamDebug.status().seq === 1);
  assert.equal(await inkOf(eve), await inkOf(ann));
  const before = await eve.evaluate(() => window.kolamDebug.camera());
  await draw(eve, [
    [300, 300],
    [420, 350],
  ]);
  const moved = await eve.evaluate(() => window.kolamDebug.camera());
  assert.notDeepEqual(moved, before, 'a drag moves the wall');
  assert.equal((await status(eve)).person, null);
  assert.equal((await status(ann)).seq, 1);
  await screenshot(eve, 'watching');
  await close(ann, eve);
});
