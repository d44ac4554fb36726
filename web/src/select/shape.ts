/* Which strokes a press or a lasso means, and how large they are together. Strokes are looked at as lines and
 * outlines in pixels of one level around an anchor, near enough to be exact. Pure. */
import { difference, SUB_PER_PX, type Position } from '../core/geometry.ts';
import { TOOL_ERASER, TOOL_FILL, type Stroke } from '../core/op.ts';
import { reachOf } from './transform.ts';

export interface Spot {
  x: number;
  y: number;
}

export interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/* A stroke's points in pixels of the anchor's level. */
export function spotsOf(part: Stroke, anchor: Position): Spot[] {
  const { origin, points } = part;
  const corner = { level: origin.level, tileX: origin.x, tileY: origin.y, x: 0, y: 0 };
  const { dx, dy } = difference(corner, anchor);
  const scale = 2 ** (anchor.level - origin.level);
  return Array.from({ length: points.count }, (_, i) => ({
    x: dx + (points.x[i]! / SUB_PER_PX) * scale,
    y: dy + (points.y[i]! / SUB_PER_PX) * scale,
  }));
}

function reachAt(part: Stroke, anchor: Position): number {
  return reachOf(part) * 2 ** (anchor.level - part.origin.level);
}

/* A filled shape's contours, one after another; a line is one. */
function* linesOf(part: Stroke, spots: readonly Spot[]): Iterable<readonly Spot[]> {
  let begin = 0;
  for (const size of part.contours ?? [spots.length]) {
    yield spots.slice(begin, begin + size);
    begin += size;
  }
}

/* By the even-odd rule. */
export function isInside(area: readonly Spot[], spot: Spot): boolean {
  let isIn = false;
  for (let i = 0, j = area.length - 1; i < area.length; j = i++) {
    const [a, b] = [area[i]!, area[j]!];
    if (a.y > spot.y !== b.y > spot.y && spot.x < ((b.x - a.x) * (spot.y - a.y)) / (b.y - a.y) + a.x) {
      isIn = !isIn;
    }
  }
  return isIn;
}

/* The share of a stroke's length that lies in an area, by steps of about `stepPx`. */
export function shareInside(
  parts: readonly Stroke[],
  anchor: Position,
  area: readonly Spot[],
  stepPx = 4,
): number {
  let [inside, all] = [0, 0];
  const count = (spot: Spot, weight: number): void => {
    all += weight;
    inside += isInside(area, spot) ? weight : 0;
  };
  for (const part of parts) {
    for (const line of linesOf(part, spotsOf(part, anchor))) {
      count(line[0]!, 1e-9); /* a dot has no length */
      for (let i = 1; i < line.length; i++) {
        const [a, b] = [line[i - 1]!, line[i]!];
        const length = Math.hypot(b.x - a.x, b.y - a.y);
        const steps = Math.min(64, Math.max(1, Math.ceil(length / stepPx)));
        for (let step = 0; step < steps; step++) {
          const t = (step + 0.5) / steps;
          count({ x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t }, length / steps);
        }
      }
    }
  }
  return all === 0 ? 0 : inside / all;
}

function distanceTo(a: Spot, b: Spot, spot: Spot): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const square = dx * dx + dy * dy;
  const along = square === 0 ? 0 : ((spot.x - a.x) * dx + (spot.y - a.y) * dy) / square;
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(spot.x - a.x - dx * t, spot.y - a.y - dy * t);
}

/* Is there ink of the stroke within `slackPx` of the spot? */
export function isHit(
  parts: readonly Stroke[],
  anchor: Position,
  spot: Spot,
  slackPx: number,
): boolean {
  return parts.some((part) => {
    if (part.tool === TOOL_ERASER) {
      return false; /* it has none */
    }
    const spots = spotsOf(part, anchor);
    const reach = reachAt(part, anchor) + slackPx;
    const isFill = part.tool === TOOL_FILL;
    let turns = 0;
    for (const line of linesOf(part, spots)) {
      for (let i = 0; i < line.length; i++) {
        const before = i > 0 ? line[i - 1]! : isFill ? line[line.length - 1]! : line[0]!;
        if (distanceTo(before, line[i]!, spot) <= reach) {
          return true;
        }
        turns += isFill ? turnsAround(before, line[i]!, spot) : 0;
      }
    }
    return turns !== 0;
  });
}

/* By the non-zero rule, as it is filled. */
function turnsAround(a: Spot, b: Spot, spot: Spot): number {
  if (a.y > spot.y === b.y > spot.y) {
    return 0;
  }
  const x = a.x + ((b.x - a.x) * (spot.y - a.y)) / (b.y - a.y);
  return x < spot.x ? 0 : b.y > a.y ? 1 : -1;
}

/* Along two axes (unit vectors of the anchor's plane), with the ink's width. */
export function boxAlong(
  strokes: Iterable<readonly Stroke[]>,
  anchor: Position,
  u: Spot,
  v: Spot,
): Box | null {
  const box = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
  for (const parts of strokes) {
    for (const part of parts) {
      const reach = reachAt(part, anchor);
      for (const { x, y } of spotsOf(part, anchor)) {
        const [a, b] = [x * u.x + y * u.y, x * v.x + y * v.y];
        box.x0 = Math.min(box.x0, a - reach);
        box.y0 = Math.min(box.y0, b - reach);
        box.x1 = Math.max(box.x1, a + reach);
        box.y1 = Math.max(box.y1, b + reach);
      }
    }
  }
  return box.x0 <= box.x1 ? box : null;
}
