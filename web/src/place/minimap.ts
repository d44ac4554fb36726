/* The map in the corner: pictures of what is painted around, over them what of it is one's own, how much was drawn where
 * while the activity layer is on, where people draw now, and what one looks at. Drawn only when something of that changed; pressing and dragging on it moves the view. */
import { ChevronDown } from 'lucide';
import { screenToPosition, type Camera, type Viewport } from '../core/camera.ts';
import type { Position, TileRect } from '../core/geometry.ts';
import { message } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';
import type { Heat, PlaceApi } from './api.ts';
import { middleOf, type Lively } from './lively.ts';
import { fillByCount, fillPlain, type Color } from './heatcells.ts';
import { frameFor, fromMap, onMap, stillServes, type Box } from './mapframe.ts';
import { MapPictures } from './mappictures.ts';

const WIDTH_PX = 196;
const HEIGHT_PX = 140;
const MOVED_MS = 350;
const AGAIN_MS = 20_000;
const REBUILT_MS = 3_000;
const TRIES_MAX = 5;
const STEP = 0.1; /* of the map, by a key */
const OWN: Color = [28, 110, 213, 0.34];

export interface MapEvents {
  /* By pressing: to fly there; while dragging: to be there. */
  go(place: Position, isDragging: boolean): void;
  close(): void;
}

/* Counts over the pictures. */
interface Over {
  frame: TileRect;
  cells: HTMLCanvasElement;
}

export class Minimap {
  readonly root: HTMLElement;
  private readonly canvas = element('canvas', { class: 'map-canvas', tabindex: '0', role: 'application' });
  private readonly pictures: MapPictures;
  private frame: TileRect | null = null;
  private over: Over[] = [];
  private tries = 0;
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
    canvas: string,
    private readonly api: PlaceApi,
    private readonly self: () => number,
    /* Since when the activity layer counts; null while it is off. */
    private readonly activeFromMs: () => number | null,
    private readonly events: MapEvents,
  ) {
    this.pictures = new MapPictures(canvas);
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

  /* The newest pictures there are. */
  get isPresent(): boolean {
    return this.tries === 0;
  }

  get pictureCount(): number {
    return this.pictures.count;
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

  /* What lies over its pictures is another now. */
  overChanged(): void {
    if (this.isShown && this.camera !== null) {
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
      if (box !== null) {
        await this.bring(this.frame!, abort.signal);
      }
      this.isStale = true;
      this.redraw();
    } catch {
      /* given up for a newer question, or the server is away: the next one comes */
    }
  }

  /* What lies over the pictures is asked for with them; without it the map is one all the same. */
  private async bring(frame: TileRect, signal: AbortSignal): Promise<void> {
    const self = this.self();
    const from = this.activeFromMs();
    const heat = (about: { from?: number; artist?: number }): Promise<Heat | null> =>
      this.api.heat(frame, about, signal).catch(() => null);
    const [isPresent, own, active] = await Promise.all([
      this.pictures.bring(frame, (this.fit().width / frame.width) * this.viewport!.ratio, signal),
      self > 0 ? heat({ artist: self }) : null,
      from === null ? null : heat({ from }),
    ]);
    if (signal.aborted) {
      return;
    }
    this.over = [];
    if (own !== null) {
      const cells = document.createElement('canvas');
      fillPlain(cells, own, OWN);
      this.over.push({ frame: own, cells });
    }
    if (active !== null) {
      const cells = document.createElement('canvas');
      fillByCount(cells, active);
      this.over.push({ frame: active, cells });
    }
    /* Far pictures are drawn anew a while after what is near. */
    this.tries = isPresent ? 0 : this.tries + 1;
    if (!isPresent && this.tries <= TRIES_MAX) {
      this.askSoon(REBUILT_MS);
    }
  }

  private redraw(): void {
    if (this.camera !== null && this.isShown) {
      this.draw(this.camera, this.viewport!);
    }
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
    this.pictures.paint(context, (place) => this.at(place));
    this.paintOver(context);
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

  private paintOver(context: CanvasRenderingContext2D): void {
    context.imageSmoothingEnabled = true;
    for (const { frame, cells } of this.over) {
      const corner = (x: number, y: number): { x: number; y: number } =>
        this.at({ level: frame.level, tileX: frame.x + x, tileY: frame.y + y, x: 0, y: 0 });
      const from = corner(-1, -1); /* the cells' rim */
      const to = corner(frame.width + 1, frame.height + 1);
      context.drawImage(cells, from.x, from.y, to.x - from.x, to.y - from.y);
    }
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
