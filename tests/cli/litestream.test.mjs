// Litestream follows the walls and the people of a server on which people draw: both write and checkpoint the same WAL, and are killed at
// times. What it holds is a data folder that `kolam check` finds whole, and in the end all that was acknowledged.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { makeRandom } from '../crash/load.mjs';
import { eventually, makeFolder, startServer } from '../wire/client.mjs';
import { SqliteFile } from '../wire/sqlite.mjs';
import { assertHolds, Crowd, does, rowsOf } from './crowd.mjs';
import { hasLitestream, startLitestream, takeBack, WHY_NOT } from './litestream.mjs';
import '../wire/tidy.mjs';

const skip = hasLitestream() ? false : WHY_NOT;
const random = makeRandom(Number(process.env.KOLAM_SEED ?? 1));
const FILES = ['canvases/main.kolam', 'identity.db', 'moderation.db'];

// It writes home and begins the WAL anew as often as can be.
const EAGER = ['monitor-interval: 20ms', 'checkpoint-interval: 1s', 'min-checkpoint-page-count: 30', 'max-checkpoint-page-count: 200'];

// A data folder of what the replicas hold, or null if one of them holds nothing yet.
function takeAllBack(litestream, data) {
  const to = join(makeFolder(), 'data');
  mkdirSync(join(to, 'canvases'), { recursive: true });
  return FILES.every((file) => takeBack(litestream, join(data, file), join(to, file))) ? to : null;
}

// Each file is followed by itself.
function hasAll(copy, newest, { decided, tokens }) {
  const count = (file, table) => new SqliteFile(join(copy, file)).rows(table).length;
  return rowsOf(copy, 'main').has(newest) && count('identity.db', 'person') >= tokens.length && count('moderation.db', 'sanction') >= decided;
}

// While nobody draws: soon it has all, and what it has is whole.
async function assertFollows(litestream, data, crowd) {
  await crowd.decide();
  const moment = crowd.moment();
  const newest = Math.max(...moment.ops.map(({ seq }) => seq));
  const copy = await eventually(() => {
    assert.ok(!litestream.hasEnded(), litestream.log());
    const to = takeAllBack(litestream, data);
    return to && hasAll(to, newest, moment) && to;
  }, `op ${newest} in the replica`, 60000);
  await assertHolds(copy, moment);
}

test('what Litestream holds is whole, and soon all that was acknowledged, whoever is killed', { skip }, async () => {
  const [data, replicas] = [makeFolder(), makeFolder()];
  const crowd = new Crowd(random, ['main']);
  let server = await startServer({ data });
  await crowd.connect(server);
  let litestream = startLitestream(data, replicas, EAGER);
  for (const victim of ['nobody', 'litestream', 'the server', 'the server, politely', 'both']) {
    await crowd.more(400);
    await crowd.rest();
    await assertFollows(litestream, data, crowd);
    crowd.goOn();
    await crowd.more(50);
    if (victim === 'litestream' || victim === 'both') {
      await litestream.kill();
      await crowd.more(100); // what it does not see
    }
    if (victim !== 'nobody' && victim !== 'litestream') {
      await (victim === 'the server, politely' ? server.stop() : server.kill());
      await crowd.gone();
      server = await startServer({ data });
      await crowd.connect(server);
    }
    if (victim === 'litestream' || victim === 'both') {
      litestream = startLitestream(data, replicas, EAGER);
    }
  }
  await crowd.rest();
  await assertFollows(litestream, data, crowd);
  await litestream.stop();
  await server.stop();
  assert.match(await does('check', '--data', data), /no problems/);
});
