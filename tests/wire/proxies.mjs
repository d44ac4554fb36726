// A real Caddy or HAProxy in front of a server, with docs/Caddyfile or docs/haproxy.cfg: only names, paths and ports are put in place.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isListening, makeCertificate } from './nginx.mjs';
import { freePort } from './ports.mjs';
import { eventually, makeFolder, ROOT, withDeadline } from './process.mjs';

const find = (name) => ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', join(ROOT, 'build/tools')]
  .map((folder) => join(folder, name)).find((path) => existsSync(path));

export const PASSWORD = 'secret';

// What of a kind of proxy is its own: its arguments, and what in its documented file is put in place. Of kolam's address: by TLS, if so asked.
const KINDS = {
  caddy: {
    file: 'Caddyfile',
    run: (path) => ['run', '--config', path, '--adapter', 'caddyfile'],
    pairs: ({ port, cert, key, backend, isTls }) => [
      ['draw.example.org {', `{\n\tadmin off\n\tauto_https off\n}\nhttps://127.0.0.1:${port}, https://localhost:${port} {\n\tbind 127.0.0.1\n\ttls ${cert} ${key}`],
      ['127.0.0.1:7700 {', isTls
        ? `https://${backend} {\n\t\ttransport http {\n\t\t\ttls_insecure_skip_verify\n\t\t}` : `${backend} {`],
    ],
    hash: '$2a$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW',
  },
  haproxy: {
    file: 'haproxy.cfg',
    run: (path) => ['-f', path, '-db'],
    pairs: ({ port, plain, both, backend, isTls }) => [
      ['bind :443', `bind 127.0.0.1:${port}`],
      ['bind :80', `bind 127.0.0.1:${plain}`],
      ['/etc/haproxy/draw.example.org.pem', both],
      ['127.0.0.1:7700', isTls ? `${backend} ssl verify none` : backend],
      ['defaults\n', 'global\n    maxconn 1000\ndefaults\n'],
    ],
    hash: '$6$kolam$ILFsl9HKhVQgyjWXcMxl4loUk5xaABQtAsZLnSJ39qU8YJmWCeSqVodNo226Xt4mLcW/36DSkAhCYKt8PcfjX0',
  },
};

function configuration({ file, pairs, hash }, { isSigningIn, ...about }) {
  const given = isSigningIn ? [['#| ', ''], ['HASH', hash]] : [];
  return [...pairs(about), ...given].reduce((now, [from, to]) => {
    if (!now.includes(from)) {
      throw new Error(`docs/${file} has no "${from}" any more`);
    }
    return now.replaceAll(from, () => to);
  }, readFileSync(join(ROOT, 'docs', file), 'utf8').replace('without the "#| " in front', 'put in place'));
}

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export const whyNot = (kind) => (find(kind) ? false : `${kind} is not installed (scripts/deps test-long)`);

// { origin (https), port, plain (a port of HAProxy's), stop(), log() }. With `isSigningIn` mira is let in, and nobody else.
export async function startProxy(kind, server, { isSigningIn = false } = {}) {
  const folder = makeFolder();
  const { cert, key } = makeCertificate(folder);
  const both = join(folder, 'both.pem');
  writeFileSync(both, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'));
  const [port, plain] = [await freePort(), await freePort()];
  const path = join(folder, KINDS[kind].file);
  const isTls = server.origin.startsWith('https:');
  writeFileSync(path, configuration(KINDS[kind], { isSigningIn, port, plain, cert, key, both, isTls, backend: `127.0.0.1:${server.port}` }));
  const env = { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn(find(kind), KINDS[kind].run(path), { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let log = '';
  [child.stdout, child.stderr].forEach((stream) => stream.setEncoding('utf8').on('data', (text) => (log += text)));
  const exited = new Promise((done) => child.on('close', done)).then(() => running.delete(child));
  await eventually(() => {
    if (child.exitCode !== null) {
      throw new Error(`${kind} ended: ${log}`);
    }
    return isListening(port);
  }, `${kind} listens`);
  return {
    origin: `https://127.0.0.1:${port}`,
    port,
    plain,
    log: () => log,
    async stop() {
      child.kill('SIGKILL'); /* politely, it would wait for WebSockets */
      await withDeadline(exited, `${kind} ends`);
    },
  };
}
