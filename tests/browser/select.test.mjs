// Selecting one's own strokes, and what can be done with them: each one edit, one step, seen by others at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareAll } from './compare.mjs';
import { canvasOf, draw, inkOf, ready, screenshot, settled, stage, until, wave } from './kit.mjs';
import { around, becomes, inkBecomes, inkIn, report, selected, taken } from './studio-kit.mjs';

const { server, open, close } = await stage();

const LEFT = [60, 60, 420, 260];
const RIGHT = [460, 60, 860, 260];
const BELOW = [440, 320, 860, 480];

test('a_lasso_takes_ones_own_and_they_are_moved_scaled_turned_recoloured_doubled_and_removed', async () => {
  const ann = await open('/c/all#@0,0,0');
  const ben = await open('/c/all#@0,0,0');
  await draw(ben, wave([100, 150], [380, 150], 30, 30));
  await settled(ben);
  const others = await inkIn(ben, LEFT);
  await draw(ann, wave([120, 110], [380, 110], 30, 12));
  await draw(ann, wave([120, 200], [380, 200], 30, 12));
  await settled(ann);
  await until(ann, () => window.kolamDebug.status().seq === 3);
  const both = await inkIn(ann, LEFT);

  await ann.keyboard.press('v');
  await taken(ann);
  await draw(ann, around(90, 70, 410, 240));
  await selected(ann, 2);
  await screenshot(ann, 'select-lasso');
  await draw(ann, [[250, 150], [300, 170], [650, 150]], { isReleased: false });
  await until(ann, () => window.kolamDebug.studio().isHeld);
  assert.equal(await inkIn(ann, LEFT), others, 'the originals are out of the way while they are dragged');
  await screenshot(ann, 'select-dragging');
  await ann.mouse.up();
  await settled(ann);
  assert.equal(await inkIn(ann, LEFT), others, 'and stay so');
  const moved = await inkIn(ann, RIGHT);
  assert.ok(moved > 0.8 * (both - others));
  await becomes(async () => (await inkIn(ben, LEFT)) === others, 'others see them go');
  await becomes(async () => (await inkIn(ben, RIGHT)) === moved, 'and where they are');
  assert.equal((await report(ann)).count, 2, 'what was moved is selected still');

  const before = await inkOf(ann);
  const [, , corner] = (await report(ann)).corners;
  await draw(ann, [[corner.x, corner.y], [corner.x + 20, corner.y + 10], [corner.x + 120, corner.y + 80]]);
  await settled(ann);
  assert.ok((await inkOf(ann)) > 1.2 * before, 'larger');
  await screenshot(ann, 'select-scaled');
  await ann.keyboard.press('.');
  await settled(ann);
  await ann.keyboard.press('2'); /* a colour of the palette */
  await settled(ann);
  await screenshot(ann, 'select-recoloured');
  const red = await inkOf(ann);
  await ann.keyboard.press('Control+d');
  await settled(ann);
  const doubled = await inkOf(ann);
  assert.ok(doubled > 1.3 * red);
  await ann.keyboard.press('Delete');
  await settled(ann);
  assert.equal(await inkOf(ann), red, 'the copies are gone');
  const total = await compareAll(ann, server, 'all');
  assert.ok(total.off / total.pixels <= 0.0001, `${total.off} pixels are off`);

  const steps = [doubled, red];
  for (const ink of steps) {
    await ann.keyboard.press('Control+z');
    await inkBecomes(ann, ink);
  }
  for (let i = 0; i < 4; i++) {
    await ann.keyboard.press('Control+z');
  }
  await becomes(async () => (await inkIn(ann, LEFT)) === both, 'all is as it was');
  for (let i = 0; i < 6; i++) {
    await ann.keyboard.press('Control+Shift+z');
  }
  await inkBecomes(ann, red);
  await settled(ann);
  await inkBecomes(ben, red);
  await close(ann, ben);
});

test('with_the_keyboard_alone_and_the_steps_of_a_row_of_keys_are_one', async () => {
  const page = await open('/c/keys#@0,0,0');
  await draw(page, wave([120, 200], [380, 200], 30, 12));
  await draw(page, wave([120, 300], [380, 300], 30, 12));
  await settled(page);
  const first = await inkIn(page, LEFT);
  await page.keyboard.press('v');
  await taken(page);
  await page.keyboard.press('PageDown');
  await selected(page, 1);
  await page.keyboard.press('PageDown');
  await until(page, () => window.kolamDebug.studio().corners[0].y < 190);
  /* As held down: who rests between two keys has made an edit. */
  await page.evaluate(() => {
    const press = (key, shiftKey) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, code: key, shiftKey, bubbles: true, cancelable: true }));
    for (let i = 0; i < 35; i++) {
      press('ArrowRight', true);
    }
    press('ArrowUp', false);
  });
  await until(page, () => !window.kolamDebug.studio().isHeld);
  await settled(page);
  assert.equal((await canvasOf(server, 'keys')).seq, 4, 'one edit');
  assert.equal(await inkIn(page, LEFT), 0);
  assert.ok(Math.abs((await inkIn(page, RIGHT)) - first) < 0.05 * first);
  await page.keyboard.press('Control+a');
  await selected(page, 2);
  await page.keyboard.press(']');
  await page.keyboard.press(',');
  await page.keyboard.press('Backspace');
  assert.equal(await inkOf(page), 0);
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+a');
  await selected(page, 2);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Control+z');
  await until(page, () => !window.kolamDebug.studio().isHeld);
  await page.keyboard.press('Escape');
  await selected(page, 0);
  await settled(page);
  assert.equal((await canvasOf(server, 'keys')).seq, 4 + 3 + 3 + 1 + 1, 'a step taken back is none');
  await close(page);
});

test('what_is_pressed_while_a_lassos_answer_is_on_its_way_is_meant_for_what_it_chooses', async () => {
  const page = await open('/c/slow#@0,0,0');
  await draw(page, wave([120, 160], [380, 160], 30, 12));
  await draw(page, wave([500, 400], [760, 400], 30, 12));
  await settled(page);
  const [upper, lower] = [await inkIn(page, LEFT), await inkIn(page, BELOW)];
  await page.keyboard.press('v');
  await taken(page);
  await draw(page, around(90, 120, 410, 200));
  await selected(page, 1);
  let answer = null;
  const waiting = [];
  await page.route('**/strokes?*', async (route) => {
    await new Promise((resolve) => (answer === null ? resolve() : waiting.push(resolve)));
    await route.continue();
  });
  const hold = () => (answer = () => {
    answer = null;
    waiting.splice(0).forEach((goOn) => goOn());
  });
  const isHeld = () => becomes(async () => waiting.length > 0 && (await report(page)).isAsking, 'it is asked');
  hold();
  await page.keyboard.press('ArrowLeft'); /* of the upper one; an edit of its own */
  await draw(page, around(470, 360, 790, 440));
  await isHeld();
  for (let i = 0; i < 3; i++) {
    await page.keyboard.press('Shift+ArrowLeft');
  }
  assert.equal((await report(page)).isHeld, false, 'nothing moves yet');
  answer();
  await until(page, () => !window.kolamDebug.studio().isAsking && !window.kolamDebug.studio().isHeld);
  await settled(page);
  assert.equal((await canvasOf(server, 'slow')).seq, 2 + 2 + 2, 'two edits, and no step is lost');
  assert.ok(Math.abs((await inkIn(page, LEFT)) - upper) < 0.05 * upper, 'the upper one stays');
  const [left] = (await report(page)).corners;
  assert.ok(left.y > 300 && left.x < 480, JSON.stringify(left));

  hold();
  await draw(page, around(90, 120, 410, 200));
  await isHeld();
  await page.keyboard.press('Delete');
  assert.ok((await inkIn(page, BELOW)) > 0.9 * lower, 'what was selected before is not what is meant');
  answer();
  await becomes(async () => (await inkIn(page, LEFT)) === 0, 'the upper one is removed');
  assert.ok((await inkIn(page, BELOW)) > 0.9 * lower);
  await settled(page);
  await close(page);
});

test('what_is_in_the_pictures_is_out_of_the_way_at_once_and_escape_puts_it_back', async () => {
  const page = await open('/c/baked#@0,0,0');
  await draw(page, wave([100, 150], [380, 150], 30, 30));
  await draw(page, wave([100, 100], [380, 220], 30, 3));
  await settled(page);
  await page.reload();
  await ready(page);
  const both = await inkOf(page);
  await page.keyboard.press('v');
  await taken(page);
  await page.mouse.click(100, 101); /* the one, and not the other */
  await selected(page, 1);
  await draw(page, [[240, 160], [260, 170], [640, 160]], { isReleased: false });
  await becomes(async () => (await inkIn(page, LEFT)) < both * 0.7, 'it is taken out of the picture');
  assert.equal(await inkIn(page, RIGHT), 0, 'nothing is there before it is let go');
  await page.keyboard.press('Escape');
  await inkBecomes(page, both);
  await page.mouse.up();
  await settled(page);
  assert.equal((await canvasOf(server, 'baked')).seq, 2);
  await close(page);
});

test('on_a_phone_a_finger_selects_and_drags_two_move_the_wall_and_all_fits', async () => {
  const page = await open('/c/finger#@0,0,0', { width: 360, height: 640, scale: 2, hasTouch: true, isMobile: true });
  const cdp = await page.context().newCDPSession(page);
  const touch = (type, ...touchPoints) =>
    cdp.send('Input.dispatchTouchEvent', { type, touchPoints: touchPoints.map(([x, y], id) => ({ x, y, id })) });
  /* Off at once: a finger that rests takes a colour. */
  const swipe = async (first, second, ...places) => {
    await Promise.all([touch('touchStart', first), touch('touchMove', second)]);
    for (const place of places) {
      await touch('touchMove', place);
    }
    await touch('touchEnd');
  };
  await swipe([100, 300], [140, 330], [200, 300], [260, 330]);
  await settled(page);
  await page.getByRole('button', { name: 'Select', exact: true }).tap();
  await taken(page);
  await page.getByRole('dialog', { name: 'Text, select, hand' }).getByRole('button', { name: 'Select' }).tap();
  await swipe(...around(60, 250, 320, 380));
  await selected(page, 1);
  const bar = page.getByRole('toolbar', { name: 'What is selected' });
  const box = await bar.boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= 360 && box.y >= 0 && box.y + box.height <= 580, JSON.stringify(box));
  await screenshot(page, 'select-phone');
  const [before] = (await report(page)).corners;
  await swipe([180, 315], [180, 340], [180, 415]);
  await settled(page);
  await until(page, (y) => window.kolamDebug.studio().corners[0].y > y + 90, before.y);
  const seq = (await canvasOf(server, 'finger')).seq;
  assert.equal(seq, 3);
  await Promise.all([touch('touchStart', [100, 200]), touch('touchStart', [100, 200], [200, 200])]);
  await touch('touchMove', [100, 230], [200, 230]);
  await touch('touchMove', [100, 260], [200, 260]);
  await touch('touchEnd');
  await until(page, (y) => window.kolamDebug.studio().corners[0].y > y + 130, before.y);
  assert.equal((await report(page)).count, 1, 'two fingers only move the wall');
  await bar.getByRole('button', { name: 'Delete' }).tap();
  await inkBecomes(page, 0);
  await settled(page);
  await close(page);
});

test('in_a_turned_and_mirrored_view_the_lasso_and_the_hand_mean_what_is_under_them', async () => {
  const page = await open('/c/mirror#@0,0,0,30');
  await page.keyboard.press('Shift+M');
  await until(page, () => window.kolamDebug.camera().isMirrored === true);
  await draw(page, wave([150, 150], [350, 170], 30, 12));
  await draw(page, wave([550, 450], [750, 470], 30, 12));
  await settled(page);
  const both = await inkOf(page);
  await page.keyboard.press('v');
  await taken(page);
  await draw(page, around(110, 100, 400, 220));
  await selected(page, 1);
  const { corners } = await report(page);
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
  assert.ok(Math.min(...xs) > 110 && Math.max(...xs) < 400 && Math.min(...ys) > 100 && Math.max(...ys) < 220, JSON.stringify(corners));
  await draw(page, [[250, 160], [290, 200], [250, 460]], { isReleased: false });
  await until(page, () => window.kolamDebug.studio().isHeld);
  await screenshot(page, 'select-mirrored');
  await page.mouse.up();
  await settled(page);
  await page.keyboard.press('Escape');
  await selected(page, 0); /* or the one before is taken for the lasso's answer */
  await draw(page, around(110, 400, 400, 520));
  await selected(page, 1);
  const below = (await report(page)).corners;
  assert.ok(Math.abs(below[0].x - corners[0].x) < 3 && Math.abs(below[0].y - corners[0].y - 300) < 3, JSON.stringify([corners, below]));
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await until(page, (x) => Math.abs(window.kolamDebug.studio().corners[0].x - x - 11) < 0.5, below[0].x);
  await settled(page);
  await becomes(async () => Math.abs((await inkOf(page)) - both) < 0.02 * both, 'as much ink as before');
  await page.keyboard.press('Delete');
  await settled(page);
  await page.keyboard.press('Control+a');
  await selected(page, 1);
  await close(page);
});
