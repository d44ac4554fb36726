// Bundles the page and serves it from a folder of its own; nothing is asked of the network.
import { createServer } from 'node:http';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { webRequire } from '../../web/load.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2' };

export const isInstalled = existsSync(join(here, 'node_modules', '@excalidraw', 'excalidraw'));
export const version = () =>
  JSON.parse(readFileSync(join(here, 'node_modules', '@excalidraw', 'excalidraw', 'package.json'), 'utf8')).version;

export async function servePage() {
  const out = mkdtempSync(join(tmpdir(), 'kolam-excalidraw-'));
  const { build } = webRequire('esbuild');
  await build({
    absWorkingDir: here,
    entryPoints: { page: 'page.jsx' },
    outdir: out,
    bundle: true,
    splitting: true,
    format: 'esm',
    minify: true,
    jsx: 'automatic',
    loader: { '.woff2': 'file' },
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.IS_PREACT': '"false"' },
    conditions: ['production'],
    logLevel: 'error',
  });
  copyFileSync(join(here, 'index.html'), join(out, 'index.html'));
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, 'http://localhost').pathname);
    const file = join(out, path === '/' ? 'index.html' : path);
    if (!file.startsWith(out) || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    stop() {
      server.close();
      server.closeAllConnections();
      rmSync(out, { recursive: true, force: true });
    },
  };
}
