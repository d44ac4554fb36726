/* One's own stroke or shape, from pen-down to the journal. It is drawn from the very points that are
 * sent, so what the hand sees is what the log will hold. */
import { displayLevel, screenToPosition, type Camera, type Viewport } from '../core/camera.ts';
import { FormatError } from '../core/bytes.ts';
import type { Journal } from '../core/journal.ts';
import { markKey } from '../core/marks.ts';
import { encodeOp, POINTS_MAX, type Tool } from '../core/op.ts';
import { encodeCancel, encodePreview } from '../core/protocol.ts';
import { tiltWidth, type Curve } from '../core/pen.ts';
import { ShapeBuilder, type Shape } from '../core/shape.ts';
import { stringLength } from '../core/steady.ts';
import { splitStroke, StrokeBuilder, tailOf, type Builder, type Feel } from '../core/stroke.ts';
import { HomeCounter, homesOf } from '../core/touch.ts';
import { clampToWorld, LEVEL_MIN, toLevel, type Position } from '../core/geometry.ts';
import type { Session } from '../net/session.ts';
import type { Scene } from '../view/scene.ts';

export interface HandBrush {
  tool: Tool;
  color: number;
  width: number; /* CSS pixels */
  shape: Shape | null; /* stretched between two places; null: drawn by hand */
  steadiness: number; /* the stabiliser's strength, 0..10 */
  curve: Curve; /* how the pen's pressure is felt */
  isSpeedy: boolean; /* who has no pressure draws thinner the faster */
}

/* A place of the pointer on the screen. */
export interface Touch {
  x: number;
  y: number;
  pressure: number;
  timeMs: number;
  isRegular: boolean; /* Shift is held */
  isCentred: boolean; /* Alt is held */
  altitude: number; /* of a pen over the glass, radians; upright for all others */
}

export interface HandEvents {
  finished(counter: number, count: number): void;
  drawing(place: Position): void;
  /* It cannot be an op: the world ends there. */
  failed(message: string): void;
}

interface Current {
  builder: Builder;
  last: Touch;
  homes: HomeCounter;
  key: string;
  counter: number;
  brush: HandBrush;
  hasPressure: boolean;
  level: number;
  sent: number; /* points the server has as a preview */
  wasSent: boolean;
  shown: Set<string>; /* tiles where others were shown a shape */
  beganMs: number;
  keptMs: number; /* when its draft was kept */
  kept: number; /* points in the draft */
  tail: 'none' | 'fresh' | 'shown'; /* ink where the pointer is thought to be going */
}

const PREVIEW_EVERY_MS = 15;
/* Further ahead a guess is a guess. */
const PREDICTED_MS_MAX = 18;
/* A brush as broad as this covers where the pointer will be. */
const BROAD_PX = 48;
/* A touch may turn out to be the first of two fingers; one that stays still is not shown at once. */
const TENTATIVE_MS = 90;
/* If the page dies in the middle of a stroke, no more than this is lost of it; a long one costs more. */
const DRAFT_EVERY_MS = 250;
const DRAFT_POINTS_PER_MS = 8;

export class Hand {
  private current: Current | null = null;
  private previewedMs = 0;

  constructor(
    private readonly journal: Journal,
    private readonly session: Session,
    private readonly scene: Scene,
    private readonly look: () => { camera: Camera; viewport: Viewport },
    private readonly events: HandEvents,
  ) {}

  get isDrawing(): boolean {
    return this.current !== null;
  }

  /* Of the stroke that is being drawn. */
  get pointCount(): number {
    return this.current?.builder.stroke.points.count ?? 0;
  }

  begin(brush: HandBrush, touch: Touch, hasPressure: boolean): void {
    this.end();
    const { camera, viewport } = this.look();
    const level = displayLevel(camera.zoom, viewport.ratio);
    const scale = 2 ** (level - camera.zoom);
    const place = this.placeOf(touch, level);
    const tilt = hasPressure ? tiltWidth(brush.tool, touch.altitude) : 1;
    const ink = { tool: brush.tool, color: brush.color, widthPx: brush.width * scale * tilt };
    const builder =
      brush.shape === null
        ? new StrokeBuilder(ink, place, feelOf(brush, hasPressure, scale), Date.now())
        : new ShapeBuilder(brush.shape, ink, place, Date.now(), camera.turn);
    builder.add({ ...touch, place });
    const counter = this.journal.reserve();
    const key = markKey(this.journal.nonce, counter);
    const homes = new HomeCounter();
    this.current = {
      builder,
      last: touch,
      homes,
      key,
      counter,
      brush,
      hasPressure,
      level,
      sent: 0,
      wasSent: false,
      shown: new Set(),
      beganMs: performance.now(),
      keptMs: performance.now(),
      kept: 0,
      tail: 'none',
    };
    this.scene.ownKey = key;
    this.scene.lives.begin(key, builder.stroke);
    this.holdHomes(this.current);
    this.session.identify();
    this.events.drawing(place);
  }

  /* `predicted`: where the pointer is thought to be by the time this is seen; drawn, and never kept. */
  move(touches: readonly Touch[], predicted: readonly Touch[] = []): void {
    const { current } = this;
    if (current === null || touches.length === 0) {
      return;
    }
    let place: Position | null = null;
    /* Of a shape only the newest counts. */
    for (const touch of current.brush.shape === null ? touches : touches.slice(-1)) {
      place = this.placeOf(touch, current.level);
      current.builder.add({ ...touch, place });
      current.last = touch;
    }
    this.holdHomes(current);
    this.scene.lives.grow(current.key);
    this.showTail(current, predicted);
    this.events.drawing(place!);
    if (current.builder.isFull) {
      this.begin(current.brush, touches[touches.length - 1]!, current.hasPressure);
    }
  }

  /* Ink up to the pointer, and a little further if it is known where it goes. */
  private showTail(current: Current, predicted: readonly Touch[]): void {
    const untilMs = current.last.timeMs + PREDICTED_MS_MAX;
    const isBroad = current.brush.width >= BROAD_PX;
    const ahead = (isBroad ? [] : predicted)
      .filter(({ timeMs }) => timeMs <= untilMs)
      .map((touch) => ({ ...touch, place: this.placeOf(touch, current.level) }));
    this.scene.lives.setTail(current.key, current.builder.tail(ahead));
    current.tail = ahead.length > 0 ? 'fresh' : 'none';
  }

  /* Once a frame: if the pointer did not go on as was thought, its ink ends where it is. */
  framed(): void {
    const { current } = this;
    if (current?.tail === 'shown') {
      this.showTail(current, []);
    } else if (current?.tail === 'fresh') {
      current.tail = 'shown';
    }
  }

  /* Shift or Alt was pressed or let go while the pointer rests. */
  hold(keys: { isRegular?: boolean; isCentred?: boolean }): void {
    const { current } = this;
    if (current !== null && current.brush.shape !== null) {
      this.move([{ ...current.last, ...keys }]);
    }
  }

  end(): void {
    const { current } = this;
    if (current === null) {
      return;
    }
    current.builder.finish();
    this.holdHomes(current);
    if (current.builder.isNothing) {
      this.cancel();
      return;
    }
    const parts = splitStroke(current.builder.stroke);
    let bodies: Uint8Array[];
    try {
      bodies = parts.map(encodeOp);
    } catch (error) {
      this.cancel();
      this.events.failed(error instanceof FormatError ? error.message : String(error));
      return;
    }
    this.takeBack(current);
    this.current = null;
    const entry = this.journal.addStrokes(bodies);
    this.scene.addPending(current.key, parts);
    this.events.finished(entry.counter, entry.count);
    this.session.flush();
  }

  /* It was not meant as a stroke: a second finger came. */
  cancel(): void {
    const { current } = this;
    if (current === null) {
      return;
    }
    this.current = null;
    this.journal.release();
    this.scene.lives.end(current.key);
    if (current.wasSent && this.session.canDraw) {
      this.session.connection.send(encodeCancel(current.counter));
    }
  }

  /* Once a frame: the others see the new points. */
  preview(nowMs: number): void {
    const { current } = this;
    const { session } = this;
    if (
      current === null ||
      !session.canDraw ||
      session.connection.isBehind ||
      nowMs - this.previewedMs < PREVIEW_EVERY_MS
    ) {
      return;
    }
    const { stroke } = current.builder;
    const isTentative = stroke.points.count < 3 && nowMs - current.beganMs < TENTATIVE_MS;
    if (isTentative || current.builder.isNothing) {
      return;
    }
    const first = current.sent;
    if (first === 0 && current.brush.shape !== null) {
      this.takeBack(current);
    }
    const count = Math.min(POINTS_MAX, stroke.points.count - first);
    if (count > 0) {
      const tail = tailOf(stroke, first, first + count);
      session.connection.send(encodePreview(current.counter, first, encodeOp(tail)));
      current.sent += count;
      current.wasSent = true;
      this.previewedMs = nowMs;
    }
  }

  /* Only those who see where a shape is now get more of it, and later the op. So if others were shown it
   * where it is no more, it ends for all, and begins anew. */
  private takeBack(current: Current): void {
    const { stroke } = current.builder;
    const isShape = current.brush.shape !== null;
    if (!isShape && (stroke.contours === undefined || !current.wasSent)) {
      return;
    }
    const homes = homesOf(stroke);
    const isGone = isShape
      ? [...current.shown].some((key) => !homes.has(key))
      : homes.size < current.homes.size; /* the closing edge of a drawn outline moves over all between */
    if (isGone && current.wasSent && this.session.canDraw) {
      this.session.connection.send(encodeCancel(current.counter));
      current.shown.clear();
    }
    homes.forEach((key) => current.shown.add(key));
  }

  /* Once a frame: what is drawn so far outlives the page. */
  keepDraft(nowMs: number): void {
    const { current } = this;
    if (current === null) {
      return;
    }
    const { count } = current.builder.stroke.points;
    const waitMs = Math.max(DRAFT_EVERY_MS, count / DRAFT_POINTS_PER_MS);
    if (count > current.kept && nowMs - current.keptMs >= waitMs) {
      current.kept = count;
      current.keptMs = nowMs;
      try {
        this.journal.keepDraft(splitStroke(current.builder.stroke).map(encodeOp));
      } catch {
        /* over the world's edge: it is said when the pen is lifted */
      }
    }
  }

  /* After a new connection the server knows nothing of the stroke. */
  restartPreview(): void {
    if (this.current !== null) {
      this.current.sent = 0;
    }
  }

  private placeOf(touch: Touch, level: number): Position {
    const { camera, viewport } = this.look();
    return clampToWorld(toLevel(screenToPosition(camera, viewport, touch.x, touch.y), level));
  }

  /* A stroke over too many tiles is taken a level up, where it is over a quarter as many. */
  private holdHomes(current: Current): void {
    let hasMoved = current.builder.takeRewritten();
    const { stroke } = current.builder;
    if (hasMoved) {
      current.homes = new HomeCounter();
    }
    while (!current.homes.update(stroke) && stroke.origin.level > LEVEL_MIN) {
      current.builder.coarsen();
      current.homes = new HomeCounter();
      hasMoved = true;
    }
    if (hasMoved) {
      current.builder.takeRewritten();
      current.sent = 0;
      current.kept = 0;
      this.scene.lives.restart(current.key);
    }
  }
}

/* `scale`: px of the stroke's level a CSS pixel. */
function feelOf(brush: HandBrush, hasPressure: boolean, scale: number): Feel {
  return {
    pressure: hasPressure ? 'pen' : brush.isSpeedy ? 'speed' : 'none',
    curve: brush.curve,
    stringPx: stringLength(brush.steadiness) * scale,
    cssPx: scale,
  };
}
