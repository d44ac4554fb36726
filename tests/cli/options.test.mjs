// Every option, told nonsense: one line that names it, exit status 2, and nothing done.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { BIN, kolam, makeFolder } from '../wire/process.mjs';

const HUGE = '99999999999999999999999';
const NOT_UTF8 = Buffer.from([0xff, 0xfe, 0x2f]).toString('latin1');

// All of these at once, a few at a time.
async function each(cases, run) {
  const rest = [...cases];
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let next = rest.shift(); next; next = rest.shift()) {
      await run(next);
    }
  }));
}

async function assertRefused(args, words, env = {}) {
  const { code, stdout, stderr } = await kolam(args, { env });
  const told = `${args.join(' ').slice(0, 200)}: ${stderr}`;
  assert.equal(code, 2, told);
  assert.equal(stdout, '', told);
  assert.match(stderr, /^kolam [a-z]+: [^\n]+\n$/, told);
  assert.match(stderr, words, told);
}

const EMPTY = /value is empty/;
const HOST = /not a host name/;
const ORIGIN = /not an origin/;
const HEADER = /not a header's name/;
const NUMBER = /not a number from \d+ to \d+/;
const SERVE = [
  ...['listen', 'data', 'web', 'tls-cert', 'tls-key', 'allow-host', 'allow-origin', 'trusted-proxy', 'proxy-header', 'identity-header',
    'identity-name-header', 'identity-issuer', 'threads', 'limit', 'log-level'].map((name) => [name, '', EMPTY]),
  ...['draw.example.org:443', 'https://draw.example.org', 'a b', '.a', 'a.', 'a..b', '-a', 'a/b', '*', '[::1]', 'ä.example', 'a'.repeat(254)]
    .map((value) => ['allow-host', value, HOST]),
  ...['bad', 'example.org', 'https://', 'https://example.org/', 'https://a b', 'ftp://example.org', 'null', '*', 'https://*.example.org',
    'https://example.org:0x1', 'https://example.org:99999', 'https://example.org:', 'https://[zz]', 'https://u@example.org']
    .map((value) => ['allow-origin', value, ORIGIN]),
  ...['localhost', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.1/', '::/129', '300.0.0.1', HUGE].map((value) => ['trusted-proxy', value, /not an address/]),
  ...['X Y', 'X:', 'ä', 'x'.repeat(65)].map((value) => ['proxy-header', value, HEADER]),
  ...['X Y', 'X:'].map((value) => ['identity-header', value, HEADER]),
  ['identity-issuer', 'a\tb', /not a name/], ['identity-issuer', 'a'.repeat(81), /not a name/],
  ...['threads', 'max-canvases', 'max-connections', 'tile-cache-mb', 'gather-us', 'vanish-ms', 'artist-after-s', 'artist-strokes', 'slow-kb',
    'slow-ms', 'stall-kb', 'stall-ms'].flatMap((name) => ['-1', HUGE, '4294967296', '1e3', 'nan'].map((value) => [name, value, NUMBER])),
  ...['strokes', 'strokes.identity', 'strokes.identity=', 'strokes.identity=-1', 'strokes.identity=nan', 'strokes.identity=1e999',
    'strokes.identity=1:', 'strokes.identity=1:-1', 'strokes.identity=inf', 'strokes.nobody=1', 'dances.identity=1']
    .map((value) => ['limit', value, /--limit/]),
  ['log-level', 'loud', /not error, warn/],
  ...['7700', 'localhost', ':7700', '127.0.0.1:65536', '127.0.0.1:-1', `127.0.0.1:${HUGE}`, '127.0.0.1:'].map((value) => ['listen', value, /not host:port/]),
];

test('serve_told_nonsense_says_so_and_makes_nothing', async () => {
  const data = join(makeFolder(), 'data');
  await each(SERVE, ([name, value, words]) => {
    const own = name === 'listen' ? [] : ['--listen', '127.0.0.1:0'];
    return assertRefused(['serve', '--data', data, ...own, `--${name}`, value], words);
  });
  assert.equal(existsSync(data), false);
});

test('a_header_that_tells_two_things_is_refused', async () => {
  const base = ['serve', '--listen', '127.0.0.1:0', '--data', join(makeFolder(), 'data'), '--trusted-proxy', '127.0.0.1'];
  await assertRefused([...base, '--identity-header', 'x-forwarded-for'], /something else by that name/);
  await assertRefused([...base, '--identity-header', 'X-User', '--identity-name-header', 'x-user'], /something else by that name/);
});

test('the_environment_told_nonsense_is_refused_by_its_variable', async () => {
  const args = ['serve', '--listen', '127.0.0.1:0', '--data', join(makeFolder(), 'data')];
  await each([
    ['KOLAM_ALLOW_ORIGIN', 'https://a.example,bad', ORIGIN], ['KOLAM_ALLOW_HOST', 'a:1', HOST], ['KOLAM_THREADS', '-1', NUMBER],
    ['KOLAM_LIMIT', 'strokes.identity=x', /KOLAM_LIMIT/], ['KOLAM_PLAIN_HTTP', 'yes', /not 0 or 1/], ['KOLAM_LOG_LEVEL', 'x', /not error/],
  ], ([name, value, words]) => assertRefused(args, words, { [name]: value }));
});

test('bytes_that_are_no_text_are_refused', async () => {
  // A shell hands them over as they are; node would not.
  const ask = (name) => new Promise((done) => {
    let stderr = '';
    const child = spawn('sh', ['-c', `exec "$0" serve --listen 127.0.0.1:0 --data "$1" --${name} "$(printf '\\377\\376')"`, BIN,
      join(makeFolder(), 'data')], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (chunk) => (stderr += chunk.toString('latin1')));
    child.on('close', (code) => done({ code, stderr }));
  });
  for (const name of ['allow-host', 'allow-origin', 'identity-issuer', 'identity-header', 'threads', 'limit', 'listen', 'log-level', 'trusted-proxy']) {
    const { code, stderr } = await ask(name);
    assert.equal(code, 2, stderr);
    assert.ok(stderr.includes(NOT_UTF8.slice(0, 2)) && stderr.startsWith('kolam serve: '), stderr);
  }
});

// Options of verbs, each behind what the verb needs; all are refused before anything is opened.
const FOLDER = ['--data', 'nowhere'];
const VERBS = {
  import: [[...FOLDER, 'none.ndjson'], ['data', 'canvas', 'server', 'admin-token-file', 'token-file']],
  export: [[...FOLDER, '--all', '-o', 'x.png'], ['data', 'canvas', 'output', 'rect', 'level', 'scale', 'at', 'ground']],
  timelapse: [[...FOLDER, '-o', 'x.png'], ['data', 'server', 'canvas', 'output', 'rect']],
  watch: [[], ['server', 'canvas']],
  blame: [[...FOLDER, '0', '0'], ['data', 'canvas', 'level']],
  rollback: [[...FOLDER], ['data', 'canvas', 'artist', 'from', 'to', 'rect']],
  top: [[], ['server', 'interval']],
  check: [FOLDER, ['data', 'canvas']],
  compact: [FOLDER, ['data', 'canvas']],
  backup: [[...FOLDER, '-o', 'x'], ['data', 'canvas', 'output']],
  restore: [['nowhere', '--data', 'x'], ['data', 'canvas', 'at']],
  load: [[], ['server', 'canvas', 'artists', 'watchers', 'seconds', 'rate']],
};
test('every_verb_refuses_an_empty_value', async () => {
  const cases = [];
  for (const [verb, [needed, names]] of Object.entries(VERBS)) {
    const { stdout } = await kolam([verb, '--help']);
    for (const name of names.filter((name) => stdout.includes(`--${name} `))) {
      cases.push([verb, ...needed, `--${name}`, '']);
    }
  }
  assert.ok(cases.length > 30, `${cases.length} options`);
  await each(cases, (args) => assertRefused(args, EMPTY));
  for (const name of ['nowhere', 'none.ndjson', 'x', 'x.png']) {
    assert.equal(existsSync(name), false, `${name} was made`);
  }
});

test('verbs_refuse_numbers_that_cannot_be', async () => {
  await each([
    ...['-1', HUGE, '1e999', 'nan', '0'].map((value) => ['export', ...FOLDER, '--all', '-o', 'x.png', '--scale', value]),
    ...['-1', 'nan', '1e999', HUGE].map((value) => ['load', '--seconds', value]),
    ...['-1', 'nan', HUGE].map((value) => ['load', '--artists', value]),
    ['export', ...FOLDER, '-o', 'x.png', '--rect', `0,0,${HUGE},1`], ['export', ...FOLDER, '-o', 'x.png', '--rect', '0,0,-1,1'],
    ['rollback', ...FOLDER, '--artist', '-1'], ['rollback', ...FOLDER, '--artist', HUGE], ['check', ...FOLDER, '--canvas', '../main'],
  ], (args) => assertRefused(args, new RegExp(args[0])));
});
