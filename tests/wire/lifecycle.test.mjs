// Starting and stopping: what is said, what is refused, and that nothing is lost on the way.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import {
  Client, comesToRest, get, kolam, lineBody, makeFolder, startServer,
} from './client.mjs';
import { SqliteFile } from './sqlite.mjs';
import './tidy.mjs';

test('the_address_is_the_one_line_on_standard_output', async () => {
  const server = await startServer();
  assert.equal(server.stdout(), server.url.replace(/$/, '\n'));
  assert.equal((await get(server, '/healthz')).status, 200);
  const { code } = await server.stop();
  assert.equal(code, 0);
  assert.equal(server.stdout(), `${server.url}\n`);
});

test('logs_are_lines_of_fields', async () => {
  const server = await startServer();
  const client = await Client.artist(server);
  await client.draw([1, 1, 9, 9]);
  await client.leave();
  await server.stop();
  const lines = server.log().trim().split('\n');
  assert.ok(lines.length >= 2);
  for (const line of lines) {
    assert.match(line, /^\S+ (debug|info|warn|error) \S+|^(time|ts|t|level)=\S+ .*=/, line);
  }
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`${signal}_says_goodbye_and_keeps_everything`, async () => {
    const server = await startServer();
    const [mira, watcher] = await Promise.all([Client.artist(server), Client.join(server, { watch: true })]);
    for (let i = 0; i < 500; i += 1) {
      mira.submit(lineBody([i % 200, 0, 9, 9]));
    }
    await mira.answer(1);
    server.child.kill(signal);
    const { code, signal: by } = await server.exited;
    assert.deepEqual([code, by], [0, null]);
    for (const client of [mira, watcher]) {
      assert.equal((await client.closed).code, 1001);
      assert.equal(client.all('goodbye').length, 1);
    }
    const acked = mira.all('ack').map(({ seq }) => seq);
    const folder = join(server.data, 'canvases');
    assert.equal(existsSync(join(folder, 'main.kolam-wal')), false, 'the file is complete in itself');
    const rows = new SqliteFile(join(folder, 'main.kolam')).rows('op');
    assert.ok(rows.length >= acked.length);
    assert.deepEqual(rows.map(({ seq }) => seq), rows.map((_, i) => i + 1));
    assert.deepEqual(rows.map(({ counter }) => counter), rows.map((_, i) => i + 1), 'in the order of sending');
    const check = await kolam(['check', '--data', server.data]);
    assert.equal(check.code, 0, check.stderr + check.stdout);
  });
}

test('a_stop_does_not_wait_for_clients_that_do_not_read', async () => {
  const server = await startServer();
  const clients = await Promise.all(Array.from({ length: 5 }, () => Client.join(server)));
  clients.forEach((client) => client.socket.pause());
  assert.equal((await server.stop()).code, 0); // which has its own deadline
  clients.forEach((client) => client.socket.terminate());
});

test('an_idle_server_costs_next_to_nothing', async () => {
  const server = await startServer();
  const clients = await Promise.all(Array.from({ length: 20 }, () => Client.join(server)));
  await Promise.all(clients.map((client) => client.view({ width: 8, height: 8 })));
  await comesToRest(server.pid, 0.05, 1000);
  await server.stop();
});

test('a_second_server_on_the_same_folder_is_refused', async () => {
  const server = await startServer();
  const second = await kolam(['serve', '--listen', '127.0.0.1:0', '--data', server.data]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, new RegExp(String(server.pid)), 'it names who has it');
  assert.equal(second.stderr.trim().split('\n').length, 1, 'one line');
  const strokes = join(server.data, 'strokes.ndjson');
  writeFileSync(strokes, '{"t":null,"author":"a","color":"#000000ff","width":3,"tool":"pen","points":[[1,2],[3,4]]}\n');
  const imported = await kolam(['import', '--data', server.data, strokes]);
  assert.equal(imported.code, 1);
  assert.equal((await get(server, '/healthz')).status, 200);
  assert.equal((await server.kill()).signal, 'SIGKILL');
  const third = await startServer({ data: server.data });
  assert.equal((await third.stop()).code, 0, 'a lock does not outlive its process');
});

test('a_port_in_use_is_said_plainly', async () => {
  const server = await startServer();
  const second = await kolam(['serve', '--listen', `127.0.0.1:${server.port}`, '--data', makeFolder()]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /listen|use/i);
  await server.stop();
});

const WRONG = [
  ['--nothing'], ['--listen'], ['--listen', 'here'], ['--listen', '127.0.0.1:99999'], ['--max-canvases', 'many'],
  ['--max-canvases', '-1'], ['--threads', '0x'], ['extra'],
];
for (const args of WRONG) {
  test(`serve_${args.join('_')}_is_wrong_usage`, async () => {
    const { code, stderr, stdout } = await kolam(['serve', '--data', makeFolder(), ...args]);
    assert.ok(code === 2 || (code === 1 && args[1]), `status ${code}`);
    assert.equal(stdout, '');
    assert.ok(stderr.trim().length > 0 && stderr.trim().split('\n').length <= 3, stderr);
  });
}

test('help_is_on_standard_output', async () => {
  for (const args of [['--help'], ['serve', '--help'], ['import', '--help'], ['export', '--help'], ['watch', '--help'], ['check', '--help']]) {
    const { code, stdout, stderr } = await kolam(args);
    assert.equal(code, 0, args.join(' '));
    assert.equal(stderr, '');
    assert.match(stdout, new RegExp(`kolam ${args[0].replace('--help', '')}`));
  }
  const { stdout } = await kolam(['serve', '--help']);
  for (const option of ['--listen', '--data', '--max-canvases', '--allow-origin', '--allow-host', 'KOLAM_']) {
    assert.ok(stdout.includes(option), option);
  }
});

test('every_option_of_serve_can_be_a_variable', async () => {
  const { stdout } = await kolam(['serve', '--help']);
  const options = [...new Set(stdout.match(/--[a-z][a-z-]+/g))].filter((name) => name !== '--help');
  assert.ok(options.length >= 8, options.join(' '));
  const data = makeFolder();
  const server = await startServer({
    data, env: { KOLAM_MAX_CANVASES: '1', KOLAM_LOG_LEVEL: 'debug', KOLAM_ALLOW_HOST: 'a.example,b.example' },
  });
  for (const host of ['a.example', 'b.example']) {
    assert.equal((await get(server, '/healthz', { headers: { Host: host } })).status, 200, host);
  }
  const client = await Client.artist(server, { canvas: 'second' });
  assert.equal((await client.commit(lineBody([1, 1, 9, 9]))).code, 4, 'KOLAM_MAX_CANVASES');
  await server.stop();
  const wrong = await kolam(['serve', '--data', data, '--listen', '127.0.0.1:0'], { env: { KOLAM_MAX_CANVASES: 'x' } });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /KOLAM_MAX_CANVASES/);
});

test('an_argument_outranks_its_variable', async () => {
  const data = makeFolder();
  const server = await startServer({ data, env: { KOLAM_DATA: join(data, 'not-here'), KOLAM_LISTEN: '127.0.0.1:1' } });
  assert.ok(existsSync(join(data, 'identity.db')));
  assert.equal(existsSync(join(data, 'not-here')), false);
  await server.stop();
});

// A folder as a clean shutdown leaves it.
async function drawnFolder() {
  const server = await startServer();
  const client = await Client.artist(server);
  await client.draw([1, 1, 90, 90]);
  await server.stop();
  return server.data;
}

test('a_file_of_a_newer_version_is_refused_and_left_alone', async () => {
  const data = await drawnFolder();
  const path = join(data, 'canvases', 'main.kolam');
  const bytes = readFileSync(path);
  bytes.writeUInt32BE(bytes.readUInt32BE(60) + 1, 60); // user_version
  writeFileSync(path, bytes);
  const { code, stderr } = await kolam(['serve', '--data', data, '--listen', '127.0.0.1:0']);
  assert.equal(code, 1);
  assert.match(stderr, /newer|version/i);
  assert.match(stderr, /main\.kolam/);
  assert.equal(Buffer.compare(readFileSync(path), bytes), 0);
});

test('a_file_that_is_no_canvas_is_refused', async () => {
  const data = await drawnFolder();
  writeFileSync(join(data, 'canvases', 'main.kolam'), 'This is a letter to my aunt.\n'.repeat(500));
  const { code, stderr } = await kolam(['serve', '--data', data, '--listen', '127.0.0.1:0']);
  assert.equal(code, 1);
  assert.match(stderr, /main\.kolam/);
});

test('derived_pixels_may_be_deleted_or_ruined', async () => {
  const data = await drawnFolder();
  for (const ruin of ['', 'no tiles at all'.repeat(1000)]) {
    writeFileSync(join(data, 'canvases', 'main.tiles'), ruin);
    const server = await startServer({ data });
    const { headers } = await get(server, '/tiles/main/0/0/0.png');
    const answer = await get(server, headers.location);
    assert.equal(answer.status, 200);
    assert.match(headers.location, /-1$/);
    await server.stop();
  }
});

test('a_folder_that_cannot_be_made_is_said_plainly', async () => {
  const folder = makeFolder();
  writeFileSync(join(folder, 'file'), '');
  const { code, stderr } = await kolam(['serve', '--data', join(folder, 'file', 'data'), '--listen', '127.0.0.1:0']);
  assert.equal(code, 1);
  assert.match(stderr, /file/);
});

test('what_is_private_in_the_folder_is_for_its_owner', async () => {
  const data = makeFolder();
  mkdirSync(join(data, 'inside'));
  const server = await startServer({ data: join(data, 'inside', 'kolam-data') });
  for (const file of ['admin.token', 'identity.db']) {
    assert.equal(statSync(join(server.data, file)).mode & 0o077, 0, file);
  }
  await server.stop();
});
