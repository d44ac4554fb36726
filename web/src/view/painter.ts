/* Composes tiles: the base picture, the marks after it, what waits for the server, and what is
 * being drawn. The same kernel as the server's draws all of it, so nothing moves when it is
 * confirmed. */
import { TILE_PX } from '../core/geometry.ts';
import type { Mark } from '../core/tilelog.ts';
import type { Ink, MaskHandle, Rect, StrokeHandle, TileHandle } from '../ink.ts';
import { loadPoints, type LiveInk } from './live.ts';
import { Surface, unite, WHOLE } from './surface.ts';
import type { Tile } from './tiles.ts';

/* What lies over the confirmed picture of every tile. */
export interface Overlay {
  /* Finished strokes of one's own that the tile's picture does not hold, oldest first. */
  pendingFor(tile: Tile): Mark[];
  /* Strokes that are being drawn there, in the order they began. */
  livesFor(tile: Tile): LiveInk[];
  /* The ink of a mark that was drawn while it grew, a moment ago. */
  inkOf(mark: Mark): LiveInk | null;
  /* Seqs that were hidden or shown here and are not confirmed. */
  overrides: ReadonlyMap<number, boolean>;
}

export class Painter {
  private readonly mask: MaskHandle;
  private readonly slot: StrokeHandle;
  private readonly spare: Surface[] = [];
  private readonly reader: CanvasRenderingContext2D;

  constructor(readonly ink: Ink) {
    this.mask = ink.allocMask();
    this.slot = ink.allocStroke();
    const canvas = document.createElement('canvas');
    canvas.width = TILE_PX;
    canvas.height = TILE_PX;
    this.reader = canvas.getContext('2d', { willReadFrequently: true })!;
  }

  /* Brings the tile's picture up to date; where it changed, or null. */
  paint(tile: Tile, overlay: Overlay): Rect | null {
    const pending = overlay.pendingFor(tile);
    const lives = overlay.livesFor(tile);
    const hasMarks = tile.log.markCount > 0 || tile.log.isDrawnOver;
    if (!hasMarks && pending.length === 0 && lives.length === 0) {
      if (tile.surface !== null) {
        tile.surface.release();
        tile.surface = null; /* the base picture says it all */
        tile.boosted = null;
      }
      return WHOLE;
    }
    return this.paintLayers(tile, overlay, pending, lives);
  }

  /* Makes ready for ink what shows only its picture so far, so that the first ink on it costs no more than any. */
  prepare(tile: Tile, overlay: Overlay): void {
    if (tile.surface === null) {
      const { boosted } = tile;
      this.paintLayers(tile, overlay, [], []);
      tile.boosted = boosted; /* it looks as before */
    }
  }

  private paintLayers(
    tile: Tile,
    overlay: Overlay,
    pending: Mark[],
    lives: LiveInk[],
  ): Rect | null {
    tile.surface ??= this.spare.pop() ?? new Surface(this.ink, this.spare);
    const surface = tile.surface;
    this.paintConfirmed(tile, surface, overlay);
    this.paintSettled(tile, surface, pending, overlay);
    const changed = this.paintShown(tile, surface, lives);
    if (changed !== null) {
      surface.present(changed);
      tile.boosted = null;
    }
    return changed;
  }

  private paintConfirmed(tile: Tile, surface: Surface, overlay: Overlay): void {
    const marks = tile.log.visibleMarks(overlay.overrides);
    if (surface.isConfirmedStale) {
      this.loadBase(tile, surface.confirmed);
      surface.confirmedSeq = tile.log.baseSeq;
      surface.isConfirmedStale = false;
      surface.isSettledStale = true;
    }
    for (const mark of marks) {
      if (mark.seq > surface.confirmedSeq) {
        this.drawMark(mark, tile, surface.confirmed, overlay);
        surface.confirmedSeq = mark.seq + mark.parts.length - 1;
        surface.isSettledStale = true;
      }
    }
  }

  private paintSettled(
    tile: Tile,
    surface: Surface,
    pending: Mark[],
    overlay: Overlay,
  ): void {
    if (!surface.isSettledStale) {
      return;
    }
    surface.separateSettled(pending.length > 0);
    if (pending.length > 0) {
      this.ink.copyTile(surface.confirmed, surface.settled);
      pending.forEach((mark) => this.drawMark(mark, tile, surface.settled, overlay));
    }
    surface.isSettledStale = false;
    surface.isShownStale = true;
  }

  /* Draws again where strokes grew, ended, or began anew; where that is, or null. */
  private paintShown(tile: Tile, surface: Surface, lives: LiveInk[]): Rect | null {
    let changed = surface.isShownStale ? WHOLE : surface.staleLive(lives);
    let whole: Rect | null = null;
    for (const live of lives) {
      changed = unite(changed, live.advance(tile));
      whole = unite(whole, live.rectOf(tile));
    }
    surface.isShownStale = false;
    surface.keepLive(lives, whole);
    if (changed !== null) {
      this.ink.copyTile(surface.settled, surface.shown, changed);
      for (const live of lives) {
        live.composite(tile, surface.shown, changed);
      }
    }
    return changed;
  }

  /* The base picture's pixels, premultiplied as the kernel has them. */
  private loadBase(tile: Tile, pixels: TileHandle): void {
    if (tile.bitmap === null) {
      this.ink.clearTile(pixels);
      return;
    }
    this.reader.clearRect(0, 0, TILE_PX, TILE_PX);
    this.reader.drawImage(tile.bitmap, 0, 0);
    this.ink.setTileRgba(pixels, this.reader.getImageData(0, 0, TILE_PX, TILE_PX).data);
  }

  private drawMark(mark: Mark, tile: Tile, pixels: TileHandle, overlay: Overlay): void {
    if (overlay.inkOf(mark)?.drawWhole(tile, pixels) === true) {
      return;
    }
    mark.parts.forEach((stroke, part) => {
      this.ink.beginStroke(this.slot, stroke.origin, stroke);
      this.ink.setPart(this.slot, part, mark.parts.length);
      loadPoints(this.ink, this.slot, stroke, 0, stroke.points.count);
      this.ink.addStroke(this.mask, this.slot, 0, tile);
    });
    this.ink.composite(this.mask, mark.parts[0]!, pixels, pixels);
    this.ink.clearMask(this.mask);
  }

  /* Straight RGBA of what the server is known to have, if ops were drawn over the picture here. */
  readConfirmed(tile: Tile): Uint8ClampedArray<ArrayBuffer> | null {
    const { surface } = tile;
    const isUpToDate = surface !== null && !surface.isConfirmedStale;
    return isUpToDate ? this.ink.tileRgba(surface.confirmed) : null;
  }

  /* Raw straight RGBA of what the tile shows, for tests and for far-out pictures. */
  readPixels(tile: Tile): Uint8ClampedArray<ArrayBuffer> {
    if (tile.surface !== null) {
      return this.ink.tileRgba(tile.surface.shown);
    }
    this.reader.clearRect(0, 0, TILE_PX, TILE_PX);
    if (tile.bitmap !== null) {
      this.reader.drawImage(tile.bitmap, 0, 0);
    }
    return this.reader.getImageData(0, 0, TILE_PX, TILE_PX).data;
  }
}
