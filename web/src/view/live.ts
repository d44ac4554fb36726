/* A stroke while it grows, in the kernel: its points in slots, and a mask for each tile it
 * touches, to which only new capsules are added. One slot holds the points of one op; a longer
 * stroke takes several, each beginning where the one before ended.
 *
 * Only what changed is drawn again: `advance` tells where, `composite` draws there. The tail is ink that is shown and
 * never kept: from the newest point to where the pointer is, or will be by the time it is seen. It is added to a mask of
 * its own each time, and united with the stroke's before that is composited: translucent ink stays even. */
import { POINTS_MAX, type Points, type Stroke } from '../core/op.ts';
import { SUB_PER_PX, TILE_PX, type TileId } from '../core/geometry.ts';
import { grownBox } from '../core/touch.ts';
import type { Ink, MaskHandle, Rect, StrokeHandle, TileHandle } from '../ink.ts';
import { appendPoints } from '../core/stroke.ts';
import { unite } from './surface.ts';

interface TileMask {
  mask: MaskHandle;
  added: number; /* points */
  tail: Rect | null; /* where the tail was drawn last */
}

type KeyedTile = TileId & { key: string };

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
  /* Changes when what was drawn holds no more. */
  generation = 0;
  private readonly slots: StrokeHandle[] = [];
  private readonly masks = new Map<string, TileMask>();
  private loaded = 0;
  private tail: { slot: StrokeHandle; mask: MaskHandle } | null = null;
  private hasTail = false;

  constructor(
    private readonly ink: Ink,
    private readonly stroke: Stroke,
  ) {}

  touch(key: string): void {
    if (!this.masks.has(key)) {
      this.masks.set(key, { mask: this.ink.allocMask(), added: 0, tail: null });
    }
  }

  touches(key: string): boolean {
    return this.masks.has(key);
  }

  get touchedKeys(): Iterable<string> {
    return this.masks.keys();
  }

  /* Points from the newest one on that are shown until the next tail, or null. The first of them is the newest. */
  setTail(points: Points | null): void {
    this.hasTail = points !== null;
    if (points !== null) {
      this.tail ??= { slot: this.ink.allocStroke(), mask: this.ink.allocMask() };
      this.ink.beginStroke(this.tail.slot, this.stroke.origin, this.stroke);
      loadPoints(this.ink, this.tail.slot, { ...this.stroke, points }, 0, points.count);
    }
  }

  /* Adds the new points to the tile's ink; where it looks different now, or null. */
  advance(tile: KeyedTile): Rect | null {
    const held = this.masks.get(tile.key);
    if (held === undefined) {
      return null;
    }
    let changed = held.tail;
    held.tail = null;
    this.load();
    this.slots.forEach((slot, part) => {
      const base = part * PART_STEP;
      const first = Math.max(0, held.added - base);
      if (first < Math.min(POINTS_MAX, this.loaded - base)) {
        const rect = this.ink.addStroke(held.mask, slot, first, tile);
        changed = unite(changed, this.grown(rect, first, tile));
      }
    });
    held.added = this.loaded;
    if (this.hasTail) {
      this.ink.clearMask(this.tail!.mask);
      held.tail = this.ink.addStroke(this.tail!.mask, this.tail!.slot, 1, tile);
    }
    return unite(changed, held.tail);
  }

  /* The kernel draws a filled shape whole each time; what of it is new is known, but while it is so small that its
   * edges get finer cells. */
  private grown(rect: Rect | null, first: number, tile: TileId): Rect | null {
    const { stroke } = this;
    if (rect === null || first === 0 || stroke.contours === undefined) {
      return rect;
    }
    const zoom = 2 ** (tile.level - stroke.origin.level);
    const former = grownBox(stroke, 1, first);
    const side = Math.max(former.x1 - former.x0, former.y1 - former.y0) * (zoom / SUB_PER_PX);
    if (side < TILE_PX / 2) {
      return rect;
    }
    const box = grownBox(stroke, first);
    const px = (tiles: number, sub: number): number => tiles * TILE_PX + (sub * zoom) / SUB_PER_PX;
    const [left, top] = [stroke.origin.x * zoom - tile.x, stroke.origin.y * zoom - tile.y];
    const grown = {
      x0: Math.max(rect.x0, Math.floor(px(left, box.x0)) - 2),
      y0: Math.max(rect.y0, Math.floor(px(top, box.y0)) - 2),
      x1: Math.min(rect.x1, Math.ceil(px(left, box.x1)) + 2),
      y1: Math.min(rect.y1, Math.ceil(px(top, box.y1)) + 2),
    };
    return grown.x0 < grown.x1 && grown.y0 < grown.y1 ? grown : null;
  }

  /* Draws the stroke over `tile` inside the rectangle, after `advance` of the same tile. */
  composite(tile: KeyedTile, pixels: TileHandle, rect: Rect): void {
    const held = this.masks.get(tile.key);
    if (held === undefined) {
      return;
    }
    let { mask } = held;
    if (held.tail !== null) {
      mask = this.tail!.mask;
      this.ink.mergeMask(held.mask, mask, rect);
    }
    this.ink.compositeIn(mask, this.stroke, pixels, pixels, rect);
  }

  /* Where the tile holds ink of it. */
  rectOf(tile: KeyedTile): Rect | null {
    const held = this.masks.get(tile.key);
    return held === undefined ? null : unite(this.ink.maskRect(held.mask), held.tail);
  }

  /* It is one of these parts as far as it goes: what is missing is added. */
  finishAs(parts: readonly Stroke[]): boolean {
    const { stroke } = this;
    if (stroke.contours !== undefined || parts.length !== parts[0]!.parts || !isBeginOf(stroke, parts)) {
      return false;
    }
    this.setTail(null);
    parts.forEach(({ points }, part) => appendPoints(stroke, points, stroke.points.count - part * PART_STEP));
    return true;
  }

  /* Draws all of a finished stroke; false if nothing of it was drawn on the tile while it grew. */
  drawWhole(tile: KeyedTile, pixels: TileHandle): boolean {
    const held = this.masks.get(tile.key);
    if (held === undefined) {
      return false;
    }
    this.advance(tile);
    this.ink.composite(held.mask, this.stroke, pixels, pixels);
    return true;
  }

  /* The points moved: everything is drawn anew. */
  reset(): void {
    this.generation++;
    this.slots.forEach((slot) => this.ink.freeStroke(slot));
    this.slots.length = 0;
    this.loaded = 0;
    for (const held of this.masks.values()) {
      this.ink.freeMask(held.mask);
    }
    this.masks.clear();
    if (this.tail !== null) {
      this.ink.freeStroke(this.tail.slot);
      this.ink.freeMask(this.tail.mask);
      this.tail = null;
      this.hasTail = false;
    }
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

  /* Each is drawn as the last part: the end of thin ink that it leaves in a mask gives way to the next part's. */
  private addSlot(): void {
    const slot = this.ink.allocStroke();
    this.ink.beginStroke(slot, this.stroke.origin, this.stroke);
    this.ink.setPart(slot, this.slots.length, this.slots.length + 1);
    this.slots.push(slot);
  }
}

/* Do the points of the parts, each of which begins where the one before ended, begin with the stroke's? */
function isBeginOf(stroke: Stroke, parts: readonly Stroke[]): boolean {
  const { tool, color, width, origin } = stroke;
  const { x, y, pressure, count } = stroke.points;
  return (
    parts.every(({ points, ...own }, part) => {
      const isFull = part === parts.length - 1 || points.count === POINTS_MAX;
      const isOfIt = own.tool === tool && own.color === color && own.width === width;
      const { level, x: tileX, y: tileY } = own.origin;
      if (!isFull || !isOfIt || level !== origin.level || tileX !== origin.x || tileY !== origin.y) {
        return false;
      }
      for (let i = 0, j = part * PART_STEP; i < points.count && j < count; i++, j++) {
        if (points.x[i] !== x[j] || points.y[i] !== y[j] || points.pressure[i] !== pressure[j]) {
          return false;
        }
      }
      return true;
    }) &&
    count <= parts.reduce((sum, { points }) => sum + points.count - 1, 1)
  );
}
