// The page's words for the bundle: ICU messages are parsed here, at build, so that the page brings only what
// formats them. A message without arguments stays a string; others are the parser's trees.
import { readFile, readdir, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, TYPE } from '@formatjs/icu-messageformat-parser';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'src', 'i18n');

/** One message as the page takes it. */
export function compileMessage(text, id = '') {
  let tree;
  try {
    tree = parse(text, { ignoreTag: true, captureLocation: false, requiresOtherClause: true });
  } catch (error) {
    throw new Error(`message ${id}: ${error.message}: ${text}`);
  }
  return tree.every(({ type }) => type === TYPE.literal)
    ? tree.map(({ value }) => value).join('')
    : tree;
}

function compileMessages(messages) {
  return Object.fromEntries(
    Object.entries(messages).map(([id, text]) => [id, compileMessage(text, id)]),
  );
}

/** The texts as they were written. */
export async function readMessages(language) {
  return JSON.parse(await readFile(join(folder, `${language}.json`), 'utf8'));
}

/** Every language there is a file for. */
export async function languagesWritten() {
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5)).sort();
}

/* Of panels that few open: in English they come with the panel, as messages/en.json. */
const LATER = /^(order\.|vote\.|you\.(?!title$))/;

function pick(messages, isLater) {
  return Object.fromEntries(Object.entries(messages).filter(([id]) => LATER.test(id) === isLater));
}

/** For esbuild: importing a message file gives the compiled messages, and the formatter leaves its parser out. */
export const messagesPlugin = pluginFor((messages) => messages);

/** The same for the page, whose start does without some. */
export const startMessagesPlugin = pluginFor((messages) => pick(messages, false));

function pluginFor(choose) {
  return {
    name: 'messages',
    setup: (build) => setup(build, choose),
  };
}

function setup(build, choose) {
  build.onLoad({ filter: /[/\\]i18n[/\\][a-z]+\.json$/ }, async ({ path }) => {
    const messages = compileMessages(choose(JSON.parse(await readFile(path, 'utf8'))));
    return { contents: JSON.stringify(messages), loader: 'json' };
  });
  build.onResolve({ filter: /^@formatjs\/icu-messageformat-parser$/ }, (found) =>
    build.resolve('@formatjs/icu-messageformat-parser/no-parser.js', {
      kind: found.kind,
      importer: found.importer,
      resolveDir: found.resolveDir,
    }),
  );
}

/** The other languages, each a file of its own. English is in the bundle, but for what a start does without. */
export async function writeMessages(out) {
  await mkdir(join(out, 'messages'), { recursive: true });
  for (const language of await languagesWritten()) {
    const all = await readMessages(language);
    const messages = compileMessages(language === 'en' ? pick(all, true) : all);
    await writeFile(join(out, 'messages', `${language}.json`), JSON.stringify(messages));
  }
}
