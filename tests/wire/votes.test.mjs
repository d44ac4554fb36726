// Votes to hide: how they are given, taken back, counted and kept, over real sockets.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { after, before } from 'node:test';

import { acted, ask, Client, decodeBody, eventually, getJson, kolam, showBody, startServer } from './client.mjs';
import './tidy.mjs';
import { merge, wallOf } from './wall.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

let canvasNumber = 0;
const wall = (roles) => wallOf(server, `votes-${(canvasNumber += 1)}`, roles);
const act = (client, what) => ask(client, { type: 'act', act: what });
const area = (kind, x, y, width, height) => ({ kind: 'area', area: kind, level: 0, x: String(x), y: String(y), width, height });

test('votes_that_cross_hide_a_stroke_once', async () => {
  const own = await startServer({ args: ['--artist-after-s', '0', '--artist-strokes', '1'] });
  const admin = await Client.artist(own, { admin: own.adminToken() });
  await admin.view({ width: 3, height: 3 });
  const artists = await Promise.all(Array.from({ length: 6 }, () => Client.artist(own)));
  const strokes = [];
  for (const client of artists) {
    strokes.push(await client.draw([10, 10, 90, 90]));
  }
  await acted(admin, { kind: 'votes', hide: 2 });
  await eventually(async () => (await ask(artists[0], { type: 'act', act: { kind: 'vote', stroke: String(strokes[5]) } })).type === 'acted', 'a first vote');
  const from = admin.mark();
  for (const stroke of strokes.slice(0, 4)) {
    await Promise.all(artists.map((client) => ask(client, { type: 'act', act: { kind: 'vote', stroke: String(stroke) } })));
    await admin.wait((event) => event.type === 'op' && decodeBody(event.body).kind === 'hide' && Number(decodeBody(event.body).targets[0]) === stroke, from, 'the hide');
  }
  const { entries } = await ask(admin, { type: 'audit', limit: 200 });
  const records = entries.filter(({ record }) => record?.kind === 'voted').map(({ record }) => Number(record.stroke));
  assert.deepEqual(records.sort((a, b) => a - b), strokes.slice(0, 4), 'one record a stroke');
  await own.stop();
});

test('so_many_artists_of_standing_hide_a_stroke_and_a_moderator_shows_it_again', async () => {
  const own = await startServer({ args: ['--artist-after-s', '0', '--artist-strokes', '1'] });
  const admin = await Client.artist(own, { admin: own.adminToken() });
  await admin.view({ width: 3, height: 3 });
  const artists = [];
  for (let i = 0; i < 3; i += 1) {
    const client = await Client.artist(own);
    client.first = await client.draw([10, 10 + i, 90, 90]);
    artists.push(client);
  }
  const [mira, otto, vandal] = artists;
  const vote = (client) => ask(client, { type: 'act', act: { kind: 'vote', stroke: String(vandal.first) } });
  const voted = (client) => eventually(async () => {
    const answer = await vote(client);
    return answer.code !== 'unavailable' && answer;
  }, 'a vote');
  assert.equal((await voted(mira)).code, 'denied', 'there is no voting yet');
  await acted(admin, { kind: 'votes', hide: 2 });
  const stranger = await Client.artist(own);
  assert.equal((await voted(stranger)).code, 'denied', 'who has drawn nothing');
  assert.equal((await voted(mira)).type, 'acted');
  assert.equal((await voted(mira)).code, 'denied', 'once is enough');
  assert.equal((await ask(otto, { type: 'act', act: { kind: 'vote', stroke: '4711' } })).code, 'not_found');
  const data = own.data;
  await own.kill();
  const later = await startServer({ data, args: ['--artist-after-s', '0', '--artist-strokes', '1'] });
  const keeper = await Client.artist(later, { admin: later.adminToken() });
  await keeper.view({ width: 3, height: 3 });
  const back = await Client.join(later, { token: otto.token });
  const from = keeper.mark();
  assert.equal((await voted(back)).type, 'acted', 'votes are kept');
  const hide = await keeper.wait((event) => event.type === 'op' && decodeBody(event.body).kind === 'hide', from);
  assert.deepEqual(decodeBody(hide.body).targets.map(Number), [vandal.first]);
  assert.equal((await back.commit(showBody(vandal.first))).code, 2, 'not for those who voted');
  const drew = await Client.join(later, { token: vandal.token });
  assert.equal((await drew.commit(showBody(vandal.first))).code, 2, 'nor for whose it is');
  assert.equal((await keeper.commit(showBody(vandal.first))).type, 'ack');
  await later.stop();
  assert.match(readFileSync(`${data}/canvases/main.kolam`, 'latin1'), /"kind":"voted","votes":2,"stroke":"\d+"/);
  assert.equal((await kolam(['check', '--data', data])).code, 0);
});

test('two_who_became_one_have_one_vote', async () => {
  const { canvas, admin, artist, mentor, moderator } = await wall({ artist: 'artist', mentor: 'mentor', moderator: 'moderator' });
  await acted(admin, { kind: 'votes', hide: 3 });
  const vote = { kind: 'vote', stroke: String(moderator.first) };
  await acted(mentor, vote);
  await merge(artist, mentor);
  const again = await Client.join(server, { canvas, token: artist.token });
  const answer = await act(again, vote);
  assert.equal(answer.code, 'denied', JSON.stringify(answer));
  assert.match(answer.message, /have voted/);
});

// A wall with votes, by so many: the artists have drawn, and see what becomes of it.
async function ballot(hide, names) {
  const made = await wall(Object.fromEntries(names.map((name) => [name, 'artist'])));
  await acted(made.admin, { kind: 'votes', hide });
  await made.admin.view({ width: 4, height: 4 });
  return made;
}
const vote = (client, seq) => act(client, { kind: 'vote', stroke: String(seq) });
const unvote = (client, seq) => act(client, { kind: 'unvote', stroke: String(seq) });
const hidden = (admin, seq, from = 0) =>
  admin.wait((event) => event.type === 'op' && decodeBody(event.body).kind === 'hide' && decodeBody(event.body).targets.some((target) => Number(target) === seq), from, `the hide of ${seq}`);
// What is there under the strokes that `wall` draws: seq -> what the answer says.
async function beneath(canvas, client) {
  const headers = client ? { 'X-Kolam-Pass': client.welcome.pass } : {};
  const { json } = await getJson(server, `/api/canvas/${canvas}/at?level=0&x=345&y=50&slack=3`, { headers });
  return new Map(json.strokes.map((one) => [one.seq, one]));
}

test('a_person_has_so_many_votes_open_under_however_many_numbers', async () => {
  const { canvas, admin, mira, otto, vandal } = await wall({ mira: 'artist', otto: 'artist', vandal: 'newcomer' });
  await acted(admin, { kind: 'votes', hide: 60 });
  const strokes = [];
  for (let i = 0; i < 35; i += 1) {
    strokes.push(await vandal.draw([600, 10 + i, 690, 90]));
  }
  const vote = (client, stroke) => acted(client, { kind: 'vote', stroke: String(stroke) });
  for (let i = 0; i < 17; i += 1) {
    await vote(mira, strokes[i]);
    await vote(otto, strokes[17 + i]);
  }
  await merge(mira, otto);
  const voted = async () => {
    const reads = { headers: { 'X-Kolam-Pass': mira.welcome.pass } };
    const { strokes: found } = (await getJson(server, `/api/canvas/${canvas}/at?level=0&x=689&y=89&slack=4`, reads)).json;
    const is = new Map(found.map((one) => [one.seq, one.voted]));
    return strokes.map((seq) => (is.get(seq) ? '+' : '-')).join('');
  };
  await eventually(async () => (await voted()) === `${'+'.repeat(34)}-`, 'her votes as both to be known as hers');
  await vote(mira, strokes[34]);
  // The oldest went, whoever gave them: 32 are left.
  await eventually(async () => (await voted()) === `--${'+'.repeat(15)}-${'+'.repeat(17)}`, 'three to be gone');
});

test('a_vote_is_taken_back_by_who_gave_it_until_it_has_hidden_something', async () => {
  const { canvas, admin, mira, otto, vandal } = await ballot(2, ['mira', 'otto', 'vandal']);
  const seq = vandal.first;
  assert.equal((await unvote(mira, seq)).code, 'not_found', 'there is none');
  assert.equal((await vote(mira, seq)).type, 'acted');
  const again = await Client.join(server, { canvas, token: mira.token });
  assert.equal((await beneath(canvas, again)).get(seq).voted, true, 'a page reopened knows');
  assert.equal((await beneath(canvas, again)).get(otto.first).voted, false);
  for (const who of [otto, undefined]) {
    assert.ok(!(await beneath(canvas, who)).get(seq).voted, 'nobody else is told');
  }
  const back = await unvote(again, seq);
  assert.deepEqual([back.type, typeof back.act], ['acted', 'string'], 'on any device');
  assert.equal((await beneath(canvas, mira)).get(seq).voted, false);
  assert.match((await unvote(mira, seq)).message, /no vote of yours/, 'once');
  assert.equal((await unvote(mira, 4711)).code, 'not_found');
  assert.equal((await vote(otto, seq)).type, 'acted');
  assert.equal((await beneath(canvas)).get(seq).hidden, false, 'one vote is not two');
  const from = admin.mark();
  assert.equal((await vote(mira, seq)).type, 'acted', 'and may be given again');
  await hidden(admin, seq, from);
  assert.match((await unvote(mira, seq)).message, /no vote of yours/, 'it has done what it could');
  const { entries } = await ask(admin, { type: 'audit', limit: 200 });
  assert.ok(entries.every(({ record }) => !/^(un)?vote$/.test(record?.kind)));
});

test('nobody_votes_where_the_area_rests_and_votes_of_before_count_when_it_does_not', async () => {
  const { canvas, admin, mira, otto, pia, vandal } = await ballot(3, ['mira', 'otto', 'pia', 'vandal']);
  const seq = vandal.first;
  assert.equal((await vote(mira, seq)).type, 'acted');
  assert.equal((await vote(otto, seq)).type, 'acted');
  const frozen = await acted(admin, area('frozen', 295, 0, 20, 40));
  const refused = await vote(pia, seq);
  assert.deepEqual([refused.type, refused.code], ['error', 'denied']);
  assert.match(refused.message, /^this area rests for a while/);
  await acted(admin, { kind: 'votes', hide: 2 });
  assert.equal((await unvote(otto, seq)).type, 'acted', 'that hides nothing');
  await acted(admin, { kind: 'area', area: 'plain', of: frozen });
  assert.equal((await beneath(canvas)).get(seq).hidden, false);
  const again = await acted(admin, area('frozen', 295, 0, 20, 40));
  await acted(admin, { kind: 'undo', act: again });
  const second = await acted(admin, area('frozen', 500, 0, 20, 40));
  assert.equal((await vote(pia, seq)).type, 'acted', 'it rests elsewhere');
  await hidden(admin, seq);
  await acted(admin, { kind: 'undo', act: second });
});

test('votes_that_are_enough_when_an_area_is_thawed_or_fewer_are_asked_for_hide_then', async () => {
  const { canvas, admin, mira, otto, vandal } = await ballot(3, ['mira', 'otto', 'vandal']);
  for (const client of [mira, otto]) {
    assert.equal((await vote(client, vandal.first)).type, 'acted');
    assert.equal((await vote(client, client === mira ? otto.first : mira.first)).type, 'acted');
  }
  const frozen = await acted(admin, area('frozen', 0, 0, 800, 800));
  await acted(admin, { kind: 'votes', hide: 2 });
  const later = await Client.join(server, { canvas, token: mira.token });
  assert.equal((await beneath(canvas, later)).get(vandal.first).hidden, false, 'nothing is hidden where it rests');
  const from = admin.mark();
  await acted(admin, { kind: 'area', area: 'plain', of: frozen });
  await hidden(admin, vandal.first, from);
  assert.equal((await beneath(canvas)).get(mira.first).hidden, false);
});

test('persons_are_counted_who_became_one_since_or_may_not_vote_by_then_are_no_two', async () => {
  const { canvas, admin, mira, twin, otto, banned, vandal } = await ballot(3, ['mira', 'twin', 'otto', 'banned', 'vandal']);
  const seq = vandal.first;
  for (const client of [mira, twin, banned]) {
    if (client === banned) {
      await merge(mira, twin); // before the third vote, which would be enough
    }
    assert.equal((await vote(client, seq)).type, 'acted');
  }
  const sanction = await ask(admin, { type: 'sanction', artist: banned.me.artist, kind: 'suspend', for_s: 3600 });
  assert.equal(sanction.type, 'sanction');
  assert.equal((await unvote(banned, seq)).code, 'denied', 'who is suspended changes nothing');
  const from = admin.mark();
  assert.equal((await vote(otto, seq)).type, 'acted', 'four numbers, two persons who may');
  const again = await Client.join(server, { canvas, token: mira.token });
  assert.equal((await beneath(canvas, again)).get(seq).voted, true);
  await again.draw([10, 10, 20, 20]); // behind which a hide would have come
  assert.equal((await beneath(canvas)).get(seq).hidden, false);
  assert.equal((await unvote(again, seq)).type, 'acted', 'both votes, of both selves');
  assert.equal((await beneath(canvas, again)).get(seq).voted, false);
  assert.equal((await vote(again, seq)).type, 'acted');
  await acted(admin, { kind: 'votes', hide: 2 });
  await hidden(admin, seq, from);
});
