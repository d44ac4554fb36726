/* A small needle that shows while the view is turned or mirrored: pressed, the view is upright again; dragged
 * around, it turns the view. */
import { isUpright, makeTurn, snapped, wallMatrix, type Turn } from '../core/turn.ts';
import { formatNumber, message } from '../i18n/i18n.ts';
import { element } from './dom.ts';

const SVG = 'http://www.w3.org/2000/svg';
const DRAG_PX = 5;

function needle(): SVGElement {
  const root = document.createElementNS(SVG, 'svg');
  root.setAttribute('viewBox', '-12 -12 24 24');
  root.setAttribute('class', 'needle');
  root.setAttribute('aria-hidden', 'true');
  for (const [name, shape] of [
    ['is-up', 'M0 -10.5 L4 0 L-4 0 Z'],
    ['is-down', 'M0 10.5 L4 0 L-4 0 Z'],
  ] as const) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('class', name);
    path.setAttribute('d', shape);
    root.append(path);
  }
  return root;
}

export class Compass {
  readonly root = element('button', { type: 'button', class: 'compass' });
  private readonly needle = needle();
  private turn: Turn = makeTurn(0, false);
  private from: { x: number; y: number; degrees: number; angle: number } | null = null;
  private isDragged = false;

  constructor(
    private readonly reset: () => void,
    private readonly turnTo: (turn: Turn) => void,
  ) {
    const { root } = this;
    root.append(this.needle);
    root.hidden = true;
    this.nameIt();
    root.addEventListener('click', () => {
      if (!this.isDragged) {
        this.reset();
        document.querySelector<HTMLElement>('#wall')?.focus({ preventScroll: true });
      }
      this.isDragged = false;
    });
    root.addEventListener('pointerdown', (event) => this.down(event));
    root.addEventListener('pointermove', (event) => this.move(event));
    root.addEventListener('lostpointercapture', () => (this.from = null));
  }

  show(turn: Turn): void {
    this.root.hidden = isUpright(turn) && this.from === null;
    if (turn.angle === this.turn.angle && turn.isMirrored === this.turn.isMirrored) {
      return;
    }
    this.turn = turn;
    this.needle.setAttribute('transform', `matrix(${wallMatrix(turn).join(' ')} 0 0)`);
    this.root.classList.toggle('is-mirrored', turn.isMirrored);
    this.nameIt();
  }

  private nameIt(): void {
    const { angle, isMirrored } = this.turn;
    const degrees = formatNumber(Math.round(angle));
    const label = message(isMirrored ? 'compass.mirrored' : 'compass.turned', { degrees });
    this.root.setAttribute('aria-label', label);
    this.root.title = label;
  }

  private degreesAt(event: PointerEvent): number {
    const box = this.root.getBoundingClientRect();
    const x = event.clientX - (box.left + box.width / 2);
    const y = event.clientY - (box.top + box.height / 2);
    return (Math.atan2(y, x) * 180) / Math.PI;
  }

  private down(event: PointerEvent): void {
    this.isDragged = false;
    this.root.setPointerCapture(event.pointerId);
    const { clientX: x, clientY: y } = event;
    this.from = { x, y, degrees: this.degreesAt(event), angle: this.turn.angle };
  }

  private move(event: PointerEvent): void {
    const { from } = this;
    if (from === null) {
      return;
    }
    const wayPx = Math.hypot(event.clientX - from.x, event.clientY - from.y);
    this.isDragged ||= wayPx > DRAG_PX;
    if (this.isDragged) {
      const degrees = this.degreesAt(event) - from.degrees;
      const { isMirrored } = this.turn;
      this.turnTo(snapped(makeTurn(from.angle + (isMirrored ? -degrees : degrees), isMirrored)));
    }
  }
}
