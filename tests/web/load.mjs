// Brings the client's TypeScript modules into node: bundled by esbuild, then imported.
import { createHash, webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/* Debian's Node 18 has it, but not where a browser has it. */
globalThis.crypto ??= webcrypto;

const { messagesPlugin } = await import('../../web/messages.mjs');

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const webRequire = createRequire(join(root, 'web', 'package.json'));

/** The exports of `web/src/<path>`. */
export async function load(path) {
  const { build } = webRequire('esbuild');
  const result = await build({
    entryPoints: [join(root, 'web', 'src', path)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    plugins: [messagesPlugin],
  });
  const code = result.outputFiles[0].contents;
  const folder = join(root, 'build', 'web-modules');
  const name = `${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`;
  const file = join(folder, name);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${file}.${process.pid}`, code);
    renameSync(`${file}.${process.pid}`, file);
  }
  return import(pathToFileURL(file).href);
}
