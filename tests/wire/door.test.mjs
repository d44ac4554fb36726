// HTTP's door: who may come in, what is served, and what must not hurt.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import net from 'node:net';
import { join, relative } from 'node:path';
import test, { after, before } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { Client, comesToRest, exchange, get, getJson, lineBody, ROOT, startServer } from './client.mjs';
import './tidy.mjs';

const WEB = process.env.KOLAM_WEB ?? join(ROOT, 'build/web');
let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

const statusOf = (text) => Number(/^HTTP\/1\.[01] (\d+)/.exec(text)?.[1] ?? 0);
const raw = (...lines) => `${lines.join('\r\n')}\r\n\r\n`;
const isAnswered = (text) => {
  const head = text.indexOf('\r\n\r\n');
  const size = /^content-length: (\d+)/im.exec(text);
  return head >= 0 && size !== null && text.length >= head + 4 + Number(size[1]);
};
const ask = (...lines) => exchange(server, raw(...lines), isAnswered);

// ---- Origin and Host ----

const opens = (options) => Client.open(server, options).then((client) => client.vanish());

test('a_browser_from_here_may_come_in_and_from_elsewhere_may_not', async () => {
  await opens({ origin: server.origin });
  const { port } = server;
  for (const origin of [
    'http://evil.example', `http://127.0.0.1:${port + 1}`, `http://127.0.0.1`,
    `http://127.0.0.1:${port}.evil.example`, 'null', 'file://', `http://evil.example:${port}`, `http://127.0.0.1:${port}/`,
    `http://127.0.0.1:${port}@evil.example`,
  ]) {
    await assert.rejects(opens({ origin }), `Origin ${origin}`);
  }
});

test('a_host_that_is_not_ours_is_refused_over_http_and_websocket', async () => {
  const { port } = server;
  for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`]) {
    for (const path of ['/', '/healthz', '/api/canvas/main', '/tiles/main/0/0/0.png']) {
      assert.equal(statusOf(await ask(`GET ${path} HTTP/1.1`, `Host: ${host}`)), 403, `${host}${path}`);
    }
    await assert.rejects(opens({ headers: { Host: host } }), `Host ${host}`);
    await assert.rejects(opens({ headers: { Host: host }, origin: `http://${host}` }), `rebound to ${host}`);
  }
  const without = await exchange(server, 'GET /healthz HTTP/1.1\r\n\r\n', isAnswered);
  assert.ok([0, 400, 403].includes(statusOf(without)), `without Host: ${statusOf(without)}`);
});

test('localhost_is_here', async () => {
  const { port } = server;
  assert.equal(statusOf(await ask('GET /healthz HTTP/1.1', `Host: localhost:${port}`)), 200);
  await opens({ headers: { Host: `localhost:${port}` }, origin: `http://localhost:${port}` });
});

test('what_the_operator_lists_is_let_in', async () => {
  const own = await startServer({
    args: ['--allow-host', 'kolam.example', '--allow-origin', 'https://kolam.example'],
  });
  const headers = { Host: 'kolam.example' };
  assert.equal((await get(own, '/healthz', { headers })).status, 200);
  const client = await Client.join(own, { origin: 'https://kolam.example', headers });
  await client.vanish();
  await assert.rejects(Client.open(own, { origin: 'https://other.example', headers }));
  await own.kill();
});

// ---- methods and odd requests ----

for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'X']) {
  test(`${method}_is_refused`, async () => {
    const text = await exchange(server, raw(`${method} /healthz HTTP/1.1`, `Host: 127.0.0.1:${server.port}`,
      'Connection: close'), isAnswered, { end: true });
    assert.ok([0, 400, 403, 404, 405, 501].includes(statusOf(text)), text.slice(0, 80));
    assert.equal((await get(server, '/healthz')).status, 200);
  });
}

test('head_works_on_every_route', async () => {
  for (const path of ['/', '/healthz', '/metrics', '/api/canvas/main', '/c/main', '/snapshot.png?canvas=main&rect=0,0,9,9']) {
    const [full, head] = await Promise.all([get(server, path), get(server, path, { method: 'HEAD' })]);
    assert.equal(head.status, full.status, path);
    assert.equal(head.body.length, 0, path);
    assert.equal(head.headers['content-type'], full.headers['content-type'], path);
  }
});

test('a_request_with_a_body_is_refused_and_spins_nothing', async () => {
  const host = `Host: 127.0.0.1:${server.port}`;
  const requests = [
    // The trap of libwebsockets 4.1.6: pipelined behind a GET to a dynamic route.
    raw('GET /healthz HTTP/1.1', host) + raw('GET /healthz HTTP/1.1', host, 'Content-Length: 10'),
    raw('GET /healthz HTTP/1.1', host) + raw('POST /healthz HTTP/1.1', host, 'Content-Length: 10'),
    raw('GET /healthz HTTP/1.1', host, 'Content-Length: 10'),
    `${raw('GET /healthz HTTP/1.1', host, 'Content-Length: 10')}0123456789`,
    `${raw('GET /healthz HTTP/1.1', host, 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    `${raw('GET /healthz HTTP/1.1', host, 'Content-Length: 3', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    raw('GET /tiles/main/0/0/0.png HTTP/1.1', host) + raw('GET /metrics HTTP/1.1', host, 'Content-Length: 10'),
    raw('GET /healthz HTTP/1.1', host, 'Content-Length: -1'),
    raw('GET /healthz HTTP/1.1', host, 'Content-Length: 99999999999999999999'),
  ];
  // The clients stay: what they sent must cost nothing while they wait.
  const sockets = requests.map((bytes) => {
    const socket = net.connect(server.port, '127.0.0.1', () => socket.write(bytes));
    return socket.on('error', () => {}).on('data', () => {});
  });
  const client = await Client.artist(server, { canvas: 'alive' });
  await client.draw([1, 1, 5, 5]);
  await comesToRest(server.pid, 0.3);
  sockets.forEach((socket) => socket.destroy());
  await client.draw([1, 1, 5, 5]);
});

test('an_empty_body_length_is_no_body', async () => {
  const text = await ask('GET /healthz HTTP/1.1', `Host: 127.0.0.1:${server.port}`, 'Content-Length: 0');
  assert.ok([200, 413, 400].includes(statusOf(text)), text.slice(0, 60));
});

test('pipelined_requests_are_all_answered', async () => {
  const one = raw('GET /healthz HTTP/1.1', `Host: 127.0.0.1:${server.port}`);
  const text = await exchange(server, one.repeat(5), (got) => (got.match(/HTTP\/1\.1 200/g) ?? []).length === 5);
  assert.equal(text.match(/"status": ?"ok"/g)?.length ?? 0, 5);
});

test('odd_requests_leave_the_server_well', async () => {
  const host = `Host: 127.0.0.1:${server.port}`;
  const odd = [
    '\r\n\r\n', 'GET\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', '\0\0\0\0\r\n\r\n', `${'A'.repeat(20000)}\r\n\r\n`,
    raw(`GET /${'a'.repeat(9000)} HTTP/1.1`, host), raw('GET / HTTP/1.1', host, `X: ${'b'.repeat(20000)}`),
    raw('GET /%00 HTTP/1.1', host), raw('GET /%zz HTTP/1.1', host), raw('GET //../../etc/passwd HTTP/1.1', host),
    raw('GET http://127.0.0.1/healthz HTTP/1.1', host), raw('GET /?a=b&&&=&%26 HTTP/1.1', host),
    raw('GET /snapshot.png?canvas=main&rect=0,0,9,9&rect=1,1,2,2 HTTP/1.1', host),
    raw(...Array.from({ length: 300 }, (_, i) => (i === 0 ? 'GET / HTTP/1.1' : `H${i}: v`))),
    raw('GET / HTTP/1.1', host, `Cookie: ${'c=d; '.repeat(2000)}`),
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  ];
  await Promise.all(odd.map((bytes) => exchange(server, bytes, () => true, { end: true })));
  assert.equal((await get(server, '/healthz')).status, 200);
  const client = await Client.artist(server, { canvas: 'alive' });
  assert.equal((await client.commit(lineBody([1, 1, 5, 5]))).type, 'ack');
  assert.equal(server.hasEnded(), false);
});

test('a_bad_answer_is_json_that_says_what_to_do', async () => {
  for (const path of ['/nothing', '/api/canvas/', '/api/canvas/a/b', '/api/nothing', '/snapshot.png', '/c/', '/c/A']) {
    const { status, json, headers } = await getJson(server, path);
    assert.ok(status === 400 || status === 404, `${path}: ${status}`);
    assert.match(headers['content-type'], /^application\/json/);
    assert.ok(json.error.length > 5, path);
  }
});

// ---- the web client ----

function webFiles(folder = WEB) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? webFiles(path) : [path];
  });
}

const TYPES = {
  html: 'text/html', js: 'text/javascript', mjs: 'text/javascript', css: 'text/css', wasm: 'application/wasm',
  svg: 'image/svg+xml', png: 'image/png', json: 'application/json', webmanifest: 'application/manifest+json',
  ico: 'image/', txt: 'text/plain', woff2: 'font/woff2', map: 'application/json',
};

test('every_file_of_the_web_client_is_served_with_its_type_and_compressed_where_it_pays', async () => {
  const files = webFiles();
  assert.ok(files.some((file) => file.endsWith('.html')) && files.some((file) => file.endsWith('.wasm')));
  for (const file of files) {
    const path = `/${relative(WEB, file)}`;
    const bytes = readFileSync(file);
    const plain = await get(server, path === '/index.html' ? '/' : path);
    assert.equal(plain.status, 200, path);
    assert.equal(plain.headers['content-encoding'], undefined, path);
    assert.equal(Buffer.compare(plain.body, bytes), 0, path);
    const type = TYPES[file.split('.').pop()];
    assert.ok(plain.headers['content-type'].startsWith(type), `${path}: ${plain.headers['content-type']}`);
    assert.equal(plain.headers['x-content-type-options'], 'nosniff', path);
    const zipped = await get(server, path === '/index.html' ? '/' : path, { headers: { 'Accept-Encoding': 'gzip, br' } });
    if (zipped.headers['content-encoding'] === 'gzip') {
      assert.equal(Buffer.compare(gunzipSync(zipped.body), bytes), 0, path);
      assert.ok(zipped.body.length < bytes.length, path);
      assert.match(zipped.headers.vary ?? '', /accept-encoding/i, path);
    } else {
      assert.ok(bytes.length < 1500 || /png|ico|woff2/.test(path), `${path} (${bytes.length} bytes) is not compressed`);
    }
  }
});

test('the_page_is_the_same_for_every_canvas_and_has_a_strict_policy', async () => {
  const pages = await Promise.all(['/', '/c/main', '/c/some-other_1', '/c/main?watch'].map((path) => get(server, path)));
  const hashes = new Set(pages.map(({ body }) => createHash('sha256').update(body).digest('hex')));
  assert.equal(hashes.size, 1);
  for (const { status, headers } of pages) {
    assert.equal(status, 200);
    assert.match(headers['content-type'], /^text\/html; *charset=utf-8/i);
    const policy = headers['content-security-policy'];
    const rules = Object.fromEntries(policy.split(/; */).map((rule) => {
      const [name, ...values] = rule.trim().split(/ +/);
      return [name, values];
    }));
    assert.ok(["'none'", "'self'"].includes(rules['default-src'].join(' ')), policy);
    assert.ok(!/unsafe-inline|'unsafe-eval'|\*|https?:(?!\/\/)/.test(policy), policy);
    assert.ok(rules['script-src'].includes("'wasm-unsafe-eval'"), policy);
    assert.ok(["'none'", "'self'"].includes(rules['frame-ancestors'].join(' ')), policy);
    assert.deepEqual(rules['base-uri'], ["'none'"]);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.match(headers['referrer-policy'] ?? '', /no-referrer|same-origin|strict-origin/);
    assert.ok(!/public|immutable/.test(headers['cache-control'] ?? ''), 'the page itself is asked for anew');
  }
});

test('the_page_holds_the_only_script_that_its_policy_names_by_hash', async () => {
  const { headers, body } = await get(server, '/');
  const scripts = [...body.toString().matchAll(/<script>(.*?)<\/script>/gs)].map(([, text]) => text);
  assert.equal(scripts.length, 1);
  const named = [...headers['content-security-policy'].matchAll(/'sha256-([^']+)'/g)].map(([, hash]) => hash);
  assert.deepEqual(named, scripts.map((text) => createHash('sha256').update(text).digest('base64')));
  const other = await get(server, '/app.js');
  assert.doesNotMatch(other.headers['content-security-policy'], /sha256-/);
  assert.equal(other.headers['server-timing'], undefined);
});

test('the_page_is_not_sent_again_when_unchanged', async () => {
  const first = await get(server, '/');
  assert.ok(first.headers.etag);
  const again = await get(server, '/', { headers: { 'If-None-Match': first.headers.etag } });
  assert.equal(again.status, 304);
});

const OUTSIDE = [
  '/../admin.token', '/..%2fadmin.token', '/%2e%2e/admin.token', '/%2e%2e%2fadmin.token', '/c/../../admin.token',
  '/..\\admin.token', '/.%00./admin.token', '//admin.token', '/admin.token', '/identity.db', '/canvases/main.kolam',
  '/./../build/kolam', '/web/../../etc/passwd', '/tiles/../admin.token', '/index.html/../../../etc/passwd',
];
for (const path of OUTSIDE) {
  test(`nothing_outside_is_served_at_${path}`, async () => {
    const text = await ask(`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${server.port}`, 'Connection: close');
    assert.ok([400, 403, 404].includes(statusOf(text)), text.slice(0, 40));
    assert.equal(text.includes(server.adminToken()), false);
    assert.equal(text.includes('root:'), false);
  });
}

// ---- health ----

test('health_and_metrics_are_told', async () => {
  const health = await getJson(server, '/healthz');
  assert.deepEqual([health.status, health.json], [200, { status: 'ok' }]);
  const metrics = await get(server, '/metrics');
  assert.match(metrics.headers['content-type'], /^text\/plain/);
  const lines = metrics.body.toString().trim().split('\n');
  assert.ok(lines.length > 5);
  for (const line of lines) {
    assert.match(line, /^# (HELP|TYPE) (kolam|process)_\w+ .+$|^(kolam|process)_\w+(\{[^}]*\})? -?[\d.e+-]+$/, line);
  }
});
