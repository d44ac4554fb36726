/* The pixels of a tile on which ops are drawn here, in three layers of the kernel's memory:
 *
 *   confirmed   the base picture and the ops after it, in seq order
 *   settled     and one's own finished strokes that the server has not acknowledged
 *   shown       and the strokes that are being drawn, one's own and others'
 *
 * Each is drawn only when it or one below has changed; an eraser works on what is below it,
 * which an overlay could not show. `settled` is `confirmed` itself while nothing waits. */
import { TILE_PX } from '../core/geometry.ts';
import type { Ink, Rect, TileHandle } from '../ink.ts';
import type { LiveInk } from './live.ts';

export class Surface {
  readonly canvas: HTMLCanvasElement;
  readonly confirmed: TileHandle;
  readonly shown: TileHandle;
  settled: TileHandle;
  /* Seq of the newest mark in `confirmed`; marks come in order as a rule. */
  confirmedSeq = -1;
  isConfirmedStale = true;
  isSettledStale = true;
  isShownStale = true;
  /* The strokes being drawn that `shown` holds, as they were, and where it differs from `settled` for them. */
  private readonly lives = new Map<LiveInk, number>();
  private liveRect: Rect | null = null;
  private readonly context: CanvasRenderingContext2D;

  constructor(
    private readonly ink: Ink,
    private readonly spare: Surface[],
  ) {
    this.canvas = document.createElement('canvas');
    this.canvas.width = TILE_PX;
    this.canvas.height = TILE_PX;
    this.context = this.canvas.getContext('2d')!;
    this.confirmed = ink.allocTile();
    this.shown = ink.allocTile();
    this.settled = this.confirmed;
  }

  /* Gives `settled` a layer of its own, or takes it away. */
  separateSettled(isSeparate: boolean): void {
    if (isSeparate && this.settled === this.confirmed) {
      this.settled = this.ink.allocTile();
    } else if (!isSeparate && this.settled !== this.confirmed) {
      this.ink.freeTile(this.settled);
      this.settled = this.confirmed;
    }
  }

  /* What has to be drawn again because a stroke that was shown here is not, or was drawn anew. */
  staleLive(lives: readonly LiveInk[]): Rect | null {
    for (const [live, generation] of this.lives) {
      if (live.generation !== generation || !lives.includes(live)) {
        return this.liveRect;
      }
    }
    return null;
  }

  keepLive(lives: readonly LiveInk[], rect: Rect | null): void {
    this.lives.clear();
    lives.forEach((live) => this.lives.set(live, live.generation));
    this.liveRect = rect;
  }

  /* Puts a part of `shown` on the canvas. */
  present(rect: Rect): void {
    const rgba = this.ink.tileRgbaView(this.shown, rect);
    this.context.putImageData(new ImageData(rgba, rect.x1 - rect.x0), rect.x0, rect.y0);
  }

  /* Nobody's any more: for the next tile that needs one, or gone. */
  release(): void {
    this.separateSettled(false);
    if (this.spare.length < SPARE_MAX) {
      this.isConfirmedStale = this.isSettledStale = this.isShownStale = true;
      this.confirmedSeq = -1;
      this.lives.clear();
      this.liveRect = null;
      this.spare.push(this);
    } else {
      this.ink.freeTile(this.confirmed);
      this.ink.freeTile(this.shown);
    }
  }
}

/* Making one takes longer than a frame may. */
const SPARE_MAX = 24;

export const WHOLE: Rect = { x0: 0, y0: 0, x1: TILE_PX, y1: TILE_PX };

export function unite(a: Rect | null, b: Rect | null): Rect | null {
  if (a === null || b === null) {
    return a ?? b;
  }
  return {
    x0: Math.min(a.x0, b.x0),
    y0: Math.min(a.y0, b.y0),
    x1: Math.max(a.x1, b.x1),
    y1: Math.max(a.y1, b.y1),
  };
}
