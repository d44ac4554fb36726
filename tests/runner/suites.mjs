// What there is to run. A suite is { name, title, kind, isLongOnly, isOnDisk, isSeenTwice, jobs(context) }, of the kinds that lanes.mjs
// tells; jobs are what runs and is counted: { name, command, args, env, make }, where `make` are the arguments of the make that builds it.
// Those of a kind begin in the order in which they stand here.

import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const beside = (name) => fileURLToPath(new URL(`../support/${name}`, import.meta.url));
const SANITIZERS = {
  ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0:allocator_may_return_null=1:quarantine_size_mb=16',
  LSAN_OPTIONS: `print_suppressions=0:suppressions=${beside('leaks.txt')}`,
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  TSAN_OPTIONS: `halt_on_error=1:second_deadlock_stack=1:exitcode=66:suppressions=${beside('races.txt')}`,
};

function list(context, folder, pattern) {
  const path = join(context.root, folder);
  return existsSync(path) ? readdirSync(path).filter((name) => pattern.test(name)).sort() : [];
}

const plain = (context, ...targets) => [`CC=${context.compiler}`, 'SANITIZE=', ...targets];

function objectFolder(compiler, sanitize) {
  return join('build', sanitize ? `${compiler}-${sanitize.replaceAll(',', '-')}` : compiler);
}

// The cmocka programs of `folders`, built by `compiler` with `sanitize`.
function cmocka(context, folders, { compiler, sanitize = '', accepts = () => true, wrap = [] }) {
  const make = [`CC=${compiler}`, `SANITIZE=${sanitize}`];
  return folders.flatMap((folder) =>
    list(context, folder, /^test_.*\.c$/)
      .filter((file) => accepts(readFileSync(join(context.root, folder, file), 'utf8')))
      .map((file) => {
        const program = join(objectFolder(compiler, sanitize), folder, file.replace(/\.c$/, ''));
        const [command, ...args] = [...wrap, join(context.root, program)];
        const env = { ...SANITIZERS, CMOCKA_MESSAGE_OUTPUT: 'TAP' };
        return { name: file.replace(/\.c$/, ''), command, args, env, make: [...make, program] };
      }),
  );
}

// The node:test files of one folder, against the plain build unless told otherwise.
function nodeTests(context, folder, { make = plain(context, 'all'), env = {}, wrap = [] } = {}) {
  return list(context, folder, /^test_.*\.mjs$|\.test\.mjs$/).map((file) => {
    const test = [process.execPath, ...context.nodeFlags, join(context.root, folder, file)];
    const [command, ...args] = [...wrap, ...test];
    return { name: file.replace(/\.mjs$/, ''), command, args, env, make };
  });
}

// Raw clients against a server built with `sanitize`: what it reports goes to standard error, and ends
// the server with a status that its tests take for a failure. Long: it runs several times slower.
function sanitizedWire(context, sanitize, wrap) {
  const binary = join(objectFolder('clang', sanitize), 'kolam');
  return nodeTests(context, 'tests/wire', {
    make: ['CC=clang', `SANITIZE=${sanitize}`, binary, 'web'],
    env: { ...SANITIZERS, KOLAM_BIN: join(context.root, binary) },
    wrap,
  });
}

// libFuzzer adds what it finds to the first folder it is given, so that one is not the seed corpus.
function fuzz(context) {
  const sanitize = 'address,undefined';
  return list(context, 'tests/fuzz', /^fuzz_.*\.c$/).map((file) => {
    const name = file.replace(/\.c$/, '');
    const program = join(objectFolder('clang', sanitize), 'tests/fuzz', name);
    const found = join(context.output, 'fuzz', name);
    mkdirSync(found, { recursive: true });
    const seeds = join(context.root, 'tests/fuzz/corpus', name.replace(/^fuzz_/, ''));
    const args = [
      context.isLong ? '-runs=3000000' : '-runs=30000',
      `-max_total_time=${context.isLong ? 900 : 2}`,
      `-seed=${context.seed}`,
      '-timeout=20',
      '-rss_limit_mb=1024',
      '-print_final_stats=0',
      `-artifact_prefix=${found}-`,
      found,
      ...(existsSync(seeds) ? [seeds] : []),
    ];
    return {
      name,
      command: join(context.root, program),
      args,
      env: SANITIZERS,
      make: ['CC=clang', `SANITIZE=${sanitize}`, program],
      isOneTest: true,
    };
  });
}

// What takes long begins before the rest of its suite: who begins last is waited for alone.
const LONG = ['load.test', 'test_power_cut', 'test_disk_faults', 'test_compact_files', 'test_compact', 'test_log_faults', 'test_ink_fill', 'test_check',
  'test_raster', 'test_reader_past', 'tools.test', 'firefox.test', 'history.test', 'install.test', 'everyone.test', 'pixels.test', 'view.test'];

export function longFirst(jobs) {
  const place = ({ name }) => (LONG.includes(name) ? LONG.indexOf(name) : LONG.length);
  return [...jobs].sort((one, other) => place(one) - place(other));
}

// Every fault of the engine's fault tests, of which the unit suite takes a sample: it goes on where it was (build/faults/).
function allFaults(context) {
  const folder = join(objectFolder(context.compiler, ''), 'tests/unit');
  return ['test_power_cut', 'test_disk_faults', 'test_memory_faults'].map((name) => ({
    name,
    command: process.execPath,
    args: [join(context.root, 'tests/faults.mjs'), name],
    env: { KOLAM_FAULT_TESTS: join(context.root, folder) },
    make: plain(context, join(folder, name)),
    isOneTest: true,
  }));
}

export const SUITES = [
  {
    name: 'house',
    title: 'the rules of the tree, and this runner itself',
    jobs: (context) => [
      { name: 'lint', command: join(context.root, 'scripts/lint'), args: ['--cheap'], make: null },
      ...nodeTests(context, 'tests/runner', { make: null }),
    ],
  },
  {
    name: 'every-fault',
    title: 'every power cut, every failing call, every failed allocation',
    isLongOnly: true,
    jobs: allFaults,
  },
  {
    name: 'asan',
    title: 'the C parts again, under AddressSanitizer and UndefinedBehaviorSanitizer',
    jobs: (context) =>
      cmocka(context, ['tests/unit', 'tests/pixel'], {
        compiler: 'clang',
        sanitize: 'address,undefined',
      }),
  },
  {
    name: 'tsan',
    title: 'the parts with threads, under ThreadSanitizer',
    // The server has its threads in the engine, and the command has none: its tests are built for this in the long run only.
    jobs: (context) =>
      cmocka(context, ['tests/unit', 'tests/pixel'], {
        compiler: 'clang',
        sanitize: 'thread',
        accepts: (source) => /pthread|thread-test/i.test(source) && (context.isLong || !/^#include "(server|tools)\//m.test(source)),
        wrap: context.withoutRandomAddresses,
      }),
  },
  {
    name: 'unit',
    title: 'the C parts, one by one',
    jobs: (context) => cmocka(context, ['tests/unit'], { compiler: context.compiler }),
  },
  {
    name: 'pixel',
    title: 'what is drawn, pixel by pixel',
    jobs: (context) => cmocka(context, ['tests/pixel'], { compiler: context.compiler }),
  },
  { name: 'fuzz', title: 'every parser, with a fixed count of odd inputs', jobs: fuzz },
  {
    name: 'web',
    title: 'the browser client, without a browser',
    jobs: (context) => nodeTests(context, 'tests/web', { make: plain(context, 'web') }),
  },
  {
    name: 'crash',
    title: 'kill -9 at random moments',
    kind: 'patient',
    isOnDisk: true, // where a commit takes its time, and may be killed in the middle
    jobs: (context) => nodeTests(context, 'tests/crash'),
  },
  {
    name: 'cli',
    title: 'the command, run as a person runs it',
    kind: 'patient',
    isSeenTwice: true,
    jobs: (context) => nodeTests(context, 'tests/cli'),
  },
  {
    name: 'wire',
    title: 'raw clients against the real server',
    kind: 'patient',
    isSeenTwice: true,
    jobs: (context) => nodeTests(context, 'tests/wire'),
  },
  {
    name: 'wire-asan',
    title: 'the same against a server under AddressSanitizer and UndefinedBehaviorSanitizer',
    kind: 'patient',
    isLongOnly: true,
    jobs: (context) => sanitizedWire(context, 'address,undefined', []),
  },
  {
    name: 'wire-tsan',
    title: 'the same against a server under ThreadSanitizer',
    kind: 'patient',
    isLongOnly: true,
    jobs: (context) => sanitizedWire(context, 'thread', context.withoutRandomAddresses),
  },
  {
    name: 'browser',
    title: 'real browsers drawing at each other',
    kind: 'browser',
    isSeenTwice: true,
    jobs: (context) => nodeTests(context, 'tests/browser'),
  },
];
