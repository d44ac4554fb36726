/* The wall on the page: camera, subscription, tiles and the frame loop. What moves the camera
 * and what speaks to the server is told from outside. */
import { formatView } from '../core/address.ts';
import {
  makeCamera,
  panBy,
  VIEW_TILES_MAX,
  visibleTiles,
  zoomAt,
  type Camera,
  type Viewport,
} from '../core/camera.ts';
import { isSameRect, tileMax, tileMin, type TileRect } from '../core/geometry.ts';
import type { Ink } from '../ink.ts';
import type { Connection, Welcome } from '../net/connection.ts';
import { Loader } from '../view/loader.ts';
import { Painter } from '../view/painter.ts';
import { Scene } from '../view/scene.ts';
import { Screen } from '../view/screen.ts';
import type { Seen } from '../view/seen.ts';
import type { Tile } from '../view/tiles.ts';

export const PAPER = '#fbf9f4';
export const BEYOND = '#ebe6db';
const VIEW_EVERY_MS = 90;
const ADDRESS_EVERY_MS = 250;
const EASE_MS = 65;

export interface WallEvents {
  /* Once a frame, after the tiles are drawn. */
  framed(nowMs: number, hasMoved: boolean): void;
  zoomed(zoom: number): void;
}

interface Easing {
  x: number;
  y: number;
  zoom: number;
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
  private easing: Easing | null = null;
  private isStale = true;
  private frameRequest = 0;
  private frameMs = 0;
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

  /* ---- camera ---- */

  setCamera(camera: Camera): void {
    this.camera = camera;
    this.easing = null;
    this.moved();
  }

  resize(viewport: Viewport): void {
    this.viewport = viewport;
    this.screen.resize(viewport);
    this.isStale = true;
    this.request();
  }

  pan(dx: number, dy: number): void {
    this.camera = panBy(this.camera, dx, dy);
    if (this.easing !== null) {
      this.easing.x += dx;
      this.easing.y += dy;
    }
    this.moved();
  }

  zoomNow(x: number, y: number, zoom: number): void {
    this.easing = null;
    this.camera = zoomAt(this.camera, this.viewport, x, y, zoom);
    this.moved();
  }

  zoomBy(x: number, y: number, levels: number): void {
    this.zoomTo(x, y, (this.easing?.zoom ?? this.camera.zoom) + levels);
  }

  zoomTo(x: number, y: number, zoom: number): void {
    if (this.isStill()) {
      this.zoomNow(x, y, zoom);
      return;
    }
    this.easing = { x, y, zoom };
    this.request();
  }

  /* A hand on the wall holds it still. */
  hold(): void {
    this.easing = null;
  }

  private ease(passedMs: number): void {
    const { easing } = this;
    if (easing === null) {
      return;
    }
    const rest = easing.zoom - this.camera.zoom;
    const isThere = Math.abs(rest) < 0.002;
    const zoom = isThere
      ? easing.zoom
      : this.camera.zoom + rest * (1 - Math.exp(-passedMs / EASE_MS));
    this.camera = zoomAt(this.camera, this.viewport, easing.x, easing.y, zoom);
    if (isThere || this.camera.zoom !== zoom) {
      this.easing = null;
    }
    this.moved();
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
    this.ease(passedMs);
    const hasMoved = this.isStale;
    this.isStale = false;
    const visible = visibleTiles(this.camera, this.viewport);
    this.syncView(visible, nowMs);
    const changed = this.scene.paint();
    if (this.isCovered && hasMoved) {
      this.updateAddress();
      this.events.zoomed(this.camera.zoom);
    } else if (hasMoved) {
      this.screen.drawAll(this.camera, this.viewport, nowMs);
      this.updateAddress();
      this.events.zoomed(this.camera.zoom);
    } else if (changed.length > 0 || this.screen.isFading) {
      this.screen.drawTiles(this.camera, this.viewport, changed, nowMs);
    }
    this.scene.store.tick(visible.width * visible.height);
    this.load(visible, nowMs);
    this.events.framed(nowMs, hasMoved);
    if (this.easing !== null || this.screen.isFading) {
      this.request();
    }
  }

  private load(visible: TileRect, nowMs: number): void {
    const { rect } = this.scene;
    if (rect === null || this.isCovered) {
      return;
    }
    const wanted: Tile[] = [];
    this.isComplete = rect.level === visible.level && this.isAnswered;
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
    const middleX = visible.x + visible.width / 2 - 0.5;
    const middleY = visible.y + visible.height / 2 - 0.5;
    const farness = (tile: Tile): number => Math.hypot(tile.x - middleX, tile.y - middleY);
    wanted.sort((a, b) => farness(a) - farness(b));
    this.loader.pump(wanted, nowMs);
  }

  /* ---- subscription ---- */

  private syncView(visible: TileRect, nowMs: number): void {
    if (this.connection?.isOpen !== true) {
      /* What is drawn meanwhile needs tiles to be drawn on. */
      if (!covers(this.scene.rect, visible)) {
        this.scene.subscribe(widen(visible));
      }
      return;
    }
    if (covers(this.sentRect, visible) && isSameRect(this.sentRect, this.scene.rect)) {
      return;
    }
    const waitMs = this.sentMs + VIEW_EVERY_MS - nowMs;
    if (waitMs > 0) {
      window.setTimeout(() => this.request(), waitMs);
      return;
    }
    this.sendView(widen(visible), null);
    this.sentMs = nowMs;
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
    const former = covers(this.sentRect, visible) ? this.sentRect : null;
    const canResume = former !== null && this.scene.lastSeq > 0;
    const rect = former ?? widen(visible);
    if (!canResume) {
      this.scene.suspend();
    }
    this.sendView(rect, canResume ? this.scene.lastSeq : null);
    this.request();
  }

  /* The server dropped what it had for us. */
  refresh(): void {
    this.scene.suspend();
    this.sendView(widen(visibleTiles(this.camera, this.viewport)), null);
    this.request();
  }
}

function covers(outer: TileRect | null, inner: TileRect): boolean {
  return (
    outer !== null &&
    outer.level === inner.level &&
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.width >= inner.x + inner.width &&
    outer.y + outer.height >= inner.y + inner.height
  );
}

/* One more tile on each side, so that a short pan finds it there. */
function widen(rect: TileRect): TileRect {
  const low = tileMin(rect.level);
  const high = tileMax(rect.level);
  const x = Math.max(low, rect.x - 1);
  const y = Math.max(low, rect.y - 1);
  const width = Math.min(high, rect.x + rect.width) - x + 1;
  const height = Math.min(high, rect.y + rect.height) - y + 1;
  const wide = { level: rect.level, x, y, width, height };
  return width * height <= VIEW_TILES_MAX ? wide : rect;
}
