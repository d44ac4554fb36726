// How long a stroke takes to another's screen: from pen-up to the other's OP and to the author's ACK, and
// from a point to the other's preview, with 1, 10 and 50 others looking on at an otherwise idle server.
// Beside it the same bytes through a bare relay on `ws` that keeps nothing: what is the network's share
// and node's own. Writer, others and relay are node processes on this machine.
//
//     node tests/bench/latency.mjs [--strokes N]

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { Client, cpuSeconds, lineBody, previewRecord, startServer, strokeBody, submitRecord } from '../wire/client.mjs';
import { printTable, quantile } from './support/table.mjs';

const { WebSocket, WebSocketServer } = createRequire(new URL('../../web/package.json', import.meta.url))('ws');
const COUNT = Number(process.argv[process.argv.indexOf('--strokes') + 1] || 0) || 300;

// ---- the bare relay: a child process; every binary message goes to all others ----

function serveRelay() {
  const relay = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () =>
    console.log(relay.address().port));
  relay.on('connection', (socket) => socket.on('message', (data) =>
    relay.clients.forEach((other) => other !== socket && other.send(data))));
}

async function startRelay() {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--relay'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((done) => child.stdout.once('data', (text) => done(Number(text))));
  return { port, pid: child.pid, end: () => child.kill('SIGKILL') };
}

const open = (port) => new Promise((done, fail) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  socket.on('open', () => done(socket)).on('error', fail);
});

// ---- one measurement: act, wait for its effect, again ----

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// `act(i)` returns the promises whose ends are measured, by name.
async function measure(count, act) {
  const times = {};
  for (let i = 0; i < count; i += 1) {
    const started = performance.now();
    const promises = Object.entries(act(i)).map(async ([name, promise]) => {
      await promise;
      (times[name] ??= []).push(performance.now() - started);
    });
    await Promise.all(promises);
    await pause(3 + (i * 7) % 23); // a person's pauses: never in step with the server's tick
  }
  return times;
}

const body = (i) => strokeBody({
  points: Array.from({ length: 20 }, (_, k) => [((i * 31 + k * 9) % 230) * 8, ((i * 17 + k * 5) % 230) * 8, 200, k && 8]),
});

async function measureKolam(others) {
  const server = await startServer();
  const writer = await Client.artist(server);
  const lookers = await Promise.all(Array.from({ length: others }, () => Client.join(server, { watch: true })));
  await Promise.all([writer, ...lookers].map((client) => client.view({ width: 4, height: 4 })));
  for (const client of [writer, ...lookers]) {
    client.keepsNothing = true;
  }
  // Who gets it last counts as well as who gets it first: take one in the middle.
  const middle = lookers[others >> 1];
  const next = (client, type) => new Promise((done) => {
    client.onEvent = (event) => event.type === type && done();
  });
  let counter = 1;
  const act = (i) => {
    const result = { ack: next(writer, 'ack'), op: next(middle, 'op') };
    writer.send(submitRecord(counter, [body(i)]));
    counter += 1;
    return result;
  };
  await measure(30, act);
  const before = cpuSeconds(server.pid);
  const strokes = await measure(COUNT, act);
  const cpu = (cpuSeconds(server.pid) - before) / COUNT;
  let first = 0;
  const points = await measure(COUNT, (i) => {
    const result = { preview: next(middle, 'preview') };
    if (i % 100 === 0) {
      counter += 1;
      first = 0;
    }
    writer.send(previewRecord(counter, first, lineBody([i % 200, 1, (i + 3) % 200, 4])));
    first += 2;
    return result;
  });
  await server.kill();
  return { ...strokes, ...points, cpu };
}

async function measureRelay(others) {
  const relay = await startRelay();
  const writer = await open(relay.port);
  const lookers = await Promise.all(Array.from({ length: others }, () => open(relay.port)));
  const middle = lookers[others >> 1];
  const act = (i) => {
    const result = { op: new Promise((done) => middle.once('message', done)) };
    writer.send(submitRecord(i, [body(i)]));
    return result;
  };
  await measure(30, act);
  const before = cpuSeconds(relay.pid);
  const times = await measure(COUNT, act);
  const cpu = (cpuSeconds(relay.pid) - before) / COUNT;
  relay.end();
  return { ...times, cpu };
}

async function main() {
  const rows = [];
  const ms = (times, q) => (times ? quantile(times, q).toFixed(2) : '-');
  for (const others of [1, 10, 50]) {
    for (const [name, run] of [['kolam', measureKolam], ['bare relay', measureRelay]]) {
      const { ack, op, preview, cpu } = await run(others);
      rows.push([name, others, ms(ack, 0.5), ms(ack, 0.99), ms(op, 0.5), ms(op, 0.99), ms(preview, 0.5), ms(preview, 0.99),
        (cpu * 1e3).toFixed(2)]);
    }
  }
  console.log(`Latency in ms, ${COUNT} strokes of 20 points each, one after another with pauses:`);
  printTable(['', 'others', 'ack p50', 'p99', 'op p50', 'p99', 'preview p50', 'p99', 'server CPU ms/op'], rows);
}

if (process.argv.includes('--relay')) {
  serveRelay();
} else {
  await main();
  process.exit(0);
}
