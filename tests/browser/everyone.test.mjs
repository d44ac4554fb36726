// The page for everyone: by the keyboard alone, for screen readers, in other languages and directions, with large
// text and on small screens, in every theme. One page for many assertions: machines that test are slow.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileMessage, readMessages } from '../../web/messages.mjs';
import { draw, hears, inkOf, listen, openPage, ready, screenshot, seriousIn, settled, stage, status, told, until, wave, whilePenMoves } from './kit.mjs';

const { server, browser, open, close } = await stage();

const focused = (page) =>
  page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.tagName);
/** Texts and controls that stand outside the screen, or lie over one another. */
function misplacedIn(page) {
  return page.evaluate(() => {
    const { clientWidth: width, clientHeight: height } = document.documentElement;
    const isSeen = (each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    const inScroller = (each) => {
      for (let at = each.parentElement; at !== null; at = at.parentElement) {
        if (/auto|scroll/.test(getComputedStyle(at).overflowY) && at.scrollHeight > at.clientHeight) {
          return true;
        }
      }
      return false;
    };
    const found = [];
    const bars = [...document.querySelectorAll('.bar, .chip, .status, .hint, .menu, .finder[open]')].filter(
      (each) => isSeen(each) && each.closest('.unseen') === null,
    );
    for (const each of document.querySelectorAll('button, input, a, [role=menuitem], kbd')) {
      const box = each.getBoundingClientRect();
      const isOut = box.left < -1 || box.right > width + 1 || box.top < -1 || box.bottom > height + 1;
      if (isSeen(each) && box.width > 0 && isOut && !inScroller(each)) {
        const name = each.getAttribute('aria-label') ?? each.textContent;
        found.push(`outside: ${name} (${Math.round(box.left)},${Math.round(box.top)} ${Math.round(box.width)}x${Math.round(box.height)})`);
      }
      if (isSeen(each) && each.tagName === 'BUTTON' && each.scrollWidth > each.clientWidth + 2 && each.querySelector('.chip-text') === null) {
        found.push(`cut: ${each.getAttribute('aria-label') ?? each.textContent} ${each.scrollWidth} > ${each.clientWidth}`);
      }
    }
    for (const each of document.querySelectorAll('.panel, dialog[open]')) {
      if (isSeen(each) && each.scrollWidth > each.clientWidth + 1) {
        found.push(`cut at the side: ${each.className} ${each.scrollWidth} > ${each.clientWidth}`);
      }
    }
    bars.forEach((one, i) => {
      for (const other of bars.slice(i + 1)) {
        const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
        const isOver =
          Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
          Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
        const isNested = one.contains(other) || other.contains(one);
        const isPanel = [one, other].some((each) => each.closest('.panel, dialog') !== null);
        if (isOver && !isNested && !isPanel) {
          found.push(`overlap: ${one.className} and ${other.className}`);
        }
      }
    });
    return found;
  });
}

test('all_that_can_be_done_is_found_by_a_few_letters_and_has_its_key', async () => {
  const page = await open('/c/palette#@0,0,0');
  await page.keyboard.press('Control+k');
  const field = page.getByRole('combobox');
  await field.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('role')), 'combobox');
  assert.deepEqual(await seriousIn(page), []);
  /* It wraps round, and what is chosen is told by its id. */
  const chosen = () => page.evaluate(() => {
    const id = document.activeElement.getAttribute('aria-activedescendant');
    return document.getElementById(id).querySelector('.finder-title').textContent;
  });
  assert.equal(await chosen(), 'Pen');
  await page.keyboard.press('ArrowDown');
  assert.equal(await chosen(), 'Pencil');
  await page.keyboard.type('mark');
  assert.equal(await chosen(), 'Marker');
  await page.keyboard.press('Enter');
  await until(page, () => document.querySelector('.finder').open === false);
  assert.equal(await page.getByRole('button', { name: 'Marker', exact: true }).first().getAttribute('aria-pressed'), 'true');
  /* Used last, listed first; every chord is shown once. */
  await page.keyboard.press('?');
  await until(page, () => document.querySelector('.finder').open);
  assert.equal(await chosen(), 'Marker');
  const clashes = await page.evaluate(() => {
    const chords = [...document.querySelectorAll('.finder [role=group]:not([aria-labelledby=finder-recent]) .finder-chord')].map(
      (each) => [...each.children].map((cap) => cap.textContent).join('+'),
    );
    return chords.filter((chord, i) => chords.indexOf(chord) !== i);
  });
  assert.deepEqual(clashes, []);
  await page.keyboard.type('zzzz');
  await page.getByText('Nothing is called “zzzz”.').waitFor();
  await page.keyboard.press('Escape');
  await until(page, () => document.querySelector('.finder').open === false);
  await close(page);
});

test('the_keyboard_alone_draws_with_any_tool_and_says_where_it_is', async () => {
  const page = await open('/c/crosshair#@0,0,0');
  await listen(page);
  await page.locator('#wall').focus();
  await page.keyboard.press('Enter');
  await until(page, () => !document.querySelector('.crosshair').hidden);
  await hears(page, /^Crosshair on/);
  await page.keyboard.press('Space');
  await hears(page, /^Pen down at -?\d+, -?\d+/);
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('ArrowRight');
  }
  await page.keyboard.press('Space');
  await settled(page);
  const pen = await inkOf(page);
  assert.ok(pen > 0, 'a stroke of the pen');
  /* A shape, over the edge of the screen: the wall moves on. What a key took is told. */
  await page.keyboard.press('r');
  await hears(page, /^Rectangle$/);
  await page.keyboard.press('Enter');
  const camera = () => page.evaluate(() => window.kolamDebug.camera());
  const before = await camera();
  await page.keyboard.down('ArrowLeft');
  await page.keyboard.down('ArrowUp');
  await until(page, (x) => window.kolamDebug.camera().tileX * 256 + window.kolamDebug.camera().x < x - 40, before.tileX * 256 + before.x);
  await page.keyboard.up('ArrowLeft');
  await page.keyboard.up('ArrowUp');
  await page.keyboard.press('Enter');
  await settled(page);
  await hears(page, /^Pen up at/);
  /* Escape takes back what is not finished, and leaves. */
  await page.keyboard.press('p');
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Escape');
  await until(page, () => document.querySelector('.crosshair').hidden && !window.kolamDebug.status().isDrawing);
  assert.equal((await page.evaluate(() => window.kolamDebug.status())).unsaved, 0);
  await close(page);
});

test('who_listens_is_told_who_draws_where_once_and_never_of_oneself', async () => {
  const [ann, ben] = [await open('/c/around#@0,0,0'), await open('/c/around#@0,0,0')];
  await listen(ann);
  await draw(ann, wave([700, 300], [800, 320]));
  await settled(ann);
  await ben.mouse.click(120, 500);
  await settled(ben);
  const { name } = (await status(ben)).person;
  await draw(ben, wave([60, 330], [160, 350]), { isReleased: false });
  await whilePenMoves(ben, [70, 340], () => ann.evaluate(() => window.heard.some((line) => line.includes(' draws '))));
  await ben.mouse.up();
  await settled(ben);
  await draw(ben, wave([60, 380], [160, 390]));
  await settled(ben);
  const told = (await ann.evaluate(() => window.heard)).filter((line) => line.includes(' draws '));
  assert.deepEqual([...new Set(told)], [`${name} draws to the left`]);
  assert.equal(await ann.locator('.unseen[role=status]').getAttribute('aria-live') ?? 'polite', 'polite');
  await close(ann, ben);
});

test('one_stop_of_tab_for_the_toolbar_and_menus_by_their_keys', async () => {
  const page = await open('/c/keys#@0,0,0');
  const toolbar = page.getByRole('toolbar');
  assert.equal(await toolbar.evaluate((bar) => [...bar.querySelectorAll('button')].filter((each) => each.tabIndex === 0 && each.closest('.panel') === null).length), 1);
  await toolbar.locator('button[tabindex="0"]').first().focus();
  const first = await focused(page);
  await page.keyboard.press('ArrowRight');
  assert.notEqual(await focused(page), first);
  await page.keyboard.press('Home');
  assert.equal(await focused(page), first);
  const camera = await page.evaluate(() => window.kolamDebug.camera());
  await page.keyboard.press('End');
  assert.deepEqual(await page.evaluate(() => window.kolamDebug.camera()), camera, 'the wall stays');
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, 'solid', 'the focus is seen');

  await page.getByRole('button', { name: 'Menu', exact: true }).press('Enter');
  await page.getByRole('menu').waitFor();
  await until(page, () => (document.activeElement.getAttribute('role') ?? '').startsWith('menuitem'));
  assert.deepEqual(await seriousIn(page), []);
  await page.keyboard.type('app');
  await page.keyboard.press('ArrowRight');
  await page.getByRole('menuitemradio', { name: 'High contrast' }).waitFor();
  assert.equal(await page.getByRole('menuitemradio', { name: 'As the system' }).getAttribute('aria-checked'), 'true');
  await page.keyboard.press('ArrowLeft');
  await until(page, () => document.activeElement.textContent.startsWith('Appearance'));
  await page.keyboard.press('Escape');
  assert.equal(await focused(page), 'Menu');
  await close(page);
});

test('axe_finds_nothing_serious_in_any_main_state_nor_theme', async () => {
  const page = await open('/c/axe#@0,0,0');
  await draw(page, wave([200, 200], [500, 260]));
  await settled(page);
  const found = {};
  const look = async (state) => {
    const serious = await seriousIn(page);
    if (serious.length > 0) {
      found[state] = serious;
    }
  };
  await look('start');
  const triggers = page.locator('.tools button[aria-haspopup]');
  for (let i = 0; i < (await triggers.count()); i++) {
    const trigger = triggers.nth(i);
    if (await trigger.isEnabled()) {
      const name = await trigger.getAttribute('aria-label');
      await trigger.focus();
      await page.keyboard.press('Enter');
      await until(page, () => document.querySelector('.tools [aria-expanded=true]') !== null);
      await look(name);
      await page.keyboard.press('Escape');
    }
  }
  for (const theme of ['Dark', 'High contrast']) {
    await page.getByRole('button', { name: 'Menu', exact: true }).click();
    await page.getByRole('menuitem', { name: /^Appearance/ }).click();
    await page.getByRole('menuitemradio', { name: theme }).click();
    await page.keyboard.press('Control+k');
    await until(page, () => document.querySelector('.finder').open);
    await look(`palette, ${theme}`);
    await page.keyboard.press('Escape');
    await look(theme);
    await screenshot(page, `everyone-${theme.toLowerCase().replace(' ', '-')}`);
  }
  await page.keyboard.press('Shift+T');
  await until(page, () => window.kolamDebug.past()?.isComplete === true);
  await look('the past');
  await page.goto(new URL('/c/axe?watch#@0,0,0', server.address).href);
  await ready(page);
  await look('watch');
  assert.deepEqual(found, {});
  await close(page);
});

test('the_page_speaks_the_browsers_language_or_the_one_chosen_from_right_to_left_as_well', async () => {
  const page = await open('/c/languages#@0,0,0', { locale: 'ar' });
  const german = await readMessages('de');
  const arabic = await readMessages('ar');
  assert.deepEqual(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]), ['ar', 'rtl']);
  await draw(page, wave([300, 200], [500, 260]));
  await settled(page);
  await told(page, arabic['saving.saved']);
  /* The chrome is mirrored, the wall is not. */
  const sides = await page.evaluate(() => {
    const left = (selector) => document.querySelector(selector).getBoundingClientRect().left;
    return { menu: left('.menu-button'), doors: left('.doors') };
  });
  assert.ok(sides.menu < 450 && sides.doors > 450, JSON.stringify(sides));
  assert.deepEqual(await misplacedIn(page), []);
  await screenshot(page, 'everyone-ar');
  /* Commands are found in English, too. */
  await page.keyboard.press('?');
  await until(page, () => document.querySelector('.finder')?.open);
  await page.keyboard.type('language: deutsch');
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
  await ready(page);
  await until(page, () => document.documentElement.lang === 'de' && document.documentElement.dir === 'ltr');
  await page.getByRole('button', { name: german['menu.label'], exact: true }).waitFor();
  assert.equal(await page.evaluate(() => document.querySelector('.zoom-text').textContent), '100\u00a0%');
  await screenshot(page, 'everyone-de');
  await close(page);
});

/* As if translated: every text in brackets, a third longer. What is seen without brackets was not. */
function pseudo(text) {
  const mark = (tree) =>
    tree.map((part) =>
      part.type === 0
        ? { ...part, value: part.value.replace(/[aeiou]/g, '$&$&') }
        : part.options
          ? { ...part, options: Object.fromEntries(Object.entries(part.options).map(([form, { value }]) => [form, { value: mark(value) }])) }
          : part,
    );
  const made = compileMessage(text);
  const tree = typeof made === 'string' ? [{ type: 0, value: made }] : made;
  return [{ type: 0, value: '⟦' }, ...mark(tree), { type: 0, value: '⟧' }];
}

test('every_text_that_is_seen_or_heard_is_a_message', async () => {
  const english = await readMessages('en');
  const words = Object.fromEntries(Object.entries(english).map(([id, text]) => [id, pseudo(text)]));
  const context = await browser.newContext({ viewport: { width: 900, height: 700 }, locale: 'de-DE' });
  await context.route('**/messages/de.json', (route) => route.fulfill({ json: words }));
  const page = await openPage(browser, server.address, { path: '/c/pseudo#@0,0,0', context });
  await draw(page, wave([200, 200], [500, 260]));
  await settled(page);
  /* Artists' names, and what is the same everywhere: numbers, keys, names of languages and licences. */
  const unmarked = () =>
    page.evaluate(() => {
      const isSame = (each) => each.closest('kbd, .chip-text, .label-name, .who-name, .about dl, [lang]:not(html), .menu-now, script, style, noscript, code, output, time, .track-bubble') !== null;
      const isText = (text) => /\p{L}{2}/u.test(text) && text !== 'px' && !text.includes('⟦');
      const found = [];
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let at = walker.nextNode(); at !== null; at = walker.nextNode()) {
        if (isText(at.data) && !isSame(at.parentElement)) {
          found.push(at.data);
        }
      }
      for (const each of document.querySelectorAll('[aria-label], [title], [placeholder], [alt], [aria-valuetext]')) {
        for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'aria-valuetext']) {
          const text = each.getAttribute(name);
          const isTime = name === 'aria-valuetext'; /* tests/web/messages.test.mjs looks at those */
          if (text !== null && isText(text) && !isTime) {
            found.push(`${name}: ${text}`);
          }
        }
      }
      return [...new Set(found)];
    });
  const states = {};
  states.start = await unmarked();
  await page.keyboard.press('?');
  await until(page, () => document.querySelector('.finder')?.open);
  states.palette = (await unmarked()).filter((text) => !/: (Deutsch|English|.*\p{Script=Latin}*)$/u.test(text));
  await page.keyboard.press('Escape');
  await page.locator('.menu-button').click();
  await page.getByRole('menu').waitFor();
  states.menu = await unmarked();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Shift+T');
  await until(page, () => window.kolamDebug.past()?.isComplete === true);
  states.past = await unmarked();
  await page.keyboard.press('Escape');
  assert.deepEqual(Object.fromEntries(Object.entries(states).filter(([, texts]) => texts.length > 0)), {});
  assert.deepEqual(await misplacedIn(page), [], 'longer words have room');
  await close(page);
});

test('at_320_px_and_text_of_twice_the_size_nothing_is_cut_or_covered', async () => {
  const small = { width: 320, height: 568, hasTouch: true, isMobile: true };
  const large = (page) => page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
  const mirrored = await open('/c/small#@0,0,0', { ...small, locale: 'ar' });
  await mirrored.locator('.hint').waitFor();
  await large(mirrored);
  await screenshot(mirrored, 'everyone-320-ar');
  assert.deepEqual(await misplacedIn(mirrored), []);
  await close(mirrored);
  const page = await open('/c/small#@0,0,0', small);
  await large(page);
  await page.keyboard.press('?');
  await until(page, () => document.querySelector('.finder')?.open);
  await screenshot(page, 'everyone-320-palette');
  assert.deepEqual(await misplacedIn(page), []);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Menu', exact: true }).tap();
  await page.getByRole('menu').waitFor();
  await screenshot(page, 'everyone-320-menu');
  assert.deepEqual(await misplacedIn(page), []);
  await page.keyboard.press('Escape');
  await screenshot(page, 'everyone-320');
  assert.deepEqual(await misplacedIn(page), []);
  await close(page);
});

test('on_every_screen_and_for_either_hand_nothing_lies_over_another', async () => {
  const page = await open('/c/hands#@0,0,0', { width: 1280, height: 760 });
  await page.locator('.hint').waitFor();
  const found = {};
  const look = async (hand) => {
    for (const [width, height] of [[1280, 760], [1000, 600], [820, 1100], [780, 360], [568, 320], [390, 780], [360, 640]]) {
      await page.setViewportSize({ width, height });
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
      const misplaced = await misplacedIn(page);
      if (misplaced.length > 0) {
        found[`${hand}, ${width} x ${height}`] = misplaced;
        await screenshot(page, `everyone-${hand}-${width}`);
      }
    }
    await page.setViewportSize({ width: 1280, height: 760 });
  };
  const leftOf = (selector) => page.evaluate((wanted) => document.querySelector(wanted).getBoundingClientRect().left, selector);
  await look('right');
  assert.ok((await leftOf('.doors')) < 640 && (await leftOf('.zoom')) > 640 && (await leftOf('.menu-button')) > 640);
  await page.keyboard.press('Control+k');
  await until(page, () => document.querySelector('.finder')?.open);
  await page.keyboard.type('left hand');
  await page.keyboard.press('Enter');
  await until(page, () => document.body.classList.contains('is-left-handed'));
  assert.ok((await leftOf('.doors')) > 640 && (await leftOf('.zoom')) < 640 && (await leftOf('.menu-button')) < 640);
  await look('left');
  assert.deepEqual(found, {});
  await close(page);
});
