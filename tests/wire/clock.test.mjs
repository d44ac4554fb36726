// The calendar jumps by years, forwards and backwards, while a server runs and between two runs: ops keep their order, times never
// go back, nobody is dropped, nothing waits for a day that is past or spins towards one that is far. What was given an end has it after so long.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';

import {
  Client, comesToRest, get, getJson, kolam, lineBody, makeFolder, startServer,
} from './client.mjs';
import { Faults, skip } from './faults.mjs';
import { SqliteFile } from './sqlite.mjs';
import './tidy.mjs';

const DAY = 86400e3;
const YEAR = 365.25 * 86400e3;

async function draw(painter, watcher, i) {
  const from = watcher.mark();
  const answer = await painter.commit(lineBody([i, 10, i + 40, 60]));
  assert.equal(answer.type, 'ack');
  await watcher.wait((event) => event.type === 'op' && Number(event.seq) === Number(answer.seq), from);
  return Number(answer.seq);
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
    await comesToRest(server.pid, 0.5);
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

let asked = 0;
function ask(client, message) {
  asked += 1;
  const id = asked;
  const from = client.mark();
  client.say({ ...message, id });
  return client.wait((event) => event.id === id && event.type !== 'view', from, JSON.stringify(message).slice(0, 80));
}

test('what_has_an_end_ends_neither_early_nor_late_when_the_calendar_jumps_by_a_day', { skip }, async () => {
  const data = makeFolder();
  const canvas = 'ends';
  const faults = new Faults();
  const first = await startServer({ data, env: faults.env });
  const boss = await Client.join(first, { canvas, admin: first.adminToken() });
  const mira = await Client.artist(first, { canvas });
  await mira.draw([1, 1, 9, 9]);
  const act = async (record, fields) => {
    const answer = await ask(boss, { type: 'act', act: record, ...fields });
    assert.equal(answer.type, 'acted', JSON.stringify(answer));
    return answer.act;
  };
  const frozen = { kind: 'area', area: 'frozen', level: 0, x: '500', y: '0', width: 50, height: 50 };
  const isOf = (policy, mode) => policy.mode === mode && policy.areas.some((area) => area.x === '500');
  // Another act has the server judge anew what holds, and tell it.
  const judgedNow = async () => {
    const other = await act({ ...frozen, area: 'protected', x: '900' });
    return boss.wait((event) => event.type === 'policy' && event.areas.some((area) => area.act === other));
  };

  const refused = await ask(boss, { type: 'act', act: { kind: 'mode', mode: 'open' }, for_s: 0 });
  assert.equal(refused.code, 'invalid');
  await act({ kind: 'mode', mode: 'read-only' }, { for_s: 600 });
  await act({ ...frozen, until: Date.now() + 600e3 });
  assert.equal((await ask(boss, { type: 'sanction', artist: mira.me.artist, kind: 'slow', for_s: 600 })).type, 'sanction');
  const { code } = await ask(mira, { type: 'link' });
  const invitation = await ask(boss, { type: 'invite', role: 'artist', days: 1 });

  faults.setAhead(DAY + 60e3);
  assert.ok(isOf(await judgedNow(), 'read-only'), 'a day later it is still now');
  assert.equal((await mira.commit(lineBody([1, 1, 9, 9]))).type, 'nack');
  const phone = await Client.join(first, { canvas });
  assert.ok(isOf(phone.welcome.policy, 'read-only'));
  assert.equal((await ask(phone, { type: 'link_use', code })).type, 'admitted', 'a code is good for ten minutes');
  assert.equal((await ask(mira, { type: 'invitation_use', code: invitation.code })).type, 'invitation_used');
  // What is decided now, a day ahead, lasts as long as it was told.
  const isSoon = ({ until }, ms) => Math.abs(until - Date.now() - ms) < 120e3;
  assert.ok(isSoon(await ask(mira, { type: 'link' }), 600e3));
  assert.ok(isSoon(await ask(boss, { type: 'invite', role: 'artist', days: 2 }), 2 * DAY));
  const ahead = boss.mark();
  const invited = await act({ kind: 'mode', mode: 'invited' }, { for_s: 3 });
  faults.setAhead(0);
  const over = await boss.wait((event) => event.type === 'policy' && event.mode === 'read-only', ahead, 'the mode before');
  assert.ok(isSoon(over, 600e3));
  faults.setAhead(-DAY);
  assert.ok(isOf(await judgedNow(), 'read-only'), 'a day before, too');
  // What was the time is noted once a minute: what ended since could begin again for a moment.
  await act({ kind: 'undo', act: invited });
  assert.equal((await first.stop()).code, 0);

  // A clock that is behind at the start is not believed: what would have ended does.
  for (const [start, isBelieved] of [[-DAY, false], [0, true]]) {
    faults.setAhead(start);
    const server = await startServer({ data, env: faults.env });
    const { policy } = (await Client.join(server, { canvas })).welcome;
    assert.ok(isOf(policy, 'read-only') && isSoon(policy, 600e3), JSON.stringify([start, Date.now(), policy]));
    assert.equal(!/clock_not_believed/.test(server.log()), isBelieved);
    const { sanctions } = await ask(await Client.join(server, { canvas, admin: server.adminToken() }), { type: 'sanctions' });
    assert.ok(isSoon(sanctions[0], 600e3));
    assert.equal((await server.stop()).code, 0);
  }
});
