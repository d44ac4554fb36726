// Builds what the jobs need before any of them runs: each kind (compiler, sanitizer) in one make, so that both
// processors are busy and nothing is waited for twice.

import { run } from './process.mjs';

// The targets to build, gathered by the settings (CC=..., SANITIZE=...) that go with them.
export function makeGoals(jobs) {
  const groups = new Map();
  for (const { make } of jobs) {
    const settings = (make ?? []).filter((word) => word.includes('='));
    const targets = groups.get(settings.join(' '))?.targets ?? new Set();
    (make ?? []).filter((word) => !word.includes('=')).forEach((word) => targets.add(word));
    groups.set(settings.join(' '), { settings, targets });
  }
  return [...groups.values()].filter(({ targets }) => targets.size > 0);
}

// What a job needs, each word for word as it is in what `build` gives.
export function needsOf({ make }) {
  const settings = (make ?? []).filter((word) => word.includes('='));
  return (make ?? []).filter((word) => !word.includes('=')).map((target) => [...settings, target].join(' '));
}

// All at once first; one that does not build fails alone, and what an earlier build left of it is not run.
// Returns what make said, by the words of the failing need.
export async function build(context, jobs) {
  const unbuilt = new Map();
  for (const { settings, targets } of makeGoals(jobs)) {
    const args = ['-C', context.root, '-s', '-k', '-j2', ...settings];
    const all = await run('make', [...args, ...targets]);
    for (const target of all.status === 0 ? [] : targets) {
      const one = targets.size > 1 ? await run('make', [...args, target]) : all;
      if (one.status !== 0) {
        unbuilt.set([...settings, target].join(' '), one.output);
      }
    }
    console.log(`  ${`built: ${settings.join(' ')}`.padEnd(40)} ${all.status === 0 ? '' : 'NOT ALL  '}(${all.seconds.toFixed(1)} s)`);
  }
  return unbuilt;
}
