// Clients that read slowly, or not at all, cost nobody else anything.

import assert from 'node:assert/strict';
import net from 'node:net';
import test, { after, before } from 'node:test';

import { Client, eventually, get, memory, newNonce, startServer, strokeBody, withDeadline } from './client.mjs';
import { handshake, frame } from './raw.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer({ args: ['--limit', 'all=off'] }); // what floods are worth is limits.test.mjs's
});
after(() => server?.kill());

// Who takes nothing for so long is closed; a client here that is only late, on a busy machine, is not.
const HASTY = ['--stall-ms', '4000', '--limit', 'all=off'];

// Some 25 KB.
const big = strokeBody({
  points: Array.from({ length: 8000 }, (_, i) => [(i * i * 7) % 2000, (i * i * 13) % 2000]),
});

// Floods the canvas with `count` large strokes, at most `ahead` of them not yet seen by `witness`: it lives in this
// process, and would be a slow reader itself if it were left to fall behind.
async function flood(painter, count, witness, ahead = 20) {
  const first = painter.nextCounter;
  for (let i = 0; i < count; i += 1) {
    painter.submit(big);
    if (i >= ahead) {
      const { seq } = await painter.answer(first + i - ahead);
      await witness?.op(seq);
    }
  }
  const { seq } = await painter.answer(first + count - 1);
  await witness?.op(seq);
  return seq;
}

// How many are connected, by the server's own count.
async function connections(of = server) {
  const text = (await get(of, '/metrics')).body.toString();
  return Number(/^kolam_connections(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1]);
}

test('a_slow_reader_is_told_to_refresh_and_nobody_else_notices', async () => {
  const canvas = 'slow';
  // On a busy machine the flood takes long: slow is not to become stalled meanwhile.
  const patient = await startServer({ args: ['--stall-ms', '600000', '--limit', 'all=off'] });
  const [painter, witness, slow] = await Promise.all([
    Client.artist(patient, { canvas }), Client.join(patient, { canvas }), Client.join(patient, { canvas }),
  ]);
  await Promise.all([witness.view({}), slow.view({})]);
  slow.socket.pause();
  const last = await flood(painter, 160, witness);
  await witness.op(last);
  assert.deepEqual(witness.all('op').map(({ seq }) => seq), Array.from({ length: last }, (_, i) => i + 1));
  assert.equal(witness.all('refresh').length, 0);
  slow.socket.resume();
  const refresh = await slow.wait((event) => event.type === 'refresh');
  assert.equal(refresh.reason, 'slow');
  assert.ok(refresh.seq > 0 && refresh.seq <= last, `refresh at ${refresh.seq}`);
  assert.ok(slow.all('op').length < last, 'its queue was dropped');
  const view = await slow.view({});
  assert.deepEqual(view.tiles, [last]);
  const next = await painter.draw([1, 1, 5, 5]);
  await slow.op(next);
  await patient.stop();
});

test('one_that_never_reads_is_closed_and_its_memory_given_back', async () => {
  const own = await startServer({ args: HASTY });
  const [painter, witness] = await Promise.all([Client.artist(own), Client.join(own)]);
  await witness.view({});
  const before = memory(own.pid).now;
  const stuck = await Promise.all(Array.from({ length: 10 }, () => new Promise((done) => {
    const socket = net.connect(own.port, '127.0.0.1', () => {
      socket.write(handshake(own));
      socket.write(frame(JSON.stringify({ type: 'hello', protocol: 1, canvas: 'main', nonce: newNonce() }), { opcode: 1 }));
      socket.write(frame(JSON.stringify({ type: 'view', id: 1, level: 0, x: '0', y: '0', width: 1, height: 1 }), { opcode: 1 }));
      socket.once('data', () => {
        socket.pause();
        done(socket);
      });
    });
    socket.on('error', () => {});
  })));
  let seq = 0;
  const most = await connections(own);
  assert.ok(most >= 12, `kolam_connections ${most}`);
  await eventually(async () => {
    seq = await flood(painter, 10, witness);
    return (await connections(own)) <= most - 10;
  }, 'the server to close those that never read', 60000);
  await witness.op(seq);
  const grown = memory(own.pid).now - before;
  assert.ok(grown < 200e6, `grew by ${(grown / 1e6).toFixed(0)} MB`);
  stuck.forEach((socket) => socket.destroy());
  await own.kill();
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
  await painter.commit(big);
  const sockets = Array.from({ length: 20 }, () => {
    const socket = net.connect(server.port, '127.0.0.1', () => {
      socket.write(`GET /snapshot.png?canvas=pictures&rect=-2000,-2000,6000,6000 HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`);
      socket.pause();
    });
    return socket.on('error', () => {});
  });
  const answer = await fetch(`${server.origin}/healthz`);
  assert.equal(answer.status, 200);
  assert.equal((await painter.commit(big)).type, 'ack');
  sockets.forEach((socket) => socket.destroy());
});

test('one_that_stays_too_slow_hears_so_when_it_reads_again', async () => {
  const own = await startServer({ args: HASTY });
  const [painter, slow] = await Promise.all([Client.artist(own), Client.join(own)]);
  await slow.view({});
  slow.socket.pause();
  const most = await connections(own);
  await eventually(async () => {
    await flood(painter, 10);
    return (await connections(own)) < most;
  }, 'the server to close it', 60000);
  slow.socket.resume();
  const { code } = await withDeadline(slow.closed, 'the close');
  assert.ok([1013, 1006].includes(code), `close code ${code}`);
  await own.kill();
});

// Answers that nobody reads must pile up neither without end nor to a crash.
test('one_that_asks_and_never_reads_is_closed', async () => {
  const canvas = 'asker';
  const painter = await Client.artist(server, { canvas });
  await painter.commit(big);
  painter.say({ type: 'rename', name: '\u{1f426}'.repeat(40) });
  await painter.wait((event) => event.type === 'artists');
  const asker = await Client.join(server, { canvas });
  asker.socket.pause();
  const before = memory(server.pid).now;
  const question = JSON.stringify({ type: 'who', artists: new Array(256).fill(painter.me.artist) });
  for (let i = 0; i < 400; i += 1) {
    asker.say(question);
  }
  await painter.draw([1, 1, 5, 5]);
  assert.equal(server.hasEnded(), false);
  asker.socket.resume();
  await eventually(() => asker.close || asker.all('artists').length === 400, 'all answers, or the close');
  const grown = memory(server.pid).now - before;
  assert.ok(grown < 150e6, `grew by ${(grown / 1e6).toFixed(0)} MB`);
  asker.socket.terminate();
});

test('a_flood_of_questions_costs_bounded_memory_and_nobody_waits', async () => {
  const canvas = 'asked';
  const painter = await Client.artist(server, { canvas });
  await painter.draw([1, 1, 5, 5]);
  const asker = await Client.join(server, { canvas });
  const before = memory(server.pid).peak;
  for (let i = 0; i < 20000; i += 1) {
    asker.say('{"type":"who","artists":[1]}');
  }
  for (let i = 0; i < 2000; i += 1) {
    asker.say({ type: 'view', id: i, level: 0, x: String(-i), y: '-32', width: 64, height: 64 });
  }
  const started = Date.now();
  await painter.draw([1, 1, 5, 6]);
  // On a machine that is slow for all, the ACK comes late and the answers do, too.
  const isFirst = !asker.all('view').some(({ id }) => id === 1999);
  assert.ok(isFirst || Date.now() - started < 5000, `an ACK took ${Date.now() - started} ms`);
  await eventually(() => asker.close || asker.all('view').some(({ id }) => id === 1999), 'the last answer', 60000);
  const grown = memory(server.pid).peak - before;
  assert.ok(grown < 150e6, `grew by ${(grown / 1e6).toFixed(0)} MB`);
  asker.socket.terminate();
});

// On a server on which nothing else happens.
test('one_that_does_not_answer_the_close_is_cut_off', async () => {
  const own = await startServer();
  const socket = net.connect(own.port, '127.0.0.1', () => socket.write(handshake(own)));
  socket.on('error', () => {});
  socket.once('data', () => socket.write(frame('{"type":"nonsense"}', { opcode: 1 })));
  const got = [];
  socket.on('data', (bytes) => got.push(bytes));
  await withDeadline(new Promise((done) => socket.on('end', done)), 'the end of the connection');
  assert.ok(Buffer.concat(got).includes('hello comes first'), 'it was told why');
  await eventually(async () => (await connections(own)) === 1, 'the server to forget it');
  await own.stop();
});

test('one_that_answers_pings_stays', { skip: process.env.KOLAM_LONG ? false : 'takes 70 s; make test-long' }, async () => {
  const client = await Client.join(server);
  const until = Date.now() + 70000;
  await eventually(() => client.close || Date.now() > until, 'the time after which the silent are closed', 90000);
  assert.equal(client.close, undefined);
});
