/* Which strokes an area means, by the server's own rule (tiles/history.c, has_ink_in): those with ink in the
 * rectangle and, with a lasso, a point inside it or a segment across its line. Pure. */
import { difference, positionFromPixels, SUB_PER_PX } from '../core/geometry.ts';
import type { Stroke } from '../core/op.ts';
import type { PixelRect } from './area.ts';

export interface Area {
  rect: PixelRect;
  lasso: readonly (readonly [number, number])[] | null; /* even-odd, from the rectangle's corner */
}

interface Spot {
  x: number;
  y: number;
}

type Line = readonly (readonly [number, number])[];

/* Narrows the part of a segment that is within [low, high] along one axis (Liang and Barsky, 1984). */
function clipAxis(from: number, to: number, low: number, high: number, part: [number, number]): boolean {
  const step = to - from;
  if (step === 0) {
    return from >= low && from <= high;
  }
  part[0] = Math.max(part[0], ((step > 0 ? low : high) - from) / step);
  part[1] = Math.min(part[1], ((step > 0 ? high : low) - from) / step);
  return part[0] <= part[1];
}

function isInside(lasso: Line, spot: Spot): boolean {
  let isIn = false;
  for (let i = 0, j = lasso.length - 1; i < lasso.length; j = i++) {
    const [ax, ay] = lasso[i]!;
    const [bx, by] = lasso[j]!;
    if (ay > spot.y !== by > spot.y && spot.x < ((bx - ax) * (spot.y - ay)) / (by - ay) + ax) {
      isIn = !isIn;
    }
  }
  return isIn;
}

function sideOf(a: Spot, b: Spot, x: number, y: number): boolean {
  return (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x) > 0;
}

function crosses(lasso: Line, a: Spot, b: Spot): boolean {
  for (let i = 0, j = lasso.length - 1; i < lasso.length; j = i++) {
    const c = { x: lasso[j]![0], y: lasso[j]![1] };
    const d = { x: lasso[i]![0], y: lasso[i]![1] };
    const isAcross = sideOf(a, b, c.x, c.y) !== sideOf(a, b, d.x, d.y);
    if (isAcross && sideOf(c, d, a.x, a.y) !== sideOf(c, d, b.x, b.y)) {
      return true;
    }
  }
  return false;
}

export function hasInkIn(stroke: Stroke, { rect, lasso }: Area): boolean {
  const { origin, points } = stroke;
  const corner = positionFromPixels(rect.level, rect.x, rect.y);
  const begin = { level: origin.level, tileX: origin.x, tileY: origin.y, x: 0, y: 0 };
  const { dx, dy } = difference(begin, corner);
  const scale = 2 ** (rect.level - origin.level);
  const reach = (stroke.width / 512) * scale;
  const spotOf = (i: number): Spot => ({
    x: dx + (points.x[i]! / SUB_PER_PX) * scale,
    y: dy + (points.y[i]! / SUB_PER_PX) * scale,
  });
  let from = spotOf(0);
  for (let i = 0; i < points.count; i++) {
    const to = spotOf(i);
    const part: [number, number] = [0, 1];
    const isNear =
      clipAxis(from.x, to.x, -reach, rect.width + reach, part) &&
      clipAxis(from.y, to.y, -reach, rect.height + reach, part);
    if (isNear && (lasso === null || isInside(lasso, to) || crosses(lasso, from, to))) {
      return true;
    }
    from = to;
  }
  return false;
}
