/* Which tiles a stroke's ink can touch, at any level: for its homes, and for what must be
 * redrawn.
 *
 * As in tiles/homes.c each capsule is widened to its segment plus a square of the larger radius
 * and a pixel of antialiasing. That shape is convex, so it meets each row of tiles in one run of
 * columns. All lengths are in tiles of the level asked for, relative to a tile nearby: exact
 * however far out. */
import {
  HOMES_MAX,
  TOOL_AIRBRUSH,
  TOOL_FILL,
  TOOL_MARKER,
  TOOL_PENCIL,
  type Stroke,
} from './op.ts';
import { SUB_PER_TILE, TILE_PX, tileKey, type TileId, type TileRect } from './geometry.ts';

/* Inclusive whole tiles. */
interface Clip {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

const UNCLIPPED: Clip = { x0: -Infinity, y0: -Infinity, x1: Infinity, y1: Infinity };

/* Calls `visit` for each tile met; stops when it returns false. */
function touchCapsule(
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  reach: number,
  clip: Clip,
  visit: (column: number, row: number) => boolean,
): boolean {
  const firstRow = Math.max(clip.y0, Math.floor(Math.min(y0, y1) - reach));
  const lastRow = Math.min(clip.y1, Math.floor(Math.max(y0, y1) + reach));
  const span = y1 - y0;
  for (let row = firstRow; row <= lastRow; row++) {
    let from = 0;
    let to = 1;
    if (span !== 0) {
      const atLow = (row - reach - y0) / span;
      const atHigh = (row + 1 + reach - y0) / span;
      from = Math.max(0, Math.min(atLow, atHigh));
      to = Math.min(1, Math.max(atLow, atHigh));
      if (from > to) {
        continue;
      }
    }
    const a = x0 + (x1 - x0) * from;
    const b = x0 + (x1 - x0) * to;
    const first = Math.max(clip.x0, Math.floor(Math.min(a, b) - reach));
    const last = Math.min(clip.x1, Math.floor(Math.max(a, b) + reach));
    for (let column = first; column <= last; column++) {
      if (!visit(column, row)) {
        return false;
      }
    }
  }
  return true;
}

/* Of a filled shape whose points from `first` on are new, where they can have changed it, in 1/8 px of its level: a new
 * edge winds around what lies between it and the first point, where the contour closes. */
export function grownBox(stroke: Stroke, first: number, count = stroke.points.count): Clip {
  const { x, y } = stroke.points;
  const box = { x0: x[0]!, y0: y[0]!, x1: x[0]!, y1: y[0]! };
  for (let i = Math.max(1, first - 1); i < count; i++) {
    box.x0 = Math.min(box.x0, x[i]!);
    box.y0 = Math.min(box.y0, y[i]!);
    box.x1 = Math.max(box.x1, x[i]!);
    box.y1 = Math.max(box.y1, y[i]!);
  }
  return box;
}

/* A filled shape may cover anything in its box, or change anything in what it grew by; the kernel knows better (`Ink.strokeHomes`), and draws nothing elsewhere. */
function touchBox(
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  clip: Clip,
  visit: (column: number, row: number) => boolean,
): boolean {
  const margin = 1 / TILE_PX;
  const last = { x: Math.min(clip.x1, x1 + margin), y: Math.min(clip.y1, y1 + margin) };
  for (let row = Math.max(clip.y0, Math.floor(y0 - margin)); row <= last.y; row++) {
    for (let column = Math.max(clip.x0, Math.floor(x0 - margin)); column <= last.x; column++) {
      if (!visit(column, row)) {
        return false;
      }
    }
  }
  return true;
}

function radiusShare(stroke: Stroke, pressure: number): number {
  switch (stroke.tool) {
    case TOOL_MARKER:
    case TOOL_AIRBRUSH:
      return 1;
    case TOOL_PENCIL:
      return 0.5 + (0.5 * pressure) / 255;
    default:
      return Math.max(pressure / 255, 0.1);
  }
}

/* Visits the tiles of `level` near (`nearX`, `nearY`) that points [first - 1, count) touch, as
 * offsets from that tile; false if `visit` stopped it. */
function touchTiles(
  stroke: Stroke,
  first: number,
  level: number,
  nearX: number,
  nearY: number,
  clip: Clip,
  visit: (column: number, row: number) => boolean,
): boolean {
  const { points, origin } = stroke;
  const zoom = 2 ** (level - origin.level);
  const scale = zoom / SUB_PER_TILE;
  const originX = origin.x * zoom - nearX;
  const originY = origin.y * zoom - nearY;
  const radius = ((stroke.width / 256 / 2) * zoom) / TILE_PX;
  const margin = 1 / TILE_PX;
  if (stroke.tool === TOOL_FILL) {
    const box = grownBox(stroke, first);
    const [left, top] = [originX + box.x0 * scale, originY + box.y0 * scale];
    return touchBox(left, top, originX + box.x1 * scale, originY + box.y1 * scale, clip, visit);
  }
  const start = points.count > 1 ? Math.max(1, first) : 0;
  for (let i = start; i < points.count; i++) {
    const j = Math.max(0, i - 1);
    const pressure = Math.max(points.pressure[i]!, points.pressure[j]!);
    const reach = radius * radiusShare(stroke, pressure) + margin;
    const x0 = originX + points.x[j]! * scale;
    const y0 = originY + points.y[j]! * scale;
    const x1 = originX + points.x[i]! * scale;
    const y1 = originY + points.y[i]! * scale;
    if (!touchCapsule(x0, y0, x1, y1, reach, clip, visit)) {
      return false;
    }
  }
  return true;
}

/* The tiles of `rect` that points [first - 1, count) touch. */
export function tilesTouchedIn(stroke: Stroke, first: number, rect: TileRect): TileId[] {
  const seen = new Set<number>();
  const tiles: TileId[] = [];
  const clip = { x0: 0, y0: 0, x1: rect.width - 1, y1: rect.height - 1 };
  touchTiles(stroke, first, rect.level, rect.x, rect.y, clip, (column, row) => {
    const index = row * rect.width + column;
    if (!seen.has(index)) {
      seen.add(index);
      tiles.push({ level: rect.level, x: rect.x + column, y: rect.y + row });
    }
    return true;
  });
  return tiles;
}

export function touchesTile(stroke: Stroke, first: number, tile: TileId): boolean {
  const clip = { x0: 0, y0: 0, x1: 0, y1: 0 };
  return !touchTiles(stroke, first, tile.level, tile.x, tile.y, clip, () => false);
}

/* The tiles of its own level that a growing stroke touches, kept as it grows. */
export class HomeCounter {
  private readonly homes = new Set<string>();
  private counted = 0;

  get size(): number {
    return this.homes.size;
  }

  /* Adds the points not counted yet; false once there are more than a stroke may touch. */
  update(stroke: Stroke): boolean {
    const { level, x, y } = stroke.origin;
    const isWithin = touchTiles(stroke, this.counted, level, x, y, UNCLIPPED, (column, row) => {
      this.homes.add(`${column},${row}`);
      return this.homes.size <= HOMES_MAX;
    });
    this.counted = stroke.points.count;
    return isWithin && this.homes.size <= HOMES_MAX;
  }
}

/* By the non-zero rule; the contours' points and (x, y) in 1/8 px of the stroke's level. */
function isWoundAround(stroke: Stroke, x: number, y: number): boolean {
  const { points, contours = [] } = stroke;
  let turns = 0;
  let begin = 0;
  for (const size of contours) {
    for (let i = begin; i < begin + size; i++) {
      const j = i === begin ? begin + size - 1 : i - 1;
      const [fromY, toY] = [points.y[j]! - y, points.y[i]! - y];
      if (fromY < 0 !== toY < 0) {
        const at = points.x[j]! + ((points.x[i]! - points.x[j]!) * -fromY) / (toY - fromY);
        turns += at < x ? 0 : fromY < 0 ? 1 : -1;
      }
    }
    begin += size;
  }
  return turns !== 0;
}

/* The outline of each contour, closed. */
function touchOutline(stroke: Stroke, visit: (column: number, row: number) => boolean): void {
  const { x, y } = stroke.points;
  const reach = 1 / TILE_PX;
  const at = (values: Int32Array, i: number): number => values[i]! / SUB_PER_TILE;
  let begin = 0;
  for (const size of stroke.contours ?? []) {
    for (let i = begin; i < begin + size; i++) {
      const j = i === begin ? begin + size - 1 : i - 1;
      touchCapsule(at(x, j), at(y, j), at(x, i), at(y, i), reach, UNCLIPPED, visit);
    }
    begin += size;
  }
}

/* The keys of the tiles where the server will have it, for one within the bound that `HomeCounter` holds: as
 * tiles/homes.c, a filled shape where its outline passes and what that winds around. */
export function homesOf(stroke: Stroke): Set<string> {
  const { level, x, y } = stroke.origin;
  const homes = new Set<string>();
  const add = (column: number, row: number): boolean => {
    homes.add(tileKey(level, x + column, y + row));
    return true;
  };
  if (stroke.tool !== TOOL_FILL) {
    touchTiles(stroke, 0, level, x, y, UNCLIPPED, add);
    return homes;
  }
  touchOutline(stroke, add);
  touchTiles(stroke, 0, level, x, y, UNCLIPPED, (column, row) => {
    const isKnown = homes.has(tileKey(level, x + column, y + row));
    const middle = (tile: number): number => (tile + 0.5) * SUB_PER_TILE;
    return (
      isKnown || !isWoundAround(stroke, middle(column), middle(row)) || add(column, row)
    );
  });
  return homes;
}
