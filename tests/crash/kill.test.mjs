// Four writers, and a server that is killed at random moments, over and over on the same data: what was
// acknowledged is there, once, in its author's order; nothing is there that was not sent; pixels are what
// the log says. The same when the server is asked to end. KOLAM_SEED chooses the moments; KOLAM_LONG=1
// makes them more.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';

import { eventually, get, kolam, makeFolder, startServer } from '../wire/client.mjs';
import { SqliteFile } from '../wire/sqlite.mjs';
import { Keeper } from './keeper.mjs';
import { JournalWriter, makeRandom } from './load.mjs';
import '../wire/tidy.mjs';

const SEED = Number(process.env.KOLAM_SEED ?? 1);
const IS_LONG = process.env.KOLAM_LONG === '1';
const ROUNDS = IS_LONG ? 100 : 25;
const CANVAS = 'main';

// While writers write, someone looks: so that there are derived tiles to be wrong.
function keepLooking(server) {
  let isLooking = true;
  const done = (async () => {
    for (let i = 0; isLooking; i += 1) {
      const place = `${-(i % 3)}/${i % 2}/${(i >> 1) % 2}`;
      try {
        const answer = await get(server, `/tiles/${CANVAS}/${place}.png`);
        if (answer.headers.location) {
          await get(server, answer.headers.location);
        }
        await new Promise((rested) => setTimeout(rested, 20)); // drawing is not to keep the writers from writing
      } catch {
        return; // the server is gone
      }
    }
  })();
  return () => {
    isLooking = false;
    return done;
  };
}

async function round(folder, writers, { moment, signal, keeper }) {
  const server = await startServer({ data: folder });
  const kept = keeper?.work(server);
  await Promise.all(writers.map((writer) => writer.connect(server, CANVAS)));
  const stopLooking = keepLooking(server);
  let acks = 0;
  await new Promise((done, fail) => {
    const end = setTimeout(() => fail(new Error(`only ${acks} of ${moment.acks} acknowledged in time`)), 60000);
    writers.forEach((writer) => {
      writer.onAck = () => {
        acks += 1;
        if (acks === moment.acks) {
          clearTimeout(end);
          // Not at once: anywhere in the batch that is under way.
          setTimeout(done, moment.afterMs);
        }
      };
    });
    writers.forEach((writer) => writer.fill());
  });
  if (keeper) {
    const done = keeper.count + moment.tasks;
    await eventually(() => keeper.count >= done, `${moment.tasks} of the keeper's tasks`, 60000);
  }
  const { code, signal: by } = await (signal === 'SIGTERM' ? server.stop() : server.kill());
  await Promise.all(writers.map((writer) => writer.client.closed));
  await stopLooking();
  await kept;
  assert.deepEqual([code, by], signal === 'SIGTERM' ? [0, null] : [null, 'SIGKILL']);
  writers.forEach((writer) => assert.equal(writer.failure, null, `writer ${writer.index}`));
}

// The log as it stands in a file that a server closed, held against the journals.
// `isAlone`: nobody but the writers did anything.
function compare(folder, writers, mayBeMissing, isAlone = true) {
  const file = new SqliteFile(join(folder, 'canvases', `${CANVAS}.kolam`));
  const rows = file.rows('op');
  const origins = new Map(file.rows('origin').map(({ id, nonce }) =>
    [id, BigInt.asUintN(64, BigInt(nonce)).toString(16).padStart(16, '0')]));
  assert.deepEqual(rows.map(({ seq }) => seq), rows.map((_, i) => i + 1), 'seqs run without gaps');
  const found = new Map();
  const last = new Map();
  for (const row of rows) {
    const nonce = origins.get(row.origin);
    if (!isAlone && !writers.some((writer) => writer.nonce === nonce)) {
      continue;
    }
    const id = `${nonce}/${row.counter}`;
    assert.ok(!found.has(id), `${id} is there twice, as ${found.get(id)?.seq} and ${row.seq}`);
    assert.ok(row.counter > (last.get(nonce) ?? 0), `${id} comes after ${last.get(nonce)}`);
    last.set(nonce, row.counter);
    found.set(id, row);
  }
  let acknowledged = 0;
  let sent = 0;
  for (const writer of writers) {
    for (const { counter, body, seq } of writer.ops()) {
      const id = `${writer.nonce}/${counter}`;
      const row = found.get(id);
      sent += 1;
      if (seq !== null) {
        acknowledged += 1;
        assert.ok(row, `${id} was acknowledged as ${seq} and is not there`);
        assert.equal(row.seq, seq, id);
      } else if (!mayBeMissing) {
        assert.fail(`${id} was never acknowledged`);
      }
      if (row) {
        assert.deepEqual(row.body, Buffer.from(body), `${id} is not what was sent`);
        found.delete(id);
      }
    }
  }
  assert.deepEqual([...found.keys()], [], 'there is something that nobody sent');
  return { sent, acknowledged, rows: rows.length, all: rows };
}

async function check(folder) {
  const { code, stdout, stderr } = await kolam(['check', '--data', folder], { deadlineMs: 300000 });
  assert.equal(code, 0, stdout + stderr);
}

async function run(t, { rounds, signals }) {
  const random = makeRandom(SEED);
  const folder = makeFolder();
  const writers = [0, 1, 2, 3].map((index) => new JournalWriter(index, random));
  for (let i = 0; i < rounds; i += 1) {
    const moment = { acks: 1 + random.below(400), afterMs: random.below(40) };
    await round(folder, writers, { moment, signal: signals[i % signals.length] });
    if (i % 4 === 3) {
      await check(folder);
    }
  }
  // Once more in peace: everything unacknowledged is sent again and acknowledged.
  const server = await startServer({ data: folder });
  await Promise.all(writers.map((writer) => writer.connect(server, CANVAS, { isPaused: true })));
  await eventually(() => writers.every((writer) => writer.failure || writer.unacknowledged === 0), 'all acknowledged', 60000);
  writers.forEach((writer) => assert.equal(writer.failure, null, `writer ${writer.index}`));
  const again = writers[0].entries.get(1);
  writers[0].client.submit(again.bodies, { counter: 1 });
  assert.equal((await server.stop()).code, 0);
  const { sent, acknowledged, rows } = compare(folder, writers, false);
  assert.equal(acknowledged, sent);
  assert.equal(rows, sent);
  await check(folder);
  console.log(`# ${rounds} rounds, seed ${SEED}: ${rows} ops sent, each there once`);
}

test('what_was_acknowledged_survives_kill_9_at_any_moment', (t) => run(t, { rounds: ROUNDS, signals: ['SIGKILL'] }));

test('what_was_acknowledged_survives_sigterm', (t) => run(t, { rounds: IS_LONG ? 40 : 8, signals: ['SIGTERM'] }));

test('acts_places_rollbacks_and_people_survive_kill_9', async () => {
  const random = makeRandom(SEED + 2);
  const folder = makeFolder();
  const writers = [0, 1].map((index) => new JournalWriter(index, random));
  const keeper = new Keeper(random);
  for (let i = 0; i < (IS_LONG ? 40 : 8); i += 1) {
    const moment = { acks: 1 + random.below(100), afterMs: random.below(40), tasks: 4 + random.below(8) };
    await round(folder, writers, { moment, signal: 'SIGKILL', keeper });
  }
  const server = await startServer({ data: folder });
  await Promise.all(writers.map((writer) => writer.connect(server, CANVAS, { isPaused: true })));
  await eventually(() => writers.every((writer) => writer.failure || writer.unacknowledged === 0), 'all acknowledged', 60000);
  writers.forEach((writer) => assert.equal(writer.failure, null, `writer ${writer.index}`));
  assert.equal((await server.stop()).code, 0);
  const { all } = compare(folder, writers, false, false);
  const again = await startServer({ data: folder });
  assert.deepEqual(await keeper.missing(again, all), []);
  assert.equal((await again.stop()).code, 0);
  await check(folder);
  const { records, people } = keeper;
  assert.ok(records.length > 20 && people.length > 5, `${records.length} records, ${people.length} people`);
  console.log(`# ${records.length} records and hides of rollbacks, ${people.length} people: each there`);
});

test('the_file_of_a_stopped_server_holds_what_was_acknowledged_after_a_kill_too', async () => {
  const random = makeRandom(SEED + 1);
  const folder = makeFolder();
  const writers = [0, 1, 2, 3].map((index) => new JournalWriter(index, random));
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL', 'SIGTERM']) {
    await round(folder, writers, { moment: { acks: 50 + random.below(200), afterMs: random.below(20) }, signal });
    if (signal === 'SIGTERM') {
      compare(folder, writers, true);
    }
  }
});
