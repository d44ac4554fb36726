/* Artists' names by number; those not known yet are asked for together. 0 is somebody on a
 * canvas that has no op yet. */
import { shownName } from '../i18n/former.ts';
import type { Person } from '../net/session.ts';

const ASK_AFTER_MS = 120;
const ASK_MAX = 256;
/* A page that looks on for weeks meets many: the longest known are asked for again. */
const KNOWN_MAX = 4_096;

export class Names {
  /* Who shows names beside the wall hears of new ones. */
  onLearn: (() => void) | null = null;
  private readonly known = new Map<number, string>();
  private readonly asked = new Set<number>();
  private timer: number | null = null;

  constructor(
    private readonly ask: (artists: number[]) => boolean,
    private readonly later: (run: () => void, ms: number) => number,
  ) {}

  nameOf(artist: number): string {
    const name = this.known.get(artist);
    if (name === undefined && artist > 0 && !this.asked.has(artist)) {
      this.asked.add(artist);
      this.timer ??= this.later(() => this.askNow(), ASK_AFTER_MS);
    }
    return name ?? '';
  }

  learn(list: readonly Person[]): void {
    for (const { artist, name } of list) {
      this.known.delete(artist);
      this.known.set(artist, shownName(name));
      this.asked.delete(artist);
    }
    for (const artist of this.known.keys()) {
      if (this.known.size <= KNOWN_MAX) {
        break;
      }
      this.known.delete(artist);
    }
    this.onLearn?.();
  }

  private askNow(): void {
    this.timer = null;
    const unknown = [...this.asked].filter((artist) => !this.known.has(artist));
    for (let i = 0; i < unknown.length; i += ASK_MAX) {
      if (!this.ask(unknown.slice(i, i + ASK_MAX))) {
        this.asked.clear();
        return;
      }
    }
  }
}
