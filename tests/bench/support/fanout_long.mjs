// The long rows of docs/benchmarks.md: crowds of thousands, with real drawings. Each row is said when it is done.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { kolam, makeFolder, removeFolder } from '../../wire/process.mjs';
import { printTable } from './table.mjs';

const HEAD = ['crowd', 'owed ops', 'of them came', 'p50 ms', 'p99 ms', 'max ms', 'loop thread', 'all threads', 'peak MB', 'own lag p99 ms', ''];
const percent = (share) => `${(share * 100).toFixed(0)}%`;

function row(name, run, more) {
  const ms = [run.latency_ms.p50, run.latency_ms.p99, run.latency_ms.max].map((value) => value.toFixed(0));
  return [name, run.owed_ops, run.faults === '' ? 'all' : `${run.missing} missing`, ...ms, percent(run.server_loop_share),
    percent(run.server_cpu_s / run.seconds), run.server_peak_rss_mb.toFixed(0), run.own_lag_ms.p99.toFixed(1), more];
}

// A folder that holds the whole corpus: a copy of `data`, or imported; and the disk is done with it.
async function wholeCorpus(corpus, data) {
  const folder = makeFolder();
  if (data) {
    cpSync(data, folder, { recursive: true });
  } else {
    const files = readdirSync(corpus).filter((name) => name.endsWith('.zst')).map((name) => join(corpus, name));
    const run = await kolam(['import', '--data', folder, ...files], { deadlineMs: 900e3 });
    if (run.code !== 0) {
      throw new Error(run.stderr);
    }
  }
  spawnSync('sync');
  return folder;
}

// `scale`: 1 is as long as the table says.
export async function longTable({ load, onFreshServer, corpus, data, scale, only }) {
  const rows = [];
  const minutes = (count) => Math.max(5, Math.round(60 * count * scale));
  const add = async (name, args, { more = () => '', folder } = {}) => {
    if (only && !only.test(name)) {
      return;
    }
    const run = await onFreshServer((server) => load(server, args, { deadlineMs: 1800e3 }), [], folder);
    rows.push(row(name, run, more(run)));
    console.log(JSON.stringify({ name, ...run }));
  };
  const seats = join(corpus, 'quickdraw-sketches.ndjson.zst');
  await add('10,000 idle', ['--artists', 0, '--watchers', 10000, '--same-view', '--seconds', minutes(0.5)]);
  const talk = ['--artists', 20, '--watchers', 500, '--same-view', '--rate', 5, '--seconds', minutes(0.75)];
  await add('500 with 20 artists', talk);
  await add('the same, and 500 stalled readers', [...talk, '--stalled', 500], { more: (run) => `${run.stalled_closed} of ${run.stalled} closed` });
  if (existsSync(seats)) {
    const folder = await wholeCorpus(corpus, data);
    await add('1,000 joins in 10 s, whole corpus',
      ['--artists', 20, '--watchers', 200, '--same-view', '--rate', 2, '--joins', '1000/10', '--canvas', 'main', '--seconds', 30],
      { folder, more: (run) => `all tiles there: p50 ${run.join_tiles_ms.p50.toFixed(0)}, max ${run.join_tiles_ms.max.toFixed(0)} ms` });
    removeFolder(folder);
    await add('5,000 at one place, 3 artists', ['--artists', 3, '--watchers', 5000, '--same-view', '--replay', seats, '--seconds', minutes(1)]);
    await add('5,000 spread, 64 seats', ['--artists', 64, '--watchers', 5000, '--replay', seats, '--seconds', minutes(10)]);
  }
  printTable(HEAD, rows);
}
