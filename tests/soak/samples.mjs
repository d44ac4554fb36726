// What a server costs while it is soaked: its memory, its descriptors and its age, every few seconds, in a life of its own
// after each kill. Flat is: the end of the last life, in which nothing is killed any more, is like its warm beginning.

import { readdirSync } from 'node:fs';

import { memory } from '../wire/client.mjs';

const WARM_S = 60; // by then whoever was there before a kill has come back, and the caches have begun to fill
const EVERY_MS = 5000;

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
const mb = (bytes) => bytes / 1e6;

export class Samples {
  lives = [];

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
      life.list.push({ age: (Date.now() - life.bornMs) / 1000, rss: memory(life.pid).now, fds });
    } catch {
      // between two lives
    }
  }

  // What of the last life was not flat: [text, ...]. Caches and the rooms of allocators still fill in its middle, so a little more is.
  unflat() {
    const last = this.summary().lastLife;
    const grew = (what, [warm, end], allowed) => (end > allowed(warm) ? [`${what} grew from ${warm.toFixed(0)} to ${end.toFixed(0)} in the last ${last.seconds.toFixed(0)} s`] : []);
    return last === null ? [] : [
      ...grew('memory (MB)', last.rssMb, (warm) => 1.25 * warm + 16),
      ...grew('descriptors', last.fds, (warm) => warm + 32),
    ];
  }

  // { peakMb, fdsMost, lives, lastLife: { seconds, rss: [warm, end], fds: [warm, end] } | null }
  summary() {
    const all = this.lives.flatMap(({ list }) => list);
    const longest = this.lives.at(-1)?.list.filter(({ age }) => age >= WARM_S) ?? [];
    const third = Math.max(1, Math.floor(longest.length / 3));
    const ends = (key) => [mean(longest.slice(0, third).map((sample) => sample[key])), mean(longest.slice(-third).map((sample) => sample[key]))];
    return {
      lives: this.lives.length,
      peakMb: Math.max(...all.map(({ rss }) => mb(rss))),
      fdsMost: Math.max(...all.map(({ fds }) => fds)),
      lastLife: longest.length < 6 ? null : {
        seconds: longest.at(-1).age,
        rssMb: ends('rss').map(mb),
        fds: ends('fds'),
      },
    };
  }
}
