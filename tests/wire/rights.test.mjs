// Who may do what, over real sockets: roles, modes and areas; what ends by itself, and what is taken back.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { after, before } from 'node:test';

import {
  acted, ask, Client, decodeBody, editBody, eventually, getJson, hideBody, kolam, lineBody, recordBody, showBody, startServer,
} from './client.mjs';
import './tidy.mjs';
import { merge, wallOf } from './wall.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

let canvasNumber = 0;
const newCanvas = () => `rights-${(canvasNumber += 1)}`;

const act = (client, what) => ask(client, { type: 'act', act: what });
const owner = (canvas, of = server) => Client.artist(of, { canvas, admin: of.adminToken() });
const policyWith = (client, matches, from = 0) => client.wait((event) => event.type === 'policy' && matches(event), from, String(matches));
const area = (kind, x, y, width, height, more = {}) => ({ kind: 'area', area: kind, level: 0, x: String(x), y: String(y), width, height, ...more });

test('welcome_tells_the_role_and_the_policy_and_changes_are_told_to_all', async () => {
  const canvas = newCanvas();
  const admin = await owner(canvas);
  const mira = await Client.artist(server, { canvas });
  const watcher = await Client.join(server, { canvas, watch: true });
  assert.deepEqual(watcher.welcome.policy, { mode: 'open', until: null, areas: [], votes: 0 });
  assert.deepEqual([admin.welcome.role, watcher.welcome.role], ['owner', 'watcher']);
  assert.equal((await mira.wait((event) => event.type === 'standing')).role, 'newcomer');
  await mira.draw([10, 10, 90, 90]);
  const seq = await acted(admin, area('owned', -100, 0, 500, 400, { name: 'Garden', owner: mira.me.artist, members: [1] }));
  for (const client of [admin, mira, watcher]) {
    const { areas } = await policyWith(client, (event) => event.areas.length === 1);
    assert.deepEqual(areas, [{ area: seq, act: seq, kind: 'owned', name: 'Garden', level: 0, x: '-100', y: '0', width: 500, height: 400, owner: mira.me.artist, members: [1], until: null }]);
  }
  const from = mira.mark();
  await acted(admin, { kind: 'role', artist: mira.me.artist, role: 'moderator', why: 'keeps an eye on it' });
  assert.equal((await mira.wait((event) => event.type === 'standing', from)).role, 'moderator');
  const again = await Client.join(server, { canvas, token: mira.token });
  assert.equal(again.welcome.role, 'moderator');
  assert.equal(again.welcome.policy.areas.length, 1);
});

test('acts_survive_a_kill_a_restart_and_a_compaction_and_check_knows_them', async () => {
  const first = await startServer();
  const admin = await owner('main', first);
  const mira = await Client.artist(first);
  await mira.draw([10, 10, 90, 90]);
  const kept = await acted(admin, area('frozen', 0, 0, 10, 10, { name: 'A' }));
  const gone = await acted(admin, area('quiet', 0, 0, 10, 10, { name: 'B' }));
  await acted(admin, { kind: 'area', area: 'plain', of: gone });
  await acted(admin, { kind: 'role', artist: mira.me.artist, role: 'mentor' });
  const mode = await acted(admin, { kind: 'mode', mode: 'invited' });
  await first.kill();
  const second = await startServer({ data: first.data });
  const again = await Client.join(second, { token: mira.token });
  assert.equal(again.welcome.role, 'mentor');
  assert.equal(again.welcome.policy.mode, 'invited');
  assert.deepEqual(again.welcome.policy.areas.map((one) => one.area), [kept]);
  const other = await owner('main', second);
  await acted(other, { kind: 'undo', act: mode });
  await second.stop();
  const checked = await kolam(['check', '--data', first.data]);
  assert.equal(checked.code, 0, checked.stderr);
  const compacted = await kolam(['compact', '--data', first.data, '--before', '7', '--yes']);
  assert.equal(compacted.code, 0, compacted.stderr);
  const third = await startServer({ data: first.data });
  const late = await Client.join(third, { token: mira.token });
  assert.equal(late.welcome.role, 'mentor');
  assert.equal(late.welcome.policy.mode, 'open');
  assert.equal(late.welcome.policy.areas.length, 1);
  await third.stop();
  assert.equal((await kolam(['check', '--data', first.data])).code, 0);
});

test('acts_are_for_those_who_may_and_are_checked', async () => {
  const canvas = newCanvas();
  const stranger = await Client.join(server, { canvas });
  const mira = await Client.artist(server, { canvas });
  const otto = await Client.artist(server, { canvas });
  const bare = await Client.join(server, { canvas, admin: server.adminToken() });
  assert.equal((await act(stranger, { kind: 'mode', mode: 'open' })).code, 'denied');
  assert.equal((await act(mira, { kind: 'mode', mode: 'read-only' })).code, 'denied');
  assert.equal((await act(bare, { kind: 'role', artist: 7, role: 'owner' })).code, 'not_found', 'nobody has that number yet');
  assert.equal((await act(bare, area('owned', 0, 0, 1, 1, { members: [99] }))).code, 'not_found');
  await acted(bare, { kind: 'mode', mode: 'newcomers' });
  await mira.draw([10, 10, 90, 90]);
  await otto.draw([10, 10, 90, 90]);
  await acted(bare, { kind: 'role', artist: mira.me.artist, role: 'moderator' });
  await mira.wait((event) => event.type === 'standing' && event.role === 'moderator');
  for (const wrong of [
    { kind: 'mode', mode: 'closed' }, { kind: 'mode', mode: 'open', until: 1 }, { kind: 'nonsense' }, {}, null, 'mode',
    { kind: 'vote', stroke: 'x' }, { kind: 'voted', stroke: '1', votes: 3 }, { kind: 'rollback', strokes: 1, artists: [] },
    area('frozen', 0, 0, 0, 1), area('frozen', '2147483648', 0, 1, 1), area('frozen', 0, 0, 1, 1, { name: 'x'.repeat(81) }),
  ]) {
    assert.equal((await act(bare, wrong)).code, 'invalid', JSON.stringify(wrong));
  }
  assert.equal((await act(bare, { kind: 'area', area: 'plain', of: '4711' })).code, 'not_found');
  assert.equal((await act(bare, { kind: 'undo', act: '2' })).code, 'not_found', 'a stroke is no act');
});

const wall = (roles) => wallOf(server, newCanvas(), roles);
// What is looked up yet is asked again.
const outcome = (client, bodies) => eventually(async () => {
  const answer = await client.commit(bodies);
  return answer.code !== 5 && (answer.type === 'ack' ? 'ack' : `${answer.code} ${answer.message}`);
}, 'an outcome');
const stroke = (client, line = [10, 10, 90, 90]) => outcome(client, lineBody(line));

// All that somebody drew.
const backOf = ({ me }) => ({ type: 'rollback', artists: [me.artist], level: 0, x: '-1000', y: '-1000', width: 4000, height: 4000, from: '1', to: '100000', apply: true });

test('each_mode_lets_draw_whom_it_says', async () => {
  const { canvas, admin, newcomer, artist, moderator } = await wall({ newcomer: 'newcomer', artist: 'artist', moderator: 'moderator' });
  const invited = await acted(admin, { kind: 'mode', mode: 'invited' });
  assert.match(await stroke(newcomer), /^2 .*invited/);
  assert.equal(await outcome(newcomer, hideBody(newcomer.first)), 'ack', 'what is one’s own stays so');
  assert.equal(await stroke(artist), 'ack');
  assert.match((await ask(newcomer, { type: 'place', name: 'Here', x: '0', y: '0', zoom: 0 })).message, /invited/);
  const readOnly = await acted(moderator, { kind: 'mode', mode: 'read-only', why: 'a flood' });
  assert.match(await stroke(artist), /^2 .*looked at/);
  assert.match(await stroke(admin.welcome.you ? admin : moderator), /^2 /);
  assert.match(await outcome(artist, hideBody(artist.first)), /^2 .*looked at/);
  assert.match(await outcome(artist, [editBody([artist.first], 1), lineBody([1, 1, 9, 9])]), /^2 /);
  assert.match(await outcome(moderator, hideBody(artist.first)), /^2 .*taken off by a rollback/, 'not without a trace in the audit');
  assert.equal((await ask(moderator, backOf(artist))).strokes, 2, 'moderators take back on any canvas');
  assert.equal(await outcome(moderator, hideBody(moderator.first)), 'ack', 'and their own');
  assert.equal((await act(artist, { kind: 'undo', act: readOnly })).code, 'denied');
  assert.equal((await act(moderator, { kind: 'undo', act: invited })).code, 'denied', 'what the owner set up');
  await acted(moderator, { kind: 'undo', act: readOnly });
  assert.match(await stroke(newcomer), /^2 .*invited/);
  await acted(admin, { kind: 'undo', act: invited });
  assert.equal(await stroke(newcomer), 'ack');
  const watcher = await Client.join(server, { canvas, watch: true });
  assert.equal(watcher.welcome.policy.mode, 'open');
});

test('areas_let_draw_whom_they_are_for_and_frozen_ones_rest', async () => {
  const { admin, mira, otto, mentor, moderator } = await wall({ mira: 'newcomer', otto: 'newcomer', mentor: 'mentor', moderator: 'moderator' });
  const owned = await acted(admin, area('owned', 0, 0, 50, 50, { owner: mira.me.artist }));
  await acted(admin, area('protected', 100, 0, 50, 50, { members: [otto.me.artist] }));
  const inOwned = [5, 5, 20, 20], inProtected = [110, 10, 130, 30], around = [60, 70, 90, 90];
  assert.equal(await stroke(mira, inOwned), 'ack');
  assert.match(await stroke(otto, inOwned), /^2 .*members/);
  assert.match(await stroke(moderator, inOwned), /^2 .*members/);
  assert.equal(await stroke(otto, inProtected), 'ack');
  assert.match(await stroke(mira, inProtected), /^2 .*members/);
  assert.equal(await stroke(mentor, inProtected), 'ack');
  assert.equal(await stroke(otto, around), 'ack');
  assert.match(await stroke(otto, [-200, 25, 400, 25]), /^2 .*members/, 'right through it');
  // Another level is the same place.
  assert.match(await outcome(otto, lineBody([40, 40, 60, 60], { level: 3 })), /^2 .*members/);
  assert.equal(await outcome(otto, lineBody([900, 900, 960, 960], { level: 3 })), 'ack');
  // The owner of an area says who may.
  await acted(mira, area('owned', 0, 0, 50, 50, { of: owned, owner: mira.me.artist, members: [otto.me.artist], name: 'Ours' }));
  await policyWith(otto, (event) => event.areas.some((one) => one.name === 'Ours'));
  assert.equal(await stroke(otto, inOwned), 'ack');
  assert.equal((await act(otto, area('owned', 0, 0, 50, 50, { of: owned, owner: otto.me.artist }))).code, 'denied');
  assert.equal((await act(mira, area('owned', 0, 0, 60, 50, { of: owned, owner: mira.me.artist }))).code, 'denied', 'not more ground');
  // Frozen.
  const mine = await mira.draw([200, 10, 220, 30]);
  const elsewhere = await mira.draw([400, 10, 420, 30]);
  const frozen = await acted(moderator, area('frozen', 190, 0, 50, 50, { name: 'Rest' }));
  for (const client of [mira, otto, mentor, moderator]) {
    assert.match(await stroke(client, [205, 15, 215, 25]), /^2 .*rests/);
  }
  assert.match(await outcome(mira, hideBody(mine)), /^2 .*rests/);
  assert.match(await outcome(mira, hideBody(mine, elsewhere)), /^2 .*rests/);
  assert.match(await outcome(mira, [editBody([mine], 1), lineBody([500, 10, 520, 30])]), /^2 .*rests/);
  assert.equal(await outcome(mira, hideBody(elsewhere)), 'ack');
  const taken = await ask(moderator, { ...backOf(mira), from: String(mine), to: String(mine) });
  assert.equal(taken.strokes, 1);
  assert.match(await outcome(mira, showBody(mine)), /^2 .*rests/, 'nor shown again');
  assert.match((await ask(mira, { type: 'place', name: 'Here', x: '200', y: '10', zoom: 0 })).message, /rests/);
  assert.equal((await ask(mira, { type: 'place', name: 'There', x: '189.5', y: '10', zoom: 0 })).type, 'place');
  await acted(moderator, { kind: 'area', area: 'plain', of: frozen });
  assert.equal(await stroke(mira, [205, 15, 215, 25]), 'ack');
  assert.match(await outcome(mira, showBody(mine)), /^2 .*moderators can bring it back/);
  assert.match(await outcome(moderator, showBody(mine)), /^2 .*undoing it/);
  await acted(moderator, { kind: 'undo', act: taken.act });
  assert.equal((await act(moderator, { kind: 'area', area: 'plain', of: owned })).code, 'denied');
});

// False where it was over before it was drawn against: on a slow machine it has to last longer.
async function isOverByItself(lastsMs) {
  const { canvas, admin, mira } = await wall({ mira: 'newcomer' });
  const watcher = await Client.join(server, { canvas, watch: true });
  const until = Date.now() + lastsMs;
  const from = new Map();
  const begin = async () => {
    await acted(admin, area('frozen', 0, 0, 100, 100, { until }));
    await acted(admin, { kind: 'mode', mode: 'invited', until });
    for (const client of [watcher, mira]) {
      const told = await policyWith(client, (event) => event.mode === 'invited' && event.areas[0]?.until === until && event.until === until);
      from.set(client, client.events.indexOf(told));
    }
    return stroke(mira);
  };
  const answer = await begin().catch((error) => error.message);
  if (Date.now() >= until) {
    return false;
  }
  assert.match(answer, /^2 /);
  for (const [client, mark] of from) {
    await policyWith(client, (event) => event.mode === 'open' && event.areas.length === 0, mark);
  }
  assert.ok(Date.now() >= until);
  assert.equal(await stroke(mira), 'ack');
  return true;
}

test('what_is_over_ends_by_itself_and_everybody_is_told', async () => {
  for (let lastsMs = 4000; !(await isOverByItself(lastsMs)); lastsMs *= 2) {
    assert.ok(lastsMs < 20000, 'it is never in force');
  }
});

test('a_stroke_that_was_committed_is_acknowledged_again_whatever_holds_by_then', async () => {
  const { canvas, admin, mira } = await wall({ mira: 'newcomer' });
  const counter = mira.submit(lineBody([10, 10, 90, 90]));
  const { seq } = await mira.answer(counter);
  await acted(admin, { kind: 'mode', mode: 'read-only' });
  const again = await Client.join(server, { canvas, token: mira.token, nonce: mira.nonce });
  const answer = await again.commit(lineBody([10, 10, 90, 90]), { counter });
  assert.deepEqual([answer.type, answer.seq], ['ack', seq]);
  assert.match(await stroke(again), /^2 /);
});

test('what_may_not_be_drawn_is_not_previewed_and_who_saw_it_grow_forgets_it', async () => {
  const { canvas, admin, mira } = await wall({ mira: 'newcomer' });
  const watcher = await Client.join(server, { canvas, watch: true });
  await watcher.view({ width: 3, height: 3 });
  await acted(admin, area('frozen', 100, 0, 100, 100));
  await policyWith(mira, (event) => event.areas.length === 1);
  mira.preview(77, 0, lineBody([110, 10, 120, 20]));
  mira.preview(78, 0, lineBody([10, 10, 20, 20]));
  await watcher.wait((event) => event.type === 'preview' && event.counter === 78);
  assert.equal(watcher.all('preview').some((event) => event.counter === 77), false);
  const answer = await mira.commit(lineBody([10, 10, 150, 20]), { counter: 78 });
  assert.equal(answer.code, 2);
  await watcher.wait((event) => event.type === 'previewEnd' && event.counter === 78);
  await acted(admin, { kind: 'mode', mode: 'invited' });
  mira.cursor({ level: 0, tileX: 0, tileY: 0, x: 80, y: 80 });
  await mira.settle();
  await watcher.settle();
  assert.equal(watcher.all('cursor').length, 0);
});

test('a_stroke_left_in_mid_air_is_not_kept_where_the_area_rests_by_then', async () => {
  const own = await startServer({ args: ['--vanish-ms', '1000'] });
  const admin = await Client.artist(own, { admin: own.adminToken() });
  await admin.view({ width: 3, height: 3 });
  const mira = await Client.artist(own);
  await mira.draw([10, 10, 90, 90]);
  mira.preview(50, 0, lineBody([10, 10, 90, 90]));
  mira.preview(51, 0, lineBody([310, 10, 390, 90]));
  await mira.settle();
  await acted(admin, area('frozen', 0, 0, 100, 100));
  const from = admin.mark();
  await mira.vanish();
  const kept = await admin.wait((event) => event.type === 'op' && event.counter >= 50, from);
  assert.equal(kept.counter, 51);
  await admin.wait((event) => event.type === 'left', from);
  assert.equal(admin.all('op', from).length, 1);
  await own.stop();
});

test('moderators_roll_back_and_the_log_tells_why', async () => {
  const own = await startServer();
  const admin = await Client.join(own, { admin: own.adminToken() });
  const mira = await Client.artist(own);
  const vandal = await Client.artist(own);
  await mira.draw([10, 10, 90, 90]);
  vandal.first = await vandal.draw([10, 10, 90, 90]);
  await acted(admin, { kind: 'role', artist: mira.me.artist, role: 'moderator' });
  const all = { type: 'rollback', artists: [vandal.me.artist], level: 0, x: '-1000', y: '-1000', width: 4000, height: 4000, lasso: null, from: '1', to: '1000' };
  assert.equal((await ask(vandal, all)).code, 'denied');
  assert.equal((await ask(mira, { ...all, why: 'x'.repeat(401) })).code, 'invalid');
  const rolled = await ask(mira, { ...all, apply: true, why: 'scribbled over it' });
  assert.equal(rolled.strokes, 1);
  const { ops } = await ask(mira, { type: 'mine' });
  assert.deepEqual(ops.slice(0, 2).map((op) => op.kind), ['record', 'record'], 'no step of hers');
  assert.equal((await mira.commit(showBody(vandal.first))).code, 2);
  await acted(mira, { kind: 'undo', act: rolled.act });
  await own.stop();
  const log = readFileSync(`${own.data}/canvases/main.kolam`, 'latin1');
  assert.match(log, /"kind":"rollback","strokes":1,"artists":\[\d+\],"why":"scribbled over it"/);
  assert.equal((await kolam(['check', '--data', own.data])).code, 0);
});

test('mentors_tidy_names_owners_import_and_acts_are_made_by_the_server_alone', async () => {
  const { admin, mira, mentor, owned } = await wall({ mira: 'newcomer', mentor: 'mentor', owned: 'owner' });
  const { place } = await ask(mira, { type: 'place', name: 'Here', x: '0', y: '0', zoom: 0 });
  assert.equal((await ask(mentor, { type: 'place_remove', place })).type, 'place_removed');
  const from = mentor.mark();
  mentor.say({ type: 'act_as', slot: 0, name: 'somebody' });
  assert.equal((await mentor.wait((event) => event.type === 'error', from)).code, 'denied');
  owned.say({ type: 'act_as', slot: 0, name: 'somebody' });
  await owned.wait((event) => event.type === 'acting');
  assert.equal((await owned.commit(lineBody([10, 10, 90, 90]), { slot: 0 })).type, 'ack');
  assert.match(await outcome(owned, recordBody({ kind: 'mode', mode: 'read-only' })), /^1 /);
  assert.match(await outcome(owned, recordBody({ kind: 'role', artist: 1, role: 'nonsense' })), /^1 /);
  assert.match(await outcome(mira, recordBody({ kind: 'mode', mode: 'read-only' })), /^2 /);
  assert.equal(await outcome(owned, recordBody({ kind: 'something' })), 'ack');
  await acted(admin, { kind: 'role', artist: owned.me.artist, role: 'earned' });
  await owned.wait((event) => event.type === 'standing' && event.role === 'newcomer', from);
  assert.match(await outcome(owned, lineBody([10, 10, 90, 90])), /^ack/);
  assert.equal((await owned.commit(lineBody([10, 10, 90, 90]), { slot: 0 })).code, 2, 'not in others’ names any more');
});

// A server on which one is an artist after three strokes, and a canvas of it in the mode newcomers.
async function nursery(args = ['--artist-after-s', '0', '--artist-strokes', '3']) {
  const own = await startServer({ args });
  const admin = await Client.join(own, { admin: own.adminToken() });
  await acted(admin, { kind: 'mode', mode: 'newcomers' });
  return { own, admin };
}
const roleOf = (client, role, from = 0) => client.wait((event) => event.type === 'standing' && event.role === role, from, role);

test('newcomers_have_little_ink_that_all_their_connections_share_and_that_refills', async () => {
  const { own } = await nursery([]);
  const mira = await Client.artist(own);
  const { ink } = await roleOf(mira, 'newcomer');
  assert.deepEqual(ink, { per_minute: 8000, left: 8000, width: 24, extent: 1600, level: -2 });
  const draw = (client, line, options) => outcome(client, lineBody(line, options));
  assert.match(await draw(mira, [0, 0, 90, 0], { width: 25 * 256 }), /^4 .*smaller brushes/);
  assert.match(await draw(mira, [0, 0, 90, 0], { level: -3 }), /^4 .*zoom in/);
  assert.match(await draw(mira, [0, 0, 1700, 0]), /^4 .*shorter/);
  // Of 1500 each: five of what there is, and on a slow machine some of what came meanwhile.
  const begun = performance.now();
  const refilled = () => Math.ceil((performance.now() - begun) / 60000 * ink.per_minute);
  let drawn = 0;
  const drawUntilRefused = async (client) => {
    for (;;) {
      const told = await draw(client, [0, drawn, 1500, drawn]);
      if (told !== 'ack') {
        return told;
      }
      drawn += 1;
      assert.ok(drawn * 1500 <= ink.left + refilled(), `${drawn} in ${performance.now() - begun} ms`);
    }
  };
  const from = mira.mark();
  assert.match(await drawUntilRefused(mira), /^4 .*in \d+ s$/);
  assert.ok(drawn >= 5, `${drawn}`);
  const kept = mira.nextCounter - 2;
  const { ink: left } = await roleOf(mira, 'newcomer', from);
  assert.ok(left.left < 1508, JSON.stringify(left));
  const before = refilled();
  const again = await Client.join(own, { token: mira.token });
  assert.ok(again.welcome.ink.left < 1508 + refilled() - before + ink.per_minute / 60, 'the same well');
  assert.match(await drawUntilRefused(again), /^4 .*in \d+ s$/);
  // What is not kept takes nothing, what was kept is known again.
  const third = await Client.join(own, { token: mira.token, nonce: mira.nonce });
  assert.equal((await third.commit(lineBody([0, 4, 1500, 4]), { counter: kept })).type, 'ack', 'a resend');
  const other = await Client.artist(own);
  assert.match(await draw(other, [0, 8, 1500, 8]), /^ack/, 'each has their own');
  await own.stop();
});

test('who_is_left_standing_becomes_an_artist_and_who_is_taken_back_does_not', async () => {
  const { own, admin } = await nursery();
  const mira = await Client.artist(own);
  await mira.draw([10, 10, 90, 90]);
  const second = await mira.draw([10, 20, 90, 90]);
  assert.equal((await mira.commit(hideBody(second))).type, 'ack');
  assert.equal((await ask(mira, { type: 'place', name: 'Here', x: '0', y: '0', zoom: 0 })).code, 'denied');
  const vandal = await Client.artist(own);
  for (let i = 0; i < 3; i += 1) {
    await vandal.draw([10 + i, 20, 90, 90]);
  }
  const asArtist = await Client.join(own, { token: vandal.token });
  assert.equal(asArtist.welcome.role, 'artist');
  const moderator = await Client.artist(own, { admin: own.adminToken() });
  await ask(moderator, { type: 'rollback', artists: [vandal.me.artist], level: 0, x: '-1000', y: '-1000', width: 4000, height: 4000, lasso: null, from: '1', to: '1000', apply: true });
  // Counted anew, which is not at each stroke.
  await eventually(async () => {
    await asArtist.commit(hideBody(1));
    return asArtist.events.some((event) => event.type === 'standing' && event.role === 'newcomer');
  }, 'a newcomer again', 20000);
  await mira.draw([10, 30, 90, 90]);
  await mira.draw([10, 40, 90, 90]);
  await eventually(async () => {
    await mira.draw([10, 50, 90, 90]);
    return (await ask(mira, { type: 'place', name: 'Here', x: '0', y: '0', zoom: 0 })).type === 'place';
  }, 'an artist');
  await acted(admin, { kind: 'mode', mode: 'invited' });
  await mira.draw([10, 60, 90, 90]);
  assert.equal((await vandal.commit(lineBody([0, 0, 9, 9]))).code, 2);
  const data = own.data;
  await own.kill();
  const later = await startServer({ data, args: ['--artist-after-s', '0', '--artist-strokes', '3'] });
  const back = await Client.join(later, { token: mira.token });
  assert.equal(back.welcome.role, 'artist', 'counted from the log');
  assert.equal(back.welcome.ink, null);
  assert.equal((await Client.join(later, { token: vandal.token })).welcome.role, 'newcomer');
  await later.stop();
});

test('who_may_not_set_up_a_canvas_makes_none_by_asking', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const changes = [{ kind: 'mode', mode: 'read-only' }, { kind: 'votes', hide: 3 }, { kind: 'vote', stroke: '1' }, area('frozen', 0, 0, 100, 100)];
  for (const what of changes) {
    assert.equal((await act(mira, what)).code, 'denied', what.kind);
  }
  assert.equal((await getJson(server, `/api/canvas/${canvas}`)).status, 404, 'it is still not there');
  await acted(await owner(canvas), { kind: 'mode', mode: 'invited' });
  assert.equal((await getJson(server, `/api/canvas/${canvas}`)).status, 200, 'its owner sets it up before anything is drawn');
});

test('where_only_the_operator_begins_canvases_others_look_and_nothing_is_made', async () => {
  const closed = await startServer({ args: ['--no-new-canvases'] });
  const mira = await Client.artist(closed, { canvas: 'hall' });
  assert.equal(mira.welcome.policy.mode, 'invited');
  const refused = await mira.commit(lineBody([10, 10, 90, 90]));
  assert.match(`${refused.type} ${refused.message}`, /^nack .*those who are invited/);
  const named = await ask(mira, { type: 'place', name: 'Here', level: 0, x: '0', y: '0' });
  assert.equal(named.type, 'error');
  assert.equal((await getJson(closed, '/api/canvas/hall')).status, 404);
  const from = mira.mark();
  const admin = await Client.artist(closed, { canvas: 'hall', admin: closed.adminToken() });
  await admin.draw([0, 0, 50, 50]);
  await policyWith(mira, (event) => event.mode === 'open', from);
  await mira.draw([10, 10, 90, 90]);
  await closed.kill();
});

const standingOf = (client, role, from = 0) => client.wait((event) => event.type === 'standing' && event.role === role, from, role);

test('roles_and_areas_of_a_former_self_are_those_of_who_they_are_now', async () => {
  const { canvas, admin, mentor, artist } = await wall({ mentor: 'mentor', artist: 'artist' });
  const other = await Client.artist(server, { canvas });
  await other.draw([300, 10, 390, 90]);
  await acted(admin, area('owned', 0, 0, 100, 100, { owner: mentor.me.artist }));
  assert.match(await stroke(artist), /^2 /, 'the area is another’s');
  const from = artist.mark();
  await merge(artist, mentor);
  await standingOf(artist, 'mentor', from);
  assert.equal(await stroke(artist), 'ack', 'the former self’s area is one’s own');
  const again = await Client.join(server, { canvas, token: artist.token });
  assert.equal(again.welcome.role, 'mentor');
  assert.equal(await stroke(again), 'ack');
  assert.match(await stroke(other), /^2 /);
});

test('who_was_made_a_newcomer_stays_one_as_whoever_they_become', async () => {
  const { canvas, admin, moderator, artist } = await wall({ moderator: 'moderator', artist: 'artist' });
  await acted(admin, { kind: 'role', artist: artist.me.artist, role: 'newcomer' });
  const from = moderator.mark();
  await merge(moderator, artist);
  await standingOf(moderator, 'newcomer', from);
  const again = await Client.join(server, { canvas, token: moderator.token });
  assert.equal(again.welcome.role, 'newcomer');
});
