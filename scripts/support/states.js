// The states of the page that scripts/screens takes pictures of: how a person comes to each of them.

const arc = (x, y, radius) => Array.from({ length: 40 }, (_, i) => [
  x + radius * Math.cos(i / 6), y + radius * Math.sin(i / 6),
]);

const wave = (x0, y, x1, height) => Array.from({ length: 40 }, (_, i) => [
  x0 + ((x1 - x0) * i) / 39, y + height * Math.sin(i / 4),
]);

// Where there is room, above what is told to newcomers.
const middle = (height) => height * (height < 500 ? 0.45 : 0.66);

async function stroke(page, points, { isReleased = true } = {}) {
  await page.mouse.move(...points[0]);
  await page.mouse.down();
  for (const point of points) {
    await page.mouse.move(...point);
  }
  if (isReleased) {
    await page.mouse.up();
  }
}

const until = (page, condition, argument) => page.waitForFunction(condition, argument, { timeout: 20_000, polling: 50 });
const saved = (page) => until(page, () => globalThis.kolamDebug.status().unsaved === 0 && !globalThis.kolamDebug.status().isDrawing);

// Runs a command by its title, through the palette.
async function run(page, title) {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill(title);
  await page.getByRole('option', { name: title }).first().waitFor();
  await page.keyboard.press('Enter');
}

async function chooseTool(page, key) {
  await page.keyboard.press(key);
  await until(page, () => globalThis.kolamDebug.studio() !== null);
}

async function openMenu({ page }) {
  await page.getByRole('button', { name: 'Menu', exact: true }).click();
  await page.getByRole('menu').first().waitFor();
}

async function openPanel(page, name) {
  await page.getByRole('button', { name }).first().click();
  await page.locator('.tools .panel:visible').first().waitFor();
}

async function openPast(page) {
  await page.keyboard.press('Shift+T');
  await until(page, () => globalThis.kolamDebug.past()?.bars > 0);
}

async function replay({ page }) {
  await openPast(page);
  await page.getByRole('button', { name: 'Replay as it was drawn' }).click();
  await page.getByRole('button', { name: 'Replay', exact: true }).click();
  await until(page, () => globalThis.kolamDebug.past().replay?.isReady);
  await page.keyboard.press('Space');
  await page.getByRole('slider', { name: 'Progress' }).fill('0.6');
  await until(page, () => globalThis.kolamDebug.past().replay.isReady);
}

async function who({ page, width, height }) {
  await page.keyboard.press('i');
  await page.waitForSelector('#wall.is-asking');
  await page.mouse.click(width / 2, height / 2);
  await page.locator('.who-panel, .who').first().waitFor();
}

async function rollback({ page, token }) {
  await page.getByRole('button', { name: 'Roll back' }).click();
  await page.getByLabel('Admin token').fill(token);
  await page.keyboard.press('Enter');
  await page.locator('.shares-list label', { hasText: 'Passer-by' }).click();
  await until(page, () => globalThis.kolamDebug.past().rollback.isDrawn);
}

// Two of one's own, under a frame with handles.
async function select({ page, width, height }) {
  await stroke(page, wave(width * 0.3, middle(height) - 20, width * 0.7, 24));
  await stroke(page, arc(width * 0.5, middle(height) + 20, 30));
  await saved(page);
  await chooseTool(page, 'v');
  await page.keyboard.press('Control+a');
  await until(page, () => globalThis.kolamDebug.studio()?.count === 2);
}

async function write({ page, width, height }) {
  await chooseTool(page, 't');
  await page.mouse.click(width * 0.42, middle(height));
  await page.keyboard.type('வணக்கம்!');
  await until(page, () => globalThis.kolamDebug.studio().isShown);
}

async function offline({ page, context, width, height }) {
  await stroke(page, arc(width * 0.5, middle(height) - 30, 30));
  await saved(page);
  await context.setOffline(true);
  await until(page, () => globalThis.kolamDebug.status().link !== 'open');
  await stroke(page, wave(width * 0.3, middle(height) + 30, width * 0.7, 16));
  await page.getByText(/Offline/).first().waitFor();
}

// The wall is left as it was found.
async function tidyUp(page) {
  await page.keyboard.press('Escape');
  await page.mouse.up();
  await until(page, () => globalThis.kolamDebug.status().link === 'open');
  while (await page.evaluate(() => globalThis.kolamDebug.canUndo())) {
    await saved(page);
    await page.keyboard.press('Control+z');
    await saved(page);
  }
}

async function follow({ page, neighbour }) {
  await neighbour.mouse.move(400, 300);
  await run(page, 'Who is here');
  await page.getByRole('button', { name: 'Follow Mira' }).click();
  await page.getByRole('button', { name: 'Close' }).first().click();
  await page.locator('.pill:not([hidden])').first().waitFor();
}

// The other's pen is in the middle of a stroke, and moves on before each picture: one that rests loses its name.
const around = arc(330, 450, 40);
const together = {
  drawn: 0,
  async act({ neighbour }) {
    together.drawn = 20;
    await stroke(neighbour, around.slice(0, together.drawn), { isReleased: false });
  },
  async before({ page, neighbour }) {
    for (const point of around.slice(together.drawn, together.drawn + 6)) {
      await neighbour.mouse.move(...point);
    }
    together.drawn += 6;
    await until(page, () => document.querySelector('.label-name')?.textContent);
  },
  async after({ neighbour }) {
    await neighbour.keyboard.press('Escape');
    await neighbour.mouse.up();
  },
};

const HOME = '#@0,0,-1';

// Name, what is seen, and: `path` after the address, `act` to come there, what the browser is (`context`), what is done before
// each picture and after the last; `draws`: on the wall, so that it is tidied up.
const STATES = [
  { name: 'first', title: 'The first visit', path: HOME },
  { name: 'drawing', title: 'Drawing', path: '#@0,0,-0.5', draws: true, act: async ({ page, width, height }) => {
    await stroke(page, arc(width / 2, middle(height), 60));
    await saved(page);
  } },
  { name: 'pen-down', title: 'While the pen is down', path: '#@0,0,-0.5', draws: true,
    act: ({ page, width, height }) => stroke(page, arc(width / 2, middle(height), 60), { isReleased: false }) },
  { name: 'together', title: 'Somebody else draws', path: HOME, ...together },
  { name: 'tools', title: 'Tools that share a place', path: HOME, act: async ({ page }) => {
    await page.locator('.tools .group-button').first().focus();
    await page.keyboard.press('Enter');
    await page.locator('.tool-list:visible').waitFor();
  } },
  { name: 'colours', title: 'Colours', path: HOME, act: ({ page }) => openPanel(page, /^Colour:/) },
  { name: 'mixer', title: 'A colour of one’s own', path: HOME, act: async ({ page }) => {
    await openPanel(page, /^Colour:/);
    await page.getByRole('button', { name: /^Mix/ }).first().click();
    await page.locator('.mixer-field').waitFor();
  } },
  { name: 'brush', title: 'The brush', path: HOME, act: ({ page }) => openPanel(page, /^Brush:/) },
  { name: 'text', title: 'Writing', path: HOME, draws: true, act: write },
  { name: 'select', title: 'One’s own strokes, selected', path: HOME, draws: true, act: select },
  { name: 'menu', title: 'The menu', path: HOME, act: openMenu },
  { name: 'you', title: 'You: name, devices, keys', path: HOME, draws: true, act: async ({ page, width, height }) => {
    await stroke(page, arc(width / 2, middle(height), 40));
    await saved(page);
    await run(page, 'You');
    await page.locator('dialog[open] .you-part, dialog[open] h3').first().waitFor();
  } },
  { name: 'commands', title: 'The command palette', path: HOME, act: async ({ page }) => {
    await page.keyboard.press('?');
    await page.getByRole('combobox').waitFor();
  } },
  { name: 'crosshair', title: 'Drawing by the keyboard alone', path: HOME, draws: true, act: async ({ page }) => {
    await page.keyboard.press('c');
    await until(page, () => document.querySelector('.crosshair')?.hidden === false);
    await page.keyboard.press('Space');
    for (let i = 0; i < 6; i += 1) {
      await page.keyboard.press('ArrowRight');
    }
  } },
  { name: 'find', title: 'Finding the way', path: HOME, act: async ({ page }) => {
    await page.keyboard.press('g');
    await page.locator('.place-panel .row').first().waitFor();
  } },
  { name: 'people', title: 'Who is here', path: HOME, act: async ({ page, neighbour }) => {
    await neighbour.mouse.move(420, 320);
    await run(page, 'Who is here');
    await page.locator('.place-panel.is-people .row').first().waitFor();
  } },
  { name: 'following', title: 'Following somebody', path: HOME, act: follow },
  { name: 'naming', title: 'A name for a place', path: HOME, act: async ({ page }) => {
    await page.keyboard.press('b');
    await page.locator('.is-naming .place-text').fill('The red rose');
  } },
  { name: 'embed', title: 'Embedding a view', path: HOME, act: async ({ page }) => {
    await page.keyboard.press('Shift+E');
    await until(page, () => document.querySelector('.embed-preview')?.complete);
  } },
  { name: 'activity', title: 'Where people draw', path: '#@0,0,-2', act: async ({ page }) => {
    await page.keyboard.press('Shift+H');
    await until(page, () => globalThis.kolamDebug.place()?.heat.total > 0);
  } },
  { name: 'overview', title: 'From far away', path: '#@0,0,-4' },
  { name: 'turned', title: 'Turned and mirrored', path: HOME, act: async ({ page }) => {
    await page.keyboard.press('.');
    await page.keyboard.press('.');
    await page.keyboard.press('Shift+M');
  } },
  { name: 'offline', title: 'Without the server', path: HOME, draws: true, act: offline },
  { name: 'past', title: 'The past', path: HOME, act: ({ page }) => openPast(page) },
  { name: 'replay', title: 'A drawing, drawn again', path: HOME, act: replay },
  { name: 'who', title: 'Who drew this?', path: '#@-160,-110,0', act: who },
  { name: 'rollback', title: 'A moderator takes scribbles out', path: '?admin#@0,0,-1', act: rollback },
  { name: 'watch', title: 'Watching', path: `?watch${HOME}` },
  { name: 'tour', title: 'On tour', path: `?tour${HOME}`, act: ({ page }) => page.locator('.pill:not([hidden])').first().waitFor() },
  { name: 'kiosk', title: 'A screen in a hall', path: `?kiosk${HOME}` },
  { name: 'embedded', title: 'In a frame elsewhere', path: `?embed${HOME}` },
  { name: 'left-handed', title: 'For the left hand', path: HOME, act: async ({ page }) => {
    await run(page, 'Controls for the left hand');
    await until(page, () => document.body.classList.contains('is-left-handed'));
  } },
  { name: 'arabic', title: 'In Arabic', path: HOME, context: { locale: 'ar' } },
  { name: 'arabic-menu', title: 'In Arabic: the menu', path: HOME, context: { locale: 'ar' }, act: async ({ page }) => {
    await page.locator('.menu-button').click();
    await page.getByRole('menu').first().waitFor();
  } },
  { name: 'tamil', title: 'In Tamil', path: HOME, context: { locale: 'ta' } },
  { name: 'large-text', title: 'Text of twice the size', path: HOME, act: async ({ page }) => {
    await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
  } },
  { name: 'contrast', title: 'High contrast', path: HOME, context: { contrast: 'more' } },
];

module.exports = { STATES, stroke, tidyUp, until };
