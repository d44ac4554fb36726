// kolam top against a real server: lines in a pipe, one JSON object, and a terminal that is given back.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import test, { after, before } from 'node:test';

import { Client } from '../wire/client.mjs';
import { freePort } from '../wire/ports.mjs';
import { BIN, eventually, kolam, startServer, withDeadline } from '../wire/process.mjs';
import '../wire/tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

const hasScript = spawnSync('script', ['--version']).status === 0;
const skip = hasScript ? false : 'script is not installed (Debian: bsdutils)';

// The command with a terminal of its own: what it wrote so far, and keys for it.
function inTerminal(t, args, env = {}) {
  const command = [BIN, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', `trap : INT; stty cols 90 rows 30; ${command}; echo left:$?; stty -a`, '/dev/null'], {
    env: { PATH: process.env.PATH, TERM: 'xterm', LANG: 'C.UTF-8', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise((done) => child.on('close', done));
  const terminal = {
    text: '',
    leave(keys) {
      child.stdin.write(keys);
      return withDeadline(ended, 'the terminal ends');
    },
  };
  child.stdout.setEncoding('utf8').on('data', (text) => (terminal.text += text));
  t.after(() => child.kill('SIGKILL'));
  return terminal;
}

test('once prints one line of what happened in one interval', async () => {
  const mira = await Client.artist(server, { canvas: 'lines' });
  const run = kolam(['top', '--server', server.origin, '--once', '--interval', '0.5']);
  const drawing = (async () => {
    for (let i = 0; i < 40; i += 1) {
      await mira.draw([10, 10, 90, 90]);
    }
  })();
  const { code, stdout, stderr } = await run;
  await drawing;
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^clients=1 views=0 ops_s=\d+\.\d deliveries_s=[^\n]* commit_p50_ms=[^\n]*\n$/);
  await mira.leave();
});

test('json tells all figures and the busiest canvases', async () => {
  const mira = await Client.artist(server, { canvas: 'json' });
  await mira.draw([10, 10, 90, 90]);
  const { code, stdout } = await kolam(['top', '--server', server.origin, '--once', '--json', '--interval', '0.3']);
  assert.equal(code, 0);
  const told = JSON.parse(stdout);
  assert.equal(told.clients, 1);
  assert.match(told.version, /^\d+\.\d+\.\d+$/);
  assert.ok(told.rss_bytes > 1e6 && told.files > 5 && told.interval_s > 0.2);
  const { clients, seq } = told.busiest.find(({ canvas }) => canvas === 'json');
  assert.deepEqual([clients, seq], [1, 1]);
  await mira.leave();
});

test('a server that is not there or is none of ours is said in one line', async () => {
  const gone = await kolam(['top', '--server', 'http://127.0.0.1:1']);
  assert.deepEqual([gone.code, gone.stdout], [1, '']);
  assert.match(gone.stderr, /^kolam top: [^\n]+\n$/);
  for (const wrong of [['--interval', '0'], ['--interval', 'x'], ['more'], ['--server', 'ftp://a'], ['--nonsense']]) {
    const run = await kolam(['top', ...wrong]);
    assert.equal(run.code, 2, wrong.join(' '));
    assert.match(run.stderr, /^kolam top: [^\n]+\n$/);
  }
});

for (const [name, keys] of [['q', 'q'], ['Ctrl-C', '\x03']]) {
  test(`a terminal shows a screen, and ${name} gives it back as it was`, { skip }, async (t) => {
    const terminal = inTerminal(t, ['top', '--server', server.origin, '--interval', '0.25']);
    await eventually(() => terminal.text.includes('canvas') && terminal.text.includes('commit p50'), `a screen: ${terminal.text}`);
    assert.ok(terminal.text.includes('\x1b[?1049h\x1b[?25l'), 'another screen, no cursor');
    assert.ok(terminal.text.includes('\x1b[1m'), 'colours');
    await terminal.leave(keys);
    const end = terminal.text.slice(terminal.text.lastIndexOf('\x1b[?25h'));
    assert.ok(end.startsWith('\x1b[?25h\x1b[?1049l'), 'its screen and cursor again');
    assert.match(end, /left:0/);
    assert.match(end, / icanon /);
    assert.match(end, / echo /);
  });
}

test('NO_COLOR is respected', { skip }, async (t) => {
  const terminal = inTerminal(t, ['top', '--server', server.origin, '--interval', '0.25'], { NO_COLOR: '1' });
  await eventually(() => terminal.text.includes('commit p50'), 'a screen');
  await terminal.leave('q');
  assert.doesNotMatch(terminal.text.slice(0, terminal.text.indexOf('\x1b[?1049l') - 12), /\x1b\[[\d;]*m/);
});

test('a server that goes away and comes back is waited for on a screen', { skip }, async (t) => {
  const own = await startServer({ port: await freePort() });
  const terminal = inTerminal(t, ['top', '--server', own.origin, '--interval', '0.25']);
  await eventually(() => terminal.text.includes('commit p50'), 'a screen');
  await own.kill();
  await eventually(() => /cannot connect|refused/i.test(terminal.text), `the trouble: ${terminal.text.slice(-300)}`);
  const again = await startServer({ port: own.port, data: own.data });
  const from = terminal.text.length;
  await eventually(() => terminal.text.indexOf('q quits', from) > 0, 'figures again');
  await terminal.leave('q');
  await again.kill();
});
