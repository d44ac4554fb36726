// The whole corpus through the running product: imported into a server while two browsers watch, then
// exported, checked, opened in a browser beside an empty canvas, and the server started again on it.
// Pictures are left in build/bench/.
//
//     node tests/bench/corpus.mjs [--keep DIR]      KOLAM_SHARED: where corpus/ lies (default ../shared)
//     node tests/bench/corpus.mjs --sets wacom-ink,app-test-drawings     a part of it

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

import { BIN, cpuSeconds, get, getJson, kolam, makeFolder, memory, ROOT, startServer } from '../wire/client.mjs';
import { mb, printTable, seconds } from './support/table.mjs';

const option = (name) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : null;
};
const CORPUS = join(process.env.KOLAM_SHARED ?? resolve(ROOT, '../shared'), 'corpus');
const OUT = join(ROOT, 'build/bench');
const VIEWPORT = { width: 1280, height: 960 };
const OVERVIEW = '#@0,0,-6';
const HOUR = 3600e3;
const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

if (!existsSync(CORPUS)) {
  console.log(`skipped: no corpus at ${CORPUS} (KOLAM_SHARED)`);
  process.exit(0);
}
mkdirSync(OUT, { recursive: true });
const wanted = option('sets')?.split(',');
const files = readdirSync(CORPUS).filter((name) => name.endsWith('.ndjson.zst'))
  .filter((name) => !wanted || wanted.includes(name.replace('.ndjson.zst', ''))).map((name) => join(CORPUS, name));
const data = option('keep') ?? makeFolder();
const { chromium } = createRequire(join(ROOT, 'web/package.json'))('playwright-core');
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });

const rows = [];
const report = (what, value) => {
  rows.push([what, value]);
  console.log(`  ${what}: ${value}`);
};

async function timed(act) {
  const started = performance.now();
  const value = await act();
  return [value, performance.now() - started];
}

async function openPage(server, path, context) {
  const page = await (context ?? browser).newPage({ viewport: VIEWPORT });
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  await page.goto(server.origin + path, { waitUntil: 'commit' });
  return page;
}

const isComplete = (page, timeout = 120e3) =>
  page.waitForFunction(() => globalThis.kolamDebug?.status().isComplete, null, { timeout, polling: 20 });

async function shutter(page, name) {
  await page.screenshot({ path: join(OUT, `${name}.png`) });
  if (page.problems.length > 0) {
    report(`errors in ${name}`, page.problems.slice(0, 3).join('; '));
  }
}

// ---- the import, watched ----

async function importAll(server) {
  const pages = await Promise.all([openPage(server, `/${OVERVIEW}`), openPage(server, '/?watch#@-5000,-5000,-1')]);
  await Promise.all(pages.map((page) => isComplete(page)));
  const before = cpuSeconds(server.pid);
  const importer = spawn(BIN, ['import', '--server', server.url, '--admin-token-file', join(server.data, 'admin.token'), ...files]);
  let [said, problems, cpu, rss] = ['', '', 0, 0];
  importer.stdout.on('data', (text) => (said += text));
  importer.stderr.on('data', (text) => (problems += text));
  const sampler = setInterval(() => {
    try {
      cpu = cpuSeconds(importer.pid);
      rss = memory(importer.pid).peak;
    } catch {
      // It has ended.
    }
  }, 200);
  const [code, ms] = await timed(() => new Promise((done) => importer.on('close', done)));
  clearInterval(sampler);
  if (code !== 0) {
    throw new Error(`kolam import ended with ${code}: ${problems}\n${server.log().slice(-2000)}`);
  }
  const used = cpuSeconds(server.pid) - before;
  const { json } = await getJson(server, '/api/canvas/main');
  report('import says', said.trim());
  report('import, wall clock', seconds(ms));
  report('ops', `${json.seq} by ${json.artists} artists`);
  report('ops per second', (json.seq / ms * 1e3).toFixed(0));
  report('server CPU', `${used.toFixed(1)} s, ${(used / json.seq * 1e6).toFixed(0)} us an op`);
  report('importer CPU, peak memory', `${cpu.toFixed(1)} s, ${mb(rss)}`);
  report('server memory now, peak', `${mb(memory(server.pid).now)}, ${mb(memory(server.pid).peak)}`);
  for (const [i, page] of pages.entries()) {
    const [isWhole, settleMs] = await timed(() => isComplete(page, 60e3).then(() => true, () => false));
    report(`watching page ${i + 1} complete again`, isWhole ? `after ${seconds(settleMs)}`
      : `NOT within 60 s: ${JSON.stringify(await page.evaluate(() => globalThis.kolamDebug.status()))}`);
  }
  await Promise.all(pages.map((page, i) => shutter(page, `import-page-${i + 1}`)));
  await Promise.all(pages.map((page) => page.close()));
  return json;
}

function sizes(seq) {
  const folder = join(data, 'canvases');
  const size = (name) => (existsSync(join(folder, name)) ? statSync(join(folder, name)).size : 0);
  report('main.kolam', `${mb(size('main.kolam'))}, ${(size('main.kolam') / seq).toFixed(1)} bytes an op`);
  report('main.tiles', mb(size('main.tiles')));
  report('log left in -wal', mb(size('main.kolam-wal')));
  const inputBytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  report('the files imported', mb(inputBytes));
}

// ---- in a browser ----

async function firstView(server, path, name) {
  const context = await browser.newContext({ viewport: VIEWPORT });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  let [http, ws, requests] = [0, 0, 0];
  await cdp.send('Network.enable');
  cdp.on('Network.loadingFinished', ({ encodedDataLength }) => {
    http += encodedDataLength;
    requests += 1;
  });
  cdp.on('Network.webSocketFrameReceived', ({ response }) => {
    ws += response.opcode === 2 ? Buffer.from(response.payloadData, 'base64').length : Buffer.byteLength(response.payloadData);
  });
  const before = cpuSeconds(server.pid);
  const [, ms] = await timed(async () => {
    await page.goto(server.origin + path, { waitUntil: 'commit' });
    await isComplete(page);
  });
  const cpu = cpuSeconds(server.pid) - before;
  await page.screenshot({ path: join(OUT, `view-${name}.png`) });
  await context.close();
  return [name, seconds(ms), `${(http / 1e3).toFixed(0)} KB`, requests, `${(ws / 1e3).toFixed(1)} KB`, `${(cpu * 1e3).toFixed(0)} ms`];
}

async function firstViews(server) {
  const table = [];
  for (const [path, name] of [
    [`/c/empty${OVERVIEW}`, 'empty-first'], [`/c/empty${OVERVIEW}`, 'empty'],
    [`/${OVERVIEW}`, 'overview-first'], [`/${OVERVIEW}`, 'overview'],
    ['/#@-1250,-1250,-3', 'middle-first'], ['/#@-1250,-1250,-3', 'middle'],
    ['/', 'recent-first'], ['/', 'recent'],
  ]) {
    table.push(await firstView(server, path, name));
  }
  printTable(['first view of', 'complete after', 'HTTP', 'requests', 'WebSocket', 'server CPU'], table);
}

// ---- starting again ----

async function restart(label) {
  const started = performance.now();
  const server = await startServer({ data });
  while ((await get(server, '/healthz')).status !== 200) {
    // Asked again at once.
  }
  const healthy = performance.now() - started;
  const { headers } = await get(server, '/tiles/main/-6/0/0.png');
  const { status, body } = await get(server, headers.location);
  report(`restart ${label}: healthy, first far tile`,
    `${seconds(healthy)}, ${seconds(performance.now() - started)} (${status}, ${body.length} bytes)`);
  report(`restart ${label}: memory`, mb(memory(server.pid).now));
  return server;
}

async function exportAll() {
  const picture = join(OUT, 'corpus.png');
  rmSync(picture, { force: true });
  const [result, ms] = await timed(() => kolam(['export', '--data', data, '--all', '--scale', '0.05', '--ground', '#ffffff', '-o', picture],
    { deadlineMs: HOUR }));
  report('export --all --scale 0.05', `${seconds(ms)}, status ${result.code}, ${existsSync(picture) ? mb(statSync(picture).size) : 'no file'} ${result.stderr.trim()}`);
}

async function checkAll() {
  const [result, ms] = await timed(() => kolam(['check', '--data', data], { deadlineMs: HOUR }));
  report('kolam check', `${seconds(ms)}, status ${result.code}`);
  console.log(`${result.stdout}${result.stderr}`.trim());
}

try {
  console.log(`${files.length} files of ${CORPUS}`);
  let server = await startServer({ data });
  report('empty server memory', mb(memory(server.pid).now));
  const { seq } = await importAll(server);
  const [, stopMs] = await timed(() => server.stop());
  report('SIGTERM to end', seconds(stopMs));
  sizes(seq);
  server = await restart('after a clean stop');
  await firstViews(server);
  report('server memory after the views, peak', `${mb(memory(server.pid).now)}, ${mb(memory(server.pid).peak)}`);
  await server.kill();
  server = await restart('after kill -9');
  await server.stop();
  await exportAll();
  await checkAll();
  sizes(seq);
  console.log('\n');
  printTable(['the whole corpus', ''], rows);
} finally {
  await browser.close();
}
