// The stranger's codec against itself and against the vectors that hold all codecs together.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';

import { decodeBody, decodeFrame, hideBody, recordBody, showBody, strokeBody, Writer } from './codec.mjs';

const stroke = (points, options = {}) => decodeBody(strokeBody({ points, ...options }));

test('a_stroke_comes_back_with_every_channel', () => {
  const points = [[0, 0, 10, 0], [5, -9, 255, 16], [70000, 12, 0, 86400000], [70001, 13, 1, 0], [-9, 4, 2, 9]];
  const body = strokeBody({
    tool: 'marker', color: 0x11223344, width: 131072, level: -24, x: -1, y: 0,
    start: 1769000000000, part: 31, parts: 32, points,
  });
  assert.deepEqual(decodeBody(body), {
    kind: 'stroke', tool: 'marker', color: 0x11223344, width: 131072, level: -24, x: -1, y: 0,
    start: 1769000000000, part: 31, parts: 32, points,
  });
});

test('a_channel_that_is_absent_stays_absent', () => {
  assert.deepEqual(stroke([[1, 2], [3, 4], [5, 7]]).points, [[1, 2], [3, 4], [5, 7]]);
  assert.deepEqual(stroke([[1, 2]]).points, [[1, 2]]);
  assert.deepEqual(stroke([[1, 2, 77]]).points, [[1, 2, 77]]);
  const timed = stroke([[1, 2, undefined, 0], [3, 4, undefined, 8]]);
  assert.deepEqual(timed.points, [[1, 2, 255, 0], [3, 4, 255, 8]]);
});

test('hides_shows_and_records_come_back', () => {
  assert.deepEqual(decodeBody(hideBody(3, 4, 4711)), { kind: 'hide', targets: [3, 4, 4711] });
  assert.deepEqual(decodeBody(showBody(1)), { kind: 'show', targets: [1] });
  assert.deepEqual(decodeBody(recordBody({ a: 'ä' })), { kind: 'record', json: '{"a":"ä"}' });
});

test('records_of_unknown_types_are_skipped_by_their_length', () => {
  const frame = new Writer().u8(0xf0).sized([1, 2, 3]).u8(0x89).sized([8, 7, 6, 5, 4, 3, 2, 1]).finish();
  assert.deepEqual(decodeFrame(frame), [{ type: '0xf0' }, { type: 'left', nonce: '0102030405060708' }]);
});

const vectorFile = new URL('../data/op-vectors.json', import.meta.url);
const reason = 'tests/data/op-vectors.json is not there';
test('reads_the_shared_vectors', { skip: existsSync(vectorFile) ? false : reason }, () => {
  const { vectors, refused } = JSON.parse(readFileSync(vectorFile));
  assert.ok(vectors.length > 0 && refused.length > 0);
  for (const vector of vectors) {
    const op = decodeBody(Buffer.from(vector.hex ?? vector.body, 'hex'));
    assert.equal(op.kind, vector.kind ?? vector.op?.kind, vector.name);
  }
});
