// TLS by certificate files: what differs from plain HTTP, and that nothing else does.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import tls from 'node:tls';

import { Client, eventually, get, getJson, kolam, lineBody, makeFolder, startServer, strokeBody, withDeadline } from './client.mjs';
import './tidy.mjs';

const folder = makeFolder();
const file = (name) => join(folder, name);

// A certificate and its key, `name`.pem and `name`.key.
function certify(name, days = 30) {
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file(`${name}.key`),
    '-out', file(`${name}.pem`), '-days', String(days), '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1',
  ], { stdio: 'pipe' });
}

const install = (certificate, key = certificate) => {
  copyFileSync(file(`${certificate}.pem`), file('used.pem'));
  copyFileSync(file(`${key}.key`), file('used.key'));
};

const TLS = ['--tls-cert', file('used.pem'), '--tls-key', file('used.key')];
let server;
let besieged;
before(async () => {
  certify('first');
  certify('second', 3);
  install('first');
  server = await startServer({ args: TLS });
  besieged = await besiege();
});
after(() => server?.kill());
after(() => besieged?.server.kill());

// Whose certificate a new connection is shown.
function shown(options = {}) {
  return new Promise((done, fail) => {
    const socket = tls.connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => {
      done(socket.getPeerCertificate().subject.CN);
      socket.destroy();
    });
    socket.on('error', fail);
  });
}

// The first bytes that a client sends: a ClientHello.
function recordedHello() {
  return new Promise((done) => {
    const listener = net.createServer((socket) => {
      socket.once('data', (bytes) => {
        done(bytes);
        socket.destroy();
        listener.close();
      });
    }).listen(0, '127.0.0.1', () => {
      tls.connect({ port: listener.address().port, host: '127.0.0.1', rejectUnauthorized: false }).on('error', () => {});
    });
  });
}

// A server with 500 connections that do not end their handshake: nothing of it, part of a hello and a byte now and then, or all of it and
// nothing after the answer. They have their 10 s while the other tests run.
async function besiege() {
  const inner = await startServer({ args: [...TLS, '--limit', 'unfinished.address=600', '--limit', 'connections.address=2000:2000'] });
  const hello = await recordedHello();
  const ends = Array.from({ length: 500 }, (_, i) => new Promise((done) => {
    const socket = net.connect(inner.port, '127.0.0.1');
    let drip;
    socket.on('error', () => {}).on('close', () => done(clearInterval(drip))).on('connect', () => {
      if (i % 3 === 1) {
        let at = 1 + (i % 100);
        socket.write(hello.subarray(0, at));
        drip = setInterval(() => socket.write(hello.subarray(at, (at += 1))), 1000);
      } else if (i % 3 === 2) {
        socket.write(hello);
      }
    });
    socket.resume();
  }));
  return { server: inner, ended: Promise.all(ends) };
}

test('what_it_says_of_itself_is_https_and_stays_https', async () => {
  assert.match(server.origin, /^https:/);
  const answer = await get(server, '/');
  assert.equal(answer.status, 200);
  assert.match(answer.headers['strict-transport-security'], /max-age=\d{8}/);
  const stranger = await Client.join(server, { origin: server.origin });
  const { claim } = await stranger.identify();
  const { headers } = await get(server, `/claim/${claim}`, { headers: { 'X-Kolam': '1' } });
  assert.match(headers['set-cookie'][0], /; Secure/);
  assert.match(headers['set-cookie'][0], /; HttpOnly; SameSite=Strict/);
  await stranger.leave();
});

test('plain_http_and_old_versions_of_tls_are_not_answered', async () => {
  const answer = await new Promise((done) => {
    let text = '';
    const socket = net.connect(server.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'));
    socket.setEncoding('latin1').on('data', (chunk) => (text += chunk));
    socket.on('error', () => undefined).on('close', () => done(text));
  });
  assert.doesNotMatch(answer, /HTTP\/1\.1 200/);
  await assert.rejects(shown({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL@SECLEVEL=0' }));
  assert.equal(await shown({ maxVersion: 'TLSv1.2' }), 'first');
});

test('a_page_that_came_without_tls_is_anothers', async () => {
  const origin = server.origin.replace('https:', 'http:');
  await assert.rejects(Client.open(server, { origin }));
  await (await Client.open(server, { origin: server.origin })).vanish();
});

test('strokes_large_and_many_come_through_whole_both_ways', async () => {
  const canvas = 'many';
  const [painter, witness] = await Promise.all([Client.artist(server, { canvas }), Client.join(server, { canvas })]);
  await witness.view({ level: -2, x: -2, y: -2, width: 64, height: 64 });
  const points = Array.from({ length: 8000 }, (_, i) => [(i * i * 7) % 2000, (i * i * 13) % 2000]);
  const large = painter.submit(strokeBody({ points }));
  // Many small messages in few TLS records: some are still in OpenSSL's hands when the socket is empty.
  const counters = Array.from({ length: 600 }, (_, i) => painter.submit(lineBody([i % 200, 3, (i * 7) % 200, 90])));
  const acks = await Promise.all([large, ...counters].map((counter) => painter.answer(counter)));
  assert.ok(acks.every((ack) => ack.type === 'ack'));
  const last = Math.max(...acks.map(({ seq }) => seq));
  await witness.op(last);
  assert.deepEqual(witness.all('op').map(({ seq }) => seq), Array.from({ length: last }, (_, i) => i + 1));
  const first = witness.all('op')[0];
  assert.ok(first.body.length > 20000, `${first.body.length} bytes`);
  const picture = await get(server, '/snapshot.png?canvas=many&rect=0,0,1024,1024&scale=2');
  assert.equal(picture.status, 200);
  assert.equal(picture.body.subarray(1, 4).toString(), 'PNG');
  await Promise.all([painter.leave(), witness.leave()]);
});

test('one_that_does_not_read_harms_nobody', async () => {
  const canvas = 'slow';
  const [painter, witness, slow] = await Promise.all(
    [Client.artist(server, { canvas }), Client.join(server, { canvas }), Client.join(server, { canvas })]);
  await Promise.all([witness.view({}), slow.view({})]);
  slow.socket.pause();
  const points = Array.from({ length: 8000 }, (_, i) => [(i * i * 7) % 2000, (i * i * 13) % 2000]);
  let seq = 0;
  for (let i = 0; i < 30; i += 1) {
    ({ seq } = await painter.commit(strokeBody({ points })));
    await witness.op(seq);
  }
  slow.socket.resume();
  await slow.wait((event) => event.type === 'refresh' || event.type === 'close' || (event.type === 'op' && event.seq === seq));
  assert.equal(witness.all('refresh').length, 0);
  await Promise.all([painter.vanish(), witness.vanish(), slow.vanish()]);
});

test('handshakes_that_do_not_end_keep_nobody_waiting', async () => {
  const painter = await Client.artist(besieged.server, { canvas: 'beside', origin: besieged.server.origin });
  for (let i = 0; i < 20; i += 1) {
    await painter.draw([i, 1, 9, 9]);
  }
  assert.equal((await get(besieged.server, '/healthz')).status, 200);
  await painter.leave();
});

test('a_certificate_is_replaced_while_it_serves_and_only_as_a_whole', async () => {
  const old = await Client.artist(server, { canvas: 'lasting' });
  await old.view({});
  install('second', 'first');
  process.kill(server.pid, 'SIGHUP');
  await eventually(() => /certificate_refused reason="the key in/.test(server.log()), 'the log to tell of the mismatch');
  assert.equal(await shown(), 'first');
  writeFileSync(file('used.pem'), '');
  process.kill(server.pid, 'SIGHUP');
  await eventually(() => /no certificate in PEM form/.test(server.log()), 'the log to tell of the empty file');
  assert.equal(await shown(), 'first');
  // As it is while it is being written: the first of its certificates is whole, the next is not.
  const [first, rest] = ['first', 'second'].map((name) => readFileSync(file(`${name}.pem`), 'utf8'));
  copyFileSync(file('first.key'), file('used.key'));
  writeFileSync(file('used.pem'), first + rest.slice(0, rest.length / 2));
  process.kill(server.pid, 'SIGHUP');
  await eventually(() => /certificate_refused reason="[^"]*what follows its first certificate is not whole/.test(server.log()), 'the log to tell of the half of it');
  assert.doesNotMatch(server.log(), /certificate_reloaded/);
  rmSync(file('used.pem'));
  process.kill(server.pid, 'SIGHUP');
  await eventually(() => /certificate_refused reason="cannot read [^"]*No such file/.test(server.log()), 'the log to tell of the missing file');
  assert.equal(await shown(), 'first');
  install('second');
  process.kill(server.pid, 'SIGHUP');
  await eventually(async () => (await shown()) === 'second', 'the new certificate');
  await eventually(() => /certificate_expires days=2/.test(server.log()), 'the log to tell when it expires');
  const seq = await old.draw([1, 1, 9, 9]);
  await old.op(seq);
  const fresh = await Client.join(server, { canvas: 'lasting' });
  assert.equal(fresh.welcome.seq, seq);
  assert.equal((await getJson(server, '/api/canvas/lasting')).json.seq, seq);
  await Promise.all([old.leave(), fresh.leave()]);
});

test('what_cannot_be_served_is_refused_in_words', async () => {
  const tries = [
    [['--tls-cert', file('first.pem')], 2, /--tls-cert and --tls-key go together/],
    [['--tls-cert', file('first.pem'), '--tls-key', file('second.key')], 2, /is not that of/],
    [['--tls-cert', file('nowhere.pem'), '--tls-key', file('first.key')], 1, /cannot read .*nowhere.pem: No such file/],
    [['--tls-cert', file('first.key'), '--tls-key', file('first.key')], 2, /no certificate in PEM form/],
    [['--listen', '0.0.0.0:0'], 2, /--plain-http if a proxy/],
    [['--plain-http=3'], 2, /--plain-http=3: it takes no value/],
    [['--tls-cert'], 2, /--tls-cert: its value is missing/],
    [['--listen', '[::]:0'], 2, /--plain-http if a proxy/],
  ];
  for (const [args, code, words] of tries) {
    const run = await kolam(['serve', '--listen', '127.0.0.1:0', '--data', makeFolder(), ...args]);
    assert.match(run.stderr, words);
    assert.equal(run.code, code, run.stderr);
  }
});

test('a_hangup_without_a_certificate_ends_it_cleanly', async () => {
  const plain = await startServer();
  process.kill(plain.pid, 'SIGHUP');
  assert.deepEqual(await plain.exited, { code: 0, signal: null });
});

test('handshakes_that_do_not_end_are_ended', async () => {
  await withDeadline(besieged.ended, 'the end of all of them', 30000); // 10 s, and a second's sweep
  const painter = await Client.artist(besieged.server, { canvas: 'beside', origin: besieged.server.origin });
  await painter.draw([1, 1, 9, 9]);
  await painter.leave();
  await besieged.server.stop();
});
