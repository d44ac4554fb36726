// The past: tiles and regions as they were, who drew what, how much when, one's own ops, rolling back.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import {
  Client, decodeFrame, eventually, get, getJson, hideBody, lineBody, showBody, startServer,
} from './client.mjs';
import { decodePng, pixelAt } from './png.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer({ args: ['--limit', 'all=off'] });
});
after(() => server?.kill());

let canvasNumber = 0;
const newCanvas = () => `past-${(canvasNumber += 1)}`;
const RED = 0xff0000ff;
const BLUE = 0x0000ffff;
const FAT = { width: 16 * 256 };
const IMMUTABLE = 'public, max-age=31536000, immutable';

const tilePath = (canvas, level, x, y) => `/tiles/${canvas}/${level}/${x}/${y}.png`;
const api = (canvas, what, query) => `/api/canvas/${canvas}/${what}?${new URLSearchParams(query)}`;
const seqOf = (answer) => Number(/^"[0-9a-f]{16}-\d+-(\d+)"$/.exec(answer.headers.etag)[1]);
const AREA = { level: 0, x: 0, y: 0, width: 256, height: 256 };

// The tile as it is now, at least of `seq`.
function present(canvas, level, x, y, seq = 0) {
  return eventually(async () => {
    let answer = await get(server, tilePath(canvas, level, x, y));
    if (answer.status === 302) {
      answer = await get(server, answer.headers.location);
    }
    assert.equal(answer.status, 200);
    return seqOf(answer) >= seq && { ...answer, ...decodePng(answer.body) };
  }, `tile ${level}/${x}/${y} of seq ${seq}`);
}

async function past(canvas, level, x, y, at, options) {
  const answer = await get(server, `${tilePath(canvas, level, x, y)}?at=${at}`, options);
  assert.equal(answer.status, 200, String(answer.body));
  return { ...answer, ...decodePng(answer.body) };
}

async function question(canvas, what, query) {
  const answer = await getJson(server, api(canvas, what, query));
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  assert.match(answer.headers['content-type'], /^application\/json/);
  return answer.json;
}

async function drawn(options) {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const seq = await mira.draw([40, 128, 200, 128], { color: RED, ...FAT, ...options });
  return { canvas, mira, seq };
}

async function ask(client, message) {
  const from = client.mark();
  client.say(message);
  return client.wait(({ type, id }) => (type === message.type || type === 'error') && id === message.id, from);
}

// ---- tiles ----

test('a_tile_of_the_past_is_what_it_was_then', async () => {
  const { canvas, mira, seq } = await drawn();
  const states = [];
  const remember = async (at) => states.push({ at, picture: await present(canvas, 0, 0, 0, at) });
  await remember(seq);
  await remember(await mira.draw([128, 40, 128, 200], { color: BLUE, ...FAT }));
  await remember((await mira.commit(hideBody(seq))).seq);
  await remember(await mira.draw([40, 60, 200, 60], { tool: 'eraser', ...FAT }));
  await remember((await mira.commit(showBody(seq))).seq);
  await remember((await mira.commit(hideBody(states[1].at, states[3].at))).seq);
  for (const { at, picture } of states) {
    const then = await past(canvas, 0, 0, 0, at);
    assert.equal(seqOf(then), at);
    assert.equal(then.headers['cache-control'], IMMUTABLE);
    assert.equal(then.headers['content-type'], 'image/png');
    assert.ok(then.rgba.equals(picture.rgba), `tile at ${at}`);
  }
  assert.deepEqual(pixelAt(await past(canvas, 0, 0, 0, seq), 128, 128), [255, 0, 0, 255]);
});

test('the_past_stays_as_it_was_over_a_restart', async () => {
  const own = await startServer();
  const mira = await Client.artist(own, { canvas: 'kept' });
  const first = await mira.draw([40, 128, 200, 128], { color: RED, ...FAT });
  const then = await get(own, `${tilePath('kept', 0, 0, 0)}?at=${first}`);
  await mira.commit(hideBody(first));
  await own.stop();
  const again = await startServer({ data: own.data });
  const later = await get(again, `${tilePath('kept', 0, 0, 0)}?at=${first}`);
  assert.equal(later.headers.etag, then.headers.etag);
  assert.ok(decodePng(later.body).rgba.equals(decodePng(then.body).rgba));
  await again.kill();
});

test('a_tile_that_did_not_change_since_comes_from_memory_under_any_moment', async () => {
  const { canvas, mira, seq } = await drawn();
  for (let i = 0; i < 5; i += 1) {
    await mira.draw([20, 20, 200, 200], { x: 40 + i, ...FAT });
  }
  const now = await present(canvas, 0, 0, 0, seq);
  const count = async (name) =>
    Number(new RegExp(`^kolam_${name} (\\d+)$`, 'm').exec((await get(server, '/metrics')).body)[1]);
  const [hits, renders] = [await count('tile_cache_hits_total'), await count('past_tile_renders_total')];
  for (let at = seq; at <= seq + 5; at += 1) {
    const then = await past(canvas, 0, 0, 0, at);
    assert.equal(seqOf(then), seq);
    assert.ok(then.body.equals(now.body));
  }
  assert.equal((await count('tile_cache_hits_total')) - hits, 6);
  assert.equal((await count('past_tile_renders_total')) - renders, 0);
});

test('moments_between_which_a_tile_did_not_change_share_one_picture', async () => {
  const { canvas, mira, seq } = await drawn();
  for (let i = 0; i < 8; i += 1) {
    await mira.draw([20, 20, 200, 200], { x: 40, ...FAT });
  }
  await mira.draw([128, 40, 128, 200], { color: BLUE, ...FAT });
  const count = async () =>
    Number(/^kolam_past_tile_renders_total (\d+)$/m.exec((await get(server, '/metrics')).body)[1]);
  const before_ = await count();
  const pictures = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => past(canvas, 0, 0, 0, seq + i)));
  assert.ok(pictures.every((picture) => seqOf(picture) === seq && picture.body.equals(pictures[0].body)));
  assert.equal((await count()) - before_, 1);
});

test('an_unchanged_tile_of_the_past_is_answered_304', async () => {
  const { canvas, mira, seq } = await drawn();
  await mira.draw([128, 40, 128, 200], FAT);
  const then = await past(canvas, 0, 0, 0, seq);
  const again = await get(server, `${tilePath(canvas, 0, 0, 0)}?at=${seq}`,
    { headers: { 'If-None-Match': then.headers.etag } });
  assert.equal(again.status, 304);
  assert.equal(again.body.length, 0);
  assert.equal(again.headers.etag, then.headers.etag);
});

test('a_tile_before_its_first_ink_is_empty', async () => {
  const { canvas, mira, seq } = await drawn();
  const later = await mira.draw([40, 128, 200, 128], { x: 3, ...FAT });
  const then = await past(canvas, 0, 3, 0, seq);
  assert.equal(seqOf(then), 0);
  assert.ok(then.rgba.every((byte) => byte === 0));
  assert.equal(seqOf(await past(canvas, 0, 3, 0, later)), later);
});

test('a_time_leads_to_its_seq', async () => {
  const { canvas, mira, seq } = await drawn();
  const { time } = await question(canvas, 'moment', { at: seq });
  // The next op's time is later for sure.
  await eventually(() => Date.now() > time + 2, 'the clock to go on');
  const later = await mira.draw([128, 40, 128, 200], FAT);
  const at = new Date(time).toISOString();
  const answer = await get(server, `${tilePath(canvas, 0, 0, 0)}?at=${encodeURIComponent(at)}`);
  assert.equal(answer.status, 302);
  assert.equal(answer.headers.location, `${tilePath(canvas, 0, 0, 0)}?at=${seq}`);
  assert.match(answer.headers['cache-control'], /no-store/);
  assert.deepEqual(await question(canvas, 'moment', { at }), { seq, time });
  const newest = await question(canvas, 'moment', { at: new Date().toISOString() });
  assert.equal(newest.seq, later);
});

test('a_far_tile_of_many_strokes_is_what_it_was_then', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const many = async (count, color) => {
    const from = mira.mark();
    let last;
    for (let i = 0; i < count; i += 1) {
      const x = i % 40;
      last = mira.submit(lineBody([10, 10, 240, 200 - (i % 90)], { x, y: (i / 40) | 0, color, ...FAT }));
    }
    return (await mira.answer(last, from)).seq;
  };
  const first = await many(1300, RED);
  const then = await present(canvas, -6, 0, 0, first);
  await many(200, BLUE);
  const hidden = await mira.commit(hideBody(...Array.from({ length: 400 }, (_, i) => 2 * i + 1)));
  const now = await present(canvas, -6, 0, 0, hidden.seq);
  const again = await past(canvas, -6, 0, 0, first);
  assert.equal(seqOf(again), first);
  assert.ok(again.rgba.equals(then.rgba));
  assert.ok((await past(canvas, -6, 0, 0, hidden.seq)).rgba.equals(now.rgba));
  const half = await past(canvas, -6, 0, 0, 650);
  assert.equal(seqOf(half), 650);
  assert.ok(!half.rgba.equals(then.rgba));
});

const FUTURE = new Date(Date.now() + 86400000).toISOString();
const WRONG_MOMENTS = ['', '0', '-1', '999999', '1.5', 'x', 'now', '2026-13-01', '2001-01-01', FUTURE, '9'.repeat(40)];
for (const at of WRONG_MOMENTS) {
  test(`no_moment_is_at=${at.replace(FUTURE, 'tomorrow')}`, async () => {
    const { canvas } = await drawn();
    const value = encodeURIComponent(at);
    for (const path of [`${tilePath(canvas, 0, 0, 0)}?at=${value}`, `/api/canvas/${canvas}/moment?at=${value}`,
      `/snapshot.png?canvas=${canvas}&rect=0,0,64,64&at=${value}`]) {
      const answer = await getJson(server, path);
      assert.equal(answer.status, 400, path);
      assert.ok(answer.json.error.length > 10, answer.json.error);
    }
  });
}

test('clients_that_leave_while_far_tiles_of_the_past_are_drawn_do_no_harm', async () => {
  const { canvas, mira, seq } = await drawn();
  await mira.draw([128, 40, 128, 200], FAT);
  const net = await import('node:net');
  await Promise.all(Array.from({ length: 40 }, (_, i) => new Promise((done) => {
    const socket = net.connect(server.port, '127.0.0.1', () => {
      socket.write(`GET ${tilePath(canvas, -(i % 20), 0, 0)}?at=${seq} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
        () => socket.destroy());
    });
    socket.on('error', () => {});
    socket.on('close', done);
  })));
  assert.equal(seqOf(await past(canvas, 0, 0, 0, seq)), seq);
});

// ---- regions ----

test('a_region_of_the_past_is_what_it_was_then', async () => {
  const { canvas, mira, seq } = await drawn();
  const path = `/snapshot.png?canvas=${canvas}&rect=0,0,256,256`;
  const region = async (at) => decodePng((await get(server, at ? `${path}&at=${at}` : path)).body);
  const then = await eventually(async () => {
    const answer = await get(server, path);
    return answer.status === 200 && decodePng(answer.body);
  }, 'a snapshot');
  const hidden = await mira.commit(hideBody(seq));
  assert.ok((await region(seq)).rgba.equals(then.rgba));
  assert.deepEqual(pixelAt(await region(seq), 120, 128), [255, 0, 0, 255]);
  assert.equal(pixelAt(await region(hidden.seq), 120, 128)[3], 0);
  assert.equal(pixelAt(await region(), 120, 128)[3], 0);
});

// ---- who drew this ----

test('who_drew_a_pixel_is_told_newest_first_with_names_and_what_is_hidden', async () => {
  const { canvas, mira, seq } = await drawn({ start: 1700000000000, points: [[320, 1024, 255, 0], [1600, 1024, 255, 250]] });
  const otter = await Client.artist(server, { canvas });
  const second = await otter.draw([128, 40, 128, 200], { color: 0x0000ff80, tool: 'marker', ...FAT });
  await otter.draw([10, 10, 20, 10], FAT);
  await mira.commit(hideBody(seq));
  const { strokes } = await question(canvas, 'at', { level: 0, x: 128, y: 128 });
  assert.deepEqual(strokes.map((stroke) => stroke.seq), [second, seq]);
  const [top, under] = strokes;
  assert.deepEqual([top.artist, top.name, top.tool, top.color, top.width, top.level, top.points, top.hidden, top.drawn],
    [otter.me.artist, otter.me.name, 'marker', '#0000ff80', 16, 0, 2, false, null]);
  assert.deepEqual([under.artist, under.name, under.tool, under.color, under.hidden],
    [mira.me.artist, mira.me.name, 'pen', '#ff0000ff', true]);
  assert.deepEqual(under.drawn, [1700000000000, 1700000000250]);
  const [x0, y0, x1, y1] = under.box.map(Number);
  assert.ok(x0 >= 31 && x0 <= 32 && y0 >= 119 && y0 <= 120 && x1 >= 208 && x1 <= 210 && y1 >= 136 && y1 <= 138,
    `box ${under.box}`);
  assert.ok(Math.abs(under.time - Date.now()) < 60000);
});

test('slack_widens_the_pixel_and_other_levels_see_the_same_ink', async () => {
  const { canvas, seq } = await drawn();
  const at = async (query) => (await question(canvas, 'at', query)).strokes.map((stroke) => stroke.seq);
  assert.deepEqual(await at({ level: 0, x: 100, y: 142 }), []);
  assert.deepEqual(await at({ level: 0, x: 100, y: 142, slack: 16 }), [seq]);
  assert.deepEqual(await at({ level: 3, x: 800, y: 1024 }), [seq]);
  assert.deepEqual(await at({ level: -3, x: 12, y: 16 }), [seq]);
  const { strokes: [deep] } = await question(canvas, 'at', { level: 3, x: 800, y: 1024 });
  assert.deepEqual([deep.width, deep.level], [16, 0]);
  assert.ok(Number(deep.box[0]) >= 31 * 8 && Number(deep.box[0]) <= 32 * 8, `box ${deep.box}`);
});

test('a_pixel_under_very_many_strokes_tells_the_newest_hundred', async () => {
  const { canvas, mira } = await drawn();
  const from = mira.mark();
  let last;
  for (let i = 0; i < 130; i += 1) {
    last = mira.submit(lineBody([40, 128, 200, 128], FAT));
  }
  const { seq } = await mira.answer(last, from);
  const { strokes } = await question(canvas, 'at', { level: 0, x: 100, y: 128 });
  assert.equal(strokes.length, 100);
  assert.deepEqual([strokes[0].seq, strokes[99].seq], [seq, seq - 99]);
});

// ---- how much when ----

test('activity_counts_each_stroke_of_the_rectangle_once', async () => {
  const { canvas, mira } = await drawn();
  for (let i = 0; i < 6; i += 1) {
    await mira.draw([40, 40 + i, 200, 40], { x: i % 2, ...FAT });
  }
  await mira.draw([300, 40, 320, 40], { x: 50, ...FAT });
  const sum = (counts) => counts.reduce((all, count) => all + count, 0);
  const near = await question(canvas, 'activity', { ...AREA, width: 512, buckets: 10 });
  assert.equal(near.counts.length, 10);
  assert.equal(sum(near.counts), 7);
  assert.ok(near.from === near.first && near.first <= near.last && near.last < near.to);
  const all = await question(canvas, 'activity', { level: -8, x: 0, y: 0, width: 100, height: 100, buckets: 1 });
  assert.deepEqual(all.counts, [8]);
  const until = await question(canvas, 'activity', { ...AREA, from: 1000, to: near.first, buckets: 4 });
  assert.deepEqual(until.counts, [0, 0, 0, 0]);
  const exact = await question(canvas, 'activity', { ...AREA, from: near.first, to: near.first + 1 });
  assert.equal(exact.counts.length, 128);
  assert.ok(sum(exact.counts) >= 1);
});

// ---- the strokes themselves ----

test('strokes_come_as_op_records_and_in_pages', async () => {
  const { canvas, mira, seq } = await drawn();
  const otter = await Client.artist(server, { canvas });
  await otter.view({ level: 0, x: 0, y: 0 });
  const seqs = [seq];
  for (let i = 0; i < 4; i += 1) {
    seqs.push(await mira.draw([40, 40 + i, 200, 40], FAT));
  }
  seqs.push(await otter.draw([40, 90, 200, 90], FAT));
  await mira.draw([40, 40, 200, 40], { x: 5, ...FAT });
  const hidden = await mira.commit(hideBody(seqs[1]));
  const page = async (query) => {
    const answer = await get(server, api(canvas, 'strokes', { ...AREA, from: 1, to: hidden.seq, ...query }));
    assert.equal(answer.status, 200, String(answer.body));
    assert.equal(answer.headers['content-type'], 'application/octet-stream');
    return { ops: decodeFrame(answer.body), more: answer.headers['x-kolam-more'] };
  };
  const seqsOf = ({ ops }) => ops.map((op) => op.seq);
  const all = await page({});
  assert.deepEqual(seqsOf(all), seqs, 'hidden ones as well');
  assert.equal(all.more, undefined);
  const live = await otter.op(seqs[2]);
  const { type, time, artist, nonce, counter, replaces, body } = live;
  assert.deepEqual(all.ops[2], { type, seq: seqs[2], time, artist, nonce, counter, replaces, body });
  const first = await page({ limit: 4 });
  assert.deepEqual(seqsOf(first), seqs.slice(0, 4));
  assert.equal(first.more, String(seqs[3]));
  const rest = await page({ limit: 4, after: first.more });
  assert.deepEqual(seqsOf(rest), seqs.slice(4));
  assert.equal(rest.more, undefined);
  assert.deepEqual(seqsOf(await page({ artist: otter.me.artist })), [seqs[5]]);
  assert.deepEqual(seqsOf(await page({ from: seqs[1], to: seqs[2] })), [seqs[1], seqs[2]]);
  assert.deepEqual(seqsOf(await page({ artist: 4000000000 })), []);
  assert.deepEqual(seqsOf(await page({ y: 200, height: 1 })), []);
});

// Strokes of so many points that few of them are 5 MB.
async function heavy() {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const points = Array.from({ length: 8000 }, (_, i) => [(i * 7919) % 2000, (i * 104729) % 2000, (i * 31) % 256]);
  const body = lineBody([], { points, width: 256 });
  const from = mira.mark();
  let last;
  const count = Math.ceil((5 << 20) / body.length);
  for (let i = 0; i < count; i += 1) {
    last = mira.submit(body);
  }
  const { seq } = await mira.answer(last, from);
  return { canvas, mira, count, seq };
}

test('an_answer_of_strokes_is_bounded_by_its_bytes', async () => {
  const { canvas, count, seq } = await heavy();
  const seqs = [];
  let pages = 0;
  for (let more = '0'; more !== undefined; pages += 1) {
    const answer = await get(server, api(canvas, 'strokes', { ...AREA, from: 1, to: seq, after: more }));
    assert.ok(answer.body.length < (4 << 20) + (1 << 18), `${answer.body.length} bytes`);
    seqs.push(...decodeFrame(answer.body).map((op) => op.seq));
    more = answer.headers['x-kolam-more'];
  }
  assert.deepEqual(seqs, Array.from({ length: count }, (_, i) => i + 1));
  assert.equal(pages, 2);
});

const WRONG_QUESTIONS = {
  activity: [{}, { ...AREA, level: 25 }, { ...AREA, width: 0 }, { ...AREA, height: -1 }, { ...AREA, x: 2 ** 31 },
    { ...AREA, width: '9223372036854775807' }, { ...AREA, x: '99999999999999999999' }, { ...AREA, x: '1.5' },
    { ...AREA, x: '' }, { ...AREA, buckets: 0 }, { ...AREA, buckets: 1025 }, { ...AREA, from: 5, to: 5 },
    { ...AREA, from: 6, to: 5 }, { ...AREA, from: -1 }, { ...AREA, from: '9'.repeat(15) }, { ...AREA, to: 5 }],
  at: [{}, { level: 0, x: 1 }, { level: 0, x: 2 ** 31, y: 0 }, { level: -25, x: 0, y: 0 },
    { level: 0, x: 0, y: 0, slack: 17 }, { level: 0, x: 0, y: 0, slack: -1 }, { level: 0, x: 0, y: 'a' }],
  strokes: [{}, { ...AREA, from: 7, to: 6 }, { ...AREA, limit: 0 }, { ...AREA, limit: 1001 }, { ...AREA, artist: 0 },
    { ...AREA, artist: 2 ** 32 }, { ...AREA, after: -1 }, { ...AREA, to: 'x' }],
  moment: [{}],
};
for (const [what, queries] of Object.entries(WRONG_QUESTIONS)) {
  test(`wrong_questions_about_${what}_are_refused`, async () => {
    const { canvas } = await drawn();
    for (const query of queries) {
      const answer = await getJson(server, api(canvas, what, query));
      assert.equal(answer.status, 400, JSON.stringify(query));
      assert.equal(typeof answer.json.error, 'string');
    }
    assert.equal((await get(server, api('never-drawn', what, AREA))).status, 404);
  });
}

test('questions_at_the_ends_of_the_world_are_answered', async () => {
  const { canvas } = await drawn();
  for (const level of [-24, 0, 24]) {
    const low = -(2n ** BigInt(31 + Math.max(level, -23)));
    const side = -2n * low;
    const rect = { level, x: low, y: low, width: side, height: side };
    const { counts } = await question(canvas, 'activity', { ...rect, buckets: 1 });
    assert.deepEqual(counts, [1], `level ${level}`);
    for (const [x, y] of [[low, low], [low, -low - 1n], [-low - 1n, -low - 1n]]) {
      await question(canvas, 'at', { level, x, y, slack: 16 });
    }
    const answer = await get(server, api(canvas, 'activity', { ...rect, width: side + 1n }));
    assert.equal(answer.status, 400);
  }
});

test('what_nobody_can_ask_is_not_found', async () => {
  const { canvas } = await drawn();
  for (const path of [`/api/canvas/${canvas}/`, `/api/canvas/${canvas}/past`, `/api/canvas/${canvas}/at/x`, '/api/canvas//at']) {
    assert.equal((await get(server, path)).status, 404, path);
  }
});

// ---- one's own past ----

test('ones_own_ops_are_listed_newest_first_on_any_device', async () => {
  const { canvas, mira, seq } = await drawn();
  const otter = await Client.artist(server, { canvas });
  await otter.draw([10, 10, 20, 20]);
  const parts = [0, 1].map((part) => lineBody([10 + 90 * part, 50, 100 + 90 * part, 50], { part, parts: 2 }));
  const { seq: group } = await mira.commit(parts);
  const { seq: hide } = await mira.commit(hideBody(group, group + 1));
  const { seq: show } = await mira.commit(showBody(group, group + 1));
  await mira.leave();
  const again = await Client.join(server, { canvas, token: mira.token });
  const { ops, more } = await ask(again, { type: 'mine', id: 1 });
  const targets = [String(group), String(group + 1)];
  assert.deepEqual(ops, [
    { seq: String(show), kind: 'show', targets },
    { seq: String(hide), kind: 'hide', targets },
    { seq: String(group + 1), kind: 'stroke', part: 1, parts: 2 },
    { seq: String(group), kind: 'stroke', part: 0, parts: 2 },
    { seq: String(seq), kind: 'stroke', part: 0, parts: 1 },
  ]);
  assert.equal(more, false);
  const page = await ask(again, { type: 'mine', id: 2, limit: 2 });
  assert.deepEqual([page.ops.map((op) => Number(op.seq)), page.more], [[show, hide], true]);
  const rest = await ask(again, { type: 'mine', id: 3, before: page.ops[1].seq, limit: 1000 });
  assert.deepEqual([rest.ops.map((op) => Number(op.seq)), rest.more], [[group + 1, group, seq], false]);
});

test('who_has_drawn_nothing_has_no_past', async () => {
  const { canvas } = await drawn();
  for (const client of [await Client.join(server, { canvas }), await Client.artist(server, { canvas }),
    await Client.join(server, { canvas, watch: true }), await Client.artist(server, { canvas: newCanvas() })]) {
    const { ops, more } = await ask(client, { type: 'mine', id: 4 });
    assert.deepEqual([ops, more], [[], false]);
  }
});

test('very_long_hides_are_listed_in_several_answers', async () => {
  const { canvas, mira } = await drawn();
  const from = mira.mark();
  let last;
  for (let i = 0; i < 4095; i += 1) {
    last = mira.submit(lineBody([i % 200, 10, i % 200, 12], { width: 256 }));
    if (i % 1000 === 999) {
      await mira.answer(last, from);
    }
  }
  await mira.answer(last, from);
  const all = Array.from({ length: 4096 }, (_, i) => i + 1);
  for (let i = 0; i < 6; i += 1) {
    assert.equal((await mira.commit(i % 2 ? showBody(...all) : hideBody(...all))).type, 'ack');
  }
  const first = await ask(mira, { type: 'mine', id: 5, limit: 1000 });
  assert.equal(first.ops.length, 4);
  assert.equal(first.more, true);
  assert.equal(first.ops[0].targets.length, 4096);
  const rest = await ask(mira, { type: 'mine', id: 6, before: first.ops[3].seq, limit: 4 });
  assert.deepEqual(rest.ops.map((op) => op.kind), ['show', 'hide', 'stroke', 'stroke']);
});

test('a_stroke_that_replaced_a_partial_one_says_so', async () => {
  const own = await startServer({ args: ['--vanish-ms', '100'] });
  const mira = await Client.artist(own, { canvas: 'torn' });
  const otter = await Client.artist(own, { canvas: 'torn' });
  await mira.draw([10, 10, 20, 20]);
  await otter.view({ level: 0, x: 0, y: 0 });
  const { nonce, token } = mira;
  const whole = [[80, 80], [800, 80], [1600, 80]];
  mira.preview(2, 0, lineBody([], { points: whole.slice(0, 2) }));
  await mira.settle();
  await mira.vanish();
  const partial = await otter.wait((event) => event.type === 'op' && event.counter === 2, 0, 'the partial stroke');
  const again = await Client.join(own, { canvas: 'torn', token, nonce });
  const { seq } = await again.commit(lineBody([], { points: whole }), { counter: 2 });
  const { ops } = await ask(again, { type: 'mine', id: 1 });
  assert.deepEqual(ops.slice(0, 2), [
    { seq: String(seq), kind: 'stroke', part: 0, parts: 1, replaces: String(partial.seq) },
    { seq: String(partial.seq), kind: 'stroke', part: 0, parts: 1 },
  ]);
  await own.kill();
});

for (const wrong of [{}, { id: -1 }, { id: 1, limit: 0 }, { id: 1, limit: 1001 }, { id: 1, before: 'x' }, { id: 1, before: -1 }]) {
  test(`mine_${JSON.stringify(wrong)}_is_refused`, async () => {
    const client = await Client.artist(server, { canvas: newCanvas() });
    client.say({ type: 'mine', ...wrong });
    assert.equal((await client.closed).code, 1008);
    assert.equal(client.all('error')[0].code, 'invalid');
  });
}

// ---- rolling back ----

const EVERYTHING = { level: 0, x: '0', y: '0', width: 256, height: 256, from: '1', to: '1000000' };
const rollback = (client, id, message) =>
  ask(client, { type: 'rollback', id, artists: null, lasso: null, ...EVERYTHING, ...message });

// Mira and Otter draw in turns: a vandal's strokes between those of another. Moderator: has the admin token.
async function vandalised() {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const otter = await Client.artist(server, { canvas });
  const seqs = { mira: [], otter: [] };
  for (let i = 0; i < 4; i += 1) {
    seqs.mira.push(await mira.draw([20, 40 + 40 * i, 230, 40 + 40 * i], { color: RED, ...FAT }));
    seqs.otter.push(await otter.draw([40 + 50 * i, 20, 40 + 50 * i, 230], { color: BLUE, ...FAT }));
  }
  const moderator = await Client.artist(server, { canvas, admin: server.adminToken() });
  return { canvas, mira, otter, moderator, seqs, last: seqs.otter[3] };
}

test('a_rollback_tells_what_it_would_do_and_does_nothing_yet', async () => {
  const { canvas, mira, otter, moderator, last } = await vandalised();
  const all = await rollback(moderator, 1, {});
  assert.deepEqual([all.strokes, all.seq, all.ops], [8, null, 1]);
  const byNumber = [...all.artists].sort((a, b) => a.artist - b.artist);
  assert.deepEqual(byNumber, [
    { artist: mira.me.artist, name: mira.me.name, strokes: 4 }, { artist: otter.me.artist, name: otter.me.name, strokes: 4 },
  ]);
  const one = await rollback(moderator, 2, { artists: [otter.me.artist] });
  assert.deepEqual([one.strokes, one.artists.length], [4, 1]);
  const none = await rollback(moderator, 3, { artists: [4000000000] });
  assert.deepEqual([none.strokes, none.artists, none.seq, none.ops], [0, [], null, 0]);
  const { json } = await getJson(server, `/api/canvas/${canvas}`);
  assert.equal(json.seq, last);
});

test('a_rollback_hides_the_chosen_strokes_others_stay_and_it_can_be_undone', async () => {
  const { canvas, mira, otter, moderator, seqs, last } = await vandalised();
  const vandalism = await present(canvas, 0, 0, 0, last);
  await mira.view({ level: 0, x: 0, y: 0 });
  const done = await rollback(moderator, 1, { artists: [otter.me.artist], apply: true });
  assert.equal(done.strokes, 4);
  assert.equal(done.ops, 1);
  assert.equal(done.seq, String(last + 1));
  const hide = await mira.op(last + 1);
  assert.equal(hide.artist, moderator.me.artist, 'in the name of who asked');
  await mira.wait((event) => event.type === 'tile' && event.seq === last + 1, 0, 'the notice of the tile');

  const clean = await present(canvas, 0, 0, 0, last + 1);
  assert.equal(pixelAt(clean, 40, 60)[3], 0, 'where only the vandal drew');
  assert.deepEqual(pixelAt(clean, 40, 80), [255, 0, 0, 255], 'beneath the vandal');
  const alone = await Client.artist(server, { canvas: newCanvas() });
  let only;
  for (let i = 0; i < 4; i += 1) {
    only = await alone.draw([20, 40 + 40 * i, 230, 40 + 40 * i], { color: RED, ...FAT });
  }
  assert.ok(clean.rgba.equals((await present(alone.canvas, 0, 0, 0, only)).rgba), 'as if it had not been');

  assert.equal((await rollback(moderator, 2, {})).strokes, 4, 'what is hidden is not counted again');
  const { ops } = await ask(moderator, { type: 'mine', id: 3 });
  assert.deepEqual(ops, [
    { seq: String(Number(done.seq) + 1), kind: 'record' }, { seq: done.seq, kind: 'hide', targets: seqs.otter.map(String) },
  ]);
  const undo = await moderator.commit(showBody(...seqs.otter));
  assert.equal(undo.type, 'ack');
  const back = await present(canvas, 0, 0, 0, undo.seq);
  assert.ok(back.rgba.equals(vandalism.rgba), 'the exact pixels again');
  assert.ok((await past(canvas, 0, 0, 0, last + 1)).rgba.equals(clean.rgba));
});

test('a_rollback_is_bounded_by_rectangle_lasso_and_span', async () => {
  const { otter, moderator, seqs } = await vandalised();
  const count = async (message) => (await rollback(moderator, moderator.mark() + 1, message)).strokes;
  assert.equal(await count({ x: '30', y: '50', width: 20, height: 5 }), 1, 'between the horizontal ones');
  assert.equal(await count({ from: String(seqs.mira[1]), to: String(seqs.otter[2]) }), 4);
  assert.equal(await count({ from: String(seqs.otter[3]), to: String(seqs.otter[3]), artists: [otter.me.artist] }), 1);
  assert.equal(await count({ lasso: [[30, 52], [52, 52], [52, 68], [30, 68]] }), 1);
  assert.equal(await count({ lasso: [[70, 60], [80, 60], [75, 66]] }), 0);
  assert.equal(await count({ level: 2, x: '120', y: '208', width: 80, height: 20 }), 1, 'the same at another level');
  assert.equal(await count({ x: '-300', y: '-300', width: 100, height: 100 }), 0);
});

test('a_stroke_of_several_parts_is_rolled_back_whole_and_counts_once', async () => {
  const { canvas, mira, otter, moderator } = await vandalised();
  const parts = [0, 1, 2].map((part) => lineBody([300 + 300 * part, 10, 500 + 300 * part, 10], { part, parts: 3, color: BLUE, ...FAT }));
  const { seq: first } = await otter.commit(parts);
  await mira.draw([620, 0, 620, 40], { color: RED, ...FAT });
  const middle = { x: '610', y: '0', width: 30, height: 20 };

  const [above, below] = (await question(canvas, 'at', { level: 0, x: 620, y: 10 })).strokes;
  assert.equal(above.parts, 1);
  assert.deepEqual([below.seq, below.parts, below.points, below.artist, below.hidden], [first + 2, 3, 6, otter.me.artist, false]);
  assert.deepEqual(below.box.map(Number), [292, 2, 1109, 19], 'around all of it');

  const told = await rollback(moderator, 1, { ...middle, artists: [otter.me.artist] });
  assert.deepEqual([told.strokes, told.artists[0].strokes, told.ops], [1, 1, 1]);
  const done = await rollback(moderator, 2, { ...middle, artists: [otter.me.artist], apply: true });
  assert.equal(done.strokes, 1);
  const { ops: [, hide] } = await ask(moderator, { type: 'mine', id: 3, limit: 2 });
  assert.deepEqual(hide.targets.map(Number), [first, first + 1, first + 2]);
  const { strokes } = await question(canvas, 'at', { level: 0, x: 950, y: 10 });
  assert.deepEqual(strokes.map(({ seq, hidden }) => [seq, hidden]), [[first + 2, true]], 'also where nobody asked');
});

test('nothing_to_roll_back_makes_no_op', async () => {
  const { canvas, moderator, last } = await vandalised();
  const none = await rollback(moderator, 1, { x: '1000', apply: true });
  assert.deepEqual([none.strokes, none.seq, none.ops, none.artists], [0, null, 0, []]);
  assert.equal((await getJson(server, `/api/canvas/${canvas}`)).json.seq, last);
  const nowhere = await Client.artist(server, { canvas: newCanvas(), admin: server.adminToken() });
  assert.equal((await rollback(nowhere, 1, { apply: true })).strokes, 0);
});

test('only_who_has_the_admin_token_may_roll_back', async () => {
  const { canvas, mira, last } = await vandalised();
  for (const apply of [false, true]) {
    const answer = await rollback(mira, 7, { apply });
    assert.deepEqual([answer.type, answer.id, answer.code, answer.fatal], ['error', 7, 'denied', false]);
  }
  assert.equal((await getJson(server, `/api/canvas/${canvas}`)).json.seq, last);
  assert.equal((await mira.commit(hideBody(last))).type, 'nack');
});

test('to_apply_a_rollback_takes_an_identity', async () => {
  const { canvas, last } = await vandalised();
  const nameless = await Client.join(server, { canvas, admin: server.adminToken() });
  assert.equal((await rollback(nameless, 1, {})).strokes, 8);
  const answer = await rollback(nameless, 2, { apply: true });
  assert.deepEqual([answer.type, answer.code], ['error', 'denied']);
  await nameless.identify();
  assert.equal((await rollback(nameless, 3, { apply: true })).seq, String(last + 1));
});

test('a_rollback_of_more_strokes_than_one_op_names_is_one_action', async () => {
  const { canvas, mira } = await drawn();
  const from = mira.mark();
  let last;
  for (let i = 0; i < 5000; i += 1) {
    last = mira.submit(lineBody([i % 200, 10 + (i % 190), 20 + (i % 200), 12], { width: 512 }));
    if (i % 1000 === 999) {
      await mira.answer(last, from);
    }
  }
  const { seq } = await mira.answer(last, from);
  const moderator = await Client.artist(server, { canvas, admin: server.adminToken() });
  const preview = await rollback(moderator, 1, { artists: [mira.me.artist], from: '2' });
  assert.deepEqual([preview.strokes, preview.ops, preview.seq], [5000, 2, null]);
  const done = await rollback(moderator, 2, { artists: [mira.me.artist], from: '2', apply: true });
  assert.deepEqual([done.strokes, done.ops, done.seq], [5000, 2, String(seq + 1)]);
  const { json } = await getJson(server, `/api/canvas/${canvas}`);
  assert.equal(json.seq, seq + 3, 'two hides, and the record of them');
  const picture = await present(canvas, 0, 0, 0, seq + 2);
  const first = await past(canvas, 0, 0, 0, 1);
  assert.ok(picture.rgba.equals(first.rgba), 'only the first stroke is left');
});

test('a_rollback_of_strokes_that_are_too_much_for_one_op_is_one_action', async () => {
  const { canvas, count, seq } = await heavy();
  const moderator = await Client.artist(server, { canvas, admin: server.adminToken() });
  const done = await rollback(moderator, 1, { apply: true });
  assert.deepEqual([done.strokes, done.ops, done.seq], [count, 2, String(seq + 1)]);
  const mine = await ask(moderator, { type: 'mine', id: 2 });
  const ops = mine.ops.filter((op) => op.kind === 'hide');
  assert.equal(ops.flatMap((op) => op.targets).length, count);
  assert.equal((await rollback(moderator, 3, {})).strokes, 0);
  for (const { targets } of ops) {
    assert.equal((await moderator.commit(showBody(...targets.map(Number)))).type, 'ack');
  }
  assert.equal((await rollback(moderator, 4, {})).strokes, count);
});

const BAD = [
  { width: 0 }, { level: 25 }, { x: '2147483648' }, { artists: [] }, { artists: [0] }, { artists: ['1'] },
  { artists: Array(257).fill(1) }, { lasso: [[0, 0], [1, 1]] }, { lasso: [[0, 0], [1, 1], [1, 'a']] },
  { lasso: [[0, 0], [300, 1], [1, 1]] }, { lasso: [[0, 0], [-1, 1], [1, 1]] }, { lasso: Array(1025).fill([1, 1]) },
  { from: '5', to: '4' }, { to: 'x' }, { lasso: [[0, 0, 0], [1, 1, 1], [2, 2, 2]] }, { lasso: 7 }, { artists: 7 },
];
test('malformed_rollbacks_are_refused_with_a_reason', async () => {
  const { moderator } = await vandalised();
  for (const [i, message] of BAD.entries()) {
    const answer = await rollback(moderator, 100 + i, message);
    assert.deepEqual([answer.type, answer.code, answer.fatal], ['error', 'invalid', false], JSON.stringify(message));
  }
  const lasso = Array.from({ length: 1024 }, (_, i) => [128 + 120 * Math.cos(i / 163), 128 + 120 * Math.sin(i / 163)]);
  assert.equal((await rollback(moderator, 99, { lasso })).strokes, 8);
});

test('watchers_may_not_roll_back', async () => {
  const { canvas } = await vandalised();
  const watcher = await Client.join(server, { canvas, watch: true, admin: server.adminToken() });
  watcher.say({ type: 'rollback', id: 1, ...EVERYTHING });
  assert.equal((await watcher.closed).code, 1008);
});

test('a_flood_of_questions_about_the_past_is_answered_in_the_end', async () => {
  const { mira, moderator } = await vandalised();
  for (let i = 0; i < 300; i += 1) {
    mira.say({ type: 'mine', id: i });
    moderator.say({ type: 'rollback', id: i, ...EVERYTHING });
  }
  for (let i = 0; i < 300; i += 1) {
    await mira.wait((event) => event.type === 'mine' && event.id === i);
    await moderator.wait((event) => event.type === 'rollback' && event.id === i);
  }
  assert.deepEqual([mira.all('mine').length, moderator.all('rollback').length], [300, 300]);
});

// The last one: it ends the server of all the others. A sanitizer's build tells here what was never freed.
test('after_all_this_the_server_ends_cleanly', async () => {
  const { code } = await server.stop();
  assert.equal(code, 0, server.log());
});
