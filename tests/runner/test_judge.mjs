import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
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
  const result = await run('sh', ['-c', 'sleep 1000 & echo $!; wait'], { timeoutMs: 300 });
  assert.equal(result.isTimedOut, true);
  assert.equal(judge(job, result).failed, 1);
  assert.deepEqual(result.left, []);
  await gone(result.output.trim()); // none, if the machine was so slow
});

// Where nobody reaps what ended, it may stay as a zombie.
async function gone(pid) {
  const state = () => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '')[0];
    } catch {
      return 'gone';
    }
  };
  while (!/gone|Z|X/.test(state())) {
    await new Promise((done) => setTimeout(done, 10));
  }
}

test('ends and tells what left its group, and does not wait for it', async () => {
  const script = `const child = require('child_process').spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    console.log(child.pid + '\\n1..1\\nok 1 - a');
    process.exit(0);`;
  const result = await run(process.execPath, ['-e', script]);
  assert.deepEqual([judge(job, result).failed, result.left], [0, ['sleep 1000']], result.output);
  await gone(/^\d+$/m.exec(result.output)[0]);
});

test('keeps the lines of both streams whole', async () => {
  const { output } = await run('sh', ['-c', 'printf "ok 1"; sleep 0.1; echo error >&2; sleep 0.1; echo " - a"; printf "1..1"']);
  assert.deepEqual(output.split('\n').sort(), ['', '1..1', 'error', 'ok 1 - a']);
});

test('ends what prints without end, and says so', async () => {
  const result = await run('yes', ['a long line '.repeat(100)], { outputMax: 1 << 20 });
  assert.equal(judge(job, result).failed, 1);
  assert.match(result.output.slice(-100), /more than 1 MB of output/);
});

test('takes a program that left off without telling how many tests it has for a failure, and tells an end beside what failed', () => {
  assert.equal(judge(job, { ...ended, output: 'ok 1 - a\n' }).failed, 1);
  const killed = judge(job, { ...ended, status: null, signal: 'SIGKILL', output: 'not ok 1 - a\nok 2 - b\nnot o' });
  assert.match(killed.failures.map(({ name }) => name).join('; '), /^a; was ended by SIGKILL, as the system does when there is no memory/);
});

test('says so when a program is not there', async () => {
  const result = await run('kolam-no-such-program', []);
  assert.equal(result.status, 127);
});
