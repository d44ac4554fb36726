// The soak's own parts, on a small wall: a crowd outlives a server that is killed under it, and its journal is held against the
// log; and an account that has been tampered with is found out. `make soak` is the long one.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { holdAgainst } from '../soak/account.mjs';
import { BIN, eventually, getJson, makeFolder, ROOT, startServer } from '../wire/client.mjs';
import { freePort } from '../wire/ports.mjs';
import '../wire/tidy.mjs';

function crowd(server, args) {
  const child = spawn(BIN, ['load', '--server', server.origin, '--canvas', 'main', '--artists', '6', '--watchers', '12', '--rate', '8', '--reconnect', '2', '--undo', '0.5',
    '--outlive', '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (said.err += text));
  return new Promise((done) => child.on('close', (code) => done({ code, err: said.err, json: said.out ? JSON.parse(said.out) : null })));
}

const seqOf = async (server) => (await getJson(server, '/api/canvas/main')).json.seq ?? 0;

test('a_crowd_outlives_kill_9_and_its_account_agrees_with_the_log', async () => {
  const folder = makeFolder();
  const journal = join(makeFolder(), 'journal.txt');
  const port = await freePort();
  let server = await startServer({ data: folder, port });
  let isOver = false; // on a slow machine before the second kill
  const ended = crowd(server, ['--seconds', '5', '--settle', '60', '--journal', journal]).finally(() => (isOver = true));
  for (let i = 0; i < 2 && !isOver; i += 1) {
    const before = await seqOf(server);
    await eventually(async () => isOver || (await seqOf(server)) > before + 30, 'strokes', 60_000);
    await server.kill();
    server = await startServer({ data: folder, port });
  }
  const { code, json, err } = await ended;
  assert.equal(code, 0, err);
  assert.ok(json.outlived >= 9, `${json.outlived} connections outlived the server`); // of 18 at each time, some of which were broken just then
  assert.equal(json.unacknowledged + json.lost_connections, 0);
  assert.equal((await server.stop()).code, 0);

  const log = join(folder, 'canvases/main.kolam');
  const account = await holdAgainst(log, [journal]);
  assert.deepEqual(account.problems, []);
  assert.equal(account.acknowledged, json.ops_sent);
  assert.equal(account.acknowledged + account.partial, account.rows);

  const lines = readFileSync(journal, 'utf8').trim().split('\n');
  const tampered = async (change) => {
    const path = join(makeFolder(), 'journal.txt');
    writeFileSync(path, `${change([...lines]).join('\n')}\n`);
    return (await holdAgainst(log, [path])).problems;
  };
  assert.match((await tampered((all) => all.slice(1)))[0], /never acknowledged/);
  assert.match((await tampered((all) => [...all, lines[3]]))[0], /acknowledged twice/);
  assert.match((await tampered((all) => [...all, `${lines[0].slice(0, 16)} 999999 999999 0123456789abcdef`]))[0], /is not there/);
  assert.match((await tampered(([first, ...rest]) => [`${first.slice(0, -4)}0000`, ...rest]))[0], /was acknowledged as/);
});

test('the_soak_explains_itself_and_begins_nothing_that_it_does_not_understand', () => {
  const folder = join(makeFolder(), 'soak');
  const soak = (...args) => spawnSync(process.execPath, [join(ROOT, 'tests/soak/soak.mjs'), '--folder', folder, ...args], { encoding: 'utf8' });
  const help = soak('--help');
  assert.equal(help.status, 0);
  assert.match(help.stdout, /--minutes N/);
  for (const wrong of [['--hepl'], ['--minute', '3'], ['--minutes', '0'], ['--minutes', 'x'], ['stray'], ['--attacks', 'nothing-of-that-name']]) {
    const { status, stdout, stderr } = soak(...wrong);
    assert.deepEqual([status, stdout, stderr.trim().split('\n').length], [2, '', 1], wrong.join(' '));
  }
  assert.ok(!existsSync(folder));
});
