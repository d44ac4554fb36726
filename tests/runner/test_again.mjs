import assert from 'node:assert/strict';
import test from 'node:test';

import { lookAgain } from './again.mjs';

const result = (name, failed, isSeenTwice = true) => ({ job: { name, suite: { isSeenTwice } }, tally: { failed, passed: 1 } });

// Which were run again, and what then counts.
async function again(results, second) {
  const ran = [];
  const counted = await lookAgain(results, async (job) => {
    ran.push(job.name);
    return { failed: second, passed: 2 };
  });
  return { ran, failed: counted.map(({ tally }) => tally.failed), told: counted.filter(({ first }) => first).map(({ job }) => job.name) };
}

test('what failed is run once more, and told if it passes then', async () => {
  assert.deepEqual(await again([result('a', 0), result('b', 1)], 0), { ran: ['b'], failed: [0, 0], told: ['b'] });
});

test('what fails twice has failed', async () => {
  assert.deepEqual(await again([result('a', 2)], 1), { ran: ['a'], failed: [1], told: [] });
});

test('a suite without browsers has one chance', async () => {
  assert.deepEqual(await again([result('a', 1, false)], 0), { ran: [], failed: [1], told: [] });
});

test('four that fail are no coincidence', async () => {
  const four = ['a', 'b', 'c', 'd'].map((name) => result(name, 1));
  assert.deepEqual(await again(four, 0), { ran: [], failed: [1, 1, 1, 1], told: [] });
});
