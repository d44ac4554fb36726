/* Draws the tiles onto the page's canvas, in whole device pixels.
 *
 * A tile that is not there yet is shown as the part of a coarser one, and the finer ones that
 * are, so that zooming and panning never show holes that were filled a moment before. While the
 * camera rests, only boxes of changed tiles are drawn. */
import {
  displayLevel,
  layoutFor,
  tileBox,
  visibleTiles,
  type Camera,
  type Layout,
  type Viewport,
} from '../core/camera.ts';
import {
  LEVEL_MAX,
  LEVEL_MIN,
  TILE_PX,
  tileMax,
  tileMin,
  type TileRect,
} from '../core/geometry.ts';
import { boostTable, BOOST_BELOW } from '../core/boost.ts';
import type { Tile, TileStore } from './tiles.ts';

/* How far up and down a missing tile is looked for. */
const COARSER_MAX = 6;
const FINER_MAX = 2;
const FADE_MS = 140;

export interface Ground {
  paper: string;
  beyond: string;
}

interface Box {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export class Screen {
  private readonly context: CanvasRenderingContext2D;
  private readonly fades = new Map<Tile, number>();

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly store: TileStore,
    private readonly ground: Ground,
    private readonly readPixels: (tile: Tile) => Uint8ClampedArray<ArrayBuffer>,
    private readonly isStill: () => boolean,
  ) {
    this.context = canvas.getContext('2d', { alpha: false })!;
  }

  resize(viewport: Viewport): void {
    const width = Math.max(1, Math.round(viewport.width * viewport.ratio));
    const height = Math.max(1, Math.round(viewport.height * viewport.ratio));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
  }

  /* Draws everything. */
  drawAll(camera: Camera, viewport: Viewport, nowMs: number): void {
    this.drawInto(this.context, camera, viewport, nowMs);
  }

  /* The same picture for a file; without a time nothing is half there. */
  drawInto(
    context: CanvasRenderingContext2D,
    camera: Camera,
    viewport: Viewport,
    nowMs = Infinity,
  ): void {
    const rect = visibleTiles(camera, viewport);
    const layout = layoutFor(camera, viewport, rect.level);
    this.drawGround(context, layout, rect);
    for (let y = rect.y; y < rect.y + rect.height; y++) {
      for (let x = rect.x; x < rect.x + rect.width; x++) {
        this.drawPlace(context, layout, x, y, nowMs);
      }
    }
  }

  /* Draws the boxes of these tiles again, and of those that are fading in; the camera has not moved. */
  drawTiles(camera: Camera, viewport: Viewport, tiles: readonly Tile[], nowMs: number): void {
    const level = displayLevel(camera.zoom, viewport.ratio);
    const layout = layoutFor(camera, viewport, level);
    for (const [tile, beganMs] of this.fades) {
      if (nowMs - beganMs > 2 * FADE_MS) {
        this.fades.delete(tile); /* it left the screen meanwhile */
      }
    }
    for (const tile of new Set([...tiles, ...this.fades.keys()])) {
      if (tile.level === level) {
        const box = tileBox(layout, tile.x, tile.y);
        this.context.fillStyle = this.ground.paper;
        this.context.fillRect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
        this.drawPlace(this.context, layout, tile.x, tile.y, nowMs);
      }
    }
  }

  get isFading(): boolean {
    return this.fades.size > 0;
  }

  private drawGround(context: CanvasRenderingContext2D, layout: Layout, rect: TileRect): void {
    const { width, height } = context.canvas;
    const low = tileMin(rect.level);
    const high = tileMax(rect.level);
    const isInside =
      rect.x > low &&
      rect.y > low &&
      rect.x + rect.width - 1 < high &&
      rect.y + rect.height - 1 < high;
    context.fillStyle = isInside ? this.ground.paper : this.ground.beyond;
    context.fillRect(0, 0, width, height);
    if (!isInside) {
      const edge = 2 ** (23 + rect.level);
      const x0 = Math.round(layout.x + (-edge - layout.tileX) * layout.size);
      const y0 = Math.round(layout.y + (-edge - layout.tileY) * layout.size);
      const size = Math.round(2 * edge * layout.size);
      context.fillStyle = this.ground.paper;
      context.fillRect(x0, y0, size, size);
    }
  }

  private drawPlace(
    context: CanvasRenderingContext2D,
    layout: Layout,
    x: number,
    y: number,
    nowMs: number,
  ): void {
    const box = tileBox(layout, x, y);
    const tile = this.store.find(layout.level, x, y);
    if (tile?.isReady) {
      this.store.touch(tile);
      context.globalAlpha = this.presence(tile, nowMs);
      this.drawImage(context, tile, 0, 0, TILE_PX, box);
      context.globalAlpha = 1;
      return;
    }
    const coarser = this.findCoarser(layout.level, x, y);
    if (!this.drawFiner(context, layout, x, y) && coarser !== null) {
      this.drawPartOf(context, coarser, layout.level, x, y, box);
    }
    if (tile?.surface) {
      this.drawImage(context, tile, 0, 0, TILE_PX, box); /* ink on a picture still to come */
    }
  }

  /* A picture that comes where nothing was fades in; one that was there in another size does not. */
  private presence(tile: Tile, nowMs: number): number {
    if (!tile.wasShown) {
      tile.wasShown = true;
      const isNew = tile.image !== null && this.findCoarser(tile.level, tile.x, tile.y) === null;
      if (isNew && !this.isStill() && nowMs < Infinity) {
        this.fades.set(tile, nowMs);
      }
    }
    const beganMs = this.fades.get(tile);
    if (beganMs === undefined) {
      return 1;
    }
    const share = Math.min(1, (nowMs - beganMs) / FADE_MS);
    if (share >= 1) {
      this.fades.delete(tile);
    }
    return Math.max(0.02, share);
  }

  private drawImage(
    context: CanvasRenderingContext2D,
    tile: Tile,
    sourceX: number,
    sourceY: number,
    size: number,
    box: Box,
  ): void {
    const image = this.imageOf(tile);
    if (image === null) {
      return;
    }
    const width = box.x1 - box.x0;
    const height = box.y1 - box.y0;
    context.imageSmoothingEnabled = width !== size || height !== size;
    context.imageSmoothingQuality = 'low';
    context.drawImage(image, sourceX, sourceY, size, size, box.x0, box.y0, width, height);
  }

  private findCoarser(level: number, x: number, y: number): Tile | null {
    for (let up = 1; up <= COARSER_MAX && level - up >= LEVEL_MIN; up++) {
      const scale = 2 ** up;
      const tile = this.store.find(level - up, Math.floor(x / scale), Math.floor(y / scale));
      if (tile?.isReady) {
        return tile;
      }
    }
    return null;
  }

  /* The part of a coarser tile that lies under (x, y) of `level`. */
  private drawPartOf(
    context: CanvasRenderingContext2D,
    tile: Tile,
    level: number,
    x: number,
    y: number,
    box: Box,
  ): void {
    this.store.touch(tile);
    const scale = 2 ** (level - tile.level);
    const size = TILE_PX / scale;
    this.drawImage(
      context,
      tile,
      (x - tile.x * scale) * size,
      (y - tile.y * scale) * size,
      size,
      box,
    );
  }

  /* True if finer tiles cover the place; where they do not, nothing is drawn. */
  private drawFiner(
    context: CanvasRenderingContext2D,
    layout: Layout,
    x: number,
    y: number,
  ): boolean {
    for (let down = 1; down <= FINER_MAX && layout.level + down <= LEVEL_MAX; down++) {
      const scale = 2 ** down;
      const tiles: Tile[] = [];
      for (let i = 0; i < scale * scale; i++) {
        const row = Math.floor(i / scale);
        const tile = this.store.find(layout.level + down, x * scale + (i % scale), y * scale + row);
        if (tile?.isReady) {
          tiles.push(tile);
        }
      }
      if (tiles.length === scale * scale) {
        tiles.forEach((tile) => this.drawPart(context, layout, tile, scale));
        return true;
      }
    }
    return false;
  }

  private drawPart(
    context: CanvasRenderingContext2D,
    layout: Layout,
    tile: Tile,
    scale: number,
  ): void {
    this.store.touch(tile);
    const parts = {
      ...layout,
      level: tile.level,
      tileX: layout.tileX * scale,
      tileY: layout.tileY * scale,
      size: layout.size / scale,
    };
    this.drawImage(context, tile, 0, 0, TILE_PX, tileBox(parts, tile.x, tile.y));
  }

  /* From far out thin ink is made visible: only here, never in the pixels that are kept. */
  private imageOf(tile: Tile): CanvasImageSource | null {
    if (tile.level >= BOOST_BELOW || tile.image === null) {
      return tile.image;
    }
    tile.boosted ??= this.boost(tile);
    return tile.boosted;
  }

  /* Does the slow part when a picture arrives: one at a time, not all in the frame that shows them. */
  prepare(tile: Tile): void {
    if (tile.surface === null) {
      this.imageOf(tile);
    }
  }

  private boost(tile: Tile): HTMLCanvasElement {
    const canvas = tile.boosted ?? document.createElement('canvas');
    canvas.width = TILE_PX;
    canvas.height = TILE_PX;
    const rgba = this.readPixels(tile);
    const table = boostTable(tile.level);
    for (let i = 3; i < rgba.length; i += 4) {
      rgba[i] = table[rgba[i]!]!;
    }
    canvas.getContext('2d')!.putImageData(new ImageData(rgba, TILE_PX), 0, 0);
    return canvas;
  }
}
