// Fingers in Firefox, through WebDriver BiDi's own touch actions, beside a pen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becomes, inkOf, settled, status, until } from './kit.mjs';
import { firefoxStage, press, skip } from './firefox-kit.mjs';

const { open } = await firefoxStage();

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
  await pointers(page, 'touch', [at(300, 400), down(), wait(60), up], [at(420, 410), down(), wait(60), up]);
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
