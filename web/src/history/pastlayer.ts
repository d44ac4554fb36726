/* The wall as it was, over the wall as it is: tiles of a moment, and over them strokes that are drawn again.
 *
 * The moment wanted last wins. While the pictures of one moment are under way no other is asked for, so a
 * dragged handle asks for as many moments as the network can bring; a moment that takes too long is given
 * up. A tile keeps the picture it has until all of the next moment are there, and then all change at once;
 * when that takes long, each shows what came, or the nearest before it that is at hand, until then.
 *
 * Strokes are either kept (`setMarks`), so that a tile that comes into view has them as well; or they run
 * through (`addMarks`): drawn into the tiles that are there and forgotten, however many they are. A tile that
 * comes into view after some ran through is *hollow* until they were told again, and not shown before. */
import { visibleTiles } from '../core/camera.ts';
import { isInRect, isSameRect, type TileRect } from '../core/geometry.ts';
import { markMeetsTile } from '../core/marks.ts';
import type { Mark } from '../core/tilelog.ts';
import type { Ink } from '../ink.ts';
import type { LiveInk } from '../view/live.ts';
import { Lives } from '../view/lives.ts';
import { seqOfTag } from '../view/loader.ts';
import { Painter, type Overlay } from '../view/painter.ts';
import { Screen } from '../view/screen.ts';
import { TileStore, type Tile } from '../view/tiles.ts';
import type { Wall } from '../app/wall.ts';
import { Spans, type Span } from './spans.ts';

const IN_FLIGHT_MAX = 8;
const PATIENCE_MS = 700;
const TOGETHER_MS = 180;
const PICTURES_MAX = 420;
const RETRY_MS = 700;
/* Of a frame, for drawing tiles: the rest is drawn in the next one. */
const PAINT_MS = 12;

type Picture = Span<ImageBitmap>;

interface Batch {
  seq: number;
  sinceMs: number;
  abort: AbortController;
  flights: Set<string>;
}

export class PastLayer implements Overlay {
  readonly canvas: HTMLCanvasElement;
  readonly overrides: ReadonlyMap<number, boolean> = new Map();
  /* The moment that is wanted, and the one the whole screen shows. */
  seq: number | null = null;
  shownSeq: number | null = null;
  /* The moment wanted is not there yet, and that has been noticed. */
  isLate = false;
  /* How many moments the whole screen has shown. */
  moments = 0;
  readonly store: TileStore;
  private readonly painter: Painter;
  private readonly screen: Screen;
  private readonly spans = new Spans<ImageBitmap>(PICTURES_MAX, (bitmap) => bitmap.close());
  private readonly shown = new Map<Tile, Picture>();
  readonly lives: Lives;
  readonly dirty = new Set<Tile>();
  private readonly hollow = new Set<Tile>();
  private readonly left = new Set<Tile>();
  private marks: Mark[] = [];
  private hasRunThrough = false;
  private isVeiled = false;
  private isHeld = false;
  private batch: Batch | null = null;
  rect: TileRect | null = null;
  private retryAtMs = 0;
  private isStale = true;

  constructor(
    private readonly wall: Wall,
    ink: Ink,
    private readonly name: string,
    ground: { paper: string; beyond: string },
  ) {
    this.canvas = document.createElement('canvas');
    this.canvas.id = 'past';
    this.canvas.hidden = true;
    this.canvas.setAttribute('aria-hidden', 'true');
    wall.canvas.after(this.canvas);
    this.painter = new Painter(ink);
    this.store = new TileStore((tile) => this.released(tile));
    this.lives = new Lives(ink, this);
    this.screen = new Screen(
      this.canvas,
      this.store,
      ground,
      (tile) => this.painter.readPixels(tile),
      () => true,
    );
  }

  get isShowing(): boolean {
    return this.seq !== null;
  }

  /* All that is wanted is on the screen. */
  get isComplete(): boolean {
    const isCurrent = this.seq !== null && this.shownSeq === this.seq && this.hollow.size === 0;
    return isCurrent && !this.isBehind;
  }

  /* A tile in view is still to be drawn. */
  get isBehind(): boolean {
    const { rect } = this;
    return rect !== null && [...this.dirty].some((tile) => isInRect(rect, tile));
  }

  /* Tiles wait to be told what ran through before they were there. */
  get isHollow(): boolean {
    return this.hollow.size > 0;
  }

  private released(tile: Tile): void {
    tile.surface?.release();
    tile.surface = null;
    tile.bitmap = null; /* it is the spans' */
    this.shown.delete(tile);
    this.dirty.delete(tile);
    this.hollow.delete(tile);
    this.left.delete(tile);
  }

  /* `isVeiled`: the wall stays as it is until all of this can be seen. */
  show(seq: number, isVeiled = false): void {
    this.seq = seq;
    this.isVeiled = isVeiled;
    if (!isVeiled) {
      this.unveil();
    }
    this.wall.request();
  }

  private unveil(): void {
    this.isVeiled = false;
    if (this.canvas.hidden) {
      this.canvas.hidden = false;
      this.isStale = true;
    }
    this.wall.cover(true);
  }

  /* The wall as it is for a while, or this again; nothing is lost. */
  setSeen(isSeen: boolean): void {
    if (isSeen) {
      this.isVeiled = true; /* until it is complete: the next frame sees */
    } else {
      this.isVeiled = false;
      this.canvas.hidden = true;
      this.wall.cover(false);
    }
    this.wall.request();
  }

  hide(): void {
    this.seq = null;
    this.shownSeq = null;
    this.isVeiled = false;
    this.isHeld = false;
    this.stopBatch();
    this.clearStrokes();
    this.canvas.hidden = true;
    this.store.clear();
    this.rect = null;
    this.wall.cover(false);
  }

  /* ---- pictures of the moment ---- */

  frame(nowMs: number, hasMoved: boolean): void {
    if (this.seq === null) {
      return;
    }
    const { camera, viewport } = this.wall;
    this.screen.resize(viewport);
    const visible = visibleTiles(camera, viewport);
    if (!isSameRect(visible, this.rect)) {
      this.subscribe(visible);
    }
    this.bring(visible, nowMs);
    const changed = this.paint();
    if (this.isVeiled && this.isComplete) {
      this.unveil();
    }
    const isStale = hasMoved || this.isStale || changed;
    if (!this.canvas.hidden && !this.isHeld && isStale) {
      this.screen.drawAll(camera, viewport, nowMs);
      this.isStale = false;
    } else {
      this.isStale = isStale;
    }
    this.store.tick(visible.width * visible.height);
    this.spans.trim((span) => [...this.shown.values()].includes(span));
  }

  private subscribe(rect: TileRect): void {
    if (this.hasRunThrough && this.rect !== null) {
      for (const tile of this.store.tiles.values()) {
        if (!isInRect(rect, tile)) {
          this.leave(tile);
        }
      }
    }
    this.rect = rect;
    this.isStale = true;
    for (let y = rect.y; y < rect.y + rect.height; y++) {
      for (let x = rect.x; x < rect.x + rect.width; x++) {
        let tile = this.store.find(rect.level, x, y);
        if (tile !== undefined && this.left.has(tile)) {
          this.store.forget(tile); /* what ran through since is not in it */
          tile = undefined;
        }
        this.store.touch(tile ?? this.make(rect.level, x, y));
      }
    }
  }

  /* Its picture is still good to be seen while those in view are being made. */
  private leave(tile: Tile): void {
    this.dirty.delete(tile);
    if (this.hollow.delete(tile)) {
      this.store.forget(tile);
    } else {
      this.left.add(tile);
    }
  }

  private make(level: number, x: number, y: number): Tile {
    const tile = this.store.make(level, x, y);
    if (this.hasRunThrough) {
      tile.isHollow = true;
      this.hollow.add(tile);
      this.wall.request();
    }
    for (const mark of this.marks) {
      if (markMeetsTile(mark, tile)) {
        tile.log.addMark(mark);
      }
    }
    this.lives.tileCame(tile);
    return tile;
  }

  private bring(visible: TileRect, nowMs: number): void {
    const target = this.seq!;
    const isLate = this.batch !== null && nowMs - this.batch.sinceMs > PATIENCE_MS;
    if (this.batch === null || (isLate && this.batch.seq !== target)) {
      this.stopBatch();
      const abort = new AbortController();
      this.batch = { seq: target, sinceMs: nowMs, abort, flights: new Set() };
    }
    const { batch } = this;
    const tiles = [...this.store.within(visible)];
    const found = tiles.map((tile) => this.find(tile, batch.seq));
    const isWhole = found.every((span) => span !== null);
    const isSlow = nowMs - batch.sinceMs > TOGETHER_MS;
    tiles.forEach((tile, i) => {
      const span = found[i];
      if (span && (isWhole || isSlow || !tile.log.hasPicture)) {
        this.apply(tile, span);
      } else if (span === null && isSlow) {
        this.applyNearest(tile, batch.seq);
      }
    });
    if (isWhole) {
      this.isLate = false;
      const isNew = this.shownSeq !== batch.seq;
      this.shownSeq = batch.seq;
      this.batch = null;
      this.moments += isNew ? 1 : 0;
      if (batch.seq !== target) {
        this.wall.request();
      }
      return;
    }
    this.isLate = isSlow;
    this.pump(
      tiles.filter((_, i) => found[i] === null),
      visible,
      nowMs,
    );
  }

  private find(tile: Tile, seq: number): Picture | null {
    return seq === 0 ? EMPTY : this.spans.find(tile.key, seq);
  }

  /* Better than what it shows: nearer to the moment. */
  private applyNearest(tile: Tile, seq: number): void {
    const nearest = this.spans.nearest(tile.key, seq);
    const shown = this.shown.get(tile);
    const distance = (span: Picture): number => Math.min(Math.abs(seq - span.from), Math.abs(seq - span.to));
    if (nearest !== null && (shown === undefined || distance(nearest) < distance(shown))) {
      this.apply(tile, nearest);
    }
  }

  private apply(tile: Tile, span: Picture): void {
    if (this.shown.get(tile) === span) {
      return;
    }
    this.shown.set(tile, span);
    tile.log.setBase(0);
    tile.bitmap = span.picture;
    tile.boosted = null;
    if (tile.surface !== null) {
      tile.surface.isConfirmedStale = true;
    }
    this.dirty.add(tile);
  }

  private pump(missing: Tile[], visible: TileRect, nowMs: number): void {
    const batch = this.batch!;
    if (nowMs < this.retryAtMs) {
      window.setTimeout(() => this.wall.request(), this.retryAtMs - nowMs + 10);
      return;
    }
    const middleX = visible.x + visible.width / 2 - 0.5;
    const middleY = visible.y + visible.height / 2 - 0.5;
    const farness = (tile: Tile): number => Math.hypot(tile.x - middleX, tile.y - middleY);
    missing.sort((a, b) => farness(a) - farness(b));
    for (const tile of missing) {
      if (batch.flights.size >= IN_FLIGHT_MAX) {
        return;
      }
      if (!batch.flights.has(tile.key)) {
        void this.fetch(tile, batch);
      }
    }
  }

  private async fetch(tile: Tile, batch: Batch): Promise<void> {
    const { level, x, y, key } = tile;
    const { signal } = batch.abort;
    batch.flights.add(key);
    try {
      const path = `/tiles/${this.name}/${level}/${x}/${y}.png?at=${batch.seq}`;
      const response = await fetch(path, { signal });
      if (!response.ok) {
        throw new Error(`tile: HTTP ${response.status}`);
      }
      const version = seqOfTag(response.headers.get('etag')) ?? batch.seq;
      const blob = await response.blob();
      const isEmpty = version === 0;
      const bitmap = isEmpty
        ? null
        : await createImageBitmap(blob, { colorSpaceConversion: 'none' });
      this.spans.add(key, version, batch.seq, bitmap);
    } catch {
      if (!signal.aborted) {
        this.retryAtMs = performance.now() + RETRY_MS;
      }
    } finally {
      batch.flights.delete(key);
      this.wall.request();
    }
  }

  private stopBatch(): void {
    this.batch?.abort.abort();
    this.batch = null;
  }

  /* The pictures of a moment for the present view, for a film: waits until it is on the screen. */
  async settle(seq: number): Promise<void> {
    this.show(seq);
    while (this.seq === seq && !this.isComplete) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      this.wall.request();
    }
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }

  /* ---- strokes over the moment ---- */

  /* In seq order. They are drawn and forgotten; `isRefill`: into hollow tiles alone. */
  addMarks(marks: readonly Mark[], isRefill = false): void {
    this.hasRunThrough = true;
    for (const tile of isRefill ? this.hollow : this.store.tiles.values()) {
      for (const mark of this.left.has(tile) ? [] : marks) {
        if (markMeetsTile(mark, tile) && tile.log.addMark(mark)) {
          this.dirty.add(tile);
        }
      }
    }
    this.wall.request();
  }

  /* The hollow tiles were told all. */
  endRefill(): void {
    for (const tile of this.hollow) {
      tile.isHollow = false;
    }
    this.hollow.clear();
    this.isStale = true;
    this.wall.request();
  }

  /* Only these, kept; none: everything may run through again from the beginning. */
  setMarks(marks: readonly Mark[]): void {
    this.clearStrokes();
    this.marks = [...marks];
    this.store.clear(); /* the pictures are at hand, so nothing is fetched again */
    this.rect = null;
    this.subscribe(visibleTiles(this.wall.camera, this.wall.viewport));
    this.wall.request();
  }

  /* The screen stays as it is while much is drawn that is not to be seen by parts. */
  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
    this.isStale = true;
    this.wall.request();
  }

  private clearStrokes(): void {
    this.marks = [];
    this.hasRunThrough = false;
    this.lives.clear();
  }

  pendingFor(): Mark[] {
    return [];
  }

  livesFor(tile: Tile): LiveInk[] {
    return this.lives.on(tile);
  }

  inkOf(): null {
    return null;
  }

  private paint(): boolean {
    let hasChanged = false;
    const beganMs = performance.now();
    for (const tile of this.dirty) {
      if (!tile.log.hasPicture) {
        continue;
      }
      this.dirty.delete(tile);
      this.painter.paint(tile, this);
      tile.boosted = null;
      if (this.hasRunThrough) {
        tile.log.forgetMarks();
      }
      hasChanged = true;
      if (performance.now() - beganMs > PAINT_MS) {
        this.wall.request();
        break;
      }
    }
    return hasChanged;
  }

  readPixels(level: number, x: number, y: number): Uint8ClampedArray<ArrayBuffer> | null {
    const tile = this.store.find(level, x, y);
    return tile === undefined ? null : this.painter.readPixels(tile);
  }
}

const EMPTY: Picture = { from: 0, to: 0, picture: null, used: 0 };
