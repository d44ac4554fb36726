// Text, selecting, the wall as a place, the keyboard alone and fingers in Firefox: the same as in Chromium, in short, and in one
// Firefox, whose start takes as long as several tests.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareAll } from './compare.mjs';
import { firefoxStage, press, skip } from './firefox-kit.mjs';
import { becomes, canvasOf, draw, hears, inkOf, listen, screenshot, seriousIn, settled, status, until, wave } from './kit.mjs';
import { somebody, there } from './place-kit.mjs';

const { server, open } = await firefoxStage();

const taken = (page) => until(page, () => window.kolamDebug.studio() !== null);
const selected = (page, count) => until(page, (n) => window.kolamDebug.studio()?.count === n, count);

test('firefox_writes_on_the_wall', { skip }, async () => {
  const page = await open('/c/text#@0,0,0');
  await page.keyboard.press('t');
  await taken(page);
  await page.mouse.click(200, 200);
  await page.keyboard.type('kolam');
  await press(page, 'Enter');
  await page.keyboard.type('here');
  await until(page, () => window.kolamDebug.studio().isShown);
  const seen = await inkOf(page);
  assert.ok(seen > 0);
  await screenshot(page, 'firefox-text');
  await press(page, 'Control+Enter');
  await settled(page);
  assert.equal(await inkOf(page), seen);
  assert.equal((await canvasOf(server, 'text')).seq, 1);
  assert.deepEqual(page.errors, []);
  await page.close();
});

test('firefox_selects_moves_and_takes_back', { skip }, async () => {
  const page = await open('/c/select#@0,0,0');
  await draw(page, wave([120, 110], [380, 110], 30, 12));
  await draw(page, wave([120, 200], [380, 200], 30, 12));
  await settled(page);
  const ink = await inkOf(page);
  await page.keyboard.press('v');
  await taken(page);
  await draw(page, [[90, 70], [410, 70], [410, 240], [90, 240], [90, 75]]);
  await selected(page, 2);
  await draw(page, [[250, 150], [300, 170], [560, 250]]);
  await settled(page);
  await screenshot(page, 'firefox-select');
  assert.equal((await canvasOf(server, 'select')).seq, 5);
  assert.ok(Math.abs((await inkOf(page)) - ink) < 0.02 * ink);
  await press(page, 'Control+z');
  await settled(page);
  assert.equal(await inkOf(page), ink);
  await press(page, 'Control+a');
  await selected(page, 2);
  await page.keyboard.press('Delete');
  await settled(page);
  assert.equal(await inkOf(page), 0);
  assert.deepEqual(page.errors, []);
  await page.close();
});

test('firefox_finds_the_way_and_sees_who_draws_elsewhere', { skip }, async () => {
  const { drawAt } = await somebody(server, 'fox', 'Otto');
  const page = await open('/c/fox#@0,5000,0');
  await drawAt(5000, 5000);
  await until(page, () => document.querySelectorAll('.sign').length === 2);
  await press(page, 'g');
  await until(page, () => document.querySelector('.place-panel:not([hidden])') !== null);
  await page.keyboard.type('3000, 4000');
  await until(page, () => document.querySelector('.hit') !== null);
  await press(page, 'Enter');
  await there(page, 3000, 4000, 0);
  await press(page, 'Alt+ArrowLeft');
  await there(page, 0, 5000, 0);
  await press(page, 'Shift+H');
  await until(page, () => window.kolamDebug.place().heat.isShown);
  assert.deepEqual(page.errors, []);
  await page.close();
});

test('firefox_draws_with_every_brush_what_the_server_has', { skip }, async () => {
  const page = await open('/c/brushes#@0,0,0');
  const brushes = [['p', 4], ['n', 40], ['m', 30], ['a', 70]];
  for (const [i, [key, width]] of brushes.entries()) {
    await page.keyboard.press(key);
    await page.evaluate((held) => window.kolamDebug.setBrush(held), { width });
    await draw(page, wave([120, 120 + i * 120], [700, 120 + i * 120], 40, 20));
  }
  await page.keyboard.press('e');
  await draw(page, [[400, 60], [410, 300], [400, 560]]);
  await settled(page);
  await until(page, (seq) => window.kolamDebug.status().seq === seq, brushes.length + 1);
  await screenshot(page, 'firefox-brushes');
  const total = await compareAll(page, server, 'brushes');
  assert.ok(total.off / total.pixels <= 0.0001, JSON.stringify(total));
  const before = await inkOf(page);
  await press(page, 'Control+z');
  await settled(page);
  assert.ok((await inkOf(page)) > before);
  await page.keyboard.press('p'); /* the next page holds what this one held */
  assert.deepEqual(page.errors, []);
  await page.close();
});

test('in_firefox_the_keyboard_alone_finds_a_command_draws_and_reads_as_well', { skip }, async () => {
  const page = await open('/c/keys#@0,0,0');
  assert.deepEqual(await seriousIn(page), []);
  await press(page, 'Control+k');
  await until(page, () => document.querySelector('.finder')?.open);
  assert.deepEqual(await seriousIn(page), []);
  await page.keyboard.type('keyboard');
  await page.keyboard.press('Enter');
  await until(page, () => document.querySelector('.crosshair')?.hidden === false);
  await listen(page);
  await page.keyboard.press('Enter');
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press('ArrowDown');
  }
  await page.keyboard.press('Enter');
  await settled(page);
  assert.ok((await inkOf(page)) > 0);
  await hears(page, /^Pen up at/);
  await page.keyboard.press('Escape');
  await until(page, () => document.querySelector('.crosshair').hidden);
  assert.deepEqual(page.errors, []);
  await page.close();
});

// ---- fingers, through WebDriver BiDi's own touch actions, and beside a pen ----

const cameraOf = (page) => page.evaluate(() => window.kolamDebug.camera());
const at = (x, y) => ({ type: 'pointerMove', x: Math.round(x), y: Math.round(y), duration: 0 });
const line = (from, to, count = 8) =>
  Array.from({ length: count }, (_, i) => at(from[0] + ((to[0] - from[0]) * (i + 1)) / count, from[1] + ((to[1] - from[1]) * (i + 1)) / count));
const down = (extra = {}) => ({ type: 'pointerDown', button: 0, ...extra });
const up = { type: 'pointerUp', button: 0 };
const wait = (duration) => ({ type: 'pause', duration });

/** One after another in small steps: Firefox tells of one touch alone where two happen in the same moment. */
function pointers(page, pointerType, ...lists) {
  const spread = (actions, own) =>
    actions.flatMap((action) => lists.map((_, i) => (i === own ? action : wait(0))));
  return page.mainFrame().browsingContext.performActions(
    lists.map((actions, i) => ({ type: 'pointer', id: `${pointerType}${i}`, parameters: { pointerType }, actions: spread(actions, i) })),
  );
}

test('firefox_one_finger_draws_two_move_zoom_and_turn_and_their_tap_undoes', { skip }, async () => {
  const page = await open('/c/fingers#@0,0,0');
  await pointers(page, 'touch', [at(200, 200), down(), ...line([200, 200], [500, 260]), up]);
  await settled(page);
  await until(page, () => window.kolamDebug.status().seq === 1);
  assert.ok((await inkOf(page)) > 0);
  const before = await cameraOf(page);
  /* A tap is short, as the events tell it: as of a quick hand, however slow the machine. */
  await page.evaluate(() => {
    window.ownTime = Object.getOwnPropertyDescriptor(Event.prototype, 'timeStamp');
    let ms = performance.now();
    Object.defineProperty(Event.prototype, 'timeStamp', { configurable: true, get: () => (ms += 4) });
  });
  await pointers(page, 'touch', [at(300, 400), down(), wait(60), up], [at(420, 410), down(), wait(60), up]);
  await page.evaluate(() => void Object.defineProperty(Event.prototype, 'timeStamp', window.ownTime));
  await until(page, () => window.kolamDebug.status().seq === 2);
  await becomes(() => inkOf(page), 0); /* undone, and no dots */
  assert.deepEqual(await cameraOf(page), before);
  await pointers(
    page,
    'touch',
    [at(400, 400), down(), ...line([400, 400], [300, 400], 10), wait(150), up],
    [at(500, 400), down(), ...line([500, 400], [500, 400], 10), wait(150), up],
  );
  const pinched = await cameraOf(page);
  assert.ok(Math.abs(pinched.zoom - 1) < 0.05, `${pinched.zoom}`);
  assert.equal(pinched.angle, 0);
  const arc = (sign) =>
    Array.from({ length: 12 }, (_, i) => {
      const angle = ((i + 1) * 5 * Math.PI) / 180;
      return at(450 + sign * 150 * Math.cos(angle), 350 + sign * 150 * Math.sin(angle));
    });
  await pointers(page, 'touch', [at(300, 350), down(), ...arc(-1), wait(150), up], [at(600, 350), down(), ...arc(1), wait(150), up]);
  const turned = await cameraOf(page);
  assert.ok(turned.angle > 35 && turned.angle < 56, `${turned.angle}`);
  assert.equal((await status(page)).seq, 2, 'nothing was drawn meanwhile');
  await press(page, 'Shift+m');
  await until(page, () => window.kolamDebug.camera().isMirrored);
  assert.deepEqual(page.errors, []);
  await page.close();
});

test('firefox_beside_a_pen_fingers_move_the_wall_and_a_touch_under_the_pen_does_nothing', { skip }, async () => {
  const page = await open('/c/pen#@0,0,0');
  /* Firefox's own driver has no pen ("Unimplemented pointerMove for pointerType pen"): its events are made in the page. */
  const pen = (type, x, y) =>
    page.evaluate(
      (name, clientX, clientY) => {
        const buttons = name === 'pointerup' ? 0 : 1;
        const told = { bubbles: true, cancelable: true, pointerId: 77, pointerType: 'pen', isPrimary: true, clientX, clientY, button: name === 'pointermove' ? -1 : 0, buttons, pressure: buttons * 0.6 };
        document.querySelector('#wall').dispatchEvent(new PointerEvent(name, told));
      },
      type,
      x,
      y,
    );
  await pen('pointerdown', 200, 200);
  await pen('pointermove', 300, 220);
  await pointers(page, 'touch', [at(600, 500), down(), ...line([600, 500], [640, 540], 3), up]);
  await pen('pointermove', 500, 260);
  await pen('pointerup', 500, 260);
  await settled(page);
  await until(page, () => window.kolamDebug.status().seq === 1);
  const before = await cameraOf(page);
  assert.deepEqual([before.tileX, before.tileY, before.zoom], [0, 0, 0], 'the palm moved nothing');
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 600)));
  await pointers(page, 'touch', [at(300, 300), down(), ...line([300, 300], [360, 300]), wait(150), up]);
  const after = await cameraOf(page);
  const moved = (before.tileX - after.tileX) * 256 + before.x - after.x;
  assert.ok(Math.abs(moved - 60) < 1, `${moved} px`);
  assert.equal((await status(page)).seq, 1, "the pen's stroke alone");
  assert.deepEqual(page.errors, []);
  await page.close();
});
