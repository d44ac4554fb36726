/* Outlines to filled strokes: a polygon's corners, and text as the server drew it. Pure. */
import { difference, SUB_PER_PX, toLevel, type Position } from '../core/geometry.ts';
import {
  CONTOURS_MAX,
  FILL_WIDTH,
  makePoints,
  POINTS_MAX,
  TOOL_FILL,
  type Stroke,
} from '../core/op.ts';

export interface Corner {
  place: Position; /* of the level that the polygon has */
  atMs: number;
}

/* The answer of /api/outline: contours in 1/8 px from the corner of the text's box, each its first point and
 * then steps. */
export interface Outline {
  width: number;
  height: number;
  contours: number[][];
}

/* How text lies on the wall: which way is right, which way is down. */
export interface Direction {
  right: { dx: number; dy: number };
  down: { dx: number; dy: number };
}

function fill(color: number, origin: Position, startMs: number, points: Stroke['points']): Stroke {
  return {
    kind: 'stroke',
    tool: TOOL_FILL,
    color,
    width: FILL_WIDTH,
    origin: { level: origin.level, x: origin.tileX, y: origin.tileY },
    startMs: BigInt(Math.round(startMs)),
    part: 0,
    parts: 1,
    hasPressure: false,
    hasTimes: false,
    points,
    contours: [points.count],
  };
}

export function polygonStroke(corners: readonly Corner[], color: number, startMs: number): Stroke {
  const origin = corners[0]!.place;
  const tile = { ...origin, x: 0, y: 0 };
  const points = makePoints(corners.length);
  let toldMs = 0;
  corners.forEach(({ place, atMs }, i) => {
    const { dx, dy } = difference(toLevel(place, origin.level), tile);
    points.x[i] = Math.round(dx * SUB_PER_PX);
    points.y[i] = Math.round(dy * SUB_PER_PX);
    points.pressure[i] = 255;
    points.dtMs[i] = i === 0 ? 0 : Math.max(0, Math.round(atMs - toldMs));
    toldMs = atMs;
  });
  points.count = corners.length;
  return { ...fill(color, origin, startMs, points), hasTimes: true };
}

/* Text with its corner at a place: as many parts as its points need, each of whole contours; the first has the
 * words. */
export function textStrokes(
  outline: Outline,
  corner: Position,
  { right, down }: Direction,
  words: string,
  color: number,
  startMs: number,
): Stroke[] {
  const [beginX, beginY] = [corner.x * SUB_PER_PX, corner.y * SUB_PER_PX];
  const strokes = partsOf(outline.contours).map((contours) => {
    const points = makePoints(contours.reduce((sum, contour) => sum + contour.length / 2, 0));
    points.pressure.fill(255);
    for (const contour of contours) {
      let [x, y] = [0, 0];
      for (let i = 0; i < contour.length; i += 2) {
        x += contour[i]!;
        y += contour[i + 1]!;
        points.x[points.count] = Math.round(beginX + x * right.dx + y * down.dx);
        points.y[points.count] = Math.round(beginY + x * right.dy + y * down.dy);
        points.count++;
      }
    }
    const stroke = fill(color, corner, startMs, points);
    return { ...stroke, contours: contours.map((contour) => contour.length / 2) };
  });
  return strokes.map((stroke, part) => ({
    ...stroke,
    part,
    parts: strokes.length,
    ...(part === 0 ? { text: words } : {}),
  }));
}

function partsOf(contours: readonly number[][]): number[][][] {
  const parts: number[][][] = [];
  let count = 0;
  for (const contour of contours) {
    const last = parts[parts.length - 1];
    const size = contour.length / 2;
    if (last === undefined || count + size > POINTS_MAX || last.length === CONTOURS_MAX) {
      parts.push([contour]);
      count = size;
    } else {
      last.push(contour);
      count += size;
    }
  }
  return parts;
}

/* All contours as one, as previews have it: from each to the next and in the end all the way back, so that what
 * lies between is wound around as often one way as the other, and nothing of it is filled. */
export function bridged(stroke: Stroke): Stroke {
  const { text: _, ...rest } = stroke;
  const { points, contours = [points.count] } = rest;
  if (contours.length === 1) {
    return rest;
  }
  const order: number[] = [];
  const firsts: number[] = [];
  let begin = 0;
  for (const size of contours) {
    if (order.length + size + firsts.length + 2 > POINTS_MAX) {
      break;
    }
    firsts.push(begin);
    for (let i = begin; i < begin + size; i++) {
      order.push(i);
    }
    order.push(begin);
    begin += size;
  }
  order.push(...firsts.slice(0, -1).reverse());
  const joined = makePoints(order.length);
  joined.count = order.length;
  joined.pressure.fill(255);
  order.forEach((from, i) => {
    joined.x[i] = points.x[from]!;
    joined.y[i] = points.y[from]!;
  });
  return { ...rest, points: joined, contours: [joined.count] };
}
