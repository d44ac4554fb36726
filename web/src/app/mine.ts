/* Undo and redo, across reloads and devices: the log is asked what this artist did, a page at a time. */
import { History, type Drawn, type MineOp } from '../core/history.ts';
import type { Journal } from '../core/journal.ts';
import { markKey } from '../core/marks.ts';
import type { Json } from '../net/connection.ts';
import type { App } from './app.ts';

const PAGE = 200;
const WAIT_MS_MAX = 10_000;

interface MineJson {
  id: number;
  ops: { seq: string; kind: string; part?: number; parts?: number; targets?: string[] }[];
  more: boolean;
}

/* Ops of other kinds are nobody's to undo. */
export function readMine(message: MineJson): MineOp[] {
  const isKnown = (kind: string): kind is MineOp['kind'] =>
    kind === 'stroke' || kind === 'hide' || kind === 'show';
  const ops: MineOp[] = [];
  for (const { seq, kind, part, parts, targets } of message.ops) {
    if (isKnown(kind)) {
      ops.push({
        seq: Number(seq),
        kind,
        part: part ?? 0,
        parts: parts ?? 1,
        targets: (targets ?? []).map(Number),
      });
    }
  }
  return ops;
}

export class Mine {
  readonly history = new History();
  private id = 0;
  private isOlder = false;
  private isAsking = false;
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
      limit: PAGE,
      ...(before === null ? {} : { before: String(before) }),
    });
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
      this.history.restore(readMine(mine), mine.more);
    }
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

  private setShown(drawn: Drawn | null, isShow: boolean): void {
    if (drawn === null) {
      return;
    }
    const { session, wall, doors, rescue } = this.app;
    const { counter, count, seq, nonce } = drawn;
    /* What waits in a journal taken over is undone there. */
    const taken = seq === null && nonce !== undefined ? rescue.journalOf(nonce) : null;
    const journal = taken ?? this.app.journal;
    const seqs = seq === null ? [] : Array.from({ length: count }, (_, i) => seq + i);
    const entry = journal.addVisibility(isShow, seqs, seq === null ? [counter] : []);
    this.history.said(entry.counter, taken?.nonce);
    wall.scene.hidePending(markKey(nonce ?? journal.nonce, counter), !isShow, entry.counter);
    if (seq !== null) {
      if (!wall.scene.knows(seq)) {
        this.wait(isShow); /* only the server can take it out of a picture */
      }
      wall.scene.override(seq, !isShow, entry.counter);
      doors.changedElsewhere(seq, isShow);
    }
    session.flush();
    this.app.changed();
    this.show();
    wall.request();
  }
}
