/* Strokes drawn again as they were drawn, point by point, with the artists' names at their pens, over the
 * wall as it was before the first of them. */
import { Copy, Eye, Pause, SquareDashedMousePointer, StepBack, StepForward, X } from 'lucide';
import { decodeOp, type Stroke } from '../core/op.ts';
import { markKey } from '../core/marks.ts';
import { SUB_PER_PX } from '../core/geometry.ts';
import { button, element } from '../ui/dom.ts';
import type { Pen } from '../view/others.ts';
import type { OpRecord } from './api.ts';
import { boxOfRect, viewRect, type PixelRect } from './area.ts';
import { setPlaying, speedSelect } from './clock.ts';
import { formatReplay, type ReplaySpan } from './link.ts';
import type { Past } from './history.ts';
import { lengthOf, pointsAt, schedule, type Piece, type Play as Playing } from './tempo.ts';
import { Track } from './track.ts';
import { clock, count, shortTime } from './words.ts';

const STROKES_MAX = 6000;
const SPEEDS = [1, 2, 5, 10, 30, 100];
const PEN_LINGERS_MS = 700;

/* Strokes, and the parts of groups put together, in order. */
export function piecesOf(records: readonly OpRecord[]): Piece[] {
  const pieces = new Map<string, Piece>();
  for (const record of records) {
    const op = decodeOp(record.body);
    if (op.kind !== 'stroke') {
      continue;
    }
    const key = markKey(record.nonce, record.counter - op.part);
    const known = pieces.get(`${record.artist}:${key}`);
    if (known !== undefined) {
      known.parts.push(op);
    } else {
      const { seq, artist, timeMs } = record;
      pieces.set(`${artist}:${key}`, { seq, artist, key, timeMs, parts: [op] });
    }
  }
  return [...pieces.values()];
}

interface Active {
  play: Playing;
  stroke: Stroke;
}

export class Replay {
  readonly setupRoot: HTMLElement;
  readonly root: HTMLElement;
  isOpen = false;
  private readonly track: Track;
  private readonly playButton = button('Pause', Pause, 'Space', () => this.togglePlay());
  private readonly speed = speedSelect(SPEEDS, () => undefined);
  private readonly progress = element('input', {
    type: 'range',
    min: '0',
    max: '1',
    step: '0.001',
    value: '0',
    class: 'progress',
    'aria-label': 'Progress',
  });
  private readonly text = element('output', { class: 'replay-text' });
  private readonly hiddenButton = button('Show hidden strokes too', Eye, null, () => {
    this.withHidden = !this.withHidden;
    this.hiddenButton.setAttribute('aria-pressed', String(this.withHidden));
    if (this.span !== null) {
      void this.start(this.span, this.artist);
    }
  });
  private withHidden = false;
  private rect: PixelRect | null = null;
  private spanMs: [number, number] = [0, 0];
  private span: ReplaySpan | null = null;
  private artist: number | undefined;
  private plays: Playing[] = [];
  private lengthMs = 0;
  private next = 0;
  private active: Active[] = [];
  private timeMs = 0;
  private playedMs = 0;
  private isPlaying = false;
  private isReady = false;
  private lingering: { pen: Pen; untilMs: number }[] = [];
  private run = 0;

  constructor(private readonly past: Past) {
    this.track = new Track(
      {
        input: (index, timeMs) => {
          this.spanMs[index] = timeMs;
          this.track.setTime(index, timeMs);
        },
        label: (timeMs) => shortTime(timeMs),
      },
      ['From', 'To'],
    );
    const start = element('button', { type: 'button', class: 'text-button' }, 'Replay');
    start.addEventListener('click', () => void this.startChosen());
    this.setupRoot = element(
      'div',
      { class: 'bar timebar', role: 'group', 'aria-label': 'What to replay' },
      element(
        'div',
        { class: 'timebar-side' },
        button('Choose an area by dragging', SquareDashedMousePointer, null, () => this.choose()),
      ),
      this.track.root,
      element(
        'div',
        { class: 'timebar-side' },
        start,
        button('Cancel', X, 'Esc', () => past.escape()),
      ),
    );
    this.root = element(
      'div',
      { class: 'bar timebar', role: 'group', 'aria-label': 'Replay' },
      element(
        'div',
        { class: 'timebar-side' },
        button('One stroke back', StepBack, null, () => this.step(-1)),
        this.playButton,
        button('One stroke on', StepForward, null, () => this.step(1)),
        this.speed,
      ),
      element('div', { class: 'replay-middle' }, this.progress, this.text),
      element(
        'div',
        { class: 'timebar-side' },
        this.hiddenButton,
        button('Copy the link to this replay', Copy, null, () => void past.copyLink()),
        button('Close', X, 'Esc', () => past.escape()),
      ),
    );
    this.hiddenButton.setAttribute('aria-pressed', 'false');
    this.progress.addEventListener('input', () => {
      this.seek(Number(this.progress.value) * this.lengthMs);
    });
    this.setupRoot.hidden = true;
    this.root.hidden = true;
  }

  get isSettingUp(): boolean {
    return !this.setupRoot.hidden;
  }

  /* ---- what to replay ---- */

  prepare(): void {
    const { segments } = this.past.clock.timeline;
    if (segments.length === 0) {
      return;
    }
    this.rect = null;
    this.past.clock.root.hidden = true;
    this.setupRoot.hidden = false;
    this.track.setTimeline(this.past.clock.timeline);
    const last = segments[segments.length - 1]!.toMs;
    this.spanMs = [segments[0]!.fromMs, last];
    this.track.setTime(0, this.spanMs[0]);
    this.track.setTime(1, this.spanMs[1]);
    this.track.focus();
  }

  private choose(): void {
    this.past.say('Drag a rectangle on the wall.');
    this.past.picker.rectangle((rect) => (this.rect = rect));
  }

  private async startChosen(): Promise<void> {
    const [fromMs, toMs] = [Math.min(...this.spanMs), Math.max(...this.spanMs)];
    try {
      const from = await this.past.api.momentAt(fromMs - 1).then(
        ({ seq }) => seq + 1,
        () => 1,
      );
      const { newest } = await this.past.moments();
      const to = await this.past.api.momentAt(Math.ceil(toMs)).then(
        ({ seq }) => seq,
        () => newest,
      );
      const { camera, viewport } = this.past.app.wall;
      const rect = this.rect ?? viewRect(camera, viewport);
      await this.start({ from: Math.min(from, to), to, rect });
    } catch (error) {
      this.past.say((error as Error).message);
    }
  }

  /* ---- on stage ---- */

  async start(span: ReplaySpan, artist?: number): Promise<void> {
    const run = ++this.run;
    const { past } = this;
    past.enter();
    past.clock.root.hidden = true;
    this.setupRoot.hidden = true;
    this.root.hidden = false;
    this.isOpen = true;
    this.isReady = false;
    this.span = span;
    this.artist = artist;
    this.text.textContent = 'Fetching the strokes';
    const { camera, viewport } = past.app.wall;
    const rect = span.rect ?? viewRect(camera, viewport);
    const whole = { ...span, rect };
    past.app.wall.addressExtras = formatReplay(whole);
    past.app.wall.updateAddress();
    /* The whole view needs no frame. */
    const box = boxOfRect(camera, viewport, rect);
    const isPart = box.width < 0.96 * viewport.width || box.height < 0.96 * viewport.height;
    past.outlines.set(isPart ? [{ kind: 'area', rect }] : []);
    past.layer.setMarks([]);
    past.layer.show(span.from - 1);
    try {
      const options = { hidden: this.withHidden, limit: STROKES_MAX, ...(artist && { artist }) };
      const found = await past.api.strokes(rect, span.from, span.to, options);
      if (run !== this.run || !this.isOpen) {
        return;
      }
      if (!found.isAll) {
        past.say(`Only the first ${STROKES_MAX} strokes are replayed.`);
      }
      this.plays = schedule(piecesOf(found.records));
    } catch (error) {
      past.say((error as Error).message);
      this.plays = [];
    }
    this.lengthMs = lengthOf(this.plays);
    this.speed.value = String(SPEEDS.find((speed) => this.lengthMs / speed < 40_000) ?? 100);
    this.isReady = true;
    this.seek(0);
    this.isPlaying = false;
    if (this.plays.length === 0) {
      this.text.textContent = 'No strokes here';
      return;
    }
    this.togglePlay();
    this.playButton.focus({ preventScroll: true });
  }

  close(): void {
    this.run++;
    this.isOpen = false;
    this.isPlaying = false;
    this.root.hidden = true;
    this.setupRoot.hidden = true;
    this.plays = [];
    this.active = [];
    this.past.app.doors.pens = null;
    this.past.outlines.set([]);
    this.past.layer.setMarks([]);
    this.past.app.wall.addressExtras = '';
  }

  togglePlay(): void {
    if (!this.isPlaying && this.timeMs >= this.lengthMs) {
      this.seek(0);
    }
    this.isPlaying = !this.isPlaying;
    this.playedMs = 0;
    setPlaying(this.playButton, this.isPlaying);
    this.past.app.wall.request();
  }

  /* The strokes that are whole at a time, and those under way. */
  seek(timeMs: number): void {
    const { layer } = this.past;
    this.timeMs = Math.min(this.lengthMs, Math.max(0, timeMs));
    this.active = [];
    this.lingering = [];
    const isDone = (play: Playing): boolean => play.endMs <= this.timeMs;
    layer.setMarks(this.plays.filter(isDone).map(markOf));
    this.next = this.plays.findIndex((play) => play.beginMs > this.timeMs);
    this.next = this.next < 0 ? this.plays.length : this.next;
    for (const play of this.plays.slice(0, this.next)) {
      if (!isDone(play)) {
        this.begin(play);
      }
    }
    this.grow(performance.now());
    this.show();
  }

  step(direction: 1 | -1): void {
    if (this.isPlaying) {
      this.togglePlay();
    }
    const ends = this.plays.map((play) => play.endMs).sort((a, b) => a - b);
    const later = ends.find((end) => end > this.timeMs + 0.5);
    const earlier = ends.filter((end) => end < this.timeMs - 0.5).pop();
    this.seek(direction > 0 ? (later ?? this.lengthMs) : (earlier ?? 0));
  }

  frame(nowMs: number): void {
    if (!this.isOpen || !this.isReady) {
      return;
    }
    const isGroundThere = this.past.layer.shownSeq === this.span!.from - 1;
    if (this.isPlaying && isGroundThere) {
      const passedMs = this.playedMs === 0 ? 16 : Math.min(100, nowMs - this.playedMs);
      this.playedMs = nowMs;
      this.timeMs = Math.min(this.lengthMs, this.timeMs + passedMs * Number(this.speed.value));
      while (this.next < this.plays.length && this.plays[this.next]!.beginMs <= this.timeMs) {
        this.begin(this.plays[this.next++]!);
      }
      this.grow(nowMs);
      this.show();
      if (this.timeMs >= this.lengthMs) {
        this.isPlaying = false;
        setPlaying(this.playButton, false);
      }
    }
    if (this.isPlaying || this.lingering.length > 0) {
      this.showPens(nowMs);
      this.past.app.wall.request();
    }
  }

  private begin(play: Playing): void {
    const stroke = { ...play.stroke, points: { ...play.stroke.points, count: 1 } };
    this.active.push({ play, stroke });
    this.past.layer.beginLive(play.piece.key, stroke);
  }

  private grow(nowMs: number): void {
    const { layer } = this.past;
    for (const { play, stroke } of this.active) {
      if (play.endMs <= this.timeMs) {
        layer.endLive(play.piece.key);
        layer.addMark(markOf(play));
        stroke.points.count = play.stroke.points.count;
        this.lingering.push({ pen: penOf(play, stroke, nowMs), untilMs: nowMs + PEN_LINGERS_MS });
      } else {
        stroke.points.count = pointsAt(play, this.timeMs - play.beginMs);
        layer.growLive(play.piece.key);
      }
    }
    this.active = this.active.filter(({ play }) => play.endMs > this.timeMs);
    this.showPens(nowMs);
  }

  private showPens(nowMs: number): void {
    this.lingering = this.lingering.filter(({ untilMs }) => untilMs > nowMs);
    const pens = new Map<string, Pen>();
    this.lingering.forEach(({ pen }) => pens.set(pen.nonce, pen));
    for (const { play, stroke } of this.active) {
      const pen = penOf(play, stroke, nowMs);
      pens.set(pen.nonce, pen);
    }
    this.past.app.doors.pens = [...pens.values()];
  }

  private show(): void {
    const done = this.next - this.active.length;
    const { length } = this.plays;
    this.progress.value = String(this.lengthMs === 0 ? 0 : this.timeMs / this.lengthMs);
    const last = this.plays[Math.max(0, this.next - 1)];
    const when = last === undefined ? '' : shortTime(last.piece.timeMs);
    const where = `${done} of ${count(length, 'stroke')}`;
    this.text.textContent = `${clock(this.timeMs)} / ${clock(this.lengthMs)} · ${where} · ${when}`;
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
      this.seek(event.key === 'Home' ? 0 : this.lengthMs);
    } else {
      return false;
    }
    return true;
  }

  report(): object {
    return {
      isOpen: this.isOpen,
      isReady: this.isReady,
      isPlaying: this.isPlaying,
      strokes: this.plays.length,
      done: this.next - this.active.length,
      timeMs: this.timeMs,
      lengthMs: this.lengthMs,
    };
  }
}

function markOf(play: Playing): { key: string; seq: number; parts: Stroke[] } {
  return { key: play.piece.key, seq: play.piece.seq, parts: play.piece.parts };
}

function penOf(play: Playing, stroke: Stroke, nowMs: number): Pen {
  const last = stroke.points.count - 1;
  return {
    nonce: `replay ${play.piece.artist}`,
    artist: play.piece.artist,
    place: {
      level: stroke.origin.level,
      tileX: stroke.origin.x,
      tileY: stroke.origin.y,
      x: stroke.points.x[last]! / SUB_PER_PX,
      y: stroke.points.y[last]! / SUB_PER_PX,
    },
    color: stroke.color,
    seenMs: nowMs,
  };
}
