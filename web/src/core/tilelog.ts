/* What is known of one tile: the picture fetched last, and the ops after it.
 *
 * A tile shows its base picture, which holds every op up to `baseSeq`, and the marks after that
 * in seq order. While it is live (subscribed without a gap) every later op that touches it
 * arrives, and `currentSeq` is the newest one it shows. A tile that left the view keeps its
 * picture but stays at the seq it had: the next VIEW record tells whether anything was missed.
 *
 * Hiding a stroke that is a mark here is exact and immediate; one that is in the base picture
 * can only be taken away by a newer picture, which a TILE record announces. Pure. */
import type { Stroke } from './op.ts';

/* A stroke, or the parts of a group, that is composited as one. */
export interface Mark {
  key: string; /* nonce:counter of the first part */
  seq: number; /* of the first part; for one not acknowledged, its place among those */
  parts: Stroke[];
}

export interface Visibility {
  seq: number;
  isHidden: boolean;
  targets: readonly number[];
}

export const NO_PICTURE = -1;

export class TileLog {
  baseSeq = NO_PICTURE;
  currentSeq = NO_PICTURE;
  isLive = false;
  /* The tile's own pixels hold marks that are not kept here. */
  isDrawnOver = false;
  /* Newest hide or show that the base picture may need and does not have. */
  private unsettledSeq = 0;
  private marks: Mark[] = [];
  private changes: Visibility[] = [];

  get hasPicture(): boolean {
    return this.baseSeq !== NO_PICTURE;
  }

  get markCount(): number {
    return this.marks.length;
  }

  /* True if the tile looks different now. */
  addMark(mark: Mark): boolean {
    const lastSeq = mark.seq + mark.parts.length - 1;
    this.see(lastSeq);
    if (mark.seq <= this.baseSeq) {
      return false;
    }
    let at = this.marks.length;
    while (at > 0 && this.marks[at - 1]!.seq > mark.seq) {
      at--;
    }
    if (at > 0 && this.marks[at - 1]!.seq === mark.seq) {
      this.marks[at - 1] = mark; /* a group that has grown by a part */
    } else {
      this.marks.splice(at, 0, mark);
    }
    return true;
  }

  addVisibility(change: Visibility): boolean {
    if (change.seq <= this.baseSeq) {
      return false;
    }
    if (change.targets.some((seq) => seq <= this.baseSeq)) {
      this.unsettledSeq = Math.max(this.unsettledSeq, change.seq);
    } else {
      this.see(change.seq);
    }
    this.changes.push(change);
    return this.marks.some((mark) => change.targets.includes(mark.seq));
  }

  private see(seq: number): void {
    if (this.isLive) {
      this.currentSeq = Math.max(this.currentSeq, seq);
    }
  }

  /* A TILE record, or a VIEW record after a gap: is a newer picture needed? */
  isOutdatedBy(seq: number): boolean {
    const lacksChange = this.unsettledSeq > this.baseSeq && seq >= this.unsettledSeq;
    return seq > this.currentSeq || lacksChange;
  }

  /* A VIEW record of an unbroken subscription: changes to the base were announced by TILE
   * records. */
  hasMissed(seq: number): boolean {
    return seq > this.currentSeq;
  }

  /* A picture of that seq arrived; false if it is older than the one there is. */
  setBase(seq: number): boolean {
    if (seq < this.baseSeq) {
      return false;
    }
    this.baseSeq = seq;
    this.isDrawnOver = false;
    this.currentSeq = Math.max(this.currentSeq, seq);
    this.marks = this.marks.filter((mark) => mark.seq > seq);
    this.changes = this.changes.filter((change) => change.seq > seq);
    return true;
  }

  /* Every visible stroke on the tile is told: they come in place of its picture, so that any of them can be
   * hidden in the moment it is asked for. */
  open(marks: readonly Mark[]): void {
    const known = new Set(this.marks.map((mark) => mark.seq));
    const all = [...this.marks, ...marks.filter((mark) => !known.has(mark.seq))];
    this.marks = all.sort((a, b) => a.seq - b.seq);
    this.baseSeq = 0;
    this.unsettledSeq = 0;
    this.isDrawnOver = false;
  }

  /* Would a picture of that seq take back what was hidden or shown since? A newer one is on its way then, and
   * what there is looks right until it comes. */
  isUndoneBy(seq: number, overrides: ReadonlyMap<number, boolean>): boolean {
    if (!this.hasPicture) {
      return false;
    }
    const shown = new Set(this.visibleMarks(overrides));
    return this.marks.some((mark) => {
      let isHidden = false;
      for (const change of this.changes) {
        if (change.seq <= seq && change.targets.includes(mark.seq)) {
          isHidden = change.isHidden; /* they come in order */
        }
      }
      return mark.seq <= seq && shown.has(mark) === isHidden;
    });
  }

  /* The marks to draw over the base, in order. `overrides`: what this client has hidden or shown
   * and the server has not confirmed. */
  visibleMarks(overrides: ReadonlyMap<number, boolean>): Mark[] {
    const hidden = new Map<number, { seq: number; isHidden: boolean }>();
    for (const change of this.changes) {
      for (const target of change.targets) {
        const known = hidden.get(target);
        if (known === undefined || known.seq < change.seq) {
          hidden.set(target, change);
        }
      }
    }
    return this.marks.filter((mark) => {
      const override = overrides.get(mark.seq);
      return override === undefined ? hidden.get(mark.seq)?.isHidden !== true : !override;
    });
  }

  /* They are in the tile's own pixels, which nothing can draw again from here. */
  forgetMarks(): void {
    this.isDrawnOver ||= this.marks.length > 0;
    this.marks = [];
  }

  hasMark(seq: number): boolean {
    return this.marks.some((mark) => mark.seq === seq);
  }

  /* Those of the seqs that are marks here, or parts of them, go into `found`. */
  findAmong(seqs: ReadonlySet<number>, found: Set<number>): void {
    for (const { seq, parts } of this.marks) {
      parts.forEach((_, i) => seqs.has(seq + i) && found.add(seq + i));
    }
  }

  hasAnyOf(seqs: ReadonlySet<number>): boolean {
    return this.marks.some((mark) => seqs.has(mark.seq));
  }
}
