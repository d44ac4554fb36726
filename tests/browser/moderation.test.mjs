// Keeping order in real browsers: a report with its picture, deciding about somebody, what they are told, an area dragged over
// the wall, the record and undoing; with the keyboard, and for who listens.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { kolam } from '../wire/process.mjs';
import { addressTold, draw, inkOf, ready, screenshot, seriousIn, settled, stage, status, told, until, wave } from './kit.mjs';

const { server, open, close } = await stage();
const origin = new URL(server.address).origin;
const admin = async (canvas, ...args) => {
  const run = await kolam(['admin', ...args, '--canvas', canvas, '--server', origin, '--admin-token-file', join(server.data, 'admin.token')]);
  assert.equal(run.code, 0, run.stderr);
  return run.stdout;
};

const tab = (page, name) => page.getByRole('tab', { name });
const panel = (page) => page.getByRole('region', { name: 'Keep order' });

/** Somebody who drew, a vandal over it, and a moderator who looks on. */
async function evening(canvas) {
  const ann = await open(`/c/${canvas}#@0,0,0`);
  await draw(ann, wave([350, 300], [650, 320], 24, 30));
  await settled(ann);
  const eve = await open(`/c/${canvas}#@0,0,0`);
  for (let i = 0; i < 3; i++) {
    await draw(eve, wave([350, 260 + 50 * i], [650, 330 + 30 * i], 16, 60));
  }
  await settled(eve);
  const mod = await open(`/c/${canvas}?moderate#@0,0,0`);
  await draw(mod, wave([100, 100], [140, 110], 8, 10));
  await settled(mod);
  return { ann, eve, mod, names: await Promise.all([ann, eve, mod].map(async (page) => (await status(page)).person)) };
}

test('a_report_is_looked_at_decided_and_answered', async () => {
  const { ann, eve, mod, names } = await evening('order-a');
  assert.equal(await panel(mod).count(), 0, 'not for who may not');
  await admin('order-a', 'role', String(names[2].artist), 'moderator');
  await mod.keyboard.press('?');
  await mod.locator('.finder[open] input').fill('keep order');
  await mod.getByRole('option', { name: /Keep order/ }).waitFor();
  await mod.keyboard.press('Enter');
  await panel(mod).getByText('No reports wait').waitFor();
  // Ann points at the scribble and reports it.
  await ann.keyboard.press('i');
  await until(ann, () => document.querySelector('#wall.is-asking'));
  await ann.mouse.click(500, 290);
  await ann.getByRole('button', { name: 'Report to moderators' }).first().click();
  await ann.getByLabel('What is wrong?').fill('over my kolam');
  assert.deepEqual(await seriousIn(ann), []);
  await ann.keyboard.press('Enter');
  await told(ann, 'A moderator will look at it');
  // The moderator's queue shows it by itself, with its picture.
  await panel(mod).getByText('over my kolam').waitFor();
  await until(mod, () => document.querySelector('.order-picture')?.naturalWidth > 100);
  assert.match(await tab(mod, /Reports/).innerText(), /\(1\)/);
  await mod.getByRole('button', { name: /^Go there/ }).click();
  assert.deepEqual(await seriousIn(mod), []);
  await screenshot(mod, 'order-reports');
  await mod.getByRole('button', { name: /^Decide…/ }).first().click();
  const dialog = mod.getByRole('dialog', { name: 'Decide…' });
  await until(mod, () => document.querySelectorAll('dialog select option[value*="/24"]').length === 1);
  await dialog.getByLabel('Why').fill('let the others draw');
  assert.deepEqual(await seriousIn(mod), []);
  await screenshot(mod, 'order-decide');
  await dialog.getByRole('button', { name: 'Decide', exact: true }).click();
  await told(eve, 'let the others draw');
  const before = (await status(eve)).seq;
  await draw(eve, wave([350, 500], [650, 500], 16, 20));
  await told(eve, 'you are suspended from drawing here');
  assert.equal((await status(ann)).seq, before);
  // Who reported it hears of it.
  await mod.getByRole('button', { name: /^Close…/ }).click();
  await mod.getByLabel('What came of it').fill('They rest for two hours.');
  await mod.keyboard.press('Enter');
  await told(ann, 'They rest for two hours.');
  await panel(mod).getByText('No reports wait').waitFor();
  // The record, and undoing: by the keyboard.
  await tab(mod, /Reports/).focus();
  await mod.keyboard.press('ArrowRight');
  await panel(mod).getByRole('heading', { name: /Suspend/ }).waitFor();
  await mod.keyboard.press('ArrowRight');
  await panel(mod).getByRole('heading', { name: /Report closed/ }).waitFor();
  await screenshot(mod, 'order-record');
  assert.deepEqual(await seriousIn(mod), []);
  await mod.getByRole('button', { name: /^Undo: Suspend/ }).first().click();
  await told(eve, 'You can draw again.');
  await draw(eve, wave([350, 560], [650, 560], 16, 20));
  await settled(eve);
  await mod.keyboard.press('Escape');
  await until(mod, () => document.querySelector('.order').hidden);
  await close(ann, eve, mod);
});

test('an_area_is_dragged_over_the_wall_and_taken_back_and_a_rollback_needs_no_token', async () => {
  const { ann, eve, mod, names } = await evening('order-b');
  await admin('order-b', 'role', String(names[2].artist), 'owner');
  await mod.reload();
  await ready(mod);
  await panel(mod).waitFor();
  await tab(mod, 'Canvas').click();
  await mod.getByRole('combobox', { name: 'Who may draw' }).selectOption('newcomers');
  await mod.getByRole('button', { name: 'Set: Who may draw' }).click();
  await until(mod, () => document.body.innerText.includes('Done. It can be undone'));
  // Who thought better of it draws as before.
  await mod.getByRole('button', { name: 'Drag a rectangle' }).click();
  await until(mod, () => document.querySelector('#wall.is-choosing'));
  await mod.keyboard.press('Escape');
  await panel(mod).waitFor({ state: 'hidden' });
  await draw(mod, wave([350, 450], [650, 460], 8, 10), { isReleased: false });
  await until(mod, () => window.kolamDebug.status().isDrawing);
  await mod.mouse.up();
  await settled(mod);
  assert.doesNotMatch(await admin('order-b', 'policy'), /frozen/);
  await mod.keyboard.press('?');
  await mod.locator('.finder[open] input').fill('keep order');
  await mod.getByRole('option', { name: /Keep order/ }).waitFor();
  await mod.keyboard.press('Enter');
  await panel(mod).waitFor();
  await mod.getByLabel('Name of the place', { exact: true }).fill('The old kolam');
  await mod.getByRole('button', { name: 'Drag a rectangle' }).click();
  await mod.mouse.move(500, 200);
  await mod.mouse.down();
  await mod.mouse.move(600, 300, { steps: 4 });
  await mod.mouse.move(800, 500, { steps: 4 });
  await screenshot(mod, 'order-drag');
  await mod.mouse.up();
  await panel(mod).getByRole('heading', { name: /Frozen: nobody draws · The old kolam/ }).waitFor();
  assert.deepEqual(await seriousIn(mod), []);
  await screenshot(mod, 'order-canvas');
  assert.match(await admin('order-b', 'policy'), /mode newcomers[\s\S]*frozen The old kolam/);
  await mod.getByRole('button', { name: /^Undo: Frozen/ }).click();
  await panel(mod).getByText('No areas').waitFor();
  await mod.emulateMedia({ colorScheme: 'dark' });
  await tab(mod, 'People').click();
  await mod.getByLabel('Artist’s number or name').fill(names[1].name);
  await mod.keyboard.press('Enter');
  const dialog = mod.getByRole('dialog', { name: 'Decide…' });
  await dialog.getByRole('combobox', { name: 'What', exact: true }).selectOption('ban');
  await dialog.getByLabel(/^Hidden/).waitFor();
  assert.deepEqual(await seriousIn(mod), []);
  await screenshot(mod, 'order-dark');
  await dialog.getByLabel(/^Hidden/).check();
  await dialog.getByRole('button', { name: 'Decide', exact: true }).click();
  await panel(mod).getByRole('heading', { name: /Ban · .* · hidden/ }).waitFor();
  await mod.setViewportSize({ width: 390, height: 780 });
  await screenshot(mod, 'order-phone');
  assert.deepEqual(await seriousIn(mod), []);
  // What is drawn now nobody else sees, and its author is told nothing.
  const before = await inkOf(ann);
  await draw(eve, wave([350, 500], [650, 500], 16, 20));
  await settled(eve);
  assert.doesNotMatch(await eve.evaluate(() => document.querySelector('.toast').textContent), /\bban/i);
  await ann.reload();
  await ready(ann);
  assert.equal(await inkOf(ann), before, 'also not for who comes now');
  await close(ann, eve, mod);
});

test('artists_of_standing_vote_a_stroke_off_the_wall', async () => {
  const { ann, eve, mod, names } = await evening('order-c');
  await draw(eve, wave([350, 560], [650, 560], 8, 0));
  await settled(eve);
  await draw(ann, wave([500, 500], [500, 620], 8, 0));
  await settled(ann);
  await admin('order-c', 'role', String(names[0].artist), 'artist');
  await admin('order-c', 'role', String(names[2].artist), 'owner');
  const line = (page) => page.evaluate(() => window.kolamDebug.tile(0, -1, 0)?.rgba[(210 * 256 + 206) * 4 + 3]);
  const button = (page) => page.getByRole('button', { name: 'Take it off the wall? Vote' });
  const heads = (page) => page.locator('.who-list .who-head');
  const ask = async (page) => {
    if (!(await page.evaluate(() => document.querySelector('#wall.is-asking') !== null))) {
      await page.keyboard.press('i');
      await until(page, () => document.querySelector('#wall.is-asking') !== null);
    }
    await page.mouse.click(500, 560);
    await heads(page).nth(1).waitFor();
    assert.equal(await heads(page).count(), 2, 'a stroke of Ann over one of Eve');
  };
  await ask(ann);
  await heads(ann).nth(1).click();
  assert.equal(await button(ann).count(), 0, 'this wall wants no votes');
  // The owner sets how many there have to be: who looks is offered it at once, but about others' strokes alone.
  await addressTold(mod);
  await mod.reload();
  await ready(mod);
  await tab(mod, 'Canvas').click();
  await mod.getByRole('combobox', { name: 'Votes that hide a stroke' }).selectOption('2');
  await mod.getByRole('button', { name: 'Set: Votes that hide a stroke' }).click();
  await button(ann).waitFor();
  assert.equal(await button(ann).count(), 1);
  assert.deepEqual(await seriousIn(ann), []);
  await button(ann).scrollIntoViewIfNeeded();
  await screenshot(ann, 'votes-card');
  await screenshot(mod, 'votes-canvas');
  assert.deepEqual(await seriousIn(mod), []);
  await button(ann).press('Enter');
  await ann.getByText('You voted. 2 votes take it off the wall.').waitFor();
  assert.equal(await ann.evaluate(() => document.activeElement.className), 'who-said');
  assert.deepEqual(await seriousIn(ann), []);
  await screenshot(ann, 'votes-voted');
  await ask(eve);
  assert.equal(await button(eve).count(), 0, 'not for newcomers');
  // Once is enough.
  await ann.mouse.click(500, 560);
  await ann.getByText('You voted').waitFor({ state: 'detached' });
  await heads(ann).nth(1).click();
  await button(ann).click();
  await ann.getByText('You have voted about this one already.').waitFor();
  assert.ok((await line(eve)) > 0, 'one vote is not two');
  // The second one takes it off, for all.
  await mod.keyboard.press('Escape');
  await panel(mod).waitFor({ state: 'hidden' });
  await ask(mod);
  await heads(mod).nth(1).click();
  await button(mod).nth(1).click();
  await mod.getByText('You voted.').waitFor();
  for (const page of [ann, eve, mod]) {
    await until(page, () => window.kolamDebug.tile(0, -1, 0)?.rgba[(210 * 256 + 206) * 4 + 3] === 0);
  }
  // The panel tells what holds from its first moment, also a number that it does not offer.
  await admin('order-c', 'votes', '7');
  await mod.reload();
  await tab(mod, 'Canvas').click();
  await until(mod, () => [...document.querySelectorAll('.order select')].some((each) => each.value === '7'));
  await close(ann, eve, mod);
});
