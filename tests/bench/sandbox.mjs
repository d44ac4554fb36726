// What the sandbox costs a request: the server's CPU time for each GET over a connection that is kept, with it and without, in turn.

import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';

import { makeFolder, startServer } from '../wire/process.mjs';

const REQUESTS = Number(process.argv[2] ?? 2000);
const ROUNDS = 9;
const PATHS = ['/healthz', '/tiles/main/0/0/0.png', '/'];

// To the nanosecond, of all threads.
function cpuMicroseconds(pid) {
  return readdirSync(`/proc/${pid}/task`).reduce(
    (sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]) / 1000, 0);
}

function ask(server, agent, path) {
  return new Promise((done, fail) => {
    http.get({ host: '127.0.0.1', port: server.port, path, agent }, (response) => {
      response.resume();
      response.on('end', done);
    }).on('error', fail);
  });
}

async function measure(server) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const before = cpuMicroseconds(server.pid);
  for (let i = 0; i < REQUESTS; i += 1) {
    await ask(server, agent, PATHS[i % PATHS.length]);
  }
  const used = cpuMicroseconds(server.pid) - before;
  agent.destroy();
  return used / REQUESTS;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const loose = await startServer({ data: makeFolder(), args: ['--no-sandbox'] });
const confined = await startServer({ data: makeFolder() });
const figures = { loose: [], confined: [] };
for (let i = 0; i < ROUNDS; i += 1) {
  figures.loose.push(await measure(loose));
  figures.confined.push(await measure(confined));
}
await Promise.all([loose.stop(), confined.stop()]);
console.log(`CPU a request, medians of ${ROUNDS} rounds of ${REQUESTS}: ${median(figures.confined).toFixed(1)} us in the sandbox, `
  + `${median(figures.loose).toFixed(1)} us without: ${(median(figures.confined) / median(figures.loose)).toFixed(2)} x `
  + `(rounds: ${figures.confined.map((x) => x.toFixed(0))} / ${figures.loose.map((x) => x.toFixed(0))})`);
