/* The frame around a selection, and what dragging it or its handles does: to which change of the strokes. Pure. */
import { difference, translate, type Position } from '../core/geometry.ts';
import type { Item } from './find.ts';
import type { Grip, Matrix } from './overlay.ts';
import { spotsOf, type Box, type Spot } from './shape.ts';
import { changeSpot, SCALE_MAX, SCALE_MIN, type Change } from './transform.ts';

/* A box along two axes around an anchor, in pixels of its level; so are all spots here. */
export interface Frame {
  anchor: Position;
  u: Spot;
  v: Spot;
  box: Box;
}

/* By what it is dragged: itself, or a handle. */
export interface Hold {
  what: 'move' | Grip;
  corner: number;
}

const HINT_SPOTS_MAX = 6000;
const TURN_STEP = Math.PI / 12;

/* Clockwise from the upper left. */
export function cornersOf({ u, v, box }: Frame, pad: number): Spot[] {
  const [x0, y0, x1, y1] = [box.x0 - pad, box.y0 - pad, box.x1 + pad, box.y1 + pad];
  return [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ].map(([x, y]) => ({ x: u.x * x! + v.x * y!, y: u.y * x! + v.y * y! }));
}

function middleOf(frame: Frame): Spot {
  const [a, , c] = cornersOf(frame, 0) as [Spot, Spot, Spot];
  return { x: (a.x + c.x) / 2, y: (a.y + c.y) / 2 };
}

export function isIn({ u, v, box }: Frame, spot: Spot, pad: number): boolean {
  const [x, y] = [spot.x * u.x + spot.y * u.y, spot.x * v.x + spot.y * v.y];
  return x >= box.x0 - pad && x <= box.x1 + pad && y >= box.y0 - pad && y <= box.y1 + pad;
}

export function changeMatrix({ anchor }: Frame, change: Change): Matrix {
  const { dx, dy } = difference(change.pivot, anchor);
  const x = changeSpot({ ...change, dx: 0, dy: 0 }, 1, 0);
  const y = changeSpot({ ...change, dx: 0, dy: 0 }, 0, 1);
  const at = changeSpot(change, -dx, -dy);
  return [x.x, x.y, y.x, y.y, dx + at.x, dy + at.y];
}

/* With Shift along one axis. */
function moving({ anchor, u, v }: Frame, from: Spot, to: Spot, isRegular: boolean): Change {
  let [dx, dy] = [to.x - from.x, to.y - from.y];
  if (isRegular) {
    const along = [dx * u.x + dy * u.y, dx * v.x + dy * v.y] as const;
    const [axis, length] = Math.abs(along[0]) > Math.abs(along[1]) ? [u, along[0]] : [v, along[1]];
    [dx, dy] = [axis.x * length, axis.y * length];
  }
  return { pivot: anchor, scale: 1, angle: 0, dx, dy };
}

/* By a corner's handle, `pad` outside it: the opposite corner stays. */
function scaling(frame: Frame, corner: number, pad: number, from: Spot, to: Spot): Change {
  const held = cornersOf(frame, pad)[corner]!;
  const pivot = cornersOf(frame, 0)[(corner + 2) % 4]!;
  const [x, y] = [held.x - pivot.x, held.y - pivot.y];
  const grown = ((to.x - from.x) * x + (to.y - from.y) * y) / (x * x + y * y);
  const scale = Math.min(SCALE_MAX, Math.max(SCALE_MIN, 1 + grown));
  return { pivot: translate(frame.anchor, pivot.x, pivot.y), scale, angle: 0, dx: 0, dy: 0 };
}

/* With Shift by steps of 15 degrees. */
function turning(frame: Frame, from: Spot, to: Spot, isRegular: boolean): Change {
  const middle = middleOf(frame);
  const angleTo = (spot: Spot): number => Math.atan2(spot.y - middle.y, spot.x - middle.x);
  const angle = angleTo(to) - angleTo(from);
  return aboutMiddle(frame, 1, isRegular ? Math.round(angle / TURN_STEP) * TURN_STEP : angle);
}

export function aboutMiddle(frame: Frame, scale: number, angle: number): Change {
  const middle = middleOf(frame);
  const pivot = translate(frame.anchor, middle.x, middle.y);
  return { pivot, scale, angle, dx: 0, dy: 0 };
}

/* What a drag from one spot to another does; the handles lie `pad` outside. */
export function dragging(frame: Frame, { what, corner }: Hold, pad: number, from: Spot, to: Spot, isRegular: boolean): Change {
  switch (what) {
    case 'scale':
      return scaling(frame, corner, pad, from, to);
    case 'turn':
      return turning(frame, from, to, isRegular);
    default:
      return moving(frame, from, to, isRegular);
  }
}

/* The strokes as lines, thinned out where they are very many points. */
export function hintLines(items: readonly Item[], anchor: Position): Spot[][] {
  const parts = items.flatMap((item) => [...item.parts]);
  const all = parts.reduce((sum, { points }) => sum + points.count, 0);
  const every = Math.max(1, Math.ceil(all / HINT_SPOTS_MAX));
  const lines: Spot[][] = [];
  for (const part of parts) {
    const spots = spotsOf(part, anchor);
    let begin = 0;
    for (const size of part.contours ?? [spots.length]) {
      const line = spots.slice(begin, begin + size);
      const kept = line.filter((_, i) => i % every === 0 || i === line.length - 1);
      lines.push(part.contours === undefined ? kept : [...kept, kept[0]!]);
      begin += size;
    }
  }
  return lines;
}
