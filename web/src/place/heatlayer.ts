/* The activity layer: over the wall, soft and warm, how much was drawn where in the last hour, day or week,
 * with a legend. Off until it is asked for. */
import { X } from 'lucide';
import { positionToScreen, type Camera, type Viewport } from '../core/camera.ts';
import type { TileRect } from '../core/geometry.ts';
import { formatNumber, message, type MessageId } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';
import type { Heat, PlaceApi } from './api.ts';
import { fillByCount, mostOf } from './heatcells.ts';
import { heatFrame } from './heatframe.ts';

export type Span = 'hour' | 'day' | 'week';

const SPANS: readonly { span: Span; ms: number; text: MessageId }[] = [
  { span: 'hour', ms: 3_600_000, text: 'activity.hour' },
  { span: 'day', ms: 86_400_000, text: 'activity.day' },
  { span: 'week', ms: 7 * 86_400_000, text: 'activity.week' },
];
const MOVED_MS = 300;
const AGAIN_MS = 20_000;
export class HeatLayer {
  readonly canvas = element('canvas', { class: 'heat', 'aria-hidden': 'true' });
  readonly legend: HTMLElement;
  private readonly cells = document.createElement('canvas');
  private readonly most = element('span', { class: 'legend-most' });
  private readonly buttons = new Map<Span, HTMLButtonElement>();
  private span: Span = 'day';
  private heat: Heat | null = null;
  private camera: Camera | null = null;
  private viewport: Viewport | null = null;
  private isStale = true;
  private timer = 0;
  private abort: AbortController | null = null;
  private frame: TileRect | null = null;

  constructor(
    private readonly api: PlaceApi,
    private readonly changed: () => void,
    private readonly chosen: () => void,
    close: () => void,
  ) {
    this.canvas.hidden = true;
    const choice = element('div', { class: 'legend-spans', role: 'group' });
    choice.setAttribute('aria-label', message('activity.span'));
    for (const { span, text } of SPANS) {
      const each = element('button', { type: 'button' }, message(text));
      each.addEventListener('click', () => this.choose(span));
      this.buttons.set(span, each);
      choice.append(each);
    }
    this.legend = element(
      'div',
      { class: 'bar legend', role: 'group', 'aria-label': message('activity.title') },
      choice,
      element('span', { class: 'legend-least' }, message('activity.little')),
      element('span', { class: 'legend-ramp' }),
      this.most,
      button(message('activity.hide'), X, null, close),
    );
    this.legend.hidden = true;
  }

  get isShown(): boolean {
    return !this.canvas.hidden;
  }

  get shownSpan(): Span {
    return this.span;
  }

  /* Strokes counted, for tests and for those who cannot see it. */
  get total(): number {
    return this.heat?.counts.reduce((sum, count) => sum + count, 0) ?? 0;
  }

  /* Since when strokes count, rounded, so that all who look at the same ask the same; null while it is off. */
  fromMs(): number | null {
    const { ms } = SPANS.find(({ span }) => span === this.span)!;
    return this.isShown ? Math.floor((Date.now() - ms) / 10_000) * 10_000 : null;
  }

  show(isShown: boolean): void {
    this.canvas.hidden = !isShown;
    this.legend.hidden = !isShown;
    this.heat = isShown ? this.heat : null;
    this.frame = null;
    this.isStale = true;
    window.clearTimeout(this.timer);
    this.choose(this.span);
    if (!isShown) {
      this.abort?.abort();
    }
  }

  choose(span: Span): void {
    this.span = span;
    for (const [each, made] of this.buttons) {
      made.setAttribute('aria-pressed', String(each === span));
    }
    this.askSoon(0);
    this.chosen();
  }

  draw(camera: Camera, viewport: Viewport): void {
    const hasMoved = camera !== this.camera || viewport !== this.viewport;
    if (!this.isShown || !(hasMoved || this.isStale)) {
      return;
    }
    [this.camera, this.viewport, this.isStale] = [camera, viewport, false];
    const wanted = heatFrame(camera, viewport);
    const { frame } = this;
    if (frame === null || frame.level !== wanted.level || frame.x !== wanted.x || frame.y !== wanted.y) {
      this.frame = wanted;
      this.askSoon(frame === null ? 0 : MOVED_MS);
    }
    this.paint();
  }

  private askSoon(ms: number): void {
    window.clearTimeout(this.timer);
    if (this.isShown && this.camera !== null) {
      this.timer = window.setTimeout(() => void this.askNow(), document.hidden ? AGAIN_MS : ms);
    }
  }

  private async askNow(): Promise<void> {
    this.abort?.abort();
    const abort = (this.abort = new AbortController());
    const from = this.fromMs()!;
    const rect = heatFrame(this.camera!, this.viewport!);
    try {
      this.took(await this.api.heat(rect, { from }, abort.signal));
    } catch {
      if (abort.signal.aborted) {
        return;
      }
    }
    this.askSoon(AGAIN_MS);
  }

  private took(heat: Heat): void {
    this.heat = heat;
    fillByCount(this.cells, heat);
    const most = mostOf(heat);
    /* Where very much was drawn every so-manieth stroke is counted. */
    const text = (heat.every ?? 1) > 1 ? message('activity.about', { count: most }) : formatNumber(most);
    this.most.textContent = most > 0 ? text : '–';
    this.most.title = message('activity.most', { count: Math.max(1, most) });
    this.isStale = true;
    this.changed();
  }

  private paint(): void {
    const { width, height } = this.viewport!;
    /* It is soft: CSS pixels are enough. */
    const [w, h] = [Math.round(width), Math.round(height)];
    if (this.canvas.width !== w || this.canvas.height !== h) {
      [this.canvas.width, this.canvas.height] = [w, h];
    }
    const context = this.canvas.getContext('2d')!;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, w, h);
    if (this.heat === null) {
      return;
    }
    const { level, x, y, width: columns, height: rows } = this.heat;
    const at = (column: number, row: number): { x: number; y: number } =>
      positionToScreen(this.camera!, this.viewport!, {
        level,
        tileX: x + column,
        tileY: y + row,
        x: 0,
        y: 0,
      });
    /* Wherever the view is turned to: three corners tell how a cell lies on the screen. */
    const [corner, right, below] = [at(-1, -1), at(columns + 1, -1), at(-1, rows + 1)];
    const [cellsX, cellsY] = [columns + 2, rows + 2];
    context.setTransform(
      (right.x - corner.x) / cellsX,
      (right.y - corner.y) / cellsX,
      (below.x - corner.x) / cellsY,
      (below.y - corner.y) / cellsY,
      corner.x,
      corner.y,
    );
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = 'high';
    context.drawImage(this.cells, 0, 0);
  }
}
