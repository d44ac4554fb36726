/* What happens around, told in words to those who listen instead of look: sparingly, at most one line in ten
 * seconds, only what is new, never one's own. Pure; the clock is passed in. */

export type Side = 'here' | 'left' | 'right' | 'above' | 'below';

export interface Neighbour {
  key: string;
  name: string;
  side: Side;
  isDrawing: boolean;
}

export type Line =
  | { kind: 'draws'; name: string; side: Side }
  | { kind: 'many'; count: number; side: Side | null } /* null: all around */
  | { kind: 'quiet' };

const EVERY_MS = 10_000;
/* One who was told of is news again after this, or elsewhere. */
const NEWS_MS = 120_000;
const QUIET_MS = 45_000;

export class Happenings {
  private toldMs = -Infinity;
  private busyMs = -Infinity;
  private isBusy = false;
  private readonly told = new Map<string, { side: Side; atMs: number }>();

  update(neighbours: readonly Neighbour[], nowMs: number): Line | null {
    const drawing = neighbours.filter(({ isDrawing }) => isDrawing);
    if (drawing.length > 0) {
      this.busyMs = nowMs;
    }
    if (nowMs - this.toldMs < EVERY_MS) {
      return null;
    }
    const line = this.line(drawing, nowMs);
    if (line !== null) {
      this.toldMs = nowMs;
    }
    return line;
  }

  private line(drawing: readonly Neighbour[], nowMs: number): Line | null {
    const isNews = ({ key, side }: Neighbour): boolean => {
      const before = this.told.get(key);
      return before === undefined || before.side !== side || nowMs - before.atMs > NEWS_MS;
    };
    const news = drawing.filter(isNews);
    if (news.length > 0) {
      this.isBusy = true;
      drawing.forEach(({ key, side }) => this.told.set(key, { side, atMs: nowMs }));
      if (drawing.length === 1) {
        return { kind: 'draws', name: news[0]!.name, side: news[0]!.side };
      }
      const sides = new Set(drawing.map(({ side }) => side));
      return { kind: 'many', count: drawing.length, side: sides.size === 1 ? [...sides][0]! : null };
    }
    if (this.isBusy && drawing.length === 0 && nowMs - this.busyMs > QUIET_MS) {
      this.isBusy = false;
      this.told.clear();
      return { kind: 'quiet' };
    }
    return null;
  }
}

/* Where a place of the screen is, for one who looks at its middle; beyond the edges as well. */
export function sideOf(x: number, y: number, width: number, height: number): Side {
  const across = x / width - 0.5;
  const down = y / height - 0.5;
  if (Math.max(Math.abs(across), Math.abs(down)) < 0.22) {
    return 'here';
  }
  if (Math.abs(across) >= Math.abs(down)) {
    return across < 0 ? 'left' : 'right';
  }
  return down < 0 ? 'above' : 'below';
}
