// What TLS costs: memory of an idle connection, CPU of a handshake and of a frame, against plain HTTP in the same run.
//
//     node tests/bench/tls.mjs [--clients N]

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { Client, cpuSeconds, eventually, makeFolder, memory, removeFolder, startServer } from '../wire/client.mjs';
import { printTable } from './support/table.mjs';

const at = process.argv.indexOf('--clients');
const CLIENTS = at > 0 ? Number(process.argv[at + 1]) : 1000;
const STROKES = 200;

async function measure(args) {
  const server = await startServer({ args: ['--log-level', 'warn', ...args] });
  const warm = await Client.artist(server);
  await warm.view({});
  await warm.draw([1, 1, 9, 9]);
  const before = { cpu: cpuSeconds(server.pid), kb: memory(server.pid).now / 1024 };
  const watchers = [];
  for (let i = 0; i < CLIENTS; i += 100) {
    watchers.push(...(await Promise.all(Array.from({ length: Math.min(100, CLIENTS - i) }, () => Client.join(server)))));
  }
  const joined = { cpu: cpuSeconds(server.pid), kb: memory(server.pid).now / 1024 };
  await Promise.all(watchers.map((watcher) => watcher.view({})));
  const viewed = cpuSeconds(server.pid);
  for (let i = 0; i < STROKES; i += 1) {
    const seq = await warm.draw([1, i % 200, 200, 90]);
    await watchers.at(-1).op(seq);
  }
  await eventually(() => watchers.every((watcher) => watcher.all('op').length === STROKES), 'every stroke at every watcher');
  const drawn = cpuSeconds(server.pid);
  const frames = watchers.reduce((sum, watcher) => sum + watcher.framesReceived, 0);
  watchers.forEach((watcher) => watcher.socket.terminate());
  await server.kill();
  return {
    kb: (joined.kb - before.kb) / CLIENTS,
    joinMs: ((joined.cpu - before.cpu) * 1e3) / CLIENTS,
    frameUs: ((drawn - viewed) * 1e6) / frames,
  };
}

const folder = makeFolder();
const [key, certificate] = [join(folder, 'k.pem'), join(folder, 'c.pem')];
execFileSync('openssl', [
  'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', certificate,
  '-days', '30', '-subj', '/CN=bench',
], { stdio: 'pipe' });
const plain = await measure([]);
const tls = await measure(['--tls-cert', certificate, '--tls-key', key]);
removeFolder(folder);
const row = (name, field, unit) =>
  [name, `${plain[field].toFixed(2)} ${unit}`, `${tls[field].toFixed(2)} ${unit}`, `${(tls[field] / plain[field]).toFixed(2)} x`];
printTable([`${CLIENTS} connections`, 'http', 'https', 'ratio'], [
  row('memory an idle connection', 'kb', 'KB'),
  row('server CPU a join', 'joinMs', 'ms'),
  row('server CPU a frame sent', 'frameUs', 'us'),
]);
