// Whose address counts: the peer's own, and of a proxy that the operator trusts the one it tells.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test, { after } from 'node:test';

import { Client, endAll, eventually, get, kolam, makeFolder, startServer } from './client.mjs';
import './tidy.mjs';

after(endAll);

// The address that the server logged for a client that connects with these headers.
async function logged(server, headers) {
  const already = server.log().length;
  const client = await Client.open(server, { headers });
  const found = await eventually(
    () => /event=session_opened session=\d+ peer=(\S+)/.exec(server.log().slice(already)), 'a line in the log');
  await client.leave();
  return found[1];
}

const debug = ['--log-level', 'debug'];

test('a_forwarded_address_counts_from_a_trusted_proxy', async () => {
  const server = await startServer({ args: [...debug, '--trusted-proxy', '127.0.0.0/8', '--trusted-proxy', '10.0.0.0/8'] });
  assert.equal(await logged(server, {}), '127.0.0.1', 'it says nothing: itself');
  assert.equal(await logged(server, { 'X-Forwarded-For': '203.0.113.7' }), '203.0.113.7');
  assert.equal(await logged(server, { 'X-Forwarded-For': '6.6.6.6, 2001:db8::7, 10.1.1.1' }), '2001:db8::7');
  assert.equal(await logged(server, { 'x-forwarded-for': 'nonsense' }), '127.0.0.1');
  assert.equal(await logged(server, { 'X-Real-IP': '203.0.113.7' }), '127.0.0.1', 'not the header that was chosen');
  // A proxy that adds a line of its own: the last one is its word.
  assert.equal(await logged(server, { 'X-Forwarded-For': ['6.6.6.6', '203.0.113.8'] }), '203.0.113.8');
  const long = `${Array.from({ length: 200 }, () => '6.6.6.6').join(',')},203.0.113.7`;
  const answer = await get(server, '/healthz', { headers: { 'X-Forwarded-For': long } });
  assert.equal(answer.status, 400, 'too long to be read to its end: not guessed');
  await server.stop();
});

test('a_forwarded_address_from_anybody_else_is_ignored', async () => {
  const server = await startServer({ args: [...debug, '--trusted-proxy', '192.0.2.1'] });
  for (const name of ['X-Forwarded-For', 'X-Real-IP', 'Forwarded']) {
    assert.equal(await logged(server, { [name]: '203.0.113.7' }), '127.0.0.1', name);
  }
  const long = Array.from({ length: 200 }, () => '6.6.6.6').join(',');
  assert.equal((await get(server, '/healthz', { headers: { 'X-Forwarded-For': long } })).status, 200);
  await server.stop();
  const plain = await startServer({ args: debug });
  assert.equal(await logged(plain, { 'X-Forwarded-For': '203.0.113.7' }), '127.0.0.1', 'nobody is trusted');
  await plain.stop();
});

for (const name of ['X-Real-IP', 'CF-Connecting-IP']) {
  test(`another_header_can_be_chosen_${name}`, async () => {
    const server = await startServer({
      args: debug, env: { KOLAM_TRUSTED_PROXY: '10.0.0.0/8,127.0.0.1', KOLAM_PROXY_HEADER: name },
    });
    assert.equal(await logged(server, { [name]: '203.0.113.7' }), '203.0.113.7');
    assert.equal(await logged(server, { 'X-Forwarded-For': '6.6.6.6' }), '127.0.0.1');
    await server.stop();
  });
}

test('what_was_refused_is_logged_with_the_address_that_counts', async () => {
  const server = await startServer({ args: ['--trusted-proxy', '127.0.0.1'] });
  await get(server, '/', { headers: { Host: 'evil.example', 'X-Forwarded-For': '203.0.113.9' } });
  await eventually(() => /event=host_refused host="evil\.example" peer=203\.0\.113\.9/.test(server.log()), 'its line in the log');
  await server.stop();
});

test('an_option_that_cannot_be_is_refused_before_anything_is_made', async () => {
  for (const [args, problem] of [
    [['--trusted-proxy', 'proxy.local'], 'not an address'], [['--trusted-proxy', '10.0.0.0/33'], 'not an address'], [['--proxy-header', 'X Y'], 'not a header'],
    [['--identity-header', 'X-User'], 'nobody would be believed'], [['--listen', 'nonsense'], 'not host:port'], [['--listen', '0.0.0.0:0'], 'others could listen in'],
    [['--tls-cert', '/nowhere.pem', '--tls-key', '/nowhere.pem'], 'cannot read'], [['--limit', 'strokes=5'], 'a scope is needed'],
  ]) {
    const data = join(makeFolder(), 'data');
    const { code, stderr } = await kolam(['serve', '--listen', '127.0.0.1:0', '--data', data, ...args]);
    assert.ok(code === 1 || code === 2, `${args}: ${code}`);
    assert.ok(stderr.includes('kolam serve: ') && stderr.includes(problem), stderr);
    assert.equal(existsSync(data), false, `${args} made the folder`);
  }
});
