/* How a text that is on the wall lies there, found again from its outlines: the op keeps its words, and neither font nor size. The
 * server's outlines of the same words are laid over them, turned, scaled and moved as fits best. Pure. */
import { SUB_PER_PX, SUB_PER_TILE } from '../core/geometry.ts';
import type { Stroke } from '../core/op.ts';
import type { Direction, Outline } from './outline.ts';

interface Spot {
  x: number;
  y: number;
}

export interface Fit {
  scale: number;
  direction: Direction;
  corner: Spot; /* px from the first part's tile */
  error: number; /* 0: the same */
}

/* So many places of each contour, as far along it: how finely its curves are parted differs with their size. */
const PLACES = 24;
/* Beyond it another font wrote it, or something else than words was changed. */
export const ERROR_MAX = 1e-3;

function along(contour: readonly Spot[]): Spot[] {
  const closed = [...contour, contour[0]!];
  const lengths = closed.slice(1).map((to, i) => Math.hypot(to.x - closed[i]!.x, to.y - closed[i]!.y));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const places: Spot[] = [];
  let [edge, passed] = [0, 0];
  for (let i = 0; i < PLACES; i++) {
    const wanted = (total * i) / PLACES;
    while (edge < lengths.length - 1 && passed + lengths[edge]! <= wanted) {
      passed += lengths[edge++]!;
    }
    const [from, to] = [closed[edge]!, closed[edge + 1]!];
    const share = lengths[edge]! > 0 ? (wanted - passed) / lengths[edge]! : 0;
    places.push({ x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share });
  }
  return places;
}

function contoursOf(parts: readonly Stroke[]): Spot[][] {
  const { origin } = parts[0]!;
  return parts.flatMap((part) => {
    const dx = (part.origin.x - origin.x) * SUB_PER_TILE;
    const dy = (part.origin.y - origin.y) * SUB_PER_TILE;
    let begin = 0;
    return (part.contours ?? []).map((size) => {
      const spots = Array.from({ length: size }, (_, i) => ({
        x: (part.points.x[begin + i]! + dx) / SUB_PER_PX,
        y: (part.points.y[begin + i]! + dy) / SUB_PER_PX,
      }));
      begin += size;
      return spots;
    });
  });
}

function contoursIn(outline: Outline): Spot[][] {
  return outline.contours.map((steps) => {
    const spots: Spot[] = [];
    let [x, y] = [0, 0];
    for (let i = 0; i < steps.length; i += 2) {
      x += steps[i]!;
      y += steps[i + 1]!;
      spots.push({ x: x / SUB_PER_PX, y: y / SUB_PER_PX });
    }
    return spots;
  });
}

function mean(spots: readonly Spot[]): Spot {
  const x = spots.reduce((sum, spot) => sum + spot.x, 0) / spots.length;
  return { x, y: spots.reduce((sum, spot) => sum + spot.y, 0) / spots.length };
}

/* The similarity that takes the outline nearest to the strokes (least squares); null if they have other contours. */
export function fit(outline: Outline, parts: readonly Stroke[]): Fit | null {
  const [from, to] = [contoursIn(outline), contoursOf(parts)];
  if (from.length !== to.length || from.length === 0) {
    return null;
  }
  const [p, q] = [from.flatMap(along), to.flatMap(along)];
  const [pm, qm] = [mean(p), mean(q)];
  let [dot, cross, own, theirs] = [0, 0, 0, 0];
  p.forEach((spot, i) => {
    const [px, py] = [spot.x - pm.x, spot.y - pm.y];
    const [qx, qy] = [q[i]!.x - qm.x, q[i]!.y - qm.y];
    dot += px * qx + py * qy;
    cross += px * qy - py * qx;
    own += px * px + py * py;
    theirs += qx * qx + qy * qy;
  });
  const scale = Math.hypot(dot, cross) / own;
  if (!(scale > 0)) {
    return null;
  }
  let [cos, sin] = [dot / own / scale, cross / own / scale];
  if (Math.abs(sin) < 1e-3 && cos > 0) {
    [cos, sin] = [1, 0]; /* upright, but for rounding */
  }
  return {
    scale,
    direction: { right: { dx: cos, dy: sin }, down: { dx: -sin, dy: cos } },
    corner: {
      x: qm.x - scale * (cos * pm.x - sin * pm.y),
      y: qm.y - scale * (sin * pm.x + cos * pm.y),
    },
    error: Math.max(0, 1 - (scale * scale * own) / theirs),
  };
}
