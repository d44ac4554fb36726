// Keeping order in real browsers, one evening on one wall: a report with its picture, deciding about somebody, what they are told;
// areas dragged over the wall, changed and ended; votes given and taken back; the record, rolling back and undoing. With the keyboard,
// on a phone, and for who listens.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { kolam } from '../wire/process.mjs';
import { becomes, draw, inkOf, ready, screenshot, seriousIn, settled, stage, status, told, until, wave } from './kit.mjs';

const { server, open, close } = await stage();
const origin = new URL(server.address).origin;
const CANVAS = 'order';
const admin = async (...args) => {
  const run = await kolam(['admin', ...args, '--canvas', CANVAS, '--server', origin, '--admin-token-file', join(server.data, 'admin.token')]);
  assert.equal(run.code, 0, run.stderr);
  return run.stdout;
};

const tab = (page, name) => page.getByRole('tab', { name });
const panel = (page) => page.getByRole('region', { name: 'Keep order' });
const dialog = (page, name) => page.getByRole('dialog', { name });
const pressed = (page, name) => page.getByRole('button', { name }).first().click();

async function keepOrder(page) {
  await page.keyboard.press('?');
  await page.locator('.finder[open] input').fill('keep order');
  await page.getByRole('option', { name: /Keep order/ }).waitFor();
  await page.keyboard.press('Enter');
  await panel(page).waitFor();
}

/** Somebody who drew, a vandal over it, and a moderator who looks on. */
async function artist(begin) {
  const page = await open(`/c/${CANVAS}#@0,0,0`);
  for (const stroke of begin) {
    await draw(page, stroke);
  }
  await settled(page);
  return page;
}
const ann = await artist([wave([350, 300], [650, 320], 24, 30)]);
const eve = await artist([0, 1, 2].map((i) => wave([350, 260 + 50 * i], [650, 330 + 30 * i], 16, 60)));
const mod = await artist([wave([100, 100], [140, 110], 8, 10)]);
const [annie, evil, keeper] = await Promise.all([ann, eve, mod].map(async (page) => (await status(page)).person));

test('a_report_is_looked_at_decided_and_answered', async () => {
  assert.equal(await panel(mod).count(), 0, 'not for who may not');
  await admin('role', String(keeper.artist), 'moderator');
  await keepOrder(mod);
  await panel(mod).getByText('No reports wait').waitFor();
  // Ann points at the scribble and reports it.
  await ann.keyboard.press('i');
  await until(ann, () => document.querySelector('#wall.is-asking'));
  await ann.mouse.click(500, 290);
  await pressed(ann, 'Report to moderators');
  await ann.getByLabel('What is wrong?').fill('over my kolam');
  assert.deepEqual(await seriousIn(ann), []);
  await ann.keyboard.press('Enter');
  await told(ann, 'A moderator will look at it');
  // The moderator's queue shows it by itself, with its picture.
  await panel(mod).getByText('over my kolam').waitFor();
  await until(mod, () => document.querySelector('.order-picture')?.naturalWidth > 100);
  assert.match(await tab(mod, /Reports/).innerText(), /\(1\)/);
  assert.deepEqual(await seriousIn(mod), []);
  await screenshot(mod, 'order-reports');
  await pressed(mod, /^Decide…/);
  await until(mod, () => document.querySelectorAll('dialog select option[value*="/24"]').length === 1);
  await dialog(mod, 'Decide…').getByLabel('Why').fill('let the others draw');
  assert.deepEqual(await seriousIn(mod), []);
  await screenshot(mod, 'order-decide');
  await dialog(mod, 'Decide…').getByRole('button', { name: 'Decide', exact: true }).click();
  await told(eve, 'let the others draw');
  const before = (await status(eve)).seq;
  await draw(eve, wave([350, 500], [650, 500], 16, 20));
  await told(eve, 'you are suspended from drawing here');
  assert.equal((await status(ann)).seq, before);
  // Who reported it hears of it.
  await pressed(mod, /^Close…/);
  await mod.getByLabel('What came of it').fill('They rest for two hours.');
  await mod.keyboard.press('Enter');
  await told(ann, 'They rest for two hours.');
  await panel(mod).getByText('No reports wait').waitFor();
  // The record, and undoing: by the keyboard.
  await tab(mod, /Reports/).focus();
  await mod.keyboard.press('ArrowRight');
  await panel(mod).getByRole('heading', { name: /Suspend/ }).waitFor();
  await mod.keyboard.press('ArrowRight');
  await panel(mod).getByText('No areas').waitFor();
  await mod.keyboard.press('ArrowRight');
  await panel(mod).getByRole('heading', { name: /Report closed/ }).waitFor();
  assert.deepEqual(await seriousIn(mod), []);
  await screenshot(mod, 'order-record');
  await pressed(mod, /^Undo: Suspend/);
  await told(eve, 'You can draw again.');
  await draw(eve, wave([350, 560], [650, 560], 16, 20));
  await settled(eve);
});

test('areas_are_dragged_listed_changed_and_ended', async () => {
  const heading = (name) => panel(mod).getByRole('heading', { name });
  const policy = () => admin('policy');
  await tab(mod, 'Areas').click();
  // A moderator freezes, and nothing else; who becomes owner meanwhile may all.
  await pressed(mod, 'What is in view');
  const kinds = dialog(mod, 'A new area').getByRole('combobox', { name: 'What', exact: true });
  assert.equal(await kinds.locator('option').count(), 1);
  await mod.keyboard.press('Escape');
  await tab(mod, 'Canvas').click();
  await admin('role', String(keeper.artist), 'owner');
  await mod.getByRole('combobox', { name: 'Votes that hide a stroke' }).waitFor();
  await mod.getByRole('combobox', { name: 'Who may draw' }).selectOption('newcomers');
  await pressed(mod, 'Set: Who may draw');
  await told(mod, 'Done. It can be undone');
  await tab(mod, 'Areas').click();
  // Who thought better of it is back at the list, and then draws as before.
  await pressed(mod, 'Drag a rectangle');
  await until(mod, () => document.querySelector('#wall.is-choosing') && document.querySelector('.order.is-away'));
  await mod.keyboard.press('Escape');
  await until(mod, () => !document.querySelector('#wall.is-choosing, .order.is-away') && document.activeElement.closest('.order') !== null);
  assert.match(await policy(), /^canvas order: mode newcomers[^\n]*\n$/);
  // Dragged, for Ann.
  await pressed(mod, 'Drag a rectangle');
  await mod.mouse.move(500, 200);
  await mod.mouse.down();
  await mod.mouse.move(600, 300, { steps: 3 });
  await mod.mouse.move(800, 500, { steps: 3 });
  await screenshot(mod, 'order-drag');
  await mod.mouse.up();
  await kinds.selectOption('owned');
  const form = dialog(mod, 'A new area');
  await form.getByLabel('Artist’s number or name').fill(annie.name);
  await mod.keyboard.press('Enter');
  await form.getByRole('button', { name: `Take out ${annie.name}` }).waitFor();
  await form.getByRole('combobox', { name: /^Owner/ }).selectOption(String(annie.artist));
  await form.getByLabel('Name, shown on the wall').fill('Garden');
  await form.getByLabel('Why, for the record').fill('Ann asked for it');
  assert.deepEqual(await seriousIn(mod), []);
  await screenshot(mod, 'order-area-form');
  await form.getByRole('button', { name: 'Make it' }).click();
  await heading(/Owned: its members draw · Garden/).waitFor();
  await panel(mod).getByText(`For ${annie.name} (owner)`).waitFor();
  await panel(mod).getByText('Ann asked for it').waitFor(); // the record knows why
  await mod.locator('#order-2').getByText(`${keeper.name} · `).waitFor(); // and by whom
  const [, number] = /area (\d+): owned "Garden"/.exec(await policy());
  await until(mod, () => document.querySelector('.area.is-owned .area-kind')?.checkVisibility());
  assert.deepEqual(await seriousIn(mod), []);
  await screenshot(mod, 'order-areas');
  await draw(eve, wave([560, 220], [700, 220], 4, 0));
  await told(eve, 'This area is for its members');
  await pressed(mod, /^Change….*Garden/);
  assert.equal(await mod.getByLabel('Why, for the record').inputValue(), 'Ann asked for it');
  await mod.keyboard.press('Escape');
  // Whose area it is, and keeps no order, decides who is in it.
  await keepOrder(ann);
  assert.deepEqual(await panel(ann).getByRole('tab').allInnerTexts(), ['Areas']);
  await pressed(ann, /^Change….*Garden/);
  const own = dialog(ann, 'Change this area');
  assert.equal(await own.getByRole('combobox').count(), 0, 'what it is, and where, stays');
  assert.equal(await own.getByRole('button', { name: `Take out ${annie.name}` }).count(), 0);
  await own.getByLabel('Artist’s number or name').fill(String(evil.artist));
  assert.deepEqual(await seriousIn(ann), []);
  await screenshot(ann, 'order-area-own');
  await own.getByRole('button', { name: 'Save', exact: true }).click();
  await panel(ann).getByText(`${evil.name}`).waitFor();
  assert.match(await policy(), new RegExp(`area ${number}: owned "Garden"[^\\n]*,300,300,`));
  await draw(eve, wave([560, 240], [700, 240], 4, 0));
  await settled(eve);
  await pressed(ann, /^Change….*Garden/);
  await own.getByRole('button', { name: `Take out ${evil.name}` }).click();
  await own.getByRole('button', { name: 'Save', exact: true }).click();
  await until(ann, (name) => !document.querySelector('.order').innerText.includes(name), evil.name);
  await panel(ann).getByRole('button', { name: 'Close' }).click();
  // Changed: another kind, the rest as it was.
  await pressed(mod, /^Change….*Garden/);
  assert.equal(await mod.getByLabel('Why, for the record').inputValue(), '', 'Ann gave no reason');
  await dialog(mod, 'Change this area').getByRole('combobox', { name: 'What', exact: true }).selectOption('frozen');
  await mod.getByLabel('Why, for the record').fill('paint fight');
  await mod.getByRole('button', { name: 'Save', exact: true }).click();
  await heading(/Frozen: nobody draws · Garden/).waitFor();
  await panel(mod).getByText('paint fight').waitFor();
  assert.match(await policy(), new RegExp(`area ${number}: frozen "Garden"[^\\n]*,300,300,`));
  // On a phone, in the dark, from right to left: it is flown to, into the part of the wall that the panel leaves free.
  await mod.emulateMedia({ colorScheme: 'dark' });
  await mod.setViewportSize({ width: 360, height: 740 });
  await mod.evaluate(() => document.documentElement.setAttribute('dir', 'rtl'));
  await pressed(mod, /^Go there/);
  await until(mod, () => {
    const [area, order] = ['.area rect', '.order'].map((at) => document.querySelector(at).getBoundingClientRect());
    const tools = document.querySelector('.tools').getBoundingClientRect();
    return area.top >= order.bottom && area.bottom <= tools.top && area.left >= 0 && area.right <= 360;
  });
  assert.ok(await mod.evaluate(() => document.querySelector('.order').scrollWidth <= document.querySelector('.order').clientWidth));
  assert.deepEqual(await seriousIn(mod), []);
  await screenshot(mod, 'order-areas-phone');
  await mod.evaluate(() => document.documentElement.removeAttribute('dir'));
  await mod.setViewportSize({ width: 900, height: 700 });
  await mod.emulateMedia({ colorScheme: 'light' });
  await mod.evaluate(() => (location.hash = '#@0,0,0'));
  await until(mod, () => document.querySelector('.area rect').getBoundingClientRect().left === 500);
  // Ended by the keyboard, which stays in the panel.
  await mod.getByRole('button', { name: /^End: Frozen/ }).focus();
  await mod.keyboard.press('Enter');
  await panel(mod).getByText('No areas').waitFor();
  await until(mod, () => document.activeElement.closest('.order') !== null);
  await admin('mode', 'open');
});

test('artists_of_standing_vote_a_stroke_off_the_wall_and_take_their_vote_back', async () => {
  await ann.keyboard.press('i');
  await until(ann, () => document.querySelector('#wall.is-asking') === null);
  await draw(eve, wave([350, 430], [650, 430], 8, 0));
  await settled(eve);
  await draw(ann, wave([440, 420], [440, 470], 8, 0));
  await settled(ann);
  await admin('role', String(annie.artist), 'artist');
  const cast = (page) => page.getByRole('button', { name: 'Take it off the wall? Vote' });
  const back = (page) => page.getByRole('button', { name: 'Take your vote back' });
  const heads = (page) => page.locator('.who-list .who-head');
  const alpha = () => window.kolamDebug.tile(0, 0, 0)?.rgba[(80 * 256 + 150) * 4 + 3];
  const ask = async (page) => {
    if (!(await page.evaluate(() => document.querySelector('#wall.is-asking') !== null))) {
      await page.keyboard.press('i');
      await until(page, () => document.querySelector('#wall.is-asking') !== null);
    }
    const asked = await page.evaluate(() => window.kolamDebug.past()?.asked ?? 0);
    await page.mouse.click(440, 430);
    await until(page, (before) => window.kolamDebug.past()?.asked > before, asked);
    assert.equal(await heads(page).count(), 2, 'a stroke of Ann over one of Eve');
    await heads(page).nth(1).click();
  };
  await ask(ann);
  assert.equal(await cast(ann).count(), 0, 'this wall wants no votes');
  // The owner sets how many there have to be: who looks is offered it at once, but about others' strokes alone.
  await tab(mod, 'Canvas').click();
  await mod.getByRole('combobox', { name: 'Votes that hide a stroke' }).selectOption('2');
  await pressed(mod, 'Set: Votes that hide a stroke');
  await cast(ann).waitFor();
  assert.equal(await cast(ann).count(), 1);
  await cast(ann).press('Enter');
  await ann.getByText('You voted. 2 votes take it off the wall.').waitFor();
  assert.deepEqual(await seriousIn(ann), []);
  await screenshot(ann, 'votes-voted');
  await ask(eve);
  assert.equal(await cast(eve).count(), 0, 'not for newcomers');
  // Once is enough, and the card knows it when it is opened again; it can be taken back.
  await ask(ann);
  await ann.getByText('You voted.').waitFor();
  assert.equal(await cast(ann).count(), 0);
  await back(ann).click();
  await ann.getByText('Your vote is taken back.').waitFor();
  await cast(ann).click();
  await back(ann).waitFor();
  assert.ok((await ann.evaluate(alpha)) > 0, 'one vote is not two');
  // Not while the area rests.
  const [, act] = /(\d+)/.exec(await admin('freeze', '--rect', '-60,30,100,100'));
  await mod.keyboard.press('Escape');
  await panel(mod).waitFor({ state: 'hidden' });
  await ask(mod);
  await cast(mod).nth(1).click();
  await mod.getByText('This area rests for a while. You can vote').waitFor();
  await admin('undo', act);
  // The second one takes it off, for all.
  await cast(mod).nth(1).click();
  for (const page of [ann, eve, mod]) {
    await becomes(() => page.evaluate(alpha), 0);
  }
});

test('a_vandal_is_rolled_back_from_the_card_and_told_and_banned_unseen', async () => {
  const clean = await inkOf(ann);
  const undo = (page) => page.getByRole('button', { name: 'Undo', exact: true });
  const before = await inkOf(eve);
  await mod.mouse.click(480, 290);
  await pressed(mod, 'Roll back');
  await mod.locator('.shares-list input:checked').waitFor();
  const apply = mod.getByRole('button', { name: /^Roll back \d+ strokes/ });
  await apply.click();
  await told(eve, 'Something of yours was taken off the wall');
  await until(mod, () => document.querySelector('.rollback').innerText.includes('Undo this rollback'));
  assert.ok((await inkOf(ann)) < clean);
  await becomes(() => undo(eve).isDisabled(), true); // what somebody else took off the wall is no step
  await pressed(mod, 'Undo this rollback');
  await becomes(() => inkOf(eve), before);
  await until(eve, () => !document.querySelector('.tools [aria-label="Undo"]').disabled);
  await mod.locator('.rollback').getByRole('button', { name: 'Close' }).click();
  // By name, and not told: what is drawn now nobody else sees.
  await keepOrder(mod);
  await tab(mod, 'People').click();
  await mod.getByLabel('Artist’s number or name').fill(evil.name);
  await mod.keyboard.press('Enter');
  const form = dialog(mod, 'Decide…');
  await form.getByRole('combobox', { name: 'What', exact: true }).selectOption('ban');
  await form.getByLabel(/^Hidden/).check();
  await form.getByRole('button', { name: 'Decide', exact: true }).click();
  await panel(mod).getByRole('heading', { name: /Ban · .* · hidden/ }).waitFor();
  assert.deepEqual(await seriousIn(mod), []);
  const seen = await inkOf(ann);
  await draw(eve, wave([350, 500], [650, 500], 16, 20));
  await settled(eve);
  assert.doesNotMatch(await eve.evaluate(() => document.querySelector('.toast').textContent), /\bban/i);
  await ann.reload();
  await ready(ann);
  assert.equal(await inkOf(ann), seen, 'also not for who comes now');
  await close(ann, eve, mod);
});
