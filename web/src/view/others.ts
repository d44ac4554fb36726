/* The others while they draw: their strokes as they come, their pens, and their names. */
import { decodeOp, type Stroke } from '../core/op.ts';
import { appendPoints } from '../core/stroke.ts';
import { isBy, markKey } from '../core/marks.ts';
import type { Position } from '../core/geometry.ts';
import type { ServerRecord } from '../core/protocol.ts';
import { SUB_PER_PX } from '../core/geometry.ts';
import type { Scene } from './scene.ts';

type PreviewRecord = Extract<ServerRecord, { type: 'preview' }>;
type OpRecord = Extract<ServerRecord, { type: 'op' }>;
type CursorRecord = Extract<ServerRecord, { type: 'cursor' }>;

/* Somebody's pen. */
export interface Pen {
  nonce: string;
  artist: number;
  place: Position;
  color: number | null; /* while drawing */
  seenMs: number;
}

interface Preview {
  stroke: Stroke;
  artist: number;
  nonce: string;
  received: number;
  seenMs: number;
}

/* What the server commits of a lost author's stroke comes within half a minute. */
const PREVIEW_MS_MAX = 45_000;
const PEN_MS_MAX = 6_000;

export class Others {
  readonly pens = new Map<string, Pen>();
  private readonly previews = new Map<string, Preview>();

  constructor(
    private readonly scene: Scene,
    private readonly ownNonce: string,
  ) {}

  previewCame(record: PreviewRecord, nowMs: number): void {
    if (record.nonce === this.ownNonce) {
      return;
    }
    const op = decodeOp(record.body);
    if (op.kind !== 'stroke') {
      return;
    }
    const key = markKey(record.nonce, record.counter);
    const held = this.previews.get(key);
    /* From the first point on: it began, or all of it is new, as of a shape that is being stretched. */
    if (held === undefined || record.first === 0) {
      const received = record.first + op.points.count;
      const { artist, nonce } = record;
      this.previews.set(key, { stroke: op, artist, nonce, received, seenMs: nowMs });
      this.scene.lives.begin(key, op, artist);
    } else if (isSameOrigin(held.stroke, op)) {
      const known = Math.max(0, held.received - record.first);
      appendPoints(held.stroke, op.points, known);
      held.received = Math.max(held.received, record.first + op.points.count);
      held.seenMs = nowMs;
      this.scene.lives.grow(key);
    }
    const last = op.points.count - 1;
    this.pens.set(record.nonce, {
      nonce: record.nonce,
      artist: record.artist,
      place: placeOf(op, last),
      color: op.color,
      seenMs: nowMs,
    });
  }

  cursorCame(record: CursorRecord, nowMs: number): void {
    if (record.nonce === this.ownNonce) {
      return;
    }
    const { level, tileX, tileY, x, y } = record.place;
    this.pens.set(record.nonce, {
      nonce: record.nonce,
      artist: record.artist,
      place: { level, tileX, tileY, x: x / SUB_PER_PX, y: y / SUB_PER_PX },
      color: null,
      seenMs: nowMs,
    });
  }

  /* What was previewed is there. Another's op may have the same nonce and counter. */
  opCame({ artist, nonce, counter }: OpRecord): void {
    if (isBy(this.previews.get(markKey(nonce, counter))?.artist ?? null, artist)) {
      this.end(nonce, counter);
    }
  }

  /* The author gave it up. */
  end(nonce: string, counter: number): void {
    const key = markKey(nonce, counter);
    this.previews.delete(key);
    this.scene.lives.end(key);
  }

  left(nonce: string): void {
    this.pens.delete(nonce);
    this.endWhere((preview) => preview.nonce === nonce);
  }

  /* The connection broke: previews will not go on. */
  forget(): void {
    this.pens.clear();
    this.endWhere(() => true);
  }

  tick(nowMs: number): void {
    for (const pen of this.pens.values()) {
      if (nowMs - pen.seenMs > PEN_MS_MAX) {
        this.pens.delete(pen.nonce);
      }
    }
    this.endWhere((preview) => nowMs - preview.seenMs > PREVIEW_MS_MAX);
  }

  private endWhere(isOver: (preview: Preview) => boolean): void {
    for (const [key, preview] of this.previews) {
      if (isOver(preview)) {
        this.previews.delete(key);
        this.scene.lives.end(key);
      }
    }
  }
}

function isSameOrigin(a: Stroke, b: Stroke): boolean {
  return (
    a.origin.level === b.origin.level && a.origin.x === b.origin.x && a.origin.y === b.origin.y
  );
}

/* Where one of its points lies. */
export function placeOf(stroke: Stroke, index: number): Position {
  return {
    level: stroke.origin.level,
    tileX: stroke.origin.x,
    tileY: stroke.origin.y,
    x: stroke.points.x[index]! / SUB_PER_PX,
    y: stroke.points.y[index]! / SUB_PER_PX,
  };
}
