// What the server gives up, and that it serves all the same: the whole of the other wire tests run inside the sandbox; here is what they
// do not look at. It needs nothing of its environment either, and writes nowhere but in the data folder.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { BIN, Client, eventually, get, getJson, lineBody, makeFolder, startServer } from './client.mjs';
import './tidy.mjs';

const isSanitized = /sanitize|address|thread/.test(BIN);
const skip = isSanitized ? 'sanitizers start and trace processes themselves' : false;

const hasCommand = (...words) => spawnSync(words[0], words.slice(1)).status === 0;

const statusOf = (server) => Object.fromEntries(readFileSync(`/proc/${server.pid}/status`, 'utf8').split('\n').map((line) => line.split(':\t')));
const said = (server) => eventually(() => /event=sandbox (.*)/.exec(server.log())?.[1], 'what is confined');

async function everything(server) {
  const artist = await Client.artist(server);
  assert.equal((await artist.commit(lineBody([0, 0, 200, 200]))).type, 'ack');
  const other = await Client.artist(server, { canvas: 'another' }); // a file made now
  assert.equal((await other.commit(lineBody([0, 0, 200, 200]))).type, 'ack');
  const tile = await get(server, '/tiles/main/0/0/0.png');
  assert.equal((await get(server, tile.headers.location)).status, 200);
  assert.equal((await get(server, '/snapshot.png?canvas=main&rect=0,0,300,300&scale=0.7')).status, 200);
  const text = encodeURIComponent('நட்பு ናይ 好 Hi'); // fonts are looked for only now
  const outline = await getJson(server, `/api/outline?text=${text}&font=sans&size=24`);
  assert.equal(outline.status, 200, JSON.stringify(outline.body));
  const metrics = String((await get(server, '/metrics')).body);
  assert.match(metrics, /process_open_fds [1-9]/);
  assert.match(metrics, /process_resident_memory_bytes [1-9]/);
  assert.equal((await get(server, '/healthz')).status, 200);
}

test('files and calls are confined, in every thread, and everything is served', { skip }, async () => {
  const server = await startServer();
  const told = await said(server);
  assert.match(told, /calls=confined/);
  const { Seccomp, NoNewPrivs } = statusOf(server);
  assert.equal(Seccomp, '2');
  assert.equal(NoNewPrivs, '1');
  await everything(server);
  await server.stop();
});

test('without an environment, as another folder\'s guest, everything is served', { skip }, async () => {
  const folder = makeFolder();
  const bin = join(folder, 'bare');
  writeFileSync(bin, `#!/bin/sh\ncd / && exec env -i "${BIN}" "$@"\n`, { mode: 0o755 });
  const server = await startServer({ bin, data: join(folder, 'data') });
  await said(server);
  await everything(server);
  await server.stop();
});

const ISOLATE = ['--map-root-user', '--mount'];
const readOnly = (folder) => `mount --rbind / /mnt && mount --bind "${folder}" "/mnt${folder}" && mount -o remount,bind,ro /mnt && exec chroot /mnt`;
const canIsolate = () => {
  const folder = makeFolder();
  return spawnSync('unshare', [...ISOLATE, 'sh', '-c', `${readOnly(folder)} sh -c '! touch /var/kolam-no && touch "${folder}/yes"'`]).status === 0;
};

test('on a root that cannot be written everything is served', { skip: skip || (canIsolate() ? false : 'this user may not mount (unshare)') }, async () => {
  const folder = makeFolder();
  const bin = join(folder, 'read-only');
  writeFileSync(bin, `#!/bin/sh\nexec unshare ${ISOLATE.join(' ')} sh -c '${readOnly(folder)} "$@"' sh "${BIN}" "$@"\n`, { mode: 0o755 });
  const server = await startServer({ bin, data: join(folder, 'data') });
  await everything(server);
  await server.stop();
});

test('--no-sandbox keeps every right', { skip }, async () => {
  const server = await startServer({ args: ['--no-sandbox'] });
  assert.equal(statusOf(server).Seccomp, '0');
  await server.stop();
});

test('a service manager is told when it serves and when it stops, and a hangup without a certificate is no end then', { skip: hasCommand('python3', '--version') ? false : 'python3 is not installed' }, async () => {
  const folder = makeFolder();
  const path = join(folder, 'notify');
  // node has no unix datagrams: a few lines of python listen.
  const listener = spawn('python3', ['-uc', `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); print('bound')
while True: print(s.recv(4096).decode().replace(chr(10), ' '))`, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let heard = '';
  listener.stdout.setEncoding('utf8').on('data', (text) => (heard += text));
  try {
    await eventually(() => heard.includes('bound'), 'the listener');
    const server = await startServer({ env: { NOTIFY_SOCKET: path } });
    await eventually(() => heard.includes('READY=1'), 'ready');
    process.kill(server.pid, 'SIGHUP');
    assert.equal((await get(server, '/healthz')).status, 200);
    await server.stop();
    await eventually(() => heard.includes('STOPPING=1'), 'stopping');
  } finally {
    listener.kill();
  }
});

test('certificates are read again through links that lead elsewhere, as ACME clients keep them', { skip: skip || (hasCommand('openssl', 'version') ? false : 'openssl is not installed') }, async () => {
  const folder = makeFolder();
  for (const name of ['live', 'archive']) {
    mkdirSync(join(folder, name));
  }
  const make = (n) => spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', `/CN=wall${n}`,
    '-keyout', join(folder, `archive/key${n}.pem`), '-out', join(folder, `archive/cert${n}.pem`)]);
  assert.equal(make(1).status, 0);
  const link = (n) => {
    for (const what of ['key', 'cert']) {
      spawnSync('ln', ['-sfn', `../archive/${what}${n}.pem`, join(folder, `live/${what}.new`)]);
      renameSync(join(folder, `live/${what}.new`), join(folder, `live/${what}.pem`));
    }
  };
  link(1);
  const server = await startServer({ args: ['--tls-cert', join(folder, 'live/cert.pem'), '--tls-key', join(folder, 'live/key.pem')] });
  await said(server);
  assert.equal(make(2).status, 0);
  link(2);
  process.kill(server.pid, 'SIGHUP');
  await eventually(() => /event=certificate_(reloaded|refused)/.test(server.log()), 'the reload');
  assert.match(server.log(), /event=certificate_reloaded/);
  await server.stop();
});
