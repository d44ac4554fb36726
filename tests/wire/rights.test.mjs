// Who may do what, over real sockets: roles, modes and areas; what ends by itself, and what is taken back.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { Client, eventually, kolam, startServer } from './client.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

let canvasNumber = 0;
const newCanvas = () => `rights-${(canvasNumber += 1)}`;

let askNumber = 0;
// Who asks too much is told so, and asks again.
async function ask(client, message) {
  return eventually(async () => {
    const id = (askNumber += 1);
    const from = client.mark();
    client.say({ ...message, id });
    const answer = await client.wait((event) => event.id === id, from, JSON.stringify(message).slice(0, 100));
    return !/^too many questions/.test(answer.message) && answer;
  }, JSON.stringify(message).slice(0, 100));
}
const act = (client, what) => ask(client, { type: 'act', act: what });
async function acted(client, what) {
  const answer = await act(client, what);
  assert.equal(answer.type, 'acted', JSON.stringify(answer));
  return answer.act;
}
const owner = (canvas, of = server) => Client.artist(of, { canvas, admin: of.adminToken() });
const policyWith = (client, matches, from = 0) => client.wait((event) => event.type === 'policy' && matches(event), from, String(matches));
const area = (kind, x, y, width, height, more = {}) => ({ kind: 'area', area: kind, level: 0, x: String(x), y: String(y), width, height, ...more });

test('welcome_tells_the_role_and_the_policy_and_changes_are_told_to_all', async () => {
  const canvas = newCanvas();
  const admin = await owner(canvas);
  const mira = await Client.artist(server, { canvas });
  const watcher = await Client.join(server, { canvas, watch: true });
  assert.deepEqual(watcher.welcome.policy, { mode: 'open', until: null, areas: [], votes: 0 });
  assert.deepEqual([admin.welcome.role, watcher.welcome.role], ['owner', 'watcher']);
  assert.equal((await mira.wait((event) => event.type === 'standing')).role, 'newcomer');
  await mira.draw([10, 10, 90, 90]);
  const seq = await acted(admin, area('owned', -100, 0, 500, 400, { name: 'Garden', owner: mira.me.artist, members: [1] }));
  for (const client of [admin, mira, watcher]) {
    const { areas } = await policyWith(client, (event) => event.areas.length === 1);
    assert.deepEqual(areas, [{ area: seq, act: seq, kind: 'owned', name: 'Garden', level: 0, x: '-100', y: '0', width: 500, height: 400, owner: mira.me.artist, members: [1], until: null }]);
  }
  const from = mira.mark();
  await acted(admin, { kind: 'role', artist: mira.me.artist, role: 'moderator', why: 'keeps an eye on it' });
  assert.equal((await mira.wait((event) => event.type === 'standing', from)).role, 'moderator');
  const again = await Client.join(server, { canvas, token: mira.token });
  assert.equal(again.welcome.role, 'moderator');
  assert.equal(again.welcome.policy.areas.length, 1);
});

test('acts_survive_a_kill_a_restart_and_a_compaction_and_check_knows_them', async () => {
  const first = await startServer();
  const admin = await owner('main', first);
  const mira = await Client.artist(first);
  await mira.draw([10, 10, 90, 90]);
  const kept = await acted(admin, area('frozen', 0, 0, 10, 10, { name: 'A' }));
  const gone = await acted(admin, area('quiet', 0, 0, 10, 10, { name: 'B' }));
  await acted(admin, { kind: 'area', area: 'plain', of: gone });
  await acted(admin, { kind: 'role', artist: mira.me.artist, role: 'mentor' });
  const mode = await acted(admin, { kind: 'mode', mode: 'invited' });
  await first.kill();
  const second = await startServer({ data: first.data });
  const again = await Client.join(second, { token: mira.token });
  assert.equal(again.welcome.role, 'mentor');
  assert.equal(again.welcome.policy.mode, 'invited');
  assert.deepEqual(again.welcome.policy.areas.map((one) => one.area), [kept]);
  const other = await owner('main', second);
  await acted(other, { kind: 'undo', act: mode });
  await second.stop();
  const checked = await kolam(['check', '--data', first.data]);
  assert.equal(checked.code, 0, checked.stderr);
  const compacted = await kolam(['compact', '--data', first.data, '--before', '7', '--yes']);
  assert.equal(compacted.code, 0, compacted.stderr);
  const third = await startServer({ data: first.data });
  const late = await Client.join(third, { token: mira.token });
  assert.equal(late.welcome.role, 'mentor');
  assert.equal(late.welcome.policy.mode, 'open');
  assert.equal(late.welcome.policy.areas.length, 1);
  await third.stop();
  assert.equal((await kolam(['check', '--data', first.data])).code, 0);
});

test('acts_are_for_those_who_may_and_are_checked', async () => {
  const canvas = newCanvas();
  const stranger = await Client.join(server, { canvas });
  const mira = await Client.artist(server, { canvas });
  const otto = await Client.artist(server, { canvas });
  const bare = await Client.join(server, { canvas, admin: server.adminToken() });
  assert.equal((await act(stranger, { kind: 'mode', mode: 'open' })).code, 'denied');
  assert.equal((await act(mira, { kind: 'mode', mode: 'read-only' })).code, 'denied');
  assert.equal((await act(bare, { kind: 'role', artist: 7, role: 'owner' })).code, 'not_found', 'nobody has that number yet');
  assert.equal((await act(bare, area('owned', 0, 0, 1, 1, { members: [99] }))).code, 'not_found');
  await acted(bare, { kind: 'mode', mode: 'newcomers' });
  await mira.draw([10, 10, 90, 90]);
  await otto.draw([10, 10, 90, 90]);
  await acted(bare, { kind: 'role', artist: mira.me.artist, role: 'moderator' });
  await mira.wait((event) => event.type === 'standing' && event.role === 'moderator');
  for (const wrong of [
    { kind: 'mode', mode: 'closed' }, { kind: 'mode', mode: 'open', until: 1 }, { kind: 'nonsense' }, {}, null, 'mode',
    { kind: 'vote', stroke: 'x' }, { kind: 'voted', stroke: '1', votes: 3 }, { kind: 'rollback', strokes: 1, artists: [] },
    area('frozen', 0, 0, 0, 1), area('frozen', '2147483648', 0, 1, 1), area('frozen', 0, 0, 1, 1, { name: 'x'.repeat(81) }),
  ]) {
    assert.equal((await act(bare, wrong)).code, 'invalid', JSON.stringify(wrong));
  }
  assert.equal((await act(bare, { kind: 'area', area: 'plain', of: '4711' })).code, 'not_found');
  assert.equal((await act(bare, { kind: 'undo', act: '2' })).code, 'not_found', 'a stroke is no act');
});
