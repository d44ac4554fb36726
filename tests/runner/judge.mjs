// Decides what a program's run counts for. A program that reported nothing, stopped early or ended
// badly without naming a failed test is a failure: silence is never a pass.

import { readTap } from './tap.mjs';

export function judge(job, result) {
  if (job.isOneTest) {
    const isGood = result.status === 0;
    const details = isGood ? [] : tail(result.output);
    return {
      passed: isGood ? 1 : 0,
      failed: isGood ? 0 : 1,
      skipped: 0,
      skips: [],
      failures: isGood ? [] : [{ name: job.name, details: [...details, howItEnded(result)] }],
    };
  }
  const tally = readTap(result.output);
  const fail = (name) => {
    tally.failed += 1;
    tally.failures.push({ name, details: tail(result.output) });
  };
  if (tally.seen < tally.planned) {
    fail(`${tally.planned - tally.seen} of ${tally.planned} tests did not run: ${howItEnded(result)}`);
  } else if (result.signal || result.isTimedOut || (tally.failed === 0 && result.status !== 0)) {
    fail(howItEnded(result)); // beside what failed before that
  } else if (tally.planned === 0 && tally.seen > 0) {
    fail('ended before it told how many tests it has');
  } else if (tally.seen === 0) {
    fail('reported no test at all');
  }
  return tally;
}

function howItEnded(result) {
  if (result.isTimedOut) {
    return `took longer than its time limit (${Math.round(result.seconds)} s)`;
  }
  if (result.signal === 'SIGKILL') {
    return 'was ended by SIGKILL, as the system does when there is no memory left';
  }
  return result.signal ? `was ended by ${result.signal}` : `ended with status ${result.status}`;
}

export function tail(output) {
  return output.trimEnd().split('\n').slice(-40);
}
