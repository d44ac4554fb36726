// Snapshots of a file system, taken while people draw: all files of the data folder as of one moment, with nothing done to the server
// first. Each opens clean, and holds all that was acknowledged before it was asked for. A real btrfs; a real ext4 on a disk of which a
// copy is made as a virtual machine's host makes it; and, where no file system may be mounted, a server that is stopped in mid-call.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { makeRandom } from '../crash/load.mjs';
import { BIN, get, makeFolder, startServer } from '../wire/client.mjs';
import { assertHolds, Crowd } from './crowd.mjs';
import '../wire/tidy.mjs';

const random = makeRandom(Number(process.env.KOLAM_SEED ?? 1));
const ROUNDS = process.env.KOLAM_LONG === '1' ? 12 : 1;

const run = (command, ...args) => execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

// mount -o loop and mkfs.btrfs, in a mount namespace of its own, which is gone with the last process in it.
function whyNoDisk() {
  const image = join(makeFolder(), 'image');
  const tried = spawnSync('unshare', ['--mount', 'sh', '-c',
    `truncate -s 256M ${image} && mkfs.btrfs -q ${image} && mount -o loop ${image} /mnt && cp --reflink=always ${image} ${image}.2 || test -d /mnt`]);
  return tried.status === 0 ? false : 'no file system may be mounted here, or there is no mkfs.btrfs (btrfs-progs; scripts/deps test-long)';
}

// A kolam that does `setup` (shell) first, with disks that it alone sees.
function makeBin(setup) {
  const bin = join(makeFolder(), 'serve-on-a-disk');
  writeFileSync(bin, `#!/bin/sh\nset -e\nexec unshare --mount --propagation private sh -c 'set -e; ${setup}; exec "${BIN}" "$@"' sh "$@"\n`);
  chmodSync(bin, 0o755);
  return bin;
}

// Draws, decides and looks; then `take` makes a copy of the data folder while it goes on, and tells where.
async function copiesHold(server, take) {
  const crowd = new Crowd(random, ['main', 'other']);
  await crowd.connect(server);
  for (let i = 0; i < ROUNDS; i += 1) {
    await crowd.more(60 + random.below(200));
    await crowd.decide();
    await get(server, `/tiles/main/0/${i}/0.png`);
    const moment = crowd.moment();
    const copy = await take(i);
    await crowd.more(20); // nobody was held up for good
    await assertHolds(copy, moment);
  }
  await server.stop();
}

test('all files as of one moment are a data folder with all that was acknowledged', async () => {
  const server = await startServer();
  await copiesHold(server, () => {
    const copy = join(makeFolder(), 'copy');
    process.kill(server.pid, 'SIGSTOP'); // nothing is written while it is taken: that is what a snapshot promises
    cpSync(server.data, copy, { recursive: true });
    process.kill(server.pid, 'SIGCONT');
    return copy;
  });
});

const skip = whyNoDisk();

test('a snapshot of a btrfs', { skip }, async () => {
  const folder = makeFolder();
  const [image, disk] = [join(folder, 'image'), join(folder, 'disk')];
  const bin = makeBin(`truncate -s 512M ${image}; mkfs.btrfs -q ${image}; mkdir ${disk}; mount -o loop ${image} ${disk}; btrfs -q subvolume create ${disk}/kolam`);
  const server = await startServer({ bin, data: join(disk, 'kolam') });
  const inside = (...args) => run('nsenter', '--target', String(server.pid), '--mount', ...args);
  await copiesHold({ ...server, adminToken: () => inside('cat', join(disk, 'kolam/admin.token')).trim() }, (i) => {
    const snapshot = join(disk, `snapshot-${i}`);
    inside('btrfs', 'subvolume', 'snapshot', '-r', join(disk, 'kolam'), snapshot);
    const copy = join(makeFolder(), 'copy'); // in a read-only one the work in a -wal cannot be read
    inside('cp', '-a', snapshot, copy);
    return copy;
  });
});

test('a copy of the disk on which the file system is, as of one moment', { skip }, async () => {
  const folder = makeFolder();
  const [image, host, disk] = ['image', 'host', 'disk'].map((name) => join(folder, name));
  const bin = makeBin([`truncate -s 1G ${image}`, `mkfs.btrfs -q ${image}`, `mkdir ${host} ${disk}`, `mount -o loop ${image} ${host}`,
    `truncate -s 200M ${host}/disk`, `mkfs.ext4 -q ${host}/disk`, `mount -o loop ${host}/disk ${disk}`, `mkdir ${disk}/kolam`].join('; '));
  const server = await startServer({ bin, data: join(disk, 'kolam') });
  const inside = (...args) => run('nsenter', '--target', String(server.pid), '--mount', ...args);
  await copiesHold({ ...server, adminToken: () => inside('cat', join(disk, 'kolam/admin.token')).trim() }, (i) => {
    inside('cp', '--reflink=always', join(host, 'disk'), join(host, `disk-${i}`));
    const copy = join(makeFolder(), 'copy'); // what it holds once its journal is replayed, as after a power cut
    inside('sh', '-ec', `mkdir ${folder}/then; mount -o loop ${host}/disk-${i} ${folder}/then; cp -a ${folder}/then/kolam ${copy}; umount ${folder}/then; rmdir ${folder}/then`);
    return copy;
  });
});
