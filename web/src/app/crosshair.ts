/* A pointer for the keyboard: arrows move a crosshair over the wall, the space bar and Enter put the pen down
 * and lift it, with whatever tool is held. It speaks to the wall by the same events as a mouse, so it can do
 * what a mouse can; at the screen's edge the wall moves on under it. */
import { screenToPosition } from '../core/camera.ts';
import { pixelStrings, toLevel } from '../core/geometry.ts';
import { Steering, type Arrow } from '../core/steering.ts';
import { message } from '../i18n/i18n.ts';
import { element } from '../ui/dom.ts';
import type { LiveRegion } from '../ui/liveregion.ts';
import type { App } from './app.ts';

const EDGE_PX = 56;
const TOLD_AFTER_MS = 600;
/* No pointer of a browser's has such a number. */
const POINTER = -7;

const ARROWS: Record<string, Arrow> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};

export class Crosshair {
  readonly root = element('div', { class: 'crosshair', 'aria-hidden': 'true' });
  isOn = false;
  private isDown = false;
  private at = { x: 0, y: 0 };
  private readonly steering = new Steering();
  private isRunning = false;
  private timer = 0;

  constructor(
    private readonly app: App,
    private readonly region: LiveRegion,
  ) {
    this.root.hidden = true;
    this.root.append(element('span', {}), element('span', {}), element('span', {}));
    window.addEventListener('keydown', (event) => this.key(event), true);
    window.addEventListener('keyup', (event) => this.keyUp(event), true);
    window.addEventListener('blur', () => this.steering.stop());
    /* A hand came: it has the wall again. */
    app.wall.canvas.addEventListener('pointerdown', (event) => {
      if (event.isTrusted) {
        this.set(false);
      }
    });
    app.commands.addEscape(() => {
      const wasOn = this.isOn;
      this.set(false);
      return wasOn;
    });
  }

  toggle(): void {
    this.set(!this.isOn);
  }

  private set(isOn: boolean): void {
    if (isOn === this.isOn) {
      return;
    }
    if (!isOn && this.isDown) {
      this.send('pointercancel');
      this.setDown(false);
    }
    this.isOn = isOn;
    this.root.hidden = !isOn;
    this.steering.stop();
    window.clearTimeout(this.timer);
    const { viewport, canvas } = this.app.wall;
    if (isOn) {
      canvas.focus({ preventScroll: true });
      this.at = { x: Math.round(viewport.width / 2), y: Math.round(viewport.height / 2) };
      this.put();
      this.send('pointermove');
    } else {
      this.send('pointerleave');
    }
    this.region.say(message(isOn ? 'cursor.on' : 'cursor.off'));
  }

  /* ---- keys ---- */

  private get isOurs(): boolean {
    const focused = document.activeElement;
    const isWall = focused === null || focused === document.body || focused === this.app.wall.canvas;
    return this.isOn && isWall && this.app.mayDraw;
  }

  private key(event: KeyboardEvent): void {
    const arrow = ARROWS[event.key];
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!this.isOurs || !isPlain || (arrow === undefined && event.key !== ' ' && event.key !== 'Enter')) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (arrow !== undefined) {
      this.move(this.steering.press(arrow, performance.now()), event.shiftKey);
      this.run();
    } else if (!event.repeat) {
      this.press(event.shiftKey);
    }
  }

  private keyUp(event: KeyboardEvent): void {
    const arrow = ARROWS[event.key];
    if (arrow !== undefined && this.steering.isMoving) {
      this.steering.release(arrow);
      this.tellSoon();
    }
  }

  private press(isShift: boolean): void {
    if (this.isDown) {
      this.send('pointerup', isShift);
      this.setDown(false);
      this.region.say(message('cursor.up', this.place()));
    } else {
      this.setDown(true);
      this.send('pointerdown', isShift);
      this.region.say(message('cursor.down', this.place()));
    }
  }

  private setDown(isDown: boolean): void {
    this.isDown = isDown;
    this.root.classList.toggle('is-down', isDown);
  }

  /* ---- moving ---- */

  private run(): void {
    if (this.isRunning) {
      return;
    }
    this.isRunning = true;
    const frame = (nowMs: number): void => {
      if (!this.isOn || !this.steering.isMoving) {
        this.isRunning = false;
        return;
      }
      this.move(this.steering.step(nowMs), false);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  private move([dx, dy]: [number, number], isShift: boolean): void {
    if (dx === 0 && dy === 0) {
      return;
    }
    const { viewport } = this.app.wall;
    const x = this.at.x + dx;
    const y = this.at.y + dy;
    const hold = (value: number, size: number): number =>
      Math.min(Math.max(size - EDGE_PX, EDGE_PX), Math.max(Math.min(EDGE_PX, size), value));
    this.at = { x: hold(x, viewport.width), y: hold(y, viewport.height) };
    if (this.at.x !== x || this.at.y !== y) {
      this.app.wall.pan(this.at.x - x, this.at.y - y);
    }
    this.put();
    this.send('pointermove', isShift);
  }

  private put(): void {
    this.root.style.transform = `translate3d(${this.at.x}px, ${this.at.y}px, 0)`;
  }

  private send(type: string, isShift = false): void {
    const { canvas } = this.app.wall;
    canvas.dispatchEvent(
      new PointerEvent(type, {
        pointerId: POINTER,
        pointerType: 'mouse',
        isPrimary: true,
        bubbles: type !== 'pointerleave',
        cancelable: true,
        clientX: this.at.x,
        clientY: this.at.y,
        button: type === 'pointermove' ? -1 : 0,
        buttons: this.isDown ? 1 : 0,
        pressure: this.isDown ? 0.5 : 0,
        shiftKey: isShift,
      }),
    );
  }

  /* ---- where it is, in words ---- */

  private place(): { x: string; y: string } {
    const { camera, viewport } = this.app.wall;
    return pixelStrings(toLevel(screenToPosition(camera, viewport, this.at.x, this.at.y), 0));
  }

  private tellSoon(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      if (this.isOn && !this.steering.isMoving) {
        this.region.say(message('cursor.at', this.place()));
      }
    }, TOLD_AFTER_MS);
  }
}
