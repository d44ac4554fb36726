// kolam behind a real nginx, with the documented configuration: TLS, WebSockets from the right pages only, and
// what a cache may and may not answer.

import assert from 'node:assert/strict';
import https from 'node:https';
import { createRequire } from 'node:module';
import test, { after, before } from 'node:test';

import { Client, eventually, get, startServer } from './client.mjs';
import { hasNginx, startNginx, WHY_NOT } from './nginx.mjs';
import { families, value } from './prometheus.mjs';
import './tidy.mjs';

const WebSocket = createRequire(new URL('../../web/package.json', import.meta.url))('ws');
const LOCK_MS = 2000; /* so long docs/nginx.conf has others wait for who asks first */
const skip = hasNginx() ? false : WHY_NOT;
let server;
let nginx;
before(async () => {
  server = await startServer();
  nginx = skip ? null : await startNginx(server);
});
after(async () => {
  await nginx?.stop();
  await server?.kill();
});

let canvasNumber = 0;
const newCanvas = () => `cached-${(canvasNumber += 1)}`;
const ask = (path, options) => get(nginx.plain, path, options);
const cacheOf = (answer) => answer.headers['x-cache'];
const requests = async (kind) => {
  const all = families(String((await get(server, '/metrics')).body));
  return ['200', '302', '304'].reduce((sum, status) => sum + (value(all, 'kolam_http_requests_total', { kind, status }) ?? 0), 0);
};

async function drawn() {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const seq = await mira.draw([40, 128, 200, 128]);
  const { incarnation, raster } = mira.welcome;
  return { canvas, mira, seq, tile: (of) => `/tiles/${canvas}/0/0/0.png?v=${incarnation}-${raster}-${of}` };
}

function overTls(path) {
  return new Promise((done, fail) => {
    https.get(`${nginx.origin}${path}`, { rejectUnauthorized: false, agent: false }, (answer) => {
      answer.resume().on('end', () => done(answer));
    }).on('error', fail);
  });
}

function handshake(origin) {
  return new Promise((done) => {
    const url = `${nginx.origin.replace('https', 'wss')}/ws`;
    const socket = new WebSocket(url, 'kolam.v1', { origin, rejectUnauthorized: false });
    socket.on('open', () => done('open') || socket.terminate());
    socket.on('unexpected-response', (request, answer) => done(answer.statusCode) || request.destroy());
    socket.on('error', () => done('error'));
  });
}

test('pages_come_over_tls_and_plain_http_is_sent_there', { skip }, async () => {
  const page = await overTls('/c/main?watch');
  assert.ok([200, 404].includes(page.statusCode));
  assert.equal((await overTls('/healthz')).statusCode, 200);
  const plain = await get({ port: nginx.redirecting }, '/c/main');
  assert.equal(plain.status, 301);
  assert.match(plain.headers.location, /^https:/);
});

test('a_websocket_opens_for_our_own_page_and_for_no_other', { skip }, async () => {
  assert.equal(await handshake(nginx.origin), 'open');
  /* The server closes without a word, which nginx tells in its own. */
  assert.ok([403, 502].includes(await handshake('https://elsewhere.example')));
  assert.equal(await handshake(undefined), 'open', 'what is no browser has no origin');
});

test('strokes_travel_through_it', { skip }, async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const tom = await Client.join({ port: nginx.plain.port }, { canvas });
  await tom.view({});
  await tom.op(await mira.draw([10, 10, 90, 90]));
});

test('a_tile_is_drawn_once_and_then_answered_by_the_cache_for_ever', { skip }, async () => {
  const { tile, seq } = await drawn();
  const before_ = await requests('tile');
  const begun = performance.now();
  const answers = await Promise.all(Array.from({ length: 30 }, () => ask(tile(seq))));
  const took = performance.now() - begun;
  assert.ok(answers.every(({ status, body }) => status === 200 && body.equals(answers[0].body)));
  const drawn_ = (await requests('tile')) - before_;
  assert.ok(drawn_ === 1 || took > LOCK_MS, `asked for ${drawn_} times in ${took} ms`);
  const again = await ask(tile(seq));
  assert.equal(cacheOf(again), 'HIT');
  assert.match(again.headers['cache-control'], /immutable/);
  const unchanged = await ask(tile(seq), { headers: { 'If-None-Match': again.headers.etag } });
  assert.equal(unchanged.status, 304);
});

test('where_something_happens_is_asked_for_once_a_second_whoever_asks', { skip }, async () => {
  const { canvas } = await drawn();
  for (const what of ['lively', 'people', 'places', 'search?q=a', 'heat?level=0&x=0&y=0&width=2&height=2']) {
    const path = `/api/canvas/${canvas}/${what}`;
    const kind = what.split('?')[0];
    const before_ = await requests(kind);
    const begin = Date.now();
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(path)));
    assert.ok(answers.every(({ status }) => status === 200), what);
    assert.ok((await requests(kind)) - before_ <= 2 + (Date.now() - begin) / 1000, what);
  }
  const { places } = JSON.parse((await ask(`/api/canvas/${canvas}/lively`)).body);
  assert.equal(places[0].strokes, 1);
});

test('versions_are_at_most_some_seconds_old_and_asked_for_once_a_second', { skip }, async () => {
  const { canvas, mira, seq } = await drawn();
  const path = `/api/canvas/${canvas}/versions?level=0&bx=0&by=0`;
  const versionOf = async () => JSON.parse((await ask(path)).body).versions[0];
  assert.equal(await versionOf(), seq);
  const before_ = await requests('versions');
  const begun = performance.now();
  const later = await mira.draw([40, 40, 200, 40]);
  let asked = 0;
  await eventually(async () => (asked += 1) && (await versionOf()) === later, 'the newer version', 20000);
  const took = performance.now() - begun;
  assert.ok((await requests('versions')) - before_ <= 1 + took / 1000 + 1, `${asked} asked, ${await requests('versions')}`);
});

test('without_a_version_the_newest_comes_within_seconds', { skip }, async () => {
  const { canvas, mira, seq } = await drawn();
  const path = `/tiles/${canvas}/0/0/0.png`;
  const where = async () => (await ask(path)).headers.location;
  assert.match(await where(), new RegExp(`-${seq}$`));
  const later = await mira.draw([40, 40, 200, 40]);
  await eventually(async () => (await where()).endsWith(`-${later}`), 'the newer one');
});

test('an_older_version_leads_to_the_newest_and_one_from_the_future_is_never_kept', { skip }, async () => {
  const { mira, tile, seq } = await drawn();
  const next = await ask(tile(seq + 1));
  assert.deepEqual([next.status, cacheOf(next)], [302, 'MISS']);
  const later = await mira.draw([40, 40, 200, 40]);
  assert.equal(later, seq + 1);
  const picture = await ask(tile(later));
  assert.equal(picture.status, 200, 'what was said before it was drawn is forgotten');
  const old = await ask(tile(seq));
  assert.equal(old.status, 302);
  assert.ok(old.headers.location.endsWith(tile(later)));
  await eventually(async () => cacheOf(await ask(tile(seq))) === 'HIT', 'where it leads to is kept for a second');
});

test('a_region_is_drawn_once_for_all_who_ask_at_once', { skip }, async () => {
  const { canvas } = await drawn();
  const before_ = await requests('snapshot');
  const path = `/snapshot.png?canvas=${canvas}&rect=0,0,400,300`;
  const begun = performance.now();
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask(path)));
  const took = performance.now() - begun;
  assert.ok(answers.every(({ status }) => status === 200));
  const drawn_ = (await requests('snapshot')) - before_;
  assert.ok(drawn_ === 1 ? answers.every(({ body }) => body.equals(answers[0].body)) : took > 1000, `drawn ${drawn_} times in ${took} ms`);
});

test('who_watches_goes_on_seeing_while_the_server_is_away', { skip }, async (t) => {
  const own = await startServer();
  const front = await startNginx(own);
  t.after(() => front.stop());
  const mira = await Client.artist(own, { canvas: 'away' });
  const seq = await mira.draw([10, 10, 90, 90]);
  const path = '/api/canvas/away/versions?level=0&bx=0&by=0';
  assert.equal(JSON.parse((await get(front.plain, path)).body).versions[0], seq);
  await own.kill();
  const stale = await eventually(async () => {
    const answer = await get(front.plain, path);
    return cacheOf(answer) !== 'HIT' && answer; /* its second is over, and nobody there to ask */
  }, 'an answer that is older than its second');
  assert.deepEqual([stale.status, cacheOf(stale)], [200, 'STALE']);
});

test('metrics_are_not_for_the_outside', { skip }, async () => {
  assert.equal((await ask('/metrics')).status, 404);
});
