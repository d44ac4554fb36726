/* What is seen of a selection: the lasso while it is drawn, the strokes meant, their frame with its handles, and
 * what can be done with them. Knows where things are on the screen, not what they mean. */
import { Copy, TextCursorInput, Trash2, X } from 'lucide';
import { message } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';
import type { Spot } from './shape.ts';

export type Grip = 'scale' | 'turn';

export interface OverlayEvents {
  /* A handle is taken, dragged, let go. `corner`: clockwise from the upper left. */
  gripBegin(grip: Grip, corner: number, at: Spot): void;
  gripMove(at: Spot, isRegular: boolean): void;
  gripEnd(isDone: boolean): void;
  recolour(): void;
  double(): void;
  remove(): void;
  editText(): void;
  letGo(): void;
}

const SVG = 'http://www.w3.org/2000/svg';
const BAR_GAP_PX = 14;
const EDGE_PX = 8;
const TOP_PX = 64; /* the page's own bars */
const TURN_PX = 34;
const SMALL_PX = 48;
const ASIDE_PX = 12;

export type Matrix = readonly [number, number, number, number, number, number];

export function apply(m: Matrix, { x, y }: Spot): Spot {
  return { x: m[0] * x + m[2] * y + m[4], y: m[1] * x + m[3] * y + m[5] };
}

/* First `second`, then `first`. */
export function compose(first: Matrix, second: Matrix): Matrix {
  const at = apply(first, { x: second[4], y: second[5] });
  return [
    first[0] * second[0] + first[2] * second[1],
    first[1] * second[0] + first[3] * second[1],
    first[0] * second[2] + first[2] * second[3],
    first[1] * second[2] + first[3] * second[3],
    at.x,
    at.y,
  ];
}

function svg(name: string, className: string): SVGElement {
  const made = document.createElementNS(SVG, name);
  made.setAttribute('class', className);
  return made;
}

function path(spots: readonly Spot[]): string {
  return spots.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(2)} ${y.toFixed(2)}`).join('');
}

export class Overlay {
  readonly root = element('div', { class: 'select-layer' });
  private readonly picture = svg('svg', 'select-picture');
  private readonly lasso = svg('path', 'select-lasso');
  private readonly hints = svg('path', 'select-hints');
  private readonly frame = svg('polygon', 'select-frame');
  private readonly handles: HTMLElement[];
  private readonly bar: HTMLElement;
  private readonly countText = element('output', { class: 'select-count', role: 'status' });
  private readonly words: HTMLElement;
  private readonly swatch = element('span', { class: 'select-swatch' });

  constructor(
    private readonly events: OverlayEvents,
    ghost: HTMLCanvasElement,
  ) {
    this.picture.setAttribute('aria-hidden', 'true');
    this.picture.append(this.hints, this.frame, this.lasso);
    this.handles = [0, 1, 2, 3].map((corner) => this.handle('scale', corner));
    this.handles.push(this.handle('turn', 0));
    const recolour = element('button', { type: 'button' }, this.swatch);
    const label = message('select.recolour');
    recolour.setAttribute('aria-label', label);
    recolour.title = label;
    recolour.addEventListener('click', () => events.recolour());
    this.words = button(message('select.editText'), TextCursorInput, 'enter', () => events.editText());
    this.bar = element(
      'div',
      { class: 'bar select-bar', role: 'toolbar', 'aria-label': message('select.bar') },
      this.countText,
      this.words,
      recolour,
      button(message('select.doubleShort'), Copy, 'mod+d', () => events.double()),
      button(message('select.removeShort'), Trash2, 'delete', () => events.remove()),
      button(message('select.letGo'), X, 'escape', () => events.letGo()),
    );
    this.root.append(ghost, this.picture, ...this.handles, this.bar);
    this.hideSelection();
  }

  private handle(grip: Grip, corner: number): HTMLElement {
    const made = element('span', { class: `select-handle is-${grip}`, 'aria-hidden': 'true' });
    let pointer: number | null = null;
    const spot = (event: PointerEvent): Spot => ({ x: event.clientX, y: event.clientY });
    made.addEventListener('pointerdown', (event) => {
      if (pointer === null && event.button === 0) {
        event.preventDefault();
        pointer = event.pointerId;
        made.setPointerCapture(pointer);
        this.events.gripBegin(grip, corner, spot(event));
      }
    });
    made.addEventListener('pointermove', (event) => {
      if (event.pointerId === pointer) {
        this.events.gripMove(spot(event), event.shiftKey);
      }
    });
    const end = (isDone: boolean) => (event: PointerEvent) => {
      if (event.pointerId === pointer) {
        pointer = null;
        this.events.gripEnd(isDone);
      }
    };
    made.addEventListener('pointerup', end(true));
    made.addEventListener('pointercancel', end(false));
    return made;
  }

  setLasso(spots: readonly Spot[], isAsking = false): void {
    this.lasso.setAttribute('d', spots.length < 2 ? '' : `${path(spots)}${isAsking ? 'Z' : ''}`);
    this.lasso.classList.toggle('is-asking', isAsking);
  }

  setCount(count: number, isText: boolean): void {
    this.words.hidden = !isText;
    this.countText.textContent = message('select.count', { count });
  }

  setColor(color: string): void {
    this.swatch.style.setProperty('--color', color);
  }

  /* The strokes as lines, in the plane that `place` then puts on the screen. */
  setHints(lines: readonly (readonly Spot[])[]): void {
    this.hints.setAttribute('d', lines.map(path).join(''));
  }

  hideSelection(): void {
    this.picture.classList.add('is-empty');
    this.handles.forEach((handle) => (handle.hidden = true));
    this.bar.hidden = true;
  }

  /* `corners`: of the frame, on the screen, clockwise from the upper left; `plane`: of the hints. */
  place(corners: readonly Spot[], plane: Matrix, isBusy: boolean): void {
    this.picture.classList.remove('is-empty');
    this.frame.setAttribute('points', corners.map(({ x, y }) => `${x},${y}`).join(' '));
    this.hints.setAttribute('transform', `matrix(${plane.join(' ')})`);
    const [top, , right, left] = corners as [Spot, Spot, Spot, Spot];
    const [down, along] = [outward(top, left), outward(left, right)];
    /* Where they would lie over all of it, one handle is enough, a little outside. */
    const isSmall = Math.min(distance(top, left), distance(left, right)) < SMALL_PX;
    const out = isSmall ? ASIDE_PX : 0;
    corners.forEach(({ x, y }, i) => {
      const spot = { x: x + (down.x + along.x) * out, y: y + (down.y + along.y) * out };
      this.put(this.handles[i]!, spot, !isSmall || i === 2);
    });
    const middle = { x: (left.x + right.x) / 2, y: (left.y + right.y) / 2 };
    const turn = { x: middle.x + down.x * TURN_PX, y: middle.y + down.y * TURN_PX };
    this.put(this.handles[4]!, turn, true);
    this.bar.hidden = isBusy;
    if (!isBusy) {
      this.placeBar(corners);
    }
  }

  private put(handle: HTMLElement, { x, y }: Spot, isShown: boolean): void {
    handle.hidden = !isShown;
    handle.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
  }

  /* Above the frame, else below it, always on the screen. */
  private placeBar(corners: readonly Spot[]): void {
    const { offsetWidth: width, offsetHeight: height } = this.bar;
    const [screenX, screenY] = [window.innerWidth, window.innerHeight];
    const xs = corners.map(({ x }) => x);
    const ys = corners.map(({ y }) => y);
    const middle = (Math.min(...xs) + Math.max(...xs)) / 2 - width / 2;
    const x = Math.max(EDGE_PX, Math.min(screenX - width - EDGE_PX, middle));
    const above = Math.min(...ys) - height - BAR_GAP_PX;
    const below = Math.max(...ys) + TURN_PX + BAR_GAP_PX;
    const wanted = above >= TOP_PX ? above : below + height < screenY - TOP_PX ? below : TOP_PX;
    const y = Math.min(screenY - height - EDGE_PX, wanted);
    this.bar.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }
}

function distance(from: Spot, to: Spot): number {
  return Math.hypot(to.x - from.x, to.y - from.y);
}

/* The direction from one corner to the next, as long as a pixel. */
function outward(from: Spot, to: Spot): Spot {
  const length = distance(from, to) || 1;
  return { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
}
