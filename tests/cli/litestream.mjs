// A real Litestream beside a server, with docs/litestream.yml: only its paths, and how soon it does what it does, are put in place.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeFolder, ROOT, withDeadline } from '../wire/process.mjs';

const OWN = join(ROOT, `tests/outside/node_modules/@flydotio/litestream-linux-${process.arch}/litestream`);
const BIN = [OWN, '/usr/bin/litestream', '/usr/local/bin/litestream'].find((path) => existsSync(path));

export const WHY_NOT = 'litestream is not installed (scripts/deps test-long)';
export const hasLitestream = () => BIN !== undefined;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

function configure(data, replicas, settings) {
  const text = readFileSync(join(ROOT, 'docs/litestream.yml'), 'utf8');
  const ours = text.replaceAll('/var/lib/kolam', data).replaceAll('/backup/litestream', replicas)
    .replace(/^ {2}- path: .*$/gm, (line) => [line, ...settings.map((setting) => `    ${setting}`)].join('\n'))
    .replace(/^ {6}- path: .*$/gm, (line) => `${line}\n        sync-interval: 50ms`);
  if (ours.split(data).length !== 4 || ours.split(replicas).length !== 4) {
    throw new Error('docs/litestream.yml names three files and their replicas no more');
  }
  const path = join(makeFolder(), 'litestream.yml');
  writeFileSync(path, ours);
  return path;
}

// Follows the three files of `data`. `settings` are lines for each of them. { restore(), stop(), kill(), log() }
export function startLitestream(data, replicas, settings = []) {
  const config = configure(data, replicas, settings);
  const child = spawn(BIN, ['replicate', '-config', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (log += text));
  }
  const exited = new Promise((done) => child.on('close', done)).then(() => running.delete(child));
  const end = (signal) => {
    child.kill(signal);
    return withDeadline(exited, `litestream ends: ${log}`);
  };
  return { config, log: () => log, hasEnded: () => child.exitCode !== null, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

// What the replica holds now of the file at `path`, into `to`; false while it holds nothing.
export function takeBack(litestream, path, to) {
  const run = spawnSync(BIN, ['restore', '-config', litestream.config, '-o', to, path], { encoding: 'utf8' });
  if (run.status !== 0 && !/no matching backups found|no such file|no snapshots/.test(run.stderr + run.stdout)) {
    throw new Error(`litestream restore: ${run.stderr}${run.stdout}`);
  }
  return run.status === 0;
}
