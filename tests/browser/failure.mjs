// What a person needs of a browser test that failed: each open page's address, what it wrote into its console, and a
// picture of it in build/test/browser/; the last words of the servers. All of it stands under the failure.
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach } from 'node:test';
import { root } from '../web/load.mjs';

const PICTURES = join('build', 'test', 'browser');
const LINES_MAX = 15;
const pages = new Map(); /* -> what its console said */
const servers = new Set();

/** Remembers what the page says until it is closed. Chromium's pages and Firefox's are alike in this. */
export function watchPage(page) {
  const said = [];
  const add = (line) => {
    said.push(String(line).split('\n')[0].slice(0, 300));
    said.splice(0, said.length - LINES_MAX);
  };
  pages.set(page, said);
  page.on('console', (message) => add(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => add(`uncaught: ${error.stack ?? error}`));
  page.on('requestfailed', (request) => add(`failed: ${request.url()} ${request.failure()?.errorText ?? ''}`));
  page.on('crash', () => add('the page crashed'));
  page.on('close', () => pages.delete(page));
}

/** A server, which tells its `log`; until its `exited` resolves. */
export function watchServer(server, exited) {
  servers.add(server);
  void exited.then(() => servers.delete(server));
}

async function picture(page, name) {
  mkdirSync(join(root, PICTURES), { recursive: true });
  const path = join(PICTURES, `${name}.png`);
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, 5000, 'no picture: it does not answer')));
  const taken = page.screenshot({ path: join(root, path) }).then(() => path, (error) => `no picture: ${error.message}`);
  return Promise.race([taken, late]).finally(() => clearTimeout(timer));
}

/* `error` is told from Node 20.12 on; an older one fails without the words. */
afterEach(async (test) => {
  if (!test.error) {
    return;
  }
  const file = basename(process.argv[1], '.test.mjs');
  for (const [i, [page, said]] of [...pages].entries()) {
    test.diagnostic(`page ${page.url()}: ${await picture(page, `${file}-${test.name.replace(/\W+/g, '_')}-${i}`)}`);
    said.forEach((line) => test.diagnostic(`  ${line}`));
  }
  for (const server of servers) {
    server.log.trimEnd().split('\n').slice(-5).forEach((line) => test.diagnostic(`server: ${line}`));
  }
});
