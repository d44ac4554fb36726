// Edits are not lost and not doubled: without the server, over reloads, when it is killed; and large ones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  canvasOf,
  closedToSockets,
  draw,
  inkOf,
  openPage,
  screenshot,
  settled,
  stage,
  startLasting,
  until,
  wave,
} from './kit.mjs';
import { becomes, inkBecomes, inkIn, selected, taken } from './studio-kit.mjs';

const { server, browser, open, close } = await stage();

test('strokes_drawn_and_moved_without_the_server_survive_a_reload_and_come_once', async () => {
  const page = await open('/c/apart#@0,0,0');
  const sockets = await closedToSockets(page);
  await draw(page, wave([120, 110], [380, 110], 30, 12));
  await draw(page, wave([120, 200], [380, 200], 30, 12));
  await page.keyboard.press('v');
  await taken(page);
  await page.keyboard.press('Control+a');
  await selected(page, 2);
  await draw(page, [[250, 150], [300, 170], [650, 250]]);
  await page.keyboard.press('Control+d');
  await until(page, () => window.kolamDebug.status().unsaved === 4);
  const moved = await inkOf(page);
  assert.equal(await inkIn(page, [60, 60, 420, 180]), 0);
  await page.reload();
  await until(page, () => window.kolamDebug !== undefined);
  await inkBecomes(page, moved);
  sockets.open();
  await settled(page);
  await becomes(async () => (await canvasOf(server, 'apart')).seq === 2 + 3 + 3, 'each came once');
  await inkBecomes(page, moved);
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await becomes(async () => (await inkIn(page, [60, 60, 420, 180])) > 0, 'they are where they were drawn');
  await settled(page);
  await close(page);
});

test('a_server_killed_between_an_edit_and_its_acknowledgement_has_it_once', async () => {
  const lasting = await startLasting();
  let running = lasting.server;
  const page = await openPage(browser, running.address, { path: '/c/kill#@0,0,0' });
  await draw(page, wave([120, 110], [380, 110], 30, 12));
  await draw(page, wave([120, 200], [380, 200], 30, 12));
  await settled(page);
  await page.keyboard.press('v');
  await taken(page);
  await page.keyboard.press('Control+a');
  await selected(page, 2);
  let seq = 2;
  for (const key of ['Control+d', ']', '.']) {
    await Promise.all([page.keyboard.press(key), running.kill()]);
    running = await lasting.start();
    await settled(page);
    seq += 3;
    assert.equal((await canvasOf(running, 'kill')).seq, seq, `${key}: not lost, not doubled`);
  }
  await page.keyboard.press('Control+z');
  await settled(page);
  assert.equal((await canvasOf(running, 'kill')).seq, seq + 2, 'a hide and a show');
  assert.deepEqual(page.errors, []);
  await page.context().close();
  await running.stop();
});

test('a_thousand_are_one_step_and_more_are_told', async () => {
  const page = await open('/c/many#@0,0,0');
  await page.evaluate(() => {
    const wall = document.querySelector('#wall');
    for (let i = 0; i < 1030; i++) {
      const at = { clientX: 60 + (i % 50) * 14, clientY: 100 + Math.floor(i / 50) * 20 };
      const say = (type) => wall.dispatchEvent(new PointerEvent(type, { pointerId: 1, pointerType: 'mouse', isPrimary: true, button: 0, buttons: 1, bubbles: true, ...at }));
      say('pointerdown');
      say('pointerup');
    }
  });
  await settled(page);
  assert.equal((await canvasOf(server, 'many')).seq, 1030);
  const all = await inkOf(page);
  await page.keyboard.press('v');
  await taken(page);
  await page.keyboard.press('Control+a');
  await selected(page, 1024);
  await page.keyboard.press('Delete');
  await becomes(async () => (await inkOf(page)) < all / 100, 'six are left');
  await page.keyboard.press('Control+z');
  await inkBecomes(page, all);
  await page.keyboard.press('Control+a');
  await selected(page, 1024);
  await draw(page, [[300, 300], [310, 310], [330, 340]]);
  await settled(page);
  assert.equal((await canvasOf(server, 'many')).seq, 1030 + 2 + 1025);
  await screenshot(page, 'select-many');
  await close(page);
});
