import assert from 'node:assert/strict';
import test from 'node:test';

import { makeGoals, needsOf } from './build.mjs';
import { runInLanes } from './lanes.mjs';

const jobs = (text) => [...text].map((name, at) => ({ name, at, isHeavy: name === 'H' }));

// Each job lasts until the test ends it; gives which ran together, as they began.
async function together(text) {
  const running = new Map();
  const seen = [];
  const all = runInLanes(jobs(text), (job) => new Promise((end) => {
    running.set(job, end);
    seen.push([...running.keys()].map(({ name }) => name).sort().join(''));
  }));
  while (running.size > 0) {
    const [job, end] = running.entries().next().value;
    running.delete(job);
    end();
    await new Promise((done) => setImmediate(done));
  }
  await all;
  return seen;
}

test('runs three at a time, one heavy beside two light', async () => {
  assert.deepEqual(await together('LLLHHH'), ['L', 'LL', 'HLL', 'HLL', 'HHL', 'HHL']);
});

test('runs what is left of the light ones three at a time, of the heavy ones two', async () => {
  assert.deepEqual(await together('LHHHH'), ['L', 'HL', 'HHL', 'HH', 'HH']);
  assert.deepEqual(await together('LLLL'), ['L', 'LL', 'LLL', 'LLL']);
});

test('runs each once, and nothing of nothing', async () => {
  assert.equal((await together('LHLHLHHL')).length, 8);
  assert.deepEqual(await together(''), []);
});

test('builds once what several need, and knows for each what it needs', () => {
  const some = [{ make: ['CC=a', 'x', 'y'] }, { make: ['CC=a', 'x'] }, { make: ['CC=b', 'x'] }, { make: null }];
  const goals = makeGoals(some).map(({ settings, targets }) => [settings.join(' '), ...targets]);
  assert.deepEqual(goals, [['CC=a', 'x', 'y'], ['CC=b', 'x']]);
  assert.deepEqual(some.map(needsOf), [['CC=a x', 'CC=a y'], ['CC=a x'], ['CC=b x'], []]);
});
