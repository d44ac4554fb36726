/* Marks and the tiles they touch, quickly: a bounding box answers for most tiles. Pure. */
import type { TileId } from './geometry.ts';
import { SUB_PER_TILE } from './geometry.ts';
import type { Stroke } from './op.ts';
import type { Mark } from './tilelog.ts';
import { touchesTile } from './touch.ts';

/* Is what `author` draws what `artist` committed? A nonce is in every record, and anybody can take it: so a stroke is known by
 * its artist too. Nobody has a number (0) on a canvas before its first op. */
export function isBy(author: number | null, artist: number): boolean {
  return author === artist || author === 0;
}

/* In tiles of the stroke's level, relative to its origin tile. */
export interface Bounds {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export function markKey(nonce: string, counter: number): string {
  return `${nonce}:${counter}`;
}

/* Of points from `first` on, the radius and a pixel of antialiasing included. */
export function boundsOf(stroke: Stroke, first = 0): Bounds {
  const { points } = stroke;
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = first; i < points.count; i++) {
    x0 = Math.min(x0, points.x[i]!);
    y0 = Math.min(y0, points.y[i]!);
    x1 = Math.max(x1, points.x[i]!);
    y1 = Math.max(y1, points.y[i]!);
  }
  const reach = stroke.width / 64 + 8;
  return {
    x0: (x0 - reach) / SUB_PER_TILE,
    y0: (y0 - reach) / SUB_PER_TILE,
    x1: (x1 + reach) / SUB_PER_TILE,
    y1: (y1 + reach) / SUB_PER_TILE,
  };
}

/* A pixel of the tile is added around it: from far above it is more than one of the stroke's. */
function boundsMeetTile(bounds: Bounds, origin: TileId, tile: TileId): boolean {
  const scale = 2 ** (tile.level - origin.level);
  const left = origin.x * scale - tile.x;
  const top = origin.y * scale - tile.y;
  const margin = 1 / 256;
  return (
    left + bounds.x0 * scale - margin < 1 &&
    left + bounds.x1 * scale + margin > 0 &&
    top + bounds.y0 * scale - margin < 1 &&
    top + bounds.y1 * scale + margin > 0
  );
}

const boundsByStroke = new WeakMap<Stroke, Bounds>();

function finishedBounds(stroke: Stroke): Bounds {
  let bounds = boundsByStroke.get(stroke);
  if (bounds === undefined) {
    bounds = boundsOf(stroke);
    boundsByStroke.set(stroke, bounds);
  }
  return bounds;
}

/* For marks whose strokes grow no more. */
export function markMeetsTile(mark: Mark, tile: TileId): boolean {
  return mark.parts.some(
    (part) => boundsMeetTile(finishedBounds(part), part.origin, tile) && touchesTile(part, 0, tile),
  );
}
