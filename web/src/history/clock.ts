/* The time machine: the bar along the bottom, and which moment the wall shows. */
import { Copy, FastForward, Film, Pause, PenLine, Play } from 'lucide';
import { message } from '../i18n/i18n.ts';
import { button, element, icon, titleOf } from '../ui/dom.ts';
import type { Moment } from './api.ts';
import { timelineOf } from './activity.ts';
import { viewRect } from './area.ts';
import { formatAt } from './link.ts';
import type { Past } from './history.ts';
import {
  advance,
  endOf,
  startOf,
  stepBar,
  timeAt,
  type Timeline,
} from './timeline.ts';
import { Track } from './track.ts';
import { exactTime, shortTime } from './words.ts';

const BARS = 200;
const SETTLE_MS = 320;
const SPEEDS = [1, 10, 100, 1000];

export function speedSelect(speeds: readonly number[], changed: () => void): HTMLSelectElement {
  const made = element('select', { class: 'speed' });
  made.title = message('clock.speed');
  made.setAttribute('aria-label', made.title);
  for (const speed of speeds) {
    made.append(element('option', { value: String(speed) }, message('clock.times', { speed })));
  }
  made.addEventListener('change', changed);
  return made;
}

/* A play button that turns into pause. */
export function setPlaying(made: HTMLButtonElement, isPlaying: boolean): void {
  const label = message(isPlaying ? 'clock.pause' : 'clock.play');
  made.replaceChildren(icon(isPlaying ? Pause : Play));
  made.setAttribute('aria-label', label);
  made.title = titleOf(label, 'space');
}

export class Clock {
  readonly root: HTMLElement;
  timeline: Timeline = { segments: [] };
  timeMs = 0;
  seq = 0;
  isOpen = false;
  private readonly track: Track;
  private readonly playButton = button(message('clock.play'), Play, 'space', () => this.togglePlay());
  private readonly speed = speedSelect(SPEEDS, () => undefined);
  private readonly skip = button(message('clock.skip'), FastForward, null, () => {
    this.isSkipping = !this.isSkipping;
    this.skip.setAttribute('aria-pressed', String(this.isSkipping));
  });
  private isSkipping = true;
  private isPlaying = false;
  private newest = 0;
  private first = 1;
  private newestMs = 0;
  private asking: AbortController | null = null;
  private wantedMs: number | null = null;
  private isResolving = false;
  private settleTimer = 0;
  private playedMs = 0;

  constructor(private readonly past: Past) {
    this.track = new Track(
      { input: (_, timeMs) => this.seekTime(timeMs), label: (timeMs) => shortTime(timeMs) },
      [message('clock.moment')],
    );
    this.skip.setAttribute('aria-pressed', 'true');
    this.speed.value = '10';
    const now = element('button', { type: 'button', class: 'text-button is-now' });
    now.textContent = message('clock.now');
    now.title = titleOf(message('clock.backToNow'), 'escape');
    now.addEventListener('click', () => past.now());
    this.root = element(
      'div',
      { class: 'bar timebar', role: 'group', 'aria-label': message('past.timeMachine') },
      element('div', { class: 'timebar-side' }, this.playButton, this.speed, this.skip),
      this.track.root,
      element(
        'div',
        { class: 'timebar-side' },
        button(message('clock.replay'), PenLine, null, () => past.setup.open()),
        button(message('clock.timelapse'), Film, null, () => past.film.start()),
        button(message('clock.copyLink'), Copy, null, () => void past.copyLink()),
        now,
      ),
    );
    this.root.hidden = true;
  }

  /* ---- open and shut ---- */

  async open(at: number | null): Promise<void> {
    this.isOpen = true;
    this.root.hidden = false;
    this.past.enter();
    try {
      const seq = await this.past.api.newest();
      this.newest = seq;
      if (seq === 0) {
        this.past.now();
        this.past.say(message('past.nothingYet'));
        return;
      }
      const asked = at === null ? seq : Math.min(at, seq);
      const last = await this.past.api.moment(String(seq));
      this.newestMs = last.time;
      this.first = Math.max(1, await this.past.begin());
      const moment = Math.max(this.first, asked);
      this.settled(moment === seq ? last : await this.past.api.moment(String(moment)));
      await this.look();
    } catch (error) {
      this.past.say((error as Error).message);
    }
    this.track.focus();
  }

  close(): void {
    this.isOpen = false;
    this.root.hidden = true;
    this.asking?.abort();
    this.pause();
    window.clearTimeout(this.settleTimer);
    this.past.app.wall.addressExtras = '';
  }

  /* ---- what was drawn when, in view ---- */

  private async look(): Promise<void> {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    const { camera, viewport } = this.past.app.wall;
    const rect = viewRect(camera, viewport);
    const { api } = this.past;
    try {
      this.timeline = await timelineOf(api, rect, this.newestMs, BARS, asking.signal);
      this.track.setTimeline(this.timeline);
    } catch (error) {
      if (!asking.signal.aborted) {
        this.past.say((error as Error).message);
      }
    }
  }

  moved(): void {
    if (this.isOpen) {
      window.clearTimeout(this.settleTimer);
      this.settleTimer = window.setTimeout(() => void this.look(), SETTLE_MS);
    }
  }

  /* ---- the moment ---- */

  /* The latest wins: while one time is being looked up only the newest other one is remembered. */
  seekTime(timeMs: number): void {
    this.timeMs = timeMs;
    this.track.setTime(0, timeMs);
    this.wantedMs = timeMs;
    if (!this.isResolving) {
      void this.resolve();
    }
  }

  private async resolve(): Promise<void> {
    this.isResolving = true;
    while (this.wantedMs !== null && this.isOpen) {
      const timeMs = this.wantedMs;
      this.wantedMs = null;
      const isEnd = timeMs >= endOf(this.timeline);
      try {
        const moment = isEnd
          ? await this.past.api.moment(String(this.newest))
          : await this.past.api.momentAt(timeMs);
        this.showSeq(moment.seq);
      } catch {
        if (timeMs <= startOf(this.timeline) + 1) {
          this.showSeq(this.first);
        }
      }
    }
    this.isResolving = false;
  }

  private showSeq(seq: number): void {
    if (!this.isOpen) {
      return;
    }
    this.seq = seq;
    this.past.layer.show(seq);
    this.past.app.wall.addressExtras = formatAt(seq);
    this.past.app.wall.updateAddress();
  }

  private settled(moment: Moment): void {
    this.timeMs = moment.time;
    this.track.setTime(0, moment.time);
    this.showSeq(moment.seq);
  }

  async seekSeq(seq: number): Promise<void> {
    const held = Math.min(this.newest, Math.max(this.first, seq));
    this.showSeq(held);
    this.wantedMs = null;
    const moment = await this.past.api.moment(String(held)).catch(() => null);
    if (moment !== null && this.seq === held) {
      this.timeMs = moment.time;
      this.track.setTime(0, moment.time);
    }
  }

  /* ---- playing ---- */

  togglePlay(): void {
    if (this.isPlaying) {
      this.pause();
      return;
    }
    if (this.timeMs >= endOf(this.timeline) - 1) {
      this.seekTime(startOf(this.timeline));
    }
    this.isPlaying = true;
    this.playedMs = 0;
    setPlaying(this.playButton, true);
    this.past.app.wall.request();
  }

  private pause(): void {
    this.isPlaying = false;
    setPlaying(this.playButton, false);
  }

  frame(nowMs: number): void {
    this.track.setLate(this.isOpen && this.past.layer.isLate);
    if (!this.isPlaying) {
      return;
    }
    const passedMs = this.playedMs === 0 ? 16 : Math.min(100, nowMs - this.playedMs);
    this.playedMs = nowMs;
    if (!this.track.isDragging) {
      const speed = Number(this.speed.value);
      const next = advance(this.timeline, this.timeMs, passedMs * speed, this.isSkipping);
      this.seekTime(next);
      if (next >= endOf(this.timeline)) {
        this.pause();
      }
    }
    this.past.app.wall.request();
  }

  /* ---- keys ---- */

  key(event: KeyboardEvent): boolean {
    const direction = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : null;
    if (direction !== null) {
      this.pause();
      if (event.shiftKey) {
        this.seekTime(stepBar(this.timeline, this.timeMs, direction));
      } else {
        void this.seekSeq(this.seq + direction);
      }
    } else if (event.key === 'Home') {
      this.pause();
      this.seekTime(timeAt(this.timeline, 0));
    } else if (event.key === 'End') {
      this.pause();
      this.seekTime(timeAt(this.timeline, 1));
    } else if (event.key === ' ') {
      this.togglePlay();
    } else {
      return false;
    }
    return true;
  }

  describe(): string {
    return exactTime(this.timeMs);
  }
}
