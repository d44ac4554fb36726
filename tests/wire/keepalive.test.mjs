// One connection for many requests, as caches and browsers use it.

import assert from 'node:assert/strict';
import net from 'node:net';
import test, { after, before } from 'node:test';

import { eventually, startServer } from './client.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

const asking = (path, ...headers) =>
  ['GET ' + path + ' HTTP/1.1', `Host: 127.0.0.1:${server.port}`, ...headers, '', ''].join('\r\n');
const UPGRADE = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Protocol: kolam.v1'];

function open(t) {
  const socket = net.connect(server.port, '127.0.0.1');
  const talk = { text: '', isClosed: false, say: (bytes) => socket.write(bytes) };
  socket.setEncoding('latin1').on('data', (text) => (talk.text += text));
  socket.on('close', () => (talk.isClosed = true)).on('error', () => {});
  t.after(() => socket.destroy());
  talk.answers = () => [...talk.text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  talk.until = (count) => eventually(() => talk.answers().length >= count, `${count} answers: ${talk.text}`);
  return talk;
}

test('many_requests_share_a_connection', async (t) => {
  const talk = open(t);
  for (let i = 1; i <= 50; i += 1) {
    talk.say(asking(i % 2 ? '/healthz' : '/tiles/main/0/0/0.png'));
    await talk.until(i);
  }
  assert.deepEqual(talk.answers().slice(0, 4), [200, 302, 200, 302]);
  assert.equal(talk.isClosed, false);
});

test('requests_that_came_together_are_answered_in_order', async (t) => {
  const talk = open(t);
  talk.say(asking('/healthz') + asking('/tiles/nobody/0/0/0.png') + asking('/tiles/main/0/0/0.png') + asking('/healthz'));
  await talk.until(4);
  assert.deepEqual(talk.answers(), [200, 404, 302, 200]);
});

test('a_connection_that_was_used_can_become_a_websocket', async (t) => {
  const talk = open(t);
  talk.say(asking('/healthz'));
  await talk.until(1);
  talk.say(asking('/ws', ...UPGRADE));
  await talk.until(2);
  assert.deepEqual(talk.answers(), [200, 101]);
});

test('a_used_connection_that_is_left_is_forgotten', async (t) => {
  const connections = async () => {
    const text = await (await fetch(`${server.url}metrics`)).text();
    return Number(/^kolam_connections (\d+)$/m.exec(text)[1]);
  };
  await eventually(async () => (await connections()) === 1, 'those of the tests before are gone, and there is who asks');
  const sockets = Array.from({ length: 20 }, () => net.connect(server.port, '127.0.0.1'));
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  await Promise.all(sockets.map((socket) => new Promise((done) => {
    socket.once('data', done);
    socket.write(asking('/healthz'));
  })));
  assert.ok((await connections()) >= 21);
  sockets.forEach((socket) => socket.destroy());
  await eventually(async () => (await connections()) <= 2, 'they are gone');
});

test('an_upgrade_that_nobody_knows_ends_the_connection', async (t) => {
  for (const before_ of ['', asking('/healthz')]) {
    const talk = open(t);
    talk.say(before_ + asking('/healthz', 'Upgrade: web1.1', 'Connection: Upgrade') + asking('/healthz'));
    await eventually(() => talk.isClosed, 'it is closed');
    assert.match(talk.text, /HTTP\/1\.\d 403 /);
    assert.deepEqual(talk.answers().filter((status) => status === 200).length, before_ ? 1 : 0, `nothing after it is answered: ${talk.text}`);
  }
});
