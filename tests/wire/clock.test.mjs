// The calendar jumps by years, forwards and backwards, while a server runs and between two runs: ops keep their order, times never
// go back, nobody is dropped, nothing waits for a day that is past or spins towards one that is far.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';

import {
  Client, cpuSeconds, get, getJson, kolam, lineBody, makeFolder, startServer,
} from './client.mjs';
import { Faults, skip } from './faults.mjs';
import { SqliteFile } from './sqlite.mjs';
import './tidy.mjs';

const YEAR = 365.25 * 86400e3;

async function draw(painter, watcher, i) {
  const from = watcher.mark();
  const answer = await painter.commit(lineBody([i, 10, i + 40, 60]));
  assert.equal(answer.type, 'ack');
  await watcher.wait((event) => event.type === 'op' && Number(event.seq) === Number(answer.seq), from);
  return Number(answer.seq);
}

async function isCalm(server) {
  const before = cpuSeconds(server.pid);
  const begun = performance.now();
  await new Promise((done) => setTimeout(done, 400));
  const share = (cpuSeconds(server.pid) - before) / ((performance.now() - begun) / 1000);
  assert.ok(share < 0.5, `an idle server takes ${share} of a core`);
}

test('the_calendar_may_jump_by_years', { skip }, async () => {
  const data = makeFolder();
  const faults = new Faults();
  let seq = 0;
  let people;
  for (const start of [0, -20 * YEAR, 3 * YEAR]) {
    faults.setAhead(start);
    const server = await startServer({ data, env: faults.env });
    const painter = await Client.artist(server, { token: people });
    people = painter.token ?? people;
    const watcher = await Client.join(server);
    await watcher.view({ width: 4, height: 4 });
    assert.ok(Math.abs(painter.welcome.time - Date.now() - start) < 600e3, 'the server goes by its calendar');
    for (const jump of [0, 7 * YEAR, -30 * YEAR, -2000, 0]) {
      faults.setAhead(start + jump);
      assert.equal(await draw(painter, watcher, seq), seq + 1);
      seq += 1;
      assert.equal((await get(server, '/healthz')).status, 200);
      assert.equal((await getJson(server, '/api/canvas/main')).json.seq, seq);
      const tile = await get(server, '/tiles/main/0/0/0.png');
      assert.equal((await get(server, tile.headers.location)).status, 200);
    }
    await isCalm(server);
    assert.equal(painter.close ?? watcher.close, undefined, 'nobody was dropped');
    assert.equal((await server.stop()).code, 0);
  }
  const rows = new SqliteFile(join(data, 'canvases/main.kolam')).rows('op');
  assert.deepEqual(rows.map((row) => row.seq), Array.from({ length: seq }, (_, i) => i + 1));
  rows.forEach((row, i) => assert.ok(i === 0 || row.time_ms >= rows[i - 1].time_ms, `the time of ${row.seq} goes back`));
  assert.equal((await kolam(['check', '--thorough', '--data', data])).code, 0);

  // The past is found by the times that were kept, whatever day it is now.
  const server = await startServer({ data });
  for (const row of [rows[0], rows[7], rows[rows.length - 1]]) {
    const at = await get(server, `/snapshot.png?canvas=main&rect=0,0,64,64&at=${row.seq}`);
    assert.equal(at.status, 200);
  }
  const last = rows.findLast((row) => row.time_ms === rows[6].time_ms);
  const moment = await getJson(server, `/api/canvas/main/moment?at=${new Date(last.time_ms).toISOString()}`);
  assert.equal(Number(moment.json.seq), last.seq);
  assert.equal((await server.stop()).code, 0);
});
