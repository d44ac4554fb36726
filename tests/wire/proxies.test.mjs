// kolam behind a real Caddy and a real HAProxy, with the documented configurations: strokes by WebSocket, whose address counts, other
// sites' pages, and who somebody is, which no visitor decides. The one that signs people in speaks TLS to kolam, the other plain HTTP.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import tls from 'node:tls';

import { Client, endAll, eventually, get, makeFolder, startServer } from './client.mjs';
import { makeCertificate } from './nginx.mjs';
import { PASSWORD, startProxy, whyNot } from './proxies.mjs';
import { handshake } from './raw.mjs';
import './tidy.mjs';

const KINDS = ['caddy', 'haproxy'];
const IDENTITY = ['--identity-header', 'X-Auth-Request-User', '--identity-name-header', 'X-Auth-Request-Preferred-Username'];
const MIRA = { Authorization: `Basic ${Buffer.from(`mira:${PASSWORD}`).toString('base64')}` };
const VISITOR = '127.0.0.2';

const servers = {};
before(async () => {
  if (KINDS.every(whyNot)) {
    return;
  }
  const { cert, key } = makeCertificate(makeFolder());
  const trusting = ['--trusted-proxy', '127.0.0.1', '--log-level', 'debug'];
  servers.open = await startServer({ args: trusting });
  servers.closed = await startServer({ args: [...trusting, ...IDENTITY, '--tls-cert', cert, '--tls-key', key] });
});
after(endAll);

async function addressLogged(server, open) {
  const already = server.log().length;
  const client = await open();
  const found = await eventually(() => /event=session_opened session=\d+ peer=(\S+)/.exec(server.log().slice(already)), 'a line in the log');
  await client.leave();
  return found[1];
}

// A WebSocket whose head says that what tells the address is for the connection to the proxy alone, which would then drop it.
function openWithout(front) {
  const socket = tls.connect({ port: front.port, host: '127.0.0.1', localAddress: VISITOR, rejectUnauthorized: false });
  socket.on('error', () => {}).write(handshake(front, { Connection: 'Upgrade, X-Forwarded-For', 'X-Forwarded-For': '6.6.6.6' }));
  return { leave: () => socket.destroy() };
}

for (const kind of KINDS) {
  const skip = whyNot(kind);

  test(`behind_${kind}_people_draw_and_are_known_by_their_own_addresses`, { skip }, async (t) => {
    const front = await startProxy(kind, servers.open);
    t.after(() => front.stop());
    const canvas = `by-${kind}`;
    const [mira, tom] = await Promise.all([Client.artist(front, { canvas, origin: front.origin }), Client.join(front, { canvas, origin: front.origin })]);
    await tom.view({});
    for (let i = 0; i < 20; i += 1) {
      await tom.op(await mira.draw([i, 10, 90, 90]));
    }
    await Promise.all([mira.leave(), tom.leave()]);
    const { claim } = await (await Client.join(front, { canvas, origin: front.origin })).identify();
    const cookie = (await get(front, `/claim/${claim}`, { headers: { 'X-Kolam': '1' } })).headers['set-cookie'][0];
    assert.match(cookie, /; HttpOnly; SameSite=Strict; Secure$/, 'kolam knows by the Origin that its page came by https');
    assert.match((await get(front, '/')).headers['strict-transport-security'], /max-age=\d{8}/);
    for (const headers of [{}, { 'X-Forwarded-For': '6.6.6.6' }, { 'x-forwarded-for': ['6.6.6.6', '7.7.7.7'] }]) {
      assert.equal(await addressLogged(servers.open, () => Client.open(front, { localAddress: VISITOR, headers })), VISITOR);
    }
    assert.equal(await addressLogged(servers.open, () => openWithout(front)), VISITOR);
    await assert.rejects(Client.open(front, { origin: 'https://elsewhere.example' }));
    const picture = await get(front, `/snapshot.png?canvas=${canvas}&rect=0,0,100,100`);
    assert.equal(picture.body.subarray(1, 4).toString(), 'PNG');
    assert.equal((await get(front, '/metrics')).status, 404, 'not for the outside');
  });

  test(`who_signed_in_at_${kind}_is_known_and_nobody_says_they_are_somebody_else`, { skip }, async (t) => {
    const front = await startProxy(kind, servers.closed, { isSigningIn: true });
    t.after(() => front.stop());
    const forged = { 'X-Auth-Request-User': 'otto', 'x-auth-request-preferred-username': 'Otto' };
    assert.equal((await get(front, '/', { headers: forged })).status, 401);
    await assert.rejects(Client.open(front, { headers: forged }), ({ status }) => status === 401);
    const canvas = `signed-${kind}`;
    const mira = await Client.artist(front, { canvas, headers: MIRA, origin: front.origin });
    await mira.draw([1, 1, 9, 9]);
    for (const headers of [forged, { ...forged, 'X-Auth-Request-User': ['otto', 'mira', 'otto'] }, { X_Auth_Request_User: 'otto' }]) {
      const again = await Client.join(front, { canvas, headers: { ...MIRA, ...headers }, origin: front.origin });
      assert.deepEqual(again.welcome.you, { ...again.welcome.you, artist: mira.me.artist, name: 'mira' });
      await again.leave();
    }
    await mira.leave();
  });
}
