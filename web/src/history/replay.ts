/* Strokes drawn again as they were drawn, point by point, with the artists' names at their pens, over the
 * wall as it was before the first of them.
 *
 * They come a page at a time and run through the tiles in view, which keep their ink alone. A stroke that is
 * done waits, drawn over the others, until all before it in the log are done too; so the ink lies in the order
 * of the log. Going back, and a tile that comes into view, are *wound*: the strokes up to there run through
 * again from the beginning, without their tempo. */
import { Copy, Eye, Pause, StepBack, StepForward, X } from 'lucide';
import type { Stroke } from '../core/op.ts';
import type { Mark } from '../core/tilelog.ts';
import { message } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';
import { placeOf, type Pen } from '../view/others.ts';
import { PAGE_MAX } from './api.ts';
import { boxOfRect, viewRect, type PixelRect } from './area.ts';
import { setPlaying, speedSelect } from './clock.ts';
import { formatReplay, type ReplaySpan } from './link.ts';
import type { Past } from './history.ts';
import { nameOf } from './pieces.ts';
import { Reel, type Page } from './reel.ts';
import { pointsAt, type Play as Playing } from './tempo.ts';
import { clock, shortTime, strokes } from './words.ts';

const SPEEDS = [1, 2, 5, 10, 30, 100, 1000];
/* So long a replay should take, about, at the speed that is set first. */
const LASTS_MS = 60_000;
const PEN_LINGERS_MS = 700;
const PENS_MAX = 16;
const REST_MS = 250;

interface Active {
  play: Playing;
  stroke: Stroke;
  isDone: boolean;
}

export class Replay {
  readonly root: HTMLElement;
  isOpen = false;
  private readonly playButton = button(message('clock.pause'), Pause, 'space', () => this.togglePlay());
  private readonly speed = speedSelect(SPEEDS, () => undefined);
  private readonly progress = element('input', {
    type: 'range',
    min: '0',
    max: '1',
    step: '0.0005',
    value: '0',
    class: 'progress',
    'aria-label': message('replay.progress'),
  });
  private readonly text = element('output', { class: 'replay-text' });
  private readonly hiddenButton = button(message('replay.hidden'), Eye, null, () => {
    this.withHidden = !this.withHidden;
    this.hiddenButton.setAttribute('aria-pressed', String(this.withHidden));
    if (this.span !== null) {
      void this.start(this.span, this.artist);
    }
  });
  private withHidden = false;
  private span: (ReplaySpan & { rect: PixelRect }) | null = null;
  private artist: number | undefined;
  private reel: Reel | null = null;
  private about: number | null = null; /* strokes, before all are known */
  private page: Page | null = null;
  private next = 0; /* of the page's plays */
  private active: Active[] = [];
  private timeMs = 0;
  private playedMs = 0;
  private isPlaying = false;
  private isReady = false;
  private isWinding = false;
  private movedMs = 0;
  private lingering: { pen: Pen; untilMs: number }[] = [];
  private run = 0;
  private windRun = 0;

  constructor(private readonly past: Past) {
    this.root = element(
      'div',
      { class: 'bar timebar', role: 'group', 'aria-label': message('replay.label') },
      element(
        'div',
        { class: 'timebar-side' },
        button(message('replay.back'), StepBack, null, () => this.step(-1)),
        this.playButton,
        button(message('replay.on'), StepForward, null, () => this.step(1)),
        this.speed,
      ),
      element('div', { class: 'replay-middle' }, this.progress, this.text),
      element(
        'div',
        { class: 'timebar-side' },
        this.hiddenButton,
        button(message('replay.copyLink'), Copy, null, () => void past.copyLink()),
        button(message('past.close'), X, 'escape', () => past.escape()),
      ),
    );
    this.hiddenButton.setAttribute('aria-pressed', 'false');
    this.progress.addEventListener('input', () => this.seekShare(Number(this.progress.value)));
    this.root.hidden = true;
  }

  /* ---- on stage ---- */

  async start(span: ReplaySpan, artist?: number): Promise<void> {
    const run = ++this.run;
    const { past } = this;
    const { camera, viewport } = past.app.wall;
    past.enter();
    const begin = await past.begin();
    if (run !== this.run) {
      return;
    }
    const from = Math.max(span.from, begin + 1);
    const to = Math.max(span.to, from);
    const whole = { from, to, rect: span.rect ?? viewRect(camera, viewport) };
    past.clock.root.hidden = true;
    past.setup.close();
    this.reset(whole, artist);
    past.app.wall.addressExtras = formatReplay(whole);
    past.app.wall.updateAddress();
    /* The whole view needs no frame. */
    const box = boxOfRect(camera, viewport, whole.rect);
    const isPart = box.width < 0.96 * viewport.width || box.height < 0.96 * viewport.height;
    past.outlines.set(isPart ? [{ kind: 'area', rect: whole.rect }] : []);
    past.layer.show(whole.from - 1);
    past.layer.setMarks([]);
    try {
      this.page = await this.reel!.page(0);
    } catch (error) {
      if (run === this.run) {
        past.say((error as Error).message);
        past.now();
      }
    }
    if (run !== this.run || !this.isOpen) {
      return;
    }
    this.isReady = true;
    if (this.page === null || this.page.plays.length === 0) {
      this.page = null;
      this.text.textContent = message('replay.noStrokes');
      return;
    }
    void this.count(run);
    this.setSpeed();
    this.show();
    this.togglePlay();
    this.playButton.focus({ preventScroll: true });
  }

  private reset(span: ReplaySpan & { rect: PixelRect }, artist: number | undefined): void {
    const { api } = this.past;
    const { from, to, rect } = span;
    const options = { hidden: this.withHidden, limit: PAGE_MAX, ...(artist && { artist }) };
    this.root.hidden = false;
    this.isOpen = true;
    this.isReady = false;
    this.isWinding = false;
    this.windRun++;
    this.span = span;
    this.artist = artist;
    this.reel = new Reel((after) => api.strokesPage(rect, { from, to }, options, after), span);
    this.about = null;
    this.page = null;
    this.next = 0;
    this.active = [];
    this.lingering = [];
    this.timeMs = 0;
    this.isPlaying = false;
    setPlaying(this.playButton, false);
    this.progress.value = '0';
    this.text.textContent = message('replay.fetching');
  }

  /* How many they are, where more than a page come: hidden ones and parts are among them. */
  private async count(run: number): Promise<void> {
    const { api } = this.past;
    const span = this.span!;
    if (this.page!.isLast || this.artist !== undefined) {
      return;
    }
    try {
      const [first, last] = await Promise.all([
        api.moment(String(span.from)),
        api.moment(String(span.to)),
      ]);
      const times = { from: first.time, to: last.time + 1 };
      const { counts } = await api.activity(span.rect, 1, times);
      if (run === this.run) {
        this.about = counts[0]!;
        this.setSpeed();
        this.show();
      }
    } catch {
      /* then the number is not told */
    }
  }

  private setSpeed(): void {
    const { plays, endMs } = this.page!;
    const total = this.reel!.total ?? this.about ?? plays.length;
    const lengthMs = this.reel!.lengthMs ?? (endMs * total) / plays.length;
    const fits = SPEEDS.find((speed) => lengthMs / speed < LASTS_MS);
    this.speed.value = String(fits ?? SPEEDS[SPEEDS.length - 1]!);
  }

  close(): void {
    if (!this.isOpen) {
      return;
    }
    this.run++;
    this.windRun++;
    this.isOpen = false;
    this.isPlaying = false;
    this.isWinding = false;
    this.root.hidden = true;
    this.reel = null;
    this.page = null;
    this.active = [];
    this.past.app.doors.pens = this.past.app.doors.isPast ? [] : null;
    this.past.outlines.set([]);
    this.past.layer.hold(false);
    this.past.layer.setMarks([]);
    this.past.app.wall.addressExtras = '';
  }

  private get isAtEnd(): boolean {
    const { page } = this;
    return page === null || (page.isLast && this.timeMs >= page.endMs && this.next >= page.plays.length);
  }

  togglePlay(): void {
    if (this.page === null) {
      return;
    }
    if (!this.isPlaying && this.isAtEnd) {
      void this.wind(
        (page) => page.index === 0,
        () => 0,
      );
    }
    this.isPlaying = !this.isPlaying;
    this.playedMs = 0;
    setPlaying(this.playButton, this.isPlaying);
    this.past.app.wall.request();
  }

  private pause(): void {
    this.isPlaying = false;
    setPlaying(this.playButton, false);
  }

  /* ---- going on ---- */

  frame(nowMs: number, hasMoved: boolean): void {
    if (!this.isOpen || !this.isReady || this.page === null) {
      return;
    }
    this.movedMs = hasMoved ? nowMs : this.movedMs;
    const { layer } = this.past;
    if (layer.isHollow && !this.isWinding) {
      const isAtHand = this.reel!.hasAllTo(this.page.index);
      if (isAtHand || nowMs - this.movedMs > REST_MS) {
        void this.refill();
      }
    }
    if (this.isWinding || layer.isHollow) {
      this.playedMs = 0;
      this.past.app.wall.request();
      return;
    }
    if (this.isPlaying && layer.shownSeq === this.span!.from - 1) {
      const passedMs = this.playedMs === 0 ? 16 : Math.min(100, nowMs - this.playedMs);
      this.playedMs = nowMs;
      this.goOn(this.timeMs + passedMs * Number(this.speed.value), nowMs);
      if (this.isAtEnd) {
        this.pause();
      }
    }
    if (this.isPlaying || this.lingering.length > 0) {
      this.showPens(nowMs);
      this.past.app.wall.request();
    }
  }

  /* To a later time, as far as the strokes are at hand. */
  private goOn(timeMs: number, nowMs: number): void {
    const reel = this.reel!;
    for (;;) {
      const page = this.page!;
      while (this.next < page.plays.length && page.plays[this.next]!.beginMs <= timeMs) {
        this.begin(page.plays[this.next++]!, timeMs);
      }
      if (this.next < page.plays.length || page.isLast) {
        break;
      }
      const following = reel.peek(page.index + 1);
      if (following === null) {
        timeMs = Math.max(this.timeMs, page.plays[page.plays.length - 1]?.beginMs ?? 0);
        break;
      }
      this.page = following;
      this.next = 0;
    }
    const { page } = this;
    if (!page!.isLast && 2 * this.next > page!.plays.length) {
      void reel.page(page!.index + 1).catch((error: Error) => this.troubled(error));
    }
    this.timeMs = page!.isLast ? Math.min(timeMs, page!.endMs) : timeMs;
    this.grow(nowMs);
    this.show();
  }

  private troubled(error: Error): void {
    this.pause();
    this.past.say(error.message);
  }

  private begin(play: Playing, timeMs: number): void {
    if (this.active.length === 0 && play.endMs <= timeMs) {
      this.past.layer.addMarks([markOf(play)]); /* too quick to be seen */
      this.linger(play, play.stroke, performance.now());
      return;
    }
    const stroke = { ...play.stroke, points: { ...play.stroke.points, count: 1 } };
    this.active.push({ play, stroke, isDone: false });
    this.past.layer.lives.begin(nameOf(play.piece), stroke);
  }

  private grow(nowMs: number): void {
    const { layer } = this.past;
    for (const each of this.active) {
      const { play, stroke } = each;
      if (!each.isDone) {
        stroke.points.count = pointsAt(play, this.timeMs - play.beginMs);
        layer.lives.grow(nameOf(play.piece));
        each.isDone = play.endMs <= this.timeMs;
        if (each.isDone) {
          this.linger(play, stroke, nowMs);
        }
      }
    }
    while (this.active[0]?.isDone) {
      const { play } = this.active.shift()!;
      layer.lives.end(nameOf(play.piece));
      layer.addMarks([markOf(play)]);
    }
    this.past.app.wall.request();
    this.showPens(nowMs);
  }

  private linger(play: Playing, stroke: Stroke, nowMs: number): void {
    this.lingering.push({ pen: penOf(play, stroke, nowMs), untilMs: nowMs + PEN_LINGERS_MS });
    this.lingering.splice(0, this.lingering.length - PENS_MAX);
  }

  private showPens(nowMs: number): void {
    this.lingering = this.lingering.filter(({ untilMs }) => untilMs > nowMs);
    const pens = new Map<string, Pen>();
    this.lingering.forEach(({ pen }) => pens.set(pen.nonce, pen));
    for (const { play, stroke, isDone } of this.active) {
      if (!isDone) {
        const pen = penOf(play, stroke, nowMs);
        pens.set(pen.nonce, pen);
      }
    }
    this.past.app.doors.pens = [...pens.values()];
  }

  /* ---- winding ---- */

  /* From the beginning to a time in the first page that `isHere`. */
  private async wind(
    isHere: (page: Page) => boolean,
    timeIn: (page: Page) => number,
  ): Promise<void> {
    const run = ++this.windRun;
    const reel = this.reel!;
    const { layer } = this.past;
    this.isWinding = true;
    layer.setMarks([]);
    layer.hold(true);
    this.active = [];
    this.lingering = [];
    try {
      for (let i = 0; ; i++) {
        const page = await reel.page(i);
        if (run !== this.windRun) {
          return;
        }
        const isThere = page.isLast || isHere(page);
        const timeMs = isThere ? timeIn(page) : Infinity;
        this.page = page;
        this.timeMs = isThere ? Math.min(Math.max(0, timeMs), page.endMs) : page.endMs;
        this.next = page.plays.findIndex(({ beginMs }) => beginMs > timeMs);
        this.next = this.next < 0 ? page.plays.length : this.next;
        this.runThrough(page, timeMs);
        this.show();
        layer.hold(isThere || i < 2); /* a long way is seen to be gone */
        if (!isThere) {
          reel.page(i + 1).catch(() => null); /* while this one is drawn */
        }
        await this.painted(run);
        if (isThere) {
          break;
        }
      }
    } catch (error) {
      if (run === this.windRun) {
        this.troubled(error as Error);
      }
    }
    this.wound(run);
  }

  /* A page's strokes up to a time: those that all before are done with, and over them those under way. */
  private runThrough(page: Page, timeMs: number): void {
    const { layer } = this.past;
    const begun = page.plays.slice(0, this.next);
    const first = begun.findIndex(({ endMs }) => endMs > timeMs);
    const done = first < 0 ? begun : begun.slice(0, first);
    layer.addMarks(done.map(markOf));
    for (const play of first < 0 ? [] : begun.slice(first)) {
      this.begin(play, -1);
    }
    this.grow(performance.now());
  }

  private wound(run: number): void {
    if (run === this.windRun) {
      this.isWinding = false;
      this.past.layer.hold(false);
      this.show();
    }
  }

  private async painted(run: number): Promise<void> {
    const { layer, app } = this.past;
    do {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      app.wall.request();
    } while (run === this.windRun && layer.isBehind);
  }

  /* Tiles that came into view get what ran through before. */
  private async refill(): Promise<void> {
    const run = ++this.windRun;
    const { layer } = this.past;
    this.isWinding = true;
    const stop = this.page!;
    const undone = this.active[0]?.play.piece.seq ?? Infinity;
    try {
      for (let i = 0; i <= stop.index; i++) {
        const page = await this.reel!.page(i);
        if (run !== this.windRun) {
          return;
        }
        const begun = i < stop.index ? page.plays : page.plays.slice(0, this.next);
        layer.addMarks(begun.filter(({ piece }) => piece.seq < undone).map(markOf), true);
        if (!this.reel!.hasAllTo(stop.index)) {
          this.text.textContent = message('replay.drawing', {
            count: page.before + begun.length,
          });
          await this.painted(run);
        }
      }
      await this.painted(run);
      if (run === this.windRun) {
        layer.endRefill();
      }
    } catch (error) {
      if (run === this.windRun) {
        this.troubled(error as Error);
        layer.endRefill();
      }
    }
    this.wound(run);
  }

  /* Of the whole; between pages by seqs, in a page by time. */
  private seekShare(share: number): void {
    const { from, to } = this.span!;
    const seq = from + share * (to - from);
    void this.wind(
      (page) => page.toSeq >= seq,
      (page) => {
        const inPage = (seq - page.fromSeq) / Math.max(1, page.toSeq - page.fromSeq);
        return share >= 1 ? page.endMs : page.beginMs + inPage * (page.endMs - page.beginMs);
      },
    );
  }

  private get share(): number {
    const { page } = this;
    const { from, to } = this.span!;
    if (page === null || this.isAtEnd) {
      return page === null ? 0 : 1;
    }
    const lastsMs = page.endMs - page.beginMs || 1;
    const inPage = Math.min(1, Math.max(0, (this.timeMs - page.beginMs) / lastsMs));
    const seq = page.fromSeq + inPage * (page.toSeq - page.fromSeq);
    return (seq - from) / Math.max(1, to - from);
  }

  step(direction: 1 | -1): void {
    const { page, reel } = this;
    if (page === null || reel === null) {
      return;
    }
    this.pause();
    const ends = page.plays.map(({ endMs }) => endMs).sort((a, b) => a - b);
    if (direction > 0) {
      const later = ends.find((end) => end > this.timeMs + 0.5) ?? page.endMs;
      this.goOn(later, performance.now());
      return;
    }
    const earlier = ends.filter((end) => end < this.timeMs - 0.5).pop();
    const index = earlier === undefined ? Math.max(0, page.index - 1) : page.index;
    void this.wind(
      (each) => each.index === index,
      (each) => earlier ?? (page.index === 0 ? 0 : each.endMs),
    );
  }

  private get done(): number {
    const { page } = this;
    const under = this.active.filter(({ isDone }) => !isDone).length;
    return page === null ? 0 : page.before + this.next - under;
  }

  private show(): void {
    const { page, reel } = this;
    if (page === null || reel === null) {
      return;
    }
    this.progress.value = String(this.share);
    const last = page.plays[Math.max(0, this.next - 1)];
    const when = last === undefined ? '' : ` · ${shortTime(last.piece.timeMs)}`;
    const all = reel.total ?? (this.about === null ? null : Math.max(this.about, this.done));
    const { done } = this;
    const of = reel.total === null ? 'replay.ofAboutStrokes' : 'replay.ofStrokes';
    const where = all === null ? strokes(done) : message(of, { done, count: all });
    const length = reel.lengthMs === null ? '' : ` / ${clock(reel.lengthMs)}`;
    const what = this.isWinding ? message('replay.winding') : `${clock(this.timeMs)}${length}`;
    this.text.textContent = `${what} · ${where}${when}`;
    this.progress.setAttribute('aria-valuetext', where);
    this.past.app.wall.request();
  }

  key(event: KeyboardEvent): boolean {
    if (!this.isOpen) {
      return false;
    }
    if (event.key === ' ') {
      this.togglePlay();
    } else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      this.step(event.key === 'ArrowLeft' ? -1 : 1);
    } else if (event.key === 'Home' || event.key === 'End') {
      this.pause();
      this.seekShare(event.key === 'Home' ? 0 : 1);
    } else {
      return false;
    }
    return true;
  }

  report(): object {
    return {
      isOpen: this.isOpen,
      isReady: this.isReady && !this.isWinding && !this.past.layer.isHollow,
      isPlaying: this.isPlaying,
      strokes: this.reel?.total ?? null,
      done: this.done,
      page: this.page?.index ?? null,
      timeMs: this.timeMs,
    };
  }
}

function markOf({ piece: { key, seq, parts } }: Playing): Mark {
  return { key, seq, parts };
}

function penOf(play: Playing, stroke: Stroke, nowMs: number): Pen {
  return {
    nonce: `replay ${play.piece.artist}`,
    artist: play.piece.artist,
    place: placeOf(stroke, stroke.points.count - 1),
    color: stroke.color,
    seenMs: nowMs,
  };
}
