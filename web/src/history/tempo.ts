/* When each stroke of a replay begins, and each of its points is reached: as recorded where that is known,
 * from the commit times and a usual speed of the hand where not. Long rests are shortened. Pure. */
import { makePoints, type Points, type Stroke } from '../core/op.ts';

/* A finished mark: a stroke, or the parts of a group. */
export interface Piece {
  seq: number;
  artist: number;
  key: string;
  timeMs: number; /* of the commit */
  parts: Stroke[];
}

export interface Play {
  piece: Piece;
  stroke: Stroke; /* all parts as one line */
  beginMs: number;
  endMs: number;
  atMs: Float64Array; /* of each point, after beginMs */
}

const IDLE_MS = 2_000;
const SQUEEZED_MS = 500;
const STROKE_MS_MIN = 60;
const STROKE_MS_MAX = 20_000;
/* Where no times were kept: eighths of a pixel a millisecond, some 500 px a second. */
const SUB_PER_MS = 4;

/* The parts of a group share their end points. */
function joinParts(parts: readonly Stroke[]): Stroke {
  const first = parts[0]!;
  if (parts.length === 1) {
    return first;
  }
  const total = parts.reduce((sum, part) => sum + part.points.count, 0) - (parts.length - 1);
  const points = makePoints(total);
  for (const part of parts) {
    const from = points.count === 0 ? 0 : 1;
    const count = part.points.count - from;
    const at = points.count;
    points.x.set(part.points.x.subarray(from, from + count), at);
    points.y.set(part.points.y.subarray(from, from + count), at);
    points.pressure.set(part.points.pressure.subarray(from, from + count), at);
    points.dtMs.set(part.points.dtMs.subarray(from, from + count), at);
    points.count += count;
  }
  return { ...first, part: 0, parts: 1, points };
}

/* Each point's time after the first. */
function pointTimes(stroke: Stroke): Float64Array {
  const { points } = stroke;
  const times = new Float64Array(points.count);
  for (let i = 1; i < points.count; i++) {
    times[i] = times[i - 1]! + (stroke.hasTimes ? points.dtMs[i]! : moveMs(points, i));
  }
  const last = times[points.count - 1]!;
  if (last > STROKE_MS_MAX) {
    const scale = STROKE_MS_MAX / last;
    return times.map((time) => time * scale);
  }
  return times;
}

function moveMs(points: Points, i: number): number {
  const dx = points.x[i]! - points.x[i - 1]!;
  const dy = points.y[i]! - points.y[i - 1]!;
  return Math.hypot(dx, dy) / SUB_PER_MS;
}

/* Where the hands are after some strokes: enough to go on with the next ones. */
export interface Tempo {
  freeAt: ReadonlyMap<number, number>; /* when an artist's hand is free */
  latestEnd: number;
  before: { startMs: number; beginMs: number } | null;
}

export const AT_REST: Tempo = { freeAt: new Map(), latestEnd: 0, before: null };

/* `pieces` in seq order, after those that left the hands as `tempo` says. None begins before the one before
 * it. */
export function scheduleAfter(
  tempo: Tempo,
  pieces: readonly Piece[],
): { plays: Play[]; tempo: Tempo } {
  const plays: Play[] = [];
  const freeAt = new Map(tempo.freeAt);
  let { latestEnd, before } = tempo;
  for (const piece of pieces) {
    const stroke = joinParts(piece.parts);
    const atMs = pointTimes(stroke);
    const lastsMs = Math.max(STROKE_MS_MIN, atMs[atMs.length - 1]!);
    const startMs = stroke.startMs === null ? piece.timeMs - lastsMs : Number(stroke.startMs);
    let beginMs = 0;
    if (before !== null) {
      beginMs = before.beginMs + Math.max(0, startMs - before.startMs);
      if (beginMs > latestEnd + IDLE_MS) {
        beginMs = latestEnd + SQUEEZED_MS;
      }
      beginMs = Math.max(beginMs, freeAt.get(piece.artist) ?? 0);
    }
    const endMs = beginMs + lastsMs;
    freeAt.set(piece.artist, endMs);
    latestEnd = Math.max(latestEnd, endMs);
    before = { startMs, beginMs };
    plays.push({ piece, stroke, beginMs, endMs, atMs });
  }
  const beginMs = before?.beginMs ?? 0;
  const busy = new Map([...freeAt].filter(([, endMs]) => endMs > beginMs));
  return { plays, tempo: { freeAt: busy, latestEnd, before } };
}

/* How many points are there after `passedMs`; at least one. */
export function pointsAt(play: Play, passedMs: number): number {
  const { atMs } = play;
  let low = 1;
  let high = atMs.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (atMs[middle - 1]! <= passedMs) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}
