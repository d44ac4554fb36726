// Coming in: hello and welcome, on canvases of every kind, and what is refused at the door.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { Client, lineBody, newNonce, startServer, strokeBody } from './client.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

const HELLO = { type: 'hello', protocol: 1, canvas: 'main', nonce: '0123456789abcdef', client: 'test/1' };

// Says `message` first on a fresh connection; resolves with the error and the close.
async function refusal(message, options) {
  const client = await Client.open(server, options);
  if (message instanceof Uint8Array) {
    client.send(message);
  } else {
    client.say(message);
  }
  await client.closed;
  const error = client.events.find((event) => event.type === 'error');
  return { error, code: client.close.code };
}

test('welcomes_to_a_canvas_on_which_nothing_was_drawn', async () => {
  const before = Date.now();
  const client = await Client.join(server);
  const { welcome } = client;
  assert.equal(welcome.protocol, 1);
  assert.equal(welcome.canvas, 'main');
  assert.equal(welcome.seq, 0);
  assert.match(welcome.incarnation, /^[0-9a-f]{16}$/);
  assert.equal(typeof welcome.raster, 'number');
  assert.equal(welcome.you, null);
  assert.equal(welcome.recent, null);
  assert.deepEqual(welcome.limits,
    { points: 8192, parts: 32, homes: 256, message: 1048576, unacknowledged: 4096, edit: 1024 });
  assert.ok(Math.abs(welcome.time - before) < 60000, 'the time is now, in ms');
  assert.equal(client.socket.protocol, 'kolam.v1');
  await client.leave();
});

test('welcomes_to_a_drawn_canvas_with_its_seq_and_where_ink_is', async () => {
  const painter = await Client.artist(server, { canvas: 'drawn' });
  await painter.draw([10, 10, 60, 40]);
  const seq = await painter.draw([-20, 100, -10, 110], { x: -3, y: 5 });
  const client = await Client.join(server, { canvas: 'drawn' });
  assert.equal(client.welcome.seq, seq);
  assert.equal(client.welcome.seq, 2);
  const { recent } = client.welcome;
  assert.equal(recent.level, 0);
  assert.ok(Math.abs(Number(recent.x) - (-3 * 256 - 15)) < 256, `x ${recent.x} is near the newest stroke`);
  assert.ok(Math.abs(Number(recent.y) - (5 * 256 + 105)) < 256, `y ${recent.y} is near the newest stroke`);
  assert.equal(typeof recent.x, 'string');
  await Promise.all([painter.leave(), client.leave()]);
});

test('says_where_ink_is_at_the_finest_level_without_losing_a_pixel', async () => {
  const painter = await Client.artist(server, { canvas: 'fine' });
  const tile = 2 ** 46 + 12345;
  await painter.draw([10, 10, 12, 12], { level: 24, x: tile, y: -tile });
  const client = await Client.join(server, { canvas: 'fine' });
  const { recent } = client.welcome;
  const shift = BigInt(24 - recent.level);
  const isNear = (text, at) => {
    const distance = (BigInt(text) << shift) - at;
    return distance > -(512n << shift) && distance < 512n << shift;
  };
  assert.ok(isNear(recent.x, BigInt(tile) * 256n + 11n), `x ${recent.x} at level ${recent.level}`);
  assert.ok(isNear(recent.y, BigInt(-tile) * 256n + 11n), `y ${recent.y} at level ${recent.level}`);
});

test('a_canvas_that_was_only_joined_leaves_no_file', async () => {
  const client = await Client.join(server, { canvas: 'looked-at' });
  assert.equal(client.welcome.canvas, 'looked-at');
  const view = await client.view({ width: 2, height: 2 });
  assert.deepEqual(view.tiles, [0, 0, 0, 0]);
  await client.leave();
  const files = readdirSync(join(server.data, 'canvases'));
  assert.ok(!files.some((name) => name.startsWith('looked-at')), files.join(' '));
});

test('main_exists_from_the_start', () => {
  assert.ok(existsSync(join(server.data, 'canvases', 'main.kolam')));
});

test('ignores_unknown_keys_and_a_missing_client_name', async () => {
  const client = await Client.open(server);
  client.say({ type: 'hello', protocol: 1, canvas: 'main', nonce: newNonce(), colour: [1, { a: null }] });
  await client.wait((event) => event.type === 'welcome');
  await client.leave();
});

for (const name of ['', 'Main', '-a', '_a', 'a.b', 'a/b', '..', 'a b', 'ä', 'a'.repeat(65), 'a\u0000b']) {
  test(`refuses_a_canvas_named_${JSON.stringify(name.slice(0, 8))}`, async () => {
    const { error, code } = await refusal({ ...HELLO, canvas: name });
    assert.equal(error?.fatal, true);
    assert.ok(error.message.length > 0 && typeof error.code === 'string');
    assert.equal(code, 1008);
  });
}

test('takes_the_longest_canvas_name', async () => {
  const client = await Client.artist(server, { canvas: '0'.repeat(64) });
  assert.equal(await client.draw([1, 1, 2, 2]), 1);
  await client.leave();
});

const WRONG_HELLOS = {
  'another protocol': { ...HELLO, protocol: 2 },
  'no protocol': { ...HELLO, protocol: undefined },
  'a short nonce': { ...HELLO, nonce: '0123' },
  'a nonce that is no hex': { ...HELLO, nonce: '0123456789abcdeg' },
  'no nonce': { ...HELLO, nonce: undefined },
  'a canvas that is a number': { ...HELLO, canvas: 7 },
  'a token that is no hex': { ...HELLO, token: 'secret' },
  'an unknown token': { ...HELLO, token: 'ab'.repeat(32) },
  'a wrong admin token': { ...HELLO, admin: 'ab'.repeat(32) },
  'another message': { type: 'identify' },
  'no type': { canvas: 'main' },
  'an array': [HELLO],
  'a string': '"hello"',
  'broken JSON': '{"type":"hello",',
  'nothing': '',
  'deep nesting': '['.repeat(10000),
};
for (const [name, message] of Object.entries(WRONG_HELLOS)) {
  test(`refuses_to_start_with_${name.replaceAll(' ', '_')}`, async () => {
    const { error, code } = await refusal(message);
    assert.equal(error?.fatal, true, 'an error comes before the close');
    assert.ok([1002, 1007, 1008].includes(code), `close code ${code}`);
  });
}

test('refuses_a_record_before_hello', async () => {
  const { error, code } = await refusal(strokeBody({ points: [[0, 0]] }));
  assert.equal(error?.fatal, true);
  assert.ok([1002, 1008].includes(code), `close code ${code}`);
});

test('refuses_a_second_hello', async () => {
  const client = await Client.join(server);
  client.say(HELLO);
  const error = await client.wait((event) => event.type === 'error');
  assert.ok(error.message);
});

test('refuses_ink_from_one_without_an_identity', async () => {
  const client = await Client.join(server);
  const counter = client.submit(lineBody([1, 1, 5, 5]));
  const answer = await client.wait((event) => ['nack', 'error', 'close'].includes(event.type));
  if (answer.type === 'nack') {
    assert.equal(answer.counter, counter);
    assert.equal(answer.code, 2);
  }
  const other = await Client.join(server);
  assert.equal(other.welcome.seq, 0, 'nothing was drawn');
});

test('an_upgrade_needs_the_subprotocol', async () => {
  for (const protocol of [[], 'kolam.v2', ['chat', 'x']]) {
    await assert.rejects(Client.open(server, { protocol }), String(protocol));
  }
});

test('an_upgrade_elsewhere_is_refused', async () => {
  for (const path of ['/', '/c/main', '/ws/', '/tiles']) {
    await assert.rejects(Client.open(server, { path }), path);
  }
});

// ---- watching ----

test('a_watcher_sees_what_is_drawn', async () => {
  const [watcher, painter] = await Promise.all([
    Client.join(server, { watch: true, canvas: 'watched' }),
    Client.artist(server, { canvas: 'watched' }),
  ]);
  assert.equal(watcher.welcome.you, null);
  await watcher.view({});
  const seq = await painter.draw([1, 1, 20, 20]);
  assert.equal((await watcher.op(seq)).artist, painter.me.artist);
});

const WATCHER_DOES = {
  submit: (client) => client.submit(lineBody([1, 1, 5, 5])),
  preview: (client) => client.preview(1, 0, lineBody([1, 1, 5, 5])),
  cursor: (client) => client.cursor({ level: 0, tileX: 0, tileY: 0, x: 0, y: 0 }),
  cancel: (client) => client.cancel(1),
};
for (const [name, act] of Object.entries(WATCHER_DOES)) {
  test(`a_watcher_may_not_${name}_even_with_an_identity`, async () => {
    const painter = await Client.artist(server, { canvas: 'watched' });
    const watcher = await Client.join(server, { watch: true, canvas: 'watched', token: painter.token });
    const seqBefore = watcher.welcome.seq;
    await Promise.all([watcher.view({}), painter.view({})]);
    act(watcher);
    const refused = await watcher.wait((event) => ['nack', 'error', 'close'].includes(event.type));
    assert.notEqual(refused.type, 'close', 'the reason is said');
    const seq = await painter.draw([30, 30, 40, 40]);
    await painter.op(seq);
    assert.equal(seq, seqBefore + 1, 'nothing of the watcher was committed');
    assert.deepEqual([...painter.all('preview'), ...painter.all('cursor')], []);
  });
}
