// The real `kolam`, started on a folder of its own and ended by its process id.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)));
export const BIN = resolve(process.env.KOLAM_BIN ?? join(ROOT, 'build/kolam'));
export const DEADLINE_MS = 20000;

const running = new Set();
const folders = new Set();

// Ends every server that is still there; a file's tests do it when they are over, however they went.
export function endAll() {
  for (const child of running) {
    child.kill('SIGKILL');
  }
}

process.on('exit', () => {
  endAll();
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
  }
});

// An empty folder that is gone when this process ends.
export function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'kolam-test-'));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

// Resolves with the first value of `probe` that is not false, null or undefined. It is asked again
// when `on` (a function taking a listener and returning its removal) says so, or else often.
export function eventually(probe, what, deadlineMs = DEADLINE_MS) {
  const end = Date.now() + deadlineMs;
  return new Promise((done, fail) => {
    const ask = async () => {
      try {
        const value = await probe();
        if (value) {
          done(value);
        } else if (Date.now() > end) {
          fail(new Error(`not within ${deadlineMs} ms: ${what}`));
        } else {
          setTimeout(ask, 10);
        }
      } catch (error) {
        fail(error);
      }
    };
    ask();
  });
}

export function withDeadline(promise, what, deadlineMs = DEADLINE_MS) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`not within ${deadlineMs} ms: ${what}`)), deadlineMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function watch(child) {
  const state = { stdout: '', stderr: '' };
  running.add(child);
  child.stdout.setEncoding('utf8').on('data', (text) => (state.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (state.stderr += text));
  state.exited = new Promise((done) => {
    child.on('error', (error) => done({ code: null, signal: error.message }));
    child.on('close', (code, signal) => {
      running.delete(child);
      done({ code, signal });
    });
  });
  state.exited.then((end) => (state.end = end));
  return state;
}

// Variables that would change what a server does are kept out unless given.
function cleanEnvironment(env) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('KOLAM_'));
  return { ...Object.fromEntries(kept), ...env };
}

// Runs one verb to its end: { code, signal, stdout, stderr }.
export async function kolam(args, { env = {}, deadlineMs = 120000 } = {}) {
  const child = spawn(BIN, args, { env: cleanEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  const state = watch(child);
  const end = await withDeadline(state.exited, `kolam ${args.join(' ')}`, deadlineMs).finally(() =>
    child.kill('SIGKILL'));
  return { ...end, stdout: state.stdout, stderr: state.stderr };
}

// { url, origin, port, pid, data, log(), stop(), kill(), exited }. Rejects when the server ends before
// it prints its address.
export async function startServer({ data = makeFolder(), port = 0, args = [], env = {}, bin = BIN } = {}) {
  const all = ['serve', '--listen', `127.0.0.1:${port}`, '--data', data, ...args];
  const child = spawn(bin, all, { env: cleanEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  const state = watch(child);
  const line = await eventually(() => {
    if (state.end) {
      const { code, signal } = state.end;
      throw new Error(`kolam serve ended (${signal ?? code}) before it served: ${state.stderr}`);
    }
    return /^(https?:\/\/[^\s]+)\/\n/m.exec(state.stdout);
  }, `an address from kolam serve; it said: ${state.stderr}`);
  const end = async (signal) => {
    child.kill(signal);
    return withDeadline(state.exited, `the server's end after ${signal}: ${state.stderr}`);
  };
  return {
    url: `${line[1]}/`,
    origin: line[1],
    port: Number(new URL(line[1]).port),
    pid: child.pid,
    data,
    child,
    exited: state.exited,
    hasEnded: () => state.end !== undefined,
    log: () => state.stderr,
    stdout: () => state.stdout,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    adminToken: () => readFileSync(join(data, 'admin.token'), 'utf8').trim(),
  };
}

// One request, redirects not followed: { status, headers, body }.
export function get(server, path, { method = 'GET', headers = {} } = {}) {
  const { port } = server;
  const answer = new Promise((done, fail) => {
    const { request: ask } = server.origin?.startsWith('https:') ? https : http;
    const request = ask({ host: '127.0.0.1', port, path, method, headers, agent: false, rejectUnauthorized: false });
    request.on('error', fail);
    request.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () =>
        done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.end();
  });
  return withDeadline(answer, `${method} ${path}`);
}

export async function getJson(server, path, options) {
  const answer = await get(server, path, options);
  return { ...answer, json: JSON.parse(answer.body) };
}

// Bytes to the server, and what comes back until it closes or `isEnough(text)`. With `end` the server
// is told at once that no more will come.
export function exchange(server, bytes, isEnough = () => false, { end = false } = {}) {
  const answer = new Promise((done, fail) => {
    const socket = net.connect(server.port, '127.0.0.1', () => (end ? socket.end(bytes) : socket.write(bytes)));
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk;
      if (isEnough(text)) {
        socket.destroy();
      }
    });
    socket.on('error', (error) => (error.code === 'ECONNRESET' ? undefined : fail(error)));
    socket.on('close', () => done(text));
  });
  return withDeadline(answer, `an answer to ${JSON.stringify(String(bytes).slice(0, 80))}`);
}

// Connects, writes, and is gone.
export function writeAndVanish(server, bytes) {
  return new Promise((done) => {
    const socket = net.connect(server.port, '127.0.0.1', () => socket.write(bytes, () => socket.destroy()));
    socket.on('error', () => {});
    socket.on('close', done);
  });
}

// Seconds of processor time that a process has used so far.
export function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

// Until a process takes next to nothing of a core over a while: what it had begun may go on a little, what spins never rests.
export async function comesToRest(pid, share, overMs = 400) {
  let took = 'never looked at';
  await eventually(async () => {
    const [before, begun] = [cpuSeconds(pid), performance.now()];
    await new Promise((done) => setTimeout(done, overMs));
    const now = (cpuSeconds(pid) - before) / ((performance.now() - begun) / 1000);
    took = `${(now * 100).toFixed(1)}% of a core`;
    return now < share;
  }, 'it rests').catch((error) => {
    throw new Error(`${error.message}: it takes ${took}`);
  });
}

// Bytes of memory now and at most so far.
export function memory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const of = (name) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024;
  return { now: of('VmRSS'), peak: of('VmHWM') };
}
