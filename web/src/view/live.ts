/* A stroke while it grows, in the kernel: its points in slots, and a mask for each tile it
 * touches, to which only new capsules are added. One slot holds the points of one op; a longer
 * stroke takes several, each beginning where the one before ended. */
import { POINTS_MAX, type Stroke } from '../core/op.ts';
import type { TileId } from '../core/geometry.ts';
import type { Ink, MaskHandle, Rect, StrokeHandle, TileHandle } from '../ink.ts';

interface TileMask {
  mask: MaskHandle;
  added: number; /* points */
  slots: number; /* how many there were when it was drawn */
}

const PART_STEP = POINTS_MAX - 1;

/* The points that begin a contour of a filled shape, other than its first. */
function contourBegins(stroke: Stroke): Set<number> {
  let at = 0;
  return new Set((stroke.contours ?? []).slice(0, -1).map((size) => (at += size)));
}

/* Fills a slot with points [from, to) of a stroke. */
export function loadPoints(
  ink: Ink,
  slot: StrokeHandle,
  stroke: Stroke,
  from: number,
  to: number,
): void {
  const { points } = stroke;
  const point = { x: 0, y: 0, pressure: 255, dtMs: 0 };
  const begins = contourBegins(stroke);
  for (let i = from; i < to; i++) {
    if (begins.has(i)) {
      ink.nextContour(slot);
    }
    point.x = points.x[i]!;
    point.y = points.y[i]!;
    point.pressure = points.pressure[i]!;
    ink.pushPoint(slot, point);
  }
}

export class LiveInk {
  private readonly slots: StrokeHandle[] = [];
  private readonly masks = new Map<string, TileMask>();
  private loaded = 0;

  constructor(
    private readonly ink: Ink,
    private readonly stroke: Stroke,
  ) {}

  touch(key: string): void {
    if (!this.masks.has(key)) {
      this.masks.set(key, { mask: this.ink.allocMask(), added: 0, slots: 0 });
    }
  }

  touches(key: string): boolean {
    return this.masks.has(key);
  }

  get touchedKeys(): Iterable<string> {
    return this.masks.keys();
  }

  /* Draws the stroke over `tile`; where it was drawn, or null. */
  composite(tile: TileId & { key: string }, pixels: TileHandle): Rect | null {
    const held = this.masks.get(tile.key);
    if (held === undefined) {
      return null;
    }
    this.load();
    if (held.slots !== this.slots.length && held.slots > 0) {
      this.ink.clearMask(held.mask); /* what was the last part is not any more */
      held.added = 0;
    }
    this.slots.forEach((slot, part) => {
      const base = part * PART_STEP;
      const first = Math.max(0, held.added - base);
      if (first < Math.min(POINTS_MAX, this.loaded - base)) {
        this.ink.addStroke(held.mask, slot, first, tile);
      }
    });
    held.added = this.loaded;
    held.slots = this.slots.length;
    return this.ink.composite(held.mask, this.stroke, pixels, pixels);
  }

  /* The points moved: everything is drawn anew. */
  reset(): void {
    this.slots.forEach((slot) => this.ink.freeStroke(slot));
    this.slots.length = 0;
    this.loaded = 0;
    for (const held of this.masks.values()) {
      this.ink.freeMask(held.mask);
    }
    this.masks.clear();
  }

  private load(): void {
    const { count } = this.stroke.points;
    while (this.loaded < count) {
      const part = this.loaded === 0 ? 0 : Math.floor((this.loaded - 1) / PART_STEP);
      let from = this.loaded;
      if (part === this.slots.length) {
        this.addSlot();
        from = part * PART_STEP;
      }
      const to = Math.min(count, part * PART_STEP + POINTS_MAX);
      loadPoints(this.ink, this.slots[part]!, this.stroke, from, to);
      this.loaded = to;
    }
  }

  private addSlot(): void {
    const slot = this.ink.allocStroke();
    this.ink.beginStroke(slot, this.stroke.origin, this.stroke);
    this.slots.push(slot);
    if (this.slots.length > 1) {
      this.slots.forEach((each, part) => this.ink.setPart(each, part, this.slots.length));
    }
  }
}
