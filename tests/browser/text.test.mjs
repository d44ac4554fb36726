// Text and polygons: what is seen while they are made is what the server then has, words and all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from '../web/load.mjs';
import { inkOf, screenshot, settled, stage, status, until } from './kit.mjs';
import { compareAll, tilesOf } from './compare.mjs';

const { decodeFrame } = await load('core/protocol.ts');
const { decodeOp } = await load('core/op.ts');

const { server, open, close } = await stage();

const taken = (page) => until(page, () => window.kolamDebug.studio() !== null);
const outlined = (page) => until(page, () => window.kolamDebug.studio()?.isShown === true);

async function strokesOf(canvas) {
  const query = 'level=0&x=-4000&y=-4000&width=8000&height=8000';
  const answer = await fetch(new URL(`/api/canvas/${canvas}/strokes?${query}`, server.address));
  return decodeFrame(new Uint8Array(await answer.arrayBuffer())).map(({ body }) => decodeOp(body));
}

async function inkBecomes(page, isThere) {
  for (const untilMs = Date.now() + 30_000; !isThere(await inkOf(page)); ) {
    assert.ok(Date.now() < untilMs, `the ink stays ${await inkOf(page)}`);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 30)));
  }
}

/** A place of the screen where there is ink, of level 0 with its middle at 0, 0. */
function inkAt(page) {
  return page.evaluate(() => {
    const view = window.kolamDebug.view();
    for (let y = view.y; y < view.y + view.height; y++) {
      for (let x = view.x; x < view.x + view.width; x++) {
        const at = window.kolamDebug.tile(0, x, y)?.rgba.findIndex((value, i) => i % 4 === 3 && value === 255) ?? -1;
        if (at >= 0) {
          const pixel = (at - 3) / 4;
          return [x * 256 + (pixel % 256) + innerWidth / 2, y * 256 + Math.floor(pixel / 256) + innerHeight / 2];
        }
      }
    }
    return null;
  });
}

test('what_is_typed_is_seen_as_the_server_draws_it_and_kept_with_its_words', async () => {
  const ann = await open('/c/words#@0,0,0');
  const ben = await open('/c/words#@0,0,0');
  await ann.keyboard.press('t');
  await taken(ann);
  await ann.mouse.click(200, 200);
  const field = ann.getByRole('textbox', { name: 'Text on the wall' });
  await field.pressSequentially('Kolam & கோலம்');
  await field.press('Enter');
  await field.pressSequentially('second line');
  await outlined(ann);
  await screenshot(ann, 'text-typing');
  const seen = await inkOf(ann);
  assert.ok(seen > 0);
  await inkBecomes(ben, (ink) => ink === seen);
  assert.equal((await status(ben)).seq, 0, 'a preview only');
  const before = await tilesOf(ann);
  await field.press('Control+Enter');
  await settled(ann);
  assert.equal(await field.isVisible(), false);
  assert.equal(await inkOf(ann), seen, 'what was seen');
  await until(ann, () => window.kolamDebug.status().seq === 1);
  const total = await compareAll(ann, server, 'words', before);
  assert.ok(total.off / total.pixels <= 0.0001 && total.popped === 0, JSON.stringify(total));
  const [stroke] = await strokesOf('words');
  assert.equal(stroke.text, 'Kolam & கோலம்\nsecond line');
  await ann.keyboard.press('Control+z');
  assert.equal(await inkOf(ann), 0, 'one step');
  await ann.keyboard.press('Control+Shift+z');
  assert.equal(await inkOf(ann), seen);
  await settled(ann);
  await close(ann, ben);
});

test('font_size_and_colour_change_under_the_words_and_escape_leaves_nothing', async () => {
  const page = await open('/c/look#@0,0,0');
  await page.keyboard.press('t');
  await taken(page);
  await page.mouse.click(300, 300);
  const field = page.getByRole('textbox', { name: 'Text on the wall' });
  await field.fill('مرحبا hello');
  await outlined(page);
  const inks = [await inkOf(page)];
  for (const name of ['Larger', 'Serif', 'Mono', 'Hand']) {
    await page.getByRole('toolbar', { name: 'Text' }).getByRole('button', { name, exact: true }).click();
    await outlined(page);
    inks.push(await inkOf(page));
  }
  assert.equal(new Set(inks).size, 5, 'each looks different');
  await screenshot(page, 'text-hand');
  assert.equal(await field.evaluate((area) => area === document.activeElement), true);
  await field.press('Escape');
  assert.equal(await inkOf(page), 0);
  await page.mouse.click(300, 300);
  await field.fill('x');
  await page.mouse.click(700, 500);
  await settled(page);
  await until(page, () => window.kolamDebug.status().seq === 1);
  assert.equal(await field.isVisible(), false, 'a press elsewhere is done');
  await page.mouse.click(300, 300);
  await field.fill('a'.repeat(801));
  await page.getByText('That is more than one text may hold. Part it in two.').waitFor();
  await close(page);
});

test('a_polygon_is_set_corner_by_corner_and_closed_at_its_beginning', async () => {
  const page = await open('/c/polygon#@0,0,0');
  await page.keyboard.press('Shift+F');
  await taken(page);
  for (const [x, y] of [[200, 200], [500, 220], [520, 420]]) {
    await page.mouse.click(x, y);
  }
  await page.mouse.move(240, 430);
  await screenshot(page, 'polygon');
  const open4 = await inkOf(page);
  assert.ok(open4 > 255 * 30_000, 'it is filled while it is made');
  await page.mouse.click(240, 430);
  await page.mouse.click(202, 201);
  await settled(page);
  assert.equal(await inkOf(page), open4);
  await page.mouse.click(600, 100);
  await page.mouse.click(700, 100);
  await page.mouse.click(700, 200);
  await page.keyboard.press('Backspace');
  await page.mouse.click(650, 180);
  await page.keyboard.press('Enter');
  await page.mouse.click(600, 500);
  await page.mouse.click(700, 500);
  await page.mouse.click(700, 560);
  await page.mouse.click(700, 560);
  await page.mouse.click(560, 300);
  await page.keyboard.press('Escape');
  await settled(page);
  await until(page, () => window.kolamDebug.status().seq === 3);
  const total = await compareAll(page, server, 'polygon');
  assert.ok(total.off / total.pixels <= 0.0001, `${total.off} pixels are off`);
  assert.deepEqual((await strokesOf('polygon')).map(({ contours }) => contours), [[4], [3], [3]]);
  await close(page);
});

test('who_drew_this_tells_the_words_and_a_long_text_is_selected_whole', async () => {
  const page = await open('/c/who#@0,0,0');
  await page.keyboard.press('t');
  await taken(page);
  await page.mouse.click(80, 120);
  const field = page.getByRole('textbox', { name: 'Text on the wall' });
  await page.getByRole('toolbar', { name: 'Text' }).getByRole('button', { name: 'Hand', exact: true }).click();
  const words = Array.from({ length: 16 }, (_, i) => `${i} @ §%& the quick brown fox & kolam gg`).join('\n');
  await field.fill(words);
  await outlined(page);
  await field.press('Control+Enter');
  await settled(page);
  const parts = await strokesOf('who');
  assert.ok(parts.length > 1 && parts[0].text === words, `${parts.length} parts`);
  const ink = await inkOf(page);
  await page.keyboard.press('v');
  await until(page, () => window.kolamDebug.studio()?.count === 0);
  await page.keyboard.press('Control+a');
  await until(page, () => window.kolamDebug.studio().count === 1);
  await page.keyboard.press('Control+d');
  await settled(page);
  assert.ok((await inkOf(page)) > 1.2 * ink);
  assert.equal((await status(page)).seq, parts.length * 2 + 1);
  await page.keyboard.press('Control+z');
  await inkBecomes(page, (now) => now === ink);
  await page.keyboard.press('Escape');
  await page.keyboard.press('p');
  await page.keyboard.press('i');
  await page.locator('#wall.is-asking').waitFor();
  await page.mouse.click(...(await inkAt(page)));
  await page.locator('.who-text').first().waitFor();
  assert.equal(await page.locator('.who-text').first().textContent(), words);
  await screenshot(page, 'text-who');
  await settled(page);
  await close(page);
});

test('without_the_server_the_words_wait_and_say_so', async () => {
  const page = await open('/c/offline#@0,0,0');
  await page.keyboard.press('t');
  await taken(page);
  await page.context().setOffline(true);
  await page.mouse.click(200, 200);
  const field = page.getByRole('textbox', { name: 'Text on the wall' });
  await field.fill('patience');
  await page.getByText('The server draws text, and it cannot be reached. Your words stay here until it can.').waitFor();
  await screenshot(page, 'text-offline');
  await page.context().setOffline(false);
  await outlined(page);
  await field.press('Control+Enter');
  await settled(page);
  assert.equal((await strokesOf('offline'))[0].text, 'patience');
  await close(page);
});

test('what_is_typed_before_the_editor_is_there_is_in_it', async () => {
  const page = await open('/c/early#@0,0,0');
  let letGo;
  const held = new Promise((resolve) => (letGo = resolve));
  await page.route(/text-\w+\.js$/, async (route) => {
    await held;
    await route.continue();
  });
  await page.keyboard.press('t');
  await page.mouse.click(200, 200);
  await page.keyboard.type('poem'); /* all of them are keys of the wall */
  assert.equal(await page.evaluate(() => window.kolamDebug.studio()), null);
  letGo();
  await outlined(page);
  const field = page.getByRole('textbox', { name: 'Text on the wall' });
  assert.equal(await field.inputValue(), 'poem');
  await page.keyboard.type('s');
  assert.equal(await field.inputValue(), 'poems', 'and so is what is typed then');
  await field.press('Control+Enter');
  await until(page, () => window.kolamDebug.status().seq === 1); /* its outline may be on its way */
  assert.equal((await strokesOf('early'))[0].text, 'poems');
  await close(page);
});

test('an_input_method_composes_in_the_field_and_enter_within_it_ends_a_word_only', async () => {
  const page = await open('/c/compose#@0,0,0');
  const cdp = await page.context().newCDPSession(page);
  await page.keyboard.press('t');
  await taken(page);
  await page.mouse.click(200, 200);
  const field = page.getByRole('textbox', { name: 'Text on the wall' });
  for (const text of ['k', 'こ', 'こr', 'これ']) {
    await cdp.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  }
  await outlined(page);
  const composing = await inkOf(page);
  assert.ok(composing > 0, 'what is being composed is seen');
  await screenshot(page, 'text-composing');
  await field.dispatchEvent('keydown', { key: 'Escape', isComposing: true });
  assert.equal(await field.isVisible(), true, 'Escape is the input method\'s');
  await cdp.send('Input.insertText', { text: '此れ' });
  await until(page, () => document.querySelector('.text-field').value === '此れ');
  await cdp.send('Input.imeSetComposition', { text: 'は', selectionStart: 1, selectionEnd: 1 });
  await cdp.send('Input.insertText', { text: 'は' });
  await outlined(page);
  await field.press('Control+Enter');
  await until(page, () => window.kolamDebug.status().seq === 1);
  assert.equal((await strokesOf('compose'))[0].text, '此れは');
  await close(page);
});

test('words_on_the_wall_are_edited_in_one_step', async () => {
  const page = await open('/c/again#@0,0,0,20');
  await page.keyboard.press('t');
  await taken(page);
  await page.mouse.click(300, 300);
  const field = page.getByRole('textbox', { name: 'Text on the wall' });
  await page.getByRole('toolbar', { name: 'Text' }).getByRole('button', { name: 'Serif', exact: true }).click();
  await field.fill('first try');
  await outlined(page);
  await field.press('Control+Enter');
  await settled(page);
  const before = await inkOf(page);
  const [former] = await strokesOf('again');
  await page.keyboard.press('v');
  await until(page, () => window.kolamDebug.studio()?.count === 0);
  await page.keyboard.press('Control+a');
  await until(page, () => window.kolamDebug.studio().count === 1);
  await screenshot(page, 'text-selected');
  await page.getByRole('button', { name: 'Edit the words' }).click();
  await outlined(page);
  assert.equal(await field.inputValue(), 'first try');
  assert.equal(await page.getByRole('button', { name: 'Serif', exact: true }).getAttribute('aria-pressed'), 'true');
  await inkBecomes(page, (ink) => Math.abs(ink - before) < before * 0.01);
  await screenshot(page, 'text-again');
  await field.press('Escape');
  await inkBecomes(page, (ink) => ink === before);
  assert.equal((await status(page)).seq, 1, 'Escape leaves it as it was');
  await page.keyboard.press('v');
  await until(page, () => window.kolamDebug.studio()?.count === 0);
  await page.keyboard.press('Control+a');
  await until(page, () => window.kolamDebug.studio().count === 1);
  await page.keyboard.press('Enter');
  await outlined(page);
  await field.fill('first try, again');
  await outlined(page);
  await field.press('Control+Enter');
  await settled(page);
  await until(page, () => window.kolamDebug.status().seq === 3);
  const [stroke, ...others] = (await strokesOf('again')).filter(({ text }) => text !== undefined).reverse();
  assert.equal(stroke.text, 'first try, again');
  assert.ok(others.length <= 1);
  assert.equal(stroke.color, former.color);
  const begin = ({ origin, points }) => [origin.x * 2048 + points.x[0], origin.y * 2048 + points.y[0]];
  const [now, then] = [begin(stroke), begin(former)];
  assert.ok(Math.hypot(now[0] - then[0], now[1] - then[1]) <= 3, `its first letter stays: ${now} and ${then}`);
  await page.keyboard.press('Control+z');
  await inkBecomes(page, (ink) => ink === before);
  await page.keyboard.press('Control+Shift+z');
  await settled(page);
  assert.notEqual(await inkOf(page), before);
  await close(page);
});
