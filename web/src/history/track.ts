/* The strip of time: bars of what was drawn when, and one handle (a moment) or two (a span). */
import { element } from '../ui/dom.ts';
import { whenThemeChanges } from '../ui/theme.ts';
import { GAP_BARS, layoutOf, placeAt, timeAt, type Timeline } from './timeline.ts';

export interface TrackEvents {
  /* The handle was dragged, or stepped by the keys, to a time. */
  input(index: number, timeMs: number): void;
  label(timeMs: number): string;
}

const HEIGHT_PX = 34;
const INSET_PX = 9;

export class Track {
  readonly root = element('div', { class: 'track' });
  private readonly canvas = element('canvas', { 'aria-hidden': 'true' });
  private readonly range = element('div', { class: 'track-range', 'aria-hidden': 'true' });
  private readonly handles: HTMLElement[] = [];
  private readonly bubbles: HTMLElement[] = [];
  private times: number[];
  private timeline: Timeline = { segments: [] };
  private dragging: number | null = null;
  private readonly observer = new ResizeObserver(() => this.draw());

  constructor(
    private readonly events: TrackEvents,
    labels: readonly string[],
  ) {
    this.times = labels.map(() => 0);
    this.root.append(this.canvas, this.range);
    this.range.hidden = labels.length < 2;
    for (const label of labels) {
      const bubble = element('span', { class: 'track-bubble' });
      const handle = element('div', {
        class: 'track-handle',
        role: 'slider',
        tabindex: '0',
        'aria-label': label,
      });
      handle.append(bubble);
      this.handles.push(handle);
      this.bubbles.push(bubble);
      this.root.append(handle);
    }
    this.root.addEventListener('pointerdown', (event) => this.down(event));
    this.root.addEventListener('pointermove', (event) => this.move(event));
    this.root.addEventListener('pointerup', () => (this.dragging = null));
    this.root.addEventListener('pointercancel', () => (this.dragging = null));
    this.observer.observe(this.root);
    whenThemeChanges(() => this.draw());
  }

  get isDragging(): boolean {
    return this.dragging !== null;
  }

  /* Which handle the keys move, if any. */
  get focused(): number {
    return this.handles.indexOf(document.activeElement as HTMLElement);
  }

  focus(): void {
    this.handles[0]!.focus({ preventScroll: true });
  }

  /* What it stands for is still to come. */
  setLate(isLate: boolean): void {
    this.root.classList.toggle('is-late', isLate);
  }

  setTimeline(timeline: Timeline): void {
    this.timeline = timeline;
    this.draw();
    this.times.forEach((time, i) => this.setTime(i, time));
  }

  setTime(index: number, timeMs: number): void {
    this.times[index] = timeMs;
    const handle = this.handles[index]!;
    const place = placeAt(this.timeline, timeMs);
    const label = this.events.label(timeMs);
    handle.style.setProperty('--place', String(place));
    handle.setAttribute('aria-valuemin', '0');
    handle.setAttribute('aria-valuemax', '100');
    handle.setAttribute('aria-valuenow', (place * 100).toFixed(1));
    handle.setAttribute('aria-valuetext', label);
    this.bubbles[index]!.textContent = label;
    handle.classList.toggle('is-early', place < 0.2);
    handle.classList.toggle('is-late', place > 0.8);
    if (this.times.length > 1) {
      const places = this.times.map((time) => placeAt(this.timeline, time));
      this.range.style.setProperty('--from', String(Math.min(...places)));
      this.range.style.setProperty('--to', String(Math.max(...places)));
    }
    this.draw();
  }

  private placeOf(event: PointerEvent): number {
    const box = this.root.getBoundingClientRect();
    const inner = box.width - 2 * INSET_PX;
    return Math.min(1, Math.max(0, (event.clientX - box.left - INSET_PX) / inner));
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) {
      return;
    }
    event.preventDefault();
    const place = this.placeOf(event);
    const farness = this.times.map((time) => Math.abs(placeAt(this.timeline, time) - place));
    this.dragging = farness.indexOf(Math.min(...farness));
    if (farness.length === 2 && farness[0] === farness[1]) {
      this.dragging = place < placeAt(this.timeline, this.times[0]!) ? 0 : 1;
    }
    this.handles[this.dragging]!.focus({ preventScroll: true });
    try {
      this.root.setPointerCapture(event.pointerId);
    } catch {
      /* gone already */
    }
    this.move(event);
  }

  private move(event: PointerEvent): void {
    if (this.dragging !== null && this.timeline.segments.length > 0) {
      this.events.input(this.dragging, timeAt(this.timeline, this.placeOf(event)));
    }
  }

  private draw(): void {
    const ratio = window.devicePixelRatio || 1;
    const width = this.root.clientWidth - 2 * INSET_PX;
    if (width <= 0) {
      return;
    }
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(HEIGHT_PX * ratio);
    const context = this.canvas.getContext('2d')!;
    const style = getComputedStyle(this.root);
    const past = style.getPropertyValue('--past');
    const later = style.getPropertyValue('--later');
    const [from, to] = this.edges();
    const { segments } = this.timeline;
    const most = Math.max(1, ...segments.flatMap((segment) => segment.counts));
    const layout = layoutOf(this.timeline);
    segments.forEach((segment, s) => {
      const place = layout[s]!;
      const step = ((place.to - place.from) * this.canvas.width) / segment.counts.length;
      segment.counts.forEach((each, i) => {
        const x = place.from * this.canvas.width + i * step;
        const time =
          segment.fromMs + ((i + 0.5) * (segment.toMs - segment.fromMs)) / segment.counts.length;
        if (each === 0) {
          return;
        }
        const share = 0.12 + 0.88 * Math.sqrt(each / most);
        const high = share * (this.canvas.height - 4 * ratio);
        context.fillStyle = time >= from && time <= to ? past : later;
        const wide = Math.max(ratio, step - Math.min(ratio, step * 0.3));
        context.fillRect(x, this.canvas.height - high, wide, high);
      });
      if (s > 0) {
        context.fillStyle = later;
        const gap = GAP_BARS * step;
        for (let i = 1; i < 4; i++) {
          const x = place.from * this.canvas.width - (gap * i) / 4;
          context.fillRect(x, this.canvas.height - 3 * ratio, ratio, ratio);
        }
      }
    });
  }

  private edges(): [number, number] {
    return this.times.length > 1
      ? [Math.min(...this.times), Math.max(...this.times)]
      : [-Infinity, this.times[0]!];
  }
}
