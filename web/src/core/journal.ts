/* What this client said and the server has not acknowledged yet: sent again until it is.
 *
 * An entry is named by (nonce, counter) for ever, so sending it twice is harmless. Each is
 * given to the keeper (the browser's database) in the moment it is made, before it is sent, and
 * removed when it is durable on the server. An undo of something not acknowledged yet cannot name
 * its seqs: it refers to counters, and waits. Pure but for the keeper, which is passed in. */
import { decodeOp, encodeOp, PARTS_MAX } from './op.ts';

/* An entry as it outlives the page. */
export interface Kept {
  counter: number;
  bodies: Uint8Array[];
  refs: number[];
  isShow: boolean;
  seqs: number[];
  atMs: number; /* when it was made: journals are sent oldest first */
  isDraft: boolean; /* of a stroke still in the hand */
}

/* Where entries outlive the page. Writing begins at once and is told when it is done; false if it
 * could not be (full, forbidden): the entry then lives in memory. Removing comes after all writing that
 * was asked for before. */
export interface Keeper {
  save(kept: Kept): Promise<boolean>;
  remove(counter: number): void;
}

/* A journal that is taken over goes on above whatever its former page may have given out after the newest
 * entry that is left: more than anybody draws while one entry waits. Counters have 32 bits, so there is
 * room for 4,000 pages in a row that each undid something and saved nothing. */
const TAKEN_OVER_GAP = 2 ** 20;

export interface Entry {
  counter: number;
  count: number;
  bodies: Uint8Array[]; /* empty while `refs` are not all known */
  refs: number[]; /* counters of the strokes to hide or show */
  isShow: boolean;
  seqs: number[]; /* of those of `refs` that were acknowledged */
  atMs: number;
  isSent: boolean; /* on the present connection */
}

export interface Acked {
  entry: Entry;
  seq: number;
}

export class Journal {
  private readonly entries = new Map<number, Entry>();
  private next = 1;
  /* Counters given out by `reserve` and not used yet come before those of later entries. */
  private reserved: number | null = null;
  /* What the keeper does not hold: it would be lost with the page. */
  private readonly unkept = new Set<number>();

  constructor(
    readonly nonce: string,
    private readonly keeper: Keeper,
    private readonly now: () => number = Date.now,
    private readonly keptChanged: () => void = () => undefined,
  ) {}

  /* A journal that another page left. What is damaged is dropped; a draft is as much of the stroke as
   * there is. */
  static takeOver(
    nonce: string,
    keeper: Keeper,
    found: readonly { counter: number; value: unknown }[],
    keptChanged?: () => void,
  ): Journal {
    const journal = new Journal(nonce, keeper, Date.now, keptChanged);
    for (const { counter, value } of found) {
      if (isKept(value) && value.counter === counter) {
        const { bodies, refs, isShow, seqs, atMs } = value;
        const count = Math.max(1, bodies.length);
        const entry = { counter, count, bodies, refs, isShow, seqs, atMs, isSent: false };
        journal.entries.set(counter, entry);
        journal.next = Math.max(journal.next, counter + count + TAKEN_OVER_GAP);
      } else {
        keeper.remove(counter);
      }
    }
    journal.forgetLostRefs();
    return journal;
  }

  get size(): number {
    return this.entries.size;
  }

  get unkeptCount(): number {
    return this.unkept.size;
  }

  /* When its oldest entry was made. */
  get sinceMs(): number {
    return Math.min(...[...this.entries.values()].map((entry) => entry.atMs));
  }

  list(): Entry[] {
    return [...this.entries.values()].sort((a, b) => a.counter - b.counter);
  }

  has(counter: number): boolean {
    return this.entries.has(counter);
  }

  /* The counter that the stroke now begun will have, for its previews. */
  reserve(): number {
    this.reserved = this.next;
    return this.reserved;
  }

  /* What is in the hand so far, in case the page dies before the pen is lifted. */
  keepDraft(bodies: Uint8Array[]): void {
    if (this.reserved !== null) {
      const entry = this.makeEntry(this.reserved, bodies, [], false, []);
      void this.keeper.save(toKept(entry, true));
    }
  }

  release(): void {
    if (this.reserved !== null) {
      this.keeper.remove(this.reserved);
      this.next = Math.max(this.next, this.reserved + 1);
      this.reserved = null;
    }
  }

  addStrokes(bodies: Uint8Array[]): Entry {
    const counter = this.reserved ?? this.next;
    this.reserved = null;
    return this.put(this.makeEntry(counter, bodies, [], false, []));
  }

  /* Hides or shows strokes by seq, or, where they are not acknowledged yet, by counter. */
  addVisibility(isShow: boolean, seqs: readonly number[], refs: readonly number[]): Entry {
    const counter = this.reserved === null ? this.next : this.reserved + PARTS_MAX;
    const entry = this.makeEntry(counter, [], [...refs], isShow, [...seqs]);
    this.settle(entry);
    return this.put(entry);
  }

  private makeEntry(
    counter: number,
    bodies: Uint8Array[],
    refs: number[],
    isShow: boolean,
    seqs: number[],
  ): Entry {
    const count = Math.max(1, bodies.length);
    return { counter, count, bodies, refs, isShow, seqs, atMs: this.now(), isSent: false };
  }

  private put(entry: Entry): Entry {
    this.entries.set(entry.counter, entry);
    this.next = Math.max(this.next, entry.counter + entry.count);
    this.keep(entry);
    return entry;
  }

  private keep(entry: Entry): void {
    const { counter } = entry;
    void this.keeper.save(toKept(entry, false)).then((isKept) => {
      const hadUnkept = this.unkept.has(counter);
      if (!isKept && this.entries.get(counter) === entry) {
        this.unkept.add(counter);
      } else {
        this.unkept.delete(counter);
      }
      if (hadUnkept !== this.unkept.has(counter)) {
        this.keptChanged();
      }
    });
  }

  /* There may be room now for what could not be kept. */
  keepAgain(): void {
    for (const counter of this.unkept) {
      this.keep(this.entries.get(counter)!);
    }
  }

  /* Builds the body once every stroke's seq is known. */
  private settle(entry: Entry): void {
    if (entry.bodies.length === 0 && entry.refs.length === 0 && entry.seqs.length > 0) {
      const targets = [...new Set(entry.seqs)].sort((a, b) => a - b);
      entry.bodies = [encodeOp({ kind: entry.isShow ? 'show' : 'hide', targets })];
    }
  }

  /* What can be sent now and was not, oldest first. */
  sendable(limit: number): Entry[] {
    const sent = this.list().filter((entry) => entry.isSent).length;
    return this.list()
      .filter((entry) => !entry.isSent && entry.bodies.length > 0)
      .slice(0, Math.max(0, limit - sent));
  }

  markUnsent(): void {
    this.entries.forEach((entry) => (entry.isSent = false));
  }

  acknowledge(counter: number, count: number, seq: number): Acked | null {
    const entry = this.entries.get(counter);
    if (entry === undefined) {
      return null;
    }
    this.forget(counter);
    for (const other of this.entries.values()) {
      if (other.refs.includes(counter)) {
        other.refs = other.refs.filter((ref) => ref !== counter);
        for (let i = 0; i < count; i++) {
          other.seqs.push(seq + i);
        }
        this.settle(other);
        this.keep(other);
      }
    }
    this.keeper.remove(counter);
    return { entry, seq };
  }

  /* Refused: it goes, and so does what referred to it. */
  reject(counter: number): Entry | null {
    const entry = this.entries.get(counter);
    if (entry === undefined) {
      return null;
    }
    this.drop(counter);
    this.forgetLostRefs();
    return entry;
  }

  /* What refers to entries that are not here refers to nothing. */
  private forgetLostRefs(): void {
    for (const other of [...this.entries.values()]) {
      if (other.refs.some((ref) => !this.entries.has(ref))) {
        other.refs = other.refs.filter((ref) => this.entries.has(ref));
        this.settle(other);
        if (other.refs.length === 0 && other.bodies.length === 0) {
          this.drop(other.counter);
        } else {
          this.keep(other);
        }
      }
    }
  }

  private drop(counter: number): void {
    this.forget(counter);
    this.keeper.remove(counter);
  }

  private forget(counter: number): void {
    this.entries.delete(counter);
    if (this.unkept.delete(counter)) {
      this.keptChanged();
    }
  }
}

function toKept(entry: Entry, isDraft: boolean): Kept {
  const { counter, bodies, refs, isShow, seqs, atMs } = entry;
  return { counter, bodies, refs: [...refs], isShow, seqs: [...seqs], atMs, isDraft };
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item));
}

function isOp(body: Uint8Array): boolean {
  try {
    decodeOp(body);
    return true;
  } catch {
    return false;
  }
}

/* The database may hold what another version wrote. */
function isKept(value: unknown): value is Kept {
  const { bodies, refs, seqs, isShow, atMs } = (value ?? {}) as Partial<Kept>;
  return (
    Array.isArray(bodies) &&
    bodies.every((body) => body instanceof Uint8Array) &&
    isNumbers(refs) &&
    isNumbers(seqs) &&
    bodies.length + refs.length > 0 &&
    typeof isShow === 'boolean' &&
    typeof atMs === 'number' &&
    bodies.every(isOp)
  );
}
