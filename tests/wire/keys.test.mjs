// Several keys to one person: codes, phrases, devices; becoming one with oneself, becoming nobody; invitations; signing in by a proxy.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { Client, endAll, eventually, get, hideBody, kolam, lineBody, makeFolder, startServer } from './client.mjs';
import { Faults, skip as faultsSkip } from './faults.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer({ args: ['--vanish-ms', '100', '--trusted-proxy', '127.0.0.1'] });
});
after(endAll);

// Guesses are counted by address: each test has one of its own, told by a trusted proxy.
let people = 0;
const address = () => {
  people += 1;
  return { 'X-Forwarded-For': `10.77.${people >> 8}.${people & 255}` };
};
const join_ = (options = {}) => Client.join(options.server ?? server, { headers: address(), ...options });
const artist = async (options = {}) => {
  const client = await join_(options);
  if (!client.welcome.you) {
    await client.identify();
  }
  return client;
};

let asked = 0;
// The answer to a question, or the error, by its id.
async function ask(client, message) {
  asked += 1;
  const id = asked;
  client.say({ ...message, id });
  return client.wait((event) => event.id === id && event.type !== 'view', 0, JSON.stringify(message).slice(0, 60));
}

const goodbye = (client) => client.wait((event) => event.type === 'goodbye');
const claim = (code, headers = {}) => get(server, `/claim/${code}`, { headers: { 'X-Kolam': '1', ...headers } });
const gone = async (client) => (await client.closed).code;

// ---- codes ----

test('a_code_makes_another_device_the_same_person_once', async () => {
  const mira = await artist();
  const seq = await mira.draw([1, 1, 9, 9]);
  const link = await ask(mira, { type: 'link' });
  assert.match(link.code, /^[2-9A-HJKMNP-TV-Z]{3}(-[2-9A-HJKMNP-TV-Z]{3}){2}$/);
  assert.ok(link.until > Date.now() + 9 * 60000 && link.until < Date.now() + 11 * 60000);
  const phone = await join_();
  const look = await ask(phone, { type: 'link_use', code: link.code.toLowerCase(), look: true });
  assert.deepEqual([look.type, look.name], ['link_name', mira.me.name], 'looking spends nothing');
  const admitted = await ask(phone, { type: 'link_use', code: link.code.replaceAll('-', ' ') });
  assert.equal(admitted.name, mira.me.name);
  assert.match(admitted.token, /^[0-9a-f]{64}$/);
  assert.notEqual(admitted.token, mira.token, 'a secret of its own');
  const later = await join_({ token: admitted.token });
  assert.deepEqual(later.welcome.you, mira.me);
  assert.equal((await later.commit(hideBody(seq))).type, 'ack', 'the same person');
  const again = await ask(await join_(), { type: 'link_use', code: link.code });
  assert.equal(again.code, 'not_found', 'a link that was used is worth nothing');
});

test('of_two_who_use_a_code_at_once_one_comes_in', async () => {
  const mira = await artist();
  const { code } = await ask(mira, { type: 'link' });
  const devices = await Promise.all([join_(), join_(), join_(), join_()]);
  const answers = await Promise.all(devices.map((device) => ask(device, { type: 'link_use', code })));
  assert.deepEqual(answers.map(({ type }) => type).sort(), ['admitted', 'error', 'error', 'error']);
});

test('a_browser_that_uses_a_code_gets_a_claim_and_never_a_secret', async () => {
  const mira = await artist();
  const { code } = await ask(mira, { type: 'link' });
  const page = await join_({ origin: server.origin });
  const admitted = await ask(page, { type: 'link_use', code });
  assert.equal(admitted.token, undefined);
  assert.equal((await get(server, `/claim/${admitted.claim}`)).status, 403, 'not for a page of somebody else');
  const answer = await claim(admitted.claim);
  assert.equal(answer.status, 204);
  const [cookie] = answer.headers['set-cookie'][0].split(';');
  assert.match(answer.headers['set-cookie'][0], /HttpOnly; SameSite=Strict/);
  assert.equal((await claim(admitted.claim)).status, 404, 'once');
  const later = await join_({ origin: server.origin, cookie });
  assert.deepEqual(later.welcome.you, mira.me);
  const sent = JSON.stringify(page.events) + JSON.stringify(later.events);
  assert.ok(!sent.includes(cookie.split('=')[1]), 'no message held the secret');
});

test('guesses_are_limited_by_address_and_not_for_others', async () => {
  const headers = address();
  const mira = await artist();
  const { code } = await ask(mira, { type: 'link' });
  const guesser = await join_({ headers });
  const kinds = [];
  for (let i = 0; i < 12; i += 1) {
    const answer = await ask(guesser, i % 2 ? { type: 'link_use', code: 'ABC-DEF-GH2' }
      : { type: 'recover', phrase: 'zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong' });
    kinds.push(answer.code);
  }
  assert.deepEqual(kinds, [...Array(10).fill('not_found'), 'limit', 'limit']);
  assert.equal((await ask(await join_({ headers }), { type: 'link_use', code })).code, 'limit', 'nor on another connection');
  assert.equal((await ask(await join_(), { type: 'link_use', code })).type, 'admitted', 'others are not kept out');
  const metrics = (await get(server, '/metrics')).body.toString();
  assert.match(metrics, /kolam_guesses_wrong_total [1-9]/);
  assert.match(metrics, /kolam_guesses_refused_total [1-9]/);
});

test('what_cannot_be_a_code_or_phrase_is_said_to_be_none', async () => {
  const client = await join_();
  for (const message of [
    { type: 'link_use' }, { type: 'link_use', code: 'ABC' }, { type: 'link_use', code: 7 }, { type: 'link_use', code: 'A'.repeat(60000) },
    { type: 'recover', phrase: 'zoo zoo' }, { type: 'recover', phrase: 'zoo '.repeat(15000) }, { type: 'merge', code: 'ABC-DEF-GH2' },
    { type: 'link' }, { type: 'recovery' }, { type: 'devices' }, { type: 'export_me' }, { type: 'erase_me', name: '' },
  ]) {
    const answer = await eventually(async () => {
      const one = await ask(client, message);
      return one.code !== 'limit' && one;
    }, 'a question within the budget');
    assert.ok(['invalid', 'denied'].includes(answer.code), JSON.stringify(message).slice(0, 50));
    assert.equal(answer.fatal, false);
  }
  const word = await ask(client, { type: 'recover', phrase: 'zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrng' });
  assert.match(word.message, /word 12/);
});

// ---- phrases and devices ----

test('a_recovery_phrase_brings_one_back', async () => {
  const mira = await artist();
  const { phrase } = await ask(mira, { type: 'recovery' });
  assert.equal(phrase.split(' ').length, 12);
  await mira.leave();
  const lost = await join_();
  const back = await ask(lost, { type: 'recover', phrase: `  ${phrase.toUpperCase().replaceAll(' ', '\n')} ` });
  assert.deepEqual((await join_({ token: back.token })).welcome.you, mira.me);
  const second = await join_({ token: back.token });
  const { phrase: newer } = await ask(second, { type: 'recovery' });
  assert.equal((await ask(await join_(), { type: 'recover', phrase })).code, 'not_found', 'the former one is void');
  assert.equal((await ask(await join_(), { type: 'recover', phrase: newer })).type, 'admitted');
  assert.ok(!server.log().includes(phrase) && !server.log().includes(newer));
});

test('a_device_can_be_signed_out', async () => {
  const mira = await artist();
  const { code } = await ask(mira, { type: 'link' });
  const { token } = await ask(await join_(), { type: 'link_use', code });
  const phone = await join_({ token });
  const { devices, phrase } = await ask(phone, { type: 'devices' });
  assert.equal(phrase, null);
  assert.deepEqual(devices.map((device) => device.this), [true, false]);
  const stranger = await artist();
  assert.equal((await ask(stranger, { type: 'device_end', device: devices[0].device })).code, 'not_found', 'only one\'s own');
  assert.equal((await ask(mira, { type: 'device_end', device: devices[0].device })).type, 'device_ended');
  assert.equal((await goodbye(phone)).reason, 'signed out');
  await gone(phone);
  const later = await Client.open(server, {});
  later.say({ type: 'hello', protocol: 1, canvas: 'main', nonce: '0123456789abcdef', token });
  assert.equal((await later.wait((event) => event.type === 'error')).code, 'denied');
});

// ---- becoming one ----

async function mine(client) {
  const { ops } = await ask(client, { type: 'mine' });
  return ops.map(({ seq }) => seq);
}

test('two_become_one_and_each_has_what_the_other_drew', async () => {
  const canvas = 'merging';
  const [a, b] = [await artist({ canvas }), await artist({ canvas })];
  const ofA = await a.draw([1, 1, 9, 9]);
  const ofB = await b.draw([9, 1, 1, 9]);
  assert.equal((await a.commit(hideBody(ofB))).type, 'nack', 'not hers before');
  const { code } = await ask(b, { type: 'link' });
  const bNumber = b.me.artist;
  assert.equal((await ask(a, { type: 'merge', code })).type, 'merged');
  assert.equal((await goodbye(b)).reason, 'merged');
  await a.wait((event) => event.type === 'artists' && event.list.some(({ artist: n, name }) => n === bNumber && name === a.me.name));
  const later = await join_({ canvas, token: b.token });
  assert.deepEqual(later.welcome.you, { ...a.me, former: [bNumber] }, 'B\'s device is A\'s now');
  assert.deepEqual(await mine(later), [ofB, ofA].map(String).sort((x, y) => y - x));
  assert.equal((await later.commit(hideBody(ofB))).type, 'ack');
  await eventually(async () => (await a.commit(hideBody(ofB))).type === 'ack', 'the connection that merged may, too');
  later.say({ type: 'rename', name: 'Mira Mehta' });
  await a.wait((event) => event.type === 'artists' && event.list.some(({ artist: n, name }) => n === bNumber && name === 'Mira Mehta'));
  assert.equal((await ask(a, { type: 'merge', code: (await ask(later, { type: 'link' })).code })).code, 'invalid', 'one is one');
});

test('what_was_sent_before_a_merge_and_again_after_it_is_one_stroke', async () => {
  const canvas = 'resent';
  const nonce = '00112233445566aa';
  const a = await artist({ canvas });
  const b = await artist({ canvas, nonce });
  const seq = await b.draw([1, 1, 9, 9]);
  const { code } = await ask(b, { type: 'link' });
  await ask(a, { type: 'merge', code });
  await gone(b);
  const again = await join_({ canvas, nonce, token: b.token });
  const ack = await again.commit(lineBody([1, 1, 9, 9]), { counter: 1 });
  assert.deepEqual([ack.type, ack.seq], ['ack', seq]);
});

test('a_device_brings_along_what_was_drawn_on_it', async () => {
  const canvas = 'brought';
  const [a, b] = [await artist({ canvas }), await artist({ canvas })];
  const ofA = await a.draw([3, 1, 9, 9]);
  const ofB = await b.draw([1, 1, 9, 9]);
  const { code } = await ask(a, { type: 'link' });
  const admitted = await ask(b, { type: 'link_use', code, merge: true });
  assert.equal(admitted.name, a.me.name);
  await gone(b);
  for (const token of [admitted.token, b.token]) {
    const later = await join_({ canvas, token });
    assert.equal(later.welcome.you.artist, a.me.artist);
    assert.deepEqual(await mine(later), [String(ofB), String(ofA)]);
  }
  assert.equal((await ask(await join_(), { type: 'link_use', code })).code, 'not_found');
});

test('nobody_merges_without_a_proof', async () => {
  const [a, b] = [await artist(), await artist()];
  for (const message of [{ type: 'merge' }, { type: 'merge', cookie: true }, { type: 'merge', into: a.me.artist, from: b.me.artist }]) {
    assert.ok(['invalid', 'denied'].includes((await ask(a, message)).code));
  }
  assert.equal((await b.commit(lineBody([1, 1, 2, 2]))).type, 'ack');
});

// ---- becoming nobody ----

test('an_erased_artist_leaves_strokes_and_nothing_else', async () => {
  const own = await startServer();
  const name = 'Xaveria Quistorp';
  const first = await Client.artist(own, { canvas: 'one' });
  await first.draw([1, 1, 9, 9]);
  first.say({ type: 'rename', name });
  await first.wait((event) => event.type === 'artists');
  const second = await Client.join(own, { canvas: 'two', token: first.token });
  await second.draw([1, 1, 9, 9]);
  const watcher = await Client.join(own, { canvas: 'two', watch: true });
  const { phrase } = await ask(first, { type: 'recovery' });
  const { code } = await ask(first, { type: 'link' });
  assert.equal((await ask(first, { type: 'erase_me', name: 'Somebody Else' })).code, 'invalid');
  assert.equal((await ask(first, { type: 'erase_me', name })).type, 'erased');
  for (const client of [first, second]) {
    assert.equal((await goodbye(client)).reason, 'erased');
    await gone(client);
  }
  await watcher.wait((event) => event.type === 'artists' && event.list.some((one) => one.name === 'former artist'));
  const found = async (canvas, q) => JSON.parse((await get(own, `/api/canvas/${canvas}/search?q=${q}`)).body).artists;
  await eventually(async () => (await found('two', 'Quistorp')).length === 0, 'search forgets the name');
  await eventually(async () => (await found('one', 'Quistorp')).length === 0, 'on every canvas');
  const blame = JSON.parse((await get(own, '/api/canvas/one/at?level=0&x=5&y=5&slack=4')).body);
  assert.equal(blame.strokes[0].name, 'former artist');
  assert.equal((await ask(await Client.join(own), { type: 'link_use', code })).code, 'not_found');
  assert.equal((await ask(await Client.join(own), { type: 'recover', phrase })).code, 'not_found');
  const later = await Client.open(own);
  later.say({ type: 'hello', protocol: 1, canvas: 'one', nonce: '0123456789abcdef', token: first.token });
  assert.equal((await later.wait((event) => event.type === 'error')).code, 'denied');
  await own.stop();
  for (const file of ['identity.db', 'canvases/one.kolam', 'canvases/two.kolam']) {
    const bytes = readFileSync(join(own.data, file));
    assert.equal(bytes.indexOf(name), -1, `${file} has the name still`);
  }
});

test('a_canvas_that_was_closed_forgets_the_name_after_a_restart', async () => {
  const data = makeFolder();
  const first = await startServer({ data });
  const mira = await Client.artist(first, { canvas: 'closed' });
  await mira.draw([1, 1, 9, 9]);
  await first.stop();
  const second = await startServer({ data });
  const later = await Client.join(second, { canvas: 'main', token: mira.token });
  assert.equal((await ask(later, { type: 'erase_me', name: mira.me.name })).type, 'erased');
  await second.kill(); // in the midst of it, perhaps
  const third = await startServer({ data });
  await eventually(async () => {
    const { strokes } = JSON.parse((await get(third, '/api/canvas/closed/at?level=0&x=5&y=5&slack=4')).body);
    return strokes[0].name === 'former artist';
  }, 'the canvas is told');
  await third.stop();
});

// Reports and sanctions have names, too. What is to be forgotten there waits for its disk, and for the next start.
test('what_moderators_keep_forgets_the_name_also_when_its_disk_failed_and_the_server_died', { skip: faultsSkip }, async () => {
  const canvas = 'kept';
  const name = 'Xaveria Quistorp';
  const data = makeFolder();
  const faults = new Faults();
  const first = await startServer({ data, env: faults.env });
  const boss = await Client.join(first, { canvas, admin: first.adminToken() });
  const [mira, otto] = [await Client.artist(first, { canvas }), await Client.artist(first, { canvas })];
  for (const client of [mira, otto]) {
    await client.draw([1, 1, 9, 9]);
  }
  mira.say({ type: 'rename', name });
  const drawnHere = async () => JSON.parse((await get(first, `/api/canvas/${canvas}/at?level=0&x=5&y=5&slack=4`)).body).strokes;
  await eventually(async () => (await drawnHere()).some((stroke) => stroke.name === name), 'the canvas calls her so');
  assert.equal((await ask(otto, { type: 'report', artist: mira.me.artist, text: 'of her' })).type, 'reported');
  assert.equal((await ask(mira, { type: 'report', artist: otto.me.artist, text: 'by her' })).type, 'reported');
  assert.equal((await ask(boss, { type: 'sanction', artist: mira.me.artist, kind: 'mute' })).type, 'sanction');
  faults.failWrites(join(data, 'moderation.db-wal'));
  assert.equal((await ask(mira, { type: 'erase_me', name })).type, 'erased');
  await otto.wait((event) => event.type === 'artists' && event.list.some((one) => one.name === 'former artist'));
  await eventually(() => (first.log().match(/level=error [^\n]*moderation_db/g) ?? []).length >= 3, 'at once, of the canvas and of the person');
  const told = async (client) => {
    const { reports } = await ask(client, { type: 'reports' });
    const { sanctions } = await ask(client, { type: 'sanctions' });
    return [...reports.flatMap((report) => [report.name, report.by]), ...sanctions.map((one) => one.name)];
  };
  assert.equal((await told(boss)).filter((one) => one === name).length, 1, 'the canvas knows, moderation.db does not');
  await first.kill();

  faults.failWrites(null);
  const second = await startServer({ data, env: faults.env });
  const later = await Client.join(second, { canvas, admin: second.adminToken() });
  await eventually(async () => !(await told(later)).includes(name), 'forgotten');
  await eventually(async () => (await told(later)).includes('former artist'), 'the report is about who they are called now');
  await second.stop();
  assert.ok(!readFileSync(join(data, 'moderation.db'), 'latin1').includes(name), 'nor does the row of the report tell it');
});

test('everything_that_is_known_can_be_had', async () => {
  const canvas = 'export';
  const mira = await artist({ canvas });
  const seqs = [await mira.draw([1, 1, 9, 9]), await mira.draw([2, 2, 8, 8])];
  const other = await artist({ canvas });
  await other.draw([3, 3, 7, 7]);
  const { person, canvases } = await ask(mira, { type: 'export_me' });
  assert.equal(person.person[0].name, mira.me.name);
  assert.equal(person.devices.length, 1);
  const there = canvases.find((one) => one.canvas === canvas);
  assert.deepEqual([there.artist, there.ops], [mira.me.artist, 2]);
  const page = await ask(mira, { type: 'export_me', canvas, artist: there.artist });
  assert.deepEqual(page.ops.map(({ seq }) => Number(seq)), seqs.reverse());
  assert.deepEqual(Buffer.from(page.ops[1].body, 'base64'), Buffer.from(lineBody([1, 1, 9, 9])));
  assert.equal(page.more, false);
  const theirs = await ask(mira, { type: 'export_me', canvas, artist: other.me.artist });
  assert.equal(theirs.code, 'not_found', 'nobody else\'s');
  assert.ok(!JSON.stringify([person, canvases]).includes(mira.token));
});

// ---- invitations ----

test('an_invitation_gives_a_role_below_the_makers', async () => {
  const canvas = 'invited';
  const admin = await join_({ canvas, admin: server.adminToken() });
  const made = await ask(admin, { type: 'invite', role: 'mentor', uses: 2, days: 3, note: 'the class' });
  assert.match(made.code, /^[0-9a-f]{32}$/);
  assert.deepEqual([made.role, made.uses, made.canvas], ['mentor', 2, canvas]);
  const mentor = await artist({ canvas });
  const look = await ask(mentor, { type: 'invitation_use', code: made.code, look: true });
  assert.deepEqual([look.type, look.role, look.look], ['invitation_used', 'mentor', true]);
  assert.equal((await ask(mentor, { type: 'invite', role: 'artist' })).code, 'denied', 'not yet');
  assert.equal((await ask(mentor, { type: 'invitation_use', code: made.code })).role, 'mentor');
  await mentor.wait((event) => event.type === 'standing' && event.role === 'mentor');
  for (const role of ['mentor', 'moderator']) {
    assert.equal((await ask(mentor, { type: 'invite', role })).code, 'denied', 'only below one\'s own');
  }
  for (const role of ['owner', 'watcher', 'king', 3, null]) {
    assert.equal((await ask(admin, { type: 'invite', role })).code, 'invalid');
  }
  const second = await ask(mentor, { type: 'invite', role: 'artist' });
  assert.equal(second.uses, 1);
  const friend = await artist({ canvas });
  assert.equal((await ask(friend, { type: 'invitation_use', code: second.code })).role, 'artist');
  await friend.wait((event) => event.type === 'standing' && event.role === 'artist');
  assert.equal((await ask(await artist({ canvas }), { type: 'invitation_use', code: second.code })).code, 'limit', 'used up');
  const { list } = await ask(mentor, { type: 'invitations' });
  assert.deepEqual(list.map(({ role, used, by }) => [role, used, by]), [['artist', 1, mentor.me.name]]);
  assert.equal(list[0].who[0].name, friend.me.name);
  assert.equal((await ask(friend, { type: 'invitations' })).list.length, 0, 'others\' are not told');
  assert.equal((await ask(friend, { type: 'invitations', all: true })).code, 'denied');
  assert.equal((await ask(admin, { type: 'invitations', all: true })).list.length >= 2, true);
  assert.equal((await ask(friend, { type: 'invitation_revoke', invitation: made.invitation })).code, 'not_found');
  assert.equal((await ask(admin, { type: 'invitation_revoke', invitation: second.invitation, withdraw: true })).type, 'invitation_revoked');
  await friend.wait((event) => event.type === 'standing' && event.role === 'newcomer');
  const later = await join_({ canvas, token: mentor.token });
  assert.equal(later.welcome.role, 'mentor', 'it is remembered');
  assert.equal((await join_({ canvas: 'main', token: mentor.token })).welcome.role, 'newcomer', 'on that canvas alone');
});

test('an_invitation_that_is_withdrawn_is_heard_of_on_every_connection', async () => {
  const canvas = 'many';
  const admin = await join_({ canvas, admin: server.adminToken() });
  const { code, invitation } = await ask(admin, { type: 'invite', role: 'artist' });
  const guest = await artist({ canvas });
  const all = [guest, ...await Promise.all(Array.from({ length: 12 }, () => join_({ canvas, token: guest.token })))];
  // Looked up again and again, while they are being looked up.
  await Promise.all(Array.from({ length: 4 }, () => ask(guest, { type: 'invitation_use', code })));
  const hears = (role) => Promise.all(all.map((client) =>
    client.wait((event) => event.type === 'standing' && event.role === role)));
  await hears('artist');
  assert.equal((await ask(admin, { type: 'invitation_revoke', invitation, withdraw: true })).type, 'invitation_revoked');
  await hears('newcomer');
});

test('of_many_who_use_an_invitation_at_once_no_more_come_than_may', async () => {
  const canvas = 'rush';
  const admin = await join_({ canvas, admin: server.adminToken() });
  const { code } = await ask(admin, { type: 'invite', role: 'artist', uses: 3 });
  const guests = await Promise.all(Array.from({ length: 8 }, () => artist({ canvas })));
  const answers = await Promise.all(guests.map((guest) => ask(guest, { type: 'invitation_use', code })));
  assert.equal(answers.filter(({ type }) => type === 'invitation_used').length, 3);
});

// ---- with the admin token ----

test('the_admin_merges_and_erases_by_number', async () => {
  const canvas = 'helped';
  const admin = await join_({ canvas, admin: server.adminToken() });
  const [a, b] = [await artist({ canvas }), await artist({ canvas })];
  await Promise.all([a.draw([1, 1, 9, 9]), b.draw([2, 2, 8, 8])]);
  const [numberA, numberB] = [a.me.artist, b.me.artist];
  assert.equal((await ask(admin, { type: 'merge', into: numberA, from: numberB })).name, a.me.name);
  await gone(b);
  const { person, canvases } = await ask(admin, { type: 'export_me', artist: numberB });
  assert.equal(person.former_selves.length, 1);
  assert.deepEqual(canvases.map((one) => one.artist).sort(), [numberA, numberB].sort());
  assert.equal((await ask(admin, { type: 'sanction', kind: 'mute', artist: numberA, why: 'a test' })).type, 'sanction');
  const namesInForce = async () => (await ask(admin, { type: 'sanctions' })).sanctions.map((one) => one.name ?? '');
  assert.deepEqual(await namesInForce(), [a.me.name]);
  assert.equal((await ask(admin, { type: 'erase_me', artist: numberB })).type, 'erased');
  await gone(a);
  assert.deepEqual(await namesInForce(), ['former artist'], 'what stays in force has no name any more');
  assert.equal((await ask(admin, { type: 'erase_me', artist: numberB })).code, 'not_found');
});

// ---- signing in by a proxy ----

test('a_trusted_proxy_tells_who_somebody_is_and_nobody_else_does', async () => {
  const data = makeFolder();
  const args = ['--trusted-proxy', '127.0.0.1', '--identity-header', 'X-Auth-Request-Subject', '--identity-name-header', 'X-Auth-Request-Name'];
  const own = await startServer({ data, args });
  const headers = { 'X-Auth-Request-Subject': 'google|4711', 'X-Auth-Request-Name': 'Mira Mehta', 'X-Forwarded-For': '203.0.113.7' };
  const first = await Client.join(own, { headers, origin: own.origin });
  assert.equal(first.welcome.you, null, 'nobody before the first stroke');
  const identity = await first.identify();
  assert.deepEqual([identity.name, identity.claim, identity.token], ['Mira Mehta', undefined, undefined], 'no secret: the proxy vouches');
  const seq = await first.draw([1, 1, 9, 9]);
  const again = await Client.join(own, { headers, origin: own.origin });
  assert.equal(again.welcome.you.artist, first.me.artist);
  assert.equal((await again.commit(hideBody(seq))).type, 'ack');
  assert.equal((await ask(again, { type: 'devices' })).service, 'sso');
  const others = await Promise.all([
    Client.join(own, { headers: { ...headers, 'X-Auth-Request-Subject': 'google|4712' }, origin: own.origin }),
    Client.join(own, { headers: { 'X-Auth-Request-Name': 'Mira Mehta' }, origin: own.origin }),
  ]);
  others.forEach((client) => assert.equal(client.welcome.you, null));
  const long = await Client.open(own, { headers: { 'X-Auth-Request-Subject': 'x'.repeat(400) } }).catch((error) => error);
  assert.ok(long instanceof Error, 'a subject that is too long is not cut into another\'s');
  assert.ok(!own.log().includes('4711'), 'subjects are not logged');
  await own.stop();
  const issuer = await startServer({ data, args: [...args, '--identity-issuer', 'another'] });
  assert.equal((await Client.join(issuer, { headers })).welcome.you, null, 'another issuer\'s subjects are other people');
  await issuer.stop();
  const untrusted = await startServer({ data, args: ['--trusted-proxy', '192.0.2.1', ...args.slice(2)] });
  const forged = await Client.join(untrusted, { headers, origin: untrusted.origin });
  assert.equal(forged.welcome.you, null);
  assert.match((await forged.identify()).claim, /^[0-9a-f]{64}$/, 'a stranger like any other');
  await untrusted.stop();
});

test('what_a_browser_drew_before_signing_in_can_be_brought_along', async () => {
  const own = await startServer({ args: ['--trusted-proxy', '127.0.0.1', '--identity-header', 'X-Subject'] });
  const before = await Client.join(own, { origin: own.origin });
  const { claim: code } = await before.identify();
  const seq = await before.draw([1, 1, 9, 9]);
  const answer = await get(own, `/claim/${code}`, { headers: { 'X-Kolam': '1' } });
  const [cookie] = answer.headers['set-cookie'][0].split(';');
  const signedIn = await Client.join(own, { origin: own.origin, cookie, headers: { 'X-Subject': 'mira' } });
  assert.equal(signedIn.welcome.you, null, 'the cookie does not count: who left it may be somebody else');
  await signedIn.identify();
  assert.equal((await ask(signedIn, { type: 'merge', cookie: true })).type, 'merged');
  await eventually(async () => (await signedIn.commit(hideBody(seq))).type === 'ack', 'it is hers');
  await own.stop();
});

test('refuses_to_believe_headers_of_nobody', async () => {
  for (const args of [['--identity-header', 'X-Subject'], ['--trusted-proxy', '::1', '--identity-name-header', 'X-Name'],
    ['--trusted-proxy', '::1', '--identity-header', 'X Subject']]) {
    const { code, stderr } = await kolam(['serve', '--listen', '127.0.0.1:0', '--data', makeFolder(), ...args]);
    assert.equal(code, 2);
    assert.match(stderr, /--identity-/);
  }
});

test('no_code_phrase_or_invitation_is_logged_or_stored', async () => {
  const own = await startServer({ args: ['--log-level', 'debug'] });
  const mira = await Client.artist(own);
  const admin = await Client.join(own, { admin: own.adminToken() });
  const { code } = await ask(mira, { type: 'link' });
  const { phrase } = await ask(mira, { type: 'recovery' });
  const { code: invitation } = await ask(admin, { type: 'invite', role: 'artist' });
  await ask(await Client.join(own), { type: 'link_use', code, look: true });
  await own.stop();
  const file = readFileSync(join(own.data, 'identity.db'));
  for (const secret of [code, code.replaceAll('-', ''), phrase, invitation]) {
    assert.ok(!own.log().includes(secret), 'not logged');
    assert.equal(file.indexOf(secret), -1, 'not stored');
  }
  assert.equal(file.indexOf(Buffer.from(invitation, 'hex')), -1);
});
