/* Names at the others' pens: a dot and a name that follow, each artist in a colour of their own, and fade when
 * the pen rests. They make room for one's own pen: what is near it nearly disappears. */
import { positionToScreen, type Camera, type Viewport } from '../core/camera.ts';
import { tintOf } from '../place/tint.ts';
import type { Pen } from '../view/others.ts';
import { cssColor, element } from './dom.ts';

interface Label {
  root: HTMLElement;
  dot: HTMLElement;
  name: HTMLElement;
  artist: number;
}

const REST_MS = 2_600;
const LABELS_MAX = 40;
/* The name lies to the right of the pen and below; one's own pen needs so much room around it. */
const REACH_PX = { left: 50, right: 180, up: 50, down: 70 };
const FLIP_PX = 150;

export class Labels {
  readonly root = element('div', { class: 'labels', 'aria-hidden': 'true' });
  private readonly labels = new Map<string, Label>();
  private camera: Camera | null = null;
  private own: { x: number; y: number } | null = null;

  constructor() {
    const moved = (event: PointerEvent): void => {
      this.own = { x: event.clientX, y: event.clientY };
    };
    window.addEventListener('pointermove', moved, { passive: true });
    window.addEventListener('pointerdown', moved, { passive: true });
    document.addEventListener('pointerleave', () => (this.own = null));
  }

  get isShowing(): boolean {
    return this.labels.size > 0;
  }

  draw(
    pens: Iterable<Pen>,
    nameOf: (artist: number) => string,
    camera: Camera,
    viewport: Viewport,
    nowMs: number,
  ): void {
    /* Between two messages a pen glides; but with the wall it moves at once. */
    this.root.classList.toggle('is-gliding', camera === this.camera);
    this.camera = camera;
    const seen = new Set<string>();
    for (const pen of pens) {
      const at = positionToScreen(camera, viewport, pen.place);
      const isInside = at.x > -20 && at.y > -20 && at.x < viewport.width && at.y < viewport.height;
      if (isInside && seen.size < LABELS_MAX) {
        seen.add(pen.nonce);
        const label = this.labelOf(pen.nonce);
        this.place(label, pen, at, nameOf(pen.artist), nowMs);
        label.root.classList.toggle('is-left', at.x > viewport.width - FLIP_PX);
      }
    }
    for (const [nonce, label] of this.labels) {
      if (!seen.has(nonce)) {
        label.root.remove();
        this.labels.delete(nonce);
      }
    }
  }

  private labelOf(nonce: string): Label {
    let label = this.labels.get(nonce);
    if (label === undefined) {
      const dot = element('span', { class: 'label-dot' });
      const name = element('span', { class: 'label-name' });
      label = { root: element('div', { class: 'label' }, dot, name), dot, name, artist: -1 };
      this.labels.set(nonce, label);
      this.root.append(label.root);
    }
    return label;
  }

  private isNearOwn({ x, y }: { x: number; y: number }): boolean {
    if (this.own === null) {
      return false;
    }
    const [dx, dy] = [this.own.x - x, this.own.y - y];
    return (
      dx > -REACH_PX.left && dx < REACH_PX.right && dy > -REACH_PX.up && dy < REACH_PX.down
    );
  }

  private place(
    label: Label,
    pen: Pen,
    at: { x: number; y: number },
    name: string,
    nowMs: number,
  ): void {
    label.root.style.transform = `translate3d(${at.x.toFixed(1)}px, ${at.y.toFixed(1)}px, 0)`;
    label.root.classList.toggle('is-resting', nowMs - pen.seenMs > REST_MS);
    label.root.classList.toggle('is-near', this.isNearOwn(at));
    label.dot.style.backgroundColor = pen.color === null ? '' : cssColor(pen.color);
    if (label.artist !== pen.artist) {
      label.artist = pen.artist;
      label.root.style.setProperty('--tint', pen.artist > 0 ? tintOf(pen.artist) : '');
    }
    if (label.name.textContent !== name) {
      label.name.textContent = name;
    }
  }
}
