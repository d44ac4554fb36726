/* What the page says about one's strokes: saved, saving, offline with so many waiting, or not even kept
 * here. It never blinks: what is over in a moment is not said, and what is said stays long enough to be
 * read. Pure; the clock is passed in. */
import { message } from '../i18n/i18n.ts';

export interface Facts {
  isOpen: boolean; /* there is a connection */
  isWritable: boolean; /* the server can keep what it is sent: its disk is not full */
  strokes: number; /* not acknowledged */
  changes: number; /* undos and redos not acknowledged */
  unkept: number; /* of all these, what would be lost with the page */
  trouble: 'full' | 'forbidden' | null;
}

export type SavingKind = 'quiet' | 'saved' | 'saving' | 'offline' | 'held' | 'unkept';

export interface Saving {
  kind: SavingKind;
  text: string;
}

const SAVING_AFTER_MS = 1_000;
const OFFLINE_AFTER_MS = 1_200;
const STAYS_MS = 1_000;

function textOf(kind: SavingKind, facts: Facts): string {
  const { strokes, changes, unkept } = facts;
  const waiting = { count: strokes + changes };
  const isStrokes = changes === 0;
  switch (kind) {
    case 'quiet':
      return '';
    case 'saved':
      return message('saving.saved');
    case 'saving':
      if (waiting.count <= 1) {
        return message('saving.saving');
      }
      return message(isStrokes ? 'saving.savingStrokes' : 'saving.savingChanges', waiting);
    case 'offline':
      if (waiting.count === 0) {
        return message('saving.offline');
      }
      return message(isStrokes ? 'saving.offlineStrokes' : 'saving.offlineChanges', waiting);
    case 'held':
      return waiting.count === 0 ? message('saving.held') : message('saving.heldWaiting', waiting);
    case 'unkept': {
      const only = { count: unkept };
      return facts.trouble === 'full'
        ? message(isStrokes ? 'saving.fullStrokes' : 'saving.fullChanges', only)
        : message(isStrokes ? 'saving.forbiddenStrokes' : 'saving.forbiddenChanges', only);
    }
  }
}

export class SavingSign {
  private kind: SavingKind = 'quiet';
  private shownMs = -Infinity;
  private waitingSinceMs: number | null = null;
  private apartSinceMs: number | null = null;
  private hadStrokes = false;

  /* What to show now, and in how many ms to ask again, if nothing happens before. */
  update(facts: Facts, nowMs: number): Saving & { againMs: number | null } {
    const isWaiting = facts.strokes + facts.changes > 0;
    this.hadStrokes ||= isWaiting;
    this.waitingSinceMs = isWaiting ? (this.waitingSinceMs ?? nowMs) : null;
    this.apartSinceMs = facts.isOpen ? null : (this.apartSinceMs ?? nowMs);
    const [wanted, atMs] = this.want(facts, nowMs);
    const mayChangeMs = Math.max(atMs, this.shownMs + STAYS_MS);
    let againMs: number | null = null;
    if (wanted !== this.kind) {
      if (nowMs >= mayChangeMs) {
        this.kind = wanted;
        this.shownMs = nowMs;
      } else {
        againMs = mayChangeMs - nowMs;
      }
    }
    return { kind: this.kind, text: textOf(this.kind, facts), againMs };
  }

  /* The kind that the facts call for, and from when on it may be said. */
  private want(facts: Facts, nowMs: number): [SavingKind, number] {
    const savingMs = (this.waitingSinceMs ?? nowMs) + SAVING_AFTER_MS;
    if (this.apartSinceMs !== null) {
      const fromMs = this.apartSinceMs + OFFLINE_AFTER_MS;
      return facts.unkept > 0 ? ['unkept', Math.min(savingMs, fromMs)] : ['offline', fromMs];
    }
    if (!facts.isWritable) {
      return [facts.unkept > 0 ? 'unkept' : 'held', nowMs];
    }
    if (this.waitingSinceMs !== null) {
      const wasApart = this.kind === 'offline' || this.kind === 'unkept';
      return [facts.unkept > 0 ? 'unkept' : 'saving', wasApart ? nowMs : savingMs];
    }
    return [this.hadStrokes ? 'saved' : 'quiet', nowMs];
  }
}
