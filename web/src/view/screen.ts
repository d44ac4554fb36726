/* Draws the tiles onto the page's canvas, in whole device pixels; a turned view by way of a sheet.
 *
 * A tile that is not there yet is shown as the part of a coarser one, and the finer ones that
 * are, so that zooming and panning never show holes that were filled a moment before. While the
 * camera rests, only boxes of changed tiles are drawn. */
import {
  displayLevel,
  layoutFor,
  sheetOf,
  tileBox,
  visibleTiles,
  type Camera,
  type Layout,
  type Sheet,
  type Viewport,
} from '../core/camera.ts';
import { TILE_PX, tileMax, tileMin, type TileRect } from '../core/geometry.ts';
import { boostTable, BOOST_BELOW } from '../core/boost.ts';
import { isUpright } from '../core/turn.ts';
import { StandIns } from './standins.ts';
import { unite, WHOLE } from './surface.ts';
import type { Rect } from '../ink.ts';
import type { Change } from './scene.ts';
import type { Tile, TileStore } from './tiles.ts';

const FADE_MS = 140;
/* The sheet's size changes in steps, not at each degree. */
const SHEET_STEP = 512;

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
  private readonly standIns: StandIns;
  private sheet: CanvasRenderingContext2D | null = null;

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly store: TileStore,
    private readonly ground: Ground,
    private readonly readPixels: (tile: Tile) => Uint8ClampedArray<ArrayBuffer>,
    private readonly isStill: () => boolean,
  ) {
    this.context = canvas.getContext('2d', { alpha: false })!;
    this.standIns = new StandIns(store);
  }

  /* True if it was another size: the canvas is empty then. */
  resize(viewport: Viewport): boolean {
    const width = Math.max(1, Math.round(viewport.width * viewport.ratio));
    const height = Math.max(1, Math.round(viewport.height * viewport.ratio));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      return true;
    }
    return false;
  }

  /* Draws everything. */
  drawAll(camera: Camera, viewport: Viewport, nowMs: number): void {
    this.drawInto(this.context, camera, viewport, nowMs);
    if (isUpright(camera.turn)) {
      this.sheet = null;
    }
  }

  /* The same picture for a file; without a time nothing is half there. */
  drawInto(
    context: CanvasRenderingContext2D,
    camera: Camera,
    viewport: Viewport,
    nowMs = Infinity,
  ): void {
    if (isUpright(camera.turn)) {
      this.drawUpright(context, camera, viewport, nowMs);
      return;
    }
    const sheet = sheetOf(camera, viewport);
    this.drawUpright(this.sheetFor(sheet), sheet.camera, sheet.viewport, nowMs);
    this.putSheet(context, sheet, null);
  }

  private drawUpright(
    context: CanvasRenderingContext2D,
    camera: Camera,
    viewport: Viewport,
    nowMs: number,
  ): void {
    const rect = visibleTiles(camera, viewport);
    const layout = layoutFor(camera, viewport, rect.level);
    this.standIns.begin();
    this.drawGround(context, layout, rect);
    for (let y = rect.y; y < rect.y + rect.height; y++) {
      for (let x = rect.x; x < rect.x + rect.width; x++) {
        this.drawPlace(context, layout, x, y, nowMs);
      }
    }
  }

  /* Draws the boxes of these tiles again, and of those that are fading in; the camera has not moved. */
  drawTiles(camera: Camera, viewport: Viewport, changes: readonly Change[], nowMs: number): void {
    for (const [tile, beganMs] of this.fades) {
      if (nowMs - beganMs > 2 * FADE_MS) {
        this.fades.delete(tile); /* it left the screen meanwhile */
      }
    }
    this.standIns.begin();
    if (isUpright(camera.turn)) {
      this.drawChanged(this.context, camera, viewport, changes, nowMs);
      return;
    }
    const sheet = sheetOf(camera, viewport);
    const onto = this.sheetFor(sheet);
    const changed = this.drawChanged(onto, sheet.camera, sheet.viewport, changes, nowMs);
    if (changed !== null) {
      this.putSheet(this.context, sheet, changed);
    }
  }

  /* Where something was drawn. */
  private drawChanged(
    context: CanvasRenderingContext2D,
    camera: Camera,
    viewport: Viewport,
    changes: readonly Change[],
    nowMs: number,
  ): Box | null {
    const layout = layoutFor(camera, viewport, displayLevel(camera.zoom, viewport.ratio));
    let drawn: Box | null = null;
    for (const { tile, rect } of this.withFades(changes)) {
      if (tile.level === layout.level) {
        const box = tileBox(layout, tile.x, tile.y);
        const part = partOf(box, rect);
        context.save();
        context.beginPath();
        context.rect(part.x0, part.y0, part.x1 - part.x0, part.y1 - part.y0);
        context.clip();
        this.clear(context, part);
        this.drawPlace(context, layout, tile.x, tile.y, nowMs);
        context.restore();
        drawn = unite(drawn, part);
      }
    }
    return drawn;
  }

  /* And those that are fading in, each once and then whole. */
  private withFades(changes: readonly Change[]): Change[] {
    const fading = [...this.fades.keys()].map((tile) => ({ tile, rect: WHOLE }));
    return [...changes.filter(({ tile }) => !this.fades.has(tile)), ...fading];
  }

  private clear(context: CanvasRenderingContext2D, box: Box): void {
    context.fillStyle = this.ground.paper;
    context.fillRect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
  }

  private sheetFor({ viewport }: Sheet): CanvasRenderingContext2D {
    const whole = (length: number): number => Math.ceil(length / SHEET_STEP) * SHEET_STEP;
    const [width, height] = [whole(viewport.width), whole(viewport.height)];
    let canvas = this.sheet?.canvas;
    if (canvas === undefined || canvas.width < width || canvas.height < height) {
      canvas = document.createElement('canvas');
      canvas.width = Math.max(width, this.sheet?.canvas.width ?? 0);
      canvas.height = Math.max(height, this.sheet?.canvas.height ?? 0);
      this.sheet = canvas.getContext('2d', { alpha: false })!;
    }
    return this.sheet!;
  }

  /* All of it, or what lies over a part of the sheet. */
  private putSheet(context: CanvasRenderingContext2D, sheet: Sheet, part: Box | null): void {
    const { canvas } = this.sheet!;
    context.save();
    if (part !== null) {
      const box = boxAround(sheet, part);
      context.beginPath();
      context.rect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
      context.clip();
    }
    context.setTransform(...sheet.matrix);
    context.imageSmoothingEnabled = !sheet.isSharp;
    context.imageSmoothingQuality = 'low';
    const { width, height } = sheet.viewport;
    context.drawImage(canvas, 0, 0, width, height, 0, 0, width, height);
    context.restore();
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
    const isShown = this.drawStandIns(context, layout, x, y, box);
    if (tile?.surface) {
      this.drawImage(context, tile, 0, 0, TILE_PX, box); /* ink on a picture still to come */
    } else if (tile !== undefined && !isShown) {
      tile.wasBlank = true;
    }
  }

  /* True if something was there to show. */
  private drawStandIns(
    context: CanvasRenderingContext2D,
    layout: Layout,
    x: number,
    y: number,
    box: Box,
  ): boolean {
    const coarser = this.standIns.coarser(layout.level, x, y);
    if (coarser !== null) {
      this.drawPartOf(context, coarser, layout.level, x, y, box);
    }
    const finer = this.standIns.finerIn(layout.level, x, y);
    finer.forEach((tile) => this.drawPart(context, layout, tile));
    return coarser !== null || finer.length > 0;
  }

  /* A picture that comes where nothing was seen fades in; one that was there in another size does not. */
  private presence(tile: Tile, nowMs: number): number {
    if (!tile.wasShown) {
      tile.wasShown = true;
      const isNew = tile.image !== null && tile.wasBlank;
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

  /* A finer tile, in place of what is under it. */
  private drawPart(context: CanvasRenderingContext2D, layout: Layout, tile: Tile): void {
    this.store.touch(tile);
    const scale = 2 ** (tile.level - layout.level);
    const parts = {
      ...layout,
      level: tile.level,
      tileX: layout.tileX * scale,
      tileY: layout.tileY * scale,
      size: layout.size / scale,
    };
    const box = tileBox(parts, tile.x, tile.y);
    if (box.x1 > box.x0 && box.y1 > box.y0) {
      this.clear(context, box);
      this.drawImage(context, tile, 0, 0, TILE_PX, box);
    }
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

/* Where a part of a tile lies that has this box; with what smoothing takes from it. */
function partOf(box: Box, rect: Rect): Box {
  const scale = (box.x1 - box.x0) / TILE_PX;
  const reach = scale === 1 ? 0 : Math.ceil(scale) + 1;
  const along = (from: number, px: number): number => from + px * scale;
  return {
    x0: Math.max(box.x0, Math.floor(along(box.x0, rect.x0)) - reach),
    y0: Math.max(box.y0, Math.floor(along(box.y0, rect.y0)) - reach),
    x1: Math.min(box.x1, Math.ceil(along(box.x0, rect.x1)) + reach),
    y1: Math.min(box.y1, Math.ceil(along(box.y0, rect.y1)) + reach),
  };
}

/* The whole pixels of the screen around a part of the sheet. */
function boxAround({ matrix, isSharp }: Sheet, part: Box): Box {
  const [a, b, c, d, e, f] = matrix;
  const corners = [
    [part.x0, part.y0],
    [part.x1, part.y0],
    [part.x0, part.y1],
    [part.x1, part.y1],
  ] as const;
  const xs = corners.map(([x, y]) => a * x + c * y + e);
  const ys = corners.map(([x, y]) => b * x + d * y + f);
  const reach = isSharp ? 0 : 1;
  return {
    x0: Math.floor(Math.min(...xs)) - reach,
    y0: Math.floor(Math.min(...ys)) - reach,
    x1: Math.ceil(Math.max(...xs)) + reach,
    y1: Math.ceil(Math.max(...ys)) + reach,
  };
}
