// Oneself in the browser: another device, a phrase, an invitation, becoming one, becoming nobody. No secret in any address or message.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from '../wire/client.mjs';
import { draw, ready, screenshot, settled, stage, status, until, wave } from './kit.mjs';

const { open, close, server } = await stage();

const name = async (page) => (await status(page)).person?.name ?? null;
const panel = (page) => page.locator('dialog.you');
const press = (page, text) => panel(page).getByRole('button', { name: text }).click();

async function openYou(page) {
  await page.locator('#wall').focus();
  await page.keyboard.press('Shift+Y');
  await panel(page).waitFor();
}

async function artist(path, options) {
  const page = await open(path, options);
  await draw(page, wave([100, 150], [500, 240]));
  await settled(page);
  return page;
}

// The page begins again, as whom it is for now.
async function entersAs(page, wanted) {
  await until(page, (who) => window.kolamDebug?.status().person?.name === who, wanted);
  await ready(page);
}

test('another_device_becomes_ones_own_by_a_link_that_asks_first', async () => {
  const mira = await artist('/c/you#@0,0,0');
  const who = await name(mira);
  await openYou(mira);
  await press(mira, 'Make a code');
  const code = await panel(mira).locator('.you-code').textContent();
  assert.match(code, /^\w{3}-\w{3}-\w{3}$/);
  assert.equal(await panel(mira).locator('.you-qr path').count(), 1);
  await screenshot(mira, 'you-code');
  const phone = await open(`/c/you#link=${code}`, { width: 390, height: 780 });
  await panel(phone).getByText(`Go on here as ${who}?`).waitFor();
  assert.ok(!phone.url().includes(code), 'the code is gone from the address');
  assert.equal(await name(phone), null, 'nobody is signed in by opening a link');
  await screenshot(phone, 'you-phone');
  await press(phone, `I am ${who}`);
  await entersAs(phone, who);
  const cookies = await phone.context().cookies();
  const secret = cookies.find((cookie) => cookie.name.startsWith('kolam_'));
  assert.ok(secret.httpOnly && secret.sameSite === 'Strict');
  await phone.keyboard.press('Control+z');
  await settled(phone);
  await until(mira, () => window.kolamDebug.status().seq === 2, undefined);
  const late = await open(`/c/you#link=${code}`);
  await panel(late).locator('.you-said').filter({ hasText: /used already/ }).waitFor();
  await close(mira, phone, late);
});

test('words_bring_one_back_and_what_was_drawn_meanwhile_comes_along', async () => {
  const mira = await artist('/c/words#@0,0,0');
  const who = await name(mira);
  await openYou(mira);
  await panel(mira).getByText('This one, since').waitFor();
  await press(mira, 'Make a phrase');
  await panel(mira).locator('.you-words li').nth(11).waitFor();
  const words = await panel(mira).locator('.you-words li').allTextContents();
  assert.equal(words.length, 12);
  await screenshot(mira, 'you-words');
  const other = await artist('/c/words#@0,0,0', { colorScheme: 'dark' });
  assert.notEqual(await name(other), who);
  await openYou(other);
  const field = panel(other).getByLabel('A code or a recovery phrase');
  await field.fill(words.slice(0, 11).join(' '));
  await press(other, 'Continue');
  await panel(other).locator('.you-said').filter({ hasText: /twelve words/ }).waitFor();
  await field.fill(words.join(' '));
  await press(other, 'Continue');
  await panel(other).getByText(`Go on here as ${who}?`).waitFor();
  await screenshot(other, 'you-dark');
  await press(other, `I am ${who}`);
  await entersAs(other, who);
  const witness = await Client.join({ port: server.port }, { canvas: 'words', watch: true });
  witness.say({ type: 'who', artists: [1, 2] });
  const { list } = await witness.wait((event) => event.type === 'artists' && event.list.every((one) => one.name === who));
  assert.equal(list.length, 2, 'both numbers are hers');
  await witness.leave();
  await close(mira, other);
});

test('an_invitation_is_accepted_by_who_opens_it', async () => {
  const token = readFileSync(join(server.data, 'admin.token'), 'utf8').trim();
  const admin = await Client.join({ port: server.port }, { canvas: 'guests', admin: token });
  const invite = async (role) => {
    const from = admin.mark();
    admin.say({ type: 'invite', id: 1, role, uses: 5 });
    return (await admin.wait((event) => event.type === 'invitation', from)).code;
  };
  const mentor = await open(`/c/guests#invite=${await invite('mentor')}`);
  await panel(mentor).getByText('Your role: mentor').waitFor();
  await screenshot(mentor, 'you-invited');
  await press(mentor, 'Accept');
  await panel(mentor).waitFor({ state: 'detached' });
  await openYou(mentor);
  await panel(mentor).getByText('Invite somebody').waitFor();
  const roles = await panel(mentor).locator('select option').allTextContents();
  assert.deepEqual(roles, ['newcomer', 'artist'], 'below one\'s own');
  await press(mentor, 'Make a link');
  const link = await panel(mentor).locator('.you-link').textContent();
  assert.match(link, /\/c\/guests#invite=[0-9a-f]{32}$/);
  await panel(mentor).locator('.you-list li').filter({ hasText: '0 of 1' }).waitFor();
  await screenshot(mentor, 'you-invitations');
  await press(mentor, 'Take back');
  await panel(mentor).getByText('Taken back').waitFor();
  const late = await open(new URL(link).pathname + new URL(link).hash);
  await panel(late).locator('.you-said').filter({ hasText: /not known here/ }).waitFor();
  await admin.leave();
  await close(mentor, late);
});

test('everything_can_be_downloaded_and_forgotten', async () => {
  const mira = await artist('/c/forget#@0,0,0');
  const who = await name(mira);
  await openYou(mira);
  const [file] = await Promise.all([mira.waitForEvent('download'), press(mira, 'Download everything')]);
  const known = JSON.parse(readFileSync(await file.path(), 'utf8'));
  assert.equal(known.person.person[0].name, who);
  assert.equal(known.canvases.find(({ canvas }) => canvas === 'forget').ops.length, 1);
  await panel(mira).locator('summary').click();
  const erase = panel(mira).getByRole('button', { name: 'Erase me' });
  assert.ok(await erase.isDisabled(), 'not without the name');
  await panel(mira).locator('details input').fill(who);
  await screenshot(mira, 'you-erase');
  await erase.click();
  await until(mira, () => window.kolamDebug.status().link === 'open' && window.kolamDebug.status().person === null);
  const witness = await Client.join({ port: server.port }, { canvas: 'forget', watch: true });
  witness.say({ type: 'who', artists: [1] });
  await witness.wait((event) => event.type === 'artists' && event.list[0]?.name === 'former artist');
  await witness.leave();
  await close(mira);
});
