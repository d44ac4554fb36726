/* Lines, rectangles and ellipses: from where the pointer went down and where it is now to points. An
 * outline is a stroke of the pen, a filled shape one contour. With Alt it grows about where the pointer went down. Each
 * move makes all points anew, from the two places themselves, so that a shape that had to be taken to coarser levels comes
 * back to its own when it is small again. The points end at the pointer: that is where others see the name. Pure. */
import {
  clampToWorld,
  difference,
  LEVEL_MIN,
  SUB_PER_PX,
  tileAncestor,
  toLevel,
  translate,
  type Position,
} from './geometry.ts';
import { screenToWall, UPRIGHT, wallToScreen, type Turn } from './turn.ts';
import { FILL_WIDTH, makePoints, TOOL_FILL, type Stroke } from './op.ts';
import { widthUnits, type Brush, type Builder, type Sample } from './stroke.ts';

export type Shape = 'line' | 'rectangle' | 'ellipse';

interface Spot {
  x: number;
  y: number;
}

const FLATNESS_PX = 0.1;
const STEPS_MIN = 16;
const STEPS_MAX = 1024;
/* A press that slipped is no shape. */
const SIZE_PX_MIN = 2;

/* With Shift: lines at multiples of 45 degrees, squares, circles. */
export function regular(shape: Shape, { x, y }: Spot): Spot {
  if (shape === 'line') {
    const angle = (Math.round(Math.atan2(y, x) / (Math.PI / 4)) * Math.PI) / 4;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const length = x * cos + y * sin;
    return { x: length * cos, y: length * sin };
  }
  const side = Math.max(Math.abs(x), Math.abs(y));
  return { x: x < 0 ? -side : side, y: y < 0 ? -side : side };
}

/* In eighths, so that the ends of both axes are among the points. */
function ellipseSteps(radius: number): number {
  const steps = Math.PI / Math.acos(Math.max(0, 1 - FLATNESS_PX / Math.max(radius, FLATNESS_PX)));
  return 8 * Math.ceil(Math.min(STEPS_MAX, Math.max(STEPS_MIN, steps)) / 8);
}

function ellipse(a: Spot, b: Spot, isFilled: boolean): Spot[] {
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  const radius = { x: Math.abs(b.x - a.x) / 2, y: Math.abs(b.y - a.y) / 2 };
  const steps = ellipseSteps(Math.max(radius.x, radius.y));
  const begin = Math.atan2(b.y < a.y ? -1 : 1, b.x < a.x ? -1 : 1);
  const spots: Spot[] = [];
  for (let i = isFilled ? 1 : 0; i <= steps; i++) {
    const angle = begin + (i / steps) * 2 * Math.PI;
    spots.push({
      x: middle.x + radius.x * Math.cos(angle),
      y: middle.y + radius.y * Math.sin(angle),
    });
  }
  return spots;
}

/* From corner to corner: an outline comes back to its first point, a filled one closes by itself. */
export function outline(shape: Shape, a: Spot, b: Spot, isFilled: boolean): Spot[] {
  if (shape === 'line') {
    return [a, b];
  }
  if (shape === 'ellipse') {
    return ellipse(a, b, isFilled);
  }
  const corners = [{ x: b.x, y: a.y }, a, { x: a.x, y: b.y }, b];
  return isFilled ? corners : [b, ...corners];
}

export class ShapeBuilder implements Builder {
  readonly stroke: Stroke;
  readonly isFull = false;
  private end: Position;
  private from: Position; /* the corner across */
  private endMs = 0;
  private beganMs: number | null = null;
  private isRewritten = false;

  /* `start` is at the level the shape is to have; its sides are those of the screen, so they lie on the wall as
   * the view is turned. */
  constructor(
    private readonly shape: Shape,
    private readonly brush: Brush,
    private readonly start: Position,
    startMs: number,
    private readonly turn: Turn = UPRIGHT,
  ) {
    this.end = start;
    this.from = start;
    this.stroke = {
      kind: 'stroke',
      tool: brush.tool,
      color: brush.color,
      width: 1,
      origin: { level: start.level, x: start.tileX, y: start.tileY },
      startMs: BigInt(Math.round(startMs)),
      part: 0,
      parts: 1,
      hasPressure: false,
      hasTimes: true,
      points: makePoints(1),
      ...(this.isFilled && { contours: [1] }),
    };
  }

  private get isFilled(): boolean {
    return this.brush.tool === TOOL_FILL;
  }

  get isNothing(): boolean {
    const along = difference(this.end, this.from);
    const { dx, dy } = wallToScreen(this.turn, along.dx, along.dy);
    const [width, height] = [Math.abs(dx), Math.abs(dy)];
    const isFlat = this.isFilled && Math.min(width, height) < 1 / SUB_PER_PX;
    return isFlat || Math.max(width, height) < SIZE_PX_MIN;
  }

  add({ place, timeMs, isRegular, isCentred }: Sample): void {
    this.beganMs ??= timeMs;
    this.endMs = Math.max(this.endMs, timeMs - this.beganMs);
    this.end = clampToWorld(isRegular === true ? this.regularEnd(place) : place);
    this.from = isCentred === true ? this.across() : this.start;
    this.rewrite(this.start.level);
  }

  private regularEnd(place: Position): Position {
    const along = difference(place, this.start);
    const seen = wallToScreen(this.turn, along.dx, along.dy);
    const spot = regular(this.shape, { x: seen.dx, y: seen.dy });
    const { dx, dy } = screenToWall(this.turn, spot.x, spot.y);
    return translate(this.start, dx, dy);
  }

  /* As far on the other side of where it began. */
  private across(): Position {
    const { dx, dy } = difference(this.end, this.start);
    return clampToWorld(translate(this.start, -dx, -dy));
  }

  tail(): null {
    return null; /* each move says where all of it is */
  }

  finish(): void {
    /* the last move said all */
  }

  takeRewritten(): boolean {
    const wasRewritten = this.isRewritten;
    this.isRewritten = false;
    return wasRewritten;
  }

  coarsen(): void {
    const { level } = this.stroke.origin;
    if (level > LEVEL_MIN) {
      this.rewrite(level - 1);
    }
  }

  private rewrite(level: number): void {
    const { stroke, start, brush } = this;
    const { tileX: x, tileY: y } = start;
    stroke.origin = tileAncestor({ level: start.level, x, y }, level);
    const widthPx = brush.widthPx * 2 ** (level - start.level);
    stroke.width = this.isFilled ? FILL_WIDTH : widthUnits(widthPx);
    const corner = { level, tileX: stroke.origin.x, tileY: stroke.origin.y, x: 0, y: 0 };
    const inside = (place: Position): Spot => {
      const { dx, dy } = difference(toLevel(place, level), corner);
      return { x: dx, y: dy };
    };
    this.write(this.turnedOutline(inside(this.from), inside(this.end)));
    this.isRewritten = true;
  }

  private turnedOutline(a: Spot, b: Spot): Spot[] {
    const { turn } = this;
    if (turn.angle === 0) {
      return outline(this.shape, a, b, this.isFilled);
    }
    const end = wallToScreen(turn, b.x - a.x, b.y - a.y);
    const seen = outline(this.shape, { x: 0, y: 0 }, { x: end.dx, y: end.dy }, this.isFilled);
    return seen.map(({ x, y }) => {
      const { dx, dy } = screenToWall(turn, x, y);
      return { x: a.x + dx, y: a.y + dy };
    });
  }

  /* As if it had been drawn evenly in the time that it took: a replay shows it so. */
  private write(spots: readonly Spot[]): void {
    const points = makePoints(spots.length);
    let toldMs = 0;
    spots.forEach((spot, i) => {
      points.x[i] = Math.round(spot.x * SUB_PER_PX);
      points.y[i] = Math.round(spot.y * SUB_PER_PX);
      points.pressure[i] = 255;
      const atMs = Math.round((this.endMs * i) / Math.max(1, spots.length - 1));
      points.dtMs[i] = atMs - toldMs;
      toldMs = atMs;
    });
    points.count = spots.length;
    this.stroke.points = points;
    if (this.stroke.contours !== undefined) {
      this.stroke.contours = [points.count];
    }
  }
}
