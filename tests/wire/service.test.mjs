// kolam.service: what systemd says of it, and the whole of a service inside what it leaves: a root that cannot be written, a user that
// is nobody, without capabilities, with our own sandbox besides. (systemd.test.mjs: as systemd runs it.)

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import tls from 'node:tls';

import { BIN, Client, eventually, get, hideBody, kolam, makeFolder, ROOT, startServer } from './client.mjs';
import './tidy.mjs';

const works = (command, ...args) => spawnSync(command, args).status === 0;
const NOBODY = 65534;

test('systemd finds nothing to say about the unit, and little that it leaves', { skip: works('systemd-analyze', '--version') ? false : 'systemd-analyze is not installed' }, () => {
  const folder = makeFolder();
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/kolam'), '#!/bin/sh\n', { mode: 0o755 });
  const unit = join(folder, 'kolam.service');
  writeFileSync(unit, readFileSync(join(ROOT, 'share/kolam.service'), 'utf8').replaceAll('@PREFIX@', folder));
  const verified = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
  assert.equal(verified.status, 0, verified.stderr);
  assert.ok(!verified.stderr.includes('kolam.service'), verified.stderr);
  const judged = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', '--threshold=20', unit], { encoding: 'utf8' });
  assert.equal(judged.status, 0, judged.stdout + judged.stderr); // an exposure of 2.0 at most
});

const asNobody = `setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs`;
const isSanitized = /sanitize|address|thread/.test(BIN);
function whyNot() {
  if (isSanitized) {
    return 'sanitizers start and trace processes themselves';
  }
  const can = process.getuid() === 0 && works('unshare', '--mount', 'true') && works('sh', '-c', `${asNobody} test -x "${BIN}"`) && works('openssl', 'version');
  return can ? false : 'only root can mount, and become nobody (setpriv, openssl)';
}

function makeCertificate(folder, n) {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30',
    '-subj', `/CN=wall${n}`, '-keyout', key, '-out', cert], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  chmodSync(key, 0o644); // a credential, to the service
  return { cert, key };
}

const nameIn = (port) => new Promise((done, fail) => {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
    done(socket.getPeerCertificate().subject.CN);
    socket.end();
  });
  socket.on('error', fail);
});

test('on a read-only root, as nobody, without capabilities: draw, export, a new certificate, a backup', { skip: whyNot() }, async () => {
  const folder = makeFolder();
  chmodSync(folder, 0o755);
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o750 });
  chownSync(data, NOBODY, NOBODY);
  const { cert, key } = makeCertificate(folder, 1);
  const bin = join(folder, 'service');
  writeFileSync(bin, `#!/bin/sh
exec unshare --mount --propagation private sh -ec 'mount --rbind / /mnt; mount --bind "${folder}" "/mnt${folder}"
  mount --bind "${data}" "/mnt${data}"; mount -o remount,bind,ro "/mnt${folder}"; mount -o remount,bind,ro /mnt; cd /
  exec chroot /mnt env -i ${asNobody} "$@"' sh "${BIN}" "$@"\n`, { mode: 0o755 });
  const server = await startServer({ bin, data, args: ['--tls-cert', cert, '--tls-key', key] });

  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  assert.match(status, new RegExp(`^Uid:\\t${NOBODY}\\t${NOBODY}\\t${NOBODY}\\t${NOBODY}$`, 'm'));
  for (const kind of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb']) {
    assert.match(status, new RegExp(`^Cap${kind}:\\t0+$`, 'm'));
  }
  assert.match(status, /^Seccomp:\t2$/m);
  assert.equal(spawnSync('nsenter', ['-t', String(server.pid), '-m', '-r', 'touch', join(folder, 'no')]).status, 1, 'the root cannot be written');

  const artist = await Client.artist(server);
  const seq = await artist.draw([0, 0, 200, 200]);
  assert.equal((await get(server, '/snapshot.png?canvas=main&rect=0,0,300,300&scale=0.7')).status, 200);
  assert.equal(await nameIn(server.port), 'wall1');
  makeCertificate(folder, 2);
  process.kill(server.pid, 'SIGHUP');
  await eventually(async () => (await nameIn(server.port)) === 'wall2', 'the new certificate');

  // As in docs/operating.md: root's, beside it. What SQLite makes beside a wall is the service's.
  const backup = join(folder, 'backup');
  for (let i = 0; i < 2; i += 1) {
    const run = await kolam(['backup', '--data', data, '-o', backup]);
    assert.equal(run.code, 0, run.stderr);
  }
  assert.equal((await kolam(['check', '--data', backup])).code, 0);
  const next = await artist.commit(hideBody([seq]));
  assert.equal(next.type, 'ack', 'it writes on');
  assert.equal((await server.stop()).code, 0);
  const again = await startServer({ bin, data, args: ['--tls-cert', cert, '--tls-key', key] });
  assert.equal((await Client.join(again, { token: artist.token })).welcome.seq, 2);
  await again.stop();
});
