/* Strokes moved, scaled and turned: to what the log will hold. A move is by whole eighths of a pixel of the
 * stroke's own level, so that nothing of its form changes; scaling goes to the level at which the stroke
 * has about the size in pixels that it had, so that as much of its detail is kept. Pure. */
import {
  difference,
  LEVEL_MAX,
  LEVEL_MIN,
  SUB_PER_PX,
  SUB_PER_TILE,

  toLevel,
  type Position,
} from '../core/geometry.ts';
import {
  HOMES_MAX,
  POINT_SUB_MAX,
  TOOL_ERASER,
  TOOL_FILL,
  WIDTH_MAX,
  type Points,
  type Stroke,
} from '../core/op.ts';
import { HomeCounter, homesOf } from '../core/touch.ts';
import { boundsOf } from '../core/marks.ts';

/* About a pivot: turned clockwise on an upright wall, scaled, and then moved by pixels of the pivot's level. */
export interface Change {
  pivot: Position;
  scale: number;
  angle: number; /* radians */
  dx: number;
  dy: number;
}

export const SCALE_MIN = 1 / 64;
export const SCALE_MAX = 64;

export function isMove(change: Change): boolean {
  return change.scale === 1 && change.angle === 0;
}

export function isNothing(change: Change): boolean {
  return isMove(change) && change.dx === 0 && change.dy === 0;
}

/* A spot in pixels from the pivot, as the change has it. */
export function changeSpot(change: Change, x: number, y: number): { x: number; y: number } {
  const [cos, sin] = [Math.cos(change.angle) * change.scale, Math.sin(change.angle) * change.scale];
  return { x: x * cos - y * sin + change.dx, y: x * sin + y * cos + change.dy };
}

/* The parts of one stroke, changed. They have one level, whichever that is in the end. */
export function changeStroke(parts: readonly Stroke[], change: Change): Stroke[] {
  let changed = isMove(change)
    ? parts.map((part) => moved(part, change))
    : turned(parts, change);
  while (!changed.every(hasRoom) && changed[0]!.origin.level > LEVEL_MIN) {
    changed = changed.map(coarsened);
  }
  return changed;
}

export function recoloured(parts: readonly Stroke[], rgb: number): Stroke[] {
  return parts.map((part) =>
    part.tool === TOOL_ERASER ? part : { ...part, color: rgb * 256 + (part.color & 0xff) },
  );
}

function copyOf(points: Points): Points {
  const { count } = points;
  return {
    count,
    x: new Int32Array(count),
    y: new Int32Array(count),
    pressure: points.pressure.slice(0, count),
    dtMs: points.dtMs.slice(0, count),
  };
}

/* The same points from the tile that the first of them is in; from where they were if that is too far. */
function placed(part: Stroke, origin: Stroke['origin'], x: number[], y: number[]): Stroke {
  const tileX = Math.floor(x[0]! / SUB_PER_TILE);
  const tileY = Math.floor(y[0]! / SUB_PER_TILE);
  const isNear = (values: readonly number[], tile: number): boolean =>
    values.every((value) => Math.abs(value - tile * SUB_PER_TILE) <= POINT_SUB_MAX);
  const stepX = isNear(x, tileX) ? tileX : 0;
  const stepY = isNear(y, tileY) ? tileY : 0;
  const points = copyOf(part.points);
  for (let i = 0; i < points.count; i++) {
    points.x[i] = x[i]! - stepX * SUB_PER_TILE;
    points.y[i] = y[i]! - stepY * SUB_PER_TILE;
  }
  const { level } = origin;
  return { ...part, points, origin: { level, x: origin.x + stepX, y: origin.y + stepY } };
}

function moved(part: Stroke, { pivot, dx, dy }: Change): Stroke {
  const perPx = 2 ** (part.origin.level - pivot.level) * SUB_PER_PX;
  /* Whole tiles first: so far out that sums of eighths would not be exact. */
  const axis = (px: number, values: Int32Array): { tiles: number; subs: number[] } => {
    const sub = Math.round(px * perPx);
    const tiles = Math.floor(sub / SUB_PER_TILE);
    const rest = sub - tiles * SUB_PER_TILE;
    const { count } = part.points;
    return { tiles, subs: Array.from({ length: count }, (_, i) => values[i]! + rest) };
  };
  const [x, y] = [axis(dx, part.points.x), axis(dy, part.points.y)];
  const { origin } = part;
  const corner = { level: origin.level, x: origin.x + x.tiles, y: origin.y + y.tiles };
  return placed(part, corner, x.subs, y.subs);
}

function turned(parts: readonly Stroke[], change: Change): Stroke[] {
  const { pivot, scale } = change;
  const former = parts[0]!.origin.level;
  const level = Math.min(LEVEL_MAX, Math.max(LEVEL_MIN, former - Math.round(Math.log2(scale))));
  const zoom = 2 ** (level - former);
  const perPivotPx = 2 ** (former - pivot.level);
  const about = toLevel(pivot, level);
  /* In pixels of the former level. */
  const here: Change = { ...change, dx: change.dx * perPivotPx, dy: change.dy * perPivotPx };
  return parts.map((part) => {
    const { origin, points } = part;
    const corner = { level: former, tileX: origin.x, tileY: origin.y, x: 0, y: 0 };
    const from = difference(corner, toLevel(pivot, former));
    const [x, y]: [number[], number[]] = [[], []];
    for (let i = 0; i < points.count; i++) {
      const px = from.dx + points.x[i]! / SUB_PER_PX;
      const spot = changeSpot(here, px, from.dy + points.y[i]! / SUB_PER_PX);
      x.push(Math.round((about.x + spot.x * zoom) * SUB_PER_PX));
      y.push(Math.round((about.y + spot.y * zoom) * SUB_PER_PX));
    }
    const origin2 = { level, x: about.tileX, y: about.tileY };
    return { ...placed(part, origin2, x, y), width: widthOf(part, scale * zoom) };
  });
}

function widthOf(part: Stroke, factor: number): number {
  return part.tool === TOOL_FILL ? part.width : Math.max(1, Math.round(part.width * factor));
}

/* May it be an op at its level? */
export function hasRoom(part: Stroke): boolean {
  if (part.width > WIDTH_MAX) {
    return false;
  }
  if (new HomeCounter().update(part)) {
    return true;
  }
  const { x0, y0, x1, y1 } = boundsOf(part);
  const isBoxSmall = (x1 - x0 + 1) * (y1 - y0 + 1) <= 16 * HOMES_MAX;
  return part.tool === TOOL_FILL && isBoxSmall && homesOf(part).size <= HOMES_MAX;
}

export function coarsened(part: Stroke): Stroke {
  const { origin, points } = part;
  const parent = {
    level: origin.level - 1,
    x: Math.floor(origin.x / 2),
    y: Math.floor(origin.y / 2),
  };
  const axis = (values: Int32Array, tile: number, above: number): number[] =>
    Array.from({ length: points.count }, (_, i) =>
      Math.round((values[i]! + (tile - above * 2) * SUB_PER_TILE) / 2),
    );
  const x = axis(points.x, origin.x, parent.x);
  const y = axis(points.y, origin.y, parent.y);
  return { ...placed(part, parent, x, y), width: widthOf(part, 0.5) };
}

/* How far a stroke's ink reaches beyond its points, in pixels of its level. */
export function reachOf(part: Stroke): number {
  return part.tool === TOOL_FILL ? 0 : part.width / 512;
}

