// Three jobs at a time on two cores, since half of a test is waiting. A heavy one (a browser: several processes of its own) runs
// beside two light ones for as long as there are both, so that neither kind is left to the end; never more than two heavy ones.

export async function runInLanes(jobs, runOne) {
  const queues = { light: jobs.filter(({ isHeavy }) => !isHeavy), heavy: jobs.filter(({ isHeavy }) => isHeavy) };
  const lane = async (first, second) => {
    for (let job = next(first, second); job; job = next(first, second)) {
      await runOne(job);
    }
  };
  const next = (first, second) => queues[first].shift() ?? queues[second]?.shift();
  await Promise.all([lane('light'), lane('light', 'heavy'), lane('heavy', 'light')]);
}
