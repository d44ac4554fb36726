// Ink as the hand feels it, and the panels of colour and brush: pressure and tilt of a pen through the browser's own input
// protocol, pressure from speed, the stabiliser, ink ahead of the pointer, opacity, palettes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draw, inkOf, ready, reloadWithSettings, screenshot, settled, stage, status, until, wave } from './kit.mjs';
import { compareAll, tilesOf } from './compare.mjs';

const { server, open, close } = await stage();

const brushOf = (page) => page.evaluate(() => window.kolamDebug.brush());
const byName = (page, name) => page.getByRole('button', { name });
const colorButton = (page) => page.getByRole('button', { name: /^Colour:/ });
const sizeButton = (page) => page.getByRole('button', { name: /^(Brush|Filled):/ });

async function choose(page, name) {
  await colorButton(page).click();
  await byName(page.getByRole('dialog', { name: 'Colour' }), name).first().click();
}

/** A stroke of a pen: places with force, and how it is held. */
async function penStroke(page, places, tilt = {}) {
  const cdp = await page.context().newCDPSession(page);
  const event = (type, [x, y, force]) => cdp.send('Input.dispatchMouseEvent', {
    type, x, y, force, button: 'left', buttons: type === 'mouseReleased' ? 0 : 1, clickCount: 1, pointerType: 'pen', ...tilt,
  });
  await event('mousePressed', places[0]);
  for (const place of places.slice(1)) {
    await event('mouseMoved', place);
  }
  await event('mouseReleased', places.at(-1));
  await cdp.detach();
}

/** How many pixels of the screen's column x the ink covers, and their mean alpha, from the tiles. */
function columnInk(page, x) {
  return page.evaluate((at) => {
    const { rect, level } = { rect: window.kolamDebug.view(), level: window.kolamDebug.view().level };
    const left = Math.round(-window.innerWidth / 2 + at);
    const tileX = Math.floor(left / 256);
    let sum = 0;
    for (let y = rect.y; y < rect.y + rect.height; y++) {
      const tile = window.kolamDebug.tile(level, tileX, y);
      for (let row = 0; tile !== null && row < 256; row++) {
        sum += tile.rgba[(row * 256 + left - tileX * 256) * 4 + 3];
      }
    }
    return sum / 255;
  }, x);
}

test('a_pens_force_makes_the_line_and_its_curve_and_tilt_count', async () => {
  const page = await open('/c/pen#@0,0,0');
  await page.evaluate(() => window.kolamDebug.setBrush({ width: 20 }));
  const ramp = Array.from({ length: 30 }, (_, i) => [100 + i * 20, 100, 0.1 + 0.85 * (i / 29)]);
  await penStroke(page, ramp);
  const [thin, thick] = [await columnInk(page, 180), await columnInk(page, 640)];
  assert.ok(thin > 2 && thin < 8 && thick > 14 && thick < 20, `${thin} ${thick}`);
  const before = await tilesOf(page);
  await settled(page);
  const total = await compareAll(page, server, 'pen', before);
  assert.equal(total.popped, 0);
  /* A light hand that asks for a soft pen gets more. */
  await sizeButton(page).click();
  await page.getByRole('radio', { name: 'Soft' }).check();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+z');
  await penStroke(page, ramp);
  assert.ok((await columnInk(page, 180)) > thin + 1.5, `${await columnInk(page, 180)}`);
  await page.keyboard.press('Control+z');
  /* A pencil on its side is broad. */
  await page.keyboard.press('n');
  const even = Array.from({ length: 20 }, (_, i) => [100 + i * 20, 300, 0.6]);
  await penStroke(page, even);
  const upright = await columnInk(page, 300);
  await page.keyboard.press('Control+z');
  await penStroke(page, even, { tiltX: 65, tiltY: 0 });
  const flat = await columnInk(page, 300);
  assert.ok(flat > 2.5 * upright, `${upright} ${flat}`);
  await close(page);
});

test('a_mouse_draws_evenly_or_thinner_when_faster_and_all_see_the_same', async () => {
  const page = await open('/c/speed#@0,0,0');
  await page.evaluate(() => window.kolamDebug.setBrush({ width: 16 }));
  await draw(page, wave([60, 150], [800, 150], 20, 0), { isQuick: false });
  assert.ok(Math.abs((await columnInk(page, 400)) - 16) < 0.7);
  await page.keyboard.press('Control+z');
  await page.evaluate(() => window.kolamDebug.setBrush({ isSpeedy: true }));
  await draw(page, wave([60, 150], [860, 150], 8, 0), { isQuick: false });
  const line = await columnInk(page, 500);
  assert.ok(line < 15.5 && line > 3, `${line}`);
  await settled(page);
  const total = await compareAll(page, server, 'speed');
  assert.ok(total.off / total.pixels <= 0.0001, 'pressure is stored');
  await close(page);
});

test('ink_reaches_the_pointer_and_what_was_ahead_of_it_is_gone', async () => {
  const page = await open('/c/ahead#@0,0,0');
  await page.evaluate(() => window.kolamDebug.setBrush({ width: 10 }));
  await draw(page, [[100, 200], [200, 200], [300, 200], [400, 200]], { isReleased: false, isQuick: false });
  const inkAt = (x) => columnInk(page, x);
  await until(page, () => true);
  for (let i = 0; (await inkAt(398)) < 8; i++) {
    assert.ok(i < 100, 'the ink lags behind the pointer');
  }
  for (let i = 0; (await inkAt(420)) > 0; i++) {
    assert.ok(i < 200, 'ink stays ahead of a pointer that rests');
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  await page.mouse.up();
  const before = await tilesOf(page);
  await settled(page);
  const total = await compareAll(page, server, 'ahead', before);
  assert.equal(total.off, 0);
  assert.equal(total.popped, 0);
  await close(page);
});

test('a_steady_hand_calms_a_trembling_one_and_arrives_when_it_is_lifted', async () => {
  const page = await open('/c/steady#@0,0,0');
  const tremble = Array.from({ length: 60 }, (_, i) => [80 + i * 12, 300 + (i % 2 ? 5 : -5)]);
  const rows = async () => {
    await draw(page, tremble, { isQuick: false });
    const heights = await Promise.all([300, 400, 500].map((x) => columnInk(page, x)));
    const end = await columnInk(page, 786);
    await page.keyboard.press('Control+z');
    return { height: heights.reduce((a, b) => a + b) / 3, end };
  };
  await page.evaluate(() => window.kolamDebug.setBrush({ width: 3 }));
  const shaky = await rows();
  await sizeButton(page).click();
  await page.getByRole('spinbutton', { name: 'Steady hand' }).fill('7');
  await page.keyboard.press('Enter');
  assert.equal((await brushOf(page)).steadiness, 7);
  await page.keyboard.press('Escape');
  const steady = await rows();
  assert.ok(steady.height < 3.6 && shaky.height > steady.height, `${shaky.height} ${steady.height}`);
  assert.ok(steady.end > 1, 'it ends where the pointer did');
  await close(page);
});

test('alt_grows_a_shape_about_its_middle_and_else_takes_a_colour', async () => {
  const page = await open('/c/alt#@0,0,0');
  await choose(page, 'Red');
  await page.keyboard.press('Shift+R');
  await page.mouse.move(400, 300);
  await page.mouse.down();
  await page.mouse.move(500, 350);
  await page.keyboard.down('Alt');
  const centred = (await inkOf(page)) / 255;
  assert.ok(Math.abs(centred - 200 * 100) < 300, `${centred}`);
  await page.mouse.up();
  await page.keyboard.up('Alt');
  await page.keyboard.press('2');
  await page.keyboard.press('7');
  assert.equal((await brushOf(page)).rgb, '#1a49c6');
  await page.keyboard.down('Alt');
  await page.mouse.click(400, 300);
  await page.keyboard.up('Alt');
  assert.equal((await brushOf(page)).rgb, '#d83910');
  await page.keyboard.press('x');
  assert.equal((await brushOf(page)).rgb, '#ffffff');
  await page.keyboard.press('x');
  assert.equal((await brushOf(page)).rgb, '#d83910');
  await settled(page);
  assert.equal((await status(page)).seq, 1);
  await close(page);
});

test('size_and_opacity_by_keys_drags_and_exact_numbers', async () => {
  const page = await open('/c/size#@0,0,0');
  assert.equal((await brushOf(page)).width, 4);
  await page.keyboard.press(']');
  assert.ok((await brushOf(page)).width > 4);
  await page.keyboard.press('Shift+BracketLeft');
  assert.equal((await brushOf(page)).opacity, 0.9);
  await page.mouse.move(300, 300);
  await page.mouse.down({ button: 'right' });
  await page.mouse.move(420, 300);
  assert.equal(await page.locator('.ring').isVisible(), true);
  await screenshot(page, 'brush-size-drag');
  await page.mouse.up({ button: 'right' });
  const dragged = (await brushOf(page)).width;
  assert.ok(dragged > 15, `${dragged}`);
  assert.equal(await inkOf(page), 0, 'nothing was drawn');
  const box = await sizeButton(page).boundingBox();
  await page.mouse.move(box.x + 20, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x - 60, box.y + 20, { steps: 4 });
  await page.mouse.up();
  assert.ok((await brushOf(page)).width < dragged);
  assert.equal(await page.getByRole('dialog', { name: 'Brush' }).isVisible(), false, 'a drag opens nothing');
  await sizeButton(page).click();
  await page.getByRole('spinbutton', { name: 'Width' }).fill('33.5');
  await page.keyboard.press('Tab');
  await page.getByRole('spinbutton', { name: 'Opacity' }).fill('50');
  await page.keyboard.press('Enter');
  const { width, opacity } = await brushOf(page);
  assert.deepEqual([width, opacity], [33.5, 0.5]);
  await page.locator('.feel-picture').waitFor();
  await screenshot(page, 'brush-panel-desktop');
  await page.keyboard.press('Escape');
  await draw(page, wave([100, 300], [700, 300], 12, 30));
  const middle = await page.evaluate(() => {
    const view = window.kolamDebug.view();
    let most = 0;
    for (let y = view.y; y < view.y + view.height; y++) {
      for (let x = view.x; x < view.x + view.width; x++) {
        const { rgba } = window.kolamDebug.tile(view.level, x, y);
        for (let i = 3; i < rgba.length; i += 4) {
          most = Math.max(most, rgba[i]);
        }
      }
    }
    return most;
  });
  assert.ok(Math.abs(middle - 128) <= 1, `${middle}`);
  await reloadWithSettings(page);
  await ready(page);
  const kept = await brushOf(page);
  assert.deepEqual([kept.width, kept.opacity], [33.5, 0.5], 'kept');
  await close(page);
});

const GPL = 'GIMP Palette\nName: Dusk\nColumns: 2\n#\n 16  32  48\tDeep\n200 120 255\tGlow\n';

test('colours_are_chosen_mixed_remembered_and_kept_in_palettes', async () => {
  const page = await open('/c/colours#@0,0,0');
  const panel = page.getByRole('dialog', { name: 'Colour' });
  await colorButton(page).click();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.equal((await brushOf(page)).rgb, '#5e1c10', 'by keys alone: maroon');
  await draw(page, [[100, 100], [200, 150]]);
  await choose(page, 'Green');
  await draw(page, [[100, 200], [200, 250]]);
  await colorButton(page).click();
  assert.equal(await panel.getByRole('group', { name: 'Used last' }).getByRole('button').count(), 2);
  await page.getByRole('button', { name: 'Mix a colour, palettes' }).click();
  const field = page.getByRole('slider', { name: 'Saturation and brightness' });
  await field.waitFor();
  const box = await field.boundingBox();
  await page.mouse.click(box.x + box.width - 1, box.y + box.height / 2);
  assert.match(await field.getAttribute('aria-valuetext'), /saturation 100%, brightness 50%/);
  await field.focus();
  await page.keyboard.press('Shift+ArrowDown');
  assert.match(await field.getAttribute('aria-valuetext'), /brightness 40%/);
  await page.getByRole('slider', { name: 'Hue' }).focus();
  const hued = (await brushOf(page)).rgb;
  await page.keyboard.press('ArrowRight');
  assert.notEqual((await brushOf(page)).rgb, hued);
  await page.getByRole('textbox', { name: 'Colour as hex' }).fill('F80');
  await page.keyboard.press('Enter');
  assert.equal((await brushOf(page)).rgb, '#ff8800');
  await screenshot(page, 'brush-mixer-desktop');
  await panel.getByRole('button', { name: 'New' }).click();
  await page.keyboard.type('Mine');
  await page.keyboard.press('Tab');
  await page.getByRole('textbox', { name: 'Colour as hex' }).fill('#123456');
  await page.keyboard.press('Enter');
  await panel.getByRole('button', { name: 'Add this colour to the palette' }).click();
  assert.deepEqual((await brushOf(page)).colors, ['#ff8800', '#123456']);
  await page.locator('input[type=file]').setInputFiles({ name: 'dusk.gpl', mimeType: 'text/plain', buffer: Buffer.from(GPL) });
  await until(page, () => window.kolamDebug.brush().colors.includes('#102030'));
  await page.keyboard.press('Escape');
  await page.keyboard.press('2');
  assert.equal((await brushOf(page)).rgb, '#c878ff', 'number keys take from the palette that is chosen');
  await reloadWithSettings(page);
  await ready(page);
  assert.deepEqual((await brushOf(page)).palettes, ['Mine', 'Dusk']);
  await colorButton(page).click();
  await page.getByRole('button', { name: 'Mix a colour, palettes' }).click();
  await panel.getByRole('button', { name: 'Remove this palette' }).click();
  await panel.getByRole('combobox', { name: 'Palette' }).selectOption('');
  assert.equal((await brushOf(page)).colors.length, 27);
  await close(page);
});

for (const [name, width, height] of [['small', 360, 640], ['phone', 412, 870]]) {
  test(`on_a_${name}_screen_the_panels_fit_and_take_a_thumb`, async () => {
    const page = await open('/c/thumb#@0,0,0', { width, height, scale: 2, hasTouch: true, isMobile: true });
    const inside = async (locator) => {
      const box = await locator.boundingBox();
      assert.ok(box.x >= 0 && box.x + box.width <= width && box.y >= 0 && box.y + box.height <= height, JSON.stringify(box));
    };
    await colorButton(page).tap();
    await inside(page.getByRole('dialog', { name: 'Colour' }));
    await screenshot(page, `brush-${name}-colour`);
    await page.getByRole('button', { name: 'Mix a colour, palettes' }).tap();
    await page.getByRole('slider', { name: 'Hue' }).waitFor();
    await inside(page.getByRole('dialog', { name: 'Colour' }));
    await screenshot(page, `brush-${name}-mixer`);
    await sizeButton(page).tap();
    await page.locator('.feel-picture').waitFor();
    await inside(page.getByRole('dialog', { name: 'Brush' }));
    await screenshot(page, `brush-${name}-size`);
    await close(page);
  });
}
