// A moderator's rollback, in real browsers through a real server: choosing whose, where and when; the wall
// without those strokes before anything is done; done, and undone.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client, hideBody, showBody } from '../wire/client.mjs';
import '../wire/tidy.mjs';
import { becomes, draw, inkOf, pastInk, ready, screenshot, settled, stage, status, told, until, wave } from './kit.mjs';

const { server, open, close } = await stage();
const token = readFileSync(join(server.data, 'admin.token'), 'utf8').trim();

async function moderator(canvas, options = {}) {
  const mod = await open(`/c/${canvas}?admin#@0,0,0`, options);
  await mod.getByRole('button', { name: 'Roll back' }).click();
  await mod.getByLabel('Admin token').fill(token);
  await mod.keyboard.press('Enter');
  await ready(mod);
  await mod.locator('.shares-list label').first().waitFor();
  return mod;
}

const seenBy = async (page, seq) => {
  await until(page, (wanted) => window.kolamDebug.status().seq >= wanted, seq);
  await ready(page);
};
const rows = (page) =>
  page.locator('.shares-list label').evaluateAll((all) => all.map((each) => each.innerText.split(/\s*\n\s*/)));
const choose = (page, name) => page.locator('.shares-list label', { hasText: name }).click();
const offers = (page, text) => page.getByRole('button', { name: text, exact: true }).waitFor();
const drawnWithout = (page) =>
  until(page, () => window.kolamDebug.past().rollback.isDrawn && window.kolamDebug.past().rollback.isAfter);

/** Ann's line, and Eve's scribbles over it. */
async function vandalised(canvas) {
  const [ann, eve] = [await open(`/c/${canvas}#@0,0,0`), await open(`/c/${canvas}#@0,0,0`)];
  await draw(ann, wave([450, 200], [850, 220], 24, 30));
  await settled(ann);
  const annOnly = await inkOf(ann);
  await seenBy(eve, 1);
  await eve.keyboard.press('m');
  for (let i = 0; i < 4; i++) {
    await draw(eve, wave([450, 150 + 60 * i], [850, 260 + 60 * i], 16, 60));
  }
  await settled(eve);
  await seenBy(ann, 5);
  return { ann, eve, annOnly, both: await inkOf(eve) };
}

test('a_vandal_is_chosen_from_the_list_and_the_wall_without_them_is_shown_before_it_is_done', async () => {
  const { ann, eve, annOnly, both } = await vandalised('chosen');
  const [annName, eveName] = [(await status(ann)).person.name, (await status(eve)).person.name];
  const mod = await moderator('chosen');
  assert.deepEqual(await rows(mod), [['Everybody', '5'], [eveName, '4'], [annName, '1']]);
  assert.equal(await mod.getByRole('button', { name: 'Roll back', exact: true }).last().isDisabled(), true);
  await choose(mod, eveName);
  await offers(mod, 'Roll back 4 strokes');
  await drawnWithout(mod);
  assert.equal(await pastInk(mod), annOnly, 'after: to the bit what stays');
  assert.equal(await mod.locator('.outline.is-gone').count(), 0);
  await screenshot(mod, 'rollback-after');
  await mod.getByRole('button', { name: 'Before' }).click();
  await until(mod, () => document.querySelectorAll('.outline.is-gone').length === 4 && document.querySelector('#past').hidden);
  assert.equal(await inkOf(mod), both, 'before: as it is');
  await screenshot(mod, 'rollback-before');
  await mod.getByRole('button', { name: 'After' }).click();
  await drawnWithout(mod);
  assert.equal((await status(ann)).seq, 5, 'nothing was done yet');
  await mod.getByRole('button', { name: 'Roll back 4 strokes' }).click();
  await seenBy(ann, 6);
  assert.equal(await inkOf(ann), annOnly);
  await mod.getByText('Choose whose strokes should go.').waitFor();
  assert.deepEqual(await rows(mod), [['Everybody', '1'], [annName, '1']]);
  // One of the four somebody else hides as well: that it is undone brings back three, and theirs is theirs to show.
  const other = await Client.artist({ port: server.port, origin: server.address }, { canvas: 'chosen', admin: token });
  const theirs = await other.commit(hideBody(3));
  assert.equal(theirs.type, 'ack');
  await mod.getByRole('button', { name: 'Undo this rollback' }).click();
  await told(mod, 'what nobody has hidden since');
  await mod.getByRole('button', { name: 'Undo this rollback' }).waitFor({ state: 'hidden' });
  await until(mod, () => document.querySelectorAll('.shares-list label').length === 3);
  assert.deepEqual(await rows(mod), [['Everybody', '4'], [eveName, '3'], [annName, '1']]);
  const { seq } = await other.commit(showBody(3));
  await seenBy(ann, seq);
  assert.equal(await inkOf(ann), both);
  await close(ann, eve, mod);
});

test('a_wrong_token_is_told_and_a_stroke_is_pointed_at', async () => {
  const { ann, eve, annOnly } = await vandalised('pointed');
  const mod = await open('/c/pointed?admin#@0,0,0');
  await mod.getByRole('button', { name: 'Roll back' }).click();
  await mod.getByLabel('Admin token').fill('0'.repeat(64));
  await mod.keyboard.press('Enter');
  await told(mod, 'the admin token is wrong');
  await ready(mod);
  await mod.getByLabel('Admin token').fill(token);
  await screenshot(mod, 'rollback-token');
  await mod.keyboard.press('Enter');
  await ready(mod);
  await mod.locator('.shares-list label').first().waitFor();
  await mod.getByRole('button', { name: 'Point at their strokes' }).click();
  await mod.mouse.click(848, 440);
  await mod.locator('.who-head').first().click();
  await offers(mod, 'Roll back 4 strokes');
  assert.equal(await mod.locator('.shares-list input:checked').count(), 1);
  await drawnWithout(mod);
  assert.equal(await pastInk(mod), annOnly);
  await close(ann, eve, mod);
});

test('a_rectangle_and_a_lasso_take_only_what_has_ink_in_them', async () => {
  const eve = await open('/c/areas#@0,0,0');
  const lines = [[[500, 120], [600, 120]], [[650, 300], [850, 300]], [[500, 420], [560, 420]], [[500, 560], [850, 560]]];
  for (const [from, to] of lines) {
    await draw(eve, wave(from, to, 12, 4));
  }
  await settled(eve);
  const mod = await moderator('areas');
  await mod.getByRole('button', { name: 'Drag a rectangle' }).click();
  await draw(mod, [[470, 90], [520, 100], [620, 160]]);
  await until(mod, () => document.querySelector('.shares-list')?.innerText.includes('1'));
  await choose(mod, 'Everybody');
  await offers(mod, 'Roll back 1 stroke');
  await mod.getByText('The rectangle', { exact: true }).waitFor();
  // Around the second and the third line's corner of its box, not the third itself.
  await mod.getByRole('button', { name: 'Draw a lasso' }).click();
  await draw(mod, [[480, 250], [600, 240], [700, 250], [870, 260], [880, 330], [800, 450], [700, 400], [620, 330], [500, 300]]);
  await mod.getByText('The lasso', { exact: true }).waitFor();
  await offers(mod, 'Roll back 1 stroke');
  await drawnWithout(mod);
  const whole = await inkOf(mod);
  const rest = await pastInk(mod);
  await screenshot(mod, 'rollback-lasso');
  await mod.getByRole('button', { name: 'Roll back 1 stroke' }).click();
  await seenBy(eve, 5);
  assert.equal(await inkOf(eve), rest, 'what the preview showed');
  assert.ok(rest < whole);
  await eve.keyboard.press('i');
  await until(eve, () => document.querySelector('#wall.is-asking'));
  await eve.mouse.click(750, 300);
  await until(eve, () => document.querySelector('.who-list .is-hidden'));
  await close(eve, mod);
});

test('a_span_of_time_takes_only_what_was_drawn_in_it', async () => {
  const eve = await open('/c/spans#@0,0,0');
  for (const y of [150, 300, 450]) {
    await draw(eve, wave([480, y], [850, y], 60, 20));
    await settled(eve);
  }
  const mod = await moderator('spans');
  const api = `${server.address}api/canvas/spans`;
  const track = await mod.locator('.rollback .track').boundingBox();
  const shownAt = () => mod.locator('.rollback .track-handle').evaluateAll((handles) => handles.map((each) => Number(each.getAttribute('aria-valuenow'))));
  assert.deepEqual(await shownAt(), [0, 100]);
  const middle = track.y + track.height / 2;
  await mod.mouse.move(track.x + track.width - 9, middle);
  await mod.mouse.down(); // the strip has a part for each stroke: rests have no length
  await mod.mouse.move(track.x + 9 + (track.width - 18) * 0.2, middle, { steps: 5 });
  await mod.mouse.up();
  await until(mod, () => document.querySelector('.shares-list')?.innerText.match(/Everybody\s+1/));
  await choose(mod, 'Everybody');
  await offers(mod, 'Roll back 1 stroke');
  await mod.getByRole('button', { name: 'Roll back 1 stroke' }).click();
  await seenBy(eve, 4);
  const found = await (await fetch(`${api}/at?level=0&x=${await pixel(eve, 480, 150)}&slack=16`)).json();
  assert.equal(found.strokes[0].hidden, true);
  await close(eve, mod);
});

/** The wall's pixel under a place on the screen, as the question's text. */
async function pixel(page, x, y) {
  return page.evaluate(
    ([px, py]) => {
      const camera = window.kolamDebug.camera();
      const at = (tile, offset, screen, size) => Math.round(tile * 256 + offset + screen - size / 2);
      return `${at(camera.tileX, camera.x, px, innerWidth)}&y=${at(camera.tileY, camera.y, py, innerHeight)}`;
    },
    [x, y],
  );
}

test('on_a_phone_the_panel_makes_way_while_an_area_is_chosen', async () => {
  const { ann, eve } = await vandalised('phone');
  const mod = await moderator('phone', { width: 390, height: 780, scale: 2, hasTouch: true });
  await screenshot(mod, 'rollback-phone');
  const panel = await mod.locator('.rollback').boundingBox();
  assert.ok(panel.x >= 0 && panel.x + panel.width <= 390 && panel.y + panel.height <= 780);
  await mod.getByRole('button', { name: 'Drag a rectangle' }).click();
  await until(mod, () => document.querySelector('.rollback').offsetHeight < 80);
  await mod.keyboard.press('Escape');
  await until(mod, () => document.querySelector('.rollback').offsetHeight > 200);
  await close(ann, eve, mod);
});
