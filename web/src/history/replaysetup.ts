/* What is to be replayed: a span on the strip of time, and an area, by dragging it on the wall. */
import { SquareDashedMousePointer, X } from 'lucide';
import { message } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';
import { viewRect, type PixelRect } from './area.ts';
import type { Past } from './history.ts';
import { Track } from './track.ts';
import { shortTime } from './words.ts';

export class ReplaySetup {
  readonly root: HTMLElement;
  private readonly track: Track;
  private rect: PixelRect | null = null;
  private spanMs: [number, number] = [0, 0];

  constructor(private readonly past: Past) {
    this.track = new Track(
      {
        input: (index, timeMs) => {
          this.spanMs[index] = timeMs;
          this.track.setTime(index, timeMs);
        },
        label: (timeMs) => shortTime(timeMs),
      },
      [message('replay.from'), message('replay.to')],
    );
    const start = element('button', { type: 'button', class: 'text-button' });
    start.textContent = message('replay.start');
    start.addEventListener('click', () => void this.start());
    this.root = element(
      'div',
      { class: 'bar timebar', role: 'group', 'aria-label': message('replay.setup') },
      element(
        'div',
        { class: 'timebar-side' },
        button(message('replay.area'), SquareDashedMousePointer, null, () => this.choose()),
      ),
      this.track.root,
      element(
        'div',
        { class: 'timebar-side' },
        start,
        button(message('past.cancel'), X, 'escape', () => past.escape()),
      ),
    );
    this.root.hidden = true;
  }

  get isOpen(): boolean {
    return !this.root.hidden;
  }

  open(): void {
    const { segments } = this.past.clock.timeline;
    if (segments.length === 0) {
      return;
    }
    this.rect = null;
    this.past.clock.root.hidden = true;
    this.root.hidden = false;
    this.track.setTimeline(this.past.clock.timeline);
    this.spanMs = [segments[0]!.fromMs, segments[segments.length - 1]!.toMs];
    this.track.setTime(0, this.spanMs[0]);
    this.track.setTime(1, this.spanMs[1]);
    this.track.focus();
  }

  close(): void {
    this.root.hidden = true;
  }

  private choose(): void {
    this.past.say(message('past.dragRectangle'));
    this.past.picker.rectangle((rect) => (this.rect = rect));
  }

  private async start(): Promise<void> {
    const [fromMs, toMs] = [Math.min(...this.spanMs), Math.max(...this.spanMs)];
    const { api } = this.past;
    try {
      const from = await api.momentAt(fromMs - 1).then(
        ({ seq }) => seq + 1,
        async () => (await this.past.begin()) + 1,
      );
      const { newest } = await this.past.moments();
      const to = await api.momentAt(Math.ceil(toMs)).then(
        ({ seq }) => seq,
        () => newest,
      );
      const { camera, viewport } = this.past.app.wall;
      const rect = this.rect ?? viewRect(camera, viewport);
      await this.past.replay.start({ from: Math.min(from, to), to, rect });
    } catch (error) {
      this.past.say((error as Error).message);
    }
  }
}
