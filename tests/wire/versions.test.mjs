// Watching by HTTP alone: blocks of versions that change when a tile does, and addresses that a cache may keep.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { Client, eventually, get, hideBody, startServer } from './client.mjs';
import { families, value } from './prometheus.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

const INTERVAL_MS = 5000; /* server/tile_rebuild.c */
let canvasNumber = 0;
const newCanvas = () => `versions-${(canvasNumber += 1)}`;
const path = (canvas, level, bx, by) => `/api/canvas/${canvas}/versions?level=${level}&bx=${bx}&by=${by}`;

async function block(canvas, level, bx, by, of = server) {
  const answer = await get(of, path(canvas, level, bx, by));
  assert.equal(answer.status, 200, String(answer.body));
  const json = JSON.parse(answer.body);
  return { ...answer, json, at: (x, y) => json.versions[(y - by * 8) * 8 + (x - bx * 8)] };
}

test('a_block_tells_64_versions_row_by_row', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const a = await mira.draw([100, 100, 140, 140], { x: 3, y: 7 });
  const b = await mira.draw([100, 100, 140, 140], { x: -1, y: -8 });
  const here = await block(canvas, 0, 0, 0);
  assert.equal(here.json.versions.length, 64);
  assert.equal(here.at(3, 7), a);
  assert.equal(here.json.versions.filter((seq) => seq !== 0).length, 1);
  const there = await block(canvas, 0, -1, -1);
  assert.equal(there.at(-1, -8), b);
  assert.equal(here.json.incarnation, mira.welcome.incarnation);
  assert.deepEqual([here.json.raster, here.json.level, here.json.bx, here.json.by], [mira.welcome.raster, 0, 0, 0]);
  assert.deepEqual((await block(canvas, -4, 0, 0)).at(0, 0), a, 'levels above, too');
  assert.match(here.headers['cache-control'], /^public, max-age=1\b/);
});

test('its_versions_are_those_of_the_view', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  for (let i = 0; i < 20; i += 1) {
    await mira.draw([0, 0, 20 * i, 15 * i], { x: i % 5, y: i % 3 });
  }
  await mira.commit(hideBody(3));
  for (const level of [-3, 0, 2]) {
    const view = await mira.view({ level, x: 0, y: 0, width: 8, height: 8 });
    assert.deepEqual((await block(canvas, level, 0, 0)).json.versions, view.tiles, `level ${level}`);
  }
});

test('an_unchanged_block_is_304_until_a_tile_of_it_changes', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  await mira.draw([10, 10, 90, 90]);
  const first = await block(canvas, 0, 0, 0);
  const again = () => get(server, path(canvas, 0, 0, 0), { headers: { 'If-None-Match': first.headers.etag } });
  assert.equal((await again()).status, 304);
  await mira.draw([10, 10, 90, 90], { x: 20 });
  assert.equal((await again()).status, 304, 'that was in another block');
  const seq = await mira.draw([10, 10, 90, 90], { x: 7, y: 7 });
  const changed = await again();
  assert.equal(changed.status, 200);
  assert.equal(JSON.parse(changed.body).versions[63], seq);
  assert.notEqual(changed.headers.etag, first.headers.etag);
});

test('a_version_it_tells_is_an_immutable_picture', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  await mira.draw([10, 10, 90, 90], { x: 2, y: 1 });
  const { json, at } = await block(canvas, 0, 0, 0);
  const tile = await get(server, `/tiles/${canvas}/0/2/1.png?v=${json.incarnation}-${json.raster}-${at(2, 1)}`);
  assert.equal(tile.status, 200);
  assert.match(tile.headers['cache-control'], /immutable/);
});

test('many_who_ask_at_once_for_what_is_not_known_share_one_job', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  await mira.draw([10, 10, 90, 90]);
  const looked = async () => value(families(String((await get(server, '/metrics')).body)), 'kolam_versions_looked_up_total');
  const before_ = await looked();
  const answers = await Promise.all(Array.from({ length: 40 }, () => block(canvas, 1, 0, 0)));
  assert.ok(answers.every((answer) => answer.body.equals(answers[0].body)));
  const jobs = (await looked()) - before_;
  assert.ok(jobs <= 2, `${jobs} jobs`);
});

test('a_quiet_far_tile_is_rebuilt_at_once_and_a_lively_one_is_told_by_the_picture_there_is', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  /* More strokes below one far tile than are drawn one by one: it averages its children. */
  await Promise.all(Array.from({ length: 1100 }, (_, i) => mira.draw([0, 0, 60, 60], { x: i % 16, y: (i >> 4) % 16 })));
  const level = -5;
  const first = await block(canvas, level, 0, 0);
  const address = (seq) => `/tiles/${canvas}/${level}/0/0.png?v=${first.json.incarnation}-${first.json.raster}-${seq}`;
  assert.equal((await get(server, address(first.at(0, 0)))).status, 200);
  const begun = performance.now();
  const told = await mira.draw([0, 0, 200, 200]);
  const isTold = (seq) => async () => (await block(canvas, level, 0, 0)).at(0, 0) === seq;
  await eventually(isTold(told), 'the picture rebuilt at once');
  const drawn = await get(server, address(told));
  assert.equal(drawn.status, 200);
  const seq = await mira.draw([0, 0, 220, 90]);
  const there = (await block(canvas, level, 0, 0)).at(0, 0);
  const older = await get(server, address(told));
  if (performance.now() - begun < INTERVAL_MS) { // else it may be rebuilt already: on a machine that is slow for all
    assert.equal(there, told, 'the picture there is');
    assert.equal(older.status, 200);
    assert.match(older.headers['cache-control'], /immutable/, 'and it can be kept');
    assert.ok(older.body.equals(drawn.body));
  }
  await eventually(isTold(seq), 'the rebuilt picture');
  const newer = await get(server, address(seq));
  assert.equal(newer.status, 200);
  assert.match(newer.headers['cache-control'], /immutable/);
});

test('a_canvas_that_is_idle_is_opened_for_it_and_one_that_is_not_there_is_404', async () => {
  const canvas = newCanvas();
  const own = await startServer();
  const mira = await Client.artist(own, { canvas });
  const seq = await mira.draw([10, 10, 90, 90]);
  await own.stop();
  const again = await startServer({ data: own.data });
  assert.equal((await block(canvas, 0, 0, 0, again)).at(0, 0), seq);
  assert.equal((await get(again, path('nobody', 0, 0, 0))).status, 404);
  await again.kill();
});

for (const query of ['', 'level=0&bx=0', 'level=25&bx=0&by=0', 'level=0&bx=x&by=0', 'level=-24&bx=1&by=0',
  'level=0&bx=99999999999999999999&by=0', 'level=0&bx=1048577&by=0']) {
  test(`a_block_outside_the_world_or_malformed_is_400: ${query}`, async () => {
    const answer = await get(server, `/api/canvas/main/versions?${query}`);
    assert.equal(answer.status, 400, String(answer.body));
  });
}

test('blocks_at_the_edge_of_the_world_are_answered', async () => {
  const mira = await Client.artist(server, { canvas: newCanvas() });
  await mira.draw([10, 10, 90, 90]);
  const { canvas } = mira;
  assert.equal((await block(canvas, -24, 0, 0)).json.versions.filter((seq) => seq === 1).length, 1);
  assert.equal((await block(canvas, 24, -(2 ** 44), 2 ** 44 - 1)).json.versions.length, 64);
});
