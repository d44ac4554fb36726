/* What is shown where a tile is not there yet, so that a place that showed ink shows it until its own picture
 * comes: the part of the nearest coarser tile, and over it the finer ones that are at hand, however few. */
import { LEVEL_MIN, tileKey } from '../core/geometry.ts';
import type { Tile, TileStore } from './tiles.ts';

/* How far up and down is looked: a tile of six levels finer is four pixels long. */
const COARSER_MAX = 12;
const FINER_MAX = 6;

const NONE: readonly Tile[] = [];

export class StandIns {
  private finer: Map<string, Tile[]> | null = null;
  private level = 0;

  constructor(private readonly store: TileStore) {}

  /* Before each drawing: what is at hand may be other tiles by now. */
  begin(): void {
    this.finer = null;
  }

  coarser(level: number, x: number, y: number): Tile | null {
    for (let up = 1; up <= COARSER_MAX && level - up >= LEVEL_MIN; up++) {
      const scale = 2 ** up;
      const tile = this.store.find(level - up, Math.floor(x / scale), Math.floor(y / scale));
      if (tile?.isReady) {
        return tile;
      }
    }
    return null;
  }

  /* The finest first: those nearer to what is missing are drawn over them. */
  finerIn(level: number, x: number, y: number): readonly Tile[] {
    if (this.finer === null || this.level !== level) {
      this.finer = this.gather(level);
      this.level = level;
    }
    return this.finer.get(tileKey(level, x, y)) ?? NONE;
  }

  private gather(level: number): Map<string, Tile[]> {
    const found = new Map<string, Tile[]>();
    for (const tile of this.store.tiles.values()) {
      const down = tile.level - level;
      if (down < 1 || down > FINER_MAX || !tile.isReady) {
        continue;
      }
      const scale = 2 ** down;
      const key = tileKey(level, Math.floor(tile.x / scale), Math.floor(tile.y / scale));
      const list = found.get(key);
      if (list === undefined) {
        found.set(key, [tile]);
      } else {
        list.push(tile);
      }
    }
    found.forEach((list) => list.sort((a, b) => b.level - a.level));
    return found;
  }
}
