/* The tiles in memory: what is known of each, its picture, and how long since it was looked at. */
import { NO_PICTURE, TileLog } from '../core/tilelog.ts';
import { tileKey, type TileId, type TileRect } from '../core/geometry.ts';
import type { Surface } from './surface.ts';

export class Tile implements TileId {
  readonly key: string;
  readonly log = new TileLog();
  /* The base picture; null while there is none, and when nothing was drawn (`log.hasPicture`
   * tells). */
  bitmap: ImageBitmap | null = null;
  /* Pixels of its own, once ops are drawn over the base. */
  surface: Surface | null = null;
  /* What is shown from far out: the picture with thin ink made visible. */
  boosted: HTMLCanvasElement | null = null;
  /* The newest seq that the server told of and the picture lacks. */
  wantedSeq = NO_PICTURE;
  retryAtMs = 0;
  retries = 0;
  lastUsed = 0;
  wasShown = false;
  /* Its place was seen empty while it was on its way. */
  wasBlank = false;
  /* It lacks something that is to be drawn over its picture first (the past alone). */
  isHollow = false;

  constructor(
    readonly level: number,
    readonly x: number,
    readonly y: number,
  ) {
    this.key = tileKey(level, x, y);
  }

  get isReady(): boolean {
    return this.log.hasPicture && !this.isHollow;
  }

  get image(): CanvasImageSource | null {
    return this.surface?.canvas ?? this.bitmap;
  }

  get needsFetch(): boolean {
    return this.wantedSeq > this.log.baseSeq;
  }
}

const TILES_MIN = 320;

export class TileStore {
  readonly tiles = new Map<string, Tile>();
  private clock = 0;

  constructor(private readonly release: (tile: Tile) => void) {}

  find(level: number, x: number, y: number): Tile | undefined {
    return this.tiles.get(tileKey(level, x, y));
  }

  make(level: number, x: number, y: number): Tile {
    const tile = new Tile(level, x, y);
    this.tiles.set(tile.key, tile);
    return tile;
  }

  touch(tile: Tile): void {
    tile.lastUsed = this.clock;
  }

  /* The tiles of a rectangle that exist, row by row. */
  *within(rect: TileRect): Iterable<Tile> {
    for (let y = rect.y; y < rect.y + rect.height; y++) {
      for (let x = rect.x; x < rect.x + rect.width; x++) {
        const tile = this.find(rect.level, x, y);
        if (tile !== undefined) {
          yield tile;
        }
      }
    }
  }

  /* Once a frame: forgets the tiles not looked at for the longest time. */
  tick(visibleCount: number): void {
    this.clock++;
    const limit = Math.max(TILES_MIN, visibleCount * 3);
    if (this.tiles.size <= limit * 1.1) {
      return;
    }
    const oldest = [...this.tiles.values()].sort((a, b) => a.lastUsed - b.lastUsed);
    for (const tile of oldest.slice(0, this.tiles.size - limit)) {
      if (tile.lastUsed < this.clock - 1 && !tile.log.isLive) {
        this.forget(tile);
      }
    }
  }

  forget(tile: Tile): void {
    this.tiles.delete(tile.key);
    this.release(tile);
  }

  clear(): void {
    [...this.tiles.values()].forEach((tile) => this.forget(tile));
  }
}

/* A new base picture; null is an empty tile. */
export function setPicture(tile: Tile, seq: number, bitmap: ImageBitmap | null): boolean {
  if (tile.log.baseSeq !== NO_PICTURE && !tile.log.setBase(seq)) {
    bitmap?.close();
    return false;
  }
  tile.log.setBase(seq);
  tile.bitmap?.close();
  tile.bitmap = bitmap;
  tile.boosted = null;
  return true;
}
