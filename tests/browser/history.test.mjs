// Looking back, in real browsers through a real server: the time machine, replay, who drew what, undo after
// a reload.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { becomes, draw, inkOf, pastInk, ready, screenshot, settled, stage, status, told, until, wave } from './kit.mjs';
import { root } from '../web/load.mjs';

const { server, open, close } = await stage();

const shows = (page, seq) =>
  until(page, (wanted) => window.kolamDebug.past()?.isComplete && window.kolamDebug.past().shownSeq === wanted, seq);

async function drawThree(page) {
  const inks = [];
  for (const [y, key] of [[150, 'p'], [320, 'm'], [480, 'p']]) {
    await page.keyboard.press(key);
    await draw(page, wave([150, y], [720, y + 20], 24, 40));
    await settled(page);
    inks.push(await inkOf(page));
  }
  return inks;
}

test('the_time_machine_shows_each_moment_and_returns_to_now', async () => {
  const ann = await open('/c/clock#@0,0,0');
  const inks = await drawThree(ann);
  await ann.keyboard.press('Shift+T');
  await shows(ann, 3);
  assert.equal(await pastInk(ann), inks[2]);
  await ann.keyboard.press('ArrowLeft');
  await shows(ann, 2);
  assert.equal(await pastInk(ann), inks[1]);
  await ann.keyboard.press('ArrowLeft');
  await shows(ann, 1);
  assert.equal(await pastInk(ann), inks[0]);
  await until(ann, () => location.hash.endsWith('&at=1'));
  await draw(ann, [[300, 300], [340, 320]]);
  assert.equal((await status(ann)).unsaved, 0, 'one cannot draw in the past');
  assert.equal((await status(ann)).seq, 3);
  await ann.keyboard.press('Escape');
  await until(ann, () => !window.kolamDebug.past().isPast && !location.hash.includes('at='));
  await ready(ann);
  assert.equal(await inkOf(ann) > 0, true);
  await draw(ann, wave([200, 560], [500, 560]));
  await settled(ann);
  assert.equal((await status(ann)).seq, 4);
  await close(ann);
});

test('a_dragged_handle_scrubs_the_view_and_its_link_opens_the_same_moment', async () => {
  const ann = await open('/c/scrub#@0,0,0');
  const inks = await drawThree(ann);
  await ann.getByRole('button', { name: 'Time machine' }).click();
  await shows(ann, 3);
  const track = await ann.locator('.timebar:visible .track').boundingBox();
  const middle = track.y + track.height / 2;
  await ann.mouse.move(track.x + track.width - 10, middle);
  await ann.mouse.down();
  await ann.mouse.move(track.x + track.width / 2, middle, { steps: 6 });
  await ann.mouse.move(track.x + 9, middle, { steps: 6 });
  await shows(ann, 1);
  assert.equal(await pastInk(ann), inks[0]);
  await screenshot(ann, 'history-scrub');
  await ann.mouse.up();
  await until(ann, () => location.hash.endsWith('&at=1'));
  const ben = await open(`/c/scrub${new URL(ann.url()).hash}`);
  await shows(ben, 1);
  assert.equal(await pastInk(ben), inks[0]);
  await ben.getByRole('button', { name: 'Now', exact: true }).click();
  await until(ben, () => !window.kolamDebug.past().isPast);
  await close(ann, ben);
});

test('a_replay_ends_with_the_picture_that_is_there_now', async () => {
  const ann = await open('/c/replay#@0,0,0');
  await drawThree(ann);
  await ann.keyboard.press('e');
  await draw(ann, [[200, 120], [600, 520]]);
  await settled(ann);
  await ann.keyboard.press('p');
  await draw(ann, wave([300, 600], [600, 600]));
  await settled(ann);
  await ann.keyboard.press('Control+z');
  await settled(ann);
  await ready(ann);
  const now = await inkOf(ann);
  const ben = await open('/c/replay#@0,0,0&replay=1-6');
  await until(ben, () => window.kolamDebug.past()?.replay.isReady);
  assert.equal((await ben.evaluate(() => window.kolamDebug.past())).replay.strokes, 4, 'the hidden one is left out');
  await until(ben, () => {
    const { replay, isComplete } = window.kolamDebug.past();
    return !replay.isPlaying && replay.done === replay.strokes && isComplete;
  }, null, 60_000);
  assert.equal(await pastInk(ben), now);
  await ben.keyboard.press('ArrowLeft');
  await until(ben, () => window.kolamDebug.past().replay.done === 3 && window.kolamDebug.past().isComplete);
  assert.ok((await pastInk(ben)) > now, 'before the eraser');
  await ben.keyboard.press('End');
  await until(ben, () => window.kolamDebug.past().replay.done === 4 && window.kolamDebug.past().isComplete);
  assert.equal(await pastInk(ben), now);
  await ben.getByRole('slider', { name: 'Progress' }).fill('0.05');
  await until(ben, () => window.kolamDebug.past().replay.done === 0);
  const { name } = (await status(ann)).person;
  await until(ben, (wanted) => document.querySelector('.label-name')?.textContent === wanted, name);
  await screenshot(ben, 'history-replay');
  await ben.keyboard.press('Escape');
  await until(ben, () => !window.kolamDebug.past().isPast);
  await close(ann, ben);
});

test('a_chosen_span_is_replayed_from_the_bar_and_a_timelapse_is_saved', async () => {
  const ann = await open('/c/film#@0,0,0', { width: 500, height: 420 });
  for (const y of [120, 200, 280]) {
    await draw(ann, wave([80, y], [420, y + 10]));
    await settled(ann);
  }
  await ann.keyboard.press('Shift+T');
  await shows(ann, 3);
  await until(ann, () => document.querySelector('.track-bubble')?.textContent !== '');
  const saved = ann.waitForEvent('download', { timeout: 60_000 });
  await ann.getByRole('button', { name: 'Timelapse of this view' }).click();
  const film = await saved;
  assert.equal(film.suggestedFilename(), 'kolam-film-timelapse.webm');
  const bytes = readFileSync(await film.path());
  assert.deepEqual([...bytes.subarray(0, 4)], [0x1a, 0x45, 0xdf, 0xa3], 'an EBML file');
  await ann.getByRole('button', { name: 'Replay as it was drawn' }).click();
  await ann.getByRole('button', { name: 'Replay', exact: true }).click();
  await until(ann, () => window.kolamDebug.past().replay.isReady);
  assert.equal((await ann.evaluate(() => window.kolamDebug.past())).replay.strokes, 3);
  await until(ann, () => /&replay=1-3&rect=/.test(location.hash));
  await close(ann);
});

test('who_drew_this_names_the_artists_on_one_spot_newest_first', async () => {
  const [ann, ben] = [await open('/c/who#@0,0,0'), await open('/c/who#@0,0,0')];
  await draw(ann, wave([200, 300], [600, 300], 20, 0));
  await settled(ann);
  await ben.keyboard.press('m');
  await draw(ben, [[400, 200], [400, 300], [400, 400]]);
  await settled(ben);
  const names = [(await status(ben)).person.name, (await status(ann)).person.name];
  await ben.keyboard.press('i');
  await until(ben, () => document.querySelector('#wall.is-asking'));
  await ben.mouse.click(400, 300);
  await ben.locator('.who-list li').first().waitFor();
  assert.deepEqual(await ben.locator('.who-name').allTextContents(), names);
  assert.equal((await status(ben)).seq, 2, 'asking draws nothing');
  await ben.locator('.who-list li').nth(1).hover();
  await until(ben, () => window.kolamDebug.past().outlines === 1);
  await screenshot(ben, 'history-who');
  await ben.locator('.who-list li').first().hover();
  await ben.getByRole('button', { name: /^All by/ }).first().click();
  await told(ben, '1 stroke');
  await ben.getByRole('button', { name: 'See this moment' }).first().click();
  await shows(ben, 2);
  await close(ann, ben);
});

test('undo_goes_on_after_a_reload_and_leaves_the_other_on_the_same_spot', async () => {
  const [ann, ben] = [await open('/c/lasting#@0,0,0'), await open('/c/lasting#@0,0,0')];
  await draw(ann, wave([200, 300], [600, 300], 20, 40));
  await settled(ann);
  await until(ben, () => window.kolamDebug.status().seq === 1);
  await draw(ben, wave([200, 320], [600, 280], 20, 40));
  await settled(ben);
  await until(ann, () => window.kolamDebug.status().seq === 2);
  await draw(ann, wave([200, 200], [600, 200], 20, 40));
  await settled(ann);
  await ann.reload();
  await ready(ann);
  const all = await inkOf(ann);
  await until(ann, () => window.kolamDebug.canUndo());
  await ann.keyboard.press('Control+z');
  await settled(ann);
  await ann.keyboard.press('Control+z');
  await settled(ann);
  await until(ben, () => window.kolamDebug.status().seq === 5);
  await until(ben, () => window.kolamDebug.status().isComplete);
  const benOnly = await inkOf(ben);
  assert.ok(benOnly > 0 && benOnly < all);
  assert.equal(await ann.evaluate(() => window.kolamDebug.canUndo()), false);
  await ann.reload();
  await ready(ann);
  await until(ann, () => !document.querySelector('[aria-label="Redo"]').disabled);
  await ann.keyboard.press('Control+Shift+z');
  await ann.keyboard.press('Control+Shift+z');
  await settled(ann);
  await until(ben, () => window.kolamDebug.status().seq === 7);
  await until(ben, () => window.kolamDebug.status().isComplete);
  assert.equal(await inkOf(ben), all);
  await close(ann, ben);
});

test('an_undo_out_of_view_says_so_and_leads_there', async () => {
  const ann = await open('/c/faraway#@0,0,0');
  await draw(ann, wave([200, 300], [600, 300]));
  await settled(ann);
  await ann.goto('about:blank');
  await ann.goto(`${server.address}c/faraway#@90000,90000,0`);
  await ready(ann);
  await until(ann, () => window.kolamDebug.canUndo());
  await ann.keyboard.press('Control+z');
  /* Pressed as soon as it is there: the note goes by itself. */
  await until(ann, () => {
    const note = document.querySelector('.past-note:not([hidden])');
    note?.querySelector('button').click();
    return note?.textContent.startsWith('Undone, out of view.');
  });
  await until(ann, () => Math.abs(window.kolamDebug.camera().tileX) < 3);
  await close(ann);
});

test('the_bar_is_played_stepped_and_left_by_keys', async () => {
  const ann = await open('/c/keys#@0,0,0');
  const inks = await drawThree(ann);
  await ann.keyboard.press('Shift+T');
  await shows(ann, 3);
  await until(ann, () => window.kolamDebug.past().bars > 0);
  await ann.keyboard.press('Home');
  await shows(ann, 1);
  await ann.keyboard.press('ArrowRight');
  await shows(ann, 2);
  assert.equal(await pastInk(ann), inks[1]);
  await ann.keyboard.press('Home');
  await shows(ann, 1);
  await ann.getByLabel('Speed').first().selectOption('1');
  await ann.locator('.track-handle:visible').first().focus();
  await ann.keyboard.press('Space');
  await shows(ann, 3);
  await ann.getByRole('button', { name: 'Play', exact: true }).waitFor();
  assert.equal(await pastInk(ann), inks[2], 'it plays to the end and stops there');
  await ann.keyboard.press('Home');
  await ann.keyboard.press('End');
  await shows(ann, 3);
  await until(ann, () => location.hash.endsWith('&at=3'));
  await ann.keyboard.press('Shift+T');
  await until(ann, () => !window.kolamDebug.past().isPast);
  await close(ann);
});

test('the_area_of_a_replay_is_chosen_by_dragging_and_is_in_its_link', async () => {
  const ann = await open('/c/dragged#@0,0,0');
  await drawThree(ann);
  await ann.keyboard.press('Shift+T');
  await shows(ann, 3);
  await until(ann, () => window.kolamDebug.past().bars > 0);
  await ann.getByRole('button', { name: 'Replay as it was drawn' }).click();
  await ann.getByRole('button', { name: 'Choose an area by dragging' }).click();
  await draw(ann, [[120, 250], [200, 260], [760, 400]]);
  await until(ann, () => window.kolamDebug.past().outlines === 1);
  assert.equal((await status(ann)).seq, 3, 'dragging drew nothing');
  await ann.getByRole('button', { name: 'Replay', exact: true }).click();
  await until(ann, () => window.kolamDebug.past().replay.isReady);
  assert.equal((await ann.evaluate(() => window.kolamDebug.past())).replay.strokes, 1, 'of three only the one in the area');
  await until(ann, () => /&replay=1-3&rect=0,-?\d+,-?\d+,6\d\d,1\d\d$/.test(location.hash));
  const ben = await open(`/c/dragged${new URL(ann.url()).hash}`);
  await until(ben, () => window.kolamDebug.past()?.replay.strokes === 1);
  await close(ann, ben);
});

test('a_long_replay_comes_by_pages_and_is_wound_and_panned_without_losing_a_stroke', async () => {
  const lines = Array.from({ length: 2300 }, (_, i) => {
    const [x, y] = [-380 + (i % 60) * 12.5, -240 + Math.floor(i / 60) * 11];
    return JSON.stringify({ t: 1000 + i * 20, author: `hand ${i % 3}`, color: '#20306040', width: 5, tool: 'marker', points: [[x, y], [x + 14, y + 9]], dt: [0, 12] });
  });
  const file = join(server.data, 'long.ndjson');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const admin = join(server.data, 'admin.token');
  const bin = process.env.KOLAM_BIN ?? join(root, 'build', 'kolam');
  execFileSync(bin, ['import', '--server', server.address, '--canvas', 'long', '--admin-token-file', admin, file]);
  const ann = await open('/c/long#@0,0,0');
  const now = await inkOf(ann);
  await ann.evaluate(() => (location.hash = '@0,0,0&replay=1-2300'));
  await until(ann, () => window.kolamDebug.past()?.replay.isReady);
  await ann.keyboard.press('Space');
  const replay = () => ann.evaluate(() => window.kolamDebug.past().replay);
  assert.equal((await replay()).strokes, null, 'not all are there yet');
  await ann.keyboard.press('End');
  await until(ann, () => window.kolamDebug.past().replay.isReady && window.kolamDebug.past().replay.done === 2300);
  await until(ann, () => window.kolamDebug.past().isComplete);
  assert.equal((await replay()).strokes, 2300);
  assert.equal(await pastInk(ann), now, 'to the bit, translucent ink in the order of the log');
  await ann.keyboard.press('ArrowLeft');
  await until(ann, () => window.kolamDebug.past().replay.isReady && window.kolamDebug.past().replay.done === 2299);
  await ann.keyboard.press('End');
  await until(ann, () => window.kolamDebug.past().replay.isReady && window.kolamDebug.past().replay.done === 2300);
  // Tiles that come into view get all that ran through before.
  const pan = async (px) => {
    const { tileX, x } = await ann.evaluate(() => window.kolamDebug.camera());
    await ann.mouse.move(450, 350);
    await ann.mouse.down({ button: 'middle' });
    await ann.mouse.move(450 + px, 350, { steps: 4 });
    await ann.mouse.up({ button: 'middle' });
    await until(ann, (wanted) => {
      const camera = window.kolamDebug.camera();
      return Math.abs(camera.tileX * 256 + camera.x - wanted) < 1;
    }, tileX * 256 + x - px);
    await until(ann, () => window.kolamDebug.past().replay.isReady && window.kolamDebug.past().isComplete);
  };
  await pan(600);
  await pan(-600);
  await becomes(() => pastInk(ann), now);
  await ann.getByRole('slider', { name: 'Progress' }).fill('0.5');
  await until(ann, () => {
    const { isReady, done } = window.kolamDebug.past().replay;
    return isReady && done > 1000 && done < 1300;
  });
  await until(ann, () => window.kolamDebug.past().isComplete);
  assert.ok((await pastInk(ann)) < 0.6 * now);
  await screenshot(ann, 'history-long-replay');
  await close(ann);
});

test('where_one_only_looks_a_finger_that_rests_asks_who_drew_it', async () => {
  const ann = await open('/c/finger#@0,0,0', { width: 400, height: 700 });
  await draw(ann, wave([60, 300], [340, 300], 20, 10));
  await settled(ann);
  const { name } = (await status(ann)).person;
  await close(ann);
  const ben = await open('/c/finger?watch#@0,0,0', { hasTouch: true, width: 400, height: 700 });
  const input = await ben.context().newCDPSession(ben);
  const touch = (type, ...places) =>
    input.send('Input.dispatchTouchEvent', { type, touchPoints: places.map(([x, y], id) => ({ x, y, id })) });
  await touch('touchStart', [200, 302]);
  await ben.locator('.who-list li').first().waitFor();
  await touch('touchEnd');
  assert.deepEqual(await ben.locator('.who-name').allTextContents(), [name]);
  await screenshot(ben, 'history-long-press');
  await close(ben);
});

test('a_wall_on_which_nothing_was_drawn_has_no_past_and_no_errors', async () => {
  const ann = await open('/c/blank#@0,0,0');
  const refused = [];
  ann.on('response', (response) => response.status() >= 400 && refused.push(response.url()));
  ann.on('console', (message) => message.type() === 'error' && refused.push(message.text()));
  await ann.keyboard.press('Shift+T');
  await told(ann, 'Nothing was drawn here yet.');
  await until(ann, () => !window.kolamDebug.past().isPast);
  await ann.keyboard.press('i');
  await until(ann, () => document.querySelector('#wall.is-asking'));
  await ann.mouse.click(300, 300);
  await ann.keyboard.press('Escape');
  for (const words of ['at=7', 'replay=1-7']) {
    // From another page: the wall that is open would take the words out of the address before a reload.
    await ann.goto('about:blank');
    await ann.goto(`${server.address}c/blank#@0,0,0&${words}`);
    await told(ann, 'Nothing was drawn here yet.');
    await until(ann, () => !window.kolamDebug.past().isPast && !location.hash.includes('&'));
  }
  // Another's stroke out of view is known of as soon as it is asked for.
  const ben = await open('/c/blank#@500000,0,0');
  await draw(ben, wave([200, 200], [400, 200]));
  await settled(ben);
  assert.equal((await status(ann)).seq, 0);
  await ann.keyboard.press('Shift+T');
  await shows(ann, 1);
  assert.deepEqual(refused, []);
  await close(ann, ben);
});
