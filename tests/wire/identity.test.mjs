// Who draws: cookies for browsers, tokens for others, names, and imports in the names of others.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { Client, get, hideBody, kolam, lineBody, startServer } from './client.mjs';
import { SqliteFile } from './sqlite.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

const claim = (code, headers = { 'X-Kolam': '1' }, method = 'GET') =>
  get(server, `/claim/${code}`, { headers, method });

// A browser that has an identity: { client, cookie, setCookie }.
async function browser(options = {}) {
  const client = await Client.join(server, { origin: server.origin, ...options });
  const identity = await client.identify();
  const answer = await claim(identity.claim);
  const setCookie = answer.headers['set-cookie'][0];
  return { client, identity, answer, setCookie, cookie: setCookie.split(';')[0] };
}

test('a_token_is_given_once_and_is_the_same_person_later', async () => {
  const client = await Client.join(server);
  assert.equal(client.welcome.you, null);
  const identity = await client.identify();
  assert.match(identity.token, /^[0-9a-f]{64}$/);
  assert.equal(identity.claim, undefined);
  assert.ok(identity.name.length > 0 && Number.isInteger(identity.artist) && identity.artist > 0);
  const again = await client.identify();
  assert.equal(again.artist, identity.artist);
  assert.equal(again.token, undefined, 'a session with an identity gets no second secret');
  const later = await Client.join(server, { token: identity.token });
  assert.deepEqual(later.welcome.you, { artist: identity.artist, name: identity.name });
});

test('a_person_is_the_same_on_every_canvas_under_one_name', async () => {
  const client = await Client.artist(server, { canvas: 'here' });
  const there = await Client.join(server, { canvas: 'there', token: client.token });
  assert.equal(there.welcome.you.name, client.me.name);
});

test('two_newcomers_are_two_people', async () => {
  const [a, b] = await Promise.all([Client.artist(server), Client.artist(server)]);
  assert.notEqual(a.me.artist, b.me.artist);
  assert.notEqual(a.token, b.token);
});

test('a_browser_gets_a_claim_and_with_it_a_cookie', async () => {
  const { client, identity, answer, setCookie, cookie } = await browser();
  assert.match(identity.claim, /^[0-9a-f]{64}$/);
  assert.equal(identity.token, undefined, 'a script in a page never sees the secret');
  assert.equal(answer.status, 204);
  assert.equal(answer.body.length, 0);
  assert.match(answer.headers['cache-control'], /no-store/);
  assert.match(cookie, /^kolam_[0-9a-f]{16}=[0-9a-f]{64}$/);
  const attributes = setCookie.split(/; */).slice(1).map((text) => text.toLowerCase());
  for (const wanted of ['httponly', 'samesite=strict', 'path=/']) {
    assert.ok(attributes.includes(wanted), `${wanted} in ${setCookie.replace(/=[0-9a-f]{64}/, '=...')}`);
  }
  assert.ok(attributes.some((text) => /^max-age=\d{7,}$/.test(text) || text.startsWith('expires=')), 'it stays');
  assert.ok(!attributes.some((text) => text.startsWith('domain=')));
  const later = await Client.join(server, { origin: server.origin, cookie });
  assert.deepEqual(later.welcome.you, { artist: identity.artist, name: identity.name });
  const seq = (await client.commit(lineBody([1, 1, 9, 9]))).seq;
  assert.equal((await later.commit(hideBody(seq))).type, 'ack', 'the same person');
});

test('the_cookie_is_found_among_others', async () => {
  const { identity, cookie } = await browser();
  const crowd = `a=b; kolam_0000000000000000=${'ab'.repeat(32)}; ${cookie}; kolam_x=1`;
  const later = await Client.join(server, { origin: server.origin, cookie: crowd });
  assert.equal(later.welcome.you?.artist, identity.artist);
});

test('a_wrong_cookie_is_nobody', async () => {
  const { cookie } = await browser();
  const name = cookie.split('=')[0];
  for (const value of ['', 'x', 'ab'.repeat(32), `${'ab'.repeat(32)}0`, cookie.split('=')[1].slice(1)]) {
    const later = await Client.join(server, { origin: server.origin, cookie: `${name}=${value}` });
    assert.equal(later.welcome.you, null);
    await later.leave();
  }
});

test('a_claim_needs_its_header_and_works_once', async () => {
  const client = await Client.join(server, { origin: server.origin });
  const { claim: code } = await client.identify();
  const without = await claim(code, {});
  assert.equal(without.status, 403);
  assert.equal(without.headers['set-cookie'], undefined);
  assert.equal((await claim(code, { 'X-Kolam': '0' })).status, 403);
  assert.equal((await claim(code)).status, 204, 'what lacked the header did not spend it');
  const second = await claim(code);
  assert.ok([403, 404].includes(second.status), `status ${second.status}`);
  assert.equal(second.headers['set-cookie'], undefined);
});

test('wrong_claims_are_refused', async () => {
  for (const code of ['', 'x', 'ab'.repeat(32), `${'ab'.repeat(32)}/`, '../claim']) {
    const answer = await claim(code);
    assert.ok([400, 403, 404].includes(answer.status), `${code}: ${answer.status}`);
    assert.equal(answer.headers['set-cookie'], undefined);
  }
});

test('a_claim_of_another_origin_is_refused', async () => {
  const client = await Client.join(server, { origin: server.origin });
  const { claim: code } = await client.identify();
  const answer = await claim(code, { 'X-Kolam': '1', Origin: 'http://evil.example' });
  assert.equal(answer.status, 403);
  assert.equal(answer.headers['access-control-allow-origin'], undefined);
});

test('a_new_name_is_told_to_everyone_on_the_canvas_and_kept', async () => {
  const [mira, tom, other] = await Promise.all([
    Client.artist(server), Client.join(server, { watch: true }), Client.join(server, { canvas: 'elsewhere' }),
  ]);
  mira.say({ type: 'rename', name: 'Mira Ö 鳥' });
  const wanted = { artist: mira.me.artist, name: 'Mira Ö 鳥' };
  for (const client of [mira, tom]) {
    const told = await client.wait((event) => event.type === 'artists');
    assert.deepEqual(told.list, [wanted]);
  }
  const later = await Client.join(server, { token: mira.token });
  assert.deepEqual(later.welcome.you, wanted);
  await other.settle();
  assert.ok(!other.all('artists').some(({ list }) => list.some(({ name }) => name === 'Mira Ö 鳥')));
});

test('a_new_name_is_told_once_however_often_one_is_connected', async () => {
  const mira = await Client.artist(server);
  await mira.draw([1, 1, 9, 9]);
  const tom = await Client.join(server, { watch: true });
  const others = await Promise.all(Array.from({ length: 5 }, () => Client.join(server, { token: mira.token })));
  others[2].say({ type: 'rename', name: 'Once' });
  await mira.wait((event) => event.type === 'artists' && event.list[0].name === 'Once');
  mira.say({ type: 'rename', name: 'Twice' });
  await tom.wait((event) => event.type === 'artists' && event.list[0].name === 'Twice');
  await tom.settle();
  const names = tom.all('artists').flatMap(({ list }) => list.map(({ name }) => name));
  assert.deepEqual(names, ['Once', 'Twice']);
});

for (const name of ['', ' ', '   ', 'a'.repeat(41), 'a\u0000b', 'a\nb', 'a\u007fb', 'a\u0085b', 7, null, '\ud800']) {
  test(`refuses_the_name_${JSON.stringify(name).slice(0, 20)}`, async () => {
    const mira = await Client.artist(server);
    mira.say({ type: 'rename', name });
    const answer = await mira.wait((event) => ['error', 'artists', 'close'].includes(event.type));
    assert.equal(answer.type, 'error');
  });
}

test('takes_a_name_of_40_characters_of_four_bytes', async () => {
  const mira = await Client.artist(server);
  mira.say({ type: 'rename', name: '🐦'.repeat(40) });
  const told = await mira.wait((event) => ['error', 'artists'].includes(event.type));
  assert.deepEqual(told.list, [{ artist: mira.me.artist, name: '🐦'.repeat(40) }]);
});

test('who_tells_names_of_those_it_knows', async () => {
  const [mira, tom, watcher] = await Promise.all([
    Client.artist(server, { canvas: 'names' }), Client.artist(server, { canvas: 'names' }),
    Client.join(server, { canvas: 'names', watch: true }),
  ]);
  await Promise.all([mira.draw([1, 1, 9, 9]), tom.draw([1, 1, 9, 9])]);
  watcher.say({ type: 'who', artists: [tom.me.artist, mira.me.artist, 4711] });
  const { list } = await watcher.wait((event) => event.type === 'artists');
  const sorted = [...list].sort((a, b) => a.artist - b.artist);
  const wanted = [{ artist: mira.me.artist, name: mira.me.name }, { artist: tom.me.artist, name: tom.me.name }]
    .sort((a, b) => a.artist - b.artist);
  assert.deepEqual(sorted, wanted);
  for (const artists of [Array.from({ length: 257 }, (_, i) => i + 1), 'all', [-1], ['1'], [1.5]]) {
    const from = watcher.mark();
    watcher.say({ type: 'who', artists });
    const answer = await watcher.wait((event) => ['error', 'artists', 'close'].includes(event.type), from);
    assert.equal(answer.type, 'error', JSON.stringify(artists).slice(0, 30));
    if (answer.fatal) {
      break;
    }
  }
});

test('one_without_an_identity_has_no_name_to_change', async () => {
  const client = await Client.join(server);
  client.say({ type: 'rename', name: 'Nobody' });
  assert.equal((await client.wait((event) => ['error', 'artists'].includes(event.type))).type, 'error');
});

test('no_secret_is_kept_anywhere', async () => {
  const own = await startServer();
  const painter = await Client.artist(own);
  await painter.draw([1, 1, 9, 9]);
  assert.equal((await own.stop()).code, 0);
  const secret = Buffer.from(painter.token, 'hex');
  for (const file of ['identity.db', 'canvases/main.kolam']) {
    const bytes = readFileSync(join(own.data, file));
    assert.equal(bytes.indexOf(secret), -1, file);
    assert.equal(bytes.indexOf(painter.token), -1, file);
  }
  assert.equal(own.log().includes(painter.token), false, 'nor logged');
  const [row] = new SqliteFile(join(own.data, 'identity.db')).rows('secret');
  assert.deepEqual(row.hash, createHash('sha256').update(secret).digest());
  const again = await startServer({ data: own.data });
  const back = await Client.join(again, { token: painter.token });
  assert.deepEqual(back.welcome.you, painter.me);
  await again.stop();
});

// ---- in the names of others ----

test('the_admin_token_is_for_its_owner_alone', () => {
  const path = join(server.data, 'admin.token');
  assert.equal(statSync(path).mode & 0o077, 0);
  assert.match(server.adminToken(), /^[0-9a-f]{64}$/);
});

async function importer(canvas) {
  const client = await Client.join(server, { canvas, admin: server.adminToken() });
  const actAs = async (slot, name) => {
    const from = client.mark();
    client.say({ type: 'act_as', slot, name });
    return client.wait((event) => ['acting', 'error', 'close'].includes(event.type), from);
  };
  return { client, actAs };
}

test('an_import_draws_in_the_names_of_others', async () => {
  const { client, actAs } = await importer('imported');
  const watcher = await Client.join(server, { canvas: 'imported', watch: true });
  await watcher.view({});
  const one = await actAs(0, 'wacom-ink/1');
  const two = await actAs(65535, 'wacom-ink/2');
  assert.deepEqual([one.type, one.slot, two.slot], ['acting', 0, 65535]);
  assert.notEqual(one.artist, two.artist);
  const acks = [
    await client.commit(lineBody([1, 1, 9, 9]), { slot: 0 }),
    await client.commit(lineBody([9, 1, 1, 9]), { slot: 65535 }),
  ];
  assert.deepEqual((await watcher.op(acks[0].seq)).artist, one.artist);
  assert.deepEqual((await watcher.op(acks[1].seq)).artist, two.artist);
  watcher.say({ type: 'who', artists: [one.artist, two.artist] });
  const { list } = await watcher.wait((event) => event.type === 'artists');
  assert.deepEqual(list.map(({ name }) => name).sort(), ['wacom-ink/1', 'wacom-ink/2']);
});

test('the_same_name_is_the_same_artist_and_its_strokes_are_found_again', async () => {
  const nonce = '00000000000000aa';
  const canvas = 'imported-twice';
  const admin = server.adminToken();
  const seqs = [];
  for (let i = 0; i < 2; i += 1) {
    const client = await Client.join(server, { canvas, admin, nonce });
    client.say({ type: 'act_as', slot: i, name: 'quickdraw/7' });
    const acting = await client.wait((event) => event.type === 'acting');
    const ack = await client.commit(lineBody([1, 1, 9, 9]), { counter: 1, slot: i });
    seqs.push([acting.artist, ack.type, ack.seq]);
    await client.leave();
  }
  assert.deepEqual(seqs[0], seqs[1]);
});

test('an_imported_artist_is_nobody_who_can_sign_in', async () => {
  const { client, actAs } = await importer('imported');
  const painter = await Client.artist(server, { canvas: 'imported' });
  const acting = await actAs(1, painter.me.name);
  assert.notEqual(acting.artist, painter.me.artist, 'a shared name is not a shared person');
  await client.leave();
});

test('only_the_admin_acts_as_others', async () => {
  const mira = await Client.artist(server, { canvas: 'imported' });
  mira.say({ type: 'act_as', slot: 0, name: 'wacom-ink/1' });
  const answer = await mira.wait((event) => ['acting', 'error', 'close'].includes(event.type));
  assert.equal(answer.type, 'error');
  const other = await Client.artist(server, { canvas: 'imported' });
  other.submit(lineBody([1, 1, 9, 9]), { slot: 0 });
  const refused = await other.wait((event) => ['ack', 'nack', 'error', 'close'].includes(event.type));
  assert.ok(['nack', 'error'].includes(refused.type), refused.type);
});

test('a_slot_that_is_not_bound_is_refused', async () => {
  const { client } = await importer('imported');
  client.submit(lineBody([1, 1, 9, 9]), { slot: 9 });
  const refused = await client.wait((event) => ['ack', 'nack', 'error', 'close'].includes(event.type));
  assert.ok(['nack', 'error'].includes(refused.type), refused.type);
  const other = await importer('imported');
  for (const [slot, name] of [[65536, 'a'], [-1, 'a'], [0, ''], [0, 'a'.repeat(41)], ['0', 'a'], [0, null]]) {
    const answer = await other.actAs(slot, name);
    assert.equal(answer.type, 'error', JSON.stringify([slot, name]));
    if (answer.fatal) {
      break;
    }
  }
});

// A bit of somebody's row is another: they are nobody, rather than somebody else; all others are who they were.
test('a_damaged_row_is_told_and_keeps_out_its_person_alone', async () => {
  const own = await startServer();
  const people = [await Client.artist(own), await Client.artist(own)];
  await own.stop();
  const path = join(own.data, 'identity.db');
  const bytes = readFileSync(path);
  const at = bytes.lastIndexOf(Buffer.from(people[0].me.name));
  assert.ok(at > 0);
  bytes[at] ^= 1;
  writeFileSync(path, bytes);
  const again = await startServer({ data: own.data });
  assert.match(again.log(), /level=error event=damaged_row file=identity\.db table=person row=1 /);
  const client = await Client.open(again);
  await assert.rejects(client.hello({ token: people[0].token }), /identities cannot be read/);
  const other = await Client.join(again, { token: people[1].token });
  assert.deepEqual(other.welcome.you, people[1].me);
  await Client.artist(again); // and newcomers come
  assert.match((await get(again, '/metrics')).body.toString(), /^kolam_damaged_rows 1$/m);
  assert.deepEqual(JSON.parse((await get(again, '/healthz')).body), { status: 'ok', damaged_rows: 1 });
  const check = await kolam(['check', '--data', own.data]); // beside the server
  assert.equal(check.code, 1);
  assert.match(check.stderr, /identity\.db: person 1: its sum is wrong/);
  assert.match(check.stdout, /^identity\.db: \d+ rows, 1 problem /m);
  assert.match(check.stdout, /^moderation\.db: \d+ rows, no problems/m);
  await again.stop();
});
