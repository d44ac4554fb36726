// What a server costs while it is soaked: its memory, part by part, its descriptors and its age, every few seconds, in a life of its
// own after each kill. Flat is, in the last life, in which nothing is killed any more: after the attackers, and a rest in which it
// closes what nobody needs and gives memory back, it is like before them.
//
// Caches fill, up to their bounds, for as long as there is something new to look at; that is told, and is no leak. So what is judged is
//   the heap in use without its caches (kolam_heap_used_bytes less kolam_memory_bytes), which holds connections, sessions, open
//   canvases, what is under way: it must come back, and stay;
//   each cache: it must keep to its bound;
//   what lies in RAM beyond the heap in use: the server gives it back when it is more than a quarter of that, and 8 MB.

import { readdirSync, readFileSync } from 'node:fs';

import { get } from '../wire/client.mjs';

const EVERY_MS = 2000;
const MB = 1e6;
const PARTS = ['storage', 'tiles', 'recent', 'versions', 'accounts', 'unended'];

// How much the heap without its caches may be larger after attackers than before: the crowd is the same, but the strokes, frames and jobs
// under way at the moment of a sample, a worker's room for one canvas more (1 MB), and what each thread's allocator has at hand vary.
const LIVE_MB = 4;
const LIVE_SHARE = 1.15;
// In peace, by the line through all samples: a hundredth of that for each second would be seen in minutes.
const PEACE_MB_PER_MINUTE = 1;
// Beyond the heap: stacks and data of libraries (under 8 MB), and what the server may keep (server/trim.c).
const beyondMb = (heapMb) => 16 + heapMb / 4;

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
const fixed = (number) => number.toFixed(1);

// What it grows by a second, of [x, y] pairs, by least squares.
export function slope(pairs) {
  const mx = mean(pairs.map(([x]) => x));
  const my = mean(pairs.map(([, y]) => y));
  const square = pairs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  return square === 0 ? 0 : pairs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / square;
}

function figuresOf(text) {
  const value = (name) => Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1]);
  const parts = Object.fromEntries(PARTS.map((part) => [part, value(`kolam_memory_bytes{part="${part}"}`) / MB]));
  const heap = value('kolam_heap_used_bytes') / MB;
  return { ...parts, heap, live: heap - Object.values(parts).reduce((a, b) => a + b), canvases: value('kolam_canvases_open'), connections: value('kolam_connections') };
}

// { rss, private } of a process, in MB.
function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const mb = (name) => (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)[1]) * 1024) / MB;
  return { rss: mb('VmRSS'), private: mb('RssAnon') };
}

export class Samples {
  lives = [];

  // `phase()`: what is going on: 'before' the last attackers, 'after' them, or anything else. `bounds`: MB, of parts that have one.
  constructor(phase, bounds) {
    this.phase = phase;
    this.bounds = bounds;
  }

  begin(server) {
    this.lives.push({ bornMs: Date.now(), server, list: [] });
    this.timer ??= setInterval(() => this.take(), EVERY_MS);
  }

  end() {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  async take() {
    const life = this.lives.at(-1);
    try {
      const figures = figuresOf((await get(life.server, '/metrics')).body.toString());
      const fds = readdirSync(`/proc/${life.server.pid}/fd`).length;
      life.list.push({ age: (Date.now() - life.bornMs) / 1000, phase: this.phase(), ...memoryOf(life.server.pid), ...figures, fds });
    } catch {
      // between two lives
    }
  }

  #of(phase) {
    return (this.lives.at(-1)?.list ?? []).filter((sample) => sample.phase === phase);
  }

  // { part: [before, the most during attacks, after], ... }, in MB; null if one of them was too short to be seen.
  account() {
    const [before, attacks, after] = [this.#of('before'), this.#of('attacks'), this.#of('after')];
    const keys = ['rss', 'private', 'heap', 'live', ...PARTS, 'fds', 'canvases', 'connections'];
    return before.length < 3 || after.length < 3 ? null : Object.fromEntries(keys.map((key) => [key, [
      mean(before.map((sample) => sample[key])),
      Math.max(...[...attacks, ...before.slice(-1)].map((sample) => sample[key])),
      mean(after.map((sample) => sample[key])),
    ]]));
  }

  // MB a minute, while there was peace after the attackers; null if that was too short to tell (under a minute).
  growth(key) {
    const pairs = this.#of('after').map((sample) => [sample.age, sample[key]]);
    return pairs.length > 2 && pairs.at(-1)[0] - pairs[0][0] >= 60 ? slope(pairs) * 60 : null;
  }

  // What of the last life was not flat: [text, ...].
  unflat() {
    const account = this.account();
    if (account === null) {
      return [];
    }
    const problems = [];
    const expect = (isWell, text) => isWell || problems.push(text);
    const [before, , after] = account.live;
    expect(after <= LIVE_SHARE * before + LIVE_MB, `the heap without caches was ${fixed(before)} MB before the attackers, and is ${fixed(after)} after them and a rest`);
    for (const [part, bound] of Object.entries(this.bounds)) {
      const [first, , last] = account[part]; // while a thousand walls are open SQLite's bound gives way to what each of them needs
      expect(Math.max(first, last) <= bound, `${part} took ${fixed(Math.max(first, last))} MB of at most ${fixed(bound)}`);
    }
    const beyond = account.private[2] - account.heap[2];
    expect(beyond <= beyondMb(account.heap[2]), `${fixed(beyond)} MB lie in RAM beyond the ${fixed(account.heap[2])} of the heap in use`);
    const growth = this.growth('live');
    expect(growth === null || growth <= PEACE_MB_PER_MINUTE, `in peace the heap without caches grows by ${fixed(growth ?? 0)} MB a minute`);
    expect(account.fds[2] <= account.fds[0] + 32, `descriptors grew from ${fixed(account.fds[0])} to ${fixed(account.fds[2])}`);
    return problems;
  }

  // { peakMb, fdsMost, lives, lastLife: { seconds, account, growth, course: [[s, phase, RSS, heap, live, fds], ...] } | null }
  summary() {
    const all = this.lives.flatMap(({ list }) => list);
    const last = this.lives.at(-1)?.list ?? [];
    const account = this.account();
    return {
      lives: this.lives.length,
      peakMb: Math.max(...all.map(({ rss }) => rss)),
      fdsMost: Math.max(...all.map(({ fds }) => fds)),
      lastLife: account && {
        seconds: last.at(-1).age,
        account,
        growth: { rss: this.growth('rss'), heap: this.growth('heap'), live: this.growth('live'), storage: this.growth('storage') },
        course: last.filter((_, i) => i % 5 === 0).map(({ age, phase, rss, heap, live, fds }) => [Math.round(age), phase, Math.round(rss), Math.round(heap), Math.round(live), fds]),
      },
    };
  }
}

// The account as a table, a row a part.
export function accountLines({ seconds, account, growth }) {
  const row = (cells) => `    ${cells[0].padEnd(14)}${cells.slice(1).map((cell) => String(cell).padStart(10)).join('')}`;
  const names = { private: 'not of files', heap: 'heap in use', live: 'without caches', fds: 'descriptors' };
  return [
    `  the last life (${seconds.toFixed(0)} s), in MB:`,
    row(['', 'before', 'most', 'after']),
    ...Object.entries(account).map(([key, values]) => row([names[key] ?? key, ...values.map((value) => (['fds', 'canvases', 'connections'].includes(key) ? value.toFixed(0) : fixed(value)))])),
    `    in peace, MB a minute: ${Object.entries(growth).map(([key, value]) => `${names[key] ?? key} ${value === null ? '-' : value.toFixed(2)}`).join(', ')}`,
  ];
}
