// What a server costs while it is soaked: its memory, its descriptors and its age, every few seconds, in a life of its own
// after each kill. Flat is: in the last life, in which nothing is killed any more, it is after the attackers like before them.

import { readdirSync } from 'node:fs';

import { memory } from '../wire/client.mjs';

const EVERY_MS = 5000;

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
const mb = (bytes) => bytes / 1e6;

export class Samples {
  lives = [];

  // `phase()`: what is going on: 'before' the last attackers, 'after' them, or anything else.
  constructor(phase) {
    this.phase = phase;
  }

  begin(server) {
    this.lives.push({ bornMs: Date.now(), pid: server.pid, list: [] });
    this.timer ??= setInterval(() => this.take(), EVERY_MS);
  }

  end() {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  take() {
    const life = this.lives.at(-1);
    try {
      const fds = readdirSync(`/proc/${life.pid}/fd`).length;
      life.list.push({ age: (Date.now() - life.bornMs) / 1000, phase: this.phase(), rss: memory(life.pid).now, fds });
    } catch {
      // between two lives
    }
  }

  // What of the last life was not flat: [text, ...]. Caches and the rooms of allocators still fill, so a little more is.
  unflat() {
    const last = this.summary().lastLife;
    const grew = (what, [before, after], allowed) => (after > allowed(before) ? [`${what} grew from ${before.toFixed(0)} to ${after.toFixed(0)} in the last ${last.seconds.toFixed(0)} s`] : []);
    return last === null ? [] : [
      ...grew('memory (MB)', last.rssMb, (before) => 1.25 * before + 16),
      ...grew('descriptors', last.fds, (before) => before + 32),
    ];
  }

  // { peakMb, fdsMost, lives, lastLife: { seconds, rssMb: [before, after], fds: [before, after], course: [[s, MB, fds, phase], ...] } | null }
  summary() {
    const all = this.lives.flatMap(({ list }) => list);
    const last = this.lives.at(-1)?.list ?? [];
    const of = (name) => last.filter(({ phase }) => phase === name);
    const both = (key) => [mean(of('before').map((sample) => sample[key])), mean(of('after').map((sample) => sample[key]))];
    return {
      lives: this.lives.length,
      peakMb: Math.max(...all.map(({ rss }) => mb(rss))),
      fdsMost: Math.max(...all.map(({ fds }) => fds)),
      lastLife: of('before').length === 0 || of('after').length === 0 ? null : {
        seconds: last.at(-1).age,
        rssMb: both('rss').map(mb),
        fds: both('fds'),
        course: last.filter((_, i) => i % 3 === 0).map(({ age, rss, fds, phase }) => [Math.round(age), Math.round(mb(rss)), fds, phase]),
      },
    };
  }
}
