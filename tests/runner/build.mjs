// Builds what the jobs need: each kind (compiler, sanitizer) in one make, so that both processors are busy and nothing is
// waited for twice; first what browsers and clients run against, so that those can begin while the rest is built.

import { run } from './process.mjs';

const settingsOf = ({ make }) => (make ?? []).filter((word) => word.includes('='));
const targetsOf = ({ make }) => (make ?? []).filter((word) => !word.includes('='));

// What a job needs, each word for word as it is in `unbuilt`.
export function needsOf(job) {
  return targetsOf(job).map((target) => [...settingsOf(job), target].join(' '));
}

// The targets to build, gathered by the settings (CC=..., SANITIZE=...) that go with them: [{ settings, targets, jobs }].
export function makeGoals(jobs) {
  const groups = new Map();
  const isBusy = ({ kind }) => (kind ?? 'busy') === 'busy';
  for (const job of [...jobs.filter((one) => !isBusy(one)), ...jobs.filter(isBusy)]) {
    const settings = settingsOf(job);
    const key = [isBusy(job), ...settings].join(' ');
    const group = groups.get(key) ?? { settings, targets: new Set(), jobs: [] };
    targetsOf(job).forEach((target) => group.targets.add(target));
    group.jobs.push(job);
    groups.set(key, group);
  }
  return [...groups.values()].filter(({ targets }) => targets.size > 0);
}

// All at once first; one that does not build fails alone, and what an earlier build left of it is not run.
// What make said is put into `unbuilt`, by the words of the failing need.
export async function build(context, { settings, targets }, unbuilt) {
  const args = ['-C', context.root, '-s', '-k', '-j2', ...settings];
  const all = await run('make', [...args, ...targets], { givesWay: true });
  for (const target of all.status === 0 ? [] : targets) {
    const one = targets.size > 1 ? await run('make', [...args, target], { givesWay: true }) : all;
    if (one.status !== 0) {
      unbuilt.set([...settings, target].join(' '), one.output);
    }
  }
  const what = targets.size > 2 ? `${targets.size} programs` : [...targets].map((target) => target.split('/').at(-1)).join(' ');
  console.log(`  ${`built: ${settings.join(' ')} ${what}`.padEnd(58)} ${all.status === 0 ? '' : 'NOT ALL  '}(${all.seconds.toFixed(1)} s)`);
}
