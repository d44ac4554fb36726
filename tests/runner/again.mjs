// Several processes that wait for each other on a machine that does four things at once are late in ways that no user meets. So a program
// of a suite that `isSeenTwice` is run once more when it failed, alone, after all others; what counts is the second time, and the first is
// told. Where more than a few failed it is no coincidence, and nothing is run again.

const FEW = 3;

// `results`: [{ job, tally }]. Gives them with { job, tally, first } for those that were run again, `first` being the failed tally.
export async function lookAgain(results, runOne) {
  const failed = results.filter(({ job, tally }) => tally.failed > 0 && job.suite.isSeenTwice);
  if (failed.length > FEW) {
    return results;
  }
  const again = new Map();
  for (const { job, tally } of failed) {
    const second = await runOne(job);
    again.set(job, { job, tally: second, ...(second.failed === 0 && { first: tally }) });
  }
  return results.map((result) => again.get(result.job) ?? result);
}
