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

export function compileMessages(messages) {
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

/** For esbuild: importing a message file gives the compiled messages, and the formatter leaves its parser out. */
export const messagesPlugin = {
  name: 'messages',
  setup(build) {
    build.onLoad({ filter: /[/\\]i18n[/\\][a-z]+\.json$/ }, async ({ path }) => {
      const messages = compileMessages(JSON.parse(await readFile(path, 'utf8')));
      return { contents: JSON.stringify(messages), loader: 'json' };
    });
    build.onResolve({ filter: /^@formatjs\/icu-messageformat-parser$/ }, (found) =>
      build.resolve('@formatjs/icu-messageformat-parser/no-parser.js', {
        kind: found.kind,
        importer: found.importer,
        resolveDir: found.resolveDir,
      }),
    );
  },
};

/** The other languages, each a file of its own. English is in the bundle. */
export async function writeMessages(out) {
  await mkdir(join(out, 'messages'), { recursive: true });
  for (const language of await languagesWritten()) {
    if (language !== 'en') {
      const messages = compileMessages(await readMessages(language));
      await writeFile(join(out, 'messages', `${language}.json`), JSON.stringify(messages));
    }
  }
}
