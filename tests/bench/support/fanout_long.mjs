// The long rows of docs/benchmarks.md: crowds of thousands, with real drawings.

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { kolam } from '../../wire/process.mjs';
import { printTable } from './table.mjs';

const minutes = (count) => Math.round(60 * count * Number(process.env.KOLAM_BENCH_SCALE ?? 1));

function row(name, run, more = '') {
  const percent = (share) => `${(share * 100).toFixed(0)}%`;
  return [name, run.faults === '' ? 'all' : `missing ${run.missing}`, run.latency_ms.p50.toFixed(0), run.latency_ms.p99.toFixed(0),
    run.latency_ms.max.toFixed(0), percent(run.server_loop_share), percent(run.server_cpu_s / run.seconds),
    run.server_peak_rss_mb.toFixed(0), run.own_lag_ms.p99.toFixed(1), more];
}

export async function longTable({ load, onFreshServer, SEATS }) {
  const rows = [];
  const all = SEATS ? readdirSync(dirname(SEATS)).filter((name) => name.endsWith('.zst')).map((name) => join(dirname(SEATS), name)) : [];
  const add = async (name, args, { more = () => '', prepare = async () => {} } = {}) => {
    const run = await onFreshServer(async (server) => {
      await prepare(server);
      return load(server, args);
    });
    rows.push(row(name, run, more(run)));
    console.error(`${name}: done${run.faults && `\n${run.faults}`}`);
  };
  if (SEATS) {
    await add('5,000 spread, 64 seats', ['--artists', 64, '--watchers', 5000, '--replay', SEATS, '--seconds', minutes(10)]);
    await add('5,000 at one place, 3 artists', ['--artists', 3, '--watchers', 5000, '--same-view', '--replay', SEATS, '--seconds', minutes(2)]);
    await add('1,000, 500 of them stalled', ['--artists', 20, '--watchers', 500, '--stalled', 500, '--same-view', '--rate', 5, '--seconds', minutes(1)],
      { more: (run) => `${run.stalled_closed} of ${run.stalled} closed` });
    await add('the same without the stalled', ['--artists', 20, '--watchers', 500, '--same-view', '--rate', 5, '--seconds', minutes(1)]);
    await add('1,000 joins in 10 s, full corpus', ['--artists', 20, '--watchers', 200, '--same-view', '--rate', 2, '--joins', '1000/10', '--canvas', 'main', '--seconds', 30],
      { prepare: (server) => kolam(['import', '--server', server.origin, '--admin-token-file', join(server.data, 'admin.token'), ...all], { deadlineMs: 900e3 }),
        more: (run) => `first view p50 ${run.join_ms.p50.toFixed(0)}, max ${run.join_ms.max.toFixed(0)} ms` });
  }
  await add('10,000 idle', ['--artists', 0, '--watchers', 10000, '--same-view', '--seconds', minutes(1)]);
  printTable(['crowd', 'owed ops', 'p50 ms', 'p99 ms', 'max ms', 'loop', 'CPU', 'peak MB', 'own lag p99 ms', ''], rows);
}
