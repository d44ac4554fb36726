/* Names at the others' pens: a dot and a name that follow, and fade when the pen rests. */
import { positionToScreen, type Camera, type Viewport } from '../core/camera.ts';
import type { Pen } from '../view/others.ts';
import { cssColor, element } from './dom.ts';

interface Label {
  root: HTMLElement;
  dot: HTMLElement;
  name: HTMLElement;
}

const REST_MS = 2_600;
const LABELS_MAX = 40;

export class Labels {
  readonly root = element('div', { class: 'labels', 'aria-hidden': 'true' });
  private readonly labels = new Map<string, Label>();

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
    const seen = new Set<string>();
    for (const pen of pens) {
      const at = positionToScreen(camera, viewport, pen.place);
      const isInside = at.x > -20 && at.y > -20 && at.x < viewport.width && at.y < viewport.height;
      if (isInside && seen.size < LABELS_MAX) {
        seen.add(pen.nonce);
        this.place(this.labelOf(pen.nonce), pen, at, nameOf(pen.artist), nowMs);
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
      label = { root: element('div', { class: 'label' }, dot, name), dot, name };
      this.labels.set(nonce, label);
      this.root.append(label.root);
    }
    return label;
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
    label.dot.style.backgroundColor = pen.color === null ? '' : cssColor(pen.color);
    if (label.name.textContent !== name) {
      label.name.textContent = name;
    }
  }
}
