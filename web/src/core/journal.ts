/* What this client said and the server has not acknowledged yet: sent again until it is.
 *
 * An entry is named by (nonce, counter) for ever, so sending it twice is harmless. Each is
 * given to the keeper (the browser's database) in the moment it is made, before it is sent, and
 * removed when it is durable on the server. An undo of something not acknowledged yet cannot name
 * its seqs: it refers to counters, and waits; so does an edit of it. Pure but for the keeper, which is
 * passed in. */
import { decodeOp, encodeOp, PARTS_MAX } from './op.ts';

/* What an edit does besides hiding: strokes that come in place of others, or, when one is undone, strokes
 * that are shown again. */
export interface EditRest {
  strokes: Uint8Array[];
  shows: number[]; /* seqs */
  showRefs: number[]; /* counters */
}

/* An entry as it outlives the page. */
export interface Kept {
  counter: number;
  bodies: Uint8Array[];
  refs: number[];
  isShow: boolean;
  seqs: number[];
  atMs: number; /* when it was made: journals are sent oldest first */
  isDraft: boolean; /* of a stroke still in the hand */
  edit?: EditRest;
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
  /* Counters of the strokes to hide or show: of a stroke's entry that entry's, of a stroke of an edit its own. */
  refs: number[];
  isShow: boolean;
  seqs: number[]; /* of those of `refs` that were acknowledged */
  edit: EditRest | null; /* it hides `refs` and `seqs`, and does this; one step */
  atMs: number;
  isSent: boolean; /* on the present connection */
}

/* An edit to be made. */
export interface EditWanted {
  seqs: readonly number[]; /* to hide */
  refs: readonly number[];
  strokes?: readonly Uint8Array[];
  shows?: readonly number[];
  showRefs?: readonly number[];
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
        const { bodies, refs, isShow, seqs, atMs, edit = null } = value;
        const count = countOf(bodies, edit);
        const entry = { counter, count, bodies, refs, isShow, seqs, edit, atMs, isSent: false };
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
    const entry = this.makeEntry(this.nextFree, [], [...refs], isShow, [...seqs]);
    this.settle(entry);
    return this.put(entry);
  }

  /* Strokes hidden and others in their place, whole or not at all. */
  addEdit({ seqs, refs, strokes = [], shows = [], showRefs = [] }: EditWanted): Entry {
    const isThere = (ref: number): boolean => this.entryNaming(ref) !== undefined;
    const edit = { strokes: [...strokes], shows: [...shows], showRefs: showRefs.filter(isThere) };
    const entry = this.makeEntry(this.nextFree, [], refs.filter(isThere), false, [...seqs], edit);
    this.settle(entry);
    return this.put(entry);
  }

  /* Above what the stroke in the hand may come to be called. */
  private get nextFree(): number {
    return this.reserved === null ? this.next : this.reserved + PARTS_MAX;
  }

  private makeEntry(
    counter: number,
    bodies: Uint8Array[],
    refs: number[],
    isShow: boolean,
    seqs: number[],
    edit: EditRest | null = null,
  ): Entry {
    const count = countOf(bodies, edit);
    return { counter, count, bodies, refs, isShow, seqs, edit, atMs: this.now(), isSent: false };
  }

  /* The entry that puts the stroke of that counter on the wall. */
  private entryNaming(ref: number): Entry | undefined {
    const entry = this.entries.get(ref);
    if (entry !== undefined) {
      return entry.edit === null ? entry : undefined;
    }
    return [...this.entries.values()].find(
      ({ edit, counter, count }) => edit !== null && ref > counter && ref < counter + count,
    );
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

  /* Builds the bodies once every stroke's seq is known. */
  private settle(entry: Entry): void {
    const { edit, isShow, refs } = entry;
    if (entry.bodies.length > 0 || refs.length > 0 || (edit !== null && edit.showRefs.length > 0)) {
      return;
    }
    const targets = ordered(entry.seqs);
    if (edit === null) {
      const kind = isShow ? 'show' : 'hide';
      entry.bodies = targets.length > 0 ? [encodeOp({ kind, targets })] : [];
      return;
    }
    const shows = ordered(edit.shows);
    const follow = edit.strokes.length + (shows.length > 0 ? 1 : 0);
    if (targets.length + follow > 0) {
      const hide = encodeOp({ kind: 'hide', targets, follow });
      const show = shows.length > 0 ? [encodeOp({ kind: 'show', targets: shows })] : [];
      entry.bodies = [hide, ...edit.strokes, ...show];
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
    const seqsOf = (ref: number): number[] => {
      if (entry.edit === null) {
        return ref === counter ? Array.from({ length: count }, (_, i) => seq + i) : [];
      }
      return ref > counter && ref < counter + count ? [seq + ref - counter] : [];
    };
    const settleRefs = (refs: number[], seqs: number[]): number[] =>
      refs.filter((ref) => {
        const known = seqsOf(ref);
        seqs.push(...known);
        return known.length === 0;
      });
    for (const other of this.entries.values()) {
      const waited = other.refs.length + (other.edit?.showRefs.length ?? 0);
      other.refs = settleRefs(other.refs, other.seqs);
      if (other.edit !== null) {
        other.edit.showRefs = settleRefs(other.edit.showRefs, other.edit.shows);
      }
      if (other.refs.length + (other.edit?.showRefs.length ?? 0) < waited) {
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
    const isThere = (ref: number): boolean => this.entryNaming(ref) !== undefined;
    for (const other of [...this.entries.values()]) {
      const { edit } = other;
      if ([...other.refs, ...(edit?.showRefs ?? [])].every(isThere)) {
        continue;
      }
      other.refs = other.refs.filter(isThere);
      if (edit !== null) {
        edit.showRefs = edit.showRefs.filter(isThere);
      }
      this.settle(other);
      const isWaiting = other.refs.length + (edit?.showRefs.length ?? 0) > 0;
      if (!isWaiting && other.bodies.length === 0) {
        this.drop(other.counter);
      } else {
        this.keep(other);
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

function countOf(bodies: readonly Uint8Array[], edit: EditRest | null): number {
  if (edit === null) {
    return Math.max(1, bodies.length);
  }
  return 1 + edit.strokes.length + (edit.shows.length + edit.showRefs.length > 0 ? 1 : 0);
}

function ordered(seqs: readonly number[]): number[] {
  return [...new Set(seqs)].sort((a, b) => a - b);
}

function toKept(entry: Entry, isDraft: boolean): Kept {
  const { counter, bodies, refs, isShow, seqs, atMs, edit } = entry;
  const kept = { counter, bodies, refs: [...refs], isShow, seqs: [...seqs], atMs, isDraft };
  if (edit === null) {
    return kept;
  }
  const { strokes, shows, showRefs } = edit;
  return { ...kept, edit: { strokes, shows: [...shows], showRefs: [...showRefs] } };
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

function isBodies(value: unknown): value is Uint8Array[] {
  return (
    Array.isArray(value) &&
    value.every((body) => body instanceof Uint8Array) &&
    value.every(isOp)
  );
}

function isRest(value: unknown): value is EditRest {
  const { strokes, shows, showRefs } = (value ?? {}) as Partial<EditRest>;
  return isBodies(strokes) && isNumbers(shows) && isNumbers(showRefs);
}

/* The database may hold what another version wrote. */
function isKept(value: unknown): value is Kept {
  const { bodies, refs, seqs, isShow, atMs, edit } = (value ?? {}) as Partial<Kept>;
  return (
    isBodies(bodies) &&
    isNumbers(refs) &&
    isNumbers(seqs) &&
    (edit === undefined
      ? bodies.length + refs.length > 0
      : isRest(edit) && bodies.length + refs.length + edit.showRefs.length > 0) &&
    typeof isShow === 'boolean' &&
    typeof atMs === 'number'
  );
}
