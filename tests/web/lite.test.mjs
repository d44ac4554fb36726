// Watching by HTTP alone: which blocks cover a view, what of them is news, and the frames made from it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './load.mjs';

const { blocksOf, merge } = await load('lite/blocks.ts');
const { tilesFrame, viewFrame } = await load('lite/frames.ts');
const { isLite } = await load('lite/open.ts');
const { decodeFrame } = await load('core/protocol.ts');

const rectOf = (x, y, width, height, level = 0) => ({ level, x, y, width, height });

test('the_blocks_of_a_view_cover_it_and_no_more', () => {
  const places = (rect) => blocksOf(rect).map(({ x, y }) => [x, y]);
  assert.deepEqual(places(rectOf(0, 0, 8, 8)), [[0, 0]]);
  assert.deepEqual(places(rectOf(-1, 0, 2, 1)), [[-1, 0], [0, 0]]);
  assert.deepEqual(places(rectOf(-8, -9, 8, 2)), [[-1, -2], [-1, -1]]);
  assert.deepEqual(places(rectOf(7, 7, 2, 2)), [[0, 0], [1, 0], [0, 1], [1, 1]]);
  const far = 2 ** 47 - 8;
  assert.deepEqual(blocksOf(rectOf(far, -far, 8, 1, 24)), [{ level: 24, x: far / 8, y: -far / 8 }]);
});

test('only_what_rose_in_view_is_news_and_what_is_older_is_not', () => {
  const rect = rectOf(6, -1, 4, 3);
  const seqs = new Array(12).fill(0);
  const versions = new Array(64).fill(0);
  versions[7] = 5; // tile (7, 0)
  versions[8 + 6] = 9; // tile (6, 1)
  versions[2 * 8 + 6] = 99; // tile (6, 2): below the view
  const block = { level: 0, x: 0, y: 0 };
  assert.deepEqual(merge(rect, block, versions, seqs), [5, 8]);
  assert.deepEqual([seqs[5], seqs[8]], [5, 9]);
  versions[7] = 4;
  versions[8 + 6] = 10;
  assert.deepEqual(merge(rect, block, versions, seqs), [8]);
  assert.deepEqual([seqs[5], seqs[8]], [5, 10]);
  assert.deepEqual(merge(rect, block, [], seqs), [], 'a canvas that is not there');
});

test('the_frames_are_those_of_the_protocol', () => {
  const rect = rectOf(-3, 2 ** 40, 2, 2, -7);
  const [view] = decodeFrame(new Uint8Array(viewFrame(300, rect, [0, 7, 2 ** 40, 1])));
  assert.deepEqual(view, { type: 'view', id: 300, isResumed: false, seq: 2 ** 40, rect, seqs: [0, 7, 2 ** 40, 1] });
  const tiles = [{ level: 3, x: -1, y: 5, seq: 8 }, { level: 3, x: 0, y: 5, seq: 9 }];
  assert.deepEqual(decodeFrame(new Uint8Array(tilesFrame(tiles))), tiles.map((tile) => ({ type: 'tile', ...tile })));
});

test('lite_is_for_those_who_watch', () => {
  assert.deepEqual(['?watch&lite', '?lite=1&watch', '?lite', '?watch', ''].map(isLite), [true, true, false, false, false]);
});
