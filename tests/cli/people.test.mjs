// kolam admin: invitations, merging, what is known of somebody, forgetting them.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { Client } from '../wire/client.mjs';
import { kolam, startServer } from '../wire/process.mjs';
import '../wire/tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

const ask = (args) => kolam(['admin', ...args, '--server', server.origin, '--data', server.data]);

test('an invitation is made, seen and taken back', async () => {
  const made = await ask(['invite', 'mentor', '--uses', '2', '--days', '3', '--note', 'the class']);
  assert.equal(made.code, 0, made.stderr);
  const [, code] = /\/c\/main#invite=([0-9a-f]{32})/.exec(made.stdout);
  const guest = await Client.artist(server);
  guest.say({ type: 'invitation_use', id: 1, code });
  await guest.wait((event) => event.type === 'invitation_used');
  const list = await ask(['invitations']);
  assert.match(list.stdout, /mentor +1 of 2 came/);
  assert.match(list.stdout, /by the operator +the class/);
  assert.ok(list.stdout.includes(guest.me.name));
  assert.ok(!list.stdout.includes(code), 'the code is told once');
  const number = JSON.parse((await ask(['invitations', '--json'])).stdout).list[0].invitation;
  assert.equal((await ask(['revoke', String(number), '--withdraw'])).code, 0);
  await guest.wait((event) => event.type === 'standing' && event.role === 'newcomer');
  assert.match((await ask(['invitations'])).stdout, /taken back/);
  assert.equal((await ask(['revoke', '4711'])).code, 1);
});

test('wrong usage is one line and exit status 2', async () => {
  for (const args of [['invite'], ['invite', 'mentor', '--uses', '0'], ['invite', 'mentor', '--days', 'x'], ['revoke', 'x'],
    ['merge', '1', '2'], ['erase', '1'], ['merge', '1'], ['export']]) {
    const { code, stderr, stdout } = await ask(args);
    assert.deepEqual([code, stdout, stderr.trim().split('\n').length], [2, '', 1], args.join(' '));
  }
  assert.equal((await ask(['invite', 'king'])).code, 1);
});

test('two artists are merged, told, erased', async () => {
  const [a, b] = [await Client.artist(server), await Client.artist(server)];
  await a.draw([1, 1, 9, 9]);
  await b.draw([2, 2, 8, 8]);
  await b.draw([2, 2, 7, 7]);
  const merged = await ask(['merge', String(b.me.artist), String(a.me.artist), '--yes']);
  assert.equal(merged.code, 0, merged.stderr);
  assert.ok(merged.stdout.includes(a.me.name));
  const told = await ask(['export', String(b.me.artist)]);
  assert.equal(told.code, 0, told.stderr);
  const { person, canvases } = JSON.parse(told.stdout);
  assert.equal(person.person[0].name, a.me.name);
  assert.deepEqual(canvases.map(({ ops }) => ops.length).sort(), [1, 2]);
  assert.ok(canvases.every(({ ops }) => ops.every(({ kind, body }) => kind === 'stroke' && body.length > 8)));
  assert.equal((await ask(['erase', String(a.me.artist), '--yes'])).code, 0);
  assert.equal((await ask(['erase', String(a.me.artist), '--yes'])).code, 1);
});
