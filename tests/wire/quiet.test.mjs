// Quiet areas: who drew there is learnt by nobody but who may see names there, and who drew it; by no way there is to ask.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { acted, ask, Client, decodeFrame, eventually, get, hideBody, kolam, lineBody, newNonce, showBody, startServer } from './client.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

let canvasNumber = 0;
const newCanvas = () => `quiet-${(canvasNumber += 1)}`;


const VIEW = { level: 0, x: 0, y: 0, width: 32, height: 4 };
const INSIDE = [6220, 100, 6310, 190];
const OUTSIDE = [100, 100, 190, 190];
const QUIET = { kind: 'area', area: 'quiet', level: 0, x: '6144', y: '0', width: 1024, height: 1024, name: 'Hush' };

// A wall with a quiet area, and all kinds of people who look at it.
async function wall({ isQuiet = true } = {}) {
  const canvas = newCanvas();
  const admin = await Client.join(server, { canvas, admin: server.adminToken() });
  const mira = await Client.artist(server, { canvas });
  const otto = await Client.artist(server, { canvas });
  const moderator = await Client.artist(server, { canvas });
  for (const one of [mira, otto, moderator]) {
    await one.draw(OUTSIDE);
  }
  await acted(admin, { kind: 'role', artist: moderator.me.artist, role: 'moderator' });
  await acted(admin, { kind: 'role', artist: otto.me.artist, role: 'mentor' });
  const watcher = await Client.join(server, { canvas, watch: true });
  const area = isQuiet ? await acted(admin, QUIET) : null;
  for (const one of [mira, otto, moderator, watcher, admin]) {
    await one.view(VIEW);
  }
  return { canvas, admin, mira, otto, moderator, watcher, area };
}

const cursorAt = (x, y) => ({ level: 0, tileX: x >> 8, tileY: y >> 8, x: (x & 255) * 8, y: (y & 255) * 8 });
const api = async (canvas, path, asker) => {
  const headers = asker ? { 'X-Kolam-Pass': asker.welcome.pass } : {};
  const answer = await get(server, `/api/canvas/${canvas}/${path}`, { headers });
  assert.equal(answer.status, 200, `${path}: ${answer.body}`);
  return answer;
};
const json = async (canvas, path, asker) => JSON.parse((await api(canvas, path, asker)).body);
const strokes = async (canvas, more = '', asker) =>
  decodeFrame((await api(canvas, `strokes?level=0&x=0&y=0&width=8192&height=1024${more}`, asker)).body);
const under = async (canvas, [x, y], asker) => (await json(canvas, `at?level=0&x=${x}&y=${y}&slack=2`, asker)).strokes;
const isOf = (who) => ({ artist, nonce }) => artist === who.me.artist || nonce === who.nonce;

test('an_op_in_a_quiet_area_is_nobodys_but_to_moderators_and_its_author', async () => {
  const { mira, otto, moderator, watcher, admin } = await wall();
  const mark = mira.mark();
  const seq = await mira.draw(INSIDE);
  for (const one of [moderator, admin, mira]) {
    const op = await one.op(seq);
    assert.deepEqual([op.artist, op.nonce], [mira.me.artist, mira.nonce]);
  }
  const ack = mira.events.findIndex((event) => event.type === 'ack' && event.seq === seq);
  assert.ok(ack >= 0 && ack < mira.events.findIndex((event) => event.type === 'op' && event.seq === seq));
  assert.equal(mira.all('op', mark).length, 1, 'once');
  const seen = [];
  for (const one of [otto, watcher]) {
    const op = await one.op(seq);
    assert.equal(op.artist, 0);
    assert.notEqual(op.nonce, mira.nonce);
    assert.equal(op.counter, 0);
    seen.push(op.nonce);
  }
  assert.equal(seen[0], seen[1], 'it is one frame for all of them');
  const second = await mira.draw(INSIDE);
  assert.notEqual((await watcher.op(second)).nonce, seen[0], 'two strokes are not told to be by one hand');
  const outside = await mira.draw(OUTSIDE);
  const op = await watcher.op(outside);
  assert.deepEqual([op.artist, op.nonce], [mira.me.artist, mira.nonce]);
  assert.deepEqual(watcher.all('op').map((one) => one.seq), [seq, second, outside], 'in order');
  assert.deepEqual(mira.all('op', mark).map((one) => one.seq), [seq, second, outside]);
});

test('what_crosses_the_border_is_nobodys_and_so_are_all_parts_of_a_drawing', async () => {
  const { mira, watcher } = await wall();
  const crossing = await mira.draw([6020, 50, 6220, 60]);
  assert.equal((await watcher.op(crossing)).artist, 0);
  const part = (index, line) => lineBody(line, { part: index, parts: 2 });
  const from = watcher.mark();
  const answer = await mira.commit([part(0, [5920, 300, 5970, 300]), part(1, [6220, 300, 6270, 300])]);
  assert.equal(answer.type, 'ack', JSON.stringify(answer));
  const ops = [await watcher.op(answer.seq, from), await watcher.op(answer.seq + 1, from)];
  assert.deepEqual(ops.map(({ artist, counter }) => [artist, counter]), [[0, 0], [0, 1]]);
  assert.equal(ops[0].nonce, ops[1].nonce);
  for (const x of [5945, 6245]) {
    assert.deepEqual((await under(mira.canvas, [x, 300])).map(({ artist, name, parts }) => [artist, name, parts]), [[0, '', 2]]);
  }
  const told = (await strokes(mira.canvas)).filter(({ seq }) => seq === answer.seq || seq === answer.seq + 1);
  assert.deepEqual(told.map(({ artist, nonce, counter }) => [artist, nonce, counter]), [[0, ops[0].nonce, 0], [0, ops[0].nonce, 1]]);
});

test('the_author_undoes_and_shows_again_and_moderators_hide', async () => {
  const { canvas, mira, otto, moderator, watcher } = await wall();
  const seq = await mira.draw(INSIDE);
  assert.equal((await otto.commit(hideBody(seq))).type, 'nack', 'nobody’s is not everybody’s');
  const hide = await mira.commit(hideBody(seq));
  assert.equal(hide.type, 'ack');
  const op = await watcher.op(hide.seq);
  assert.equal(op.artist, 0);
  assert.notEqual(op.nonce, mira.nonce);
  assert.equal((await mira.op(hide.seq)).artist, mira.me.artist);
  assert.equal((await mira.commit(showBody(seq))).type, 'ack');
  const mine = await ask(mira, { type: 'mine' });
  assert.deepEqual(mine.ops.slice(0, 3).map(({ kind }) => kind), ['show', 'hide', 'stroke']);
  const rollback = { type: 'rollback', artists: [mira.me.artist], level: 0, x: '0', y: '0', width: 8192, height: 1024, from: '1', to: '9999', apply: false };
  assert.deepEqual((await ask(moderator, rollback)).artists.map(({ artist }) => artist), [mira.me.artist]);
  const hidden = await ask(moderator, { ...rollback, from: String(seq), to: String(seq), apply: true });
  assert.equal((await watcher.op(Number(hidden.seq))).artist, 0, 'nor who keeps order');
  assert.equal((await json(canvas, 'people')).people.length > 0, true);
});

test('a_preview_becomes_nobodys_where_it_comes_in_and_ends_as_such', async () => {
  const { mira, otto, moderator, watcher } = await wall();
  const counter = mira.nextCounter;
  const grow = (first, points) => mira.preview(counter, first, lineBody([], { points: points.map((x) => [x * 8, 400]) }));
  const isPreview = (event) => event.type === 'preview';
  grow(0, [5920, 5970]);
  const open = await watcher.wait(isPreview);
  assert.deepEqual([open.artist, open.nonce], [mira.me.artist, mira.nonce]);
  await Promise.all([otto, moderator].map((one) => one.wait(isPreview)));
  const from = new Map([watcher, otto, moderator].map((one) => [one, one.mark()]));
  grow(2, [6120, 6220]);
  for (const one of [watcher, otto]) {
    await one.wait((event) => event.type === 'previewEnd' && event.nonce === mira.nonce, from.get(one));
    const veiled = await one.wait(isPreview, from.get(one));
    assert.deepEqual([veiled.artist, veiled.counter, veiled.first], [0, 0, 0], 'all of it again');
    assert.notEqual(veiled.nonce, mira.nonce);
  }
  const seen = await moderator.wait(isPreview, from.get(moderator));
  assert.deepEqual([seen.artist, seen.nonce, seen.counter], [mira.me.artist, mira.nonce, counter]);
  grow(4, [6270]);
  const more = await watcher.wait((event) => isPreview(event) && event.first > 0, from.get(watcher));
  const seq = (await mira.commit(lineBody([], { points: [5920, 5970, 6120, 6220, 6270].map((x) => [x * 8, 400]) }), { counter })).seq;
  const op = await watcher.op(seq);
  assert.deepEqual([op.nonce, op.counter], [more.nonce, more.counter], 'the op ends what was shown');
  // One that is given up is ended for those who saw it as nobody's.
  const next = mira.nextCounter;
  const later = watcher.mark();
  mira.preview(next, 0, lineBody(INSIDE));
  const begun = await watcher.wait(isPreview, later);
  mira.cancel(next);
  await watcher.wait((event) => event.type === 'previewEnd' && event.nonce === begun.nonce && event.counter === 0, later);
  assert.ok(!watcher.events.slice(later).some((event) => event.nonce === mira.nonce));
});

test('a_pen_is_not_shown_in_a_quiet_area', async () => {
  const { mira, otto, moderator, watcher } = await wall();
  mira.cursor(cursorAt(500, 500));
  for (const one of [otto, moderator, watcher]) {
    assert.equal((await one.wait((event) => event.type === 'cursor')).artist, mira.me.artist);
  }
  const from = new Map([watcher, otto, moderator].map((one) => [one, one.mark()]));
  mira.cursor(cursorAt(6620, 500));
  assert.equal((await moderator.wait((event) => event.type === 'cursor', from.get(moderator))).artist, mira.me.artist);
  await watcher.wait((event) => event.type === 'left' && event.nonce === mira.nonce, from.get(watcher));
  mira.cursor(cursorAt(6720, 500));
  const seq = await mira.draw(INSIDE);
  await watcher.op(seq);
  await otto.op(seq);
  for (const one of [otto, watcher]) {
    assert.deepEqual(one.all('cursor', from.get(one)), []);
  }
  mira.cursor(cursorAt(500, 600));
  await watcher.wait((event) => event.type === 'cursor', from.get(watcher));
});

test('who_comes_back_is_sent_what_was_missed_without_names', async () => {
  const { canvas, mira, moderator } = await wall();
  const seq = await mira.draw(INSIDE);
  const late = await Client.join(server, { canvas });
  const view = await late.view({ ...VIEW, since: seq - 1 });
  assert.equal(view.flags & 1, 1, 'resumed');
  const op = await late.op(seq);
  assert.equal(op.artist, 0);
  assert.notEqual(op.nonce, mira.nonce);
  const again = await Client.join(server, { canvas, token: moderator.token });
  await again.view({ ...VIEW, since: seq - 1 });
  assert.equal((await again.op(seq)).artist, mira.me.artist);
  const own = await Client.join(server, { canvas, token: mira.token, nonce: newNonce() });
  await own.view({ ...VIEW, since: seq - 1 });
  assert.deepEqual([(await own.op(seq)).artist, (await own.op(seq)).nonce], [mira.me.artist, mira.nonce], 'on any device');
});

test('the_past_names_nobody_there_and_a_pass_shows_what_one_may_see', async () => {
  const { canvas, mira, otto, moderator } = await wall();
  const seq = await mira.draw(INSIDE);
  const here = [6265, 145];
  for (const asker of [undefined, otto]) {
    const [stroke] = await under(canvas, here, asker);
    assert.deepEqual([stroke.seq, stroke.artist, stroke.name], [seq, 0, '']);
    const told = (await strokes(canvas, '', asker)).find((record) => record.seq === seq);
    assert.equal(told.artist, 0);
    assert.ok(!isOf(mira)(told));
    const byArtist = await strokes(canvas, `&artist=${mira.me.artist}`, asker);
    assert.ok(byArtist.length > 0 && byArtist.every((record) => record.seq !== seq), 'asked for by artist it is not found');
  }
  for (const asker of [moderator, mira]) {
    const [stroke] = await under(canvas, here, asker);
    assert.deepEqual([stroke.artist, stroke.name], [mira.me.artist, mira.me.name]);
    const byArtist = await strokes(canvas, `&artist=${mira.me.artist}`, asker);
    assert.equal(byArtist.find((record) => record.seq === seq)?.nonce, mira.nonce);
  }
  assert.equal((await get(server, `/api/canvas/${canvas}/at?level=0&x=1&y=1`, { headers: { 'X-Kolam-Pass': 'f'.repeat(32) } })).status, 200);
  const pass = moderator.welcome.pass;
  await moderator.leave();
  await eventually(async () => (await under(canvas, here, { welcome: { pass } }))[0].artist === 0, 'a pass ends with its connection');
  const blame = await kolam(['blame', '--server', `http://127.0.0.1:${server.port}`, '--canvas', canvas, '--at', here.join(',')]);
  assert.equal(blame.code, 0, blame.stderr);
  assert.match(blame.stdout, /\S/, 'the stroke is told');
  assert.ok(!blame.stdout.includes(mira.me.name), blame.stdout);
});

test('no_shared_answer_tells_who_is_there', async () => {
  const { canvas, mira, watcher } = await wall();
  const hermit = await Client.artist(server, { canvas });
  const seq = await hermit.draw(INSIDE);
  await watcher.op(seq);
  hermit.cursor(cursorAt(6620, 500));
  hermit.preview(hermit.nextCounter, 0, lineBody(INSIDE));
  await watcher.wait((event) => event.type === 'preview' && event.artist === 0);
  const name = `Zephyrine ${canvas}`;
  hermit.say({ type: 'rename', name });
  await watcher.wait((event) => event.type === 'artists' && event.list[0].name === name);
  const named = await ask(hermit, { type: 'place', name: 'The hut', x: '6620', y: '500', zoom: 0 });
  assert.equal(named.type, 'place', JSON.stringify(named));
  const lively = await eventually(async () => {
    const { places } = await json(canvas, 'lively');
    const there = places.find(({ x }) => Number(x) > 5000);
    return there?.drawing > 0 && there;
  }, 'a lively place');
  assert.deepEqual([lively.artists, lively.count], [[], 0]);
  const people = await eventually(async () => {
    const told = await json(canvas, 'people');
    return told.people.some(({ artist }) => artist === mira.me.artist) && told;
  }, 'people');
  assert.ok(!people.people.some(({ artist }) => artist === hermit.me.artist), 'who was nowhere else is not told as here');
  const { places } = await eventually(async () => {
    const told = await json(canvas, 'places');
    return told.places.length > 0 && told;
  }, 'places');
  assert.deepEqual(places.map(({ artist, by }) => [artist, by]), [[0, '']]);
  const found = await eventually(async () => {
    const told = await json(canvas, 'search?q=Zephyrine');
    return told.artists.length > 0 && told;
  }, 'search');
  assert.equal(found.artists[0].last, null, 'where they drew last is not told');
  const heat = await json(canvas, `heat?level=0&x=0&y=0&width=32&height=4&artist=${hermit.me.artist}`);
  assert.ok(heat.counts.every((count) => count === 0));
  assert.ok((await json(canvas, 'heat?level=0&x=24&y=0&width=1&height=1')).counts[0] > 0, 'that it was drawn is no secret');
  assert.equal((await ask(watcher, { type: 'follow', artist: hermit.me.artist })).code, 'not_found');
});

test('who_is_here_goes_without_a_place_and_their_camera_is_not_passed_on', async () => {
  const { canvas, mira, moderator, watcher } = await wall();
  const follows = [];
  for (const one of [watcher, moderator]) {
    follows.push((await ask(one, { type: 'follow', artist: mira.me.artist })).type);
  }
  assert.deepEqual(follows, ['following', 'following']);
  await mira.wait((event) => event.type === 'followers' && event.count === 2);
  const sees = (one, x) => one.wait((event) => event.type === 'camera' && event.x === x);
  mira.say({ type: 'camera', x: '-3000', y: '500', zoom: 0 });
  await Promise.all([sees(watcher, '-3000'), sees(moderator, '-3000')]);
  mira.say({ type: 'camera', x: '6620', y: '500', zoom: 0 });
  await sees(moderator, '6620');
  mira.say({ type: 'camera', x: '-4000', y: '500', zoom: 0 });
  await sees(watcher, '-4000');
  assert.ok(!watcher.all('camera').some(({ x }) => x === '6620'));
  await mira.draw(INSIDE);
  const present = await eventually(async () => {
    const { people } = await json(canvas, 'people');
    const one = people.find(({ artist }) => artist === mira.me.artist);
    return one?.place === null && one;
  }, 'no place');
  assert.equal(present.drawing, false);
  await mira.draw(OUTSIDE);
  await eventually(async () => (await json(canvas, 'people')).people.find(({ artist }) => artist === mira.me.artist)?.place, 'a place again');
});

test('an_area_holds_for_what_was_drawn_before_it_and_names_come_back_with_its_end', async () => {
  const { canvas, admin, mira, watcher } = await wall({ isQuiet: false });
  const seq = await mira.draw(INSIDE);
  assert.equal((await watcher.op(seq)).artist, mira.me.artist);
  assert.equal((await under(canvas, [6265, 145]))[0].name, mira.me.name);
  const lively = async () => (await json(canvas, 'lively')).places.find(({ x }) => Number(x) > 5000)?.artists.length;
  assert.equal(await lively(), 1);
  const area = await acted(admin, QUIET);
  assert.equal((await under(canvas, [6265, 145]))[0].artist, 0);
  assert.equal(await lively(), 0, 'no answer from before is told');
  const late = await Client.join(server, { canvas });
  await late.view({ ...VIEW, since: seq - 1 });
  assert.equal((await late.op(seq)).artist, 0);
  await acted(admin, { kind: 'area', area: 'plain', of: area });
  assert.equal((await under(canvas, [6265, 145]))[0].artist, mira.me.artist);
  const next = await mira.draw(INSIDE);
  assert.deepEqual([(await late.op(next)).artist, (await late.op(next)).nonce], [mira.me.artist, mira.nonce]);
});

test('who_becomes_a_moderator_sees_names_from_then_on_and_no_longer_when_that_ends', async () => {
  const { admin, mira, otto } = await wall();
  const role = async (name) => {
    otto.told = otto.mark();
    await acted(admin, { kind: 'role', artist: otto.me.artist, role: name });
    await otto.wait((event) => event.type === 'standing' && event.role === name, otto.told);
  };
  await role('moderator');
  assert.equal((await otto.op(await mira.draw(INSIDE))).artist, mira.me.artist);
  await role('artist');
  assert.equal((await otto.op(await mira.draw(INSIDE))).artist, 0);
});

test('a_canvas_that_nobody_has_open_is_quiet_as_well', async () => {
  const first = await startServer();
  const admin = await Client.join(first, { canvas: 'main', admin: first.adminToken() });
  const mira = await Client.artist(first);
  const seq = await mira.draw(INSIDE);
  const id = 7;
  admin.say({ type: 'act', id, act: QUIET });
  assert.equal((await admin.wait((event) => event.id === id)).type, 'acted');
  await first.stop();
  const second = await startServer({ data: first.data });
  const at = JSON.parse((await get(second, '/api/canvas/main/at?level=0&x=6265&y=145')).body);
  assert.deepEqual(at.strokes.map((stroke) => [stroke.seq, stroke.artist, stroke.name]), [[seq, 0, '']]);
  const lively = JSON.parse((await get(second, '/api/canvas/main/lively')).body);
  assert.deepEqual(lively.places.map(({ artists }) => artists), [[]]);
  await second.stop();
});

test('who_is_kept_out_sees_no_names_whatever_their_role', async () => {
  const { canvas, admin, mira, moderator } = await wall();
  const first = await mira.draw(INSIDE);
  await moderator.op(first);
  const [before] = await under(canvas, [6265, 145], moderator);
  assert.equal(before.artist, mira.me.artist);
  for (const kind of ['suspend', 'ban']) {
    const { sanction } = await ask(admin, { type: 'sanction', artist: moderator.me.artist, kind, for_s: 600 });
    await moderator.wait((event) => event.type === 'sanctioned' && event.sanctions.some((one) => one.kind === kind));
    const mark = moderator.mark();
    const seq = await mira.draw(INSIDE);
    assert.equal((await moderator.op(seq, mark)).artist, 0, kind);
    assert.ok((await under(canvas, [6265, 145], moderator)).every((one) => one.artist === 0 && one.name === ''), kind);
    await ask(admin, { type: 'sanction_end', sanction: sanction.sanction });
    await moderator.wait((event) => event.type === 'sanctioned' && event.sanctions.length === 0, mark);
    const later = await mira.draw(INSIDE);
    assert.equal((await moderator.op(later, mark)).artist, mira.me.artist, 'when it is over');
  }
});
