// The stranger's codec against itself and against the vectors that hold all codecs together.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import {
  Client, decodeBody, decodeFrame, editBody, hideBody, recordBody, showBody, startServer, strokeBody, Writer,
} from './client.mjs';
import './tidy.mjs';

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
  assert.deepEqual(timed.points, [[1, 2, undefined, 0], [3, 4, undefined, 8]]);
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

const { vectors, refused } = JSON.parse(readFileSync(new URL('../data/op-vectors.json', import.meta.url)));

function fromVector(op) {
  if (op.kind !== 'stroke') {
    return op;
  }
  const points = op.x.map((x, i) => [x, op.y[i], op.pressure?.[i], op.dt_ms && (i > 0 ? op.dt_ms[i - 1] : 0)]);
  const { tool, width, level, tile: [x, y], part, parts, contours, text } = op;
  const start = op.start_ms === undefined ? null : BigInt(op.start_ms);
  return { tool, width, level, x, y, start, part, parts, points, contours, text, color: parseInt(op.color, 16) };
}

for (const { name, hex, op } of vectors) {
  test(`writes_and_reads_the_shared_vector_${name.replaceAll(' ', '_')}`, () => {
    const bytes = Buffer.from(hex, 'hex');
    const read = decodeBody(bytes);
    assert.equal(read.kind, op.kind);
    if (op.kind === 'record') {
      assert.deepEqual(read, op);
      assert.equal(Buffer.from(recordBody(op.json)).toString('hex'), hex);
    } else if (op.kind === 'stroke') {
      assert.equal(Buffer.from(strokeBody(fromVector(op))).toString('hex'), hex);
      assert.deepEqual(read.points.map(([x]) => x), op.x);
      assert.equal(Buffer.from(strokeBody(read)).toString('hex'), hex);
    } else {
      assert.deepEqual(read, op);
      const write = op.kind === 'hide' ? hideBody : showBody;
      const written = op.follow !== undefined ? editBody(op.targets, op.follow) : write(...op.targets);
      assert.equal(Buffer.from(written).toString('hex'), hex);
    }
  });
}

test('the_server_takes_every_shared_vector_and_refuses_every_wrong_one', async () => {
  const server = await startServer();
  const client = await Client.artist(server, { admin: server.adminToken() });
  for (const { name, hex, op } of vectors) {
    const isAlone = op.kind === 'stroke' && op.parts === undefined;
    const answer = await client.commit(Buffer.from(hex, 'hex'));
    // Ink at the world's very edge touches what lies outside; those far from their origin touch too many.
    const isAtEdge = /corner|edge|coarsest|farthest|zigzag/.test(name);
    assert.ok(answer.type === 'ack' || !isAlone || isAtEdge || answer.code !== 1, `${name}: ${answer.message}`);
  }
  for (const { reason, hex } of refused) {
    const answer = await client.commit(Buffer.from(hex, 'hex'));
    assert.deepEqual([answer.type, answer.code], ['nack', 1], reason);
  }
  await server.kill();
});
