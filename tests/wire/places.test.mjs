// Places with names, and searching for them and for artists.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { Client, eventually, get, getJson, kolam, recordBody, startServer } from './client.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer({ args: ['--limit', 'asks.identity=50:1000'] }); // to name a place counts ten
});
after(() => server?.kill());

let canvasNumber = 0;
const newCanvas = () => `places-${(canvasNumber += 1)}`;

let askNumber = 0;
async function say(client, message) {
  const id = (askNumber += 1);
  const from = client.mark();
  client.say({ ...message, id });
  return client.wait((event) => event.id === id, from, JSON.stringify(message).slice(0, 100));
}
const name = (client, text, where = {}) => say(client, { type: 'place', name: text, x: '-1024.5', y: '880', zoom: -0.5, ...where });
const remove = (client, place) => say(client, { type: 'place_remove', place });

let after_ = 0;
async function list(canvas, query = '', of = server) {
  const answer = await getJson(of, `/api/canvas/${canvas}/places?after=${(after_ += 1)}${query}`);
  assert.equal(answer.status, 200, String(answer.body));
  return answer.json;
}
const listed = async (canvas, names, of = server) => eventually(async () => {
  const { places } = await list(canvas, '', of);
  return JSON.stringify(places.map((place) => place.name)) === JSON.stringify(names) && places;
}, names.join(', '));
async function search(canvas, q, of = server) {
  const answer = await getJson(of, `/api/canvas/${canvas}/search?q=${encodeURIComponent(q)}`);
  assert.equal(answer.status, 200, String(answer.body));
  return answer.json;
}

test('a_place_is_named_told_to_all_and_listed', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const watcher = await Client.join(server, { canvas, watch: true });
  const answer = await name(mira, 'The bridge');
  assert.equal(answer.type, 'place');
  assert.equal(mira.me.artist > 0, true, 'who names a place has a number');
  const changed = await watcher.wait((event) => event.type === 'places_changed');
  assert.equal(changed.seq, answer.place);
  const { count, places } = await list(canvas);
  assert.equal(count, 1);
  const { time, ...place } = places[0];
  assert.deepEqual(place, { place: answer.place, name: 'The bridge', x: '-1024.5', y: '880', zoom: -0.5, artist: mira.me.artist, by: mira.me.name });
  assert.ok(Math.abs(Date.now() - time) < 60000);
  const second = await name(mira, 'கோலம் & café', { x: '2147483648', y: '0.000000059604644775390625', zoom: 24 });
  const [newest] = await listed(canvas, ['கோலம் & café', 'The bridge']);
  assert.deepEqual([newest.x, newest.y, newest.zoom], ['2147483648', '0.000000059604644775390625', 24]);
  assert.deepEqual((await remove(mira, answer.place)).type, 'place_removed');
  await listed(canvas, ['கோலம் & café']);
  assert.equal((await remove(mira, answer.place)).code, 'not_found');
  assert.equal((await remove(mira, second.place)).type, 'place_removed');
  await listed(canvas, []);
});

test('a_place_asked_for_again_after_a_lost_answer_is_one_place', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const nonce = '00c3e7bf0a4d1e55';
  /* Both on their way at once, as after a connection that broke. */
  const again = await Client.join(server, { canvas, token: mira.token });
  const answers = await Promise.all([name(mira, 'Twice', { nonce }), name(again, 'Twice', { nonce })]);
  assert.deepEqual(answers.map(({ type }) => type), ['place', 'place']);
  assert.equal(answers[0].place, answers[1].place);
  assert.equal((await name(again, 'Twice', { nonce })).place, answers[0].place);
  assert.equal((await name(again, 'Twice')).place, answers[0].place, 'nor has one view one name twice');
  await listed(canvas, ['Twice']);
  assert.equal((await name(again, 'Twice', { x: '5', nonce: '00c3e7bf0a4d1e56' })).type, 'place', 'elsewhere it may');
  await listed(canvas, ['Twice', 'Twice']);
  const otto = await Client.artist(server, { canvas });
  assert.notEqual((await name(otto, 'Twice', { nonce })).place, answers[0].place, 'a nonce is one’s own');
  assert.equal((await name(mira, 'Wrong', { nonce: 'xyz' })).code, 'invalid');
});

test('nobody_takes_away_what_another_named_but_an_admin', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const otto = await Client.artist(server, { canvas });
  const admin = await Client.artist(server, { canvas, admin: server.adminToken() });
  const stranger = await Client.join(server, { canvas });
  const { place } = await name(mira, 'Mine');
  assert.equal((await remove(otto, place)).code, 'denied');
  assert.equal((await remove(stranger, place)).code, 'denied');
  assert.equal((await name(stranger, 'Nobody’s')).code, 'denied');
  assert.equal((await remove(otto, '1000000')).code, 'not_found');
  const stroke = await mira.draw([10, 10, 90, 90]);
  assert.equal((await remove(mira, String(stroke))).code, 'not_found', 'a stroke is no place');
  assert.equal((await remove(admin, place)).type, 'place_removed');
  await listed(canvas, []);
});

test('places_survive_a_kill_and_are_found_without_the_server_having_read_the_log', async () => {
  const first = await startServer();
  const mira = await Client.artist(first);
  const places = [];
  for (const text of ['One', 'Two', 'Three', 'Four']) {
    await mira.draw([10, 10, 90, 90]);
    places.push((await name(mira, text)).place);
  }
  await remove(mira, places[1]);
  await first.kill();
  const second = await startServer({ data: first.data });
  await listed('main', ['Four', 'Three', 'One'], second);
  const again = await Client.join(second, { token: mira.token });
  assert.equal((await name(again, 'Five')).type, 'place');
  assert.equal((await remove(again, places[0])).type, 'place_removed');
  await listed('main', ['Five', 'Four', 'Three'], second);
  await second.stop();
  const third = await startServer({ data: first.data });
  const late = await Client.join(third, { token: mira.token });
  assert.equal((await remove(late, places[3])).type, 'place_removed', 'the places are read for it');
  await listed('main', ['Five', 'Three'], third);
  await third.stop();
  const checked = await kolam(['check', '--data', first.data]);
  assert.equal(checked.code, 0, checked.stderr);
  const compacted = await kolam(['compact', '--data', first.data, '--before', '9', '--yes']);
  assert.equal(compacted.code, 0, compacted.stderr);
  const fourth = await startServer({ data: first.data });
  await listed('main', ['Five', 'Three'], fourth);
  const last = await Client.join(fourth, { token: mira.token });
  assert.equal((await remove(last, places[2])).type, 'place_removed', 'also one that was flattened');
  await listed('main', ['Five'], fourth);
  await fourth.stop();
  assert.equal((await kolam(['check', '--data', first.data])).code, 0);
});

test('what_is_no_place_is_refused_and_the_connection_stays', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  const wrong = [
    { name: '' }, { name: '   ' }, { name: 'a\nb' }, { name: 'x'.repeat(81) }, { name: 5 }, { name: undefined }, { x: 5 }, { x: '1e5' }, { y: '' },
    { y: '2147483648.5' }, { zoom: 25 }, { zoom: '0' }, { zoom: undefined }, { name: 'y'.repeat(60000) },
  ];
  for (const part of wrong.slice(0, 12)) {
    assert.equal((await name(mira, 'fine', part)).code, 'invalid', JSON.stringify(part).slice(0, 60));
  }
  const other = await Client.artist(server, { canvas });
  for (const part of wrong.slice(12)) {
    assert.equal((await name(other, 'fine', part)).code, 'invalid', JSON.stringify(part).slice(0, 60));
  }
  for (const place of ['0', '-1', 'x', '99999999999999999999', null, {}]) {
    assert.equal((await remove(other, place)).code, 'invalid', String(place));
  }
  const fatal = await Client.artist(server, { canvas });
  fatal.say({ type: 'place', name: 'no id', x: '0', y: '0', zoom: 0 });
  assert.equal((await fatal.wait((event) => event.type === 'error')).fatal, true);
  const watcher = await Client.join(server, { canvas, watch: true });
  watcher.say({ type: 'place', id: 1, name: 'no', x: '0', y: '0', zoom: 0 });
  await watcher.closed;
});

test('one_names_so_many_places_and_no_more', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  await name(mira, 'Place 0');
  for (let i = 1; i < 64; i += 1) {
    assert.equal((await name(mira, `Place ${i}`)).type, 'place');
  }
  assert.equal((await name(mira, 'Place 64')).code, 'limit');
  assert.ok((await list(canvas, '&limit=256')).count >= 64);
  assert.equal((await list(canvas, '&limit=5')).places.length, 5);
});

test('an_admin_may_submit_records_of_places_that_keep_their_bounds', async () => {
  const canvas = newCanvas();
  const admin = await Client.artist(server, { canvas, admin: server.adminToken() });
  const fine = await admin.commit(recordBody({ kind: 'place', name: 'By hand', x: '0', y: '0', zoom: 0 }));
  assert.equal(fine.type, 'ack');
  const wrong = await admin.commit(recordBody({ kind: 'place', name: '', x: '0', y: '0', zoom: 0 }));
  assert.deepEqual([wrong.type, wrong.code], ['nack', 1]);
  assert.equal((await admin.commit(recordBody({ kind: 'something', name: '' }))).type, 'ack');
  const mira = await Client.artist(server, { canvas });
  mira.submit(recordBody({ kind: 'place', name: 'Mine', x: '0', y: '0', zoom: 0 }));
  assert.equal((await mira.wait((event) => event.type === 'nack')).code, 2);
  await listed(canvas, ['By hand']);
});

test('search_finds_places_and_artists_whatever_their_case_and_accents', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  mira.say({ type: 'rename', name: 'Élodie Brücke' });
  await mira.wait((event) => event.type === 'identity' && event.name === 'Élodie Brücke');
  await mira.draw([10, 10, 90, 90], { level: -3, x: 5, y: -7 });
  await mira.draw([20, 30, 90, 90], { level: -3, x: 5, y: -7 });
  const otto = await Client.artist(server, { canvas });
  await otto.draw([10, 10, 90, 90]);
  await name(mira, 'Große Brücke');
  await name(mira, 'Brückenkopf');
  await name(otto, 'Abbruckung');
  let found = await search(canvas, 'BRUCK');
  assert.deepEqual(found.places.map((place) => place.name), ['Brückenkopf', 'Große Brücke', 'Abbruckung']);
  assert.deepEqual(found.artists, [{ artist: mira.me.artist, name: 'Élodie Brücke', strokes: 4,
    last: { level: -3, x: String(5 * 256 + 20), y: String(-7 * 256 + 30), time: found.artists[0].last.time } }]);
  found = await search(canvas, 'grosse b');
  assert.deepEqual(found.places.map((place) => place.name), ['Große Brücke']);
  assert.deepEqual(found.artists, []);
  assert.equal((await search(canvas, 'elodie')).artists.length, 1);
  assert.equal((await list(canvas, '&q=kopf')).count, 1);
  assert.equal((await list(canvas, '&q=')).count, 3);
  assert.deepEqual((await search(canvas, otto.me.name.toUpperCase())).artists.map(({ artist }) => artist), [otto.me.artist]);
  assert.deepEqual(await search(canvas, 'nothing like that'), { places: [], artists: [] });
});

test('a_new_name_is_found_after_a_while', async () => {
  const canvas = newCanvas();
  const mira = await Client.artist(server, { canvas });
  await mira.draw([10, 10, 90, 90]);
  await search(canvas, 'zebra');
  mira.say({ type: 'rename', name: 'Zebra' });
  let asked = 0;
  await eventually(async () => (await search(canvas, `zebra${' '.repeat((asked += 1) % 60)}`)).artists.length === 1, 'Zebra', 30000);
});

test('wrong_questions_are_told_why', async () => {
  const canvas = newCanvas();
  await (await Client.artist(server, { canvas })).draw([10, 10, 90, 90]);
  const wrong = ['search', 'search?q=', 'search?q=%20', `search?q=${'x'.repeat(81)}`, `search?q=${'x'.repeat(700)}`, 'search?q=a&limit=33',
    'search?q=%ff', 'search?q=%cc%81', 'places?limit=0', 'places?limit=257', `places?q=${'x'.repeat(700)}`, 'places?q=%ff'];
  for (const what of wrong) {
    const answer = await getJson(server, `/api/canvas/${canvas}/${what}`);
    assert.equal(answer.status, 400, what);
  }
  assert.equal((await get(server, '/api/canvas/nowhere/places')).status, 404);
  assert.equal((await get(server, '/api/canvas/nowhere/search?q=a')).status, 404);
  for (const q of ['%', '_', '"', "'", '\\', '*', '&', '<', 'கோ', '\u{1f33a}', '(']) {
    await search(canvas, q);
  }
});

test('who_leaves_while_a_place_is_being_named_harms_nobody', async () => {
  // The places of a canvas are read when first asked for: whoever asked may be gone by then.
  for (let i = 0; i < 20; i++) {
    const mira = await Client.artist(server, { canvas: newCanvas() });
    mira.say({ type: 'place', id: 1, name: 'The bridge', x: '1', y: '2', zoom: 0 });
    mira.send(Buffer.from([7])); // no record of the protocol: the server closes, with the question open
    await mira.closed;
  }
  assert.equal((await get(server, '/healthz')).status, 200);
});
