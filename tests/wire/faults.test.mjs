// What a server needs is taken away while people draw: memory, file descriptors, the folder itself. It refuses what it cannot do,
// says why, lives, and goes on by itself when it has it again; nothing acknowledged is lost or doubled.

import assert from 'node:assert/strict';
import { chmodSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import test from 'node:test';

import { BIN, Client, eventually, get, getJson, kolam, lineBody, makeFolder, startServer } from './client.mjs';
import { Faults, skip } from './faults.mjs';
import { SqliteFile } from './sqlite.mjs';
import './tidy.mjs';

const IS_LONG = process.env.KOLAM_LONG === '1';

// An artist who sends until it is acknowledged, over as many connections as it takes.
class Stubborn {
  acked = new Map(); // counter -> seq
  next = 1;

  constructor(server, number) {
    this.server = server;
    this.number = number;
  }

  async connect() {
    while (!this.client || this.client.close) {
      try {
        this.client = await Client.open(this.server);
        const join = this.client.hello({ canvas: 'main', nonce: this.nonce, token: this.token });
        await Promise.race([join, this.client.closed]);
        this.nonce = this.client.nonce;
        if (!this.client.close && !this.token) {
          await Promise.race([this.client.identify(), this.client.closed]);
          this.token = this.client.token ?? this.token;
        }
        if (!this.client.close && this.client.welcome) {
          return;
        }
      } catch {
        this.client?.socket?.terminate();
        this.client = undefined;
      }
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  // One stroke, once.
  async draw() {
    const counter = this.next;
    this.next += 1;
    const body = lineBody([counter % 200, this.number * 20, (counter * 7) % 200, this.number * 20 + 9]);
    while (!this.acked.has(counter)) {
      await this.connect();
      const from = this.client.mark();
      try {
        this.client.submit(body, { counter });
        const late = new Promise((_, fail) => setTimeout(fail, 3000, new Error('late')));
        const answer = await Promise.race([this.client.answer(counter, from), late]);
        if (answer.type === 'ack') {
          this.acked.set(counter, answer.seq);
        }
      } catch {
        this.client.vanish();
        await this.client.closed;
      }
    }
  }
}

async function holds(server, data, artists) {
  assert.equal((await server.stop()).code, 0, server.log().slice(-2000));
  const rows = new SqliteFile(join(data, 'canvases/main.kolam')).rows('op');
  assert.deepEqual(rows.map((row) => row.seq), rows.map((_, i) => i + 1));
  const strokes = artists.flatMap((artist) => [...artist.acked.values()]);
  assert.equal(new Set(strokes).size, strokes.length, 'each stroke has a seq of its own');
  assert.equal(rows.length, strokes.length, 'each stroke is there, once');
  const { code, stdout, stderr } = await kolam(['check', '--thorough', '--data', data]);
  assert.equal(code, 0, stdout + stderr);
}

// Whoever looks may be refused, or cut off; never given something wrong, never left waiting.
async function look(server, isOver) {
  const paths = ['/tiles/main/0/0/0.png', '/api/canvas/main', '/healthz', '/metrics', '/snapshot.png?canvas=main&rect=0,0,300,300',
    '/api/canvas/main/heat?level=0&x=0&y=0&width=4&height=4', '/tiles/main/-1/0/0.png', '/api/canvases'];
  for (let i = 0; !isOver(); i += 1) {
    try {
      const answer = await get(server, paths[i % paths.length]);
      assert.ok([200, 302, 303, 307, 400, 404, 429, 500, 503].includes(answer.status), `${paths[i % paths.length]}: ${answer.status}`);
      if (answer.headers.location) {
        await get(server, answer.headers.location);
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) {
        throw error;
      }
    }
  }
}

test('a_server_that_runs_out_of_memory_now_and_then_loses_nothing', { skip }, async () => {
  const data = makeFolder();
  const faults = new Faults();
  const server = await startServer({ data, env: faults.env });
  const artists = [0, 1, 2].map((number) => new Stubborn(server, number));
  await Promise.all(artists.map((artist) => artist.connect()));
  const rates = IS_LONG ? [2003, 1009, 503, 251, 127] : [701, 211];
  for (const every of rates) {
    let isOver = false;
    faults.failEvery(every);
    const looking = look(server, () => isOver);
    await Promise.all(artists.map(async (artist) => {
      for (let i = 0; i < (IS_LONG ? 60 : 12); i += 1) {
        await artist.draw();
        if (i % 5 === 4) {
          artist.client.vanish();
        } else if (i % 3 === 2) {
          artist.client.say({ type: 'view', id: i, level: 0, x: '0', y: '0', width: 8, height: 8 });
          artist.client.say({ type: 'who', artists: [1, 2] });
          artist.client.say({ type: 'rename', name: `Name ${i}` });
        }
      }
    }));
    isOver = true;
    await looking;
    assert.equal(server.hasEnded(), false, server.log().slice(-2000));
  }
  assert.ok(faults.failed() > 50, 'memory did run out');
  faults.failEvery(0);
  const fresh = await Client.artist(server);
  assert.equal((await fresh.commit(lineBody([1, 1, 2, 2]))).type, 'ack');
  artists.push({ acked: new Map([[1, (await getJson(server, '/api/canvas/main')).json.seq]]) });
  assert.equal((await get(server, '/healthz')).status, 200);
  await holds(server, data, artists);
});

test('a_server_without_file_descriptors_goes_on_when_it_has_some_again', async () => {
  const data = makeFolder();
  const bin = join(makeFolder(), 'serve-with-few');
  writeFileSync(bin, `#!/bin/sh\nulimit -n 64; exec "${BIN}" "$@"\n`);
  chmodSync(bin, 0o755);
  const server = await startServer({ data, bin });
  const artist = new Stubborn(server, 0);
  await artist.draw();
  const sockets = Array.from({ length: 200 }, () => {
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    return socket;
  });
  await Promise.all(sockets.map((socket) => new Promise((done) => socket.on('connect', done).on('close', done))));
  const tokens = artist.client.mark();
  for (let i = 0; i < 25; i += 1) {
    artist.client.submit(lineBody([i, 0, 9, 9]), { counter: artist.next });
    const answer = await artist.client.answer(artist.next, tokens);
    artist.next += answer.type === 'ack' ? 1 : 0;
    if (answer.type === 'ack') {
      artist.acked.set(artist.next - 1, answer.seq);
    }
  }
  assert.equal(artist.client.close, undefined, 'who was there stays');
  const told = [...server.log().matchAll(/event=accept_failed.*/g)].map(String);
  assert.ok(told.length > 0 && told.length < 10, `it is told, and not tried again and again meanwhile: ${told.length} times`);
  sockets.forEach((socket) => socket.destroy());
  await eventually(async () => {
    try {
      return (await get(server, '/healthz')).status === 200;
    } catch {
      return false;
    }
  }, 'an answer when there are descriptors again');
  const tile = await get(server, '/tiles/main/0/0/0.png');
  assert.equal((await get(server, tile.headers.location)).status, 200);
  await artist.draw();
  await holds(server, data, [artist]);
});

test('a_folder_that_is_moved_away_takes_nothing_with_it', async () => {
  const data = makeFolder();
  const server = await startServer({ data });
  const artist = new Stubborn(server, 0);
  await artist.draw();
  const { client } = artist;
  renameSync(join(data, 'canvases'), join(data, 'elsewhere'));
  const refused = await client.commit(lineBody([0, 0, 9, 9]), { counter: artist.next });
  assert.deepEqual([refused.type, refused.code], ['nack', 5]);
  await client.wait((event) => event.type === 'writable' && event.writable === false);
  const health = await get(server, '/healthz');
  assert.equal(health.status, 503);
  await eventually(() => /canvas_not_writable.*moved or deleted/.test(server.log()), 'its line in the log');
  const late = await Client.join(server);
  await late.wait((event) => event.type === 'writable' && event.writable === false);
  renameSync(join(data, 'elsewhere'), join(data, 'canvases'));
  await client.wait((event) => event.type === 'writable' && event.writable === true);
  await artist.draw();
  assert.equal((await get(server, '/healthz')).status, 200);
  await holds(server, data, [artist]);
});

test('who_was_forgotten_while_it_stopped_is_so_in_reports_from_the_next_start_on', { skip }, async () => {
  const data = makeFolder();
  const faults = new Faults();
  const canvas = 'side';
  const server = await startServer({ data, env: faults.env });
  const otto = await Client.artist(server, { canvas });
  await otto.draw([1, 1, 9, 9]);
  const mira = await Client.artist(server, { canvas });
  mira.say({ type: 'report', id: 7, artist: otto.me.artist, text: 'scribbles over others' });
  assert.equal((await mira.wait((event) => event.id === 7)).type, 'reported');
  faults.holdCanvases(true);
  otto.say({ type: 'erase_me', id: 8, name: otto.me.name });
  assert.equal((await otto.wait((event) => event.id === 8)).type, 'erased');
  await eventually(() => faults.held() > 0, 'the canvas is told');
  server.child.kill('SIGTERM');
  // The workers and both databases are gone by then, and what is being told is still under way.
  await eventually(() => readdirSync(`/proc/${server.pid}/task`).length <= 3, 'only who writes canvases is left');
  faults.holdCanvases(false);
  assert.deepEqual(await server.exited, { code: 0, signal: null }, server.log().slice(-2000));
  const later = await startServer({ data });
  const keeper = await Client.artist(later, { canvas, admin: later.adminToken() });
  let id = 100;
  await eventually(async () => {
    keeper.say({ type: 'reports', id: (id += 1) });
    const answer = await keeper.wait((event) => event.id === id);
    return answer.reports?.[0].name === 'former artist';
  }, 'the name in the report');
  await later.stop();
});

test('an_act_that_is_on_its_way_when_the_server_stops_holds_from_the_next_start_on', { skip }, async () => {
  const data = makeFolder();
  const faults = new Faults();
  const server = await startServer({ data, env: faults.env });
  const admin = await Client.artist(server, { admin: server.adminToken() });
  await admin.draw([1, 1, 9, 9]);
  faults.holdCanvases(true);
  admin.say({ type: 'act', id: 1, act: { kind: 'mode', mode: 'read-only' } });
  await eventually(() => faults.held() > 0, 'the act is being written');
  server.child.kill('SIGTERM');
  await eventually(() => readdirSync(`/proc/${server.pid}/task`).length <= 2, 'only who writes the canvas is left');
  faults.holdCanvases(false);
  assert.deepEqual(await server.exited, { code: 0, signal: null }, server.log().slice(-2000));
  const later = await startServer({ data });
  const visitor = await Client.join(later);
  assert.equal(visitor.welcome.policy.mode, 'read-only');
  await later.stop();
});
