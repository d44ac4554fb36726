// Every limit, reached on purpose: what comes of it, and that its metric tells.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { test as alone } from 'node:test';

import { Client, eventually, get, hideBody, kolam, lineBody, startServer, withDeadline } from './client.mjs';
import { frame, rawWebSocket } from './raw.mjs';
import { sideBySide } from './side-by-side.mjs';
import './tidy.mjs';

const test = sideBySide(4);
const serve = (...limits) =>
  startServer({ args: ['--limit-loopback', ...limits.flatMap((limit) => ['--limit', limit])] });

const found = new Set(); // the limits that a test here reached, as the metric told

// /metrics, asked from another network than the tests come from: who is limited is not asked to wait.
const metrics = (server) => new Promise((done, fail) => {
  http.get({ host: '127.0.0.1', port: server.port, path: '/metrics', localAddress: '127.77.0.9', agent: false }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('end', () => done(text));
  }).on('error', fail);
});

async function hits(server, limit, scope) {
  const count = Number(new RegExp(`^kolam_limit_hits_total\\{limit="${limit}",scope="${scope}"\\} (\\d+)`, 'm').exec(await metrics(server))?.[1]);
  if (count > 0) {
    found.add(limit);
  }
  return count;
}

const reached = (server, limit, scope) =>
  eventually(async () => (await hits(server, limit, scope)) > 0, `a hit of ${limit}.${scope}`);

// ---- what has come is slowed down, not refused ----

// Draws `count` strokes as fast as it can; resolves with how long it took until all were acknowledged.
async function drawMany(client, count) {
  const began = performance.now();
  let last;
  for (let i = 0; i < count; i += 1) {
    last = client.submit(lineBody([1 + i, 1, 5 + i, 9]));
  }
  await client.answer(last);
  assert.equal(client.all('nack').length, 0);
  assert.equal(client.all('ack').length, count);
  return performance.now() - began;
}

for (const [limit, scope, setting] of [
  ['strokes', 'identity', '20:10'], ['strokes', 'address', '20:10'], ['strokes', 'network', '20:10'], ['strokes', 'total', '20:10'],
  ['points', 'identity', '40:20'], ['frames', 'identity', '20:12'], ['bytes', 'identity', '400:300'],
]) {
  test(`past_${limit}_of_${scope}_drawing_slows_down_and_loses_nothing`, async () => {
    const server = await serve(`${limit}.${scope}=${setting}`);
    const client = await Client.artist(server);
    // 40 strokes at 20 a second, 10 at once: a second at the very least. The clock of the buckets is the server's.
    assert.ok((await drawMany(client, 40)) > 500);
    assert.ok((await hits(server, limit, scope)) > 0);
    await server.kill();
  });
}

test('views_that_change_too_often_are_read_later', async () => {
  const server = await serve('views.identity=50:20');
  const client = await Client.artist(server);
  await client.draw([1, 1, 5, 5]);
  for (let id = 1; id <= 100; id += 1) {
    client.say({ type: 'view', id, level: 0, x: String(id), y: '0', width: 1, height: 1 });
  }
  await client.wait((event) => event.type === 'view' && event.id === 100);
  await reached(server, 'views', 'identity');
  await server.kill();
});

test('questions_past_the_limit_are_read_later', async () => {
  const server = await serve('asks.identity=50:20');
  const client = await Client.artist(server);
  for (let i = 0; i < 100; i += 1) {
    client.say({ type: 'who', artists: [1] });
  }
  await eventually(() => client.all('artists').length >= 100, 'all answers');
  await reached(server, 'asks', 'identity');
  await server.kill();
});

test('previews_past_the_limit_are_not_shown_and_the_stroke_is', async () => {
  const server = await serve('previews.identity=0.01:5');
  const artist = await Client.artist(server);
  const other = await Client.artist(server);
  await other.view({ width: 4, height: 4 });
  for (let i = 0; i < 100; i += 1) {
    artist.cursor({ level: 0, tileX: 0, tileY: 0, x: i, y: 5 });
  }
  const seq = await artist.draw([1, 1, 90, 90]);
  await other.op(seq);
  assert.ok(other.all('cursor').length <= 7);
  assert.ok((await hits(server, 'previews', 'identity')) > 50);
  await server.kill();
});

test('who_looks_from_an_address_that_is_written_to_too_often_gets_all_strokes_gathered', async () => {
  const server = await serve('sends.address=8:4');
  const artist = await Client.artist(server);
  const watchers = await Promise.all(Array.from({ length: 6 }, () => Client.join(server, { watch: true })));
  await Promise.all([artist, ...watchers].map((client) => client.view({ width: 4, height: 4 })));
  const seqs = [];
  for (let i = 0; i < 30; i += 1) {
    seqs.push(await artist.draw([1 + i, 1, 9, 90]));
  }
  for (const watcher of watchers) {
    await watcher.op(seqs.at(-1));
    assert.deepEqual(watcher.all('op').map(({ seq }) => seq), seqs);
  }
  assert.equal(artist.all('ack').length, 30);
  assert.ok((await hits(server, 'sends', 'address')) > 0);
  await server.kill();
});

test('one_who_floods_does_not_stop_a_neighbour_at_the_same_address', async () => {
  const server = await serve('strokes.identity=5:40', 'strokes.address=20:200');
  const flooder = await Client.artist(server);
  const neighbour = await Client.artist(server);
  for (let i = 0; i < 400; i += 1) {
    flooder.submit(lineBody([1, 1, 5 + i, 9]));
  }
  await reached(server, 'strokes', 'identity');
  const before = flooder.all('ack').length;
  assert.ok(before < 250);
  for (let i = 0; i < 15; i += 1) {
    await neighbour.draw([i, 1, 5, 9]);
  }
  assert.ok(flooder.all('ack').length < 400, 'the flooder is not through');
  await server.kill();
});

// ---- what can be refused is ----

test('new_identities_past_the_limit_are_told_to_wait', async () => {
  const server = await serve('identities.address=0.01:2');
  const clients = [];
  for (let i = 0; i < 3; i += 1) {
    clients.push(await Client.join(server));
  }
  await clients[0].identify();
  await clients[1].identify();
  clients[2].say({ type: 'identify' });
  const error = await clients[2].wait((event) => event.type === 'error');
  assert.equal(error.code, 'limit');
  assert.equal(error.fatal, false);
  assert.ok((await hits(server, 'identities', 'address')) > 0);
  await server.kill();
});

test('new_canvases_past_the_limit_are_refused', async () => {
  const server = await serve('canvases.identity=0.01:2');
  const { token } = await Client.artist(server);
  const answers = [];
  for (const canvas of ['one', 'two', 'three']) {
    const client = await Client.join(server, { canvas, token });
    answers.push(await client.commit(lineBody([1, 1, 5, 5])));
  }
  assert.deepEqual(answers.map(({ type }) => type), ['ack', 'ack', 'nack']);
  assert.equal(answers[2].code, 4);
  assert.ok((await hits(server, 'canvases', 'identity')) > 0);
  await server.kill();
});

test('questions_that_follow_or_name_are_refused_past_the_limit', async () => {
  const server = await serve('asks.identity=1:20');
  const client = await Client.artist(server);
  for (let id = 1; id <= 3; id += 1) {
    client.say({ type: 'follow', id, artist: 999 });
  }
  const error = await client.wait((event) => event.type === 'error' && event.id === 3);
  assert.equal(error.code, 'limit');
  await server.kill();
});

// ---- HTTP ----

async function askUntilRefused(server, path, most) {
  const statuses = [];
  for (let i = 0; i < most; i += 1) {
    const answer = await get(server, typeof path === 'function' ? path(i) : path);
    statuses.push(answer.status);
    if (answer.status === 429) {
      assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
      assert.match(JSON.parse(answer.body).error, /try again/);
      assert.match(answer.headers['cache-control'], /no-store/);
      return statuses;
    }
  }
  throw new Error(`never 429: ${statuses}`);
}

for (const scope of ['address', 'network', 'total']) {
  test(`requests_past_the_limit_of_${scope}_are_429_with_when_to_come_again`, async () => {
    const server = await serve(`requests.${scope}=0.02:5`);
    const statuses = await askUntilRefused(server, '/healthz', 10);
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429]);
    if (scope !== 'total') { // that would ask /metrics to wait as well
      await reached(server, 'requests', scope);
    }
    await server.kill();
  });
}

test('tiles_to_draw_past_the_limit_are_429_and_those_in_memory_are_not', async () => {
  const server = await serve('tiles.address=0.01:3');
  const client = await Client.artist(server);
  for (let x = 0; x < 6; x += 1) {
    await client.draw([20, 20, 90, 90], { x, y: 0 });
  }
  const view = await client.view({ width: 6, height: 1 });
  const info = JSON.parse((await get(server, '/api/canvas/main')).body);
  const path = (x) => `/tiles/main/0/${x}/0.png?v=${info.incarnation}-${info.raster}-${view.tiles[x]}`;
  const statuses = await askUntilRefused(server, path, 6);
  assert.deepEqual(statuses, [200, 200, 200, 429]);
  assert.equal((await get(server, path(0))).status, 200);
  assert.ok((await hits(server, 'tiles', 'address')) > 0);
  await server.kill();
});

test('pixels_of_snapshots_past_the_limit_are_429', async () => {
  const server = await serve('pixels.address=0.01:20000');
  await (await Client.artist(server)).draw([1, 1, 5, 5]);
  const statuses = await askUntilRefused(server, '/snapshot.png?rect=0,0,100,100', 5);
  assert.deepEqual(statuses, [200, 200, 429]);
  // More than there ever can be at once is had, when nothing else was.
  assert.equal((await get(server, '/snapshot.png?rect=0,0,8,8')).status, 429);
  assert.ok((await hits(server, 'pixels', 'address')) > 0);
  await server.kill();
});

test('snapshots_at_once_past_the_limit_are_429', async () => {
  const server = await serve('snapshots.address=1');
  await (await Client.artist(server)).draw([1, 1, 900, 900]);
  // The first has begun, and is read no further, so it goes on.
  const socket = net.connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(`GET /snapshot.png?rect=0,0,8000,8000&ground=123456 HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`);
  const begun = await withDeadline(new Promise((done) => socket.once('data', done)), 'the beginning of a picture');
  socket.pause();
  assert.match(String(begun), /^HTTP\/1\.1 200 /);
  await eventually(async () => (await get(server, '/snapshot.png?rect=0,0,8,8')).status === 429, 'a 429');
  assert.ok((await hits(server, 'snapshots', 'address')) > 0);
  socket.destroy();
  await eventually(async () => (await get(server, '/snapshot.png?rect=0,0,8,8')).status === 200, 'a picture again');
  await server.kill();
});

// The library looks at such a connection again and again until the answer is out.
test('a_request_sent_before_the_answer_to_the_last_one_does_not_keep_the_loop_busy', async () => {
  const server = await startServer();
  await (await Client.artist(server)).draw([1, 1, 900, 900]);
  const ask = (path) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`;
  const socket = net.connect(server.port, '127.0.0.1'); // not read, so the picture goes on being sent
  socket.on('error', () => {});
  socket.pause();
  socket.write(ask('/snapshot.png?rect=0,0,8000,8000&ground=123456') + ask('/healthz') + ask('/healthz'));
  const counted = async () => {
    const text = (await get(server, '/metrics')).body.toString();
    const value = (name) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)[1]);
    return { pauses: value('kolam_loop_pauses_total'), turns: value('kolam_loop_turn_seconds_count') };
  };
  await eventually(async () => (await counted()).pauses > 0, 'the loop rests');
  const before = await counted();
  const after = await eventually(async () => {
    const now = await counted();
    return now.pauses > before.pauses + 300 ? now : null;
  }, 'it goes on resting');
  // Without a rest there are a hundred turns and more in the time of each of these.
  assert.ok(after.turns - before.turns < 20 * (after.pauses - before.pauses));
  socket.destroy();
  await server.kill();
});

test('questions_about_the_past_count_as_questions', async () => {
  const server = await serve('asks.address=0.01:3');
  await (await Client.join(server)).leave();
  const statuses = await askUntilRefused(server, '/api/canvas/main/moment?at=1', 9);
  assert.equal(statuses.at(-1), 429);
  await server.kill();
});

// ---- connections ----

// Connects and says nothing: { socket, heard, isClosed }, which go on.
function knock(server) {
  const socket = net.connect(server.port, '127.0.0.1');
  const found = { socket, heard: '', isClosed: false };
  socket.on('error', () => {});
  socket.on('data', (chunk) => (found.heard += chunk));
  socket.on('close', () => (found.isClosed = true));
  return found;
}

for (const [limit, setting] of [['open', '4'], ['unfinished', '4'], ['connections', '0.001:4']]) {
  test(`${limit}_past_the_limit_is_turned_away_and_others_stay`, async () => {
    const server = await serve(`${limit}.address=${setting}`);
    const knocks = Array.from({ length: 8 }, () => knock(server));
    // The four that stay came before those that were turned away.
    await eventually(() => knocks.filter(({ isClosed }) => isClosed).length >= 4, 'four to be turned away');
    const told = knocks.filter(({ heard }) => heard);
    told.forEach(({ heard }) => assert.match(heard, /^HTTP\/1\.1 429 .*Retry-After: \d+/s));
    await eventually(() => knocks.every(({ socket }) => !socket.connecting), 'all to be connected');
    assert.equal(knocks.filter(({ isClosed }) => !isClosed).length, 4);
    knocks.forEach(({ socket }) => socket.destroy());
    await reached(server, limit, 'address');
    await server.kill();
  });
}

test('a_full_house_makes_room_from_those_who_ask_for_nothing', async () => {
  const server = await startServer({ args: ['--max-connections', '16'] });
  const ask = `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`;
  const idle = [];
  for (let i = 0; i < 40; i += 1) {
    const socket = net.connect(server.port, '127.0.0.1', () => socket.write(ask));
    socket.on('error', () => {});
    await new Promise((done) => socket.once('data', done));
    idle.push(socket);
  }
  const client = await Client.artist(server);
  await client.draw([1, 1, 5, 5]);
  idle.forEach((socket) => socket.destroy());
  await server.kill();
});

// ---- somebody else's nonce ----

test('who_takes_the_nonce_of_another_cannot_touch_what_that_one_draws', async () => {
  const server = await startServer();
  const artist = await Client.artist(server);
  const watcher = await Client.artist(server);
  await watcher.view({ width: 4, height: 4 });
  const { nonce } = artist;
  const theirs = await artist.draw([1, 1, 5, 5]);
  artist.preview(9, 0, lineBody([5, 5, 50, 50]));
  await watcher.wait((event) => event.type === 'preview');
  const thief = await Client.artist(server, { nonce });
  const from = watcher.mark();
  thief.preview(9, 0, lineBody([500, 500, 501, 501]));
  thief.cancel(9);
  thief.submit(hideBody(theirs), { counter: 9 }); // refused: what is refused ends its preview
  assert.equal((await thief.answer(9)).type, 'nack');
  thief.cursor({ level: 0, tileX: 0, tileY: 0, x: 8, y: 8 });
  const seq = await thief.draw([1, 1, 6, 6], { counter: 20 }); // a stroke of its own all the same
  assert.equal((await watcher.op(seq)).artist, thief.me.artist);
  await thief.leave();
  await watcher.settle();
  assert.deepEqual(watcher.events.slice(from).filter(({ type }) => ['preview', 'preview_end', 'left', 'cursor'].includes(type)), []);
  await server.kill();
});

// ---- masks ----

test('a_client_that_does_not_mask_is_told_so', async () => {
  const server = await startServer();
  const hello = { type: 'hello', protocol: 1, canvas: 'main', nonce: '0123456789abcdef' };
  const client = await rawWebSocket(server);
  client.send(frame(JSON.stringify(hello), { opcode: 1, masked: false }));
  const { code, reason } = await client.ended;
  assert.equal(code, 1002);
  assert.match(reason, /masked/);
  const other = await rawWebSocket(server); // byte by byte, it is seen as well
  other.send(Buffer.from([0x81]));
  await get(server, '/healthz'); // by then it was read
  other.send(frame(JSON.stringify(hello), { opcode: 1, masked: false }).subarray(1));
  assert.equal((await other.ended).code, 1002);
  await server.kill();
});

test('half_messages_of_all_together_are_bounded_and_who_draws_is_not_closed', async () => {
  const server = await startServer();
  const artist = await Client.artist(server);
  const half = frame(Buffer.alloc(1000000, 0x20), { opcode: 1, fin: false });
  const senders = [];
  const isFull = () => senders.some(({ end }) => end);
  for (let i = 0; i < 140 && !isFull(); i += 1) {
    const sender = await Client.join(server, { watch: true });
    sender.closed.then((end) => (sender.end = end));
    sender.socket._socket.write(half);
    senders.push(sender);
  }
  await eventually(isFull, 'one of them is closed');
  assert.equal(senders.find(({ end }) => end).end.code, 1013);
  await artist.draw([1, 1, 5, 5], { points: Array.from({ length: 4000 }, (_, i) => [(i * 97) % 2000, (i * 31) % 2000]) }); // in several pieces
  assert.equal(artist.close, undefined);
  senders.forEach((sender) => sender.socket.terminate());
  await server.kill();
});

test('what_is_said_before_the_welcome_is_short', async () => {
  const server = await startServer();
  const client = await rawWebSocket(server);
  client.send(frame('x'.repeat(20000), { opcode: 1 }));
  assert.equal((await client.ended).code, 1009);
  await server.kill();
});

// ---- all of them ----

test.begin();

// Every limit stands in --help, is told by /metrics and by the documentation, and was reached above: one that is added is not forgotten.
alone('every_limit_has_a_flag_a_metric_words_and_a_test', async () => {
  const help = (await kolam(['serve', '--help'])).stdout;
  const table = help.slice(help.search(/^ +NAME +identity/m)).split('\n').slice(1);
  const rows = table.slice(0, table.indexOf('')).map((row) => row.trim().split(/ +/).slice(0, 5));
  assert.ok(rows.length >= 17);
  const server = await startServer();
  const text = await metrics(server);
  const words = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
  for (const [limit, ...settings] of rows) {
    for (const [i, scope] of ['identity', 'address', 'network', 'total'].entries()) {
      if (!['-', '(option)'].includes(settings[i])) {
        assert.ok(text.includes(`kolam_limit_hits_total{limit="${limit}",scope="${scope}"} 0`), `the metric of ${limit}.${scope}`);
        const set = await kolam(['serve', '--limit', `${limit}.${scope}=7`, '--help']);
        assert.equal(set.code, 0, `--limit ${limit}.${scope}`);
      }
    }
    assert.ok(words.includes(`\`${limit}\``), `${limit} in docs/operating.md`);
  }
  assert.deepEqual(rows.map(([limit]) => limit).filter((limit) => !found.has(limit)), [], 'no test here reaches them');
  await server.kill();
});
