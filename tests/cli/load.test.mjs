// kolam load: an honest server passes, at one place and spread, from files and made up; each lie is found and counted.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { BIN, eventually, kolam, makeFolder, startServer, withDeadline } from '../wire/process.mjs';
import { sideBySide } from '../wire/side-by-side.mjs';
import { startLyingServer } from './lying-server.mjs';

const test = sideBySide(4);

const FIRST_KEYS = ['seconds', 'artists', 'watchers', 'owed_ops', 'delivered_ops', 'missing', 'duplicated', 'outside_view',
  'previews', 'latency_ms', 'bytes', 'server_cpu_s', 'server_cpu_us_per_delivery', 'server_rss_mb'];

async function serve(t, options) {
  const server = await startServer(options);
  t.after(() => server.kill());
  return server;
}

async function load(server, args) {
  const pid = server.pid ? ['--server-pid', String(server.pid)] : [];
  const run = await kolam(['load', '--server', server.origin, '--json', ...pid, ...args]);
  return { ...run, json: run.stdout === '' ? null : JSON.parse(run.stdout) };
}

// So long is waited for what does not come: `settled` where all comes, and it may take its time.
const ONE_PLACE = ['--artists', '3', '--watchers', '5', '--same-view', '--rate', '20', '--seconds', '1', '--settle', '3'];
const settled = [...ONE_PLACE, '--settle', '60'];

// Who is late, on a machine that is slow for all, is sent everything all the same.
const PATIENT = ['--slow-ms', '600000', '--stall-ms', '600000'];

const BREAKS = [...ONE_PLACE, '--reconnect', '15', '--settle', '10'];

// The first view that is resumed with something to come again.
function once(change) {
  let isDone = false;
  const resume = (ops) => {
    const isChosen = !isDone && ops.length > 0;
    isDone ||= isChosen;
    return isChosen ? change(ops) : ops;
  };
  return Object.assign(resume, { isDone: () => isDone });
}

// A run in which connections broke when it matters: longer, where that did not happen on a machine that is slow for all.
async function broken(t, makeOptions, didMatter) {
  for (let seconds = 2; ; seconds *= 2) {
    const options = makeOptions();
    const server = await startLyingServer(t, options);
    const run = await load(server, [...BREAKS, '--seconds', String(seconds)]);
    if (didMatter(run.json, options) || seconds > 10) {
      return { ...run, server };
    }
  }
}

// It waits longest, so it begins first.
test('an op that does not come again after a break is counted, and fails', async (t) => {
  const { code, json } = await broken(t, () => ({ resume: once((ops) => ops.slice(1)) }), (_, { resume }) => resume.isDone());
  assert.equal(code, 1);
  assert.deepEqual([json.missing, json.duplicated, json.out_of_order], [1, 0, 0]);
});

test('twenty artists and a hundred watchers at one place: every stroke comes to everybody, once', async (t) => {
  const server = await serve(t, { args: PATIENT });
  const { code, json, stderr } = await load(server, ['--artists', '20', '--watchers', '100', '--same-view', '--rate', '3', '--seconds', '3']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(Object.keys(json).slice(0, FIRST_KEYS.length), FIRST_KEYS);
  assert.ok(json.ops_sent >= 120, `${json.ops_sent} ops sent`);
  assert.equal(json.owed_ops, json.ops_sent * 120);
  assert.equal(json.delivered_ops, json.owed_ops);
  assert.equal(json.missing + json.duplicated + json.outside_view + json.out_of_order + json.wrong, 0);
  assert.ok(json.previews > 0 && json.bytes > 0 && json.server_rss_mb > 1 && json.server_cpu_s > 0);
  assert.ok(json.latency_ms.p50 > 0 && json.latency_ms.p50 <= json.latency_ms.p99 && json.latency_ms.p99 <= json.latency_ms.max);
});

test('views spread, panned and zoomed, near and far: what each can show comes to it, and nothing else', async (t) => {
  const server = await serve(t);
  const { code, json, stderr } = await load(server, ['--artists', '12', '--watchers', '100', '--pan', '0.3', '--rate', '4', '--seconds', '5']);
  assert.equal(code, 0, stderr);
  assert.ok(json.views_sent > 300, `${json.views_sent} views`);
  assert.ok(json.tile_notices > 0, 'those far out are told of tiles');
  assert.ok(json.owed_ops > 0 && json.delivered_ops >= json.owed_ops);
});

test('each with another view of one place, joiners and stalled readers among them', async (t) => {
  const server = await serve(t);
  const { code, json, stderr } = await load(server,
    ['--artists', '4', '--watchers', '60', '--overlap', '--rate', '5', '--seconds', '3', '--joins', '20/1', '--stalled', '5']);
  assert.equal(code, 0, stderr);
  assert.equal(json.joined, 20);
  assert.ok(json.join_ms.max > 0 && json.join_tiles_ms.max > 0); // the latest of them may have come to where no tile is
  assert.ok(json.tiles_fetched >= 20, `${json.tiles_fetched} tiles`);
  assert.equal(json.tiles_failed, 0);
  assert.equal(json.stalled, 5);
});

test('files are replayed, with times and without, large strokes in parts', async (t) => {
  const server = await serve(t);
  const folder = makeFolder();
  const timed = join(folder, 'timed.ndjson'), untimed = join(folder, 'untimed.ndjson');
  const line = (stroke) => `${JSON.stringify({ color: '#204080ff', width: 3, tool: 'pen', ...stroke })}\n`;
  const points = Array.from({ length: 20 }, (_, i) => [i * 9, (i * i) % 70]);
  const dt = points.map((_, i) => (i === 0 ? 0 : 10));
  writeFileSync(timed, ['Mira', 'Meena'].map((author, i) =>
    [0, 300, 600].map((at) => line({ author, t: 5000 + at + 40 * i, points, dt })).join('')).join(''));
  const long = Array.from({ length: 9000 }, (_, i) => [400 + 300 * Math.cos(i / 500), 300 * Math.sin(i / 500)]);
  writeFileSync(untimed, line({ author: 'Ravi', t: null, points }) + line({ author: 'Asha', t: null, points: long }));
  const { code, json, stderr } = await load(server,
    ['--artists', '4', '--watchers', '10', '--same-view', '--replay', timed, '--replay', untimed, '--tempo', '20', '--seconds', '4.5']);
  assert.equal(code, 0, stderr);
  assert.ok(json.ops_sent >= 9, `${json.ops_sent} ops: 6 and 1 strokes, and one of two parts`);
  assert.equal(json.owed_ops, json.ops_sent * 14);
  assert.ok(json.previews_sent > 10);
});

test('broken connections are owed what came meanwhile, strokes are taken back, and those left in mid-stroke completed later', async (t) => {
  // Whether a stroke is left, and completed, is a matter of when a connection broke: where none was, it is tried for longer.
  const hasLeftSome = async (seconds) => {
    const server = await serve(t, { args: PATIENT, env: { KOLAM_VANISH_MS: '50' } });
    const { code, json, stderr } = await load(server, ['--artists', '12', '--watchers', '24', '--same-view', '--rate', '3', '--seconds', String(seconds), '--reconnect', '20', '--undo', '1']);
    assert.equal(code, 0, stderr);
    assert.equal(json.views_resumed, json.reconnects);
    assert.equal(json.owed_ops, (json.ops_sent + json.partial_ops) * 36, 'as if no connection had broken');
    assert.equal(json.delivered_ops, json.owed_ops);
    return json.partial_ops > 0 && json.replaced_ops > 0 && json.reconnects > 0 && json.undone > 0 && json.tile_notices > 0 && json.return_ms.max > 0;
  };
  for (let seconds = 3; !(await hasLeftSome(seconds)); seconds *= 2) {
    assert.ok(seconds < 20, 'none is left in mid-stroke and completed');
  }
});

test('the same with views spread: far out a hide is told of by tiles; some leave and others come', async (t) => {
  const server = await serve(t);
  const { code, json, stderr } = await load(server,
    ['--artists', '6', '--watchers', '40', '--pan', '0.2', '--rate', '4', '--seconds', '4', '--reconnect', '10', '--undo', '1', '--churn', '10']);
  assert.equal(code, 0, stderr);
  assert.ok(json.churned > 3 && json.reconnects > 3 && json.undone > 0, `${json.churned} came, ${json.reconnects} came again, ${json.undone} undone`);
  assert.equal(json.lost_connections, 0);
});

test('a server that tells the truth without kolam behind it passes too', async (t) => {
  const server = await startLyingServer(t);
  const { code, json, stderr } = await load(server, settled);
  assert.equal(code, 0, stderr);
  assert.equal(json.owed_ops, server.seq() * 8);
  assert.equal(json.server_cpu_s, null);
});

// To the fourth watcher (or artist), of the tenth op.
const isChosen = ({ seq, client }) => seq === 10 && !client.isArtist && client.number === 3;

const LIES = [
  ['an op that does not come', 'missing', (op) => (isChosen(op) ? [] : [op.record])],
  ['an op that comes twice', 'duplicated', (op) => (isChosen(op) ? [op.record, op.record] : [op.record])],
];
for (const [name, key, lie] of LIES) {
  test(`${name} is counted, and fails`, async (t) => {
    const server = await startLyingServer(t, { lie });
    const { code, json, stderr } = await load(server, ONE_PLACE);
    assert.equal(code, 1);
    assert.equal(json[key], 1);
    const others = ['missing', 'duplicated', 'outside_view', 'out_of_order', 'wrong'].filter((other) => other !== key);
    others.forEach((other) => assert.equal(json[other], 0, other));
    assert.match(stderr, /op 10 of artist \d/);
  });
}

test('two ops in the wrong order are counted, and fail', async (t) => {
  let held;
  const lie = (op) => {
    if (isChosen(op)) {
      held = op.record;
      return [];
    }
    const after = op.seq === 11 && !op.client.isArtist && op.client.number === 3;
    return after ? [op.record, held] : [op.record];
  };
  const { code, json } = await load(await startLyingServer(t, { lie }), ONE_PLACE);
  assert.equal(code, 1);
  assert.deepEqual([json.out_of_order, json.missing, json.duplicated], [1, 0, 0]);
});

test('a changed byte is counted, and fails; the op that it was counts as missing', async (t) => {
  const change = (record) => {
    const bytes = record.finish();
    bytes[bytes.length - 2] ^= 4;
    return { finish: () => bytes };
  };
  const server = await startLyingServer(t, { lie: (op) => [isChosen(op) ? change(op.record) : op.record] });
  const { code, json } = await load(server, ONE_PLACE);
  assert.equal(code, 1);
  assert.deepEqual([json.wrong, json.missing], [1, 1]);
});

test('ops for those who cannot see them are counted, and fail', async (t) => {
  const server = await startLyingServer(t);
  const { code, json, stderr } = await load(server,
    ['--artists', '4', '--watchers', '40', '--overlap', '--rate', '10', '--seconds', '1', '--settle', '1']);
  assert.equal(code, 1);
  assert.ok(json.outside_view > 10, `${json.outside_view} of ${json.delivered_ops} outside`);
  assert.ok(json.outside_view < json.delivered_ops);
  assert.deepEqual([json.missing, json.duplicated, json.wrong], [0, 0, 0]);
  assert.match(stderr, /ops came that the view cannot show/);
});

test('an ACK that does not come is counted, and fails', async (t) => {
  const server = await startLyingServer(t, { ack: (send, seq) => seq !== 7 && send() });
  const { code, json, stderr } = await load(server, ONE_PLACE);
  assert.equal(code, 1);
  assert.equal(json.unacknowledged, 1);
  assert.match(stderr, /1 ops were not acknowledged/);
});

test('what was not acknowledged is sent again after a break, and is one op', async (t) => {
  const { code, json, stderr, server } = await broken(t, () => ({ commit: (publish) => setTimeout(publish, 200) }),
    (told) => told.ops_sent_again > 0 && told.reconnects > 1);
  assert.equal(code, 0, stderr);
  assert.ok(json.ops_sent_again > 0 && json.reconnects > 1, `${json.ops_sent_again} sent again, ${json.reconnects} came again`);
  assert.equal(json.owed_ops, server.seq() * 8);
  assert.equal(server.seq(), json.ops_sent);
});

test('an op that comes twice after a break is counted, and fails', async (t) => {
  const { code, json } = await broken(t, () => ({ resume: once((ops) => [...ops, ops.at(-1)]) }), (_, { resume }) => resume.isDone());
  assert.equal(code, 1);
  assert.deepEqual([json.missing, json.duplicated, json.out_of_order], [0, 1, 0]);
});

test('a stroke taken back without a word of its tiles is counted, and fails', async (t) => {
  const args = [...ONE_PLACE, '--undo', '2', '--seconds', '2'];
  assert.equal((await load(await startLyingServer(t), [...args, '--settle', '60'])).code, 0);
  const { code, json, stderr } = await load(await startLyingServer(t, { tells: false }), args);
  assert.equal(code, 1);
  assert.ok(json.undone > 0);
  assert.equal(json.missing_notices, json.undone * 8);
  assert.match(stderr, /changes of pixels were not told of by a TILE/);
});

test('nobody there, and one who dies in the middle: one line that says so, exit 1', async (t) => {
  const nobody = await load({ origin: 'http://127.0.0.1:9' }, ONE_PLACE);
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /^kolam load: 127\.0\.0\.1:9: client 1 of 8: Connection refused\n$/);
  assert.equal(nobody.stdout, '');

  const server = await startLyingServer(t, { lie: (op) => {
    if (op.seq === 20) {
      op.client.socket.terminate();
    }
    return [op.record];
  } });
  const dies = await load(server, ONE_PLACE);
  assert.equal(dies.code, 1);
  assert.match(dies.stderr, /all connections are lost/);
  assert.equal(dies.json.lost_connections, 8);
});

test('Ctrl-C ends it early, with the summary', async (t) => {
  const server = await startLyingServer(t);
  const args = ['load', '--server', server.origin, '--json', '--artists', '2', '--watchers', '3', '--same-view', '--seconds', '600'];
  const child = spawn(BIN, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  const ended = new Promise((done) => child.on('close', done));
  t.after(() => child.kill('SIGKILL'));
  await eventually(() => server.seq() >= 3, 'three strokes');
  child.kill('SIGINT');
  assert.equal(await withDeadline(ended, 'the end after SIGINT'), 0);
  const json = JSON.parse(stdout);
  assert.ok(json.seconds < 600 && json.owed_ops >= 15);
});

test('a full server says how full: one line, exit 1', async (t) => {
  const server = await serve(t, { args: ['--max-connections', '16'] });
  const { code, stderr, stdout } = await load(server, ['--watchers', '100', '--seconds', '1']);
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /^kolam load: 127\.0\.0\.1:\d+: client \d+ of 108: .*\n$/);
});

test('wrong usage says what, exit 2', async () => {
  for (const [args, what] of [
    [['--pan', '2'], /--pan 2/], [['--joins', '5'], /--joins 5/], [['--same-view', '--overlap'], /exclude each other/],
    [['file.ndjson'], /--replay/], [['--canvas', 'No'], /no name of a canvas/], [['--server-pid', '999999999'], /no such process/],
    [['--seconds', '0'], /--seconds 0/], [['--reconnect', '-1'], /--reconnect -1/], [['--undo', 'x'], /--undo x/], [['--churn'], /--churn/],
  ]) {
    const { code, stderr } = await kolam(['load', ...args]);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, what);
  }
});

test.begin();
