/* Strokes that were drawn while they grew and are marks since a moment. Their ink is there already, in masks: it is kept for the
 * moments in which tiles are drawn with it, once when the stroke is finished and once when the server has it; to draw a long and
 * broad one again from its points takes many frames. */
import type { Mark } from '../core/tilelog.ts';
import type { LiveInk } from './live.ts';

/* The server's answer comes sooner, or tiles are drawn from the points. */
const KEPT_MS = 2_000;
const KEPT_MAX = 8;

export class Finished {
  private readonly inks = new Map<string, LiveInk>();
  /* Those of them that are in the log. */
  private readonly confirmed = new Set<string>();

  constructor(private readonly later: (run: () => void, ms: number) => void) {}

  add(key: string, ink: LiveInk): void {
    this.inks.set(key, ink);
    this.later(() => this.forget(key), KEPT_MS);
    const [oldest] = this.inks.keys();
    if (this.inks.size > KEPT_MAX) {
      this.forget(oldest!);
    }
  }

  /* Once all of the mark is there. */
  of(mark: Mark): LiveInk | null {
    const isWhole = mark.parts.length === mark.parts[0]!.parts;
    return isWhole ? (this.inks.get(mark.key) ?? null) : null;
  }

  confirm(key: string): void {
    this.confirmed.add(key);
  }

  /* All tiles are up to date. */
  painted(): void {
    this.confirmed.forEach((key) => this.forget(key));
    this.confirmed.clear();
  }

  private forget(key: string): void {
    this.inks.get(key)?.reset();
    this.inks.delete(key);
  }
}
