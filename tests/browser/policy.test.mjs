// What holds on a wall is said quietly: it rests, is for those who are invited, a newcomer's ink; areas have outlines.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { Client } from '../wire/client.mjs';
import { draw, openPage, screenshot, settled, stage, told, until, wave } from './kit.mjs';

const { browser, server } = await stage();

const row = (i) => wave([100, 80 + i * 40], [700, 80 + i * 40], 8, 8);
const chip = () => {
  const found = document.querySelector('.policy-chip');
  return found === null || found.hidden ? null : found.textContent;
};
async function admin(canvas) {
  const token = readFileSync(join(server.data, 'admin.token'), 'utf8').trim();
  const client = await Client.join({ port: server.port, origin: server.address }, { canvas, admin: token });
  client.act = async (act) => {
    const id = (client.acts = (client.acts ?? 0) + 1);
    client.say({ type: 'act', id, act });
    const answer = await client.wait((event) => event.id === id);
    assert.equal(answer.type, 'acted', JSON.stringify(answer));
    return answer.act;
  };
  return client;
}

test('a_wall_that_rests_says_so_and_one_draws_again_when_it_is_over', async () => {
  const keeper = await admin('rests');
  const page = await openPage(browser, server.address, { path: '/c/rests#@0,0,0' });
  await draw(page, row(0));
  await settled(page);
  assert.equal(await page.evaluate(chip), null, 'an open wall has nothing to say');
  const act = await keeper.act({ kind: 'mode', mode: 'read-only' });
  await until(page, () => document.querySelector('.policy-chip')?.textContent.includes('looked at'));
  await screenshot(page, 'policy-rests');
  await draw(page, row(1));
  assert.equal(await page.evaluate(() => window.kolamDebug.status().unsaved), 0, 'nothing was begun');
  await keeper.act({ kind: 'undo', act });
  await until(page, () => document.querySelector('.policy-chip')?.hidden === true);
  await draw(page, row(2));
  await settled(page);
  await until(page, () => window.kolamDebug.status().seq === 4);
  assert.deepEqual(page.errors, []);
  await page.context().close();
});

test('a_newcomer_sees_how_much_ink_there_is_and_what_is_refused_is_taken_back_with_its_reason', async () => {
  const keeper = await admin('ink');
  await keeper.act({ kind: 'mode', mode: 'newcomers' });
  const page = await openPage(browser, server.address, { path: '/c/ink#@0,0,0' });
  await draw(page, row(0));
  await settled(page);
  await until(page, () => document.querySelector('.policy-chip')?.textContent === 'Ink');
  const share = () => Number(/scaleX\(([\d.]+)\)/.exec(document.querySelector('.ink-fill').style.transform)[1]);
  assert.ok((await page.evaluate(share)) < 1);
  await keeper.act({
    kind: 'area', area: 'frozen', name: 'The old bridge', level: 0, x: '-300', y: '-200', width: 600, height: 300,
  });
  await keeper.act({
    kind: 'area', area: 'protected', name: 'Garden of the school', level: 0, x: '50', y: '120', width: 300, height: 160,
  });
  await until(page, () => document.querySelectorAll('.areas .area').length === 2);
  await screenshot(page, 'policy-areas');
  const before = await page.evaluate(() => window.kolamDebug.status().seq);
  await draw(page, wave([400, 250], [600, 250], 8, 8));
  await told(page, 'rests for a while');
  await screenshot(page, 'policy-refused');
  await settled(page);
  assert.equal(await page.evaluate(() => window.kolamDebug.status().seq), before, 'it is not on the wall');
  assert.deepEqual(page.errors, []);
  await page.context().close();
});
