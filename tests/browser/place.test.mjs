// The wall as a place: the first visit, finding the way, what happens elsewhere, the map.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { draw, ready, reloadWithSettings, screenshot, settled, stage, until, wave } from './kit.mjs';
import { isAt, loaded, middle, somebody, there, WIDE } from './place-kit.mjs';

const { server, open, close } = await stage();

async function goTo(page, text) {
  await page.keyboard.press('g');
  await page.locator('.search-input').fill(text);
  await until(page, () => document.querySelector('.hit') !== null);
  await page.keyboard.press('Enter');
}

// ---- the first visit ----

test('a_newcomer_is_told_three_things_in_one_line_and_draws_at_once', async () => {
  const page = await open('/c/first');
  assert.match(await page.locator('.hint').innerText(), /Draw with the mouse.*Move.*Undo/);
  assert.equal(await page.locator('dialog[open]').count(), 0, 'nothing stands before the wall');
  await draw(page, wave([200, 200], [500, 300]));
  await settled(page);
  assert.equal(await page.locator('.hint').count(), 0, 'whoever draws needs it no more');
  await reloadWithSettings(page);
  await ready(page);
  await loaded(page);
  assert.equal(await page.locator('.hint').count(), 0);
  const other = await open('/c/elsewhere', { context: page.context() });
  assert.equal(await other.locator('.hint').count(), 0, 'nor on another wall');
  await close(page);
  const finger = await open('/c/first', { width: 390, height: 780, hasTouch: true, isMobile: true });
  assert.match(await finger.locator('.hint').innerText(), /finger/);
  await screenshot(finger, 'place-hint-phone');
  await finger.locator('.hint button').click();
  await finger.reload();
  await ready(finger);
  await loaded(finger);
  assert.equal(await finger.locator('.hint').count(), 0, 'dismissed for good');
  await close(finger);
});

// ---- finding the way ----

test('one_flies_to_coordinates_and_back_and_forward_and_any_press_ends_a_flight', async () => {
  const page = await open('/c/ways#@0,0,0');
  await page.evaluate(() => {
    window.least = 0;
    const look = () => {
      window.least = Math.min(window.least, window.kolamDebug.camera().zoom);
      requestAnimationFrame(look);
    };
    look();
  });
  await goTo(page, '3000, -400');
  await there(page, 3000, -400, 0);
  assert.ok((await page.evaluate(() => window.least)) < -1, 'out, over and in');
  await page.keyboard.press('Alt+ArrowLeft');
  await there(page, 0, 0, 0);
  await page.keyboard.press('Alt+ArrowRight');
  await there(page, 3000, -400, 0);
  await goTo(page, `${server.address}c/ways#@1,2,0`);
  await there(page, 1, 2, 0);
  /* In the frame in which it is seen on its way: under load it may have arrived when a press comes from outside. */
  await page.evaluate(() => {
    const press = () => {
      window.isHeld = window.kolamDebug.camera().zoom < -1;
      if (window.isHeld) {
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Shift', bubbles: true }));
      } else {
        requestAnimationFrame(press);
      }
    };
    press();
  });
  await goTo(page, '900000, 0, 50%');
  await until(page, () => window.isHeld);
  const [x] = await page.evaluate(middle);
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 120)));
  assert.equal((await page.evaluate(middle))[0], x, 'it stays where the press found it');
  assert.ok(x < 900000);
  await close(page);
  const still = await open('/c/ways#@0,0,0', { reducedMotion: 'reduce' });
  await goTo(still, '50000,100');
  assert.ok(await still.evaluate(isAt, [50000, 100, 0]), 'without motion one is there at once');
  await close(still);
});

test('places_get_names_for_oneself_and_for_everybody_and_are_found_again', async () => {
  const { client, drawAt } = await somebody(server, 'names', 'Mira Möller');
  await drawAt(7000, 7000);
  const page = await open('/c/names#@4000,-2000,0', { ...WIDE, reducedMotion: 'reduce' });
  await draw(page, wave([300, 200], [600, 300]));
  await settled(page);
  await page.keyboard.press('b');
  await page.locator('.is-naming .place-text').waitFor();
  await page.keyboard.type('The quiet corner');
  await page.keyboard.press('Enter');
  await until(page, () => document.querySelector('dialog[open]') === null);
  await page.keyboard.press('b');
  await page.locator('.is-naming .place-text').waitFor();
  await page.keyboard.type('Zum Brückle');
  await page.locator('.place-check input').check();
  await page.locator('.is-naming .text-button').click();
  await until(page, () => document.querySelector('dialog[open]') === null);
  await client.wait((event) => event.type === 'places_changed');
  await reloadWithSettings(page);
  await ready(page);
  await page.evaluate(() => (location.hash = '#@0,0,0'));
  await page.keyboard.press('g');
  await until(page, () => document.querySelectorAll('[aria-label="Places"] .row').length === 2);
  await page.keyboard.type('bruckle');
  await until(page, () => document.querySelector('.hit .row-title')?.textContent === 'Zum Brückle');
  await page.keyboard.press('Enter');
  await there(page, 4000, -2000, 0);
  await page.keyboard.press('g');
  await page.locator('.search-input').fill('mira');
  await until(page, () => document.querySelector('.hit .row-title')?.textContent === 'Mira Möller');
  await screenshot(page, 'place-search');
  await page.keyboard.press('Enter');
  await until(page, () => {
    const { tileX } = window.kolamDebug.camera();
    return tileX > 25 && tileX < 30;
  });
  await page.keyboard.press('g');
  await page.locator('[aria-label="Remove Zum Brückle"]').click();
  await until(page, () => document.querySelectorAll('[aria-label="Places"] .row').length === 1);
  await close(page);
});

// ---- what happens elsewhere ----

test('signs_at_the_edge_show_where_people_draw_and_lead_there', async () => {
  const { drawAt } = await somebody(server, 'signs', 'Otto');
  const page = await open('/c/signs#@0,5000,0', WIDE);
  await draw(page, wave([300, 200], [600, 300]));
  await settled(page);
  await drawAt(5000, 5000);
  await until(page, () => document.querySelectorAll('.sign').length === 2);
  const label = 'Otto draws 4 screens to the right. Go there';
  await until(page, (wanted) => document.querySelector(`.sign[aria-label="${wanted}"]`), label);
  assert.equal(await page.locator('.sign[aria-label*="above"]').count(), 1, 'and the other way');
  await screenshot(page, 'place-signs');
  await page.locator(`.sign[aria-label="${label}"] .sign-dot`).click();
  await until(page, () => window.kolamDebug.camera().tileX >= 18);
  await until(page, (gone) => document.querySelector(`.sign[aria-label="${gone}"]`) === null, label);
  await page.keyboard.press('w');
  await until(page, () => Math.abs(window.kolamDebug.camera().tileY) < 3);
  assert.ok(!(await page.locator('.sign').allInnerTexts()).includes('You'), 'one is no news to oneself');
  await page.keyboard.press('Shift+T');
  await until(page, () => document.body.classList.contains('is-past'));
  for (const part of ['.signs', '.map', '.pills']) {
    assert.ok(!(await page.locator(part).first().isVisible()), `${part} is of now, not of the past`);
  }
  await close(page);
});

test('the_map_shows_the_way_and_costs_nothing_while_nothing_moves', async () => {
  const { client, drawAt } = await somebody(server, 'map');
  await client.draw([0, 0, 1800, 1400]);
  await drawAt(9000, 0);
  const page = await open('/c/map#@0,0,0', WIDE);
  await until(page, () => window.kolamDebug.place()?.map.isShown && window.kolamDebug.place().map.asked >= 1);
  /* A picture of what is painted, as on the wall: dark ink. */
  await until(page, () => window.kolamDebug.place().map.pictures > 0 && window.kolamDebug.place().map.isPresent);
  await until(page, () => {
    const canvas = document.querySelector('.map-canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value, i) => i % 4 === 3 && value > 60 && data[i - 3] < 90 && data[i - 2] < 90 && data[i - 1] < 90);
  });
  const mapOf = async () => (await page.evaluate(() => window.kolamDebug.place())).map;
  let before = await mapOf();
  for (let last = null; last !== before.drawn; ) {
    last = before.drawn;
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    before = await mapOf();
  }
  await page.mouse.move(500, 300);
  for (let i = 0; i < 12; i++) {
    await page.mouse.move(500 + i, 300);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  const later = await mapOf();
  assert.ok(later.asked - before.asked <= 1, 'it asks when something happened, and not for each frame');
  assert.ok(later.drawn - before.drawn <= 1, 'at most for what came meanwhile');
  const box = await page.locator('.map-canvas').boundingBox();
  await page.mouse.click(box.x + box.width * 0.9, box.y + box.height * 0.5);
  await until(page, () => window.kolamDebug.camera().tileX > 20);
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.5);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.2, box.y + box.height * 0.5, { steps: 4 });
  await page.mouse.up();
  await until(page, () => window.kolamDebug.camera().tileX < 15);
  await page.locator('.map-close').click();
  await reloadWithSettings(page);
  await ready(page);
  await loaded(page);
  assert.ok(!(await page.locator('.map').isVisible()), 'it stays closed');
  await page.evaluate(() => (location.hash = '#@0,0,0'));
  await page.keyboard.press('Shift+H');
  await until(page, () => window.kolamDebug.place().heat.total > 0);
  await page.locator('.legend-spans button').first().click();
  await until(page, () => window.kolamDebug.place().heat.span === 'hour');
  await screenshot(page, 'place-heat');
  await page.keyboard.press('Escape');
  await until(page, () => !window.kolamDebug.place().heat.isShown);
  await close(page);
});
