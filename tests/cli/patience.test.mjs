// A server that is busy says when to come again (429, 503, Retry-After): the command does, tells so, and not for ever.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { Client, lineBody } from '../wire/client.mjs';
import { BIN, eventually, kolam, makeFolder, startServer, withDeadline } from '../wire/process.mjs';
import '../wire/tidy.mjs';

let server;
before(async () => {
  server = await startServer();
  const mira = await Client.artist(server);
  await mira.commit(lineBody([0, 0, 40, 0]));
});
after(() => server?.kill());

// Refuses as many requests, and then lets all through to the true one.
async function busy(t, { refusals = 2, code = 503, retryAfter = '1' } = {}) {
  const front = { refused: 0 };
  const told = retryAfter === null ? {} : { 'Retry-After': retryAfter };
  const refuses = () => front.refused < refusals && (front.refused += 1) > 0;
  const web = http.createServer((request, answer) => {
    if (refuses()) {
      answer.writeHead(code, { 'Content-Type': 'application/json', Connection: 'close', ...told });
      answer.end('{"error":"come again"}');
      return;
    }
    const headers = { ...request.headers, host: `127.0.0.1:${server.port}` };
    http.get({ host: '127.0.0.1', port: server.port, path: request.url, headers }, (true_) => {
      answer.writeHead(true_.statusCode, true_.headers);
      true_.pipe(answer);
    });
  });
  web.on('upgrade', (request, socket) => {
    socket.on('error', () => {});
    if (refuses()) {
      const lines = Object.entries(told).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(`HTTP/1.1 ${code} Busy\r\n${lines.join('')}Content-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    const headers = Object.entries({ ...request.headers, host: `127.0.0.1:${server.port}` });
    const through = net.connect(server.port, '127.0.0.1', () => {
      through.write(`GET ${request.url} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
      through.pipe(socket).pipe(through);
    });
    through.on('error', () => {});
  });
  await new Promise((done) => web.listen(0, '127.0.0.1', done));
  t.after(() => {
    web.closeAllConnections();
    web.close();
  });
  front.origin = `http://127.0.0.1:${web.address().port}`;
  return front;
}

const saysTwice = (code) => new RegExp(`^(kolam: the server answered ${code} \\([a-z ]+\\): trying again in 1 s\n){2}$`);

test('verbs_that_ask_a_server_come_again_when_it_says', async (t) => {
  const out = join(makeFolder(), 'part.png');
  const told = (front) => ['--server', front.origin];
  const runs = [
    [503, ['export', '--rect', '-10,-10,60,20', '-o', out]],
    [429, ['blame', '--at', '20,0']],
    [503, ['admin', 'policy', '--data', server.data]],
  ];
  await Promise.all(runs.map(async ([code, args]) => {
    const front = await busy(t, { code });
    const run = await kolam([...args, ...told(front)]);
    assert.equal(run.code, 0, `${args[0]}: ${run.stderr}`);
    assert.match(run.stderr, saysTwice(code), args[0]);
    assert.equal(front.refused, 2);
  }));
  assert.equal(readFileSync(out).toString('latin1', 1, 4), 'PNG', 'the picture, and nothing of the refusals');
});

test('nobody_waits_for_a_server_that_does_not_say_when_or_says_too_late', async (t) => {
  for (const retryAfter of [null, '61', '99999999999999999999', '-1', 'soon', 'Fri, 31 Dec 1999 23:59:59 GMT']) {
    const front = await busy(t, { retryAfter });
    const run = await kolam(['blame', '--at', '20,0', '--server', front.origin]);
    assert.equal(run.code, 1);
    assert.match(run.stderr, /^kolam blame: the server answered 503 to [^\n]*: come again\n$/, String(retryAfter));
    assert.equal(front.refused, 1);
  }
});

test('who_ends_the_command_does_not_wait', async (t) => {
  const front = await busy(t, { retryAfter: '50' });
  const child = spawn(BIN, ['watch', '--server', front.origin], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const ended = new Promise((done) => child.on('close', done));
  await eventually(() => said.includes('trying again in 50 s'), 'what it waits for');
  child.kill('SIGINT');
  await withDeadline(ended, 'its end');
  assert.equal(front.refused, 1);
});
