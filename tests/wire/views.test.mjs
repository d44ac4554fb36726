// The view: a client gets what it can show and nothing else, wherever it moves, and after it was gone.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { Client, lineBody, startServer, strokeBody } from './client.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

let canvasNumber = 0;
const newCanvas = () => `views-${(canvasNumber += 1)}`;
const seqsOf = (client, from) => client.all('op', from).map(({ seq }) => seq);

test('a_view_tells_each_tiles_version_row_by_row', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const at = (x, y) => mira.draw([100, 100, 140, 140], { x, y });
  const a = await at(-1, 0);
  const b = await at(1, 1);
  const c = await at(1, 1);
  const view = await mira.view({ x: -1, y: 0, width: 3, height: 2 });
  assert.equal(b, a + 1);
  assert.deepEqual(view.tiles, [a, 0, 0, 0, 0, c]);
  assert.deepEqual([view.level, view.x, view.y, view.width, view.height], [0, -1, 0, 3, 2]);
  assert.equal(view.seq, c);
  assert.equal(view.resumed, false);
});

test('a_view_tells_versions_at_levels_above_and_below_the_ink', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const a = await mira.draw([100, 100, 140, 140]);
  const b = await mira.draw([100, 100, 140, 140], { x: -1, y: -1 });
  const coarse = await mira.view({ level: -4, x: -1, y: -1, width: 2, height: 2 });
  assert.deepEqual(coarse.tiles, [b, 0, 0, a]);
  const coarser = await mira.view({ level: -24, x: -1, y: -1, width: 2, height: 2 });
  assert.deepEqual(coarser.tiles, [b, 0, 0, a]);
  const fine = await mira.view({ level: 2, x: 0, y: 0, width: 4, height: 4 });
  assert.ok(fine.tiles.includes(a) && fine.tiles.includes(0), `the stroke's part of the tile: ${fine.tiles}`);
  assert.equal(fine.tiles[1 * 4 + 1], a, 'pixel 100 at level 0 is 400 at level 2: tile 1');
  assert.equal(fine.tiles[3 * 4 + 3], 0);
});

test('a_large_view_of_4096_tiles_is_answered_and_a_larger_one_refused', async () => {
  const mira = await Client.artist(server, { canvas: newCanvas() });
  const view = await mira.view({ x: -32, y: -32, width: 64, height: 64 });
  assert.equal(view.tiles.length, 4096);
  mira.say({ type: 'view', id: 99, level: 0, x: '0', y: '0', width: 65, height: 64 });
  const refused = await mira.wait((event) => event.type === 'error' || event.type === 'close');
  assert.equal(refused.type, 'error', 'the reason is said');
});

test('only_what_the_view_can_show_is_sent', async () => {
  const canvas = newCanvas();
  const [mira, tom] = await Promise.all([Client.artist(server, { canvas }), Client.join(server, { canvas })]);
  await tom.view({ x: 0, y: 0, width: 2, height: 2 });
  const far = await mira.draw([10, 10, 90, 90], { x: 5, y: 0 });
  const beyond = await mira.draw([10, 10, 90, 90], { x: 3, y: 0 });
  const crossing = await mira.draw([-100, 100, 90, 90], { x: 2, y: 0 });
  const inside = await mira.draw([10, 10, 90, 90], { x: 1, y: 1 });
  await tom.op(inside);
  assert.deepEqual(seqsOf(tom), [crossing, inside]);
  assert.deepEqual([far, beyond], [1, 2]);
});

test('a_client_without_a_view_gets_acks_alone', async () => {
  const canvas = newCanvas();
  const [mira, tom] = await Promise.all([Client.artist(server, { canvas }), Client.artist(server, { canvas })]);
  await mira.draw([10, 10, 90, 90]);
  await tom.draw([10, 10, 90, 90]);
  const view = await mira.view({});
  assert.deepEqual(view.tiles, [2]);
  const seq = await tom.draw([10, 10, 90, 90]);
  await mira.op(seq);
  assert.deepEqual(seqsOf(mira), [3]);
  assert.deepEqual(seqsOf(tom), []);
});

test('moving_the_view_moves_what_is_sent', async () => {
  const canvas = newCanvas();
  const [mira, tom] = await Promise.all([Client.artist(server, { canvas }), Client.join(server, { canvas })]);
  await tom.view({ x: 0, y: 0 });
  const first = await mira.draw([10, 10, 90, 90]);
  await tom.op(first);
  await tom.view({ x: 10, y: 0 });
  const left = await mira.draw([10, 10, 90, 90]);
  const right = await mira.draw([10, 10, 90, 90], { x: 10 });
  await tom.op(right);
  assert.deepEqual(seqsOf(tom), [first, right]);
  assert.equal(left, 2);
});

test('strokes_of_finer_and_coarser_levels_are_sent_where_they_can_be_seen', async () => {
  const canvas = newCanvas();
  const [mira, tom] = await Promise.all([Client.artist(server, { canvas }), Client.join(server, { canvas })]);
  await tom.view({ level: 0, x: 0, y: 0 });
  const finer = await mira.draw([10, 10, 90, 90], { level: 2, x: 3, y: 3 });
  const coarser = await mira.draw([10, 10, 90, 90], { level: -1, x: 0, y: 0 });
  const finerElsewhere = await mira.draw([10, 10, 90, 90], { level: 2, x: 40, y: 40 });
  const last = await mira.draw([10, 10, 90, 90]);
  await tom.op(last);
  assert.deepEqual(seqsOf(tom), [finer, coarser, last]);
  assert.equal(finerElsewhere, 3);
});

test('from_far_away_tiles_are_told_instead_of_strokes_too_small_to_see', async () => {
  const canvas = newCanvas();
  const [mira, tom] = await Promise.all([Client.artist(server, { canvas }), Client.join(server, { canvas })]);
  await tom.view({ level: -16, x: -1, y: -1, width: 2, height: 2 });
  const seq = await mira.draw([10, 10, 90, 90]);
  const tile = await tom.wait((event) => event.type === 'tile');
  assert.deepEqual([tile.level, tile.x, tile.y], [-16, 0, 0]);
  assert.ok(tile.seq >= seq);
  assert.deepEqual(seqsOf(tom), []);
});

test('a_view_sent_with_since_gets_what_was_missed', async () => {
  const canvas = newCanvas();
  const [mira, tom] = await Promise.all([Client.artist(server, { canvas }), Client.join(server, { canvas })]);
  await tom.view({ width: 2 });
  const seen = await mira.draw([10, 10, 90, 90]);
  await tom.op(seen);
  await tom.vanish();
  const missed = await mira.draw([20, 10, 90, 90]);
  const elsewhere = await mira.draw([20, 10, 90, 90], { x: 9 });
  const missedToo = await mira.draw([30, 10, 90, 90], { x: 1 });
  const back = await Client.join(server, { canvas });
  const view = await back.view({ width: 2, since: seen });
  assert.equal(view.resumed, true);
  assert.deepEqual(seqsOf(back), [missed, missedToo]);
  assert.ok(back.events.indexOf(view) > back.events.findIndex((event) => event.seq === missedToo));
  assert.deepEqual(view.tiles, [missed, missedToo]);
  assert.equal(elsewhere, 3);
});

test('since_the_newest_seq_resumes_with_nothing', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const seq = await mira.draw([10, 10, 90, 90]);
  const view = await mira.view({ since: seq });
  assert.equal(view.resumed, true);
  assert.deepEqual(seqsOf(mira), []);
});

test('since_a_seq_that_is_no_longer_held_refreshes', async () => {
  const own = await startServer();
  const mira = await Client.artist(own);
  for (let i = 0; i < 20; i += 1) {
    mira.submit(lineBody([i, 0, 9, 9]));
  }
  await mira.answer(20);
  assert.equal((await own.stop()).code, 0);
  const again = await startServer({ data: own.data });
  const back = await Client.join(again);
  const view = await back.view({ since: 5 });
  if (view.resumed) {
    assert.deepEqual(seqsOf(back), Array.from({ length: 15 }, (_, i) => i + 6));
  } else {
    assert.deepEqual(seqsOf(back), []);
  }
  assert.deepEqual(view.tiles, [20]);
  const future = await back.view({ since: 4711 });
  assert.equal(future.resumed, false, 'a seq of the future is of another canvas');
  await again.stop();
});

test('a_stroke_is_not_lost_between_a_view_and_the_ops_after_it', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  let isDrawing = true;
  const drawing = (async () => {
    while (isDrawing) {
      await mira.draw([10, 10, 90, 90]);
    }
  })();
  for (let i = 0; i < 12; i += 1) {
    const tom = await Client.join(server, { canvas });
    const view = await tom.view({});
    const from = tom.mark();
    await tom.wait((event) => event.type === 'op' && event.seq >= view.seq + 3, from);
    const later = [...new Set(seqsOf(tom))].filter((seq) => seq > view.tiles[0]);
    assert.deepEqual(later, later.map((_, at) => view.tiles[0] + 1 + at), 'no gap after the tile');
    await tom.leave();
  }
  isDrawing = false;
  await drawing;
});

test('wrong_views_are_refused_and_the_session_goes_on_or_is_closed_with_a_reason', async () => {
  const wrong = [
    { level: 25 }, { level: -25 }, { level: 0.5 }, { x: 0.5 }, { x: '0.5' }, { x: 'a' },
    { x: String(2 ** 23) }, { x: '-8388609' }, { x: '99999999999999999999' }, { width: 0 }, { height: -1 },
    { width: 1.5 }, { width: 2 ** 31, height: 2 }, { id: -1 }, { id: 'a' }, { since: -1 }, { since: 'x' },
    { x: String(2 ** 23 - 1), width: 2 },
  ];
  for (const change of wrong) {
    const client = await Client.join(server, { canvas: 'wrong-views' });
    client.say({ type: 'view', id: 1, level: 0, x: '0', y: '0', width: 1, height: 1, ...change });
    const answer = await client.wait((event) => ['error', 'view', 'close'].includes(event.type));
    assert.equal(answer.type, 'error', `${JSON.stringify(change)} was answered by ${answer.type}`);
    client.socket.terminate();
  }
});

test('a_group_reaches_a_view_that_shows_only_its_middle', async () => {
  const canvas = newCanvas();
  const [mira, tom] = await Promise.all([Client.artist(server, { canvas }), Client.join(server, { canvas })]);
  await tom.view({ x: 1, y: 0 });
  const part = (index, x) => strokeBody({ points: [[x * 2048 + 500, 500], [x * 2048 + 900, 600]], part: index, parts: 3 });
  const ack = await mira.commit([part(0, 0), part(1, 1), part(2, 2)]);
  await tom.op(ack.seq + 1);
});
