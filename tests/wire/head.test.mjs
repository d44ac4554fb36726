// What a trusted proxy passes on is read as the proxy means it, or refused: by plain HTTP, and record by record by TLS.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import net from 'node:net';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import tls from 'node:tls';

import { Client, endAll, eventually, get, makeFolder, startServer } from './client.mjs';
import { handshake } from './raw.mjs';
import './tidy.mjs';

after(endAll);

const PROXY = ['--trusted-proxy', '127.0.0.1', '--identity-header', 'X-User', '--identity-name-header', 'X-Name'];

function certified() {
  const [certificate, key] = ['own.pem', 'own.key'].map((name) => join(makeFolder(), name));
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', certificate,
    '-days', '30', '-subj', '/CN=own', '-addext', 'subjectAltName=IP:127.0.0.1',
  ], { stdio: 'pipe' });
  return ['--tls-cert', certificate, '--tls-key', key];
}

const servers = {};
before(async () => {
  const [plain, secret] = await Promise.all([startServer({ args: PROXY }), startServer({ args: [...PROXY, ...certified()] })]);
  Object.assign(servers, { plain, tls: secret, oldTls: { ...secret, maxVersion: 'TLSv1.2' } });
});

const head = (...lines) => `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
const statuses = (text) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));

// A connection that stays: { write(bytes), answers(): statuses so far, ended: Promise }.
async function connect(server, port = server.port) {
  const { maxVersion } = server;
  const isTls = server.origin.startsWith('https:');
  const socket = isTls ? tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion }) : net.connect(port, '127.0.0.1');
  let text = '';
  socket.setNoDelay(true).setEncoding('latin1').on('data', (chunk) => (text += chunk)).on('error', () => {});
  const ended = new Promise((done) => socket.on('close', () => done(statuses(text))));
  await new Promise((done) => socket.on(isTls ? 'secureConnect' : 'connect', done));
  return {
    ended, text: () => text, socket,
    write: (bytes) => new Promise((done) => socket.write(bytes, done)),
    answered: (count) => eventually(() => statuses(text).length >= count, `${count} answers; there are ${text}`),
  };
}

const REFUSED = {
  'who somebody is, twice': ['X-User: mallory', 'X-User: alice'],
  'what they are called, twice': ['X-User: alice', 'X-Name: a', 'x-name: b'],
  'a name that hides the next line': ['X-For: 1', 'X-Forwarded-For: 203.0.113.7'],
  'a name that hides a length': ['Acc: 1', 'Content-Length: 45'],
  'two lengths': ['Content-Length: 0', 'Content-Length: 0'],
  'two hosts': ['Host: 127.0.0.1'],
  'a folded line': ['Zz: b', ' c', 'X-User: alice'],
  'a line without a colon': ['Zz', 'X-User: alice'],
  'a blank before the colon': ['X-User : alice'],
};
for (const way of ['plain', 'tls']) {
  for (const [name, lines] of Object.entries(REFUSED)) {
    test(`from_a_proxy_by_${way}_${name.replaceAll(/\W+/g, '_')}_is_refused`, async () => {
      const connection = await connect(servers[way]);
      await connection.write(head(...lines) + (lines.includes('Content-Length: 45') ? head() : ''));
      const answers = await connection.ended;
      assert.deepEqual(answers, [400], 'refused, once, and nothing after it is read');
    });
  }

  test(`a_websocket_by_${way}_whose_proxy_tells_two_people_is_refused`, async () => {
    const lines = handshake(servers[way]).replace('\r\n\r\n', '\r\nX-User: a\r\nX-User: b\r\n\r\n');
    const connection = await connect(servers[way]);
    await connection.write(lines);
    assert.deepEqual(await connection.ended, [400]);
    const client = await Client.join(servers[way], { headers: { 'X-User': 'alice', 'X-Name': 'Alice' }, origin: servers[way].origin });
    assert.equal((await client.identify()).name, 'Alice');
    await client.leave();
  });
}

test('where_it_tells_twice_in_lines_that_are_all_read_the_last_counts', async () => {
  assert.equal((await get(servers.plain, '/healthz', { headers: { 'X-Forwarded-For': ['6.6.6.6', '203.0.113.8'] } })).status, 200);
  const real = await startServer({ args: ['--trusted-proxy', '127.0.0.1', '--proxy-header', 'CF-Connecting-IP'] });
  assert.equal((await get(real, '/healthz', { headers: { 'CF-Connecting-IP': '203.0.113.8' } })).status, 200);
  assert.equal((await get(real, '/healthz', { headers: { 'CF-Connecting-IP': ['6.6.6.6', '203.0.113.8'] } })).status, 400);
  await real.stop();
});

for (const way of ['plain', 'tls', 'oldTls']) {
  test(`one_request_after_another_is_answered_on_one_connection_by_${way}`, async () => {
    const connection = await connect(servers[way]);
    for (let i = 1; i <= 5; i += 1) {
      await connection.write(head('X-User: alice', `Cookie: ${'c'.repeat(i * 700)}`, `Zz: ${'z'.repeat(i * 700)}`));
      await connection.answered(i);
    }
    assert.deepEqual(statuses(connection.text()), [200, 200, 200, 200, 200]);
    assert.doesNotMatch(connection.text(), /Connection: close/);
    connection.socket.destroy();
  });

  test(`a_head_by_${way}_may_come_in_pieces`, async () => {
    const text = head('X-User: alice', `Cookie: ${'c'.repeat(300)}`, 'X-Forwarded-For: 203.0.113.7');
    const connection = await connect(servers[way]);
    for (let round = 1; round <= 2; round += 1) {
      for (let at = 0; at < text.length; at += 29) {
        await connection.write(text.slice(at, at + 29));
        await new Promise(setImmediate);
      }
      await connection.answered(round);
    }
    assert.deepEqual(statuses(connection.text()), [200, 200]);
    connection.socket.destroy();
  });

  test(`what_is_wrong_in_a_later_piece_by_${way}_is_refused`, async () => {
    const connection = await connect(servers[way]);
    await connection.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nAc');
    await new Promise(setImmediate);
    await connection.write('c: 1\r\nContent-Le');
    await connection.write(`ngth: 45\r\n\r\n${head()}`);
    assert.deepEqual(await connection.ended, [400]);
  });

  test(`what_comes_behind_a_head_by_${way}_before_its_answer_is_not_read_as_another`, async () => {
    const connection = await connect(servers[way]);
    await connection.write(head() + head('X-User: alice'));
    assert.deepEqual(await connection.ended, [200]);
    assert.match(connection.text(), /Connection: close/);
  });

  test(`a_proxy_that_has_no_more_to_send_by_${way}_is_answered`, async () => {
    const connection = await connect(servers[way]);
    connection.socket.end(head());
    assert.deepEqual(await connection.ended, [200]);
  });

  test(`who_waits_with_half_a_head_by_${way}_holds_nobody`, async () => {
    const connections = await Promise.all(Array.from({ length: 40 }, () => connect(servers[way])));
    await Promise.all(connections.map(({ write }) => write(head().slice(0, 30))));
    assert.equal((await get(servers[way], '/healthz')).status, 200);
    await Promise.all(connections.map(({ write }) => write(head().slice(30))));
    await Promise.all(connections.map(({ answered }) => answered(1)));
    for (const { socket, text } of connections) {
      assert.deepEqual(statuses(text()), [200]);
      socket.destroy();
    }
  });

  test(`a_head_by_${way}_that_is_too_long_is_refused`, async () => {
    const connection = await connect(servers[way]);
    await connection.write(head(`Zz: ${'a'.repeat(20000)}`));
    assert.ok(!(await connection.ended).includes(200));
  });
}

// A way to the server on which what a client sends comes in pieces of so many bytes, whatever records they are of.
async function inPieces(server, size) {
  const relay = net.createServer((from) => {
    const to = net.connect(server.port, '127.0.0.1').setNoDelay(true);
    to.on('data', (chunk) => from.write(chunk)).on('close', () => from.destroy()).on('error', () => {});
    let sent = Promise.resolve();
    from.on('error', () => {}).on('close', () => to.destroy()).on('data', (chunk) => {
      for (let at = 0; at < chunk.length; at += size) {
        sent = sent.then(() => new Promise((done) => to.write(chunk.subarray(at, at + size), () => setImmediate(done))));
      }
    });
  });
  await new Promise((done) => relay.listen(0, '127.0.0.1', done));
  return relay;
}

for (const way of ['tls', 'oldTls']) {
  test(`records_by_${way}_may_come_in_pieces`, async () => {
    const relay = await inPieces(servers[way], 13);
    const connection = await connect(servers[way], relay.address().port);
    for (let i = 1; i <= 3; i += 1) {
      await connection.write(head('X-User: alice').slice(0, 40));
      await connection.write(head('X-User: alice', `Cookie: ${'c'.repeat(i * 900)}`).slice(40));
      await connection.answered(i);
    }
    assert.deepEqual(statuses(connection.text()), [200, 200, 200]);
    await connection.write(head('X-User: alice', 'X-User: bob'));
    assert.deepEqual(await connection.ended, [200, 200, 200, 400]);
    relay.close();
  });
}

test('whoever_is_no_proxy_is_read_as_ever', async () => {
  const plain = await startServer();
  const connection = await connect(plain);
  await connection.write(head('X-User: a', 'X-User: b'));
  await connection.answered(1);
  assert.deepEqual(statuses(connection.text()), [200]);
  connection.socket.destroy();
  await plain.stop();
});
