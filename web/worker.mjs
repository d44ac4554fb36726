// Writes the service worker beside the bundle: it names the files of the shell with their hashes, so that another
// version of any of them is another worker, and browsers notice.
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));

/** What the first view of the wall needs, beside the page's scripts; what is loaded later is kept when the page has time, or when it
 * is loaded. */
const SHELL = ['/', '/app.css', '/ink.wasm', '/icon.svg', '/manifest.webmanifest'];

async function hashOf(folder, path) {
  const file = join(folder, path === '/' ? 'index.html' : path);
  return createHash('sha256').update(await readFile(file)).digest('hex');
}

/** The scripts that the page names: those of the start, and none else. */
async function scriptsOf(folder) {
  const page = await readFile(join(folder, 'index.html'), 'utf8');
  return [...page.matchAll(/(?:src|href)="(\/[\w-]+\.js)"/g)].map(([, path]) => path);
}

/** Without the ink kernel, which make puts there, there is nothing to start offline: no worker then. */
export async function writeWorker(folder) {
  const target = join(folder, 'worker.js');
  const shell = {};
  try {
    for (const path of [...SHELL, ...(await scriptsOf(folder))]) {
      shell[path] = await hashOf(folder, path);
    }
  } catch (error) {
    if (error.code !== 'ENOENT') {
      throw error;
    }
    await rm(target, { force: true });
    return;
  }
  const later = {};
  for (const name of await readdir(folder)) {
    if (/\.(js|css)$/.test(name) && name !== 'worker.js' && shell[`/${name}`] === undefined) {
      later[`/${name}`] = await hashOf(folder, name);
    }
  }
  /* Languages are kept when they are spoken; a new text makes a new version all the same. */
  const languages = {};
  for (const name of await readdir(join(folder, 'messages'))) {
    languages[name] = await hashOf(folder, `messages/${name}`);
  }
  const whole = JSON.stringify([shell, later, languages]);
  const version = createHash('sha256').update(whole).digest('hex').slice(0, 16);
  await build({
    absWorkingDir: here,
    entryPoints: ['src/worker/worker.ts'],
    outfile: target,
    bundle: true,
    minify: true,
    format: 'iife',
    target: ['es2020'],
    tsconfigRaw: '{}',
    define: { SHELL: JSON.stringify(shell), LATER: JSON.stringify(later), VERSION: JSON.stringify(version) },
    logLevel: 'warning',
  });
}
