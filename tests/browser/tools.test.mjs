// Every tool of the toolbar, drawn with the pointer: the page's pixels are the server's, others see it
// grow, and what was not meant is gone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becomes, draw, inkOf, ready, reloadWithSettings, screenshot, settled, stage, status, until, wave, whilePenMoves } from './kit.mjs';
import { compareAll, tilesOf } from './compare.mjs';

const { server, open, close } = await stage();

async function choose(page, color) {
  await page.getByRole('button', { name: /^Colour:/ }).click();
  await page.getByRole('dialog', { name: 'Colour' }).getByRole('button', { name: color, exact: true }).last().click();
}

const LOOP = [[0, 0], [40, -60], [110, -40], [150, 30], [110, 90], [40, 70], [70, 20], [10, 60]];
const loop = (x, y) => LOOP.map(([dx, dy]) => [x + dx, y + dy]);

/* Key, and where the pointer goes. Together they cover several tiles, one over the other. */
const STROKES = [
  ['Shift+R', [[60, 60], [300, 200], [420, 300]]],
  ['Shift+O', [[350, 80], [500, 300], [780, 330]]],
  ['f', loop(90, 400)],
  ['p', wave([80, 120], [820, 160], 40, 40)],
  ['n', wave([80, 250], [820, 290], 40, 40)],
  ['m', wave([80, 330], [820, 370], 40, 40)],
  ['a', wave([80, 470], [820, 430], 40, 40)],
  ['l', [[500, 560], [600, 500], [840, 380]]],
  ['r', [[560, 520], [480, 480], [300, 400]]],
  ['o', [[600, 600], [700, 500], [860, 420]]],
  ['e', wave([450, 60], [470, 580], 30, 20)],
];

async function drawAll(page) {
  for (const [i, [key, places]] of STROKES.entries()) {
    await page.keyboard.press(key);
    await page.keyboard.press(String(1 + (i % 9))); /* a colour */
    await draw(page, places);
  }
}

for (const level of [-2, 0, 2]) {
  test(`every_tool_leaves_the_servers_pixels_at_level_${level}`, async () => {
    const canvas = `tools${level + 2}`;
    const page = await open(`/c/${canvas}#@0,0,${level}`);
    await drawAll(page);
    const before = await tilesOf(page);
    await settled(page);
    await until(page, (count) => window.kolamDebug.status().seq >= count, STROKES.length);
    const total = await compareAll(page, server, canvas, before);
    console.log(`level ${level}:`, JSON.stringify(total));
    await screenshot(page, `tools-level${level}`);
    assert.equal((await status(page)).seq, STROKES.length, 'each is one op');
    assert.ok(total.inked > 20_000, 'there is a picture');
    assert.ok(total.off / total.pixels <= 0.0001, `${total.off} pixels are off`);
    assert.equal(total.popped, 0, 'nothing moved when the server confirmed it');
    await close(page);
  });
}

test('each_tool_draws_is_undone_at_once_and_comes_back', async () => {
  const page = await open('/c/each#@0,0,0');
  await draw(page, wave([60, 300], [840, 320], 30, 80));
  let before = await inkOf(page);
  for (const [key, places] of STROKES) {
    await page.keyboard.press(key);
    await draw(page, places);
    const drawn = await inkOf(page);
    assert.ok(key === 'e' ? drawn < before : drawn > before, `${key} draws`);
    await page.keyboard.press('Control+z');
    assert.equal(await inkOf(page), before, `${key} is undone`);
    await page.keyboard.press('Control+Shift+z');
    await becomes(() => inkOf(page), drawn); /* there again, whatever of it was acknowledged meanwhile */
    before = drawn;
  }
  await settled(page);
  await close(page);
});

test('shift_makes_a_square_and_escape_leaves_nothing', async () => {
  const page = await open('/c/shift#@0,0,0');
  await page.keyboard.press('Shift+R');
  await draw(page, [[200, 200], [300, 220], [400, 240]], { isReleased: false });
  const flat = await inkOf(page);
  await page.keyboard.down('Shift');
  const square = await inkOf(page);
  assert.ok(Math.abs(square / 255 - 200 * 200) < 500, `${square / 255} pixels`);
  assert.ok(Math.abs(flat / 255 - 200 * 40) < 300, `${flat / 255} pixels`);
  await page.keyboard.press('Escape');
  assert.equal(await inkOf(page), 0);
  await page.keyboard.up('Shift');
  await page.mouse.move(500, 400);
  await page.mouse.up();
  assert.equal(await inkOf(page), 0);
  await page.mouse.click(300, 300);
  await settled(page);
  assert.equal((await status(page)).seq, 0, 'nothing was sent, and a click is no rectangle');
  await close(page);
});

async function inkBecomes(page, isThere) {
  for (const untilMs = Date.now() + 30_000; !isThere(await inkOf(page)); ) {
    assert.ok(Date.now() < untilMs, `the ink stays ${await inkOf(page)}`);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 30)));
  }
}

test('others_see_a_shape_grow_and_shrink_and_in_the_end_what_the_server_has', async () => {
  const ann = await open('/c/grow#@0,0,0');
  await draw(ann, wave([100, 100], [200, 120]));
  await settled(ann);
  const ben = await open('/c/grow#@0,0,0');
  /* Cleo looks only at what the shape covers for a while. */
  const cleo = await open('/c/grow#@700,130,0', { width: 200, height: 200 });
  await until(ben, () => window.kolamDebug.status().seq === 1);
  const first = await inkOf(ben);
  await ann.keyboard.press('Shift+O');
  await draw(ann, [[100, 200], [400, 400], [800, 600]], { isReleased: false });
  await whilePenMoves(ann, [800, 600], () => ben.evaluate(() => Boolean(document.querySelector('.label-name')?.textContent)));
  await ann.mouse.move(800, 600);
  const large = await inkOf(ann);
  await inkBecomes(ben, (ink) => ink === large);
  await inkBecomes(cleo, (ink) => ink > 0);
  await screenshot(ben, 'tools-preview');
  await ann.mouse.move(220, 280);
  await ann.mouse.up();
  await settled(ann);
  await until(ben, () => window.kolamDebug.status().seq === 2);
  const small = await inkOf(ann);
  await inkBecomes(ben, (ink) => ink === small);
  assert.ok(small < large && small > first);
  await inkBecomes(cleo, (ink) => ink === 0);
  const total = await compareAll(ben, server, 'grow');
  assert.ok(total.off / total.pixels <= 0.0001, `${total.off} pixels are off`);
  await close(ann, ben, cleo);
});

const colorOf = (page) =>
  page.evaluate(() => window.kolamDebug.brush().rgb);

test('the_eyedropper_takes_what_is_seen_and_gives_the_tool_back', async () => {
  const page = await open('/c/dropper#@0,0,0');
  await page.keyboard.press('Shift+R');
  await choose(page, 'Violet');
  await draw(page, [[100, 100], [200, 200], [400, 400]]);
  await choose(page, 'Red');
  await page.keyboard.press('k');
  await page.mouse.move(250, 250);
  assert.equal(await page.locator('.ring').isVisible(), true);
  await screenshot(page, 'tools-eyedropper');
  await page.mouse.click(250, 250);
  assert.equal(await colorOf(page), '#642c8c');
  await page.getByRole('button', { name: /^Colour:/ }).click();
  await page.getByRole('button', { name: 'Colour from the wall' }).click();
  await page.mouse.click(600, 500);
  assert.equal(await colorOf(page), '#fbf9f4', 'the paper is a colour too');
  await page.keyboard.press('k');
  await page.keyboard.press('Escape');
  await draw(page, [[500, 300], [600, 350]]);
  await settled(page);
  assert.equal((await status(page)).seq, 2, 'two rectangles; picking drew nothing');
  await close(page);
});

test('the_tool_in_hand_and_the_groups_last_tools_are_kept', async () => {
  const page = await open('/c/kept#@0,0,0');
  await page.keyboard.press('a');
  await page.keyboard.press('o');
  await reloadWithSettings(page);
  await ready(page);
  const pressed = (name) => page.getByRole('button', { name, exact: true }).getAttribute('aria-pressed');
  assert.equal(await pressed('Ellipse'), 'true');
  assert.equal(await pressed('Airbrush'), 'false');
  await page.getByRole('button', { name: 'Airbrush', exact: true }).click();
  const brushes = page.getByRole('dialog', { name: 'Brushes' });
  assert.equal(await brushes.isVisible(), true);
  await screenshot(page, 'tools-brushes-desktop');
  await brushes.getByRole('button', { name: 'Pencil' }).click();
  assert.equal(await brushes.isVisible(), false);
  assert.equal(await pressed('Pencil'), 'true');
  await page.keyboard.press('Shift+R');
  assert.equal(await page.getByRole('button', { name: /^Filled:/ }).isVisible(), true, 'what is filled has no width');
  await close(page);
});

test('with_the_keyboard_alone_a_group_opens_and_a_tool_is_chosen', async () => {
  const page = await open('/c/keyboard#@0,0,0');
  await page.getByRole('button', { name: 'Line', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const ellipse = page.getByRole('button', { name: 'Ellipse', exact: true });
  assert.equal(await ellipse.getAttribute('aria-pressed'), 'true');
  assert.equal(await ellipse.evaluate((made) => made === document.activeElement), true);
  await close(page);
});

for (const [name, width, height] of [['small', 360, 640], ['phone', 412, 870]]) {
  test(`on_a_${name}_screen_a_finger_reaches_every_tool_and_all_fits`, async () => {
    const page = await open('/c/phone#@0,0,0', { width, height, scale: 2, hasTouch: true, isMobile: true });
    const inside = async (locator) => {
      const box = await locator.boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= width, JSON.stringify(box));
      assert.ok(box.y >= 0 && box.y + box.height <= height, JSON.stringify(box));
    };
    await inside(page.getByRole('toolbar'));
    for (const [trigger, group, count] of [['Pen', 'Brushes', 4], ['Line', 'Shapes', 7]]) {
      await page.getByRole('button', { name: trigger, exact: true }).tap();
      const panel = page.getByRole('dialog', { name: group });
      await inside(panel);
      assert.equal(await panel.getByRole('button').count(), count);
      await screenshot(page, `tools-${name}-${group.toLowerCase()}`);
      if (group === 'Brushes') {
        await panel.getByRole('button', { name: 'Pencil' }).tap();
      }
    }
    await page.getByRole('button', { name: 'Filled ellipse' }).tap();
    await page.getByRole('button', { name: /^Colour:/ }).tap();
    await inside(page.getByRole('dialog', { name: 'Colour' }));
    await screenshot(page, `tools-${name}-colour`);
    await page.getByRole('button', { name: 'Teal' }).last().tap();
    const cdp = await page.context().newCDPSession(page);
    const touch = (type, ...touchPoints) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints });
    await Promise.all([
      touch('touchStart', { x: 100, y: 150 }),
      touch('touchMove', { x: 180, y: 250 }),
      touch('touchMove', { x: 300, y: 330 }),
      touch('touchEnd'),
    ]);
    await settled(page);
    assert.ok((await inkOf(page)) > 0);
    await screenshot(page, `tools-${name}`);
    await close(page);
  });
}
