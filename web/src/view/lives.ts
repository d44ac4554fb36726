/* Strokes that are being drawn over tiles, each with its ink: one's own, the others', and those of a replay. */
import type { TileRect } from '../core/geometry.ts';
import { isBy } from '../core/marks.ts';
import type { Points, Stroke } from '../core/op.ts';
import { tilesTouchedIn, touchesTile } from '../core/touch.ts';
import type { Ink } from '../ink.ts';
import { LiveInk } from './live.ts';
import type { Tile, TileStore } from './tiles.ts';

/* The tiles over which they are drawn. */
export interface Ground {
  readonly store: TileStore;
  readonly rect: TileRect | null;
  /* Those that are to be painted. */
  readonly dirty: Set<Tile>;
}

interface Live {
  stroke: Stroke;
  artist: number | null; /* null: under one's own hand */
  ink: LiveInk;
  drawn: number; /* points whose tiles are known */
  tail: Set<Tile>; /* where its tail was shown last */
}

export class Lives {
  private readonly lives = new Map<string, Live>();

  constructor(
    private readonly ink: Ink,
    private readonly ground: Ground,
  ) {}

  begin(key: string, stroke: Stroke, artist: number | null = null): void {
    this.end(key);
    const ink = new LiveInk(this.ink, stroke);
    this.lives.set(key, { stroke, artist, ink, drawn: 0, tail: new Set() });
    this.grow(key);
  }

  grow(key: string): void {
    const live = this.lives.get(key);
    if (live !== undefined && this.ground.rect !== null) {
      this.touch(live, live.stroke, live.drawn);
      live.drawn = live.stroke.points.count;
    }
  }

  /* Ink that is shown until the next tail, from the newest point on, its first; null: none. */
  setTail(key: string, points: Points | null): void {
    const live = this.lives.get(key);
    if (live !== undefined) {
      live.tail.forEach((tile) => this.ground.dirty.add(tile));
      live.tail.clear();
      live.ink.setTail(points);
      if (points !== null) {
        live.tail = this.touch(live, { ...live.stroke, points }, 1);
      }
    }
  }

  /* The points changed, not only grew. */
  restart(key: string): void {
    const live = this.lives.get(key);
    if (live !== undefined) {
      this.leave(live);
      live.drawn = 0;
      this.grow(key);
    }
  }

  end(key: string): void {
    const live = this.lives.get(key);
    if (live !== undefined) {
      this.lives.delete(key);
      this.leave(live);
    }
  }

  clear(): void {
    [...this.lives.keys()].forEach((key) => this.end(key));
  }

  /* What was being drawn is a mark from now on. Its ink, which is the caller's then, if it is all that the parts are. A
   * stroke of another artist under the same key goes on. */
  finish(key: string, parts: readonly Stroke[], artist: number | null): LiveInk | null {
    const live = this.lives.get(key);
    if (live === undefined || (artist === null ? live.artist !== null : !isBy(live.artist, artist))) {
      return null;
    }
    if (!live.ink.finishAs(parts)) {
      this.end(key);
      return null;
    }
    this.lives.delete(key);
    this.dirtyTouched(live);
    return live.ink;
  }

  on(tile: Tile): LiveInk[] {
    const inks: LiveInk[] = [];
    for (const { ink } of this.lives.values()) {
      if (ink.touches(tile.key)) {
        inks.push(ink);
      }
    }
    return inks;
  }

  touches(key: string | null, tile: Tile): boolean {
    return this.lives.get(key ?? '')?.ink.touches(tile.key) === true;
  }

  tileCame(tile: Tile): void {
    for (const { stroke, ink } of this.lives.values()) {
      if (touchesTile(stroke, 0, tile)) {
        ink.touch(tile.key);
      }
    }
  }

  tileWent(tile: Tile): void {
    this.lives.forEach(({ tail }) => tail.delete(tile));
  }

  private touch({ ink }: Live, stroke: Stroke, from: number): Set<Tile> {
    const touched = new Set<Tile>();
    const { store, rect, dirty } = this.ground;
    for (const { level, x, y } of rect === null ? [] : tilesTouchedIn(stroke, from, rect)) {
      const tile = store.find(level, x, y);
      if (tile !== undefined) {
        ink.touch(tile.key);
        dirty.add(tile);
        touched.add(tile);
      }
    }
    return touched;
  }

  private leave(live: Live): void {
    this.dirtyTouched(live);
    live.ink.reset();
    live.tail.clear();
  }

  private dirtyTouched({ ink }: Live): void {
    for (const key of ink.touchedKeys) {
      const tile = this.ground.store.tiles.get(key);
      if (tile !== undefined) {
        this.ground.dirty.add(tile);
      }
    }
  }
}
