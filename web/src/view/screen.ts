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

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly store: TileStore,
    private readonly ground: Ground,
    private readonly readPixels: (tile: Tile) => Uint8ClampedArray<ArrayBuffer>,
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
  drawAll(camera: Camera, viewport: Viewport): void {
    this.drawInto(this.context, camera, viewport);
  }

  /* The same picture for a file. */
  drawInto(context: CanvasRenderingContext2D, camera: Camera, viewport: Viewport): void {
    const rect = visibleTiles(camera, viewport);
    const layout = layoutFor(camera, viewport, rect.level);
    this.drawGround(context, layout, rect);
    for (let y = rect.y; y < rect.y + rect.height; y++) {
      for (let x = rect.x; x < rect.x + rect.width; x++) {
        this.drawPlace(context, layout, x, y);
      }
    }
  }

  /* Draws the boxes of these tiles again; the camera has not moved. */
  drawTiles(camera: Camera, viewport: Viewport, tiles: readonly Tile[]): void {
    const level = displayLevel(camera.zoom, viewport.ratio);
    const layout = layoutFor(camera, viewport, level);
    for (const tile of tiles) {
      if (tile.level === level) {
        const box = tileBox(layout, tile.x, tile.y);
        this.context.fillStyle = this.ground.paper;
        this.context.fillRect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
        this.drawPlace(this.context, layout, tile.x, tile.y);
      }
    }
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
      const first = tileBox(layout, rect.x, rect.y);
      const last = tileBox(layout, rect.x + rect.width - 1, rect.y + rect.height - 1);
      context.fillStyle = this.ground.paper;
      context.fillRect(first.x0, first.y0, last.x1 - first.x0, last.y1 - first.y0);
    }
  }

  private drawPlace(context: CanvasRenderingContext2D, layout: Layout, x: number, y: number): void {
    const box = tileBox(layout, x, y);
    const tile = this.store.find(layout.level, x, y);
    if (tile?.isReady) {
      this.store.touch(tile);
      this.drawImage(context, tile, 0, 0, TILE_PX, box);
      return;
    }
    if (!this.drawFiner(context, layout, x, y)) {
      this.drawCoarser(context, layout.level, x, y, box);
    }
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
    context.imageSmoothingQuality = 'medium';
    context.drawImage(image, sourceX, sourceY, size, size, box.x0, box.y0, width, height);
  }

  private drawCoarser(
    context: CanvasRenderingContext2D,
    level: number,
    x: number,
    y: number,
    box: Box,
  ): void {
    for (let up = 1; up <= COARSER_MAX && level - up >= LEVEL_MIN; up++) {
      const scale = 2 ** up;
      const tile = this.store.find(level - up, Math.floor(x / scale), Math.floor(y / scale));
      if (tile?.isReady) {
        this.store.touch(tile);
        const size = TILE_PX / scale;
        const sourceX = (x - tile.x * scale) * size;
        const sourceY = (y - tile.y * scale) * size;
        this.drawImage(context, tile, sourceX, sourceY, size, box);
        return;
      }
    }
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
