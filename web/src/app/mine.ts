/* Undo and redo, across reloads and devices: the log is asked what this artist did, a page at a time. */
import { addsOf, hidesOf, History, type Drawn, type MineOp, type Names } from '../core/history.ts';
import type { Entry, Journal } from '../core/journal.ts';
import { markKey } from '../core/marks.ts';
import { EDIT_OPS_MAX, encodeOp, type Op, type Stroke } from '../core/op.ts';
import { message as text } from '../i18n/i18n.ts';
import type { Json } from '../net/connection.ts';
import type { App } from './app.ts';

const PAGE = 200;
const OLDER_PAGE = 1000; /* an edit may have been of more than that */
const WAIT_MS_MAX = 10_000;
const EDIT_BYTES_MAX = 1_000_000;
const TAKEN = /^this was taken off the wall/; /* so says the server of strokes that somebody else hid */

interface MineJson {
  id: number;
  ops: {
    seq: string;
    kind: string;
    part?: number;
    parts?: number;
    targets?: string[];
    follow?: number;
    taken?: string[];
  }[];
  more: boolean;
}

/* Ops of other kinds are nobody's to undo. */
function readMine(message: MineJson): MineOp[] {
  const isKnown = (kind: string): kind is MineOp['kind'] =>
    kind === 'stroke' || kind === 'hide' || kind === 'show';
  const ops: MineOp[] = [];
  for (const { seq, kind, part, parts, targets, follow, taken } of message.ops) {
    if (isKnown(kind)) {
      ops.push({
        seq: Number(seq),
        kind,
        part: part ?? 0,
        parts: parts ?? 1,
        targets: (targets ?? []).map(Number),
        ...(follow === undefined ? {} : { follow }),
        ...(taken === undefined ? {} : { taken: taken.map(Number) }),
      });
    }
  }
  return ops;
}

/* More than one message to the server may hold. */
export class TooMuch extends Error {}

export class Mine {
  readonly history = new History();
  private id = 0;
  private isOlder = false;
  private isAsking = false;
  private isStale = false; /* others changed what is one's own */
  private isAgain = false;
  private askedOn = 0;
  private waitingSinceMs: number | null = null;

  constructor(private readonly app: App) {}

  /* Once a connection. */
  ask(): void {
    const { opened } = this.app.session.connection;
    if (this.askedOn !== opened) {
      this.askedOn = opened;
      this.isOlder = false;
      this.send(null);
    }
  }

  private send(before: number | null): void {
    this.isAsking = this.app.session.connection.sendJson({
      type: 'mine',
      id: ++this.id,
      limit: before === null ? PAGE : OLDER_PAGE,
      ...(before === null ? {} : { before: String(before) }),
    });
  }

  /* An op that this page did not make. If strokes of one's own were hidden or shown, the log knows whose step that was. */
  opCame(op: Op): void {
    if (op.kind !== 'stroke' && op.kind !== 'record' && this.history.knows(op.targets)) {
      this.isStale = true;
      this.askAgain();
    }
  }

  private askAgain(): void {
    if (this.isStale && !this.isAsking) {
      this.isStale = this.isOlder = false;
      this.isAgain = true;
      this.send(null);
    }
  }

  messageCame(message: Json): void {
    if (message.type !== 'mine' || message['id'] !== this.id) {
      return;
    }
    const mine = message as unknown as MineJson;
    this.isAsking = false;
    if (this.isOlder) {
      this.history.restoreOlder(readMine(mine), mine.more);
    } else {
      const { lost } = this.history;
      this.history.restore(readMine(mine), mine.more);
      if (this.isAgain && this.history.lost > lost) {
        this.app.chrome.toast.say(text('past.takenOff'));
      }
      this.isAgain = false;
    }
    this.askAgain();
    this.show();
  }

  refused(counter: number, said: string): void {
    this.history.forget(counter, undefined, TAKEN.test(said));
    this.show();
  }

  /* Strokes of a page that is gone are one's own as well. */
  takeOver(journal: Journal): void {
    this.history.takeOver(journal.nonce, journal.list());
    this.show();
  }

  show(): void {
    this.app.chrome.toolbar?.setHistory(this.history.canUndo, this.history.canRedo);
    const before = this.history.olderThan;
    if (before !== null && !this.isAsking && this.app.session.canDraw) {
      this.isOlder = true;
      this.send(before);
    }
  }

  undo(): void {
    if (!this.app.hand.isDrawing) {
      this.setShown(this.history.undo(), false);
    }
  }

  redo(): void {
    if (!this.app.hand.isDrawing) {
      this.setShown(this.history.redo(), true);
    }
  }

  private wait(isShow: boolean): void {
    this.waitingSinceMs = performance.now();
    this.app.chrome.toolbar?.setWaiting(isShow ? 'redo' : 'undo');
  }

  /* Once a frame. */
  framed(nowMs: number): void {
    const { waitingSinceMs, app } = this;
    if (waitingSinceMs === null) {
      return;
    }
    const isDone = app.unsaved === 0 && app.wall.isComplete;
    if (isDone || nowMs - waitingSinceMs > WAIT_MS_MAX) {
      this.waitingSinceMs = null;
      app.chrome.toolbar?.setWaiting(null);
    } else {
      app.wall.request();
    }
  }

  /* A stroke was put into the journal. */
  drew({ counter, count }: Entry): void {
    this.history.add({ counter, count, seq: null });
    this.said();
  }

  /* The strokes named go, others come in their place: one step. Each of the others is whole, its parts in order.
   * Throws if they cannot be ops, or are too much. */
  edit(hides: Names, strokes: readonly (readonly Stroke[])[]): Entry {
    const { journal, wall } = this.app;
    const bodies = strokes.flat().map(encodeOp);
    const bytes = bodies.reduce((sum, body) => sum + body.length + 3, 0);
    if (bodies.length > EDIT_OPS_MAX || bytes > EDIT_BYTES_MAX) {
      throw new TooMuch();
    }
    const entry = journal.addEdit({ ...hides, strokes: bodies });
    const { counter, count } = entry;
    const named = { seqs: [...hides.seqs], refs: [...hides.refs] };
    this.history.add({ counter, count, seq: null, hides: named });
    this.display(journal.nonce, hides, false, counter);
    let next = counter + 1;
    for (const parts of strokes) {
      wall.scene.addPending(markKey(journal.nonce, next), [...parts]);
      next += parts.length;
    }
    this.said();
    return entry;
  }

  private said(): void {
    this.app.session.flush();
    this.app.changed();
    this.show();
    this.app.wall.request();
  }

  /* Before the server does. */
  private display(nonce: string, { seqs, refs }: Names, isShown: boolean, token: number): void {
    const { scene } = this.app.wall;
    scene.override(seqs, !isShown, token);
    refs.forEach((ref) => scene.hidePending(markKey(nonce, ref), !isShown, token));
  }

  private setShown(drawn: Drawn | null, isShow: boolean): void {
    if (drawn === null) {
      return;
    }
    const { nonce } = drawn;
    /* What waits in a journal taken over is undone there. */
    const taken = nonce === undefined ? null : this.app.rescue.journalOf(nonce);
    const journal = drawn.seq === null && taken !== null ? taken : this.app.journal;
    const [shows, hides] = isShow
      ? [addsOf(drawn), hidesOf(drawn)]
      : [hidesOf(drawn), addsOf(drawn)];
    const entry = this.say(journal, shows, hides, drawn.hides !== undefined && isShow);
    this.history.said(entry.counter, journal === taken ? nonce : undefined);
    const named = nonce ?? journal.nonce;
    this.display(named, hides, false, entry.counter);
    this.display(named, shows, true, entry.counter);
    if (drawn.counter > 0 && drawn.seq !== null) {
      /* They may still wait for their ops to come. */
      const { refs } = addsOf({ ...drawn, seq: null });
      this.display(named, { seqs: [], refs }, isShow, entry.counter);
    }
    this.tell([...hides.seqs, ...shows.seqs], isShow);
    this.said();
  }

  private say(journal: Journal, shows: Names, hides: Names, isEdit: boolean): Entry {
    const count = ({ seqs, refs }: Names): number => seqs.length + refs.length;
    if (count(hides) > 0 && (count(shows) > 0 || isEdit)) {
      return journal.addEdit({ ...hides, shows: shows.seqs, showRefs: shows.refs });
    }
    const isShow = count(shows) > 0;
    const { seqs, refs } = isShow ? shows : hides;
    return journal.addVisibility(isShow, seqs, refs);
  }

  /* Of what is not seen at once it should be said. */
  private tell(seqs: readonly number[], isShow: boolean): void {
    const known = this.app.wall.scene.knownAmong(seqs);
    if (known.size < seqs.length) {
      this.wait(isShow); /* only the server can take it out of a picture */
    }
    if (seqs.length > 0 && known.size === 0) {
      this.app.doors.changedElsewhere(seqs[0]!, isShow);
    }
  }
}
