/* The map in the corner: what is painted around, what of it is one's own, where people draw now, and what
 * one looks at. Drawn only when something of that changed; pressing and dragging on it moves the view. */
import { ChevronDown } from 'lucide';
import { screenToPosition, type Camera, type Viewport } from '../core/camera.ts';
import { isSameRect, type Position, type TileRect } from '../core/geometry.ts';
import { message } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';
import type { Heat, PlaceApi } from './api.ts';
import { middleOf, type Lively } from './lively.ts';
import { frameFor, fromMap, onMap, stillServes, type Box } from './mapframe.ts';

const WIDTH_PX = 196;
const HEIGHT_PX = 140;
const MOVED_MS = 350;
const AGAIN_MS = 20_000;
const STEP = 0.1; /* of the map, by a key */

export interface MapEvents {
  /* By pressing: to fly there; while dragging: to be there. */
  go(place: Position, isDragging: boolean): void;
  close(): void;
}

interface Painted {
  frame: TileRect;
  all: Heat;
  own: Heat | null;
}

export class Minimap {
  readonly root: HTMLElement;
  private readonly canvas = element('canvas', { class: 'map-canvas', tabindex: '0', role: 'application' });
  private readonly ink: HTMLCanvasElement;
  private frame: TileRect | null = null;
  private painted: Painted | null = null;
  private box: Box | null = null;
  private camera: Camera | null = null;
  private viewport: Viewport | null = null;
  private places: readonly Lively[] = [];
  private isStale = true;
  private timer = 0;
  private abort: AbortController | null = null;
  private askedMs = -Infinity;
  /* How often it asked and drew: for tests. */
  readonly work = { asked: 0, drawn: 0 };

  constructor(
    private readonly api: PlaceApi,
    private readonly self: () => number,
    private readonly events: MapEvents,
  ) {
    this.ink = document.createElement('canvas');
    this.canvas.setAttribute('aria-label', message('map.label'));
    const close = button(message('map.hide'), ChevronDown, null, () => events.close());
    close.classList.add('map-close');
    this.root = element('div', { class: 'map' }, this.canvas, close);
    this.root.hidden = true;
    this.listen();
  }

  get isShown(): boolean {
    return !this.root.hidden;
  }

  show(isShown: boolean): void {
    this.root.hidden = !isShown;
    this.isStale = true;
    if (!isShown) {
      this.abort?.abort();
      window.clearTimeout(this.timer);
      this.timer = 0;
    }
  }

  /* Who draws now, and perhaps where nothing was painted before: it is asked again, now and then. */
  set(places: readonly Lively[]): void {
    this.places = places;
    this.isStale = true;
    if (this.isShown && performance.now() - this.askedMs > AGAIN_MS) {
      this.askSoon(0);
    }
  }

  draw(camera: Camera, viewport: Viewport): void {
    const hasMoved = camera !== this.camera || viewport !== this.viewport;
    if (!this.isShown || !(hasMoved || this.isStale)) {
      return;
    }
    [this.camera, this.viewport, this.isStale] = [camera, viewport, false];
    this.follow();
    this.paint();
  }

  /* Another part of the wall, if this one does not serve any more. */
  private follow(): void {
    const wanted = frameFor(this.camera!, this.viewport!, this.box, WIDTH_PX / HEIGHT_PX);
    if (this.frame === null || !stillServes(this.frame, wanted, this.camera!, this.viewport!)) {
      const isFirst = this.frame === null;
      this.frame = wanted;
      this.askSoon(isFirst ? 0 : MOVED_MS);
    }
  }

  private askSoon(ms: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.askNow(), ms);
  }

  private async askNow(): Promise<void> {
    this.abort?.abort();
    const abort = (this.abort = new AbortController());
    this.askedMs = performance.now();
    this.work.asked++;
    try {
      const { box } = await this.api.overview(abort.signal);
      this.box = box;
      const wanted = frameFor(this.camera!, this.viewport!, box, WIDTH_PX / HEIGHT_PX);
      if (!stillServes(this.frame!, wanted, this.camera!, this.viewport!)) {
        this.frame = wanted;
      }
      const frame = this.frame!;
      const self = this.self();
      const [all, own] = await Promise.all([
        this.api.heat(frame, {}, abort.signal),
        self > 0 ? this.api.heat(frame, { artist: self }, abort.signal).catch(() => null) : null,
      ]);
      this.painted = { frame, all, own };
      this.fillInk(this.painted);
      this.isStale = true;
      this.redraw();
    } catch {
      /* given up for a newer question, or the server is away: the next one comes */
    }
  }

  private redraw(): void {
    if (this.camera !== null && this.isShown) {
      this.draw(this.camera, this.viewport!);
    }
  }

  /* A pixel a tile; drawn larger and soft. */
  private fillInk({ all, own }: Painted): void {
    [this.ink.width, this.ink.height] = [all.width, all.height];
    const image = new ImageData(all.width, all.height);
    const most = Math.log2(2 + Math.max(0, ...all.counts));
    all.counts.forEach((count, i) => {
      if (count > 0) {
        const isOwn = (own?.counts[i] ?? 0) > 0;
        const strength = 0.3 + 0.7 * (Math.log2(1 + count) / most);
        const [r, g, b] = isOwn ? [200, 69, 47] : [70, 62, 54];
        image.data.set([r, g, b, Math.round(255 * strength * (isOwn ? 0.9 : 0.72))], i * 4);
      }
    });
    this.ink.getContext('2d')!.putImageData(image, 0, 0);
  }

  private paint(): void {
    const ratio = this.viewport!.ratio;
    const [width, height] = [Math.round(WIDTH_PX * ratio), Math.round(HEIGHT_PX * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      [this.canvas.width, this.canvas.height] = [width, height];
    }
    this.work.drawn++;
    const context = this.canvas.getContext('2d')!;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.paintInk(context);
    this.paintLively(context);
    this.paintView(context);
  }

  /* The frame fills the map one way and is cut the other: map pixels of a place. */
  private at(place: Position): { x: number; y: number } {
    const { x, y } = onMap(this.frame!, place);
    const fit = this.fit();
    return { x: fit.x + x * fit.width, y: fit.y + y * fit.height };
  }

  private fit(): { x: number; y: number; width: number; height: number } {
    const { width: columns, height: rows } = this.frame!;
    const cell = Math.max(WIDTH_PX / columns, HEIGHT_PX / rows);
    const [width, height] = [columns * cell, rows * cell];
    return { x: (WIDTH_PX - width) / 2, y: (HEIGHT_PX - height) / 2, width, height };
  }

  private paintInk(context: CanvasRenderingContext2D): void {
    if (this.painted === null) {
      return;
    }
    const { frame } = this.painted;
    const corner = (x: number, y: number): Position => ({
      level: frame.level,
      tileX: frame.x + x,
      tileY: frame.y + y,
      x: 0,
      y: 0,
    });
    const from = this.at(corner(0, 0));
    const to = this.at(corner(frame.width, frame.height));
    context.imageSmoothingEnabled = !isSameRect(frame, this.frame) || frame.width > 12;
    context.drawImage(this.ink, from.x, from.y, to.x - from.x, to.y - from.y);
  }

  private paintLively(context: CanvasRenderingContext2D): void {
    for (const place of this.places) {
      const { x, y } = this.at(middleOf(place));
      if (x > -4 && y > -4 && x < WIDTH_PX + 4 && y < HEIGHT_PX + 4) {
        context.beginPath();
        context.arc(x, y, 3.5, 0, 2 * Math.PI);
        context.fillStyle = '#1f9d55';
        context.fill();
        context.lineWidth = 1.5;
        context.strokeStyle = '#fffdf9';
        context.stroke();
      }
    }
  }

  private paintView(context: CanvasRenderingContext2D): void {
    const { width, height } = this.viewport!;
    const corners = [[0, 0], [width, 0], [width, height], [0, height]].map(([x, y]) =>
      this.at(screenToPosition(this.camera!, this.viewport!, x!, y!)),
    );
    const middle = this.at(this.camera!.centre);
    const isTiny = Math.hypot(corners[2]!.x - corners[0]!.x, corners[2]!.y - corners[0]!.y) < 7;
    context.beginPath();
    if (isTiny) {
      context.arc(middle.x, middle.y, 3.5, 0, 2 * Math.PI);
    } else {
      corners.forEach(({ x, y }) => context.lineTo(x, y));
      context.closePath();
    }
    context.fillStyle = 'rgb(44 110 213 / 0.1)';
    context.fill();
    context.lineWidth = 3;
    context.strokeStyle = 'rgb(255 253 249 / 0.85)';
    context.stroke();
    context.lineWidth = 1.5;
    context.strokeStyle = '#2c6ed5';
    context.stroke();
  }

  /* ---- the hand on it ---- */

  private placeAt(event: PointerEvent): Position {
    const box = this.canvas.getBoundingClientRect();
    const fit = this.fit();
    const x = ((event.clientX - box.left) / box.width) * WIDTH_PX;
    const y = ((event.clientY - box.top) / box.height) * HEIGHT_PX;
    return fromMap(this.frame!, (x - fit.x) / fit.width, (y - fit.y) / fit.height);
  }

  private listen(): void {
    let pressed: { x: number; y: number } | null = null;
    let isDragging = false;
    const { canvas } = this;
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button === 0 && this.frame !== null) {
        pressed = { x: event.clientX, y: event.clientY };
        isDragging = false;
        canvas.setPointerCapture(event.pointerId);
      }
    });
    canvas.addEventListener('pointermove', (event) => {
      if (pressed === null) {
        return;
      }
      isDragging = isDragging || Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > 4;
      if (isDragging) {
        this.events.go(this.placeAt(event), true);
      }
    });
    canvas.addEventListener('pointerup', (event) => {
      if (pressed !== null && !isDragging) {
        this.events.go(this.placeAt(event), false);
      }
      pressed = null;
    });
    canvas.addEventListener('pointercancel', () => (pressed = null));
    canvas.addEventListener('keydown', (event) => {
      const steps: Record<string, [number, number]> = {
        ArrowLeft: [-STEP, 0],
        ArrowRight: [STEP, 0],
        ArrowUp: [0, -STEP],
        ArrowDown: [0, STEP],
      };
      const step = steps[event.key];
      if (step !== undefined && this.frame !== null && this.camera !== null) {
        event.preventDefault();
        event.stopPropagation();
        const { x, y } = onMap(this.frame, this.camera.centre);
        this.events.go(fromMap(this.frame, x + step[0], y + step[1]), false);
      }
    });
  }
}
