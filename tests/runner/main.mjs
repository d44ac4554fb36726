// Builds what the suites need, runs them, four programs at a time, goes on after a failure, and ends with one line:
// `N passed, N failed`, and `, N skipped` where something was. The exit status is 0 only when nothing failed.

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { lookAgain } from './again.mjs';
import { build, makeGoals, needsOf } from './build.mjs';
import { judge, tail } from './judge.mjs';
import { runInLanes } from './lanes.mjs';
import { endAll, run } from './process.mjs';
import { makeScratch } from './scratch.mjs';
import { longFirst, SUITES } from './suites.mjs';

const USAGE = `usage: tests/run [--long] [--seed N] [SUITE...]
suites: ${SUITES.map((suite) => suite.name).join(' ')}
--long runs on everything instead of on a sample; --seed chooses another sample.
What each program printed is kept in build/test/.`;

function parseArguments(args) {
  const options = { isLong: false, seed: 1, names: [] };
  for (let i = 0; i < args.length; i += 1) {
    if (args[i] === '--long') {
      options.isLong = true;
    } else if (args[i] === '--seed' && /^\d+$/.test(args[i + 1] ?? '')) {
      options.seed = Number(args[(i += 1)]);
    } else if (SUITES.some((suite) => suite.name === args[i])) {
      options.names.push(args[i]);
    } else {
      console.log(USAGE);
      process.exit(args[i] === '--help' ? 0 : 2);
    }
  }
  return options;
}

function makeContext(options) {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
  const output = join(root, 'build/test');
  const [major, minor] = process.versions.node.split('.').map(Number);
  const compiler = process.env.CC || 'gcc';
  mkdirSync(output, { recursive: true });
  // ThreadSanitizer finds its memory taken where the kernel randomises addresses widely.
  const setarch = ['setarch', process.arch === 'x64' ? 'x86_64' : 'aarch64', '-R'];
  const canSetarch = spawnSync(setarch[0], [...setarch.slice(1), 'true']).status === 0;
  // From make: jobs handed down and variables of the command line, meant for make's own children.
  for (const name of ['MAKEFLAGS', 'MFLAGS', 'MAKELEVEL', 'MAKEOVERRIDES']) {
    delete process.env[name];
  }
  Object.assign(process.env, {
    KOLAM_BIN: process.env.KOLAM_BIN || join(root, compiler === 'gcc' ? 'build/kolam' : `build/${compiler}/kolam`),
    KOLAM_WEB: join(root, 'build/web'),
    KOLAM_SEED: String(options.seed),
    KOLAM_SHARED: process.env.KOLAM_SHARED || resolve(root, '../shared'),
    KOLAM_TEST_OUTPUT: output,
  });
  const scratch = makeScratch();
  if (options.isLong) {
    process.env.KOLAM_LONG = '1';
  }
  return {
    ...options,
    root,
    output,
    compiler,
    nodeFlags: major > 18 || minor >= 15 ? ['--test-reporter=tap'] : [],
    withoutRandomAddresses: canSetarch ? setarch : [],
    scratchEnv: scratch === null ? {} : { TMPDIR: scratch },
    timeLimit: options.isLong ? 60 : 1,
  };
}

async function runJob(context, job, unbuilt) {
  const missing = needsOf(job).find((need) => unbuilt.has(need));
  if (missing !== undefined) {
    const failures = [{ name: 'does not build', details: tail(unbuilt.get(missing)) }];
    return report(job, { passed: 0, failed: 1, skipped: 0, skips: [], failures }, 0);
  }
  const { suite, command, args, env } = job;
  const result = await run(command, args, {
    env: { ...(suite.isOnDisk ? {} : context.scratchEnv), ...env },
    cwd: context.root,
    timeoutMs: 400e3 * context.timeLimit,
    givesWay: job.kind === undefined,
  });
  mkdirSync(join(context.output, suite.name), { recursive: true });
  writeFileSync(join(context.output, suite.name, `${job.name}.log`), result.output);
  const tally = report(job, judge(job, result), result.seconds);
  if (result.left.length > 0) {
    console.log(`    outlived it, and was ended: ${result.left.length > 1 ? `${result.left.length} processes, the first ` : ''}${result.left[0]}`);
  }
  return tally;
}

function report(job, tally, seconds) {
  const counts = [`${tally.passed} passed`];
  if (tally.failed) {
    counts.push(`${tally.failed} FAILED`);
  }
  if (tally.skipped) {
    counts.push(`${tally.skipped} skipped`);
  }
  console.log(`  ${`${job.suite.name}/${job.name}`.padEnd(40)} ${counts.join(', ')}  (${seconds.toFixed(1)} s)`);
  for (const skip of tally.skips) {
    console.log(`    skipped: ${skip}`);
  }
  for (const { name, details } of tally.failures) {
    console.log(`    FAILED: ${name}`);
    for (const line of details.slice(0, 50)) {
      console.log(`      ${line.length > 200 ? `${line.slice(0, 200)}...` : line}`);
    }
  }
  return tally;
}

async function runAll(context, suites) {
  const jobs = suites.flatMap((suite) =>
    longFirst(suite.jobs(context)).map((job) => ({ ...job, suite, kind: suite.kind })));
  const unbuilt = new Map();
  const builds = makeGoals(jobs).map((goal) => ({ jobs: goal.jobs, run: () => build(context, goal, unbuilt) }));
  const results = [];
  const told = new Set();
  await runInLanes(jobs, async (job) => {
    if (!told.has(job.suite)) {
      told.add(job.suite);
      console.log(`${job.suite.name}: ${job.suite.title}`);
    }
    results.push({ job, tally: await runJob(context, job, unbuilt) });
  }, builds);
  return lookAgain(results, (job) => {
    console.log(`once more, alone: ${job.suite.name}/${job.name}`);
    return runJob(context, job, unbuilt);
  });
}

async function main() {
  const options = parseArguments(process.argv.slice(2));
  const context = makeContext(options);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      endAll();
      process.exit(130);
    });
  }
  const started = Date.now();
  const isAsked = ({ name, isLongOnly }) =>
    options.names.includes(name) || (options.names.length === 0 && (options.isLong || !isLongOnly));
  const results = await runAll(context, SUITES.filter(isAsked));
  const sum = (key) => results.reduce((total, { tally }) => total + tally[key], 0);
  const tell = (title, key) => {
    const names = results.flatMap(({ job, [key]: tally }) => (tally?.failures ?? []).map(({ name }) => `  ${job.suite.name}: ${name}`));
    if (names.length > 0) {
      console.log(`\n${title}:\n${names.join('\n')}`);
    }
  };
  tell('Failed beside other programs, passed once more alone (a race, in the test or in what it tests: see above)', 'first');
  tell('Failed', 'tally');
  console.log(`\n${((Date.now() - started) / 1000).toFixed(0)} s, seed ${options.seed}`);
  const skipped = sum('skipped') ? `, ${sum('skipped')} skipped` : '';
  const closing = `${sum('passed')} passed, ${sum('failed')} failed${skipped}`;
  writeFileSync(join(context.output, 'closing-line.txt'), `${closing}\n`);
  console.log(closing);
  process.exitCode = sum('failed') === 0 && sum('passed') > 0 ? 0 : 1;
}

await main();
