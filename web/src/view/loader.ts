/* Brings base pictures over HTTP: those in view, nearest the centre first, a few at a time; what
 * left the view is no longer waited for. */
import { isInRect, type TileRect } from '../core/geometry.ts';
import type { FirstTile } from './first.ts';
import type { Seen } from './seen.ts';
import { setPicture, type Tile } from './tiles.ts';

const IN_FLIGHT_MAX = 8;
const RETRY_FIRST_MS = 400;
const RETRY_LAST_MS = 10_000;
const RETRY_AFTER_MAX_S = 60;

/* Of a Retry-After that tells seconds; milliseconds. */
const secondsOf = (text: string | null): number => 1000 * Math.min(RETRY_AFTER_MAX_S, Math.max(0, Number(text ?? 0) || 0));

export interface LoaderEvents {
  /* Or is what the tile shows nearer to how it will be? */
  mayTake(tile: Tile, seq: number): boolean;
  /* The tile's base changed. */
  loaded(tile: Tile): void;
  later(ms: number): void;
  /* Resolves when there is time to take it. */
  turn?(tile: Tile): Promise<void> | undefined;
  /* It was asked for before the app was there, and is still to come. */
  isComing(tile: Tile): boolean;
}

interface Answer {
  hasSeq: number;
  askedSeq: number;
  isPresent: boolean; /* the tile's newest picture, not one that is being replaced */
  bitmap: ImageBitmap;
}

/* The seq in an ETag `"<incarnation>-<raster>-<seq>"`. */
export function seqOfTag(tag: string | null): number | null {
  const match = /-(\d+)"?$/.exec(tag ?? '');
  return match === null ? null : Number(match[1]);
}

export class Loader {
  private readonly flights = new Map<Tile, AbortController>();
  private readonly sought = new WeakSet<Tile>();
  private version = '';
  fetched = 0;
  fetchedBytes = 0;

  constructor(
    private readonly canvas: string,
    private readonly events: LoaderEvents,
    private readonly seen: Seen | null = null,
  ) {}

  get inFlight(): number {
    return this.flights.size;
  }

  /* Which pictures the server speaks of; others are of another life of the canvas. */
  setVersion(incarnation: string, raster: number): boolean {
    const version = `${incarnation}-${raster}`;
    const isNew = version !== this.version;
    this.version = version;
    return isNew;
  }

  /* Without the server: as the tile was last seen, for the while. It counts as a picture older than any, so
   * that the server's comes in its place whatever is in it. */
  showSeen(tiles: Iterable<Tile>): void {
    for (const tile of tiles) {
      if (this.seen !== null && !tile.isReady && !this.sought.has(tile)) {
        this.sought.add(tile);
        void this.findSeen(this.seen, tile);
      }
    }
  }

  private async findSeen(seen: Seen, tile: Tile): Promise<void> {
    const found = await seen.find(tile);
    const version = found?.tag.replace(/-\d+$/, '') ?? '';
    if (found === null || (this.version !== '' && this.version !== version)) {
      return;
    }
    try {
      const picture = new Blob([found.png], { type: 'image/png' });
      const bitmap = await createImageBitmap(picture, { colorSpaceConversion: 'none' });
      if (tile.isReady) {
        bitmap.close();
        return;
      }
      this.version = version;
      setPicture(tile, 0, bitmap);
      this.events.loaded(tile);
    } catch {
      /* damaged: as if it had never been seen */
    }
  }

  /* One that came before anything was known of the canvas. */
  takeFirst(tile: Tile, { tag, png, bitmap }: FirstTile): void {
    const version = tag.replace(/-\d+$/, '');
    const seq = seqOfTag(tag);
    const isOurs = this.version === '' || this.version === version;
    if (!isOurs || seq === null || tile.isReady) {
      bitmap.close();
      return;
    }
    this.version = version;
    this.seen?.keep(tile, tag, seq, png);
    if (setPicture(tile, seq, bitmap)) {
      this.events.loaded(tile);
    }
  }

  /* What was drawn over a tile since its picture came. */
  keepDrawn(tile: Tile, seq: number, picture: Blob): void {
    this.seen?.keep(tile, `${this.version}-${seq}`, seq, picture);
  }

  abortOutside(rect: TileRect): void {
    for (const [tile, flight] of this.flights) {
      if (!isInRect(rect, tile)) {
        flight.abort();
        this.flights.delete(tile);
      }
    }
  }

  /* `wanted` is in the order of wanting. */
  pump(wanted: readonly Tile[], nowMs: number): void {
    let waitMs = Infinity;
    for (const tile of wanted) {
      if (this.flights.size >= IN_FLIGHT_MAX) {
        return;
      }
      if (tile.needsFetch && !this.flights.has(tile) && !this.events.isComing(tile)) {
        if (tile.retryAtMs > nowMs) {
          waitMs = Math.min(waitMs, tile.retryAtMs - nowMs);
        } else {
          void this.fetch(tile);
        }
      }
    }
    if (waitMs < Infinity) {
      this.events.later(waitMs);
    }
  }

  private async fetch(tile: Tile): Promise<void> {
    const flight = new AbortController();
    this.flights.set(tile, flight);
    const seq = tile.wantedSeq;
    try {
      const path = `/tiles/${this.canvas}/${tile.level}/${tile.x}/${tile.y}.png`;
      const response = await fetch(`${path}?v=${this.version}-${seq}`, { signal: flight.signal });
      if (!response.ok) {
        this.delay(tile, secondsOf(response.headers.get('retry-after')));
        return;
      }
      const blob = await response.blob();
      const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none' });
      await this.events.turn?.(tile);
      if (flight.signal.aborted) {
        bitmap.close();
        return;
      }
      this.fetched++;
      this.fetchedBytes += blob.size;
      const isPresent = response.headers.get('cache-control')?.includes('immutable') === true;
      const hasSeq = seqOfTag(response.headers.get('etag')) ?? seq;
      if (isPresent) {
        this.seen?.keep(tile, `${this.version}-${hasSeq}`, hasSeq, blob);
      }
      this.arrived(tile, { hasSeq, askedSeq: seq, isPresent, bitmap });
    } catch {
      if (!flight.signal.aborted) {
        this.delay(tile);
      }
    } finally {
      if (this.flights.get(tile) === flight) {
        this.flights.delete(tile);
        this.events.later(0);
      }
    }
  }

  private arrived(tile: Tile, answer: Answer): void {
    if (!this.events.mayTake(tile, answer.hasSeq)) {
      answer.bitmap.close();
      this.delay(tile);
      return;
    }
    if (setPicture(tile, answer.hasSeq, answer.bitmap)) {
      this.events.loaded(tile);
    }
    if (answer.hasSeq >= answer.askedSeq) {
      tile.retries = 0;
    } else if (!answer.isPresent) {
      this.delay(tile); /* an older picture, while the server rebuilds a far tile */
    } else if (tile.wantedSeq === answer.askedSeq) {
      tile.wantedSeq = answer.hasSeq; /* by the server's exact reckoning no later op touches it */
    }
  }

  /* Not before the server says that it may be asked again. */
  private delay(tile: Tile, atLeastMs = 0): void {
    const waitMs = Math.max(atLeastMs, Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** tile.retries));
    tile.retries++;
    tile.retryAtMs = performance.now() + waitMs;
  }
}
