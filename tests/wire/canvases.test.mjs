// Several canvases in one server: apart from each other, made by their first op, capped in number.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { Client, eventually, get, getJson, lineBody, startServer } from './client.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer({ args: ['--max-canvases', '4'] });
});
after(() => server?.kill());

test('what_is_drawn_on_one_is_not_on_another', async () => {
  const [a, b, watcher] = await Promise.all([
    Client.artist(server, { canvas: 'aa' }), Client.artist(server, { canvas: 'bb' }), Client.join(server, { canvas: 'aa' }),
  ]);
  await Promise.all([a.view({}), b.view({}), watcher.view({})]);
  assert.equal(await a.draw([1, 1, 9, 9]), 1);
  assert.equal(await b.draw([1, 1, 9, 9]), 1);
  assert.equal(await a.draw([1, 1, 9, 9]), 2);
  await Promise.all([watcher.op(2), b.op(1)]);
  assert.deepEqual(watcher.all('op').map(({ seq }) => seq), [1, 2]);
  assert.deepEqual(b.all('op').map(({ seq }) => seq), [1]);
  assert.notEqual(a.welcome.incarnation, b.welcome.incarnation);
});

test('two_who_join_before_the_first_op_see_each_other', async () => {
  const [a, b] = await Promise.all([Client.artist(server, { canvas: 'cc' }), Client.artist(server, { canvas: 'cc' })]);
  await Promise.all([a.view({}), b.view({})]);
  a.preview(1, 0, lineBody([1, 1, 2, 2]));
  await b.wait((event) => event.type === 'preview');
  const seq = await a.draw([1, 1, 9, 9]);
  assert.equal((await b.op(seq)).artist, a.me.artist);
  assert.equal(await b.draw([1, 1, 9, 9]), 2);
  assert.equal((await a.op(2)).artist, b.me.artist);
});

test('beyond_the_cap_a_canvas_can_be_seen_but_not_made', async () => {
  const names = () => new Set(readdirSync(join(server.data, 'canvases')).map((file) => file.split('.')[0]));
  assert.deepEqual([...names()].sort(), ['aa', 'bb', 'cc', 'main']);
  const client = await Client.artist(server, { canvas: 'dd' });
  const answer = await client.commit(lineBody([1, 1, 9, 9]));
  assert.deepEqual([answer.type, answer.code], ['nack', 4]);
  assert.match(answer.message, /\d|canvas/);
  assert.equal(names().has('dd'), false);
  const old = await Client.artist(server, { canvas: 'aa' });
  assert.equal((await old.commit(lineBody([1, 1, 9, 9]))).type, 'ack', 'those that are there go on');
});

test('a_canvas_closed_while_idle_or_by_a_restart_is_found_again', async () => {
  const { json } = await getJson(server, '/api/canvas/aa');
  assert.equal((await server.stop()).code, 0);
  server = await startServer({ data: server.data, args: ['--max-canvases', '4'] });
  const again = await getJson(server, '/api/canvas/aa');
  assert.deepEqual(again.json, json);
  const client = await Client.artist(server, { canvas: 'aa' });
  assert.equal(await client.draw([1, 1, 9, 9]), json.seq + 1);
});

test('a_canvas_that_nobody_needs_is_closed_and_what_it_was_is_there_for_who_comes', async () => {
  const own = await startServer({ args: ['--idle-s', '1'] });
  const figure = async (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec((await get(own, '/metrics')).body)[1]);
  const open = () => figure('kolam_canvases_open');
  const threads = () => readdirSync(`/proc/${own.pid}/task`).length;
  await eventually(async () => (await open()) === 0, 'the one of the start is closed');
  const calm = { threads: threads(), heap: await figure('kolam_heap_used_bytes') };
  const mira = await Client.artist(own, { canvas: 'wall0' });
  const others = await Promise.all(Array.from({ length: 19 }, (_, i) => Client.artist(own, { canvas: `wall${i + 1}` })));
  await Promise.all([mira, ...others].map((client) => client.view({})));
  assert.deepEqual(await Promise.all([mira, ...others].map((client) => client.draw([1, 1, 9, 9]))), Array(20).fill(1));
  assert.equal(await open(), 20);
  await Promise.all(others.map((client) => client.leave()));
  await eventually(async () => (await open()) === 1, 'nineteen are closed, and the one with somebody on it is not');
  await mira.leave();
  await eventually(async () => (await open()) === 0 && threads() <= calm.threads, 'all are closed, and their threads have ended');
  await eventually(async () => (await figure('kolam_heap_used_bytes')) < calm.heap + 1e6, 'and what they took is free, at the workers, too');
  const again = await Client.artist(own, { canvas: 'wall3' });
  await again.view({});
  assert.equal(await again.draw([1, 1, 9, 9]), 2);
  assert.deepEqual([await open(), again.welcome.seq], [1, 1]);
  await again.leave();
  assert.equal((await own.stop()).code, 0);
});

test('many_joins_of_canvases_that_are_never_drawn_on_make_nothing', async () => {
  const clients = await Promise.all(Array.from({ length: 50 }, (_, i) => Client.join(server, { canvas: `ghost-${i}` })));
  await Promise.all(clients.map((client) => client.view({})));
  await Promise.all(clients.map((client) => client.leave()));
  assert.equal(readdirSync(join(server.data, 'canvases')).some((name) => name.startsWith('ghost')), false);
  assert.equal((await get(server, '/healthz')).status, 200);
});
