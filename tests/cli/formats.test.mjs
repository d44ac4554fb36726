// Every format that a kolam has written is read by this one: files of each version, kept as their own kolam left them, show the same pixels
// before and after they are brought up to date, and their people are who they were. What a newer one wrote is refused with words, untouched.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';

import { Client, ROOT, hideBody, kolam, lineBody, makeFolder, startServer } from '../wire/client.mjs';
import { decodePng } from '../wire/png.mjs';
import '../wire/tidy.mjs';

const FORMATS = join(ROOT, 'tests/data/formats');
const { canvases, identities, moderations } = JSON.parse(readFileSync(join(FORMATS, 'formats.json'), 'utf8'));
const RECT = '-100,-100,2000,1500';
const READABLE = 2; // older ones have to be brought up to date first

const USER_VERSION = 60; // in SQLite's header
const versionOf = (path) => readFileSync(path).readUInt32BE(USER_VERSION);

function unpack(canvas, identity, moderation) {
  const data = join(makeFolder(), 'data');
  mkdirSync(join(data, 'canvases'), { recursive: true });
  writeFileSync(join(data, 'canvases/main.kolam'), gunzipSync(readFileSync(join(FORMATS, `${canvas}.kolam.gz`))));
  for (const [kind, name] of [['identity', identity], ['moderation', moderation]]) {
    if (name) {
      writeFileSync(join(data, `${kind}.db`), gunzipSync(readFileSync(join(FORMATS, `${name}.db.gz`))));
    }
  }
  return { data, path: join(data, 'canvases/main.kolam') };
}

async function does(...args) {
  const run = await kolam(args);
  assert.equal(run.code, 0, run.stderr);
  return run.stdout;
}

async function pixelsOf(data) {
  const path = join(makeFolder(), 'p.png');
  await does('export', '--data', data, '--rect', RECT, '-o', path);
  const { rgba, width, height } = decodePng(readFileSync(path));
  return { width, height, pixels: createHash('sha256').update(rgba).digest('hex') };
}

const looksOf = ({ width, height, pixels }) => ({ width, height, pixels });

for (const [name, format] of Object.entries(canvases)) {
  test(`${name} is read, brought up to date, drawn on and taken back, with the same pixels`, async () => {
    const { data, path } = unpack(name);
    assert.equal(versionOf(path), format.version);
    if (format.version >= READABLE) {
      assert.deepEqual(await pixelsOf(data), looksOf(format), 'as its own kolam drew it');
      assert.match(await does('check', '--data', data), /no problems/);
      assert.equal(versionOf(path), format.version, 'reading changes nothing');
    } else {
      const run = await kolam(['export', '--data', data, '--rect', RECT, '-o', join(data, 'p.png')]);
      assert.equal(run.code, 1);
      assert.match(run.stderr, /written by an older kolam: serve it once with this one to bring it up to date/);
    }
    const server = await startServer({ data });
    const artist = await Client.artist(server);
    const drawn = await artist.commit(lineBody([0, 0, 250, 250]));
    assert.equal((await artist.commit(hideBody([drawn.seq]))).type, 'ack');
    await server.stop();
    assert.ok(versionOf(path) > format.version || versionOf(path) === Math.max(...Object.values(canvases).map(({ version }) => version)));
    assert.deepEqual(await pixelsOf(data), looksOf(format), 'as before');
    assert.match(await does('check', '--data', data), /no problems/);
  });
}

for (const [name, { canvas, token, name: called }] of Object.entries(identities)) {
  test(`${name}: its person is who they were, and may undo their own`, async () => {
    const { data } = unpack(canvas, name);
    const server = await startServer({ data });
    const artist = await Client.join(server, { token });
    assert.equal(artist.welcome.you.name, called);
    const newest = artist.welcome.seq;
    assert.equal((await artist.commit(hideBody([newest]))).type, 'ack', 'the stroke they drew with that kolam');
    assert.match(await does('check', '--data', data), /^identity\.db: [1-9]\d* rows, no problems/m, 'each row has a sum now');
    await server.stop();
  });
}

for (const [name, { canvas, identity, why, open }] of Object.entries(moderations)) {
  test(`${name}: what was decided holds, what was reported waits, and both can be decided on`, async () => {
    const { data } = unpack(canvas, identity, name);
    const server = await startServer({ data });
    const asks = async (...args) => JSON.parse(await does('admin', ...args, '--server', server.url, '--data', data, '--json'));
    const artist = await Client.join(server, { token: identities[identity].token });
    assert.deepEqual(artist.welcome.sanctions.map((one) => [one.kind, one.why]), [['suspend', why]]);
    const refused = await artist.commit(lineBody([0, 0, 9, 9]));
    assert.deepEqual([refused.type, refused.code], ['nack', 2]);
    const { reports } = await asks('reports');
    assert.deepEqual(reports.map(({ text }) => text), [open]);
    await does('admin', 'report-close', String(reports[0].report), '--server', server.url, '--data', data);
    const { sanctions } = await asks('sanctions');
    await does('admin', 'end', String(sanctions.find((one) => one.why === why).sanction), '--server', server.url, '--data', data);
    await artist.wait((event) => event.type === 'sanctioned' && event.sanctions.length === 0);
    assert.equal((await artist.commit(lineBody([0, 0, 9, 9]))).type, 'ack');
    await server.stop();
    assert.match(await does('check', '--data', data), /^moderation\.db: [1-9]\d* rows, no problems/m);
  });
}

test('where a file of people or of what was decided is missing, it is made, and nobody is known', async () => {
  const { data } = unpack('canvas-1');
  const server = await startServer({ data });
  const stranger = await Client.open(server);
  await assert.rejects(stranger.hello({ token: identities['identity-1'].token }), /this token is not known here/);
  await Client.artist(server);
  await server.stop();
  for (const name of ['identity.db', 'moderation.db']) {
    assert.ok(versionOf(join(data, name)) >= 1, name);
  }
});

// An upgrade and the way back, as docs/upgrading.md has it, for the oldest of each kind.
test('the oldest files are brought up to date, and a backup made before has them as they were', async () => {
  const identity = Object.keys(identities)[0];
  const { data, path } = unpack(identities[identity].canvas, identity, Object.keys(moderations)[0]);
  const files = [path, join(data, 'identity.db'), join(data, 'moderation.db')];
  const before = files.map(versionOf);
  const kept = files.map((file) => readFileSync(file));
  const server = await startServer({ data });
  const artist = await Client.join(server, { token: identities[identity].token });
  assert.equal(artist.welcome.you.name, identities[identity].name);
  await artist.draw([0, 0, 250, 250]);
  await does('backup', '--data', data, '-o', join(data, '../after'));
  await server.stop();
  assert.ok(files.every((file, i) => versionOf(file) >= before[i]) && versionOf(path) > before[0]);
  assert.match(await does('check', '--data', data), /no problems/);
  // Back: the older files again, and forward once more. What was drawn in between is in the newer ones, which nothing touched.
  files.forEach((file, i) => writeFileSync(file, kept[i]));
  const again = await startServer({ data });
  assert.equal((await Client.join(again, { token: identities[identity].token })).welcome.you.name, identities[identity].name);
  await again.stop();
  assert.match(await does('check', '--data', join(data, '../after')), /no problems/);
});

function makeNewer(path) {
  const bytes = readFileSync(path);
  bytes.writeUInt32BE(1000, USER_VERSION);
  writeFileSync(path, bytes);
  return bytes;
}

test('what a newer kolam wrote is refused with words, and left as it is', async () => {
  const newest = Object.keys(canvases).filter((name) => !canvases[name].isFlattened).at(-1);
  const { data, path } = unpack(newest, 'identity-1');
  const bytes = makeNewer(path);
  for (const verb of [['serve', '--listen', '127.0.0.1:0'], ['check'], ['export', '--all', '-o', join(data, 'p.png')], ['backup', '-o', join(data, 'b')]]) {
    const run = await kolam([verb[0], '--data', data, ...verb.slice(1)]);
    assert.equal(run.code, 1, verb[0]);
    assert.match(run.stderr, /main\.kolam(\.new)?: written by a newer kolam \(canvas format 1000, this one knows \d+\): use that kolam, or a newer one/);
  }
  assert.ok(readFileSync(path).equals(bytes), 'untouched');
});

test('people and decisions of a newer kolam are refused, tiles of a newer one are made anew', async () => {
  const newest = Object.keys(canvases).filter((name) => !canvases[name].isFlattened).at(-1);
  for (const name of ['identity', 'moderation']) {
    const { data } = unpack(newest, 'identity-1', 'moderation-1');
    const file = join(data, `${name}.db`);
    const bytes = makeNewer(file);
    const run = await kolam(['serve', '--listen', '127.0.0.1:0', '--data', data]);
    assert.equal(run.code, 1);
    assert.match(run.stderr, new RegExp(`${name}\\.db: written by a newer kolam`));
    assert.ok(readFileSync(file).equals(bytes));
  }

  const fresh = unpack(newest);
  const tiles = join(fresh.data, 'canvases/main.tiles');
  for (let round = 0; round < 2; round += 1) {
    const server = await startServer({ data: fresh.data });
    const tile = await fetch(`${server.origin}/tiles/main/0/0/0.png`);
    assert.equal(tile.status, 200);
    await server.stop();
    assert.ok(existsSync(tiles) && versionOf(tiles) < 1000);
    makeNewer(tiles);
  }
});
