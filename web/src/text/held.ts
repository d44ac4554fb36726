/* Filled outlines while they are made: shown here and to others, kept in case the page dies, and in the end an op
 * or nothing. */
import type { App } from '../app/app.ts';
import { LEVEL_MIN } from '../core/geometry.ts';
import { markKey } from '../core/marks.ts';
import { encodeOp, type Stroke } from '../core/op.ts';
import { encodeCancel, encodePreview } from '../core/protocol.ts';
import { homesOf } from '../core/touch.ts';
import { bridged } from './outline.ts';
import { coarsened, hasRoom } from '../select/transform.ts';

const PREVIEW_EVERY_MS = 50;
const DRAFT_EVERY_MS = 250;

export class Held {
  private counter: number | null = null;
  private parts: Stroke[] = [];
  private hasNews = false;
  private sentOn = 0; /* the connection that was shown it */
  private sentMs = 0;
  private keptMs = 0;
  private isKept = true;
  private readonly shown = new Set<string>(); /* tiles where others were shown it */

  constructor(private readonly app: App) {}

  private get key(): string {
    return markKey(this.app.journal.nonce, this.counter!);
  }

  /* All of it anew, of one group; nothing, if there are no parts. What would be there twice if the page died is no draft. */
  set(parts: Stroke[], isDraft = true): void {
    const { journal, session, wall } = this.app;
    if (parts.length === 0) {
      this.cancel();
      return;
    }
    if (this.counter === null) {
      this.counter = journal.reserve();
      session.identify();
    }
    let held = parts;
    while (!held.every(hasRoom) && held[0]!.origin.level > LEVEL_MIN) {
      held = held.map(coarsened);
    }
    this.parts = held;
    this.hasNews = true;
    this.isKept = !isDraft;
    wall.scene.removePending(this.key);
    wall.scene.addPending(this.key, held);
    wall.request();
  }

  /* Once a frame. */
  framed(nowMs: number): void {
    if (this.counter !== null) {
      this.preview(nowMs);
      this.keepDraft(nowMs);
    }
  }

  /* The others see its first part, which is nearly always all. */
  private preview(nowMs: number): void {
    const { connection, canDraw } = this.app.session;
    const isNew = this.hasNews || this.sentOn !== connection.opened;
    if (!isNew || !connection.isOpen) {
      return;
    }
    if (!canDraw || connection.isBehind || nowMs - this.sentMs < PREVIEW_EVERY_MS) {
      this.app.wall.request();
      return;
    }
    const part = bridged({ ...this.parts[0]!, part: 0, parts: 1 });
    const homes = homesOf(part);
    /* Only those who see where it is now are told of it; to the others it must end. */
    if ([...this.shown].some((home) => !homes.has(home))) {
      connection.send(encodeCancel(this.counter!));
      this.shown.clear();
    }
    connection.send(encodePreview(this.counter!, 0, encodeOp(part)));
    homes.forEach((home) => this.shown.add(home));
    this.hasNews = false;
    this.sentOn = connection.opened;
    this.sentMs = nowMs;
  }

  private keepDraft(nowMs: number): void {
    if (this.isKept) {
      return;
    }
    if (nowMs - this.keptMs < DRAFT_EVERY_MS) {
      this.app.wall.request();
      return;
    }
    this.keptMs = nowMs;
    this.isKept = true;
    try {
      this.app.journal.keepDraft(this.parts.map(encodeOp));
    } catch {
      /* over the world's edge: it is said in the end */
    }
  }

  /* One op, one step to undo. Throws FormatError where it cannot be. */
  commit(): void {
    const { app, parts, counter } = this;
    if (counter === null) {
      return;
    }
    let bodies: Uint8Array[];
    try {
      bodies = parts.map(encodeOp);
    } catch (error) {
      this.cancel();
      throw error;
    }
    this.forget();
    app.palette.use();
    app.mine.drew(app.journal.addStrokes(bodies));
  }

  /* What is held, and nothing is any more: it goes another way. */
  take(): Stroke[] {
    const { parts } = this;
    this.cancel();
    return parts;
  }

  cancel(): void {
    const { app, counter } = this;
    if (counter !== null) {
      app.wall.scene.removePending(this.key);
      app.journal.release();
      if (this.shown.size > 0 && app.session.canDraw) {
        app.session.connection.send(encodeCancel(counter));
      }
      this.forget();
      app.wall.request();
    }
  }

  private forget(): void {
    this.counter = null;
    this.parts = [];
    this.shown.clear();
  }
}
