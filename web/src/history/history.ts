/* The past, put together: what shows which moment, who asks, and where keys and frames go. Loaded when
 * somebody first looks back. */
import type { App } from '../app/app.ts';
import { BEYOND, PAPER } from '../app/wall.ts';
import { makeCamera, positionToScreen, type Camera, type Viewport } from '../core/camera.ts';
import { boundsOf } from '../core/marks.ts';
import { SUB_PER_TILE, TILE_PX, type Position } from '../core/geometry.ts';
import { message } from '../i18n/i18n.ts';
import type { Ink } from '../ink.ts';
import type { Json } from '../net/connection.ts';
import { element } from '../ui/dom.ts';
import { closePopovers } from '../ui/popover.ts';
import { loadStyles } from '../ui/styles.ts';
import { Api } from './api.ts';
import { WHOLE_WALL, type PixelRect } from './area.ts';
import { Clock } from './clock.ts';
import { Film } from './film.ts';
import { parseExtras } from './link.ts';
import { Outlines, type Outline } from './outlines.ts';
import { PastLayer } from './pastlayer.ts';
import { Picker } from './picker.ts';
import { piecesOf } from './pieces.ts';
import { Replay } from './replay.ts';
import { ReplaySetup } from './replaysetup.ts';
import { Rollback } from './rollback.ts';
import type { Piece } from './tempo.ts';
import { Who } from './who.ts';

const NOTE_MS = 6_000;

/* The pixels of its own level that a stroke covers. */
function rectOfPiece(piece: Piece): PixelRect {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  const { origin } = piece.parts[0]!;
  for (const part of piece.parts) {
    const bounds = boundsOf(part);
    const reach = (part.width / 64) / SUB_PER_TILE; /* twice the radius: boundsOf is generous */
    const dx = part.origin.x - origin.x;
    const dy = part.origin.y - origin.y;
    x0 = Math.min(x0, dx + bounds.x0 + reach / 2);
    y0 = Math.min(y0, dy + bounds.y0 + reach / 2);
    x1 = Math.max(x1, dx + bounds.x1 - reach / 2);
    y1 = Math.max(y1, dy + bounds.y1 - reach / 2);
  }
  const px = (tile: number, offset: number): string =>
    (BigInt(tile) * BigInt(TILE_PX) + BigInt(Math.round(offset * TILE_PX))).toString();
  return {
    level: origin.level,
    x: px(origin.x, x0),
    y: px(origin.y, y0),
    width: Math.max(1, Math.round((x1 - x0) * TILE_PX)),
    height: Math.max(1, Math.round((y1 - y0) * TILE_PX)),
  };
}

export class Past {
  readonly api: Api;
  readonly layer: PastLayer;
  readonly outlines = new Outlines();
  readonly picker: Picker;
  readonly clock: Clock;
  readonly replay: Replay;
  readonly setup: ReplaySetup;
  readonly who: Who;
  readonly film: Film;
  readonly rollback: Rollback;
  private readonly note = element('div', { class: 'toast past-note', role: 'status' });
  private noteTimer = 0;
  private begins: Promise<number> | null = null;
  private camera: Camera | null = null;
  private viewport: Viewport | null = null;

  constructor(
    readonly app: App,
    ink: Ink,
  ) {
    const { canvas } = app.page;
    this.api = new Api(canvas, () => this.hasInk(), () => this.app.session.asking);
    this.layer = new PastLayer(app.wall, ink, canvas, { paper: PAPER, beyond: BEYOND });
    this.picker = new Picker(app, this.outlines);
    this.clock = new Clock(this);
    this.replay = new Replay(this);
    this.setup = new ReplaySetup(this);
    this.who = new Who(this);
    this.film = new Film(this);
    this.rollback = new Rollback(this);
    this.note.hidden = true;
    this.layer.canvas.after(this.outlines.root);
    document.body.append(
      this.clock.root,
      this.setup.root,
      this.replay.root,
      this.who.root,
      this.rollback.root,
      this.note,
    );
    window.addEventListener('keydown', (event) => this.key(event), true);
  }

  say(text: string): void {
    this.app.chrome.toast.say(text);
  }

  /* ---- modes ---- */

  enter(): void {
    const { app } = this;
    this.rollback.close();
    app.hand.end();
    app.doors.isPast = true;
    app.doors.pastButton.setAttribute('aria-pressed', 'true');
    app.chrome.ring.move(0, 0, false);
    app.doors.pens = [];
    document.body.classList.add('is-past');
  }

  now(): void {
    const { app } = this;
    this.film.stop();
    this.replay.close();
    this.setup.close();
    this.clock.close();
    this.layer.hide();
    this.picker.cancel();
    this.outlines.set([]);
    app.doors.isPast = false;
    app.doors.pens = null;
    app.doors.pastButton.setAttribute('aria-pressed', 'false');
    document.body.classList.remove('is-past');
    app.wall.addressExtras = '';
    app.wall.updateAddress();
    app.wall.canvas.focus({ preventScroll: true });
    app.wall.request();
  }

  toggle(): void {
    if (this.app.doors.isPast) {
      this.now();
    } else {
      this.who.setOn(false);
      void this.clock.open(null);
    }
  }

  goTo(seq: number): Promise<void> {
    this.replay.close();
    this.setup.close();
    return this.clock.isOpen ? this.clock.seekSeq(seq) : this.clock.open(seq);
  }

  toggleWho(): void {
    this.who.setOn(!this.who.isOn);
  }

  ask(x: number, y: number, isTouch: boolean): Promise<void> {
    return this.who.ask(x, y, isTouch);
  }

  moderate(whose?: { artist: number; name: string }): void {
    if (this.rollback.isOpen && whose === undefined) {
      this.rollback.close();
    } else {
      this.rollback.open(whose);
    }
  }

  addressChanged(hash: string): void {
    const { at, replay } = parseExtras(hash);
    if (replay !== null) {
      void this.replay.start(replay);
    } else if (at !== null) {
      void this.goTo(at);
    } else if (this.app.doors.isPast) {
      this.now();
    }
  }

  /* One step out; true if there was one. */
  escape(): boolean {
    if (this.film.stop() || this.picker.cancel()) {
      if (this.who.isOn) {
        this.who.setOn(false);
      }
      if (this.rollback.isOpen) {
        this.rollback.picked();
      }
      return true;
    }
    if (this.who.isOpen || this.who.isOn) {
      this.who.setOn(false);
      this.who.close();
    } else if (this.replay.isOpen || this.setup.isOpen) {
      const hadClock = this.clock.isOpen;
      this.replay.close();
      this.setup.close();
      if (hadClock) {
        this.clock.root.hidden = false;
        void this.clock.seekSeq(this.clock.seq);
      } else {
        this.now();
      }
    } else if (this.clock.isOpen) {
      this.now();
    } else if (this.rollback.isOpen) {
      this.rollback.close();
    } else {
      return false;
    }
    return true;
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const isElsewhere = event.ctrlKey || event.metaKey || event.altKey;
    const isField = target.matches?.('input:not([type="range"], [type="checkbox"]), select, textarea');
    if (isElsewhere || isField || target.closest?.('dialog') !== null) {
      return;
    }
    /* From a slider as well, which the wall's own keys leave alone. */
    if (event.key === 'Escape') {
      if (closePopovers() || this.escape()) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
      return;
    }
    if (event.key === ' ' && target.closest('button') !== null) {
      return;
    }
    const isTaken = this.replay.isOpen
      ? this.replay.key(event)
      : this.clock.isOpen && !this.setup.isOpen && this.clock.key(event);
    if (isTaken) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }

  framed(nowMs: number, hasMoved: boolean): void {
    const { camera, viewport } = this.app.wall;
    this.clock.frame(nowMs);
    this.replay.frame(nowMs, hasMoved);
    this.layer.frame(nowMs, hasMoved);
    this.outlines.draw(camera, viewport, hasMoved);
    if (hasMoved) {
      this.clock.moved();
      this.who.put();
    }
    if (camera !== this.camera || viewport !== this.viewport) {
      this.camera = camera;
      this.viewport = viewport;
      this.rollback.moved();
    }
  }

  /* ---- questions ---- */

  async moments(): Promise<{ newest: number }> {
    return { newest: Math.max(1, await this.api.newest()) };
  }

  /* The seq over which the log begins: 0, or what older history was flattened into. */
  begin(): Promise<number> {
    this.begins ??= this.api.moment('1').then(
      () => 0,
      async () => {
        const { from } = await this.api.activity(WHOLE_WALL, 1, null);
        return (await this.api.momentAt(from)).seq;
      },
    );
    return this.begins.catch(() => {
      this.begins = null;
      return 0;
    });
  }

  /* Known from the connection, so that the server is not asked for what is not there. Somebody may have drawn
   * out of view: the answer to a view tells. */
  private async hasInk(): Promise<boolean> {
    const { wall } = this.app;
    await this.connected();
    if (wall.scene.lastSeq === 0 && this.app.session.connection.isOpen) {
      wall.refresh();
      for (let i = 0; i < 100 && !wall.isAnswered; i++) {
        await new Promise((resolve) => window.setTimeout(resolve, 30));
      }
      return !wall.isAnswered || wall.scene.lastSeq > 0; /* no answer is none to the question */
    }
    return true;
  }

  async copyLink(): Promise<void> {
    this.app.wall.updateAddress();
    await new Promise((resolve) => window.setTimeout(resolve, 300));
    try {
      await navigator.clipboard.writeText(location.href);
      this.say(message('past.linkCopied'));
    } catch {
      this.say(message('past.linkInAddress'));
    }
  }

  /* After the token was given the connection is made anew. */
  async connected(): Promise<void> {
    const { connection } = this.app.session;
    for (let i = 0; i < 200 && !connection.isOpen; i++) {
      await new Promise((resolve) => window.setTimeout(resolve, 50));
    }
  }

  /* Who rolls back must be somebody. */
  async identified(): Promise<void> {
    const { session } = this.app;
    await this.connected();
    session.identify();
    for (let i = 0; i < 100 && !session.canDraw; i++) {
      await new Promise((resolve) => window.setTimeout(resolve, 50));
    }
  }

  messageCame(json: Json): void {
    this.rollback.messageCame(json);
    this.who.vote.messageCame(json);
  }

  /* ---- outlines ---- */

  outlinesOf(pieces: readonly Piece[], kind: Outline['kind']): Outline[] {
    return pieces.map((piece) => ({ kind, rect: rectOfPiece(piece) }));
  }

  outlineStrokes(pieces: readonly Piece[], kind: Outline['kind']): void {
    this.outlines.set(this.outlinesOf(pieces, kind));
    this.app.wall.request();
  }

  /* ---- an undo that nobody sees ---- */

  async changedElsewhere(seq: number, isShow: boolean): Promise<void> {
    const options = { hidden: true, limit: 1 };
    const found = await this.api.strokes(WHOLE_WALL, seq, seq, options).catch(() => null);
    const piece = found === null ? undefined : piecesOf(found.records)[0];
    if (piece === undefined) {
      return;
    }
    const { stroke, place } = middleOf(piece);
    const { camera, viewport } = this.app.wall;
    const at = positionToScreen(camera, viewport, place);
    const sizePx = stroke.width * 2 ** (camera.zoom - stroke.level);
    const isInView =
      at.x > 0 && at.y > 0 && at.x < viewport.width && at.y < viewport.height && sizePx > 2;
    if (isInView) {
      return;
    }
    const go = element('button', { type: 'button', class: 'link-button' }, message('past.show'));
    go.addEventListener('click', () => {
      this.note.hidden = true;
      const most = Math.max(stroke.width / viewport.width, stroke.height / viewport.height, 0.01);
      this.app.wall.setCamera(makeCamera(place, stroke.level - Math.max(0, Math.log2(most * 1.6))));
    });
    this.note.replaceChildren(
      message(isShow ? 'past.shownOutOfView' : 'past.undoneOutOfView'),
      ' ',
      go,
    );
    this.note.hidden = false;
    window.clearTimeout(this.noteTimer);
    this.noteTimer = window.setTimeout(() => (this.note.hidden = true), NOTE_MS);
  }

  report(): object {
    return {
      isPast: this.app.doors.isPast,
      seq: this.layer.seq,
      shownSeq: this.layer.shownSeq,
      isComplete: this.layer.isComplete,
      timeMs: this.clock.timeMs,
      moments: this.layer.moments,
      bars: this.clock.timeline.segments.length,
      isWhoOpen: this.who.isOpen,
      asked: this.who.answered,
      outlines: this.outlines.root.childElementCount,
      replay: this.replay.report(),
      rollback: this.rollback.report(),
    };
  }
}


function middleOf(piece: Piece): { stroke: PixelRect; place: Position } {
  const rect = rectOfPiece(piece);
  const axis = (text: string, size: number): [number, number] => {
    const middle = BigInt(text) + BigInt(Math.floor(size / 2));
    const tile = middle >> 8n;
    return [Number(tile), Number(middle - (tile << 8n))];
  };
  const [tileX, x] = axis(rect.x, rect.width);
  const [tileY, y] = axis(rect.y, rect.height);
  return { stroke: rect, place: { level: rect.level, tileX, tileY, x, y } };
}

/* The stylesheet comes with the code. */
export async function openPast(app: App, ink: Ink): Promise<Past> {
  await loadStyles('history');
  return new Past(app, ink);
}
