// Bundles the browser client into ../build/web: index.html, app.js, app.css, icon.svg, and what is loaded when
// it is first needed (history.js, history.css and other panels); chunk-*.js is what several of them share;
// messages/*.json are the other languages; worker.js, the service worker, knows the hashes of what a start
// needs. The ink kernel (ink.wasm) is put beside them by make. Names are stable, but for shared chunks, which bear
// their hash; the server gives each file an ETag.
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { sharedStart } from './lazy.mjs';
import { languagesWritten, readMessages, startMessagesPlugin, writeMessages } from './messages.mjs';
import { writeWorker } from './worker.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.env.KOLAM_WEB_OUT ?? join(here, '..', 'build', 'web');

/* What former builds named by their hashes is nobody's any more. */
await mkdir(out, { recursive: true });
for (const name of await readdir(out)) {
  if (/^(chunk|first)\.js$|-[A-Z0-9]{8}\.js$/.test(name)) {
    await rm(join(out, name));
  }
}
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { app: 'src/main.ts', brush: 'src/brush/brush.ts', history: 'src/history/history.ts', order: 'src/order/order.ts', place: 'src/place/place.ts' },
  outdir: out,
  bundle: true,
  splitting: true,
  chunkNames: '[name]-[hash]',
  metafile: true,
  plugins: [startMessagesPlugin, sharedStart(join(here, 'src', 'main.ts'))],
  minify: true,
  format: 'esm',
  target: ['es2020', 'chrome91', 'firefox93', 'safari15'],
  legalComments: 'none',
  banner: { js: '/* kolam, MIT; icons: Lucide, ISC; messages: FormatJS, MIT */' },
  logLevel: 'warning',
});
/* It stands in the page itself, and so waits for nothing else. */
const small = await build({
  absWorkingDir: here,
  entryPoints: ['src/first.ts'],
  write: false,
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['es2020', 'chrome91', 'firefox93', 'safari15'],
  legalComments: 'none',
  logLevel: 'warning',
});
await build({
  absWorkingDir: here,
  entryPoints: {
    app: 'src/style.css',
    brush: 'src/brush/brush.css',
    history: 'src/history/history.css',
    order: 'src/order/order.css',
    place: 'src/place/place.css',
    policy: 'src/policy/policy.css',
    shell: 'src/shell/shell.css',
    studio: 'src/studio.css',
    you: 'src/you/you.css',
  },
  outdir: out,
  bundle: true,
  minify: true,
  logLevel: 'warning',
});
await cp(join(here, 'static'), out, { recursive: true });
await writeMessages(out);
const first = startsWith('app.js');
await writePage(first.filter((name) => name !== 'app.js'));
await writeWorker(out);
if (process.argv.includes('--sizes')) {
  for (const name of [
    'index.html',
    ...first,
    'app.css',
    'icon.svg',
    'ink.wasm',
    'history.js',
    'history.css',
    'place.js',
    'place.css',
    'worker.js',
  ]) {
    const size = await stat(join(out, name)).then(
      (found) => found.size,
      () => null,
    );
    console.log(`${name}: ${size ?? 'missing'}`);
  }
}

/** A bundle and what it imports before it runs. */
function startsWith(name, found = new Set()) {
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, made]) => [basename(path), made]));
  found.add(name);
  for (const { path, kind } of outputs.get(name).imports) {
    if (kind === 'import-statement' && !found.has(basename(path))) {
      startsWith(basename(path), found);
    }
  }
  return [...found];
}

/** The page with its words, and with links to what app.js imports, so that it need not be found out first. */
async function writePage(chunks) {
  const target = join(out, 'index.html');
  const words = await readMessages('en');
  const links = chunks.map((name) => `<link rel="modulepreload" href="/${name}" />`);
  const page = (await readFile(target, 'utf8'))
    .replace(/\{\{([\w.]+)\}\}/g, (_, id) => words[id] ?? fail(`index.html: no message ${id}`))
    .replace('<!-- first -->', () => `<script>${inPage(small.outputFiles[0].text)}</script>`)
    .replace('<!-- chunks -->', links.join('\n    '))
    .replace('<!-- noscript -->', (await noScript()).join(''));
  await writeFile(target, page);
}

/** The page's policy names a script in it by the hash of what stands between these very words (server/inline_scripts.c). */
function inPage(script) {
  return /<\/?script|<!--/i.test(script) ? fail('first.ts: it would end in the middle') : script.trim();
}

/** For those without JavaScript nothing can choose a language: all of them are there. */
async function noScript() {
  const languages = ['en', ...(await languagesWritten()).filter((language) => language !== 'en')];
  return Promise.all(
    languages.map(async (language) => {
      const text = (await readMessages(language))['app.noscript'];
      return `<span lang="${language}" dir="auto">${text}</span><br />`;
    }),
  );
}

function fail(message) {
  throw new Error(message);
}
