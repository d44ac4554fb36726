// Pictures over HTTP: tiles with their versions, and regions as one PNG.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { Client, eventually, get, getJson, hideBody, startServer } from './client.mjs';
import { decodePng, pixelAt } from './png.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

let canvasNumber = 0;
const newCanvas = () => `tiles-${(canvasNumber += 1)}`;
const tilePath = (canvas, level, x, y, version) =>
  `/tiles/${canvas}/${level}/${x}/${y}.png${version ? `?v=${version}` : ''}`;
const etagVersion = (answer) => /^"(.*)"$/.exec(answer.headers.etag)?.[1];
const seqOf = (version) => Number(version.split('-')[2]);

// The present picture of a tile at least as new as `seq`: follows the redirect, waits out a rebuild.
function tile(canvas, level, x, y, seq = 0) {
  return eventually(async () => {
    let answer = await get(server, tilePath(canvas, level, x, y));
    if (answer.status === 302) {
      answer = await get(server, answer.headers.location);
    }
    assert.equal(answer.status, 200);
    return seqOf(etagVersion(answer)) >= seq && { ...answer, ...decodePng(answer.body) };
  }, `tile ${level}/${x}/${y} of seq ${seq}`);
}

const RED = 0xff0000ff;
async function drawn(options) {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const seq = await mira.draw([40, 128, 200, 128], { color: RED, width: 16 * 256, ...options });
  return { canvas, mira, seq };
}

test('a_tile_shows_the_stroke_where_it_was_drawn', async () => {
  const { canvas, seq } = await drawn();
  const picture = await tile(canvas, 0, 0, 0, seq);
  assert.deepEqual([picture.width, picture.height], [256, 256]);
  for (const x of [40, 120, 199]) {
    assert.deepEqual(pixelAt(picture, x, 128), [255, 0, 0, 255]);
    assert.deepEqual(pixelAt(picture, x, 121), [255, 0, 0, 255]);
    assert.equal(pixelAt(picture, x, 118)[3], 0);
    assert.equal(pixelAt(picture, x, 138)[3], 0);
  }
  assert.equal(pixelAt(picture, 30, 128)[3], 0);
  assert.equal(pixelAt(picture, 210, 128)[3], 0);
});

test('a_tile_is_immutable_under_its_version_alone', async () => {
  const { canvas, mira, seq } = await drawn();
  const { incarnation, raster } = mira.welcome;
  const version = `${(await getJson(server, `/api/canvas/${canvas}`)).json.incarnation}-${raster}-${seq}`;
  const exact = await get(server, tilePath(canvas, 0, 0, 0, version));
  assert.equal(exact.status, 200);
  assert.equal(exact.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.equal(exact.headers['content-type'], 'image/png');
  assert.equal(exact.headers.etag, `"${version}"`);
  assert.match(incarnation, /^[0-9a-f]{16}$/);
  for (const other of [undefined, `${version}0`, `${'0'.repeat(16)}-${raster}-${seq}`, 'x', '%20', seq]) {
    const answer = await get(server, tilePath(canvas, 0, 0, 0, other));
    assert.equal(answer.status, 302, `v=${other}`);
    assert.equal(answer.headers.location, tilePath(canvas, 0, 0, 0, version));
    assert.equal(answer.headers['cache-control'], other === undefined ? 'public, max-age=1' : 'no-store', `v=${other}`);
  }
});

test('the_version_of_the_welcome_is_the_tiles_also_on_a_canvas_that_was_fresh', async () => {
  const { canvas, mira, seq } = await drawn();
  const { incarnation, raster } = mira.welcome;
  const answer = await get(server, tilePath(canvas, 0, 0, 0));
  assert.equal(answer.headers.location, tilePath(canvas, 0, 0, 0, `${incarnation}-${raster}-${seq}`));
});

test('an_unchanged_tile_is_answered_304', async () => {
  const { canvas, seq } = await drawn();
  const first = await tile(canvas, 0, 0, 0, seq);
  const path = tilePath(canvas, 0, 0, 0, etagVersion(first));
  for (const value of [first.headers.etag, `W/${first.headers.etag}`, `"a", ${first.headers.etag}`]) {
    const again = await get(server, path, { headers: { 'If-None-Match': value } });
    assert.equal(again.status, 304, value);
    assert.equal(again.body.length, 0);
    assert.equal(again.headers.etag, first.headers.etag);
  }
  const other = await get(server, path, { headers: { 'If-None-Match': '"x"' } });
  assert.equal(other.status, 200);
});

test('a_new_stroke_makes_a_new_version', async () => {
  const { canvas, mira, seq } = await drawn();
  const old = etagVersion(await tile(canvas, 0, 0, 0, seq));
  const later = await mira.draw([128, 40, 128, 200], { color: 0x0000ffff, width: 16 * 256 });
  const kept = await get(server, tilePath(canvas, 0, 0, 0, old));
  assert.deepEqual([kept.status, etagVersion(kept)], [200, old], 'at hand until the newer one is drawn');
  const picture = await tile(canvas, 0, 0, 0, later);
  assert.deepEqual(pixelAt(picture, 128, 60), [0, 0, 255, 255]);
  assert.deepEqual(pixelAt(picture, 128, 128), [0, 0, 255, 255], 'the later one is on top');
  assert.deepEqual(pixelAt(picture, 60, 128), [255, 0, 0, 255]);
  const answer = await get(server, tilePath(canvas, 0, 0, 0, old));
  assert.equal(answer.status, 302, 'the old version is gone');
  assert.equal(answer.headers.location, tilePath(canvas, 0, 0, 0, etagVersion(picture)));
  assert.equal(answer.headers['cache-control'], 'public, max-age=1', 'what it leads to is newer');
});

test('a_tile_without_ink_has_seq_zero_and_is_transparent', async () => {
  const { canvas } = await drawn();
  const picture = await tile(canvas, 0, 7, 7);
  assert.equal(seqOf(etagVersion(picture)), 0);
  assert.ok(picture.rgba.every((byte) => byte === 0));
});

test('a_hidden_stroke_is_gone_from_the_tile_and_comes_back', async () => {
  const { canvas, mira, seq } = await drawn();
  assert.equal(pixelAt(await tile(canvas, 0, 0, 0, seq), 120, 128)[3], 255);
  const hide = await mira.commit(hideBody(seq));
  assert.equal(pixelAt(await tile(canvas, 0, 0, 0, hide.seq), 120, 128)[3], 0);
});

test('an_eraser_takes_away_and_translucent_ink_does_not_darken_where_it_crosses_itself', async () => {
  const { canvas, mira } = await drawn();
  const erased = await mira.draw([120, 100, 120, 160], { tool: 'eraser', color: 0x000000ff, width: 16 * 256 });
  const picture = await tile(canvas, 0, 0, 0, erased);
  assert.equal(pixelAt(picture, 120, 128)[3], 0);
  assert.equal(pixelAt(picture, 60, 128)[3], 255);
  const points = [[400, 300], [1600, 900], [400, 900], [1600, 300]].map(([x, y]) => [x, y]);
  const crossed = await mira.draw([], { x: 1, points, tool: 'marker', color: 0x00ff0080, width: 16 * 256 });
  const marker = await tile(canvas, 0, 1, 0, crossed);
  const [, green, , alpha] = pixelAt(marker, 125, 75);
  assert.ok(Math.abs(alpha - 128) <= 1 && green >= 254, `crossing: ${pixelAt(marker, 125, 75)}`);
});

test('the_same_ink_is_seen_from_above_and_below', async () => {
  const { canvas, seq } = await drawn();
  const above = await tile(canvas, -2, 0, 0, seq);
  assert.deepEqual(pixelAt(above, 30, 32), [255, 0, 0, 255]);
  assert.equal(pixelAt(above, 30, 40)[3], 0);
  const below = await tile(canvas, 2, 1, 2, seq);
  assert.deepEqual(pixelAt(below, 100, 0), [255, 0, 0, 255], 'level 0 pixel (89, 128)');
  assert.equal(pixelAt(below, 100, 60)[3], 0);
  const far = await tile(canvas, -24, 0, 0, seq);
  assert.equal(seqOf(etagVersion(far)), seq);
});

test('head_tells_what_get_would', async () => {
  const { canvas, seq } = await drawn();
  const full = await tile(canvas, 0, 0, 0, seq);
  const path = tilePath(canvas, 0, 0, 0, etagVersion(full));
  const head = await get(server, path, { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.body.length, 0);
  assert.equal(head.headers.etag, full.headers.etag);
  assert.equal(head.headers['content-length'], String(full.body.length));
});

const WRONG_TILES = [
  '/tiles/main/25/0/0.png', '/tiles/main/-25/0/0.png', '/tiles/main/0/8388608/0.png', '/tiles/main/0/0/-8388609.png',
  '/tiles/main/0/0/0', '/tiles/main/0/0/0.jpg', '/tiles/main/0/0', '/tiles/main/0/a/0.png', '/tiles/main/+0/0/0.png',
  '/tiles/main/0/0.5/0.png', '/tiles/main/0//0.png', '/tiles/Main/0/0/0.png', '/tiles/../main/0/0/0.png',
  '/tiles/main/0/99999999999999999999999/0.png', '/tiles/main/0/0/0.png/', '/tiles/', '/tiles', '/tiles/main/0/0/.png',
];
for (const path of WRONG_TILES) {
  test(`refuses_${path}`, async () => {
    const answer = await getJson(server, path);
    assert.ok([400, 404].includes(answer.status), `status ${answer.status}`);
    assert.match(answer.headers['content-type'], /^application\/json/);
    assert.equal(typeof answer.json.error, 'string');
  });
}

test('a_tile_of_a_canvas_that_does_not_exist_is_not_found_or_empty_and_makes_nothing', async () => {
  const answer = await get(server, tilePath('never-drawn', 0, 0, 0));
  assert.ok([200, 302, 404].includes(answer.status), `status ${answer.status}`);
  const { status } = await get(server, '/api/canvas/never-drawn');
  assert.ok([200, 404].includes(status));
});

// ---- the API ----

test('the_api_tells_about_a_canvas', async () => {
  const { canvas, mira, seq } = await drawn();
  const { json, headers } = await getJson(server, `/api/canvas/${canvas}`);
  assert.deepEqual(Object.keys(json).sort(), ['artists', 'base', 'box', 'canvas', 'incarnation', 'raster', 'recent', 'seq']);
  assert.equal(json.canvas, canvas);
  assert.equal(json.seq, seq);
  assert.equal(json.raster, mira.welcome.raster);
  assert.equal(json.artists, 1);
  assert.equal(json.base, null);
  const [x0, y0, x1, y1] = json.box;
  assert.ok(x0 <= 32 && x0 >= 0 && x1 >= 208 && x1 <= 256, `box ${json.box}`);
  assert.ok(y0 <= 120 && y0 >= 0 && y1 >= 136 && y1 <= 256, `box ${json.box}`);
  assert.equal(json.recent.level, 0);
  assert.match(headers['content-type'], /^application\/json/);
});

test('the_api_of_an_empty_canvas_has_no_box', async () => {
  const { json } = await getJson(server, '/api/canvas/main');
  assert.deepEqual([json.seq, json.box, json.recent, json.artists], [0, null, null, 0]);
});

// ---- snapshots ----

const snapshot = (canvas, rect, more = '') =>
  get(server, `/snapshot.png?canvas=${canvas}&rect=${rect}${more}`);

test('a_snapshot_is_what_the_tiles_show', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  let seq;
  for (let i = 0; i < 40; i += 1) {
    const points = [[(i * 97) % 700 - 200, (i * 61) % 600], [(i * 33) % 700, (i * 83) % 600 - 100]];
    seq = await mira.draw([], {
      points: points.map(([x, y]) => [x * 8 + (i % 8), y * 8]), color: (0x10203040 * (i + 1)) >>> 0,
      width: 100 + i * 90, tool: ['pen', 'marker'][i % 2],
    });
  }
  const picture = decodePng((await snapshot(canvas, '-256,-256,768,768')).body);
  assert.deepEqual([picture.width, picture.height], [768, 768]);
  for (let ty = -1; ty < 2; ty += 1) {
    for (let tx = -1; tx < 2; tx += 1) {
      const want = await tile(canvas, 0, tx, ty);
      for (let y = 0; y < 256; y += 1) {
        const row = picture.rgba.subarray((((ty + 1) * 256 + y) * 768 + (tx + 1) * 256) * 4).subarray(0, 1024);
        const expected = want.rgba.subarray(y * 1024, y * 1024 + 1024);
        assert.equal(Buffer.compare(row, expected), 0, `tile ${tx},${ty}, row ${y}`);
      }
    }
  }
  assert.equal(Number(picture.text['kolam:canvas-seq']), seq);
  assert.match(picture.text.Software, /kolam/i);
  assert.ok(picture.text['Creation Time'] && picture.text.Title, JSON.stringify(picture.text));
});

test('a_snapshot_can_be_scaled_and_given_a_ground', async () => {
  const { canvas } = await drawn();
  const half = decodePng((await snapshot(canvas, '0,0,256,256', '&scale=0.5')).body);
  assert.deepEqual([half.width, half.height], [128, 128]);
  assert.deepEqual(pixelAt(half, 60, 64), [255, 0, 0, 255]);
  assert.equal(pixelAt(half, 60, 20)[3], 0);
  const third = decodePng((await snapshot(canvas, '0,0,300,150', '&scale=0.3333')).body);
  assert.ok(Math.abs(third.width - 100) <= 1 && Math.abs(third.height - 50) <= 1);
  const double = decodePng((await snapshot(canvas, '100.5,100,40,40', '&scale=2')).body);
  assert.deepEqual([double.width, double.height], [80, 80]);
  assert.deepEqual(pixelAt(double, 40, 56), [255, 0, 0, 255]);
  const white = decodePng((await snapshot(canvas, '0,0,256,256', '&ground=ffeedd')).body);
  assert.deepEqual(pixelAt(white, 5, 5), [255, 238, 221, 255]);
  assert.deepEqual(pixelAt(white, 100, 128), [255, 0, 0, 255]);
});

const WRONG_SNAPSHOTS = [
  '', '?canvas=main', '?canvas=main&rect=', '?canvas=main&rect=1,2,3', '?canvas=main&rect=1,2,3,4,5',
  '?canvas=main&rect=0,0,0,10', '?canvas=main&rect=0,0,-5,10', '?canvas=main&rect=nan,0,5,5',
  '?canvas=main&rect=0,0,inf,5', '?canvas=main&rect=0,0,1e3,5', '?canvas=main&rect=0x1,0,5,5',
  '?canvas=main&rect=9e99,0,5,5', '?canvas=main&rect=0,0,5,5&scale=0', '?canvas=main&rect=0,0,5,5&scale=-1',
  '?canvas=main&rect=0,0,5,5&scale=nan', '?canvas=main&rect=0,0,5,5&scale=99999999', '?canvas=main&rect=0,0,20000,5',
  '?canvas=main&rect=0,0,5,5&ground=red', '?canvas=main&rect=0,0,5,5&ground=12345', '?canvas=..&rect=0,0,5,5',
  '?canvas=main&rect=4294967296,0,5,5', '?rect=0,0,5,5&canvas=a/b', '?canvas=main&rect= 0,0,5,5',
];
for (const query of WRONG_SNAPSHOTS) {
  test(`refuses_a_snapshot_of_${query}`, async () => {
    const answer = await getJson(server, `/snapshot.png${query.replaceAll(' ', '%20')}`);
    assert.ok([400, 404, 413].includes(answer.status), `status ${answer.status}`);
    assert.equal(typeof answer.json.error, 'string');
  });
}

test('the_newest_there_is_comes_at_once_and_tells_its_version', async () => {
  const { canvas, mira, seq } = await drawn();
  for (const next of [() => seq, () => mira.draw([40, 200, 200, 200], { color: RED })]) {
    const wanted = await next();
    const answer = await get(server, tilePath(canvas, 0, 0, 0, 'new'));
    assert.deepEqual([answer.status, answer.headers['cache-control']], [200, 'public, max-age=1']);
    assert.equal(seqOf(etagVersion(answer)), wanted);
    assert.equal(decodePng(answer.body).width, 256);
  }
  const empty = await get(server, tilePath(canvas, 0, 5, 5, 'new'));
  assert.deepEqual([empty.status, seqOf(etagVersion(empty))], [200, 0]);
  assert.equal((await get(server, tilePath('never-drawn-on', 0, 0, 0, 'new'))).status, 204);
  assert.equal((await get(server, tilePath('never-drawn-on', 0, 0, 0))).status, 404);
});

test('many_readers_of_many_tiles_are_all_answered', async () => {
  const { canvas, seq } = await drawn();
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) =>
    get(server, tilePath(canvas, -(i % 5), (i % 7) - 3, (i % 3) - 1))));
  assert.ok(answers.every(({ status }) => status === 302 || status === 200));
  assert.equal(seqOf(etagVersion(await tile(canvas, 0, 0, 0, seq))), seq);
});

test('a_stroke_wider_than_a_tile_is_whole_across_tiles', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const seq = await mira.draw([128, 128, 128, 128], { points: [[1024, 1024]], width: 131072, color: RED });
  const middle = await tile(canvas, 0, 0, 0, seq);
  assert.deepEqual(pixelAt(middle, 0, 0), [255, 0, 0, 255]);
  const beside = await tile(canvas, 0, 1, 0, seq);
  assert.deepEqual(pixelAt(beside, 120, 128), [255, 0, 0, 255]);
  assert.equal(pixelAt(beside, 140, 128)[3], 0, 'the radius is 256 px');
});
