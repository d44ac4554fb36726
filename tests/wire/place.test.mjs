// The wall as a place, over HTTP: where something happens, who is here, how much was drawn where.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { Client, eventually, get, getJson, hideBody, lineBody, showBody, startServer } from './client.mjs';
import { families, value } from './prometheus.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

let canvasNumber = 0;
const newCanvas = () => `place-${(canvasNumber += 1)}`;

async function ask(canvas, what, of = server) {
  const answer = await getJson(of, `/api/canvas/${canvas}/${what}`);
  assert.equal(answer.status, 200, String(answer.body));
  return answer;
}

// Answers are as old as their max-age: asks until the newest one says so.
const askUntil = (canvas, what, isIt, of = server) => eventually(async () => {
  const { json } = await ask(canvas, what, of);
  return isIt(json) && json;
}, `${what} of ${canvas}`);

// ---- lively ----

test('strokes_close_together_are_a_lively_place_with_its_artists', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const otto = await Client.artist(server, { canvas });
  for (const x of [10, 60, 110]) {
    await mira.draw([x, 10, x + 40, 90], { x: 3, y: -2 });
  }
  await otto.draw([10, 10, 90, 90], { x: 4, y: -2 });
  await otto.draw([10, 10, 90, 90], { x: 4000, y: 4000 });
  const { json, headers } = await ask(canvas, 'lively');
  assert.equal(headers['cache-control'], 'public, max-age=1');
  const [first, second] = json.places;
  assert.equal(json.places.length, 2);
  assert.deepEqual([first.strokes, first.drawing, first.count, first.level], [4, 0, 2, 0]);
  assert.deepEqual(first.artists, [mira.me, otto.me]);
  assert.deepEqual(second.artists, [otto.me]);
  assert.ok(json.now - first.last < 60000 && first.last <= json.now);
  const [x, y] = [Number(first.x), Number(first.y)];
  assert.ok(x >= 3 * 256 && x < 3 * 256 + 20 && y >= -512 && y < -495, `${first.x} ${first.y}`);
  assert.ok(first.width > 256 && first.width < 512 && first.height >= 80 && first.height < 110);
  assert.equal((await ask(canvas, 'lively?limit=1')).json.places.length, 1);
});

test('what_is_being_drawn_counts_before_it_is_committed', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  await mira.draw([10, 10, 90, 90], { x: 500 });
  mira.preview(50, 0, lineBody([10, 10, 90, 90], { x: -500 }));
  const json = await askUntil(canvas, 'lively', ({ places }) => places[0]?.drawing === 1);
  assert.equal(json.places[0].strokes, 0);
  assert.equal(Math.floor(Number(json.places[0].x) / 256), -500);
  assert.equal(json.places[1].strokes, 1);
  mira.cancel(50);
  await askUntil(canvas, 'lively', ({ places }) => places.length === 1 && places[0].drawing === 0);
});

test('where_all_was_undone_there_is_no_lively_place', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const seqs = [await mira.draw([10, 10, 90, 90]), await mira.draw([10, 10, 90, 90])];
  const away = await mira.draw([10, 10, 90, 90], { x: 100 });
  await mira.commit(hideBody(...seqs));
  const json = await askUntil(canvas, 'lively', ({ places }) => places.length === 1);
  assert.equal(json.places[0].strokes, 1);
  await mira.commit(showBody(seqs[1]));
  await mira.commit(hideBody(away));
  await askUntil(canvas, 'lively', ({ places }) => places.length === 1 && Number(places[0].x) < 256);
});

test('a_server_that_starts_knows_where_people_drew', async () => {
  const canvas = newCanvas();
  const first = await startServer();
  const mira = await Client.artist(first, { canvas });
  for (let i = 0; i < 30; i += 1) {
    await mira.draw([10, 10, 90, 90], { x: i % 2 });
  }
  await mira.commit(hideBody(3, 4));
  await mira.commit(showBody(4));
  await first.stop();
  const second = await startServer({ data: first.data });
  const closed = await ask(canvas, 'lively', second);
  assert.deepEqual(closed.json.places.map(({ strokes }) => strokes), [29], 'nobody has it open');
  const otto = await Client.artist(second, { canvas });
  await otto.draw([10, 10, 90, 90], { x: 1 });
  const json = await askUntil(canvas, 'lively', ({ places }) => places[0].strokes === 30, second);
  assert.deepEqual(json.places[0].artists.map(({ name }) => name), [mira.me.name, otto.me.name]);
  await otto.draw([10, 10, 90, 90], { x: 1 });
  await askUntil(canvas, 'lively', ({ places }) => places[0].strokes === 31, second);
  await second.stop();
});

// ---- people ----

test('people_are_those_who_drew_or_moved_a_pen_and_watchers_a_number', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  await mira.draw([10, 10, 90, 90], { x: 2, y: 1 });
  const otto = await Client.artist(server, { canvas });
  await Client.join(server, { canvas, watch: true });
  await Client.join(server, { canvas });
  let json = (await ask(canvas, 'people')).json;
  assert.deepEqual([json.watching, json.count, json.people.length], [3, 1, 1]);
  assert.deepEqual([json.people[0].artist, json.people[0].name, json.people[0].drawing], [mira.me.artist, mira.me.name, false]);
  assert.ok(json.now - json.people[0].since < 60000);
  assert.equal(json.people[0].place.level, 0);
  assert.ok(Math.abs(Number(json.people[0].place.x) - 562) < 10, json.people[0].place.x);
  otto.preview(1, 0, lineBody([10, 10, 90, 90], { x: -2 }));
  json = await askUntil(canvas, 'people', ({ people }) => people.length === 2);
  assert.deepEqual(json.people.map(({ artist, drawing }) => [artist, drawing]), [[otto.me.artist, true], [mira.me.artist, false]]);
  mira.cursor({ level: 3, tileX: -1000, tileY: 5, x: 8, y: 16 });
  json = await askUntil(canvas, 'people', ({ people }) => people[0].artist === mira.me.artist);
  assert.deepEqual(json.people[0].place, { level: 3, x: '-256000', y: '1281' });
  await otto.leave();
  json = await askUntil(canvas, 'people', ({ people }) => people.length === 1);
  assert.equal(json.watching, 2);
});

test('who_has_two_connections_is_one_person', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  await mira.draw([10, 10, 90, 90]);
  const again = await Client.join(server, { canvas, token: mira.token });
  again.cursor({ level: 0, tileX: 7, tileY: 0, x: 0, y: 0 });
  await again.settle();
  const { json } = await ask(canvas, 'people?limit=1');
  assert.deepEqual([json.watching, json.count, json.people.length], [0, 1, 1]);
  assert.equal(json.people[0].place.x, '1791');
  await mira.leave();
  await askUntil(canvas, 'people', ({ count, watching }) => count === 1 && watching === 0);
});

// ---- heat ----

test('heat_tells_strokes_per_tile_of_everybody_or_one_in_all_time_or_a_span', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const otto = await Client.artist(server, { canvas });
  await mira.draw([10, 10, 90, 90], { x: 1, y: 0 });
  await mira.draw([10, 10, 90, 90], { x: 1, y: 0 });
  const then = Date.now();
  await eventually(() => Date.now() > then + 1, 'the clock to go on'); // the next op's time is later for sure
  const last = await otto.draw([10, 10, 90, 400], { x: 0, y: 1 });
  const area = 'level=0&x=0&y=0&width=2&height=3';
  const { json, headers } = await ask(canvas, `heat?${area}`);
  assert.deepEqual(json, { level: 0, x: 0, y: 0, width: 2, height: 3, every: 1, counts: [0, 2, 1, 0, 1, 0] });
  assert.equal(headers['cache-control'], 'public, max-age=5');
  assert.deepEqual((await ask(canvas, 'heat?level=-3&x=-1&y=-1&width=2&height=2')).json.counts, [0, 0, 0, 3]);
  assert.deepEqual((await ask(canvas, `heat?${area}&artist=${otto.me.artist}`)).json.counts, [0, 0, 1, 0, 1, 0]);
  const { time } = (await ask(canvas, `moment?at=${last}`)).json;
  assert.deepEqual((await ask(canvas, `heat?${area}&from=0&to=${time}`)).json.counts, [0, 2, 0, 0, 0, 0]);
  assert.deepEqual((await ask(canvas, `heat?${area}&from=${time}`)).json.counts, [0, 0, 1, 0, 1, 0]);
});

// ---- all of them ----

test('the_same_answer_is_built_once_for_all_who_ask_within_its_second', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  await mira.draw([10, 10, 90, 90]);
  const sharedCount = async () => value(families(String((await get(server, '/metrics')).body)), 'kolam_answers_shared_total');
  const before = await sharedCount();
  const begun = performance.now();
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(canvas, 'lively?minutes=7')));
  const built = 2 + Math.floor((performance.now() - begun) / 1000); /* a second may have passed in between */
  assert.ok(new Set(answers.map(({ headers }) => headers.etag)).size <= built);
  assert.ok((await sharedCount()) - before >= 20 - built);
  const { headers } = answers[19];
  const known = await get(server, `/api/canvas/${canvas}/lively?minutes=7`, { headers: { 'If-None-Match': headers.etag } });
  assert.ok(known.status === 304 || known.headers.etag !== headers.etag);
});

test('many_different_questions_at_once_are_answered_or_told_to_wait', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  await mira.draw([10, 10, 90, 90]);
  const of = (i) => [`lively?minutes=${i + 1}`, `heat?level=0&x=${i}&y=0&width=2&height=2`, `search?q=${i}`, `places?q=${i}`];
  const all = Array.from({ length: 40 }, (_, i) => of(i)).flat();
  const statuses = await Promise.all(all.map(async (what) => (await get(server, `/api/canvas/${canvas}/${what}`)).status));
  assert.ok(statuses.every((status) => status === 200 || status === 503), String(statuses));
  assert.ok(statuses.filter((status) => status === 200).length >= 64);
  await ask(canvas, 'lively'); /* and then as ever */
});

test('wrong_questions_are_told_why', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  await mira.draw([10, 10, 90, 90]);
  const wrong = [
    'lively?minutes=0', 'lively?minutes=1441', 'lively?limit=65', 'lively?limit=', 'lively?minutes=9e9', 'lively?limit=-1',
    'heat', 'heat?level=0&x=0&y=0&width=65&height=1', 'heat?level=0&x=0&y=0&width=0&height=1', 'heat?level=25&x=0&y=0&width=1&height=1',
    'heat?level=-24&x=0&y=0&width=2&height=1', 'heat?level=0&x=9223372036854775807&y=0&width=2&height=1', 'heat?level=0&x=0&y=0&width=1',
    'heat?level=0&x=0&y=0&width=1&height=1&from=5&to=5', 'heat?level=0&x=0&y=0&width=1&height=1&from=-5', 'heat?level=0&x=0&y=0&width=1&height=1&artist=0',
    'heat?level=0&x=99999999999999999999&y=0&width=1&height=1', 'people?limit=0', 'people?limit=257', 'people?limit=x',
  ];
  for (const what of wrong) {
    const answer = await getJson(server, `/api/canvas/${canvas}/${what}`);
    assert.equal(answer.status, 400, what);
    assert.ok(answer.json.error.length > 10);
  }
  for (const what of ['lively', 'people', 'heat?level=0&x=0&y=0&width=1&height=1']) {
    assert.equal((await get(server, `/api/canvas/nowhere/${what}`)).status, 404);
    assert.equal((await get(server, `/api/canvas/${'x'.repeat(400)}/${what}`)).status, 404);
    assert.equal((await get(server, `/api/canvas/${canvas}/${what}`, { method: 'HEAD' })).body.length, 0);
  }
});
