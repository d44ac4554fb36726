/* The wall as it was last seen, for when the server is away: the newest picture of each tile that was looked
 * at, in the browser's database, the last of them up to a number. What was drawn over a tile since its
 * picture came is composed here and kept too. All of it is shown only until the server says what is true. */
import type { SeenTile } from '../net/storage.ts';
import type { Tile } from './tiles.ts';

export interface SeenStore {
  putTiles(tiles: readonly SeenTile[]): Promise<boolean>;
  tile(canvas: string, level: number, x: number, y: number): Promise<SeenTile | null>;
  trimTiles(most: number): Promise<void>;
}

/* 10 to 20 MB. */
const TILES_KEPT_MAX = 1_500;
/* Written when none came for so long, as then nobody moves the view; but not later than that after the first. */
const WRITE_AFTER_MS = 400;
const WRITE_WITHIN_MS = 3_000;
const A_WRITE = 8; /* more at once would hold up a frame */
const TRIM_EVERY = 200;

export class Seen {
  private readonly waiting = new Map<string, Omit<SeenTile, 'png'> & { picture: Blob }>();
  private firstMs = 0;
  private newestMs = 0;
  private readonly keptSeqs = new WeakMap<Tile, number>();
  private timer: number | null = null;
  private isWriting = false;
  private written = TRIM_EVERY; /* an earlier page may have left too many */

  constructor(
    private readonly store: SeenStore,
    private readonly canvas: string,
    private readonly now: () => number,
    private readonly later: (run: () => void, ms: number) => number,
  ) {}

  /* Does the tile look newer than what is kept of it? */
  isNewer(tile: Tile): boolean {
    return tile.log.currentSeq > (this.keptSeqs.get(tile) ?? -1);
  }

  keep(tile: Tile, tag: string, seq: number, picture: Blob): void {
    if (seq <= (this.keptSeqs.get(tile) ?? -1)) {
      return;
    }
    this.keptSeqs.set(tile, seq);
    const { level, x, y } = tile;
    const atMs = this.now();
    this.firstMs = this.waiting.size === 0 ? atMs : this.firstMs;
    this.newestMs = atMs;
    this.waiting.set(tile.key, { canvas: this.canvas, level, x, y, tag, picture, atMs });
    this.timer ??= this.later(() => void this.write(), WRITE_AFTER_MS);
  }

  find(tile: Tile): Promise<SeenTile | null> {
    return this.store.tile(this.canvas, tile.level, tile.x, tile.y);
  }

  private get isTime(): boolean {
    const nowMs = this.now();
    const isBack = nowMs < this.firstMs; /* the clock was set */
    return isBack || nowMs - this.newestMs >= WRITE_AFTER_MS || nowMs - this.firstMs >= WRITE_WITHIN_MS;
  }

  private async write(): Promise<void> {
    this.timer = null;
    if (this.isWriting) {
      return;
    }
    if (!this.isTime) {
      this.timer = this.later(() => void this.write(), WRITE_AFTER_MS);
      return;
    }
    this.isWriting = true;
    const some = [...this.waiting].slice(0, A_WRITE);
    some.forEach(([key]) => this.waiting.delete(key));
    const tiles = some.map(async ([, { picture, ...tile }]) => ({ ...tile, png: await picture.arrayBuffer() }));
    await this.store.putTiles(await Promise.all(tiles));
    this.written += tiles.length;
    if (this.written >= TRIM_EVERY) {
      this.written = 0;
      await this.store.trimTiles(TILES_KEPT_MAX);
    }
    this.isWriting = false;
    if (this.waiting.size > 0) {
      this.timer ??= this.later(() => void this.write(), 0);
    }
  }
}
