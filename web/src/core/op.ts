/* An op's body: what somebody did, in the one binary form that the wire and the log share.
 * Mirrors include/kolam/op.h; docs/storage.md tells the layout byte by byte, and
 * tests/data/op-vectors.json holds both to it. */
import { BitReader, BitWriter } from './bits.ts';
import { ByteReader, ByteWriter, FormatError } from './bytes.ts';
import { isTileValid, LEVEL_MIN, SUB_PER_TILE, type TileId } from './geometry.ts';

const OP_VERSION = 1;
export const POINTS_MAX = 8192;
export const HOMES_MAX = 256;
export const WIDTH_MAX = 512 * 256;
export const PARTS_MAX = 32;
export const TARGETS_MAX = 4096;
export const EDIT_OPS_MAX = 1024;
export const POINT_SUB_MAX = 1 << 20;
export const CONTOURS_MAX = 2048;
export const TEXT_BYTES_MAX = 4096;
export const FILL_WIDTH = 256; /* a filled shape has no width; this stands there */
const RECORD_BYTES_MAX = 65536;
const DT_MS_MAX = 86_400_000;

export const TOOL_PEN = 0;
export const TOOL_MARKER = 1;
export const TOOL_ERASER = 2;
export const TOOL_PENCIL = 3;
export const TOOL_AIRBRUSH = 4;
export const TOOL_FILL = 5;
const TOOL_LAST = TOOL_FILL;
export type Tool =
  | typeof TOOL_PEN
  | typeof TOOL_MARKER
  | typeof TOOL_ERASER
  | typeof TOOL_PENCIL
  | typeof TOOL_AIRBRUSH
  | typeof TOOL_FILL;

/* x, y: 1/8 px of the level from the corner of the origin tile; pressure 255 is full. */
export interface Points {
  count: number;
  x: Int32Array;
  y: Int32Array;
  pressure: Uint8Array;
  dtMs: Uint32Array;
}

export interface Stroke {
  kind: 'stroke';
  tool: Tool;
  color: number; /* 0xRRGGBBAA, straight */
  width: number; /* 1/256 px of the level */
  origin: TileId;
  startMs: bigint | null;
  part: number;
  parts: number;
  hasPressure: boolean;
  hasTimes: boolean;
  points: Points;
  /* A filled shape alone: the number of points of each closed contour, and what the outlines say. */
  contours?: number[];
  text?: string;
}

export interface Visibility {
  kind: 'hide' | 'show';
  targets: number[];
  /* Of an edit's hide: the next so many ops are one with it, one undo step; 0 where strokes were only removed. */
  follow?: number;
}

export interface RecordOp {
  kind: 'record';
  json: string;
}

export type Op = Stroke | Visibility | RecordOp;

const KINDS = { stroke: 1, hide: 2, show: 3, record: 4 } as const;
const FLAG_PRESSURE = 1;
const FLAG_TIMES = 2;
const FLAG_START = 4;
const FLAG_GROUP = 8;
const FLAG_TEXT = 16;
const FLAGS_ALL = 31;

export function makePoints(capacity: number): Points {
  return {
    count: 0,
    x: new Int32Array(capacity),
    y: new Int32Array(capacity),
    pressure: new Uint8Array(capacity),
    dtMs: new Uint32Array(capacity),
  };
}

/* A copy of points [from, to). */
export function slicePoints(points: Points, from: number, to: number): Points {
  return {
    count: to - from,
    x: points.x.slice(from, to),
    y: points.y.slice(from, to),
    pressure: points.pressure.slice(from, to),
    dtMs: points.dtMs.slice(from, to),
  };
}

/* ---- writing ---- */

function zigzagged(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}

/* Tells, point after point from the second on, whether it is the first or second of its contour. */
function earlyPoints(contours: readonly number[] | undefined): (index: number) => boolean {
  let begin = 0;
  let contour = 0;
  return (index) => {
    if (contours !== undefined && index === begin + contours[contour]!) {
      begin = index;
      contour++;
    }
    return index <= begin + 1;
  };
}

/* A line goes on as it went; but a contour knows nothing of the one before it, except where that ended. */
function axisResiduals(values: Int32Array, stroke: Stroke): Uint32Array {
  const { count } = stroke.points;
  const residuals = new Uint32Array(count - 1);
  const isEarly = earlyPoints(stroke.contours);
  for (let i = 1; i < count; i++) {
    const before = values[i - 1]!;
    const predicted = isEarly(i) ? before : 2 * before - values[i - 2]!;
    residuals[i - 1] = zigzagged(values[i]! - predicted);
  }
  return residuals;
}

function pressureResiduals(values: Uint8Array, count: number): Uint32Array {
  const residuals = new Uint32Array(count - 1);
  for (let i = 1; i < count; i++) {
    residuals[i - 1] = zigzagged(values[i]! - values[i - 1]!);
  }
  return residuals;
}

function writeChannels(stroke: Stroke): Uint8Array {
  const { points } = stroke;
  const bits = new BitWriter();
  bits.channel(axisResiduals(points.x, stroke));
  bits.channel(axisResiduals(points.y, stroke));
  if (stroke.hasPressure) {
    bits.channel(pressureResiduals(points.pressure, points.count));
  }
  if (stroke.hasTimes) {
    bits.channel(points.dtMs.slice(1, points.count));
  }
  return bits.finish();
}

function writeStroke(out: ByteWriter, stroke: Stroke): void {
  const { points } = stroke;
  out.u8(
    (stroke.hasPressure ? FLAG_PRESSURE : 0) |
      (stroke.hasTimes ? FLAG_TIMES : 0) |
      (stroke.startMs !== null ? FLAG_START : 0) |
      (stroke.parts > 1 ? FLAG_GROUP : 0) |
      (stroke.text ? FLAG_TEXT : 0),
  );
  out.u8(stroke.tool);
  for (let shift = 24; shift >= 0; shift -= 8) {
    out.u8((stroke.color >>> shift) & 0xff);
  }
  out.varint(stroke.width);
  out.u8(stroke.origin.level - LEVEL_MIN);
  out.zigzag(stroke.origin.x);
  out.zigzag(stroke.origin.y);
  if (stroke.startMs !== null) {
    out.bigZigzag(stroke.startMs);
  }
  if (stroke.parts > 1) {
    out.varint(stroke.part);
    out.varint(stroke.parts);
  }
  out.varint(points.count);
  if (stroke.contours !== undefined) {
    out.varint(stroke.contours.length);
    stroke.contours.slice(0, -1).forEach((size) => out.varint(size));
  }
  if (stroke.text) {
    const text = new TextEncoder().encode(stroke.text);
    out.varint(text.length);
    out.raw(text);
  }
  out.zigzag(points.x[0]!);
  out.zigzag(points.y[0]!);
  if (stroke.hasPressure) {
    out.u8(points.pressure[0]!);
  }
  if (points.count > 1) {
    out.raw(writeChannels(stroke));
  }
}

export function encodeOp(op: Op): Uint8Array {
  const out = new ByteWriter();
  out.u8(OP_VERSION);
  out.u8(KINDS[op.kind]);
  if (op.kind === 'stroke') {
    checkStroke(op);
    writeStroke(out, op);
  } else if (op.kind === 'record') {
    const json = new TextEncoder().encode(op.json);
    out.varint(json.length);
    out.raw(json);
  } else {
    demand(op.targets.length >= 1 || Boolean(op.follow), 'no targets');
    out.varint(op.targets.length);
    op.targets.forEach((seq, i) => out.varint(seq - (i > 0 ? op.targets[i - 1]! : 0)));
    if (op.follow !== undefined) {
      out.varint(op.follow);
    }
  }
  return out.finish();
}

/* ---- reading ---- */

function demand(condition: boolean, what: string): void {
  if (!condition) {
    throw new FormatError(what);
  }
}

function isNear(value: number): boolean {
  return Math.abs(value) <= POINT_SUB_MAX;
}

function checkHead(stroke: Stroke): void {
  demand(stroke.tool <= TOOL_LAST, 'unknown tool');
  demand(stroke.width >= 1 && stroke.width <= WIDTH_MAX, 'width out of range');
  demand(isTileValid(stroke.origin), 'origin outside the world');
  demand(stroke.parts >= 1 && stroke.parts <= PARTS_MAX, 'too many parts');
  demand(stroke.part < stroke.parts, 'part outside its group');
  const { count } = stroke.points;
  demand(count >= 1 && count <= POINTS_MAX, 'number of points out of range');
}

/* +-2^31 px at level 0; taken from the origin tile, whose numbers are small enough to be exact. */
function checkPlaces(stroke: Stroke): void {
  const limitTiles = 2 ** (23 + stroke.origin.level);
  const { points, origin } = stroke;
  const axis = (values: Int32Array, tile: number): void => {
    const low = (-limitTiles - tile) * SUB_PER_TILE;
    const high = (limitTiles - tile) * SUB_PER_TILE;
    for (let i = 0; i < points.count; i++) {
      const value = values[i]!;
      demand(isNear(value), 'point too far from its origin');
      demand(value >= low && value <= high, 'point outside the world');
    }
  };
  axis(points.x, origin.x);
  axis(points.y, origin.y);
}

/* One form for one shape: what it cannot have is not there, and its contours hold its points. */
function checkContours(stroke: Stroke): void {
  const { contours, text } = stroke;
  demand((stroke.tool === TOOL_FILL) === (contours !== undefined), 'contours without a fill');
  demand(contours !== undefined || !text, 'text without a fill');
  if (contours === undefined) {
    return;
  }
  demand(stroke.width === FILL_WIDTH && !stroke.hasPressure, 'a fill has no width, no pressure');
  demand(contours.length >= 1 && contours.length <= CONTOURS_MAX, 'number of contours');
  demand(contours.every((size) => size >= 1), 'an empty contour');
  const total = contours.reduce((sum, size) => sum + size, 0);
  demand(total === stroke.points.count, 'contours of other points');
  demand(new TextEncoder().encode(text ?? '').length <= TEXT_BYTES_MAX, 'text too long');
}

function checkStroke(stroke: Stroke): void {
  checkHead(stroke);
  checkContours(stroke);
  checkPlaces(stroke);
}

function unzigzag(value: number): number {
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
}

function readAxis(bits: BitReader, values: Int32Array, stroke: Stroke): void {
  const isEarly = earlyPoints(stroke.contours);
  bits.channel(stroke.points.count - 1, (residual, index) => {
    const i = index + 1;
    const before = values[i - 1]!;
    const predicted = isEarly(i) ? before : 2 * before - values[i - 2]!;
    const value = predicted + unzigzag(residual);
    demand(isNear(value), 'point too far from its origin');
    values[i] = value;
  });
}

function readChannels(bytes: Uint8Array, stroke: Stroke): void {
  const { points } = stroke;
  const bits = new BitReader(bytes);
  readAxis(bits, points.x, stroke);
  readAxis(bits, points.y, stroke);
  if (stroke.hasPressure) {
    bits.channel(points.count - 1, (residual, index) => {
      const value = points.pressure[index]! + unzigzag(residual);
      demand(value >= 0 && value <= 255, 'pressure out of range');
      points.pressure[index + 1] = value;
    });
  }
  if (stroke.hasTimes) {
    bits.channel(points.count - 1, (residual, index) => {
      demand(residual <= DT_MS_MAX, 'pause too long');
      points.dtMs[index + 1] = residual;
    });
  }
  bits.finish();
}

function readColor(input: ByteReader): number {
  let color = 0;
  for (let i = 0; i < 4; i++) {
    color = color * 256 + input.u8();
  }
  return color;
}

/* The last contour has what is left of the points. */
function readContours(input: ByteReader, count: number): number[] {
  const length = input.varint();
  demand(length >= 1 && length <= CONTOURS_MAX, 'number of contours');
  const contours: number[] = [];
  let left = count;
  while (contours.length + 1 < length) {
    const size = input.varint();
    demand(size >= 1 && size < left, 'contours of more points than there are');
    contours.push(size);
    left -= size;
  }
  contours.push(left);
  return contours;
}

function readText(input: ByteReader, bytesMax: number, what: string): string {
  const size = input.varint();
  demand(size >= 1 && size <= bytesMax, `${what} size out of range`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input.raw(size));
  } catch (error) {
    throw error instanceof FormatError ? error : new FormatError(`${what} is not UTF-8`);
  }
}

function readStroke(input: ByteReader): Stroke {
  const flags = input.u8();
  demand(flags <= FLAGS_ALL, 'unknown flag');
  const tool = input.u8() as Tool;
  const color = readColor(input);
  const width = input.varint();
  const level = input.u8() + LEVEL_MIN;
  const origin = { level, x: input.zigzag(), y: input.zigzag() };
  const startMs = flags & FLAG_START ? input.bigZigzag() : null;
  const part = flags & FLAG_GROUP ? input.varint() : 0;
  const parts = flags & FLAG_GROUP ? input.varint() : 1;
  demand(!(flags & FLAG_GROUP) || parts >= 2, 'a group of one');
  const count = input.varint();
  demand(count <= POINTS_MAX, 'number of points out of range');
  const points = makePoints(count);
  points.count = count;
  points.pressure.fill(255);
  const stroke: Stroke = {
    kind: 'stroke',
    tool,
    color,
    width,
    origin,
    startMs,
    part,
    parts,
    hasPressure: (flags & FLAG_PRESSURE) !== 0,
    hasTimes: (flags & FLAG_TIMES) !== 0,
    points,
  };
  checkHead(stroke);
  if (tool === TOOL_FILL) {
    stroke.contours = readContours(input, count);
  }
  if (flags & FLAG_TEXT) {
    stroke.text = readText(input, TEXT_BYTES_MAX, 'text');
  }
  checkContours(stroke);
  const x = input.zigzag();
  const y = input.zigzag();
  demand(isNear(x) && isNear(y), 'point too far from its origin');
  points.x[0] = x;
  points.y[0] = y;
  if (stroke.hasPressure) {
    points.pressure[0] = input.u8();
  }
  if (count > 1) {
    readChannels(input.rest(), stroke);
  }
  checkPlaces(stroke);
  return stroke;
}

/* Whether bytes are left tells an edit's hide, which may hide nothing if others follow, from one by itself. */
function readVisibility(input: ByteReader, kind: 'hide' | 'show'): Visibility {
  const targets = readTargets(input);
  if (kind === 'show' || input.left === 0) {
    demand(targets.length >= 1, 'no targets');
    return { kind, targets };
  }
  const follow = input.varint();
  demand(follow <= EDIT_OPS_MAX, 'number of ops that follow');
  demand(follow >= 1 || targets.length >= 1, 'an edit of nothing');
  return { kind, targets, follow };
}

function readTargets(input: ByteReader): number[] {
  const count = input.varint();
  demand(count <= TARGETS_MAX, 'number of targets out of range');
  const targets: number[] = [];
  let seq = 0;
  for (let i = 0; i < count; i++) {
    const step = input.varint();
    demand(step >= 1, 'targets do not increase');
    seq += step;
    targets.push(seq);
  }
  return targets;
}

function readOp(input: ByteReader): Op {
  demand(input.u8() === OP_VERSION, 'unknown version');
  const kind = input.u8();
  switch (kind) {
    case KINDS.stroke:
      return readStroke(input);
    case KINDS.hide:
    case KINDS.show:
      return readVisibility(input, kind === KINDS.hide ? 'hide' : 'show');
    case KINDS.record:
      return { kind: 'record', json: readText(input, RECORD_BYTES_MAX, 'record') };
    default:
      throw new FormatError('unknown kind');
  }
}

/* Throws FormatError for anything that breaks the form. */
export function decodeOp(bytes: Uint8Array): Op {
  const input = new ByteReader(bytes);
  const op = readOp(input);
  demand(input.left === 0, 'bytes left over');
  return op;
}
