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
const { canvases, identities } = JSON.parse(readFileSync(join(FORMATS, 'formats.json'), 'utf8'));
const RECT = '-100,-100,2000,1500';
const READABLE = 2; // older ones have to be brought up to date first

const USER_VERSION = 60; // in SQLite's header
const versionOf = (path) => readFileSync(path).readUInt32BE(USER_VERSION);

function unpack(canvas, identity) {
  const data = join(makeFolder(), 'data');
  mkdirSync(join(data, 'canvases'), { recursive: true });
  writeFileSync(join(data, 'canvases/main.kolam'), gunzipSync(readFileSync(join(FORMATS, `${canvas}.kolam.gz`))));
  if (identity) {
    writeFileSync(join(data, 'identity.db'), gunzipSync(readFileSync(join(FORMATS, `${identity}.db.gz`))));
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
    await server.stop();
  });
}

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

test('people of a newer kolam are refused, tiles of a newer one are made anew', async () => {
  const newest = Object.keys(canvases).filter((name) => !canvases[name].isFlattened).at(-1);
  const { data } = unpack(newest, 'identity-1');
  const identity = join(data, 'identity.db');
  const bytes = makeNewer(identity);
  const run = await kolam(['serve', '--listen', '127.0.0.1:0', '--data', data]);
  assert.equal(run.code, 1);
  assert.match(run.stderr, /identity\.db: written by a newer kolam/);
  assert.ok(readFileSync(identity).equals(bytes));

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
