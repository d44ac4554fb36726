// A full disk: nothing is acknowledged that is not kept, everybody is told, and when there is room again
// the same strokes are taken, once. A disk that is full for the tiles, or for the people alone. A disk that may only be read.
// The disks are small ones in memory, seen by the server alone.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { BIN, Client, eventually, get, makeFolder, startServer, strokeBody } from './client.mjs';
import './tidy.mjs';

const ISOLATE = ['--map-root-user', '--mount'];
const canIsolate = spawnSync('unshare', [...ISOLATE, 'sh', '-c', 'mount -t tmpfs tmpfs /mnt']).status === 0;
const skip = canIsolate ? false : 'this user may not mount a disk of its own (unshare)';

// A kolam that does `setup` (shell) first, with disks of its own.
function makeBin(folder, setup) {
  const bin = join(folder, 'serve-on-small-disk');
  writeFileSync(bin, `#!/bin/sh
exec unshare ${ISOLATE.join(' ')} sh -c '${setup} && exec "${BIN}" "$@"' sh "$@"
`);
  chmodSync(bin, 0o755);
  return bin;
}

const tmpfs = (folder, size) => `mkdir -p "${folder}" && mount -t tmpfs -o size=${size} tmpfs "${folder}"`;
const fill = (folder) => `{ head -c 99000000 /dev/zero > "${folder}/ballast" || true; } 2>/dev/null`;
const seenBy = (server, path) => join('/proc', String(server.pid), 'root', path);

test('a_full_disk_loses_nothing_and_is_got_over', { skip }, async () => {
  const folder = makeFolder();
  const disk = join(folder, 'disk');
  const bin = makeBin(folder, `${tmpfs(disk, '5m')} && head -c 2000000 /dev/zero > "${disk}/ballast"`);
  const server = await startServer({ bin, data: join(disk, 'data') });
  const painter = await Client.artist(server);
  const body = (i) => strokeBody({
    points: Array.from({ length: 400 }, (_, k) => [(k * k * (i + 3)) % 2000, (k * 37 * i) % 2000]),
  });
  const seqs = [];
  let refused;
  for (let i = 1; !refused; i += 1) {
    const answer = await painter.commit(body(i), { counter: i });
    if (answer.type === 'ack') {
      seqs.push(answer.seq);
      assert.ok(i < 5000, 'a disk that never fills');
    } else {
      refused = answer;
    }
  }
  assert.equal(refused.code, 5, 'worth sending again');
  assert.match(refused.message, /disk/);
  await painter.wait((event) => event.type === 'writable' && event.writable === false);
  const late = await Client.join(server);
  await late.wait((event) => event.type === 'writable' && event.writable === false);
  const health = await get(server, '/healthz');
  assert.equal(health.status, 503);
  assert.match(String(health.body), /disk/);
  await eventually(() => /level=error .*(disk|full)/.test(server.log()), 'the reason in the log');
  const tile = await get(server, '/tiles/main/0/0/0.png');
  assert.equal((await get(server, tile.headers.location)).status, 200, 'what is there can be seen');

  rmSync(seenBy(server, join(disk, 'ballast')));
  await late.wait((event) => event.type === 'writable' && event.writable === true);
  const next = seqs.length + 1;
  const answer = await eventually(async () => {
    const again = await painter.commit(body(next), { counter: next });
    return again.type === 'ack' && again;
  }, 'an ACK when there is room');
  assert.equal(answer.seq, next);
  await eventually(async () => (await get(server, '/healthz')).status === 200, 'health');
  for (const [i, seq] of seqs.entries()) {
    const again = await painter.commit(body(i + 1), { counter: i + 1 });
    assert.deepEqual([again.type, again.seq], ['ack', seq]);
  }
  assert.equal((await server.stop()).code, 0);
});

test('without_room_for_tiles_the_wall_is_drawn_each_time', { skip }, async () => {
  const folder = makeFolder();
  const data = join(folder, 'data');
  const full = join(data, 'full');
  const server = await startServer({
    data,
    bin: makeBin(folder, `${tmpfs(full, '64k')} && ${fill(full)} && mkdir -p "${data}/canvases" &&
      ln -s "${full}/main.tiles" "${data}/canvases/main.tiles"`),
  });
  const painter = await Client.artist(server);
  for (let i = 1; i <= 20; i += 1) {
    const answer = await painter.commit(strokeBody({ points: [[0, i * 50], [1800, i * 70]] }));
    assert.equal(answer.type, 'ack');
    const tile = await get(server, '/tiles/main/0/0/0.png');
    assert.equal((await get(server, tile.headers.location)).status, 200);
  }
  assert.equal((await get(server, '/healthz')).status, 200);
  assert.equal((await server.stop()).code, 0);
});

test('without_room_for_people_those_who_are_known_draw_on', { skip }, async () => {
  const folder = makeFolder();
  const data = join(folder, 'data');
  const server = await startServer({
    data, bin: makeBin(folder, `${tmpfs(data, '3m')} && ${tmpfs(join(data, 'canvases'), '9m')}`),
  });
  const painter = await Client.artist(server);
  const kept = [];
  const ballast = seenBy(server, join(data, 'ballast'));
  try {
    writeFileSync(ballast, Buffer.alloc(9000000));
  } catch (error) {
    assert.equal(error.code, 'ENOSPC');
  }
  let refused;
  for (let i = 0; i < 2000 && !refused; i += 1) {
    const newcomer = await Client.join(server);
    newcomer.say({ type: 'identify' });
    const answer = await newcomer.wait((event) => event.type === 'identity' || event.type === 'error');
    if (answer.type === 'error') {
      refused = answer;
    } else {
      kept.push(answer.token);
    }
    newcomer.vanish();
  }
  assert.equal(refused.code, 'unavailable');
  assert.equal((await painter.commit(strokeBody({ points: [[0, 0], [800, 700]] }))).type, 'ack');
  rmSync(ballast);
  const newcomer = await Client.join(server);
  await newcomer.identify();
  for (const token of kept.slice(-3)) {
    const again = await Client.join(server, { token });
    assert.ok(again.welcome.you !== undefined && !again.all('error').length, 'who was told is known');
  }
  assert.equal((await newcomer.commit(strokeBody({ points: [[0, 9], [800, 70]] }))).type, 'ack');
  assert.equal((await server.stop()).code, 0);
});

test('a_disk_that_may_only_be_read_is_refused_in_one_line', { skip }, async () => {
  const folder = makeFolder();
  const [disk, source] = [join(folder, 'disk'), join(folder, 'source')];
  const first = await startServer({ data: source });
  const painter = await Client.artist(first);
  await painter.commit(strokeBody({ points: [[0, 0], [800, 700]] }));
  await first.stop();
  for (const setup of [
    `${tmpfs(disk, '9m')} && mount -o remount,ro "${disk}"`,
    `${tmpfs(disk, '9m')} && cp -r "${source}" "${disk}/data" && mount -o remount,ro "${disk}"`,
  ]) {
    const bin = makeBin(folder, setup);
    const error = await startServer({ bin, data: join(disk, 'data') }).then(() => null, (failed) => failed);
    assert.match(error.message, /ended \(1\)/);
    const said = error.message.slice(error.message.indexOf(': ') + 2).trim().split('\n').filter((line) => !line.includes('level=info'));
    assert.equal(said.length, 1, error.message);
    assert.match(said[0], /Read-only file system/);
  }
});
