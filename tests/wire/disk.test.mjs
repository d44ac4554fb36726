// A full disk: nothing is acknowledged that is not kept, everybody is told, and when there is room again
// the same strokes are taken, once. The disk is a small one in memory, seen by the server alone.

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

test('a_full_disk_loses_nothing_and_is_got_over', { skip }, async () => {
  const folder = makeFolder();
  const disk = join(folder, 'disk');
  const bin = join(folder, 'serve-on-small-disk');
  writeFileSync(bin, `#!/bin/sh
exec unshare ${ISOLATE.join(' ')} sh -c 'mkdir "${disk}" && mount -t tmpfs -o size=5m tmpfs "${disk}" &&
  head -c 2000000 /dev/zero > "${disk}/ballast" && exec "${BIN}" "$@"' sh "$@"
`);
  chmodSync(bin, 0o755);
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
  const health = await get(server, '/healthz');
  assert.equal(health.status, 503);
  assert.match(String(health.body), /disk/);
  await eventually(() => /level=error .*(disk|full)/.test(server.log()), 'the reason in the log');
  const tile = await get(server, '/tiles/main/0/0/0.png');
  assert.equal((await get(server, tile.headers.location)).status, 200, 'what is there can be seen');

  rmSync(join('/proc', String(server.pid), 'root', disk, 'ballast'));
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
