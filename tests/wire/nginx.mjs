// A real nginx in front of a server, with docs/nginx.conf: only its paths and ports are put in place.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';

import { freePort } from './ports.mjs';
import { eventually, makeFolder, ROOT, withDeadline } from './process.mjs';

const OWN = join(ROOT, 'build/tools/nginx'); /* what scripts/deps took from Debian's package: no server was started */
const BIN = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx', '/usr/local/bin/nginx', OWN]
  .find((path) => existsSync(path));

const running = new Set();
// Politely: a master that is killed leaves its workers behind.
process.on('exit', () => running.forEach((child) => child.kill('SIGTERM')));

export const WHY_NOT = 'nginx or openssl is not installed (scripts/deps test)';
export const hasNginx = () => BIN !== undefined && spawnSync('openssl', ['version']).status === 0;

export function makeCertificate(folder) {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert],
  { encoding: 'utf8' });
  if (made.status !== 0) {
    throw new Error(`openssl: ${made.error ?? made.stderr}`);
  }
  return { cert, key };
}

function replaceAll(text, pairs) {
  return pairs.reduce((now, [from, to]) => {
    if (!now.includes(from)) {
      throw new Error(`docs/nginx.conf has no "${from}" any more`);
    }
    return now.replaceAll(from, to);
  }, text);
}

function mainConfiguration(folder, site, workers) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder, name)};`).join(' ');
  return `${process.getuid() === 0 ? 'user root;' : ''} daemon off; worker_processes ${workers};
    pid ${join(folder, 'pid')}; error_log stderr warn; worker_rlimit_nofile 20000;
    events { worker_connections 8192; }
    http { access_log off; ${temporary} include ${site}; }\n`;
}

export function isListening(port) {
  return new Promise((done) => {
    const socket = net.connect(port, '127.0.0.1', () => done(true) || socket.destroy());
    socket.on('error', () => done(false));
  });
}

// { origin (https), port, plain: { origin, port }, redirecting, pid, stop(), log() }. `plain` is the same site without TLS.
export async function startNginx(server, { workers = 1 } = {}) {
  const folder = makeFolder();
  const [tls, plain, redirecting] = [await freePort(), await freePort(), await freePort()];
  const { cert, key } = makeCertificate(folder);
  mkdirSync(join(folder, 'cache'));
  const site = join(folder, 'kolam.conf');
  writeFileSync(site, replaceAll(readFileSync(join(ROOT, 'docs/nginx.conf'), 'utf8'), [
    ['/var/cache/nginx/kolam', join(folder, 'cache')],
    ['127.0.0.1:7700', `127.0.0.1:${server.port}`],
    ['listen 443 ssl;', `listen 127.0.0.1:${tls} ssl; listen 127.0.0.1:${plain};`],
    ['listen 80;', `listen 127.0.0.1:${redirecting};`],
    ['/etc/ssl/certs/draw.example.org.pem', cert],
    ['/etc/ssl/private/draw.example.org.key', key],
  ]));
  writeFileSync(join(folder, 'nginx.conf'), mainConfiguration(folder, site, workers));
  const child = spawn(BIN, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'pipe'] });
  running.add(child);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (log += text));
  const exited = new Promise((done) => child.on('close', done)).then(() => running.delete(child));
  await eventually(async () => {
    if (child.exitCode !== null) {
      throw new Error(`nginx ended: ${log}`);
    }
    return (await isListening(tls)) && isListening(plain);
  }, 'nginx listens');
  return {
    origin: `https://127.0.0.1:${tls}`,
    port: tls,
    plain: { origin: `http://127.0.0.1:${plain}`, port: plain },
    redirecting,
    pid: child.pid,
    log: () => log,
    async stop() {
      child.kill('SIGTERM');
      await withDeadline(exited, 'nginx ends');
    },
  };
}
