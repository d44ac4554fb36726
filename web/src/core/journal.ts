/* What this client said and the server has not acknowledged yet: sent again until it is.
 *
 * An entry is named by (nonce, counter) for ever, so sending it twice is harmless. Each is
 * written to the keeper (the browser's storage) before it is sent, and removed when it is
 * durable on the server. An undo of something not acknowledged yet cannot name its seqs: it
 * refers to counters, and waits. Pure but for the keeper, which is passed in. */
import { encodeOp, PARTS_MAX } from './op.ts';

/* Where entries outlive the page. `save` may fail (full, forbidden): the entry then lives in
 * memory. */
export interface Keeper {
  save(counter: number, text: string): boolean;
  remove(counter: number): void;
  load(): { counter: number; text: string }[];
}

export interface Entry {
  counter: number;
  count: number;
  bodies: Uint8Array[]; /* empty while `refs` are not all known */
  refs: number[]; /* counters of the strokes to hide or show */
  isShow: boolean;
  seqs: number[]; /* of those of `refs` that were acknowledged */
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

  constructor(
    readonly nonce: string,
    private readonly keeper: Keeper,
  ) {
    for (const { counter, text } of keeper.load()) {
      const entry = parseEntry(counter, text);
      if (entry !== null) {
        this.entries.set(counter, entry);
        this.next = Math.max(this.next, counter + entry.count);
      } else {
        keeper.remove(counter);
      }
    }
  }

  get size(): number {
    return this.entries.size;
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

  release(): void {
    if (this.reserved !== null) {
      this.next = Math.max(this.next, this.reserved + 1);
      this.reserved = null;
    }
  }

  addStrokes(bodies: Uint8Array[]): Entry {
    const counter = this.reserved ?? this.next;
    this.reserved = null;
    return this.put({
      counter,
      count: bodies.length,
      bodies,
      refs: [],
      isShow: false,
      seqs: [],
      isSent: false,
    });
  }

  /* Hides or shows strokes by seq, or, where they are not acknowledged yet, by counter. */
  addVisibility(isShow: boolean, seqs: readonly number[], refs: readonly number[]): Entry {
    const counter = this.reserved === null ? this.next : this.reserved + PARTS_MAX;
    const entry: Entry = {
      counter,
      count: 1,
      bodies: [],
      refs: [...refs],
      isShow,
      seqs: [...seqs],
      isSent: false,
    };
    this.settle(entry);
    return this.put(entry);
  }

  private put(entry: Entry): Entry {
    this.entries.set(entry.counter, entry);
    this.next = Math.max(this.next, entry.counter + entry.count);
    this.keeper.save(entry.counter, formatEntry(entry));
    return entry;
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
    this.entries.delete(counter);
    for (const other of this.entries.values()) {
      if (other.refs.includes(counter)) {
        other.refs = other.refs.filter((ref) => ref !== counter);
        for (let i = 0; i < count; i++) {
          other.seqs.push(seq + i);
        }
        this.settle(other);
        this.keeper.save(other.counter, formatEntry(other));
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
    for (const other of [...this.entries.values()]) {
      if (other.refs.includes(counter)) {
        other.refs = other.refs.filter((ref) => ref !== counter);
        this.settle(other);
        if (other.refs.length === 0 && other.bodies.length === 0) {
          this.drop(other.counter);
        }
      }
    }
    return entry;
  }

  private drop(counter: number): void {
    this.entries.delete(counter);
    this.keeper.remove(counter);
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

function formatEntry(entry: Entry): string {
  return JSON.stringify({
    bodies: entry.bodies.map(toBase64),
    refs: entry.refs,
    show: entry.isShow,
    seqs: entry.seqs,
  });
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item));
}

function parseEntry(counter: number, text: string): Entry | null {
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    const { bodies, refs, seqs } = value;
    if (!Array.isArray(bodies) || !isNumbers(refs) || !isNumbers(seqs)) {
      return null;
    }
    return {
      counter,
      count: Math.max(1, bodies.length),
      bodies: bodies.map((body) => fromBase64(String(body))),
      refs,
      isShow: value['show'] === true,
      seqs,
      isSent: false,
    };
  } catch {
    return null;
  }
}
