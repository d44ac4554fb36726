// What a trusted proxy passes on is read as the proxy means it, or refused.

import assert from 'node:assert/strict';
import net from 'node:net';
import test, { after, before } from 'node:test';

import { Client, endAll, eventually, exchange, get, startServer } from './client.mjs';
import { handshake } from './raw.mjs';
import './tidy.mjs';

after(endAll);

const IDENTITY = ['--identity-header', 'X-User', '--identity-name-header', 'X-Name'];
let server;
before(async () => {
  server = await startServer({ args: ['--trusted-proxy', '127.0.0.1', ...IDENTITY] });
});

const head = (...lines) => `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
const statuses = (text) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));

// A connection that stays: { write(bytes), answers(): statuses so far, ended: Promise }.
async function connect() {
  const socket = net.connect(server.port, '127.0.0.1');
  let text = '';
  socket.setNoDelay(true).setEncoding('latin1').on('data', (chunk) => (text += chunk)).on('error', () => {});
  const ended = new Promise((done) => socket.on('close', () => done(statuses(text))));
  await new Promise((done) => socket.on('connect', done));
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
for (const [name, lines] of Object.entries(REFUSED)) {
  test(`from_a_proxy_${name.replaceAll(/\W+/g, '_')}_is_refused`, async () => {
    const connection = await connect();
    await connection.write(head(...lines) + (lines.includes('Content-Length: 45') ? head() : ''));
    const answers = await connection.ended;
    assert.deepEqual(answers, [400], 'refused, once, and nothing after it is read');
  });
}

test('a_websocket_whose_proxy_tells_two_people_is_refused', async () => {
  const lines = handshake(server).replace('\r\n\r\n', '\r\nX-User: a\r\nX-User: b\r\n\r\n');
  assert.deepEqual(statuses(await exchange(server, lines)), [400]);
  const client = await Client.join(server, { headers: { 'X-User': 'alice', 'X-Name': 'Alice' } });
  await client.leave();
});

test('where_it_tells_twice_in_lines_that_are_all_read_the_last_counts', async () => {
  assert.equal((await get(server, '/healthz', { headers: { 'X-Forwarded-For': ['6.6.6.6', '203.0.113.8'] } })).status, 200);
  const real = await startServer({ args: ['--trusted-proxy', '127.0.0.1', '--proxy-header', 'CF-Connecting-IP'] });
  assert.equal((await get(real, '/healthz', { headers: { 'CF-Connecting-IP': '203.0.113.8' } })).status, 200);
  assert.equal((await get(real, '/healthz', { headers: { 'CF-Connecting-IP': ['6.6.6.6', '203.0.113.8'] } })).status, 400);
  await real.stop();
});

test('one_request_after_another_is_answered_on_one_connection', async () => {
  const connection = await connect();
  for (let i = 1; i <= 5; i += 1) {
    await connection.write(head('X-User: alice', `Cookie: ${'c'.repeat(i * 700)}`));
    await connection.answered(i);
  }
  assert.deepEqual(statuses(connection.text()), [200, 200, 200, 200, 200]);
  assert.doesNotMatch(connection.text(), /Connection: close/);
  connection.socket.destroy();
});

test('a_head_may_come_in_pieces', async () => {
  const text = head('X-User: alice', `Cookie: ${'c'.repeat(300)}`, 'X-Forwarded-For: 203.0.113.7');
  const connection = await connect();
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

test('what_comes_behind_a_head_before_its_answer_is_not_read_as_another', async () => {
  const connection = await connect();
  await connection.write(head() + head('X-User: alice'));
  assert.deepEqual(await connection.ended, [200]);
  assert.match(connection.text(), /Connection: close/);
});

test('a_proxy_that_has_no_more_to_send_is_answered', async () => {
  assert.deepEqual(statuses(await exchange(server, head(), () => false, { end: true })), [200]);
});

test('who_waits_with_half_a_head_holds_nobody', async () => {
  const connections = await Promise.all(Array.from({ length: 40 }, connect));
  await Promise.all(connections.map(({ write }) => write(head().slice(0, 30))));
  assert.equal((await get(server, '/healthz')).status, 200);
  await Promise.all(connections.map(({ write }) => write(head().slice(30))));
  await Promise.all(connections.map(({ answered }) => answered(1)));
  for (const { socket, text } of connections) {
    assert.deepEqual(statuses(text()), [200]);
    socket.destroy();
  }
});

test('a_head_that_is_too_long_is_refused', async () => {
  const connection = await connect();
  await connection.write(head(`Zz: ${'a'.repeat(20000)}`));
  assert.ok(!(await connection.ended).includes(200));
});

test('whoever_is_no_proxy_is_read_as_ever', async () => {
  const plain = await startServer();
  assert.deepEqual(statuses(await exchange(plain, head('X-User: a', 'X-User: b'), (text) => text.includes('\r\n\r\n'))), [200]);
  await plain.stop();
});
