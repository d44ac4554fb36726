import assert from 'node:assert/strict';
import test from 'node:test';

import { readTap } from './tap.mjs';

const counts = ({ passed, failed, skipped }) => ({ passed, failed, skipped });

test('counts what cmocka reports, with its spelling of a skip', () => {
  const tally = readTap(
    ['1..3', 'ok 1 - says_ok', 'not ok 2 - says_bad', '# "ok" != "bad"', 'not ok 3 # SKIP reads_corpus', '# not ok - t'].join('\n'),
  );
  assert.deepEqual(counts(tally), { passed: 1, failed: 1, skipped: 1 });
  assert.deepEqual(tally.failures, [{ name: 'says_bad', details: ['"ok" != "bad"'] }]);
  assert.deepEqual(tally.skips, ['reads_corpus']);
});

test('counts the innermost tests of node, not what surrounds them', () => {
  const tally = readTap(
    [
      'TAP version 13',
      '# Subtest: outer',
      '    # Subtest: good',
      '    ok 1 - good',
      '      ---',
      '      duration_ms: 1',
      '      ...',
      '    # Subtest: bad',
      '    not ok 2 - bad',
      '      ---',
      '      error: |-',
      '        ok 1 - this is a quotation',
      '      ...',
      '    1..2',
      'not ok 1 - outer',
      '  ---',
      "  error: '1 subtest failed'",
      '  ...',
      'ok 2 - later # SKIP no corpus here',
      '1..2',
      '# tests 4',
    ].join('\n'),
  );
  assert.deepEqual(counts(tally), { passed: 1, failed: 1, skipped: 1 });
  assert.equal(tally.failures[0].name, 'bad');
  assert.match(tally.failures[0].details.join('\n'), /quotation/);
  assert.deepEqual(tally.skips, ['later: no corpus here']);
});

test('counts an outer test that failed although all inside it passed', () => {
  const tally = readTap(['    ok 1 - inside', '    1..1', 'not ok 1 - hook threw', '1..1'].join('\n'));
  assert.deepEqual(counts(tally), { passed: 1, failed: 1, skipped: 0 });
});

test('tells that a program stopped before its last test', () => {
  const tally = readTap(['1..5', 'ok 1 - first', 'Segmentation fault'].join('\n'));
  assert.equal(tally.planned, 5);
  assert.equal(tally.seen, 1);
});
