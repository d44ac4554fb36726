// Hostile programs while honest artists draw: a sample that the seed chooses, and all of them in the long run. No time is asserted
// (make hostile measures); the honest ones' strokes all come, memory stays bounded, the server is well and what it wrote is whole.

import assert from 'node:assert/strict';
import test from 'node:test';

import { NAMES } from '../hostile/attack.mjs';
import { seeded } from '../hostile/kit.mjs';
import { aftermath, honest, startAttack } from '../hostile/run.mjs';
import { memory, startServer } from './client.mjs';
import './tidy.mjs';

const SAMPLE = 3;
const MEMORY_MAX = 400e6;
const isLong = process.env.KOLAM_LONG === '1';
const seed = Number(process.env.KOLAM_SEED ?? 1);

function choose() {
  const random = seeded(seed * 7919);
  const left = [...NAMES];
  return isLong ? left : Array.from({ length: SAMPLE }, () => left.splice(Math.floor(random() * left.length), 1)[0]);
}

for (const name of choose()) {
  test(`${name}_hurts_nobody`, async () => {
    const server = await startServer({ args: ['--limit-loopback', '--log-level', 'warn'] });
    const attack = startAttack(server, name, { seconds: 4, seed, from: '127.77.0.9' });
    const crowd = await honest(server, { artists: 8, seconds: 3, seed });
    const { problems } = await attack.found;
    assert.deepEqual(problems, []);
    assert.equal(crowd.code, 0, `${crowd.faults} ${crowd.said}`);
    assert.ok(memory(server.pid).peak < MEMORY_MAX, `${memory(server.pid).peak / 1e6} MB`);
    assert.deepEqual(await aftermath(server), []);
  });
}
