import assert from 'node:assert/strict';
import test from 'node:test';

import { judge } from './judge.mjs';
import { run } from './process.mjs';

const ended = { status: 0, signal: null, output: '', isTimedOut: false, seconds: 1 };
const job = { name: 'some_test' };

test('takes silence for a failure', () => {
  assert.equal(judge(job, ended).failed, 1);
});

test('fails a program that crashed after its first test', () => {
  const tally = judge(job, { ...ended, status: null, signal: 'SIGSEGV', output: '1..3\nok 1 - a\n' });
  assert.equal(tally.passed, 1);
  assert.equal(tally.failed, 1);
  assert.match(tally.failures[0].name, /2 of 3 tests did not run: was ended by SIGSEGV/);
});

test('fails a program whose tests passed but which ended badly', () => {
  const tally = judge(job, { ...ended, status: 66, output: '1..1\nok 1 - a\n' });
  assert.equal(tally.failed, 1);
  assert.match(tally.failures[0].name, /status 66/);
});

test('counts a failed test once, not again for the exit status', () => {
  const tally = judge(job, { ...ended, status: 1, output: '1..1\nnot ok 1 - a\n' });
  assert.equal(tally.failed, 1);
});

test('judges a fuzzer by its exit status alone', () => {
  assert.equal(judge({ ...job, isOneTest: true }, ended).passed, 1);
  assert.equal(judge({ ...job, isOneTest: true }, { ...ended, status: 77 }).failed, 1);
});

test('ends a program at its time limit, with what it started', async () => {
  const result = await run('sh', ['-c', 'sleep 1000 & echo $!; wait'], { timeoutMs: 200 });
  assert.equal(result.isTimedOut, true);
  assert.equal(judge(job, result).failed, 1);
  // The grandchild is gone too; where nobody reaps it, it may stay as a zombie.
  const { readFileSync } = await import('node:fs');
  let state = 'gone';
  try {
    state = readFileSync(`/proc/${result.output.trim()}/stat`, 'utf8').split(' ')[2];
  } catch {
    // It has been reaped.
  }
  assert.match(state, /gone|Z|X/);
});

test('says so when a program is not there', async () => {
  const result = await run('kolam-no-such-program', []);
  assert.equal(result.status, 127);
});
