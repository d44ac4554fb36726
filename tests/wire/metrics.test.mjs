// /metrics: the text form by its rules, the numbers by what happened, and the table in the documentation.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { Client, eventually, get, ROOT, startServer } from './client.mjs';
import { families, value } from './prometheus.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

const scrape = async () => families((await get(server, '/metrics')).body.toString());

test('every_family_has_help_type_and_samples_of_its_own', async () => {
  const mira = await Client.artist(server, { canvas: 'form' });
  await mira.draw([10, 10, 90, 90]);
  const all = await scrape();
  assert.ok(all.size > 50);
  for (const [name, { type, help }] of all) {
    assert.match(name, /^(kolam|process)_[a-z0-9_]+$/);
    assert.ok(help.length > 5, name);
    assert.equal(type === 'counter', name.endsWith('_total'), `${name}: _total is for counters`);
    assert.doesNotMatch(name, /_(ms|us|kb|mb|milliseconds)(_|$)/, `${name}: base units`);
  }
});

test('histograms_are_cumulative_and_agree_with_their_counts', async () => {
  const all = await scrape();
  let seen = 0;
  for (const [name, family] of all) {
    if (family.type !== 'histogram') {
      continue;
    }
    for (const series of family.histograms.values()) {
      seen += 1;
      const bounds = series.buckets.map(([le]) => le);
      assert.deepEqual(bounds, [...bounds].sort((a, b) => a - b), name);
      assert.equal(bounds.at(-1), Infinity, name);
      series.buckets.reduce((last, [, count]) => (assert.ok(count >= last, name), count), 0);
      assert.equal(series.buckets.at(-1)[1], series.count, name);
      assert.ok(series.sum >= 0);
    }
  }
  assert.ok(seen > 10);
});

test('it_counts_clients_views_ops_and_deliveries', async () => {
  const canvas = 'counted';
  const before_ = await scrape();
  const [mira, tom, eye] = [
    await Client.artist(server, { canvas }),
    await Client.join(server, { canvas }),
    await Client.join(server, { canvas, watch: true }),
  ];
  await mira.view({ x: 0, y: 0, width: 2, height: 2 });
  await tom.view({ x: 0, y: 0, width: 2, height: 2 });
  await eye.view({ x: 1, y: 0, width: 2, height: 2 });
  for (let i = 0; i < 3; i += 1) {
    const seq = await mira.draw([10, 10, 90, 90], { x: 1 });
    await Promise.all([tom.op(seq), eye.op(seq)]);
  }
  const now = await scrape();
  const grew = (name, labels) => value(now, name, labels) - (value(before_, name, labels) ?? 0);
  assert.equal(grew('kolam_clients'), 3);
  assert.equal(grew('kolam_clients_total'), 3);
  assert.equal(grew('kolam_views'), 2, 'the same rectangle is one view');
  assert.equal(grew('kolam_views_answered_total'), 3);
  assert.equal(grew('kolam_submissions_total'), 3);
  assert.equal(grew('kolam_ops_total'), 3);
  assert.equal(grew('kolam_deliveries_total', { class: 'op' }), 9);
  assert.ok(grew('kolam_commits_total') >= 3);
  assert.equal(now.get('kolam_submit_seconds').histograms.get('').count -
    before_.get('kolam_submit_seconds').histograms.get('').count >= 3, true);
  assert.equal(value(now, 'kolam_canvas_clients', { canvas }), 3);
  assert.equal(value(now, 'kolam_canvas_views', { canvas }), 2);
  assert.equal(value(now, 'kolam_canvas_ops_total', { canvas }), 3);
  assert.equal(value(now, 'kolam_canvas_seq', { canvas }), 3);
  assert.ok(grew('kolam_sent_bytes_total') > 100 && grew('kolam_received_bytes_total') > 100);
  assert.ok(now.get('kolam_tick_work_seconds').histograms.get('').count > 0);
  eye.socket.close();
  await eventually(async () => value(await scrape(), 'kolam_canvas_clients', { canvas }) === 2, 'one left');
});

test('requests_are_counted_by_kind_and_status', async () => {
  const mira = await Client.artist(server, { canvas: 'asked' });
  await mira.draw([10, 10, 90, 90]);
  const before_ = await scrape();
  await get(server, '/tiles/asked/0/0/0.png');
  await get(server, '/tiles/nobody/0/0/0.png');
  await get(server, '/tiles/asked/0/0/0.png?at=1');
  await get(server, '/api/canvas/asked');
  await get(server, '/api/canvas/asked/moment?at=1');
  await get(server, '/nothing-here');
  await get(server, '/metrics', { method: 'POST' }).catch(() => {});
  const now = await scrape();
  const grew = (kind, status) =>
    value(now, 'kolam_http_requests_total', { kind, status }) -
    (value(before_, 'kolam_http_requests_total', { kind, status }) ?? 0);
  assert.deepEqual(
    [
      grew('tile', '302'), grew('tile', '404'), grew('past', '200'), grew('canvas', '200'),
      grew('history', '200'), grew('page', '404'), grew('other', '405'), grew('metrics', '200'),
    ],
    [1, 1, 1, 1, 1, 1, 1, 1],
  );
});

test('refusals_are_counted_by_reason', async () => {
  const mira = await Client.artist(server, { canvas: 'refused' });
  const refused = async () => value(await scrape(), 'kolam_submissions_refused_total', { reason: 'invalid' });
  const before_ = await refused();
  mira.submit([Buffer.from([1, 2, 3])]);
  await mira.wait((event) => event.type === 'nack');
  assert.equal(await refused(), before_ + 1);
});

test('the_process_is_told_as_the_system_sees_it', async () => {
  const all = await eventually(async () => { // which it may take or give back in between
    const told = await scrape();
    const resident = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'latin1'))[1]) * 1024;
    return Math.abs(value(told, 'process_resident_memory_bytes') - resident) < 8e6 && told;
  }, 'the memory that the system tells');
  assert.ok(value(all, 'process_open_fds') > 5 && value(all, 'process_open_fds') < value(all, 'process_max_fds'));
  assert.ok(Math.abs(value(all, 'process_start_time_seconds') - Date.now() / 1000) < 300);
  assert.ok(value(all, 'kolam_loop_busy_seconds_total') > 0);
});

test('the_documentation_lists_each_metric_with_its_type_and_no_other', async () => {
  const listed = [...readFileSync(join(ROOT, 'docs/operating.md'), 'utf8')
    .matchAll(/^\| `((?:kolam|process)_\w+)` \| (\w+) \| (.+?) \|/gm)].map(([, name, type]) => `${name} ${type}`);
  const told = [...(await scrape())].map(([name, { type }]) => `${name} ${type}`);
  assert.deepEqual(listed.sort(), told.sort());
});

test('promtool_finds_nothing_wrong', async (t) => {
  const text = (await get(server, '/metrics')).body;
  const found = spawnSync(process.env.KOLAM_PROMTOOL ?? 'promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  if (found.error) {
    t.skip('promtool is not installed (Debian: prometheus)');
    return;
  }
  assert.equal(found.status, 0, found.stdout + found.stderr);
});
