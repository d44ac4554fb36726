/* The wall on the page: camera, subscription, tiles and the frame loop. What moves the camera
 * and what speaks to the server is told from outside. */
import { formatView } from '../core/address.ts';
import { Drift, farness, middleOf, needed, widened } from '../core/ahead.ts';
import {
  makeCamera,
  panBy,
  resized,
  turnAt,
  visibleTiles,
  zoomAt,
  type Camera,
  type Viewport,
} from '../core/camera.ts';
import { coversRect, isSameRect, type TileRect } from '../core/geometry.ts';
import { Motion } from '../core/motion.ts';
import { isSameTurn, snapped, turnedBy, type Turn } from '../core/turn.ts';
import type { Ink } from '../ink.ts';
import type { Connection, Welcome } from '../net/connection.ts';
import { takeFirst, type First, type FirstTile } from '../view/first.ts';
import { Loader } from '../view/loader.ts';
import { Painter } from '../view/painter.ts';
import { Scene } from '../view/scene.ts';
import { Screen } from '../view/screen.ts';
import type { Seen } from '../view/seen.ts';
import type { Tile } from '../view/tiles.ts';
import { Turns } from '../view/turns.ts';

export const PAPER = '#fbf9f4';
export const BEYOND = '#ebe6db';
const VIEW_EVERY_MS = 90;
const ADDRESS_EVERY_MS = 250;
/* Of a frame, for tiles that others drew on or that came; beyond it they wait for the next one. */
const PAINT_MS_MAX = 3;

export interface WallEvents {
  /* Once a frame, after the tiles are drawn. */
  framed(nowMs: number, hasMoved: boolean): void;
  zoomed(zoom: number): void;
}

export class Wall {
  camera: Camera = makeCamera({ level: 0, tileX: 0, tileY: 0, x: 0, y: 0 }, 0);
  viewport: Viewport = { width: 1, height: 1, ratio: 1 };
  readonly scene: Scene;
  readonly loader: Loader;
  readonly screen: Screen;
  connection: Connection | null = null;
  /* The picture in the tiles is complete. */
  isComplete = false;
  /* What the address says after the place. */
  addressExtras = '';
  /* The past lies over it: nothing of it is seen. */
  private isCovered = false;
  private readonly painter: Painter;
  private readonly motion = new Motion();
  private readonly drift = new Drift();
  /* As the fingers turn it, before it is drawn to upright. */
  private freeTurn: Turn | null = null;
  private isStale = true;
  private frameRequest = 0;
  private frameMs = 0;
  private first: First | null = null;
  private readonly turns = new Turns(() => this.request());
  private viewId = 0;
  private answeredId = -1;
  private sentRect: TileRect | null = null;
  private sentMs = 0;
  private addressTimer = 0;
  private mayTellAddress = false;

  constructor(
    readonly canvas: HTMLCanvasElement,
    ink: Ink,
    name: string,
    private readonly events: WallEvents,
    private readonly isStill: () => boolean,
    readonly seen: Seen,
  ) {
    this.painter = new Painter(ink);
    this.scene = new Scene(this.painter, (run, ms) => window.setTimeout(run, ms));
    const loaderEvents = {
      mayTake: (tile: Tile, seq: number) => this.scene.mayTake(tile, seq),
      loaded: (tile: Tile) => {
        this.scene.pictureCame(tile);
        this.screen.prepare(tile);
        this.request();
      },
      later: (ms: number) => {
        if (ms <= 0) {
          this.request();
        } else {
          window.setTimeout(() => this.request(), ms);
        }
      },
      turn: (tile: Tile) => this.turns.of(tile),
      isComing: (tile: Tile) => this.first?.tiles.has(tile.key) === true,
    };
    this.loader = new Loader(name, loaderEvents, seen);
    this.screen = new Screen(
      canvas,
      this.scene.store,
      { paper: PAPER, beyond: BEYOND },
      (tile) => this.scene.readPixels(tile),
      isStill,
    );
  }

  /* What was brought before this was there: in the tiles before anything is drawn. True if it knew where. */
  begin(): boolean {
    const take = (found: FirstTile): void => {
      const tile = this.scene.store.find(found.level, found.x, found.y);
      if (tile === undefined) {
        found.bitmap.close(); /* it is somewhere else by now */
      } else {
        this.loader.takeFirst(tile, found);
      }
      this.request();
    };
    const camera = window.kolamFirst?.camera ?? null;
    if (camera !== null) {
      this.camera = camera;
      this.scene.subscribe(this.widen(visibleTiles(camera, this.viewport)));
    }
    this.first = takeFirst(take);
    return camera !== null;
  }

  /* ---- camera ---- */

  /* Goes to a place; the view stays turned as it is. */
  setCamera(camera: Camera): void {
    this.motion.stop();
    this.camera = { ...camera, turn: this.camera.turn };
    this.moved();
  }

  /* At once, about the middle. */
  setTurn(turn: Turn): void {
    this.motion.stop();
    this.turnAbout(this.viewport.width / 2, this.viewport.height / 2, turn);
  }

  resize(viewport: Viewport): void {
    this.camera = resized(this.camera, this.viewport, viewport);
    this.viewport = viewport;
    if (this.screen.resize(viewport)) {
      /* A canvas of another size is empty, and would be seen so until the next frame. */
      this.screen.drawAll(this.camera, viewport, performance.now());
    }
    this.moved();
  }

  pan(dx: number, dy: number): void {
    this.camera = panBy(this.camera, dx, dy);
    this.motion.panned(dx, dy);
    this.moved();
  }

  zoomNow(x: number, y: number, zoom: number): void {
    this.motion.stop();
    this.camera = zoomAt(this.camera, this.viewport, x, y, zoom);
    this.moved();
  }

  zoomBy(x: number, y: number, levels: number): void {
    this.zoomTo(x, y, (this.motion.zoom ?? this.camera.zoom) + levels);
  }

  zoomTo(x: number, y: number, zoom: number): void {
    if (this.isStill()) {
      this.zoomNow(x, y, zoom);
      return;
    }
    this.motion.zoomTo(x, y, zoom);
    this.request();
  }

  /* The turn it has, or is about to have. */
  get turn(): Turn {
    return this.motion.turn ?? this.camera.turn;
  }

  /* About the middle; mirroring has no halfway. */
  turnTo(turn: Turn): void {
    if (this.isStill() || turn.isMirrored !== this.camera.turn.isMirrored) {
      this.setTurn(turn);
      return;
    }
    this.motion.turnTo(this.viewport.width / 2, this.viewport.height / 2, turn);
    this.request();
  }

  /* With the fingers, about a place: near upright it is upright. */
  twist(x: number, y: number, degrees: number): void {
    this.freeTurn = turnedBy(this.freeTurn ?? this.camera.turn, degrees);
    this.turnAbout(x, y, snapped(this.freeTurn));
  }

  private turnAbout(x: number, y: number, turn: Turn): void {
    if (!isSameTurn(turn, this.camera.turn)) {
      this.camera = turnAt(this.camera, this.viewport, x, y, turn);
      this.moved();
    }
  }

  /* A hand on the wall holds it still. */
  hold(): void {
    this.motion.stop();
    this.freeTurn = null;
  }

  /* Thrown: it glides on. In CSS pixels a ms. */
  fling(vx: number, vy: number): void {
    if (!this.isStill()) {
      this.motion.glide(vx, vy);
      this.request();
    }
  }

  private ease(passedMs: number): void {
    if (this.motion.isMoving) {
      this.camera = this.motion.step(this.camera, this.viewport, passedMs);
      this.moved();
    }
  }

  private moved(): void {
    this.isStale = true;
    this.request();
  }

  /* From now on the address follows the view. */
  tellAddress(): void {
    this.mayTellAddress = true;
  }

  /* `isCovered` spares the work for what nobody sees. */
  cover(isCovered: boolean): void {
    if (this.isCovered !== isCovered) {
      this.isCovered = isCovered;
      this.moved();
    }
  }

  updateAddress(): void {
    if (!this.mayTellAddress || this.addressTimer !== 0) {
      return;
    }
    this.addressTimer = window.setTimeout(() => {
      this.addressTimer = 0;
      history.replaceState(null, '', formatView(this.camera) + this.addressExtras);
    }, ADDRESS_EVERY_MS);
  }

  /* ---- frames ---- */

  request(): void {
    if (this.frameRequest === 0) {
      this.frameRequest = requestAnimationFrame((nowMs) => this.frame(nowMs));
    }
  }

  private frame(nowMs: number): void {
    this.frameRequest = 0;
    const passedMs = Math.min(50, nowMs - this.frameMs);
    this.frameMs = nowMs;
    this.turns.give();
    this.ease(passedMs);
    const hasMoved = this.isStale;
    this.isStale = false;
    const visible = visibleTiles(this.camera, this.viewport);
    this.drift.move(middleOf(this.camera, visible.level), nowMs);
    this.syncView(visible, nowMs);
    const changed = this.scene.paint(PAINT_MS_MAX);
    if (hasMoved) {
      this.updateAddress();
      this.events.zoomed(this.camera.zoom);
    }
    if (this.isCovered && hasMoved) {
      /* nobody sees it */
    } else if (hasMoved) {
      this.screen.drawAll(this.camera, this.viewport, nowMs);
    } else if (changed.length > 0 || this.screen.isFading) {
      this.screen.drawTiles(this.camera, this.viewport, changed, nowMs);
    }
    this.scene.store.tick(visible.width * visible.height);
    this.load(visible, nowMs);
    this.events.framed(nowMs, hasMoved);
    if (this.motion.isMoving || this.screen.isFading || this.scene.isDirty) {
      this.request();
    }
  }

  private load(visible: TileRect, nowMs: number): void {
    const { rect } = this.scene;
    if (rect === null || this.isCovered) {
      return;
    }
    const wanted: Tile[] = [];
    this.isComplete = rect.level === visible.level && this.isAnswered && !this.scene.isDirty;
    if (this.connection?.isOpen !== true) {
      this.loader.showSeen(this.scene.store.within(visible));
    }
    for (const tile of this.scene.store.within(rect)) {
      if (tile.needsFetch) {
        wanted.push(tile);
      }
    }
    for (const tile of this.scene.store.within(visible)) {
      this.isComplete = this.isComplete && tile.isReady && !tile.needsFetch;
    }
    const far = (tile: Tile): number => farness(tile, visible, this.drift);
    this.loader.pump(
      wanted.sort((a, b) => far(a) - far(b)),
      nowMs,
    );
  }

  /* ---- subscription ---- */

  private syncView(visible: TileRect, nowMs: number): void {
    if (this.connection?.isOpen !== true) {
      /* What is drawn meanwhile needs tiles to be drawn on. */
      if (!coversRect(this.scene.rect, visible)) {
        this.scene.subscribe(this.widen(visible));
      }
      return;
    }
    if (coversRect(this.sentRect, needed(visible, this.drift)) && isSameRect(this.sentRect, this.scene.rect)) {
      return;
    }
    const waitMs = this.sentMs + VIEW_EVERY_MS - nowMs;
    if (waitMs > 0) {
      window.setTimeout(() => this.request(), waitMs);
      return;
    }
    this.sendView(this.widen(visible), null);
    this.sentMs = nowMs;
  }

  private widen(visible: TileRect): TileRect {
    return widened(visible, this.drift);
  }

  private sendView(rect: TileRect, since: number | null): void {
    this.sentRect = rect;
    this.scene.subscribe(rect);
    this.loader.abortOutside(rect);
    this.connection?.sendJson({
      type: 'view',
      id: ++this.viewId,
      level: rect.level,
      x: String(rect.x),
      y: String(rect.y),
      width: rect.width,
      height: rect.height,
      ...(since === null ? {} : { since }),
    });
  }

  /* The VIEW record of what is shown now, and not of a view before it. */
  viewAnswered(id: number): boolean {
    this.answeredId = id;
    return this.isAnswered;
  }

  get isAnswered(): boolean {
    return this.answeredId === this.viewId;
  }

  welcomed(welcome: Welcome): void {
    if (this.loader.setVersion(welcome.incarnation, welcome.raster)) {
      this.scene.reset();
    }
    const visible = visibleTiles(this.camera, this.viewport);
    const former = coversRect(this.sentRect, visible) ? this.sentRect : null;
    const canResume = former !== null && this.scene.lastSeq > 0;
    const rect = former ?? this.widen(visible);
    if (!canResume) {
      this.scene.suspend();
    }
    this.sendView(rect, canResume ? this.scene.lastSeq : null);
    this.request();
  }

  /* The server dropped what it had for us. */
  refresh(): void {
    this.scene.suspend();
    this.sendView(this.widen(visibleTiles(this.camera, this.viewport)), null);
    this.request();
  }
}
