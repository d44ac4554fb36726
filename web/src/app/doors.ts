/* The doors to the past: the time machine, who drew what, replays, rollback. What is behind them is loaded
 * when one is opened for the first time; here are only the buttons and where the page's events go. */
import { RotateCcwClock, ScanSearch, Shield } from 'lucide';
import { message } from '../i18n/i18n.ts';
import type { Ink } from '../ink.ts';
import type { Json } from '../net/connection.ts';
import { button, element } from '../ui/dom.ts';
import type { Pen } from '../view/others.ts';
import type { Past } from '../history/history.ts';
import type { App } from './app.ts';

/* Takes presses on the wall instead of the pen. */
export interface WallTool {
  begin(x: number, y: number): void;
  move(x: number, y: number): void;
  end(isDone: boolean): void;
}

const ADMIN = 'kolam.admin';

/* A moderator's token lives as long as the tab. */
export function adminToken(): string | null {
  try {
    return window.sessionStorage.getItem(ADMIN);
  } catch {
    return null;
  }
}

export function keepAdminToken(token: string | null): void {
  try {
    if (token === null) {
      window.sessionStorage.removeItem(ADMIN);
    } else {
      window.sessionStorage.setItem(ADMIN, token);
    }
  } catch {
    /* forbidden: it has to be typed again */
  }
}

export class Doors {
  tool: WallTool | null = null;
  isPast = false;
  /* What is shown is not what is there: nobody draws on it. */
  isLookingOnly = false;
  /* Whose names are shown instead of those who draw now. */
  pens: Pen[] | null = null;
  readonly root: HTMLElement;
  readonly pastButton: HTMLButtonElement;
  readonly whoButton: HTMLButtonElement;
  private past_: Past | null = null;
  private loading: Promise<Past | null> | null = null;
  private isToolDown = false;

  constructor(
    private readonly app: App,
    private readonly ink: Ink,
  ) {
    this.pastButton = button(message('past.timeMachine'), RotateCcwClock, 'shift+t', () => this.past());
    this.whoButton = button(message('past.who'), ScanSearch, 'i', () => this.who());
    this.root = element(
      'div',
      { class: 'bar doors', role: 'group', 'aria-label': message('past.label') },
      this.pastButton,
      this.whoButton,
    );
    if (new URLSearchParams(location.search).has('admin')) {
      this.root.append(
        button(
          message('past.rollBack'),
          Shield,
          null,
          () => this.moderate(),
        ),
      );
    }
    document.body.append(this.root);
  }

  get isLooking(): boolean {
    return this.isPast || this.isLookingOnly;
  }

  private load(): Promise<Past | null> {
    this.loading ??= import('../history/history.ts').then(
      async ({ openPast }) => (this.past_ = await openPast(this.app, this.ink)),
      () => {
        this.loading = null;
        this.app.chrome.toast.say(message('past.notLoaded'));
        return null;
      },
    );
    return this.loading;
  }

  past(): void {
    void this.load().then((past) => past?.toggle());
  }

  who(): void {
    void this.load().then((past) => past?.toggleWho());
  }

  /* `whose`: their strokes are chosen already. */
  moderate(whose?: { artist: number; name: string }): void {
    void this.load().then((past) => past?.moderate(whose));
  }

  addressChanged(hash: string): void {
    if (this.past_ !== null || /&(at|replay)=/.test(hash)) {
      void this.load().then((past) => past?.addressChanged(hash));
    }
  }

  framed(nowMs: number, hasMoved: boolean): void {
    this.past_?.framed(nowMs, hasMoved);
  }

  messageCame(json: Json): void {
    this.past_?.messageCame(json);
  }

  /* A wrong token keeps the server from saying anything else: it is forgotten. */
  troubled(said: string): void {
    if (adminToken() !== null && said.includes('admin token')) {
      keepAdminToken(null);
      this.past_?.rollback.reopen();
    }
  }

  /* One's own stroke was hidden or shown: if that is out of view it should be said. */
  changedElsewhere(seq: number, isShow: boolean): void {
    if (!this.app.wall.scene.knows(seq)) {
      void this.load().then((past) => past?.changedElsewhere(seq, isShow));
    }
  }

  /* True if something was there to close. */
  escape(): boolean {
    return this.past_?.escape() ?? false;
  }

  get isComplete(): boolean {
    return this.past_?.layer.isComplete ?? false;
  }

  /* For tests and the curious. */
  report(): object | null {
    return this.past_?.report() ?? null;
  }

  pixels(level: number, x: number, y: number): Uint8ClampedArray | null {
    return this.past_?.layer.readPixels(level, x, y) ?? null;
  }

  /* ---- presses on the wall ---- */

  toolBegin(x: number, y: number): void {
    this.isToolDown = true;
    this.tool?.begin(x, y);
  }

  toolMove(x: number, y: number): boolean {
    if (this.isToolDown) {
      this.tool?.move(x, y);
    }
    return this.isToolDown;
  }

  toolEnd(isDone: boolean): boolean {
    const wasDown = this.isToolDown;
    this.isToolDown = false;
    if (wasDown) {
      this.tool?.end(isDone);
    }
    return wasDown;
  }

  /* Who drew what is under a finger. */
  ask(x: number, y: number): void {
    void this.load().then((past) => past?.ask(x, y, true));
  }
}
