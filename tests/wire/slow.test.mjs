// Clients that read slowly, or not at all, cost nobody else anything.

import assert from 'node:assert/strict';
import net from 'node:net';
import test, { after, before } from 'node:test';

import { Client, eventually, memory, newNonce, startServer, strokeBody } from './client.mjs';
import { handshake, frame } from './raw.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

const big = (seed) => strokeBody({
  points: Array.from({ length: 8000 }, (_, i) => [(i * i * seed * 7) % 2000, (i * i * 13 + seed) % 2000]),
});

// Floods the canvas with `count` large strokes, at most `ahead` unacknowledged.
async function flood(painter, count, ahead = 20) {
  const first = painter.nextCounter;
  for (let i = 0; i < count; i += 1) {
    painter.submit(big(i + 1));
    if (i >= ahead) {
      await painter.answer(first + i - ahead);
    }
  }
  return (await painter.answer(first + count - 1)).seq;
}

test('a_slow_reader_is_told_to_refresh_and_nobody_else_notices', async () => {
  const canvas = 'slow';
  const [painter, witness, slow] = await Promise.all([
    Client.artist(server, { canvas }), Client.join(server, { canvas }), Client.join(server, { canvas }),
  ]);
  await Promise.all([witness.view({}), slow.view({})]);
  slow.socket.pause();
  const last = await flood(painter, 300);
  await witness.op(last);
  assert.deepEqual(witness.all('op').map(({ seq }) => seq), Array.from({ length: last }, (_, i) => i + 1));
  assert.equal(witness.all('refresh').length, 0);
  slow.socket.resume();
  const refresh = await slow.wait((event) => event.type === 'refresh');
  assert.equal(refresh.reason, 'slow');
  assert.ok(slow.all('op').length < last, 'its queue was dropped');
  const view = await slow.view({});
  assert.deepEqual(view.tiles, [last]);
  const next = await painter.draw([1, 1, 5, 5]);
  await slow.op(next);
});

test('one_that_never_reads_is_closed_and_its_memory_given_back', async () => {
  const canvas = 'stuck';
  const [painter, witness] = await Promise.all([Client.artist(server, { canvas }), Client.join(server, { canvas })]);
  await witness.view({});
  const before = memory(server.pid).now;
  const stuck = await Promise.all(Array.from({ length: 10 }, () => new Promise((done) => {
    const socket = net.connect(server.port, '127.0.0.1', () => {
      socket.write(handshake(server));
      socket.write(frame(JSON.stringify({ type: 'hello', protocol: 1, canvas, nonce: newNonce() }), { opcode: 1 }));
      socket.write(frame(JSON.stringify({ type: 'view', id: 1, level: 0, x: '0', y: '0', width: 1, height: 1 }), { opcode: 1 }));
      socket.once('data', () => {
        socket.pause();
        done(socket);
      });
    });
    socket.on('error', () => {});
  })));
  let gone = 0;
  stuck.forEach((socket) => socket.on('close', () => (gone += 1)));
  let seq = 0;
  // A paused socket hears of nothing: the count of connections tells that the server closed it.
  const connections = async () => Number(
    /^kolam_connections(?:\{[^}]*\})? (\d+)/m.exec(await (await fetch(`${server.origin}/metrics`)).text())?.[1]);
  const most = await connections();
  assert.ok(most >= 12, `kolam_connections ${most}`);
  await eventually(async () => {
    seq = await flood(painter, 10);
    return (await connections()) <= most - 10;
  }, 'the server to close those that never read', 60000);
  await witness.op(seq);
  const grown = memory(server.pid).now - before;
  assert.ok(grown < 200e6, `grew by ${(grown / 1e6).toFixed(0)} MB`);
  stuck.forEach((socket) => socket.destroy());
  assert.ok(gone <= 10);
});

test('one_that_sends_faster_than_the_disk_takes_loses_nothing', async () => {
  const canvas = 'eager';
  const painter = await Client.artist(server, { canvas });
  const count = 6000;
  for (let i = 0; i < count; i += 1) {
    painter.submit(strokeBody({ points: [[i % 2000, 5], [9, i % 1999]] }));
  }
  const last = await painter.answer(count);
  assert.equal(last.seq, count);
  assert.equal(painter.all('ack').reduce((sum, ack) => sum + ack.count, 0), count);
  assert.equal(painter.all('nack').length, 0);
});

test('an_http_client_that_reads_nothing_holds_nobody_up', async () => {
  const painter = await Client.artist(server, { canvas: 'pictures' });
  await painter.commit(big(3));
  const sockets = Array.from({ length: 20 }, () => {
    const socket = net.connect(server.port, '127.0.0.1', () => {
      socket.write(`GET /snapshot.png?canvas=pictures&rect=-2000,-2000,6000,6000 HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`);
      socket.pause();
    });
    return socket.on('error', () => {});
  });
  const answer = await fetch(`${server.origin}/healthz`);
  assert.equal(answer.status, 200);
  assert.equal((await painter.commit(big(4))).type, 'ack');
  sockets.forEach((socket) => socket.destroy());
});

test('close_1013_is_what_a_client_hears_that_stays_too_slow', async () => {
  const canvas = 'slower';
  const [painter, slow] = await Promise.all([Client.artist(server, { canvas }), Client.join(server, { canvas })]);
  await slow.view({});
  // Reads a little, now and then: never enough.
  slow.socket.pause();
  const trickle = setInterval(() => {
    slow.socket.resume();
    setImmediate(() => slow.socket.pause());
  }, 400);
  try {
    let isClosed = false;
    slow.closed.then(() => (isClosed = true));
    await eventually(async () => {
      await flood(painter, 40);
      return isClosed || slow.all('refresh').length > 0;
    }, 'a refresh or the close', 60000);
    slow.socket.resume();
    if (isClosed) {
      assert.ok([1013, 1006].includes(slow.close.code), `close code ${slow.close.code}`);
    }
  } finally {
    clearInterval(trickle);
  }
});
