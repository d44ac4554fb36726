import assert from 'node:assert/strict';
import test from 'node:test';

import { makeGoals, needsOf } from './build.mjs';
import { runInLanes } from './lanes.mjs';

const KINDS = { B: 'browser', P: 'patient', b: undefined };
const jobs = (text) => [...text].map((name, at) => ({ name, at, kind: KINDS[name] }));

// Each job lasts until the test ends it, the oldest first; gives which ran together, as they began. `builds` are of the jobs at
// these places; one that runs is an m.
async function together(text, ...builds) {
  const running = new Map();
  const seen = [];
  const all = jobs(text);
  const begin = (job) => new Promise((end) => {
    running.set(job, end);
    seen.push([...running.keys()].map(({ name }) => name).sort().join(''));
  });
  const over = runInLanes(all, begin, builds.map((places) =>
    ({ run: () => begin({ name: 'm' }), jobs: places.map((at) => all[at]) })));
  const settle = () => new Promise((done) => setImmediate(done));
  await settle();
  while (running.size > 0) {
    const [job, end] = running.entries().next().value;
    running.delete(job);
    end();
    await settle();
  }
  await over;
  return seen;
}

test('runs four at a time: two browsers, one that waits, one that computes', async () => {
  assert.deepEqual(await together('bbPPBBB'), ['P', 'BP', 'BBP', 'BBPb', 'BBPb', 'BBPb', 'BPbb']);
});

test('runs what is left of one kind in all lanes, of browsers two', async () => {
  assert.deepEqual(await together('bBBBB'), ['b', 'Bb', 'BBb', 'BB', 'BB']);
  assert.deepEqual(await together('bbbbb'), ['b', 'bb', 'bbb', 'bbbb', 'bbbb']);
  assert.deepEqual(await together('PPPPP'), ['P', 'PP', 'PPP', 'PPPP', 'PPPP']);
});

test('builds one after the other, and begins what is built, or needs nothing, meanwhile', async () => {
  assert.deepEqual(await together('PB', [0, 1]), ['m', 'P', 'BP']);
  assert.deepEqual(await together('PbP', [0], [1]), ['m', 'Pm', 'Pm', 'PPm', 'Pb']);
});

test('runs each once, and nothing of nothing', async () => {
  assert.equal((await together('bBbPBbBB', [0, 2], [3, 4])).length, 8 + 2);
  assert.deepEqual(await together(''), []);
});

test('builds once what several need, first what others than the busy need, and knows for each what it needs', () => {
  const some = [{ make: ['CC=a', 'x', 'y'] }, { make: ['CC=a', 'x'] }, { make: ['CC=b', 'x'], kind: 'browser' }, { make: null }, { make: ['CC=b', 'y'] }];
  const goals = makeGoals(some).map(({ settings, targets }) => [settings.join(' '), ...targets]);
  assert.deepEqual(goals, [['CC=b', 'x'], ['CC=a', 'x', 'y'], ['CC=b', 'y']]);
  assert.deepEqual(some.map(needsOf), [['CC=a x', 'CC=a y'], ['CC=a x'], ['CC=b x'], [], ['CC=b y']]);
});
