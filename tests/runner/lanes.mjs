// Four programs at a time on two cores, since most of a test is waiting. Each kind has a lane of its own, which helps the others when it
// has nothing left: 'browser' (several processes each; never more than two of them), 'patient' (clients and servers that mostly wait for
// each other) and 'busy' (a core each, which give way to the others: see giveWay in process.mjs). What is built is one of the busy.

const LANES = [['busy', 'patient'], ['patient', 'busy'], ['browser', 'busy', 'patient'], ['browser', 'busy', 'patient']];

// `builds`: [{ run(), jobs }], run one after the other in the first lane, before anything else there. A job that is of a build
// begins when that is over.
export async function runInLanes(jobs, runOne, builds = []) {
  const left = new Set(jobs);
  const unbuilt = builds.map(({ jobs: needing }) => new Set(needing));
  let wake = () => {};
  let isChanged = new Promise((done) => (wake = done));

  // The next job for a lane; null when there is none and there never will be, undefined when one is to be built first. A lane waits
  // for its own kind, and helps with what is ready of the others.
  const next = (kinds) => {
    const ofKind = (kind) => [...left].filter((job) => (job.kind ?? 'busy') === kind);
    const isReady = (job) => !unbuilt.some((needing) => needing.has(job));
    for (const kind of ofKind(kinds[0]).length > 0 ? [kinds[0]] : kinds) {
      const job = ofKind(kind).find(isReady);
      if (job) {
        left.delete(job);
        return job;
      }
    }
    return kinds.some((kind) => ofKind(kind).length > 0) ? undefined : null;
  };
  const lane = async (kinds) => {
    for (let job = next(kinds); job !== null; job = next(kinds)) {
      await (job ? runOne(job) : isChanged);
    }
  };
  const buildAll = async () => {
    for (const build of builds) {
      await build.run();
      unbuilt.shift();
      wake();
      isChanged = new Promise((done) => (wake = done));
    }
  };
  await Promise.all(LANES.map((kinds, i) => (i === 0 ? buildAll().then(() => lane(kinds)) : lane(kinds))));
}
