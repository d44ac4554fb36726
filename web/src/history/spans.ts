/* Pictures of tiles and the moments each of them is the picture of: from the tile's version (the newest op
 * that touched it) to the newest moment for which the server said the same. A tile on which nothing happens
 * needs one picture for a whole evening. Bounded; what was looked at longest ago goes. Pure. */

export interface Span<T> {
  from: number;
  to: number;
  picture: T | null; /* null: empty */
  used: number;
}

export class Spans<T> {
  private readonly tiles = new Map<string, Span<T>[]>();
  private clock = 0;
  private count = 0;

  constructor(
    private readonly limit: number,
    private readonly release: (picture: T) => void,
  ) {}

  get size(): number {
    return this.count;
  }

  find(key: string, seq: number): Span<T> | null {
    const found = this.tiles.get(key)?.find((span) => span.from <= seq && seq <= span.to) ?? null;
    if (found !== null) {
      found.used = ++this.clock;
    }
    return found;
  }

  /* What a tile showed last before that moment, as far as is known, or else first after it. */
  nearest(key: string, seq: number): Span<T> | null {
    let before: Span<T> | null = null;
    let after: Span<T> | null = null;
    for (const span of this.tiles.get(key) ?? []) {
      if (span.from <= seq) {
        before = before === null || span.from > before.from ? span : before;
      } else {
        after = after === null || span.from < after.from ? span : after;
      }
    }
    return before ?? after;
  }

  /* At moment `seq` the tile's version was `version`. The one that is kept is the answer. */
  add(key: string, version: number, seq: number, picture: T | null): Span<T> {
    const spans = this.tiles.get(key) ?? [];
    this.tiles.set(key, spans);
    const known = spans.find((span) => span.from === version);
    if (known !== undefined) {
      known.to = Math.max(known.to, seq);
      known.used = ++this.clock;
      if (picture !== null && picture !== known.picture) {
        this.release(picture);
      }
      return known;
    }
    const span = { from: version, to: seq, picture, used: ++this.clock };
    spans.push(span);
    this.count++;
    return span;
  }

  /* Forgets the oldest beyond the limit, but none that `isShown`. */
  trim(isShown: (span: Span<T>) => boolean): void {
    if (this.count <= this.limit) {
      return;
    }
    const all = [...this.tiles].flatMap(([key, spans]) => spans.map((span) => ({ key, span })));
    all.sort((a, b) => a.span.used - b.span.used);
    for (const { key, span } of all) {
      if (this.count <= this.limit * 0.9) {
        break;
      }
      if (!isShown(span)) {
        this.drop(key, span);
      }
    }
  }

  private drop(key: string, span: Span<T>): void {
    const rest = this.tiles.get(key)!.filter((other) => other !== span);
    this.count--;
    if (rest.length === 0) {
      this.tiles.delete(key);
    } else {
      this.tiles.set(key, rest);
    }
    if (span.picture !== null) {
      this.release(span.picture);
    }
  }

  clear(): void {
    for (const [key, spans] of [...this.tiles]) {
      spans.forEach((span) => this.drop(key, span));
    }
  }
}
