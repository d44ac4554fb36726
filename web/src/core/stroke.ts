/* A stroke while it is drawn: from the pointer's places to the points that are kept.
 *
 * Places are smoothed lightly, once: by the stabiliser, if it is on; by a low pass of a few milliseconds against the
 * hand's and the digitizer's trembling; then by quadratic curves between midpoints, flattened to an eighth of a
 * pixel, so that a fast stroke of few events is round. What comes out is quantised to 1/8 px and
 * is what is drawn, sent and logged. Pressure is the pen's, bent to the hand's liking, or made of speed where there
 * is none; it is stored, so all see the same. Pure: the clock comes with the samples. */
import { curved, PRESSURE_AT_BEGIN, speedToPressure, type Curve } from './pen.ts';
import { pull } from './steady.ts';
import { difference, LEVEL_MIN, SUB_PER_PX, SUB_PER_TILE, type Position } from './geometry.ts';
import {
  FILL_WIDTH,
  makePoints,
  PARTS_MAX,
  POINT_SUB_MAX,
  POINTS_MAX,
  slicePoints,
  TOOL_FILL,
  WIDTH_MAX,
  type Points,
  type Stroke,
  type Tool,
} from './op.ts';

export interface Brush {
  tool: Tool;
  color: number; /* 0xRRGGBBAA */
  widthPx: number; /* of the stroke's level */
}

/* How the hand is followed. */
export interface Feel {
  pressure: 'none' | 'pen' | 'speed';
  curve: Curve;
  stringPx: number; /* the stabiliser's; px of the stroke's level */
  cssPx: number; /* px of the stroke's level a CSS pixel: speed is the hand's, not the wall's */
}

export interface Sample {
  place: Position;
  pressure: number; /* 0..1 */
  timeMs: number;
  isRegular?: boolean; /* Shift is held: a shape is to be square, round or straight */
  isCentred?: boolean; /* Alt is held: a shape is to grow about where it began */
}

/* What makes a stroke or a filled shape of the pointer's places. */
export interface Builder {
  readonly stroke: Stroke;
  readonly isFull: boolean;
  readonly isNothing: boolean; /* too little to be kept */
  add(sample: Sample): void;
  finish(): void;
  /* What would come after the newest point, that one first, if the pointer went on so and was lifted there; null if
   * nothing would. Changes nothing. */
  tail(ahead: readonly Sample[]): Points | null;
  /* Takes it to the level above: for one that grew over too many tiles. */
  coarsen(): void;
  /* True once after points changed, not only were added. */
  takeRewritten(): boolean;
}

interface Spot {
  x: number; /* px from the origin tile's corner */
  y: number;
  pressure: number;
  timeMs: number;
}

/* How far the pointer was followed. Spots are never changed, so a copy remembers a moment. */
interface Path {
  raw: Spot; /* the pointer */
  towed: Spot; /* what hangs on the string */
  smooth: Spot;
  middle: Spot; /* of the two newest smooth ones: where the ink ends */
  elapsedMs: number;
  speedPressure: number;
}

const SMOOTHING_MS = 6;
const SAMPLE_MS_MIN = 2;
const FLATNESS_PX = 0.125;
const SPACING_SUB = 4;
/* Of a broad brush nobody sees as much: its points may lie so many of its widths apart, and off the curve. */
const SPACING_WIDTHS = 1 / 64;
const FLATNESS_WIDTHS = 1 / 512;
const PRESSURE_STEP = 12;
/* Parts share an end point, so each but the first adds one less. */
export const STROKE_POINTS_MAX = PARTS_MAX * (POINTS_MAX - 1) + 1;

function between(a: Spot, b: Spot, t: number): Spot {
  return {
    x: a.x + (b.x - a.x) * t,
    y: a.y + (b.y - a.y) * t,
    pressure: a.pressure + (b.pressure - a.pressure) * t,
    timeMs: a.timeMs + (b.timeMs - a.timeMs) * t,
  };
}

export function widthUnits(widthPx: number): number {
  return Math.min(WIDTH_MAX, Math.max(1, Math.round(widthPx * 256)));
}

export class StrokeBuilder implements Builder {
  readonly stroke: Stroke;
  private corner: Position;
  private path: Path | null = null;
  private startTimeMs = 0;
  private isRewritten = false;
  private readonly feel: Feel;

  /* `start` is at the level the stroke is to have. */
  constructor(brush: Brush, start: Position, feel: Feel, startMs: number) {
    const isFill = brush.tool === TOOL_FILL; /* one closed contour, drawn by hand */
    this.corner = { ...start, x: 0, y: 0 };
    this.feel = { ...feel };
    this.stroke = {
      kind: 'stroke',
      tool: brush.tool,
      color: brush.color,
      width: isFill ? FILL_WIDTH : widthUnits(brush.widthPx),
      origin: { level: start.level, x: start.tileX, y: start.tileY },
      startMs: BigInt(Math.round(startMs)),
      part: 0,
      parts: 1,
      hasPressure: feel.pressure !== 'none' && !isFill,
      hasTimes: true,
      points: makePoints(256),
      ...(isFill && { contours: [0] }),
    };
  }

  get isFull(): boolean {
    return this.stroke.points.count >= STROKE_POINTS_MAX;
  }

  get isNothing(): boolean {
    return this.stroke.contours !== undefined && this.stroke.points.count < 3;
  }

  takeRewritten(): boolean {
    const wasRewritten = this.isRewritten;
    this.isRewritten = false;
    return wasRewritten;
  }

  add(sample: Sample): void {
    const { dx, dy } = difference(sample.place, this.corner);
    const raw = { x: dx, y: dy, pressure: sample.pressure, timeMs: sample.timeMs };
    if (this.path === null) {
      this.begin(raw);
      return;
    }
    const before = this.path;
    const speedPressure = this.press(raw, before);
    const towed = { ...raw, ...pull(before.towed, raw, this.feel.stringPx) };
    const passedMs = Math.max(SAMPLE_MS_MIN, raw.timeMs - before.smooth.timeMs);
    const smooth = between(before.smooth, towed, 1 - Math.exp(-passedMs / SMOOTHING_MS));
    smooth.timeMs = raw.timeMs;
    const middle = between(before.smooth, smooth, 0.5);
    this.path = { ...before, raw, towed, smooth, middle, speedPressure };
    this.curve(before.middle, before.smooth, middle);
  }

  private begin(raw: Spot): void {
    const speedPressure = PRESSURE_AT_BEGIN;
    this.startTimeMs = raw.timeMs;
    raw.pressure = this.feel.pressure === 'speed' ? speedPressure : curved(raw.pressure, this.feel.curve);
    this.path = { raw, towed: raw, smooth: raw, middle: raw, elapsedMs: 0, speedPressure };
    this.emit(raw, true);
  }

  /* Gives the place its pressure; that of speed, to go on from. */
  private press(raw: Spot, { raw: last, speedPressure }: Path): number {
    if (this.feel.pressure !== 'speed') {
      raw.pressure = curved(raw.pressure, this.feel.curve);
      return speedPressure;
    }
    const px = Math.hypot(raw.x - last.x, raw.y - last.y) / this.feel.cssPx;
    raw.pressure = speedToPressure(speedPressure, px, raw.timeMs - last.timeMs);
    return raw.pressure;
  }

  /* Brings the ink to where the pointer left. */
  finish(): void {
    if (this.path !== null) {
      this.endAt(this.path.raw);
    }
  }

  private endAt(spot: Spot): void {
    const { middle, smooth } = this.path!;
    this.curve(middle, smooth, spot);
    this.emit(spot, true);
  }

  tail(ahead: readonly Sample[]): Points | null {
    const { path, stroke } = this;
    const { count } = stroke.points;
    if (path === null || stroke.contours !== undefined || this.isFull) {
      return null;
    }
    this.path = { ...path };
    ahead.forEach((sample) => this.add(sample));
    /* A string is not cut before the pen is lifted. */
    this.endAt(this.feel.stringPx > 0 ? this.path.smooth : this.path.raw);
    const points = slicePoints(stroke.points, count - 1, stroke.points.count);
    stroke.points.count = count;
    this.path = path;
    return points.count > 1 ? points : null;
  }

  private get widthPx(): number {
    return this.stroke.contours === undefined ? this.stroke.width / 256 : 0;
  }

  private get flatnessPx(): number {
    return Math.max(FLATNESS_PX, this.widthPx * FLATNESS_WIDTHS);
  }

  private get spacingSub(): number {
    return Math.max(SPACING_SUB, this.widthPx * SPACING_WIDTHS * SUB_PER_PX);
  }

  private curve(from: Spot, control: Spot, to: Spot): void {
    const bendX = from.x - 2 * control.x + to.x;
    const bendY = from.y - 2 * control.y + to.y;
    const bend = Math.hypot(bendX, bendY);
    const steps = Math.min(64, Math.max(1, Math.ceil(Math.sqrt(bend / (4 * this.flatnessPx)))));
    for (let i = 1; i <= steps; i++) {
      const t = i / steps;
      this.emit(between(between(from, control, t), between(control, to, t), t), false);
    }
  }

  private emit(spot: Spot, isEnd: boolean): void {
    const { points } = this.stroke;
    const x = Math.round(spot.x * SUB_PER_PX);
    const y = Math.round(spot.y * SUB_PER_PX);
    const pressure = this.stroke.hasPressure
      ? Math.min(255, Math.max(1, Math.round(spot.pressure * 255)))
      : 255;
    if (Math.abs(x) > POINT_SUB_MAX || Math.abs(y) > POINT_SUB_MAX || this.isFull) {
      return;
    }
    const last = points.count - 1;
    if (last >= 0) {
      const dx = x - points.x[last]!;
      const dy = y - points.y[last]!;
      const isSame = dx === 0 && dy === 0;
      const isNear = Math.hypot(dx, dy) < this.spacingSub;
      const isAlike = Math.abs(pressure - points.pressure[last]!) < PRESSURE_STEP;
      if (isAlike && (isSame || (isNear && !isEnd))) {
        return;
      }
    }
    const path = this.path!;
    const elapsedMs = Math.max(path.elapsedMs, Math.round(spot.timeMs - this.startTimeMs));
    append(this.stroke, x, y, pressure, last >= 0 ? elapsedMs - path.elapsedMs : 0);
    path.elapsedMs = elapsedMs;
    if (this.stroke.contours !== undefined && this.stroke.points.count >= POINTS_MAX) {
      this.thin();
    }
  }

  /* A contour is one op, whatever its length: a very long one keeps every other point. */
  private thin(): void {
    const { stroke } = this;
    const all = stroke.points;
    stroke.points = makePoints(all.x.length);
    stroke.contours = [0];
    let dtMs = 0;
    for (let i = 0; i < all.count; i++) {
      dtMs += all.dtMs[i]!;
      if (i % 2 === 0) {
        append(stroke, all.x[i]!, all.y[i]!, all.pressure[i]!, dtMs);
        dtMs = 0;
      }
    }
    this.path!.elapsedMs -= dtMs;
    this.isRewritten = true;
  }

  coarsen(): void {
    const { origin, points } = this.stroke;
    if (origin.level <= LEVEL_MIN) {
      return;
    }
    const parentX = Math.floor(origin.x / 2);
    const parentY = Math.floor(origin.y / 2);
    const shiftX = (origin.x - parentX * 2) * SUB_PER_TILE;
    const shiftY = (origin.y - parentY * 2) * SUB_PER_TILE;
    for (let i = 0; i < points.count; i++) {
      points.x[i] = Math.round((points.x[i]! + shiftX) / 2);
      points.y[i] = Math.round((points.y[i]! + shiftY) / 2);
    }
    const halve = (spot: Spot): Spot => ({
      ...spot,
      x: (spot.x + shiftX / SUB_PER_PX) / 2,
      y: (spot.y + shiftY / SUB_PER_PX) / 2,
    });
    if (this.path !== null) {
      const { raw, towed, smooth, middle } = this.path;
      const halved = { raw: halve(raw), towed: halve(towed), smooth: halve(smooth) };
      this.path = { ...this.path, ...halved, middle: halve(middle) };
    }
    this.feel.stringPx /= 2;
    this.feel.cssPx /= 2;
    this.stroke.origin = { level: origin.level - 1, x: parentX, y: parentY };
    if (this.stroke.tool !== TOOL_FILL) {
      this.stroke.width = Math.max(1, Math.round(this.stroke.width / 2));
    }
    this.corner = { level: origin.level - 1, tileX: parentX, tileY: parentY, x: 0, y: 0 };
  }
}

function grow(points: Points): Points {
  const larger = makePoints(points.x.length * 2);
  larger.x.set(points.x);
  larger.y.set(points.y);
  larger.pressure.set(points.pressure);
  larger.dtMs.set(points.dtMs);
  larger.count = points.count;
  return larger;
}

function append(stroke: Stroke, x: number, y: number, pressure: number, dtMs: number): void {
  if (stroke.points.count === stroke.points.x.length) {
    stroke.points = grow(stroke.points);
  }
  const { points } = stroke;
  points.x[points.count] = x;
  points.y[points.count] = y;
  points.pressure[points.count] = pressure;
  points.dtMs[points.count] = dtMs;
  points.count++;
  if (stroke.contours !== undefined) {
    stroke.contours[stroke.contours.length - 1]!++;
  }
}

/* Appends what a preview brought; `stroke` and `more` have the same origin. */
export function appendPoints(stroke: Stroke, more: Points, from: number): void {
  for (let i = from; i < more.count; i++) {
    append(stroke, more.x[i]!, more.y[i]!, more.pressure[i]!, more.dtMs[i]!);
  }
}

/* Points [first, to) as a stroke of their own: a preview's body. */
export function tailOf(stroke: Stroke, first: number, to: number): Stroke {
  const points = slicePoints(stroke.points, first, to);
  points.dtMs[0] = 0;
  const contours = stroke.contours && { contours: [points.count] }; /* one grows at a time */
  return { ...stroke, startMs: first === 0 ? stroke.startMs : null, points, ...contours };
}

/* The ops of a stroke: one, or the parts of a group, each beginning where the one before ended. */
export function splitStroke(stroke: Stroke): Stroke[] {
  const { count } = stroke.points;
  if (count <= POINTS_MAX) {
    return [{ ...stroke, points: slicePoints(stroke.points, 0, count) }];
  }
  const parts = Math.ceil((count - 1) / (POINTS_MAX - 1));
  const strokes: Stroke[] = [];
  let startMs = stroke.startMs;
  for (let part = 0; part < parts; part++) {
    const from = part * (POINTS_MAX - 1);
    const points = slicePoints(stroke.points, from, Math.min(count, from + POINTS_MAX));
    points.dtMs[0] = 0;
    strokes.push({ ...stroke, startMs, part, parts, points });
    const lastedMs = points.dtMs.reduce((sum, dtMs) => sum + dtMs, 0);
    startMs = startMs === null ? null : startMs + BigInt(lastedMs);
  }
  return strokes;
}
