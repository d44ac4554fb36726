// What outlives the page: a real implementation of IndexedDB, in memory, stands for the browser's.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { load, webRequire } from './load.mjs';

const { IDBFactory } = await import(pathToFileURL(webRequire.resolve('fake-indexeddb')).href);
await import(pathToFileURL(webRequire.resolve('fake-indexeddb/auto')).href);
const { Store, makeKeeper, makeNonce } = await load('net/storage.ts');
const { Settings } = await load('net/settings.ts');
const { lockHolds, markHolds } = await load('net/holds.ts');
const { Seen } = await load('view/seen.ts');
const { bringLegacy } = await load('net/legacy.ts');
const { Journal } = await load('core/journal.ts');
const { encodeOp } = await load('core/op.ts');

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

const body = (value) => encodeOp({ kind: 'hide', targets: [value] });
const A = { canvas: 'main', nonce: '00000000000000aa' };
const B = { canvas: 'main', nonce: '00000000000000bb' };
const C = { canvas: 'other', nonce: '00000000000000cc' };

/** localStorage as far as it is used here. */
function makeStorage(items = {}) {
  const map = new Map(Object.entries(items));
  return {
    map,
    get length() {
      return map.size;
    },
    key: (i) => [...map.keys()][i] ?? null,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, String(value)),
    removeItem: (key) => void map.delete(key),
  };
}

async function takeOver(store, name) {
  const found = await store.entriesOf(name);
  const keeper = makeKeeper(store, name, () => true);
  return Journal.takeOver(name.nonce, keeper, found.map((value) => ({ counter: value.counter, value })));
}

test('entries_are_found_by_the_next_page_journal_by_journal', async () => {
  const store = await Store.open();
  const journals = [A, B, C].map((name) => new Journal(name.nonce, makeKeeper(store, name, () => false)));
  for (let i = 1; i <= 20; i++) {
    journals.forEach((journal) => journal.addStrokes([body(i)]));
  }
  journals[1].acknowledge(1, 1, 70);
  const next = await Store.open();
  assert.deepEqual(await next.journals(), [A, B, C]);
  const counters = (await takeOver(next, B)).list().map((entry) => entry.counter);
  assert.deepEqual(counters, Array.from({ length: 19 }, (_, i) => i + 2));
  assert.deepEqual((await takeOver(next, A)).list()[0].bodies, [body(1)]);
});

test('an_entry_acknowledged_before_it_was_written_does_not_stay', async () => {
  const store = await Store.open();
  const journal = new Journal(A.nonce, makeKeeper(store, A, () => false));
  const { counter } = journal.addStrokes([body(1)]);
  journal.acknowledge(counter, 1, 70);
  await store.putSetting('barrier', 1);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(await (await Store.open()).journals(), []);
});

test('a_browser_without_a_database_answers_and_keeps_nothing', async () => {
  globalThis.indexedDB = {
    open() {
      throw new DOMException('forbidden', 'SecurityError');
    },
  };
  const store = await Store.open();
  assert.equal(store.isOpen, false);
  assert.equal(store.trouble, 'forbidden');
  assert.equal(await store.putEntry({}, true), false);
  assert.deepEqual([await store.journals(), await store.entriesOf(A), (await store.settings()).size], [[], [], 0]);
  globalThis.indexedDB = new IDBFactory();
  await store.retry();
  assert.equal(store.isOpen, true);
  assert.equal(store.trouble, null);
});

test('a_full_database_says_so', async () => {
  const store = await Store.open();
  const { prototype } = globalThis.IDBTransaction;
  const { commit } = prototype;
  prototype.commit = function () {
    this._abort('QuotaExceededError'); /* as browsers do when they find no room for it */
  };
  const isKept = await store.putSetting('brush', 1);
  prototype.commit = commit;
  assert.equal(isKept, false);
  assert.equal(store.trouble, 'full');
  assert.equal(await store.putSetting('brush', 1), true);
  assert.equal(store.trouble, null);
});

const tile = (x, atMs) => ({ canvas: 'main', level: 0, x, y: 0, tag: `aa-1-${x}`, png: new ArrayBuffer(8), atMs });

test('pictures_of_tiles_make_room_for_a_stroke', async () => {
  const store = await Store.open();
  await store.putTiles([tile(1, 1), tile(2, 2)]);
  const { prototype } = globalThis.IDBTransaction;
  const { commit } = prototype;
  let isFull = true;
  prototype.commit = function () {
    if (isFull && this.objectStoreNames.contains('entries')) {
      this._abort('QuotaExceededError');
    } else {
      isFull = false;
      commit.call(this);
    }
  };
  const journal = new Journal(A.nonce, makeKeeper(store, A, () => false));
  journal.addStrokes([body(1)]);
  while ((await store.journals()).length === 0) {
    await new Promise(setImmediate);
  }
  prototype.commit = commit;
  assert.equal(journal.unkeptCount, 0);
  assert.equal(store.trouble, null);
  assert.equal(await store.tile('main', 0, 1, 0), null);
});

test('the_tiles_seen_last_are_kept', async () => {
  const store = await Store.open();
  await store.putTiles(Array.from({ length: 30 }, (_, x) => tile(x, (x * 7) % 30)));
  await store.trimTiles(10);
  const kept = [];
  for (let x = 0; x < 30; x++) {
    const found = await store.tile('main', 0, x, 0);
    if (found !== null) {
      kept.push(found.atMs);
    }
  }
  assert.deepEqual(kept.sort((a, b) => a - b), [20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
});

test('a_tile_is_kept_once_for_each_newer_picture', async () => {
  const written = [];
  const later = [];
  const fake = {
    putTiles: (tiles) => Promise.resolve(written.push(...tiles.map(({ tag }) => tag)) > 0),
    tile: () => Promise.resolve(null),
    trimTiles: () => Promise.resolve(),
  };
  let nowMs = 5;
  const seen = new Seen(fake, 'main', () => nowMs, (run) => later.push(run));
  const shown = { key: '0/1/1', level: 0, x: 1, y: 1, log: { currentSeq: 7 } };
  assert.equal(seen.isNewer(shown), true);
  seen.keep(shown, 'aa-1-3', 3, new Blob(['x']));
  seen.keep(shown, 'aa-1-7', 7, new Blob(['y']));
  seen.keep(shown, 'aa-1-7', 7, new Blob(['y']));
  assert.equal(seen.isNewer(shown), false);
  assert.equal(later.length, 1);
  const run = async () => {
    later.shift()();
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await run();
  assert.deepEqual(written, [], 'not while they come');
  nowMs += 500;
  await run();
  assert.deepEqual(written, ['aa-1-7'], 'the newest alone is written');
});

test('tiles_are_written_a_few_at_a_time_once_none_comes_or_after_seconds', async () => {
  const [writes, later] = [[], []];
  const fake = {
    putTiles: (tiles) => Promise.resolve(writes.push(tiles.length) > 0),
    tile: () => Promise.resolve(null),
    trimTiles: () => Promise.resolve(),
  };
  let nowMs = 0;
  const seen = new Seen(fake, 'main', () => nowMs, (run) => later.push(run));
  const keep = (x) => seen.keep({ key: `0/${x}/0`, level: 0, x, y: 0, log: { currentSeq: 1 } }, 'aa-1-1', 1, new Blob(['x']));
  for (let i = 0; i < 20; i++) {
    nowMs += 200; /* a wall that is moved over without a rest */
    keep(i);
    if (nowMs % 400 === 0) {
      later.shift()?.();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
  assert.ok(writes.length > 0, 'what came first is not kept waiting');
  while (later.length > 0) {
    nowMs += 400;
    later.shift()();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.equal(writes.reduce((sum, count) => sum + count, 0), 20);
  assert.ok(Math.max(...writes) <= 8, `${writes}`);
});

test('a_database_of_the_version_before_keeps_what_it_holds', async () => {
  const old = await new Promise((resolve) => {
    const opening = indexedDB.open('kolam', 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore('entries', { keyPath: ['canvas', 'nonce', 'counter'] });
      opening.result.createObjectStore('settings').put({ tool: 1 }, 'brush');
    };
    opening.onsuccess = () => resolve(opening.result);
  });
  old.onversionchange = () => old.close();
  const store = await Store.open();
  assert.deepEqual((await store.settings()).get('brush'), { tool: 1 });
  assert.equal(await store.putTiles([tile(1, 1)]), true);
});

test('settings_are_answered_at_once_and_the_last_of_many_is_written', async () => {
  const store = await Store.open();
  let writes = 0;
  const counting = { putSetting: (name, value) => (writes++, store.putSetting(name, value)) };
  const settings = new Settings(counting, await store.settings());
  assert.equal(settings.get('brush'), undefined);
  const value = { width: 0 };
  for (let i = 1; i <= 50; i++) {
    value.width = i;
    settings.set('brush', value);
  }
  value.width = 99;
  assert.deepEqual(settings.get('brush'), { width: 50 });
  while ((await store.settings()).get('brush')?.width !== 50) {
    await new Promise(setImmediate);
  }
  assert.ok(writes <= 3, `${writes} writes`);
});

/** Web Locks as far as they are used here. */
function makeLocks() {
  const held = new Set();
  return {
    held,
    async request(name, options, callback) {
      await null;
      if (held.has(name)) {
        return callback(null);
      }
      held.add(name);
      return Promise.resolve(callback({ name })).finally(() => held.delete(name));
    },
  };
}

test('a_journal_is_held_by_one_page_until_it_is_let_go', async () => {
  const locks = makeLocks();
  const [one, two] = [lockHolds(locks), lockHolds(locks)];
  const both = await Promise.all([one.take(A.nonce), two.take(A.nonce)]);
  assert.equal(both.filter((release) => release !== null).length, 1);
  both.find((release) => release !== null)();
  await new Promise(setImmediate);
  assert.notEqual(await two.take(A.nonce), null);
});

test('without_locks_a_mark_holds_a_journal_while_it_is_fresh', async () => {
  const storage = makeStorage();
  let nowMs = 1_000_000;
  const holds = markHolds(storage, () => nowMs);
  const release = await holds.take(A.nonce);
  assert.equal(await holds.take(A.nonce), null);
  nowMs += 60_000; /* the page died */
  const again = await holds.take(A.nonce);
  assert.notEqual(again, null);
  release();
  again();
  assert.equal(storage.map.size, 0);
});

const legacyText = JSON.stringify({
  bodies: [Buffer.from(body(7)).toString('base64')],
  refs: [],
  show: false,
  seqs: [],
});

test('what_earlier_versions_kept_in_localstorage_is_brought_over_once', async () => {
  const storage = makeStorage({
    [`kolam.journal.main.${A.nonce}.3`]: legacyText,
    [`kolam.journal.main.${A.nonce}.4`]: '{ not json',
    [`kolam.journal.main.${B.nonce}.1`]: legacyText,
    [`kolam.alive.${B.nonce}`]: '999000',
    'kolam.brush': '{"tool":1}',
    'another.application': 'stays',
  });
  const store = await Store.open();
  await bringLegacy(storage, store, 1_000_000);
  const [entry] = (await takeOver(store, A)).list();
  assert.deepEqual([entry.counter, entry.bodies], [3, [body(7)]]);
  assert.deepEqual((await store.settings()).get('brush'), { tool: 1 });
  assert.deepEqual([...storage.map.keys()].sort(), [
    'another.application',
    `kolam.alive.${B.nonce}`,
    `kolam.journal.main.${B.nonce}.1`,
  ]);
  await bringLegacy(storage, store, 1_060_000);
  assert.deepEqual(await store.journals(), [A, B]);
});

test('without_a_database_localstorage_stays_as_it_is', async () => {
  globalThis.indexedDB = { open: () => { throw new Error('no'); } };
  const storage = makeStorage({ [`kolam.journal.main.${A.nonce}.3`]: legacyText, 'kolam.brush': '1' });
  await bringLegacy(storage, await Store.open(), 1_000_000);
  assert.equal(storage.map.size, 2);
});

test('a_nonce_is_64_random_bits', () => {
  const nonces = Array.from({ length: 50 }, makeNonce);
  assert.ok(nonces.every((nonce) => /^[0-9a-f]{16}$/.test(nonce)));
  assert.equal(new Set(nonces).size, 50);
});
