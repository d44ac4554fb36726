// A wall as on its worst day, for as long as one likes: artists who draw the corpora at the tempo at which people drew them,
// watchers who come and go, connections that break, a server that is killed and started again, and attackers, by turns.
// At the end: nothing acknowledged is lost or doubled, pixels are what the log says, memory and descriptors are flat.
//
//     make soak MINUTES=10              or node tests/soak/soak.mjs --minutes 10 ... (--help tells the others)
//
// It can be resumed: each call goes on with the same wall (DIR, build/soak by default), and in the end looks at all of it. The
// server is killed, and attacked, in the first third of the time; then it lives on, has peace for a fifth, is attacked again, and has
// peace for the last three tenths: between the two its memory and descriptors are compared (samples.mjs). --calm: no attackers. At least
// 3 minutes are needed for the comparison (in less than 6 the first attackers are left out), 6 for what grows in peace. --attacks: only these of tests/hostile/programs.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { makeRandom } from '../crash/load.mjs';
import { BIN, eventually, get, kolam, ROOT, startServer } from '../wire/client.mjs';
import { freePort } from '../wire/ports.mjs';
import { holdAgainst } from './account.mjs';
import { accountLines, Samples } from './samples.mjs';

const HELP = `node tests/soak/soak.mjs [--minutes N] [--folder DIR] [--artists N] [--watchers N] [--kill-every S] [--seed N] [--calm | --attacks NAME,NAME]

A crowd, kills and attackers against a server of its own; at the end its log, its pixels and its memory are held to account.

  --minutes N       how long; default 10. At least 3 for memory before and after attackers, 6 for what grows in peace
  --folder DIR      the wall and the journals, gone on with if they are there; default build/soak
  --artists N       who draw; default 200
  --watchers N      who look; default 500
  --kill-every S    the server is killed about so often, in the first third; default 90
  --seed N          the same kills and attacks again
  --calm            no attackers
  --attacks NAMES   only these of tests/hostile/programs, by commas
  --help
`;
const misused = (words) => {
  console.error(`soak: ${words}; --help tells more`);
  process.exit(2);
};

function parse() {
  const text = (value) => ({ type: 'string', default: value });
  try {
    return parseArgs({
      options: {
        minutes: text('10'), folder: text(join(ROOT, 'build/soak')), artists: text('200'), watchers: text('500'), attacks: text(''),
        'kill-every': text('90'), seed: text(String(Date.now() % 1e6)), calm: { type: 'boolean' }, help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    return misused(error.message.split('\n')[0].replace(/\.( .*)?$/, ''));
  }
}

const given = parse();
if (given.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const number = (name, isRight, what) => {
  const value = Number(given[name]);
  return given[name].trim() !== '' && isRight(value) ? value : misused(`--${name} ${given[name]}: ${what}`);
};
const isPositive = (value) => value > 0 && value < Infinity;
const isCount = (value) => Number.isInteger(value) && value >= 0;
const MINUTES = number('minutes', isPositive, 'not a number above 0');
const FOLDER = resolve(given.folder);
const ARTISTS = String(number('artists', isCount, 'not a count'));
const WATCHERS = String(number('watchers', isCount, 'not a count'));
const KILL_EVERY_S = number('kill-every', isPositive, 'not a number above 0');
const SEED = number('seed', isCount, 'not a count');
const ATTACKS_WANTED = given.attacks.split(',').filter(Boolean);
const isCalm = given.calm === true;
const CORPUS = join(process.env.KOLAM_SHARED ?? resolve(ROOT, '../shared'), 'corpus');
const ATTACKS = join(ROOT, 'tests/hostile/attack.mjs');
const PROGRAMS = join(ROOT, 'tests/hostile/programs');
const SHARES = { kills: 0.35, rest: 0.55, attacks: 0.7 }; // until when, of the time
// So long whoever was there before comes back, attackers' connections end, and the server closes what they opened (IDLE_S, for workers half as
// long again) and gives memory back (each 10 s).
const SETTLE_S = 40;
const IDLE_S = 5;
const TILES_MB = 16;
const PAGES_MB = 64;
const CANVAS = 'load'; // the wall that the programs of tests/hostile attack, too

const random = makeRandom(SEED);
const between = (low, high) => low + random.next() * (high - low);
const pause = (s) => new Promise((done) => setTimeout(done, s * 1000));
const statePath = join(FOLDER, 'state.json');

const unknown = ATTACKS_WANTED.find((name) => !existsSync(join(PROGRAMS, `${name}.mjs`)));
if (unknown !== undefined) {
  misused(`--attacks ${unknown}: not one of tests/hostile/programs`);
}
mkdirSync(FOLDER, { recursive: true });
const state = existsSync(statePath) ? JSON.parse(readFileSync(statePath, 'utf8')) : { segments: [] };
const segmentNumber = state.segments.length + 1;
const journal = join(FOLDER, `journal-${segmentNumber}.txt`);
rmSync(journal, { force: true });

// ---- the server and its lives ----

const beganMs = Date.now();
const seconds = MINUTES * 60;
const isShort = seconds < 360; // then nobody attacks before the comparison: there is no time to rest from it
const untilMs = (name) => beganMs + SHARES[name] * seconds * 1000;
const samples = new Samples(() => {
  const nowMs = Date.now();
  const isWithin = (from, toMs) => nowMs > untilMs(from) + (isShort && from === 'kills' ? 15 : SETTLE_S) * 1000 && nowMs < toMs;
  return isWithin('kills', untilMs('rest')) ? 'before'
    : isWithin('attacks', beganMs + seconds * 1000) ? 'after'
      : nowMs < untilMs('kills') ? 'kills' : nowMs > untilMs('rest') && nowMs < untilMs('attacks') ? 'attacks' : 'between';
}, { storage: PAGES_MB * 1.048576, tiles: TILES_MB * 1.048576, recent: 2 * 8.4, accounts: 17, unended: 1 });
const port = await freePort();
const restarts = [];
let server;

async function live() {
  const began = performance.now();
  server = await startServer({ data: join(FOLDER, 'data'), port, args: ['--log-level', 'warn', '--tile-cache-mb', String(TILES_MB), '--page-cache-mb', String(PAGES_MB), '--idle-s', String(IDLE_S)] });
  await eventually(async () => (await get(server, '/healthz')).status === 200, 'health');
  restarts.push(performance.now() - began);
  samples.begin(server);
}

// ---- the crowd ----

function crowd(seconds) {
  const files = existsSync(CORPUS)
    ? readdirSync(CORPUS).filter((name) => name.endsWith('.ndjson.zst')).flatMap((name) => ['--replay', join(CORPUS, name)])
    : [];
  if (files.length === 0) {
    console.log(`no corpus at ${CORPUS} (KOLAM_SHARED): made-up strokes instead`);
  }
  const child = spawn(BIN, ['load', '--server', server.origin, '--canvas', CANVAS, '--artists', ARTISTS, '--watchers', WATCHERS,
    '--seconds', String(seconds), ...files, '--reconnect', '1', '--churn', '1', '--undo', '0.02', '--outlive', '--journal', journal,
    '--settle', '90', '--late', '90', '--seed', String(SEED), '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (said.err += text));
  const crowd = { isOver: false, child };
  crowd.ended = new Promise((done) => child.on('close', (code) => {
    crowd.isOver = true;
    done({ code, err: said.err, json: said.out.trim() ? JSON.parse(said.out) : null });
  }));
  return crowd;
}

// ---- what happens to them ----

let kills = 0;

async function killNowAndThen(people, untilMs) {
  for (;;) {
    const atMs = Date.now() + between(0.4, 1.6) * KILL_EVERY_S * 1000;
    if (atMs > untilMs) {
      return;
    }
    while (Date.now() < atMs && !people.isOver) {
      await pause(0.2);
    }
    if (people.isOver) {
      return;
    }
    await server.kill();
    kills += 1;
    await pause(between(0, 1));
    await live();
  }
}

// Somebody looks, at all scales: so that there are derived pixels to be wrong.
async function lookAround(people) {
  while (!people.isOver) {
    await pause(0.25);
    try {
      const { box } = JSON.parse((await get(server, `/api/canvas/${CANVAS}`)).body);
      const level = -random.below(9);
      const tile = (low, high) => Math.floor((between(Number(low), Number(high)) * 2 ** level) / 256);
      const answer = box && (await get(server, `/tiles/${CANVAS}/${level}/${tile(box[0], box[2])}/${tile(box[1], box[3])}.png`));
      if (answer?.headers.location) {
        await get(server, answer.headers.location);
      }
    } catch {
      await pause(0.5); // the server is gone, or busy with attackers
    }
  }
}

const attacks = {};
const found = []; // what attackers say that they should not have been able to do

async function attackNowAndThen(people, untilMs) {
  const names = (existsSync(PROGRAMS) ? readdirSync(PROGRAMS).filter((name) => name.endsWith('.mjs')).map((name) => name.slice(0, -4)) : [])
    .filter((name) => ATTACKS_WANTED.length === 0 || ATTACKS_WANTED.includes(name));
  if (names.length === 0) {
    return;
  }
  while (!people.isOver && Date.now() < untilMs) {
    await pause(between(2, 20));
    const name = names[random.below(names.length)];
    const seconds = Math.min(between(5, 20), (untilMs - Date.now()) / 1000);
    if (seconds > 1) {
      attacks[name] = (attacks[name] ?? 0) + 1;
      const child = spawn(process.execPath, [ATTACKS, name, '--server', server.origin, '--seconds', seconds.toFixed(1), '--seed', String(random.below(1e6))],
        { stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      child.stdout.on('data', (text) => (said += text));
      child.stderr.on('data', (text) => (said += text));
      const ended = new Promise((done) => child.on('close', done));
      await Promise.race([ended, pause(seconds + 30)]);
      child.kill('SIGKILL');
      const code = await ended;
      if (code) {
        found.push(`${name}: ${said.slice(-500)}`);
      }
    }
  }
}

// Whoever comes first with a thousand walls of their own would leave no room for the crowd's.
async function begun() {
  await eventually(async () => (await get(server, `/api/canvas/${CANVAS}`).catch(() => ({}))).status === 200, 'the first stroke', 60_000);
}

async function attackTwice(people) {
  await begun();
  await attackNowAndThen(people, isShort ? 0 : untilMs('kills'));
  while (!people.isOver && Date.now() < untilMs('rest')) {
    await pause(1);
  }
  await attackNowAndThen(people, untilMs('attacks'));
}

// ---- the end ----

const figure = (value, digits = 1) => (value === undefined || value === null ? '-' : value.toFixed(digits));

function tell(segment) {
  const { load, memory } = segment;
  console.log(`segment ${segmentNumber}: ${figure(segment.minutes)} minutes, seed ${SEED}: ${kills} kills, ${Object.values(attacks).reduce((a, b) => a + b, 0)} attacks (${Object.keys(attacks).length} kinds)`);
  console.log(`  crowd: ${load.ops_sent} ops sent, ${load.ops_sent_again} again; ${load.outlived} connections outlived the server, ${load.reconnects} broke, ${load.churned} were replaced, ${load.undone} taken back`);
  console.log(`  owed ${load.owed_ops}, missing ${load.missing}, duplicated ${load.duplicated}, out of order ${load.out_of_order}, wrong ${load.wrong}, unacknowledged ${load.unacknowledged}, refused ${load.refused}`);
  console.log(`  latency p50 ${figure(load.latency_ms.p50)}, p99 ${figure(load.latency_ms.p99)} ms; back after ${figure(load.return_ms.p50)}, p99 ${figure(load.return_ms.p99)} ms; server healthy again after at most ${figure(Math.max(...restarts), 0)} ms`);
  console.log(`  memory: peak ${figure(memory.peakMb)} MB of ${memory.lives} lives, at most ${memory.fdsMost} descriptors`);
  console.log(memory.lastLife ? accountLines(memory.lastLife).join('\n') : '  too short for a comparison of its memory before and after attackers');
}

// Started by hand at any time: an interrupted soak ends as one that is over.
let people;
process.on('SIGINT', () => people?.child.kill('SIGINT'));
process.on('SIGTERM', () => people?.child.kill('SIGINT'));

await live();
people = crowd(seconds);
const [ended] = await Promise.all([
  people.ended,
  killNowAndThen(people, untilMs('kills')),
  lookAround(people),
  isCalm ? null : attackTwice(people),
]);
samples.end();
const stopped = await server.stop();
const problems = [...found, ...samples.unflat()];
if (stopped.code !== 0) {
  problems.push(`the server ended with ${stopped.signal ?? stopped.code}: ${server.log().slice(-2000)}`);
}
if (!ended.json) {
  console.error(`soak: the crowd ended early (${ended.code}): ${ended.err}`);
  process.exit(1);
}
if (ended.code !== 0) {
  problems.push(`the crowd's account: ${ended.err}`);
}
state.segments.push({ minutes: (Date.now() - beganMs) / 60_000, seed: SEED, kills, attacks, restarts, load: ended.json, memory: samples.summary() });
writeFileSync(statePath, JSON.stringify(state, null, 1));
tell(state.segments.at(-1));

const account = await holdAgainst(join(FOLDER, 'data/canvases', `${CANVAS}.kolam`), state.segments.map((_, i) => join(FOLDER, `journal-${i + 1}.txt`)));
problems.push(...account.problems);
console.log(`the log: ${account.rows} ops, of which ${account.acknowledged} were acknowledged to the crowds and ${account.partial} are partial`);
const check = await kolam(['check', '--data', join(FOLDER, 'data')], { deadlineMs: 1_800_000 });
const walls = check.stdout.trim().split('\n');
console.log(`${walls.find((line) => line.startsWith(`${CANVAS}:`))}\n${walls.length - 1} other walls that attackers made`);
if (check.code !== 0) {
  problems.push(`kolam check: ${check.stderr}`);
}
const minutes = state.segments.reduce((sum, segment) => sum + segment.minutes, 0);
const allKills = state.segments.reduce((sum, segment) => sum + segment.kills, 0);
console.log(`in all ${figure(minutes)} minutes in ${segmentNumber} segments, ${allKills} kills: ${problems.length === 0 ? 'nothing acknowledged is lost or doubled, pixels are what the log says' : 'NOT well'}`);
problems.forEach((problem) => console.error(`soak: ${problem}`));
process.exit(problems.length === 0 ? 0 : 1);
