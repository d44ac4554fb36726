// Text as outlines over HTTP, and on to the wall as a filled shape that keeps its words.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { Client, startServer } from './client.mjs';
import './tidy.mjs';
import { load } from '../web/load.mjs';

const { decodeOp, encodeOp, makePoints, TOOL_FILL, FILL_WIDTH } = await load('core/op.ts');

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

const ask = (question) => fetch(`${server.url}/api/outline?${new URLSearchParams(question)}`);

async function outline(question) {
  const answer = await ask({ font: 'sans', size: '40', ...question });
  assert.equal(answer.status, 200);
  return answer.json();
}

// What a client makes of an answer: absolute points.
function shapeOf({ contours }, text) {
  const points = makePoints(contours.reduce((sum, contour) => sum + contour.length / 2, 0));
  points.pressure.fill(255);
  for (const contour of contours) {
    let [x, y] = [0, 0];
    for (let i = 0; i < contour.length; i += 2) {
      points.x[points.count] = x += contour[i];
      points.y[points.count++] = y += contour[i + 1];
    }
  }
  return {
    kind: 'stroke', tool: TOOL_FILL, color: 0x23211fff, width: FILL_WIDTH, startMs: null, part: 0, parts: 1,
    origin: { level: 0, x: 0, y: 0 }, hasPressure: false, hasTimes: false, points, text,
    contours: contours.map((contour) => contour.length / 2),
  };
}

test('text_is_answered_as_contours_in_eighths_and_may_be_cached', async () => {
  const answer = await ask({ text: 'BB', font: 'mono', size: '100', level: '-2' });
  assert.match(answer.headers.get('cache-control'), /^public, max-age=86400$/);
  const { level, width, height, baseline, points, contours } = await answer.json();
  assert.deepEqual([level, contours.length], [-2, 6]);
  assert.equal(points, contours.reduce((sum, contour) => sum + contour.length / 2, 0));
  assert.ok(width > 2 * 50 * 8 && width < 2 * 70 * 8 && height > 800 && baseline > 600 && baseline < height);
});

test('every_character_comes_through_the_query', async () => {
  const alone = async (text) => (await outline({ text })).width;
  for (const text of ['&', '+', '%', '=', '?', '#', ';', '"', '\\', '/', '&&', 'a&b=c', 'வா', '\u{1f33a}']) {
    const [both, marks] = [await alone(`[${text}]`), await alone('[]')];
    assert.ok(both > marks, text);
  }
  assert.equal(await alone('a&b'), (await alone('a')) + (await alone('b')) + (await alone('&')));
});

test('wrong_questions_are_told_why', async () => {
  const fine = { text: 'a', font: 'sans', size: '10' };
  const wrong = [
    { ...fine, text: '' }, { ...fine, text: 'a'.repeat(801) }, { ...fine, font: 'papyrus' }, { ...fine, size: '0' },
    { ...fine, size: '2049' }, { ...fine, size: 'nan' }, { ...fine, size: '1e3' }, { ...fine, size: '' },
    { ...fine, level: '25' }, { ...fine, level: '0.5' }, { ...fine, level: 'x' }, { text: 'a' }, {},
  ];
  for (const question of wrong) {
    const answer = await ask(question);
    assert.equal(answer.status, 400, JSON.stringify(question));
    assert.ok((await answer.json()).error.length > 10);
  }
  const latin = await fetch(`${server.url}/api/outline?text=%ff&font=sans&size=10`);
  assert.equal(latin.status, 400);
});

test('text_is_drawn_on_the_wall_with_its_words_beside', async () => {
  const text = 'கோலம் & kolam';
  const client = await Client.artist(server, { canvas: 'words' });
  await client.view({ x: -2, y: -2, width: 4, height: 4 });
  const body = encodeOp(shapeOf(await outline({ text, size: '30' }), text));
  const ack = await client.commit(body);
  assert.equal(ack.type, 'ack', ack.message);
  const op = decodeOp(new Uint8Array((await client.op(ack.seq)).body));
  assert.equal(op.text, text);
  const at = await (await fetch(`${server.url}/api/canvas/words/at?level=0&x=30&y=25&slack=16`)).json();
  assert.equal(at.strokes[0].tool, 'fill');
  const tile = await fetch(`${server.url}/tiles/words/0/0/0.png`);
  assert.ok((await tile.arrayBuffer()).byteLength > 1000);
});

test('many_who_write_at_once_are_all_answered_or_told_to_wait', async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) =>
    ask({ text: `number ${i}`, font: 'serif', size: '20' })));
  const statuses = answers.map(({ status }) => status);
  assert.ok(statuses.filter((status) => status === 200).length >= 16);
  assert.ok(statuses.every((status) => status === 200 || status === 503));
});

test('lines_are_parted_by_the_separators_that_a_query_lets_through', async () => {
  const one = await outline({ text: 'abcd' });
  for (const separator of ['\u2028', '\u2029']) {
    const two = await outline({ text: `ab${separator}cd` });
    assert.ok(two.height > 1.8 * one.height && two.width < one.width);
  }
});
