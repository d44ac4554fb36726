// Fingers, palm and pen, as the device tells of them: who draws, who moves the wall, who means nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressTold, becomes, closedToSockets, draw, inkOf, reloadWithSettings, screenshot, settled, stage, status, until, wave } from './kit.mjs';

const { open } = await stage();

const cameraOf = (page) => page.evaluate(() => window.kolamDebug.camera());

/** A phone: its fingers, by number, and a pen. */
async function openPhone(path, options = {}) {
  const page = await open(path, { hasTouch: true, width: 420, height: 760, ...options });
  const cdp = await page.context().newCDPSession(page);
  const fingers = new Map();
  const points = () => [...fingers].map(([id, { x, y, radius }]) => ({ id, x, y, radiusX: radius, radiusY: radius }));
  /* `atMs`: when it happened, on a machine that tells of it later. */
  const send = (type, atMs = null) =>
    cdp.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: points(),
      ...(atMs !== null && { timestamp: atMs / 1000 }),
    });
  const pen = (type, x, y, force = 0.5) =>
    cdp.send('Input.dispatchMouseEvent', {
      type,
      x,
      y,
      force,
      button: type === 'mouseMoved' && force === 0 ? 'none' : 'left',
      buttons: force === 0 ? 0 : 1,
      clickCount: 1,
      pointerType: 'pen',
    });
  return {
    page,
    pen,
    put(id, x, y, radius = 10, atMs = null) {
      const isNew = !fingers.has(id);
      fingers.set(id, { x, y, radius });
      return send(isNew ? 'touchStart' : 'touchMove', atMs);
    },
    /* Along the places, as fast as the machine goes: a finger that rests at the first takes a colour. */
    drag(id, ...places) {
      return Promise.all(places.map(([x, y]) => this.put(id, x, y)));
    },
    /* All that are down, to new places at once. */
    moveAll(places) {
      places.forEach(([id, x, y]) => fingers.set(id, { x, y, radius: 10 }));
      return send('touchMove');
    },
    lift(...ids) {
      const touchPoints = ids.map((id) => ({ id, ...fingers.get(id) }));
      ids.forEach((id) => fingers.delete(id));
      return cdp.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints });
    },
    letGoAt(atMs) {
      fingers.clear();
      return send('touchEnd', atMs);
    },
    cancel() {
      fingers.clear();
      return cdp.send('Input.dispatchTouchEvent', { type: 'touchCancel', touchPoints: [] });
    },
    async tap(...places) {
      const beganMs = Date.now();
      await Promise.all([
        ...places.map(([x, y], id) => this.put(id, x, y, 10, beganMs + id * 15)),
        this.letGoAt(beganMs + 140),
      ]);
    },
    /* Two and more that come together, as fast as the machine goes: one alone that rests takes a colour. */
    grip(...places) {
      const beganMs = Date.now();
      return Promise.all(places.map(([x, y], id) => this.put(id, x, y, 10, beganMs + id * 15)));
    },
    async penLine(from, to) {
      await pen('mousePressed', ...from);
      for (let i = 1; i <= 8; i++) {
        await pen('mouseMoved', from[0] + ((to[0] - from[0]) * i) / 8, from[1] + ((to[1] - from[1]) * i) / 8);
      }
      await pen('mouseReleased', ...to, 0);
    },
    async fingerLine(from, to) {
      const part = (i) => [from[0] + ((to[0] - from[0]) * i) / 8, from[1] + ((to[1] - from[1]) * i) / 8];
      await this.drag(0, ...Array.from({ length: 9 }, (_, i) => part(i)));
      await this.lift(0);
    },
    async close() {
      assert.deepEqual(page.errors, []);
      await page.context().close();
    },
  };
}

test('taps_of_two_and_three_fingers_undo_and_bring_back', async () => {
  const phone = await openPhone('/c/taps#@0,0,0');
  const { page } = phone;
  await phone.fingerLine([100, 200], [300, 260]);
  await settled(page);
  const drawn = await inkOf(page);
  assert.ok(drawn > 0);
  const before = await cameraOf(page);
  await phone.tap([150, 400], [230, 410]);
  await until(page, () => window.kolamDebug.status().seq === 2);
  await becomes(() => inkOf(page), 0); /* undone, and the fingers left no dot */
  await phone.tap([120, 400], [200, 390], [280, 400]);
  await until(page, () => window.kolamDebug.status().seq === 3);
  await becomes(() => inkOf(page), drawn); /* brought back */
  await settled(page);
  assert.deepEqual(await cameraOf(page), before, 'the view did not move');
  await phone.close();
});

test('fingers_come_and_go_and_only_the_view_moves', async () => {
  const phone = await openPhone('/c/many#@0,0,0');
  const { page } = phone;
  await phone.grip([100, 300], [300, 300]);
  for (let i = 1; i <= 5; i++) {
    await phone.moveAll([[0, 100 - i * 8, 300], [1, 300 + i * 8, 300]]);
  }
  const pinched = await cameraOf(page);
  assert.ok(Math.abs(pinched.zoom - Math.log2(280 / 200)) < 0.02, `${pinched.zoom}`);
  for (let id = 2; id < 5; id++) {
    await phone.put(id, 120 + id * 40, 500);
  }
  assert.deepEqual(await cameraOf(page), pinched, 'nothing jumps as fingers come');
  await phone.lift(2, 3, 4);
  await phone.lift(1);
  assert.deepEqual(await cameraOf(page), pinched, 'or go');
  await phone.put(0, 70, 340);
  const panned = await cameraOf(page);
  assert.equal(panned.zoom, pinched.zoom);
  assert.notEqual(panned.y, pinched.y, 'the last one still holds the wall');
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
  await phone.lift(0);
  assert.deepEqual([(await status(page)).unsaved, (await status(page)).seq], [0, 0]);
  assert.equal(await inkOf(page), 0, 'no dot');
  // A stray finger beside a stroke that is under way.
  await phone.drag(0, [60, 200], [120, 220]);
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 400)));
  const still = await cameraOf(page);
  await phone.put(1, 350, 600);
  await phone.put(0, 260, 240);
  await phone.lift(1);
  await phone.put(0, 320, 260);
  await phone.lift(0);
  await settled(page);
  await until(page, (seq) => window.kolamDebug.status().seq >= seq, 1);
  assert.equal((await status(page)).seq, 1, 'one stroke');
  assert.deepEqual(await cameraOf(page), still);
  await phone.close();
});

test('two_fingers_turn_the_view_and_near_upright_it_snaps', async () => {
  const phone = await openPhone('/c/twist#@0,0,0');
  const { page } = phone;
  const twist = async (from, to) => {
    const at = (degrees) => {
      const [x, y] = [110 * Math.cos((degrees * Math.PI) / 180), 110 * Math.sin((degrees * Math.PI) / 180)];
      return [[0, 210 - x, 380 - y], [1, 210 + x, 380 + y]];
    };
    await phone.grip(...at(from).map(([, x, y]) => [x, y]));
    for (let i = 1; i <= 12; i++) {
      await phone.moveAll(at(from + ((to - from) * i) / 12));
    }
    await phone.lift(0, 1);
  };
  await twist(0, 8);
  assert.equal((await cameraOf(page)).angle, 0, 'a little turning is none');
  assert.equal(await page.locator('.compass').isVisible(), false);
  await twist(0, 60);
  const { angle, zoom } = await cameraOf(page);
  assert.ok(angle > 35 && angle < 55, `${angle}`);
  assert.ok(Math.abs(zoom) < 0.05, `${zoom}`);
  await page.locator('.compass').waitFor();
  await screenshot(page, 'touch-twisted');
  await twist(60, 60 - angle - 13);
  assert.equal((await cameraOf(page)).angle, 0, 'nearly upright is upright');
  await until(page, () => !document.querySelector('.compass').checkVisibility());
  await phone.close();
});

test('a_finger_that_rests_takes_the_colour_under_it', async () => {
  const phone = await openPhone('/c/rest#@0,0,0');
  const { page } = phone;
  await page.evaluate(() => document.querySelector('#wall').focus());
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press(']');
  }
  await phone.fingerLine([100, 300], [300, 300]);
  await settled(page);
  await page.keyboard.press('m');
  await phone.put(0, 200, 500);
  await page.locator('.ring.is-picking').waitFor();
  await phone.put(0, 200, 380);
  await phone.put(0, 200, 300);
  await screenshot(page, 'touch-eyedropper');
  const seen = await page.evaluate(() => document.querySelector('.ring').style.getPropertyValue('--color'));
  await phone.lift(0);
  await page.locator('.ring.is-picking').waitFor({ state: 'hidden' });
  assert.match(seen, /^#[0-4]/, 'the ink, not the paper');
  assert.equal((await status(page)).seq, 1, 'and nothing was drawn');
  assert.equal((await status(page)).unsaved, 0);
  await phone.close();
});

test('a_finger_that_moves_while_a_slow_phone_is_busy_draws_and_takes_no_colour', async () => {
  const phone = await openPhone('/c/busy#@0,0,0');
  const { page } = phone;
  /* Busy for longer than a finger rests that takes a colour. What it did meanwhile is told before the next frame, as browsers do. */
  const hasPicked = await page.evaluate(async () => {
    const told = (type, clientX) =>
      document.querySelector('#wall').dispatchEvent(
        new PointerEvent(type, { pointerId: 5, pointerType: 'touch', isPrimary: true, clientX, clientY: 300, bubbles: true, cancelable: true }),
      );
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    told('pointerdown', 100);
    for (const untilMs = performance.now() + 900; performance.now() < untilMs; );
    requestAnimationFrame(() => told('pointermove', 200));
    await frame();
    await frame();
    await frame();
    const { classList } = document.querySelector('.ring');
    told('pointerup', 200);
    return classList.contains('is-picking');
  });
  assert.equal(hasPicked, false);
  await settled(page);
  await until(page, () => window.kolamDebug.status().seq === 1);
  await phone.close();
});

test('what_the_system_takes_away_leaves_nothing', async () => {
  const phone = await openPhone('/c/system#@0,0,0');
  const { page } = phone;
  await phone.drag(0, ...Array.from({ length: 7 }, (_, i) => [6 + i * 20, 400]));
  await phone.cancel();
  await phone.grip([100, 300], [200, 300], [300, 300]);
  await phone.cancel();
  await until(page, () => !window.kolamDebug.status().isDrawing);
  assert.equal((await status(page)).unsaved, 0);
  assert.equal(await inkOf(page), 0);
  assert.equal((await status(page)).seq, 0);
  await phone.fingerLine([100, 300], [300, 320]);
  await settled(page);
  await until(page, (seq) => window.kolamDebug.status().seq >= seq, 1);
  assert.equal((await status(page)).seq, 1, 'the next finger draws');
  await phone.close();
});

test('beside_a_pen_fingers_move_the_wall_and_the_palm_does_nothing', async () => {
  const phone = await openPhone('/c/pen#@0,0,0');
  const { page, pen } = phone;
  // The palm lies there before the pen, and moves little.
  await phone.put(7, 330, 600, 25);
  await phone.put(7, 332, 603, 25);
  await pen('mousePressed', 100, 200);
  await pen('mouseMoved', 160, 220);
  await phone.put(7, 350, 640, 30);
  await phone.put(8, 380, 650, 12);
  await pen('mouseMoved', 260, 240);
  await phone.put(8, 390, 700, 12);
  await pen('mouseReleased', 260, 240, 0);
  await phone.lift(7, 8);
  await settled(page);
  await until(page, (seq) => window.kolamDebug.status().seq >= seq, 1);
  assert.equal((await status(page)).seq, 1, "the pen's stroke alone");
  const before = await cameraOf(page);
  assert.deepEqual([before.zoom, before.angle], [0, 0]);
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 600)));
  await phone.drag(0, [200, 300], [230, 330], [260, 360]);
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
  await phone.lift(0);
  const after = await cameraOf(page);
  assert.ok(Math.abs((before.tileX - after.tileX) * 256 + before.x - after.x - 60) < 1, 'a finger moves the wall now');
  await phone.penLine([120, 500], [260, 520]);
  await settled(page);
  await until(page, (seq) => window.kolamDebug.status().seq >= seq, 2);
  assert.equal((await status(page)).seq, 2);
  // Of this device it is known when it comes back.
  await addressTold(page);
  await reloadWithSettings(page);
  await until(page, () => window.kolamDebug?.status().isComplete);
  const reloaded = await cameraOf(page);
  await phone.drag(0, [200, 300], [200, 340]);
  await phone.lift(0);
  assert.notDeepEqual(await cameraOf(page), reloaded);
  assert.equal((await status(page)).seq, 2);
  await phone.close();
});

test('a_throw_glides_on_and_a_touch_or_reduced_motion_holds_it', async () => {
  for (const reducedMotion of ['no-preference', 'reduce']) {
    const phone = await openPhone('/c/throw?watch#@0,0,0', { reducedMotion });
    const { page } = phone;
    const beganMs = Date.now();
    for (let i = 0; i <= 8; i++) {
      await phone.put(0, 100 + i * 30, 300, 10, beganMs + i * 16);
    }
    const left = (camera) => camera.tileX * 256 + camera.x;
    const before = left(await cameraOf(page)); /* a glide may be over before it is looked at */
    await phone.letGoAt(beganMs + 8 * 16 + 8);
    if (reducedMotion === 'reduce') {
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 120)));
      assert.equal(left(await cameraOf(page)), before);
    } else {
      await until(page, (x) => window.kolamDebug.camera().tileX * 256 + window.kolamDebug.camera().x < x - 20, before);
      await phone.put(0, 200, 400);
      await phone.lift(0);
      const held = await cameraOf(page);
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 80)));
      assert.deepEqual(await cameraOf(page), held, 'a touch holds it');
    }
    await phone.close();
  }
});

test('on_a_phone_the_toolbar_makes_room_for_the_hand', async () => {
  const phone = await openPhone('/c/room#@0,0,0');
  const { page } = phone;
  await phone.drag(0, [100, 300], [200, 340]);
  await page.locator('.tools').waitFor({ state: 'hidden' });
  await phone.put(0, 200, 500);
  await screenshot(page, 'touch-drawing');
  await phone.lift(0);
  await page.locator('.tools').waitFor({ state: 'visible' });
  await phone.close();
});

test('on_small_screens_and_for_the_left_hand_no_control_covers_another', async () => {
  const phone = await openPhone('/c/side#@0,0,0');
  const { page } = phone;
  const NAME = 'Somebody whose name is as long as can be';
  const SIZES = [[844, 390], [600, 800], [420, 760], [360, 640]];
  /* The sign of being saved comes and goes: it is looked at in one moment with the others. */
  const boxes = (isSigned) =>
    page.evaluate((isShown) => {
      const sign = document.querySelector('.status');
      const wasHidden = sign.hidden;
      sign.hidden = wasHidden && !isShown;
      const found = [...document.querySelectorAll('.tools, .zoom, .doors, .corner > *, .compass, .map')]
        .filter((each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
        .map((each) => {
          const { left, top, right, bottom } = each.getBoundingClientRect();
          return { name: each.className, left, top, right, bottom };
        })
        .filter(({ left, right }) => right > left);
      sign.hidden = wasHidden;
      return found;
    }, isSigned);
  const check = async (hand, width, height) => {
    const name = `${hand}-${width}`;
    await page.setViewportSize({ width, height });
    await until(page, (wanted) => document.querySelector('#wall').width >= wanted && innerWidth === wanted, width);
    /* What made room for the hand is back, and nothing moves any more. */
    for (const part of ['.tools', '.doors', '.corner']) {
      await page.locator(part).waitFor();
    }
    await page.evaluate(() => Promise.all(document.getAnimations().map((each) => each.finished.catch(() => null))));
    for (const found of [await boxes(false), await boxes(true)]) {
      for (const a of found) {
        assert.ok(a.left >= 0 && a.right <= width && a.top >= 0 && a.bottom <= height, `${name}: ${JSON.stringify(a)}`);
        for (const b of found.filter((other) => other !== a)) {
          const isApart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
          assert.ok(isApart, `${name}: ${JSON.stringify([a, b])}`);
        }
      }
      const doors = found.find((each) => /doors/.test(each.name));
      assert.equal(doors.left > width / 2, hand === 'left', 'it is at the hand\'s other side');
    }
    await screenshot(page, `touch-${name}`);
  };
  const drawn = async (width, height) => {
    await phone.drag(0, [width / 2, height / 2], [width / 2 + 60, height / 2 + 20]);
    await phone.lift(0);
  };
  await drawn(420, 390); /* who draws has a name */
  await page.locator('.chip[aria-label^=Your]').tap();
  await page.locator('.name-panel input').fill(NAME);
  await page.keyboard.press('Enter');
  await until(page, (name) => document.querySelector('.chip-text').textContent === name, NAME);
  for (const size of SIZES) {
    await drawn(420, 390);
    await settled(page);
    await check('right', ...size);
  }
  await page.setViewportSize({ width: 420, height: 760 });
  await page.keyboard.press('Control+k');
  await until(page, () => document.querySelector('.finder')?.open);
  await page.keyboard.type('left hand');
  await until(page, () => /left hand/.test(document.querySelector('.finder [aria-selected=true]')?.textContent ?? ''));
  await page.keyboard.press('Enter');
  await page.locator('body.is-left-handed').waitFor();
  /* Without the server there is more to say, and it stays. */
  await closedToSockets(page);
  for (const [i, size] of SIZES.entries()) {
    await drawn(320, 390);
    await until(page, (count) => window.kolamDebug.status().unsaved === count, i + 1);
    await page.locator('.status[data-kind=offline]').waitFor();
    await check('left', ...size);
  }
  await phone.close();
});

test('the_bars_of_a_phones_browser_do_not_move_the_wall', async () => {
  const phone = await openPhone('/c/bars#@0,0,0');
  const { page } = phone;
  await draw(page, wave([100, 100], [300, 140]));
  await settled(page);
  const row = () =>
    page.evaluate(() => {
      const wall = document.querySelector('#wall');
      const { data } = wall.getContext('2d').getImageData(0, 0, wall.width, 300);
      return data.findIndex((value, i) => i % 4 === 0 && value < 100);
    });
  const before = await row();
  assert.ok(before > 0);
  await page.setViewportSize({ width: 420, height: 704 });
  await until(page, () => document.querySelector('#wall').height === 704);
  assert.equal(await row(), before, 'the same ink at the same place, and no empty frame');
  await phone.close();
});
