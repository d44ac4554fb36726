// Keeping order: sanctions at every door, reports and who hears of them, the audit and undoing; and who may not.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { ask, Client, editBody, eventually, get, getJson, hideBody, kolam, lineBody, showBody, startServer } from './client.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

let canvasNumber = 0;
const newCanvas = () => `order-${(canvasNumber += 1)}`;

let askNumber = 0;
async function say(client, message) {
  const id = (askNumber += 1);
  const from = client.mark();
  client.say({ ...message, id });
  return client.wait((event) => event.id === id, from, JSON.stringify(message).slice(0, 120));
}
const act = (client, record) => say(client, { type: 'act', act: record });
const sanction = (client, fields) => say(client, { type: 'sanction', ...fields });
const artist = (canvas, options = {}) => Client.artist(options.server ?? server, { canvas, ...options });
const admin = (canvas, of = server) => Client.join(of, { canvas, admin: of.adminToken() });

// A moderator with an identity, by role.
async function moderator(canvas, boss, role = 'moderator') {
  const client = await artist(canvas);
  await client.draw([0, 0, 5, 5]);
  const answer = await act(boss, { kind: 'role', artist: client.me.artist, role });
  assert.equal(answer.type, 'acted', JSON.stringify(answer));
  return client;
}

async function people(count, canvas, of = server) {
  const list = await Promise.all(Array.from({ length: count }, () => artist(canvas, { server: of })));
  for (const client of list) {
    await client.draw([10, 10, 60, 60]);
  }
  return list;
}

const back = ({ me }) => ({ type: 'rollback', artists: [me.artist], level: 0, x: '-500', y: '-500', width: 1000, height: 1000, from: '1', to: '100000', apply: true });
const told = (client, kind, from = 0) =>
  client.wait((event) => event.type === 'sanctioned' && event.sanctions.some((one) => one.kind === kind), from, `being told of ${kind}`);
const freed = (client, from) => client.wait((event) => event.type === 'sanctioned' && event.sanctions.length === 0, from, 'being told that it is over');
const visible = async (canvas, x = 20) => (await getJson(server, `/api/canvas/${canvas}/at?level=0&x=${x}&y=${x}`)).json.strokes;

test('a_suspended_artist_looks_on_and_hears_why_until_when', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const [mira, otto] = await people(2, canvas);
  const until = Date.now() + 3600000;
  const answer = await sanction(boss, { artist: mira.me.artist, kind: 'suspend', until, why: 'drew over the old kolam' });
  assert.equal(answer.type, 'sanction', JSON.stringify(answer));
  const { sanctions } = await told(mira, 'suspend');
  assert.deepEqual(sanctions, [{ kind: 'suspend', until, why: 'drew over the old kolam', everywhere: false }]);
  const refused = await mira.commit(lineBody([10, 10, 20, 20]));
  assert.deepEqual([refused.type, refused.code], ['nack', 2]);
  assert.match(refused.message, /suspended from drawing here until \d{4}-\d\d-\d\d \d\d:\d\d UTC: drew over the old kolam/);
  await mira.view({});
  const seq = await otto.draw([30, 30, 90, 90]);
  await mira.op(seq);
  const again = await Client.join(server, { canvas, token: mira.token });
  assert.equal(again.welcome.sanctions[0].kind, 'suspend');
  assert.equal((await again.commit(lineBody([10, 10, 20, 20]))).type, 'nack');
  const elsewhere = await Client.join(server, { canvas: newCanvas(), token: mira.token });
  assert.deepEqual(elsewhere.welcome.sanctions, []);
  await elsewhere.draw([1, 1, 9, 9]);
  const from = mira.mark();
  assert.equal((await say(boss, { type: 'sanction_end', sanction: answer.sanction.sanction })).type, 'sanction_ended');
  await freed(mira, from);
  await mira.draw([10, 10, 20, 20]);
  assert.equal((await say(boss, { type: 'sanction_end', sanction: answer.sanction.sanction })).code, 'not_found');
});

test('a_ban_takes_away_what_others_see_of_somebody_and_holds_everywhere_if_meant_so', async () => {
  const own = await startServer();
  const canvas = newCanvas();
  const boss = await admin(canvas, own);
  const [mira, otto] = await people(2, canvas, own);
  await otto.view({});
  mira.preview(50, 0, lineBody([10, 10, 40, 40]));
  await otto.wait((event) => event.type === 'preview' && event.counter === 50);
  const answer = await sanction(boss, { artist: mira.me.artist, kind: 'ban', for_s: 3600, everywhere: true, why: '' });
  assert.equal(answer.type, 'sanction', JSON.stringify(answer));
  await otto.wait((event) => event.type === 'left', 0, 'the preview to go');
  await told(mira, 'ban');
  assert.equal((await mira.commit(lineBody([1, 1, 5, 5]))).code, 2);
  const elsewhere = await Client.join(own, { canvas: newCanvas(), token: mira.token });
  assert.equal(elsewhere.welcome.sanctions[0].everywhere, true);
  assert.equal((await elsewhere.commit(lineBody([1, 1, 5, 5]))).code, 2);
  const from = otto.mark();
  mira.cursor({ level: 0, tileX: 0, tileY: 0, x: 800, y: 800 });
  mira.preview(51, 0, lineBody([10, 10, 40, 40]));
  await mira.settle();
  await otto.draw([1, 1, 5, 5]);
  await otto.settle();
  assert.deepEqual([...otto.all('preview', from), ...otto.all('cursor', from)], []);
  await own.stop();
});

test('the_muted_draw_and_have_no_cursor_and_name_nothing', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const [mira, otto] = await people(2, canvas);
  await otto.view({});
  await sanction(boss, { artist: mira.me.artist, kind: 'mute', for_s: 600 });
  await told(mira, 'mute');
  const from = otto.mark();
  mira.cursor({ level: 0, tileX: 0, tileY: 0, x: 800, y: 800 });
  const seq = await mira.draw([10, 10, 20, 20]);
  await otto.op(seq);
  await otto.settle();
  assert.deepEqual(otto.all('cursor', from), []);
  const place = { type: 'place', name: 'Shouting', x: '0', y: '0', zoom: 0 };
  assert.match((await say(mira, place)).message, /you are muted here until/);
  mira.say({ type: 'rename', name: 'SHOUTING' });
  assert.equal((await mira.wait((event) => event.type === 'error' && event.id === undefined)).code, 'denied');
});

test('the_slowed_draw_a_little_and_are_told_so', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const [mira] = await people(1, canvas);
  await sanction(boss, { artist: mira.me.artist, kind: 'slow', for_s: 600 });
  await told(mira, 'slow');
  const answers = [];
  for (let i = 0; i < 8; i += 1) {
    answers.push(await mira.commit(lineBody([i, i, 20, 20])));
  }
  assert.ok(answers.some((answer) => answer.type === 'ack'));
  const refused = answers.filter((answer) => answer.type === 'nack');
  assert.ok(refused.length > 0 && refused.every((answer) => answer.code === 4 && /slowed down here/.test(answer.message)));
  // Nobody draws more on more connections, and what was committed is known again.
  const again = await artist(canvas, { token: mira.token, nonce: mira.nonce });
  const third = await artist(canvas, { token: mira.token });
  const more = [];
  for (let i = 0; i < 6; i += 1) {
    more.push(await (i % 2 ? again : third).commit(lineBody([i, i, 30, 30]), i % 2 ? { counter: 100 + i } : {}));
  }
  assert.ok(more.filter((answer) => answer.type === 'ack').length < 6 && more.some((answer) => answer.code === 4), JSON.stringify(more));
  const kept = answers.findIndex((answer) => answer.type === 'ack');
  for (let i = 0; i < 4; i += 1) {
    assert.equal((await again.commit(lineBody([kept, kept, 20, 20]), { counter: mira.nextCounter - 8 + kept })).type, 'ack', 'a resend');
  }
});

test('ink_under_a_hidden_ban_is_acknowledged_and_nobody_sees_it', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const [mira, otto] = await people(2, canvas);
  await otto.view({ width: 2, height: 2 });
  await mira.view({ width: 2, height: 2 });
  const every = await Client.join(server, { canvas, watch: true });
  every.say({ type: 'view', id: 1, level: -24, x: '-1', y: '-1', width: 2, height: 2, every: true });
  await every.wait((event) => event.type === 'view');
  const answer = await sanction(boss, { artist: mira.me.artist, kind: 'ban', hidden: true, for_s: 3600, why: 'a bot' });
  assert.equal(answer.sanction.hidden, true);
  await mira.settle();
  assert.deepEqual(mira.all('sanctioned'), [], 'nothing is told');
  const again = await Client.join(server, { canvas, token: mira.token });
  assert.deepEqual(again.welcome.sanctions, []);
  const [fromOtto, fromEvery] = [otto.mark(), every.mark()];
  mira.preview(60, 0, lineBody([110, 110, 140, 140]));
  mira.cursor({ level: 0, tileX: 0, tileY: 0, x: 800, y: 800 });
  const seq = await mira.draw([110, 110, 140, 140]);
  await mira.op(seq);
  const next = await otto.draw([5, 5, 9, 9]);
  assert.equal(next, seq + 2, 'the hide came right behind it');
  await otto.op(next);
  await every.op(next);
  const unseen = (client, from) => client.events.slice(from).filter((event) =>
    ['preview', 'cursor'].includes(event.type) || (event.type === 'op' && event.seq !== next) || (event.type === 'tile' && event.seq <= seq + 1 && event.seq >= seq));
  assert.deepEqual(unseen(otto, fromOtto), []);
  assert.deepEqual(unseen(every, fromEvery), []);
  const here = await visible(canvas, 125);
  assert.deepEqual(here.map((stroke) => stroke.hidden), [true], 'it is in the log, hidden');
  const resent = await mira.commit(lineBody([110, 110, 140, 140]), { counter: mira.nextCounter - 1 });
  assert.deepEqual([resent.type, resent.seq], ['ack', seq], 'sent again it is the same');
  assert.equal((await say(mira, { type: 'place', name: 'Look here', x: '0', y: '0', zoom: 0 })).code, 'unavailable');
  assert.equal((await say(mira, { type: 'report', artist: otto.me.artist, text: '' })).code, 'unavailable');
  // Bringing it back brings nothing back.
  assert.equal((await mira.commit(showBody([seq]))).type, 'ack');
  assert.deepEqual((await visible(canvas, 125)).map((stroke) => stroke.hidden), [true]);
  // Their own visible strokes they may hide, and all see that.
  const [old] = await visible(canvas, 30);
  const from = otto.mark();
  const hidden = await mira.commit(hideBody([Number(old.seq)]));
  if (hidden.type === 'ack') {
    await otto.op(hidden.seq, from);
  }
  await say(boss, { type: 'sanction_end', sanction: answer.sanction.sanction });
  const still = await mira.commit(showBody([seq]));
  assert.deepEqual([still.type, still.code], ['nack', 2], 'what was withheld is not the author’s to show afterwards');
  const free = await mira.draw([210, 210, 240, 240]);
  await otto.op(free);
  const checked = await kolam(['check', '--data', server.data, '--canvas', canvas]);
  assert.equal(checked.code, 0, checked.stdout + checked.stderr);
});

test('sanctions_survive_a_kill_and_hold_from_the_first_moment', async () => {
  const first = await startServer();
  const boss = await admin('main', first);
  const mira = await Client.artist(first);
  await mira.draw([1, 1, 9, 9]);
  const kept = await sanction(boss, { artist: mira.me.artist, kind: 'ban', why: 'forever' });
  assert.equal(kept.sanction.until, null);
  await first.kill();
  const second = await startServer({ data: first.data });
  const again = await Client.join(second, { token: mira.token });
  assert.equal(again.welcome.sanctions[0].why, 'forever');
  assert.equal((await again.commit(lineBody([1, 1, 5, 5]))).code, 2);
  await second.stop();
});

test('a_sanction_ends_by_itself', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const [mira] = await people(1, canvas);
  // On a slow machine it may be over before it is in force: nobody is told of that.
  const isToldOf = async (seconds) => {
    const from = mira.mark();
    const answer = await sanction(boss, { artist: mira.me.artist, kind: 'suspend', for_s: seconds });
    assert.equal(answer.type, 'sanction', JSON.stringify(answer));
    await mira.settle();
    const isTold = mira.all('sanctioned', from).some(({ sanctions }) => sanctions.some(({ kind }) => kind === 'suspend'));
    await (isTold && freed(mira, from));
    return isTold;
  };
  for (let seconds = 1; !(await isToldOf(seconds)); seconds *= 2) {
    assert.ok(seconds < 8, 'it is never in force');
  }
  await mira.draw([10, 10, 20, 20]);
});

test('a_prefix_is_kept_out_whoever_comes_and_only_the_trusted_proxy_tells_who_that_is', async () => {
  const proxied = await startServer({ args: ['--trusted-proxy', '127.0.0.1'] });
  const at = (address, options = {}) => ({ headers: { 'X-Forwarded-For': address }, ...options });
  const boss = await Client.join(proxied, { admin: proxied.adminToken() });
  const mira = await Client.artist(proxied, at('203.0.113.7'));
  await mira.draw([1, 1, 9, 9]);
  const whence = await say(boss, { type: 'whence', artist: mira.me.artist });
  assert.deepEqual([whence.type, whence.prefixes], ['whence', ['203.0.113.0/24']]);
  const wide = await sanction(boss, { prefix: '203.0.113.0/24', kind: 'ban', for_s: 600, why: 'a flood' });
  assert.equal(wide.type, 'sanction', JSON.stringify(wide));
  assert.equal(wide.sanction.prefix, '203.0.113.0/24');
  await told(mira, 'ban');
  const stranger = await Client.join(proxied, at('203.0.113.99'));
  assert.equal(stranger.welcome.sanctions[0].kind, 'ban');
  const neighbour = await Client.artist(proxied, at('203.0.114.1'));
  await neighbour.draw([1, 1, 9, 9]);
  for (const fields of [{ for_s: 31 * 86400 }, {}, { for_s: 60, prefix: '203.0.0.0/15' }, { for_s: 60, prefix: '127.0.0.0/24' },
    { for_s: 60, prefix: 'everybody' }, { for_s: 60, artist: 1 }]) {
    const answer = await sanction(boss, { prefix: '203.0.113.0/24', kind: 'ban', ...fields });
    assert.equal(answer.code, 'invalid', JSON.stringify(fields));
  }
  // Not even looking.
  const shut = await sanction(boss, { prefix: '198.51.100.0/24', kind: 'ban', for_s: 600, ban_watching: true, everywhere: true });
  assert.equal(shut.type, 'sanction', JSON.stringify(shut));
  const outside = await Client.open(proxied, at('198.51.100.4'));
  await assert.rejects(outside.hello({}), /denied|1008/);
  const page = (address) => get(proxied, '/api/canvas/main', { headers: { 'X-Forwarded-For': address } });
  assert.equal((await page('198.51.100.4')).status, 403);
  assert.equal((await page('198.51.101.4')).status, 200);
  assert.equal((await get(proxied, '/healthz', { headers: { 'X-Forwarded-For': '198.51.100.4' } })).status, 200);
  await proxied.stop();
});

test('who_may_not_may_not', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const [mira, otto] = await people(2, canvas);
  const keeper = await moderator(canvas, boss);
  const second = await moderator(canvas, boss);
  const mentor = await moderator(canvas, boss, 'mentor');
  const stranger = await Client.join(server, { canvas });
  const watcher = await Client.join(server, { canvas });
  const about = { artist: otto.me.artist, for_s: 60 };
  for (const client of [mira, stranger]) {
    for (const message of [{ type: 'sanction', kind: 'mute', ...about }, { type: 'sanctions' }, { type: 'sanction_end', sanction: 1 }, { type: 'reports' },
      { type: 'report_close', report: 1 }, { type: 'audit' }, { type: 'undo', act: '1' }, { type: 'whence', artist: otto.me.artist }]) {
      assert.equal((await say(client, message)).code, 'denied', JSON.stringify(message));
    }
  }
  assert.equal((await sanction(mentor, { kind: 'mute', ...about })).type, 'sanction');
  assert.equal((await sanction(mentor, { kind: 'ban', ...about })).code, 'denied');
  assert.equal((await say(mentor, { type: 'audit' })).code, 'denied');
  assert.equal((await sanction(keeper, { kind: 'ban', ...about })).type, 'sanction');
  assert.equal((await sanction(keeper, { kind: 'ban', ...about, everywhere: true })).code, 'denied', 'the whole server is its owner’s');
  assert.equal((await sanction(keeper, { kind: 'mute', artist: second.me.artist, for_s: 60 })).code, 'denied', 'an equal');
  assert.equal((await sanction(mentor, { kind: 'mute', artist: keeper.me.artist, for_s: 60 })).code, 'denied', 'a higher');
  assert.equal((await sanction(keeper, { kind: 'mute', artist: keeper.me.artist, for_s: 60 })).code, 'invalid', 'oneself');
  assert.equal((await sanction(boss, { kind: 'suspend', artist: keeper.me.artist, for_s: 600 })).type, 'sanction');
  assert.equal((await say(keeper, { type: 'audit' })).code, 'denied', 'a suspended moderator is none');
  assert.equal((await sanction(boss, { kind: 'ban', artist: 4711, for_s: 60 })).code, 'not_found');
  for (const fields of [{ kind: 'hug' }, { kind: 'ban', for_s: 0 }, { kind: 'ban', for_s: 60, until: 1 }, { kind: 'ban', until: 1 }, { kind: 'mute', hidden: true },
    { kind: 'ban', ban_watching: true }, { kind: 'ban', why: 'x'.repeat(401) }, { kind: 'ban', why: 'a\nb' }, { kind: 'ban', prefix: '203.0.113.0/24' }]) {
    assert.equal((await sanction(boss, { artist: mira.me.artist, ...fields })).code, 'invalid', JSON.stringify(fields));
  }
  watcher.say({ type: 'sanction', kind: 'ban' });
  assert.equal((await watcher.wait((event) => event.type === 'error')).fatal, true, 'without an id');
});

test('reports_are_queued_told_to_moderators_and_answered', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const [mira, otto] = await people(2, canvas);
  const keeper = await moderator(canvas, boss);
  const watcher = await Client.join(server, { canvas, watch: true });
  const place = { level: -1, x: '-100', y: '40', width: 200, height: 100 };
  const from = keeper.mark();
  const answer = await say(mira, { type: 'report', artist: otto.me.artist, place, text: 'scribbles over others' });
  assert.equal(answer.type, 'reported', JSON.stringify(answer));
  assert.equal((await keeper.wait((event) => event.type === 'reports_waiting', from)).count, 1);
  assert.equal((await say(watcher, { type: 'report', place, text: '' })).type, 'reported', 'watchers report, too');
  const [stroke] = await visible(canvas, 30);
  assert.equal((await say(mira, { type: 'report', stroke: stroke.seq, text: 'this one' })).type, 'reported');
  const { reports, open, more } = await say(keeper, { type: 'reports' });
  assert.deepEqual([open, more, reports.map(({ kind }) => kind)], [3, false, ['stroke', 'place', 'artist']]);
  const { time, ...first } = reports[2];
  assert.deepEqual(first, { report: answer.report, kind: 'artist', by: mira.me.name, text: 'scribbles over others', place, stroke: null,
    artist: otto.me.artist, name: otto.me.name });
  assert.ok(Math.abs(Date.now() - time) < 60000);
  assert.equal(reports[0].name, stroke.name);
  const seen = mira.mark();
  const closed = await say(keeper, { type: 'report_close', report: answer.report, outcome: 'Thank you: they rest for a day.' });
  assert.deepEqual([closed.type, closed.report.closed_by], ['report_closed', keeper.me.name]);
  const note = await mira.wait((event) => event.type === 'report_seen', seen);
  assert.deepEqual(note.reports.map(({ report, outcome }) => [report, outcome]), [[answer.report, 'Thank you: they rest for a day.']]);
  assert.equal((await say(keeper, { type: 'report_close', report: answer.report })).code, 'not_found');
  // Who was away is told when they come back, once.
  await mira.leave();
  await say(keeper, { type: 'report_close', report: reports[0].report, outcome: '' });
  const back = await Client.join(server, { canvas, token: mira.token });
  assert.equal((await back.wait((event) => event.type === 'report_seen')).reports[0].report, reports[0].report);
  const later = await Client.join(server, { canvas, token: mira.token });
  await say(later, { type: 'mine' });
  assert.deepEqual(later.all('report_seen'), []);
  assert.equal((await say(keeper, { type: 'reports', state: 'closed' })).reports.length, 2);
  assert.equal((await say(keeper, { type: 'reports', before: String(reports[0].report) })).reports.length, 1);
  for (const fields of [{}, { text: 'x' }, { artist: 99 }, { stroke: '9999' }, { stroke: '1', artist: 1 }, { place: { level: 0, x: '0', y: '0', width: 0, height: 5 } },
    { place, text: 'x'.repeat(401) }, { place, text: 5 }]) {
    const wrong = await say(await Client.join(server, { canvas }), { type: 'report', ...fields });
    assert.ok(['invalid', 'not_found'].includes(wrong.code), JSON.stringify(fields));
  }
});

test('so_many_reports_and_no_more', async () => {
  const canvas = newCanvas();
  const own = await startServer();
  const place = { level: 0, x: '0', y: '0', width: 9, height: 9 };
  const answers = [];
  for (let i = 0; i < 5; i += 1) {
    const client = await Client.join(own, { canvas });
    for (let k = 0; k < 6; k += 1) {
      answers.push((await say(client, { type: 'report', place, text: `${i} ${k}` })));
    }
    assert.equal(answers.at(-1).code, 'limit', 'of one connection');
  }
  assert.equal(answers.filter(({ type }) => type === 'reported').length, 20, 'of one place');
  await own.stop();
});

test('a_person_reports_as_much_on_two_devices_as_on_one', async () => {
  const own = await startServer();
  const canvas = newCanvas();
  const mira = await artist(canvas, { server: own });
  const place = { level: 0, x: '0', y: '0', width: 9, height: 9 };
  const answers = [];
  for (const client of [mira, await Client.join(own, { canvas, token: mira.token }), await Client.join(own, { canvas, token: mira.token })]) {
    for (let k = 0; k < 3; k += 1) {
      answers.push((await say(client, { type: 'report', place, text: String(k) })).type);
    }
  }
  assert.equal(answers.filter((type) => type === 'reported').length, 5);
  await own.stop();
});

test('the_audit_has_what_was_done_in_pages_and_all_of_it_can_be_undone', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const [mira, otto] = await people(2, canvas);
  const keeper = await moderator(canvas, boss);
  await sanction(keeper, { artist: otto.me.artist, kind: 'suspend', for_s: 600, why: 'scribbles' });
  const frozen = await act(keeper, { kind: 'area', area: 'frozen', level: 0, x: '0', y: '0', width: 100, height: 100, name: 'Here', until: Date.now() + 600000 });
  assert.equal(frozen.type, 'acted', JSON.stringify(frozen));
  await say(mira, { type: 'report', artist: otto.me.artist, text: '' });
  const [report] = (await say(keeper, { type: 'reports' })).reports;
  await say(keeper, { type: 'report_close', report: report.report });
  const all = await say(keeper, { type: 'audit' });
  assert.deepEqual(all.entries.map((entry) => [entry.what, entry.record?.kind ?? entry.sanction?.kind ?? entry.report.kind]),
    [['report_close', 'artist'], ['act', 'area'], ['sanction', 'suspend'], ['act', 'role']]);
  assert.ok(all.entries.slice(0, 3).every((entry) => entry.by === keeper.me.name));
  assert.equal(all.entries[3].by, 'Operator');
  assert.equal(all.entries[3].name, keeper.me.name, 'whose role');
  assert.equal(all.next, null);
  let before;
  const paged = [];
  do {
    const page = await say(boss, { type: 'audit', limit: 1, before });
    paged.push(...page.entries);
    before = page.next;
  } while (before);
  assert.deepEqual(paged, all.entries);
  assert.equal((await say(keeper, { type: 'undo', sanction: all.entries[2].sanction.sanction })).type, 'sanction_ended');
  await otto.draw([300, 300, 310, 310]);
  assert.equal((await say(keeper, { type: 'undo', act: all.entries[1].act })).type, 'acted');
  assert.equal((await say(keeper, { type: 'undo', act: all.entries[1].act })).code, 'not_found');
  const later = await say(keeper, { type: 'audit' });
  assert.deepEqual(later.entries.slice(0, 2).map((entry) => entry.record?.kind ?? entry.what), ['undo', 'sanction_end']);
  assert.equal(later.entries.find((entry) => entry.act === frozen.act).undone, true);
  for (const wrong of ['x', '5', '1.l', '1.d.9.1', 5, {}]) {
    assert.equal((await say(keeper, { type: 'audit', before: wrong })).code, 'invalid', JSON.stringify(wrong));
  }
  assert.equal((await say(boss, { type: 'undo', act: '99999' })).code, 'not_found');
  assert.equal((await say(boss, { type: 'undo', act: '1' })).code, 'not_found', 'a stroke is no act');
});

test('nobody_judges_an_equal_wherever_that_role_comes_from_and_whoever_is_there', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const keeper = await moderator(canvas, boss);
  const mentor = await moderator(canvas, boss, 'mentor');
  // A moderator by invitation, who has gone home; and an owner by a role.
  const [guest] = await people(1, canvas);
  const { code } = await say(boss, { type: 'invite', role: 'moderator' });
  assert.equal((await say(guest, { type: 'invitation_use', code })).type, 'invitation_used');
  const owner = await moderator(canvas, boss, 'owner');
  const second = await moderator(canvas, boss, 'owner');
  await guest.leave();
  const rows = [
    [keeper, guest, false], [keeper, mentor, true], [keeper, owner, false], [mentor, guest, false], [mentor, keeper, false],
    [owner, guest, true], [owner, second, false], [boss, owner, true],
  ];
  for (const [who, whom, may] of rows) {
    const answer = await say(who, { type: 'sanction', artist: whom.me.artist, kind: 'mute', for_s: 600 });
    assert.equal(answer.type === 'sanction', may, JSON.stringify([answer, who.me, whom.me]));
    assert.equal(may || answer.code === 'denied', true);
    if (may) {
      assert.equal((await say(who, { type: 'sanction_end', sanction: answer.sanction.sanction })).type, 'sanction_ended');
    }
  }
  // What they did is undone by those above them, by their equals and by themselves.
  const [otto] = await people(1, canvas);
  const muted = await say(owner, { type: 'sanction', artist: otto.me.artist, kind: 'mute' });
  assert.equal((await say(keeper, { type: 'sanction_end', sanction: muted.sanction.sanction })).code, 'denied');
  assert.equal((await say(keeper, { type: 'undo', sanction: muted.sanction.sanction })).code, 'denied');
  const frozen = await act(owner, { kind: 'area', area: 'frozen', level: 0, x: '900', y: '0', width: 10, height: 10 });
  assert.equal((await say(keeper, { type: 'undo', act: frozen.act })).code, 'denied');
  assert.equal((await act(keeper, { kind: 'undo', act: frozen.act })).code, 'denied');
  const plain = { kind: 'area', area: 'plain', of: frozen.act };
  assert.match((await act(keeper, plain)).message, /^what somebody of a higher role did/, 'nor is it ended by another act');
  assert.equal((await act(keeper, { kind: 'area', area: 'frozen', of: frozen.act, level: 0, x: '900', y: '0', width: 1, height: 1 })).code, 'denied', 'nor moved away');
  const byBoss = await act(boss, { kind: 'area', area: 'frozen', level: 0, x: '920', y: '0', width: 10, height: 10 });
  assert.equal((await act(owner, { kind: 'undo', act: byBoss.act })).code, 'denied', 'what the operator did');
  assert.equal((await act(owner, { kind: 'area', area: 'plain', of: byBoss.act })).code, 'denied');
  const own = await act(keeper, { kind: 'area', area: 'frozen', level: 0, x: '950', y: '0', width: 10, height: 10 });
  assert.equal((await act(keeper, { kind: 'undo', act: own.act })).type, 'acted');
  assert.equal((await act(second, { kind: 'undo', act: frozen.act })).type, 'acted', 'an equal’s');
  const anew = await act(owner, { kind: 'area', area: 'frozen', level: 0, x: '900', y: '0', width: 10, height: 10 });
  assert.equal((await act(second, { kind: 'area', area: 'plain', of: anew.act })).type, 'acted');
  // But not so that an equal loses a role, nor for oneself.
  const made = await act(owner, { kind: 'role', artist: otto.me.artist, role: 'owner' });
  assert.equal((await act(second, { kind: 'undo', act: made.act })).code, 'denied');
  assert.equal((await act(otto, { kind: 'undo', act: made.act })).code, 'denied', 'about oneself');
  assert.equal((await act(owner, { kind: 'undo', act: made.act })).type, 'acted', 'one’s own, at once');
  const area = { artists: [second.me.artist], level: 0, x: '-500', y: '-500', width: 1000, height: 1000, from: '1', to: '100000' };
  const rolled = await say(owner, { type: 'rollback', ...area, apply: true });
  assert.equal((await say(second, { type: 'undo', act: rolled.act })).code, 'denied', 'what was done to oneself');
  assert.equal((await say(owner, { type: 'undo', act: rolled.act })).type, 'acted');
  assert.equal((await act(owner, { kind: 'role', artist: second.me.artist, role: 'artist' })).code, 'denied');
  assert.equal((await act(owner, { kind: 'role', artist: keeper.me.artist, role: 'earned' })).type, 'acted');
  assert.equal((await act(second, { kind: 'role', artist: second.me.artist, role: 'artist' })).type, 'acted', 'oneself');
  assert.equal((await say(owner, { type: 'sanction_end', sanction: muted.sanction.sanction })).type, 'sanction_ended');
});

test('what_is_done_with_the_token_is_the_operators_also_by_who_has_an_identity', async () => {
  const canvas = newCanvas();
  const boss = await artist(canvas, { admin: server.adminToken() });
  await boss.draw([0, 0, 5, 5]);
  const keeper = await moderator(canvas, boss);
  const owner = await moderator(canvas, boss, 'owner');
  const [otto] = await people(1, canvas);
  const frozen = await act(boss, { kind: 'area', area: 'frozen', level: 0, x: '900', y: '0', width: 10, height: 10 });
  const rolled = await say(boss, back(otto));
  const muted = await sanction(boss, { artist: otto.me.artist, kind: 'mute' });
  assert.equal(muted.sanction.by, 'Operator');
  const forged = await act(keeper, { kind: 'area', area: 'frozen', level: 0, x: '950', y: '0', width: 10, height: 10, token: true });
  await boss.leave();
  for (const who of [keeper, owner]) {
    assert.equal((await say(who, { type: 'undo', act: frozen.act })).code, 'denied');
    assert.equal((await act(who, { kind: 'area', area: 'plain', of: frozen.act })).code, 'denied');
    assert.equal((await say(who, { type: 'undo', act: rolled.act })).code, 'denied');
    assert.equal((await say(who, { type: 'sanction_end', sanction: muted.sanction.sanction })).code, 'denied');
  }
  assert.equal((await say(owner, { type: 'undo', act: forged.act })).type, 'acted', 'nobody says so of themselves');
  const { entries } = await say(keeper, { type: 'audit' });
  const of = (seq) => entries.find((entry) => entry.act === seq);
  assert.deepEqual([of(frozen.act).record.token, of(rolled.act).record.token, of(forged.act).record.token, of(frozen.act).by], [true, true, undefined, boss.me.name]);
  const again = await Client.join(server, { canvas, token: boss.token, admin: server.adminToken() });
  assert.equal((await say(again, { type: 'undo', act: rolled.act })).type, 'acted');
});

test('moderators_change_what_others_drew_by_acts_alone_and_not_what_was_decided_about_them', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const keeper = await moderator(canvas, boss);
  const second = await moderator(canvas, boss);
  const [otto] = await people(1, canvas);
  const theirs = await otto.draw([20, 20, 50, 50]);
  const own = await second.draw([20, 20, 50, 50]);
  const hidden = await keeper.commit(hideBody(theirs));
  assert.deepEqual([hidden.code, hidden.message], [2, 'others\' strokes are taken off by a rollback, and brought back by undoing it']);
  await say(keeper, back(second));
  assert.equal((await second.commit(showBody(own))).code, 2, 'what an equal rolled back');
  assert.equal((await second.commit([editBody([own], 1), lineBody([20, 20, 60, 60])])).code, 2);
  assert.deepEqual((await say(second, { type: 'mine' })).ops[0].taken, [String(own)]);
  // Nor does anybody show what a higher one rolled back.
  const operator = await artist(canvas, { admin: server.adminToken() });
  assert.equal((await say(operator, back(otto))).strokes, 2);
  assert.equal((await keeper.commit(showBody(theirs))).code, 2);
  assert.ok((await visible(canvas, 30)).every((stroke) => stroke.hidden));
});

test('who_may_freeze_ends_or_moves_nothing_else_by_it', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const keeper = await moderator(canvas, boss);
  const at = (x) => ({ level: 0, x: String(x), y: '0', width: 100, height: 100 });
  assert.equal((await act(boss, { kind: 'mode', mode: 'invited' })).type, 'acted');
  const area = await act(boss, { kind: 'area', area: 'protected', ...at(0) });
  // Decided over and over, and taken back: what was there before is there still.
  const acts = [];
  const soon = (record) => eventually(async () => {
    const answer = await act(keeper, record);
    return answer.code !== 'limit' && answer;
  }, 'room for one more question');
  for (let i = 0; i < 8; i += 1) {
    acts.push(await soon({ kind: 'mode', mode: 'read-only' }), await soon({ kind: 'area', area: 'frozen', of: area.act, ...at(0) }));
  }
  assert.ok(acts.every(({ type }) => type === 'acted'));
  for (const { act: seq } of acts) {
    await soon({ kind: 'undo', act: seq });
  }
  assert.equal((await soon({ kind: 'area', area: 'frozen', of: area.act, ...at(5000) })).code, 'denied', 'nor is it moved away');
  assert.equal((await soon({ kind: 'area', area: 'plain', of: area.act })).code, 'denied');
  const newcomer = await Client.join(server, { canvas });
  const { mode, areas } = newcomer.welcome.policy;
  assert.deepEqual([mode, areas.map(({ kind, x }) => [kind, x])], ['invited', [['protected', '0']]]);
});

test('a_rollback_is_an_act_and_shown_again_when_it_is_undone', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const keeper = await moderator(canvas, boss);
  const [otto] = await people(1, canvas);
  const first = await otto.draw([20, 20, 50, 50]);
  const answer = await say(keeper, { type: 'rollback', artists: [otto.me.artist], level: 0, x: '-500', y: '-500', width: 1000, height: 1000, from: '1', to: '1000', apply: true });
  assert.equal(answer.type, 'rollback', JSON.stringify(answer));
  assert.equal(answer.strokes, 2);
  assert.ok((await visible(canvas, 30)).every((stroke) => stroke.hidden));
  // Its author does not bring it back, nor puts something in its place; to take it back oneself is no matter, and changes nothing.
  const shown = await otto.commit(showBody(first));
  assert.deepEqual([shown.type, shown.code], ['nack', 2]);
  assert.match(shown.message, /taken off the wall; moderators can bring it back/);
  assert.equal((await otto.commit([editBody([first], 1), lineBody([20, 20, 60, 60])])).code, 2);
  assert.equal((await otto.commit(hideBody(first))).type, 'ack');
  assert.equal((await otto.commit(showBody(first))).code, 2);
  const mine = await say(otto, { type: 'mine' });
  assert.deepEqual(mine.ops.map(({ kind, taken }) => [kind, taken]), [['hide', [String(first)]], ['stroke', [String(first)]], ['stroke', [String(first - 1)]]]);
  assert.ok((await say(keeper, { type: 'mine' })).ops.every((op) => op.taken === undefined));
  const [entry] = (await say(keeper, { type: 'audit' })).entries;
  assert.deepEqual([entry.record.kind, entry.record.strokes, entry.by], ['rollback', 2, keeper.me.name]);
  assert.equal(entry.act, answer.act, 'told when it was done');
  assert.equal((await say(keeper, { type: 'undo', act: entry.act })).type, 'acted');
  // What its author had taken back meanwhile is theirs again, and stays off the wall until they want it.
  const seen = () => eventually(async () => (await visible(canvas, 30)).map((stroke) => stroke.hidden).join() === 'true,false', 'one is hidden, by its author');
  await seen();
  assert.equal((await otto.commit(showBody(first))).type, 'ack');
  assert.ok((await visible(canvas, 30)).every((stroke) => !stroke.hidden));
  assert.equal((await say(keeper, { type: 'undo', act: entry.act })).code, 'not_found');
  assert.equal((await otto.commit(hideBody(first))).type, 'ack');
  assert.equal((await otto.commit(showBody(first))).type, 'ack', 'one’s own hides stay one’s own');
  assert.ok((await say(otto, { type: 'mine' })).ops.every((op) => op.taken === undefined));
  const entries = (await say(keeper, { type: 'audit' })).entries;
  assert.equal(entries.find((one) => one.act === entry.act).undone, true);
});

test('an_undo_shows_what_that_act_alone_hides', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const keeper = await moderator(canvas, boss);
  const second = await moderator(canvas, boss);
  const [otto] = await people(1, canvas);
  const seqs = [otto.first ?? 0];
  for (let i = 0; i < 4; i += 1) {
    seqs[i] = await otto.draw([20, 20 + i, 50, 50]);
  }
  const rollBack = (client) => say(client, { type: 'rollback', artists: [otto.me.artist], level: 0, x: '-500', y: '-500', width: 1000, height: 1000, from: String(seqs[0]), to: String(seqs[3]), apply: true });
  const hidden = async () => {
    const strokes = new Map((await visible(canvas, 30)).map((stroke) => [stroke.seq, stroke.hidden]));
    return seqs.map((seq) => strokes.get(seq));
  };
  const first = await rollBack(keeper);
  assert.equal(first.strokes, 4);
  // The second is shown by the operator, and hidden by another again; the third by the operator; the fourth is hidden twice over.
  const operator = await artist(canvas, { admin: server.adminToken() });
  await operator.commit(showBody(seqs[1], seqs[2]));
  const again = await say(second, { type: 'rollback', artists: null, level: 0, x: '-500', y: '-500', width: 1000, height: 1000, from: String(seqs[1]), to: String(seqs[1]), apply: true });
  assert.equal(again.strokes, 1);
  assert.equal((await operator.commit(hideBody(seqs[2]))).type, 'ack');
  assert.equal((await operator.commit(hideBody(seqs[3]))).type, 'ack');
  assert.equal((await say(keeper, { type: 'undo', act: first.act })).type, 'acted');
  assert.deepEqual(await hidden(), [false, true, true, true]);
  assert.equal((await say(second, { type: 'undo', act: again.act })).type, 'acted');
  assert.deepEqual(await hidden(), [false, false, true, true]);
  assert.equal((await say(keeper, { type: 'undo', act: first.act })).code, 'not_found', 'once');
});

// `from` becomes a former self of `into`.
async function merge(into, from) {
  const { code } = await say(from, { type: 'link' });
  const answer = await say(into, { type: 'merge', code });
  assert.equal(answer.type, 'merged', JSON.stringify(answer));
  await from.closed;
}

test('a_sanction_by_a_number_of_before_is_of_whoever_that_is_now', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const [mira, former] = await people(2, canvas);
  await merge(mira, former);
  const answer = await sanction(boss, { artist: former.me.artist, kind: 'suspend', why: 'all of them' });
  assert.equal(answer.sanction.name, mira.me.name);
  await told(mira, 'suspend');
  assert.equal((await mira.commit(lineBody([10, 10, 20, 20]))).type, 'nack');
  const again = await Client.join(server, { canvas, token: former.token });
  assert.deepEqual(again.welcome.sanctions.map(({ kind }) => kind), ['suspend'], 'also by the other device');
  // Whence they came is one list, and nobody's once they are forgotten; nor do reports of them tell the name.
  const otto = (await people(1, canvas))[0];
  assert.equal((await say(otto, { type: 'report', artist: mira.me.artist, text: 'look at this' })).type, 'reported');
  const named = async () => (await say(boss, { type: 'reports' })).reports[0].name;
  assert.equal(await named(), mira.me.name);
  const whence = async () => say(boss, { type: 'whence', artist: former.me.artist });
  assert.deepEqual((await whence()).prefixes, ['127.0.0.0/24']);
  assert.equal((await say(again, { type: 'erase_me', name: mira.me.name })).type, 'erased');
  await again.closed;
  assert.deepEqual((await whence()).prefixes, []);
  await eventually(async () => (await named()) === 'former artist', 'the report has the name that is told now');
});

test('a_role_that_was_given_protects_who_came_by_an_invitation_and_who_they_were_before', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const mentor = await moderator(canvas, boss, 'mentor');
  const [guest, former, keeperFormer] = await people(3, canvas);
  const { code } = await say(boss, { type: 'invite', role: 'moderator', uses: 1 });
  assert.equal((await say(guest, { type: 'invitation_use', code })).type, 'invitation_used');
  assert.equal((await sanction(mentor, { artist: guest.me.artist, kind: 'mute' })).code, 'denied', 'a moderator by invitation');
  const keeper = await moderator(canvas, boss);
  await merge(keeper, keeperFormer);
  assert.equal((await sanction(mentor, { artist: keeperFormer.me.artist, kind: 'mute' })).code, 'denied', 'who a moderator was before');
  assert.equal((await sanction(keeper, { artist: keeperFormer.me.artist, kind: 'mute' })).code, 'invalid', 'nobody judges who they were');
  assert.equal((await sanction(mentor, { artist: former.me.artist, kind: 'mute', for_s: 60 })).type, 'sanction', 'anybody else');
});

test('who_is_suspended_takes_no_invitations_back_and_sees_none_of_others', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const keeper = await moderator(canvas, boss);
  const [guest] = await people(1, canvas);
  const made = await say(boss, { type: 'invite', role: 'mentor', uses: 1 });
  const own = await say(keeper, { type: 'invite', role: 'artist', uses: 1 });
  assert.equal((await say(guest, { type: 'invitation_use', code: made.code })).type, 'invitation_used');
  await sanction(boss, { artist: keeper.me.artist, kind: 'suspend' });
  await told(keeper, 'suspend');
  const all = await say(keeper, { type: 'invitations', all: true });
  assert.deepEqual([all.type, all.code], ['error', 'denied']);
  for (const { invitation } of [made, own]) {
    assert.equal((await say(keeper, { type: 'invitation_revoke', invitation, withdraw: true })).code, 'denied');
  }
  const again = await Client.join(server, { canvas, token: guest.token });
  assert.equal(again.welcome.role, 'mentor', 'what was given stays');
  assert.equal((await say(boss, { type: 'invitation_revoke', invitation: made.invitation, withdraw: true })).type, 'invitation_revoked');
});

test('reports_name_who_was_reported_as_they_are_called_by_now', async () => {
  const canvas = newCanvas();
  const boss = await admin(canvas);
  const [mira, otto] = await people(2, canvas);
  await say(mira, { type: 'report', artist: otto.me.artist, text: '' });
  let state = 'open';
  const named = (name) => eventually(async () => (await ask(boss, { type: 'reports', state })).reports[0].name === name, name);
  await named(otto.me.name);
  otto.say({ type: 'rename', name: 'Otto of now' });
  await named('Otto of now');
  const { reports } = await ask(boss, { type: 'reports' });
  await sanction(boss, { artist: otto.me.artist, kind: 'slow', for_s: 600 });
  const from = otto.mark();
  otto.say({ type: 'rename', name: 'Otto the Last' });
  await otto.wait((event) => event.type === 'artists', from);
  const closed = await eventually(async () => {
    const answer = await ask(boss, { type: 'reports' });
    return answer.reports[0].name === 'Otto the Last' && ask(boss, { type: 'report_close', report: reports[0].report, outcome: '' });
  }, 'the name to be kept');
  assert.deepEqual([closed.type, closed.report.name], ['report_closed', 'Otto the Last']);
  state = 'closed';
  await named('Otto the Last');
  const audited = async () => (await ask(boss, { type: 'audit' })).entries.filter(({ what }) => what !== 'act').map(({ what, report, sanction: one }) => [what, (report ?? one).name]);
  assert.deepEqual(await audited(), [['report_close', 'Otto the Last'], ['sanction', 'Otto the Last']]);
  assert.equal((await say(otto, { type: 'erase_me', name: 'Otto the Last' })).type, 'erased');
  await named('former artist');
  await eventually(async () => JSON.stringify(await audited()) === JSON.stringify([['report_close', 'former artist'], ['sanction', 'former artist']]), 'the audit tells it');
  assert.equal((await ask(boss, { type: 'sanctions' })).sanctions[0].name, 'former artist');
  for (const type of ['audit', 'reports', 'sanctions']) {
    assert.doesNotMatch(JSON.stringify(await ask(boss, { type, state: 'closed' })), /Otto|of now|Last/);
  }
});
