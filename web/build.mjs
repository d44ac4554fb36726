// Bundles the browser client into ../build/web: index.html, app.js, app.css, icon.svg, and what is loaded
// when somebody looks back: history.js, history.css; chunk.js is what both need; worker.js, the service
// worker, knows the hashes of them. The ink kernel (ink.wasm) is put beside them by make. Names are stable; the server gives each an ETag.
import { cp, mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writeWorker } from './worker.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.env.KOLAM_WEB_OUT ?? join(here, '..', 'build', 'web');

await mkdir(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: { app: 'src/main.ts' },
  outdir: out,
  bundle: true,
  splitting: true,
  chunkNames: '[name]',
  minify: true,
  format: 'esm',
  target: ['es2020', 'chrome91', 'firefox93', 'safari15'],
  legalComments: 'none',
  banner: { js: '/* kolam, MIT; icons: Lucide, ISC */' },
  logLevel: 'warning',
});
await build({
  absWorkingDir: here,
  entryPoints: { app: 'src/style.css', history: 'src/history/history.css' },
  outdir: out,
  minify: true,
  logLevel: 'warning',
});
await cp(join(here, 'static'), out, { recursive: true });
await writeWorker(out);
if (process.argv.includes('--sizes')) {
  for (const name of [
    'index.html',
    'app.js',
    'chunk.js',
    'app.css',
    'icon.svg',
    'ink.wasm',
    'history.js',
    'history.css',
    'worker.js',
  ]) {
    const size = await stat(join(out, name)).then(
      (found) => found.size,
      () => null,
    );
    console.log(`${name}: ${size ?? 'missing'}`);
  }
}
