// Following: one's view goes where another's does; they know, and can say no.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { Client, eventually, get, startServer } from './client.mjs';
import { families, value } from './prometheus.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

const ASKS_PER_S = 5; /* to follow counts ten of the 50 questions a second */
let canvasNumber = 0;
const newCanvas = () => `follow-${(canvasNumber += 1)}`;

// An artist who is here.
async function artist(canvas, options = {}) {
  const client = await Client.artist(server, { canvas, ...options });
  await client.draw([10, 10, 90, 90]);
  return client;
}

let askNumber = 0;
async function follow(client, who) {
  const id = (askNumber += 1);
  const from = client.mark();
  client.say({ type: 'follow', id, artist: who });
  return client.wait((event) => event.id === id && (event.type === 'following' || event.type === 'error'), from, 'following');
}

const followers = (client, count, from = 0) => client.wait(
  (event) => event.type === 'followers' && event.count === count, from, `${count} followers`);
const camera = (x, y, zoom) => ({ type: 'camera', x, y, zoom });
const sawCamera = (client, x, from = 0) => client.wait((event) => event.type === 'camera' && event.x === x, from, `camera ${x}`);

test('a_follower_is_told_where_the_other_looks_and_the_other_who_follows', async () => {
  const canvas = newCanvas();
  const mira = await artist(canvas);
  const otto = await artist(canvas);
  const watcher = await Client.join(server, { canvas, watch: true });
  const answer = await follow(otto, mira.me.artist);
  assert.deepEqual([answer.type, answer.artist, answer.name], ['following', mira.me.artist, mira.me.name]);
  assert.deepEqual((await followers(mira, 1)).list, [otto.me]);
  assert.equal((await follow(watcher, mira.me.artist)).type, 'following');
  assert.deepEqual((await followers(mira, 2)).list, [otto.me], 'a watcher is a number');
  mira.say(camera('-1024.5', '880', -0.5));
  for (const client of [otto, watcher]) {
    const seen = await sawCamera(client, '-1024.5');
    assert.deepEqual(seen, { type: 'camera', artist: mira.me.artist, x: '-1024.5', y: '880', zoom: -0.5 });
  }
  const late = await Client.join(server, { canvas });
  await follow(late, mira.me.artist);
  await sawCamera(late, '-1024.5');
  const from = mira.mark();
  const nobody = await follow(otto, null);
  assert.deepEqual([nobody.type, nobody.artist], ['following', null]);
  await followers(mira, 2, from);
  await watcher.leave();
  await followers(mira, 1, from);
  mira.say(camera('5', '6', 1));
  await sawCamera(late, '5');
  assert.equal(otto.all('camera').length, 1);
});

test('at_most_20_cameras_a_second_and_always_the_newest', async () => {
  const canvas = newCanvas();
  const mira = await artist(canvas);
  const otto = await artist(canvas);
  await follow(otto, mira.me.artist);
  const begin = Date.now();
  for (let i = 1; i <= 150; i += 1) { // as many as may be settled without a wait
    mira.say(camera(String(i), '0', 0));
    await mira.settle();
  }
  await sawCamera(otto, '150');
  const most = 2 + (Date.now() - begin) / 50;
  const cameras = otto.all('camera').map(({ x }) => Number(x));
  assert.ok(cameras.length <= most, `${cameras.length} of at most ${most}`);
  assert.deepEqual(cameras, cameras.toSorted((a, b) => a - b));
});

test('who_refuses_is_not_followed_and_who_did_is_told', async () => {
  const canvas = newCanvas();
  const mira = await artist(canvas);
  const otto = await artist(canvas);
  await follow(otto, mira.me.artist);
  mira.say({ type: 'follow_refuse', refuse: true });
  const told = await otto.wait((event) => event.type === 'unfollowed');
  assert.deepEqual(told, { type: 'unfollowed', artist: mira.me.artist, reason: 'refused' });
  assert.equal((await follow(otto, mira.me.artist)).code, 'denied');
  mira.say({ type: 'follow_refuse', refuse: false });
  await mira.settle();
  assert.equal((await follow(otto, mira.me.artist)).type, 'following');
});

test('who_leaves_is_not_followed_any_more_unless_they_are_here_twice', async () => {
  const canvas = newCanvas();
  const mira = await artist(canvas);
  const again = await Client.join(server, { canvas, token: mira.token });
  again.cursor({ level: 0, tileX: 0, tileY: 0, x: 0, y: 0 });
  await again.settle();
  const otto = await artist(canvas);
  await follow(otto, mira.me.artist);
  await again.wait((event) => event.type === 'followers' && event.count === 1);
  await again.leave();
  await followers(mira, 1);
  mira.say(camera('7', '7', 7));
  await sawCamera(otto, '7');
  assert.equal(otto.all('unfollowed').length, 0);
  await mira.vanish();
  assert.equal((await otto.wait((event) => event.type === 'unfollowed')).reason, 'left');
  assert.equal((await follow(otto, mira.me.artist)).code, 'not_found');
});

test('nobody_is_led_in_a_circle', async () => {
  const canvas = newCanvas();
  const people = [];
  for (let i = 0; i < 3; i += 1) {
    people.push(await artist(canvas));
  }
  const [a, b, c] = people;
  assert.equal((await follow(a, a.me.artist)).code, 'denied', 'oneself');
  assert.equal((await follow(a, b.me.artist)).type, 'following');
  assert.equal((await follow(b, a.me.artist)).code, 'denied');
  assert.equal((await follow(b, c.me.artist)).type, 'following');
  assert.equal((await follow(c, a.me.artist)).code, 'denied');
  assert.equal((await follow(a, c.me.artist)).type, 'following', 'another way to the same');
  assert.equal((await follow(b, null)).type, 'following');
  assert.equal((await follow(c, b.me.artist)).type, 'following');
});

test('only_who_is_here_can_be_followed', async () => {
  const canvas = newCanvas();
  const mira = await artist(canvas);
  const silent = await Client.join(server, { canvas, token: mira.token });
  const otto = await artist(canvas);
  assert.equal((await follow(otto, 4000)).code, 'not_found');
  const elsewhere = await artist(newCanvas());
  await mira.leave();
  await silent.settle();
  assert.equal((await follow(otto, mira.me.artist)).code, 'not_found', 'an open page alone is not being here');
  assert.equal((await follow(elsewhere, otto.me.artist)).code === 'not_found' || elsewhere.me.artist === otto.me.artist, true);
});

test('too_many_questions_are_limit_and_the_connection_stays', async () => {
  const canvas = newCanvas();
  const mira = await artist(canvas);
  const otto = await artist(canvas);
  const begin = performance.now();
  const answers = await Promise.all(Array.from({ length: 60 }, () => follow(otto, mira.me.artist)));
  const refilled = (performance.now() - begin) / 1000 * ASKS_PER_S;
  const answered = answers.filter(({ code }) => code !== 'limit').length;
  assert.ok(answered >= 20 && answered <= 30 + refilled, `${answered} were answered, ${refilled} more than at once`);
  await otto.settle();
  assert.ok(mira.all('followers').length <= 3, 'nothing changed, nothing is told');
});

test('malformed_messages_are_refused', async () => {
  const canvas = newCanvas();
  const fatal = [
    { type: 'follow', artist: 1 }, { type: 'follow', id: -1, artist: 1 }, { type: 'follow_refuse' }, { type: 'follow_refuse', refuse: 1 },
    camera(1, 2, 3), camera('', '0', 0), camera('1e5', '0', 0), camera('0', '0', 24.5), camera('0', '0', '0'), camera('2147483649', '0', 0),
    camera('0', '-2147483648.0000001', 0), camera('0', ' 1', 0), camera('0', '1.', 0), camera('0', '.5', 0), camera('1'.repeat(13), '0', 0),
    camera(`0.${'1'.repeat(25)}`, '0', 0), camera('0', '1 ', 0), camera('--1', '0', 0), { type: 'camera' },
  ];
  await artist(canvas);
  for (const message of fatal) {
    const client = await Client.join(server, { canvas });
    client.say(message);
    const error = await client.wait((event) => event.type === 'error', 0, JSON.stringify(message));
    assert.equal(error.fatal, true, JSON.stringify(message));
    await client.closed;
  }
  const client = await Client.join(server, { canvas });
  for (const who of ['x', -1, 0, 4294967296, 1.5, {}, undefined]) {
    assert.equal((await follow(client, who)).code, 'invalid', String(who));
  }
  for (const message of [camera('2147483648', '-2147483648.000', 24), camera('0000000000.5', '-0', -24)]) {
    client.say(message); /* nobody follows: heard, and that is all */
  }
  await client.settle();
});

test('the_operator_sees_how_many_follow', async () => {
  const canvas = newCanvas();
  const mira = await artist(canvas);
  const gauge = async () => value(families(String((await get(server, '/metrics')).body)), 'kolam_following');
  const before = await gauge();
  const crowd = await Promise.all(Array.from({ length: 10 }, () => Client.join(server, { canvas, watch: true })));
  await Promise.all(crowd.map((client) => follow(client, mira.me.artist)));
  assert.equal(await gauge(), before + 10);
  await followers(mira, 10);
  await mira.leave();
  await Promise.all(crowd.map((client) => client.wait((event) => event.type === 'unfollowed')));
  await eventually(async () => (await gauge()) === before, 'the gauge is down again');
});
