/* A filled polygon, corner by corner: each press sets one; the first corner again, a second press on the last, or
 * Enter closes it. */
import { Check, Undo2, X } from 'lucide';
import type { App } from '../app/app.ts';
import type { Cornered } from '../app/selecting.ts';
import { displayLevel, positionToScreen, screenToPosition } from '../core/camera.ts';
import { clampToWorld, toLevel, type Position } from '../core/geometry.ts';
import type { Touch } from '../hand/hand.ts';
import { message } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';
import { Held } from './held.ts';
import { polygonStroke, type Corner } from './outline.ts';

interface Spot {
  x: number;
  y: number;
}

const CLOSE_PX = 12;
const CORNERS_MAX = 2000;
const SVG = 'http://www.w3.org/2000/svg';

export function openPolygon(app: App): Polygon {
  return new Polygon(app);
}

class Polygon implements Cornered {
  private readonly held: Held;
  private corners: Corner[] = [];
  private level = 0;
  private startMs = 0;
  private at: Spot | null = null; /* the pointer */
  private isDown = false;
  private readonly root = element('div', { class: 'polygon-layer' });
  private readonly line = document.createElementNS(SVG, 'polyline');
  private readonly start = document.createElementNS(SVG, 'circle');

  constructor(private readonly app: App) {
    this.held = new Held(app);
    const picture = document.createElementNS(SVG, 'svg');
    picture.setAttribute('class', 'select-picture');
    picture.setAttribute('aria-hidden', 'true');
    this.line.setAttribute('class', 'select-frame');
    this.start.setAttribute('class', 'polygon-start');
    this.start.setAttribute('r', String(CLOSE_PX / 2));
    picture.append(this.line, this.start);
    const bar = element(
      'div',
      { class: 'bar polygon-bar', role: 'toolbar', 'aria-label': message('tool.polygon') },
      button(message('polygon.close'), Check, 'enter', () => this.close()),
      button(message('polygon.back'), Undo2, 'backspace', () => this.back()),
      button(message('polygon.cancel'), X, 'escape', () => this.cancel()),
    );
    this.root.append(picture, bar);
    this.root.hidden = true;
    document.body.append(this.root);
  }

  get isBusy(): boolean {
    return this.isOpen;
  }

  private get isOpen(): boolean {
    return this.corners.length > 0;
  }

  get report(): object {
    return { corners: this.corners.length };
  }

  private cornerAt({ x, y }: Spot): Corner {
    const { camera, viewport } = this.app.wall;
    const place = clampToWorld(toLevel(screenToPosition(camera, viewport, x, y), this.level));
    return { place, atMs: Date.now() - this.startMs };
  }

  private screenAt({ place }: { place: Position }): Spot {
    const { camera, viewport } = this.app.wall;
    return positionToScreen(camera, viewport, place);
  }

  private isNear(corner: Corner | undefined, at: Spot): boolean {
    if (corner === undefined) {
      return false;
    }
    const { x, y } = this.screenAt(corner);
    return Math.hypot(at.x - x, at.y - y) <= CLOSE_PX;
  }

  begin(touch: Touch): void {
    if (!this.isOpen) {
      const { camera, viewport } = this.app.wall;
      this.level = displayLevel(camera.zoom, viewport.ratio);
      this.startMs = Date.now();
    }
    this.isDown = true;
    this.move(touch);
  }

  move({ x, y }: Touch): void {
    this.at = { x, y };
    this.show();
  }

  hover(x: number, y: number): void {
    if (this.isOpen && !this.isDown) {
      this.at = { x, y };
      this.show();
    }
  }

  end(isDone: boolean): void {
    const { at, corners } = this;
    this.isDown = false;
    this.at = null;
    if (!isDone || at === null) {
      this.show();
      return;
    }
    const isAgain = this.isNear(corners[corners.length - 1], at);
    if (corners.length >= 3 && (isAgain || this.isNear(corners[0], at))) {
      this.close();
    } else if (!isAgain && corners.length < CORNERS_MAX) {
      corners.push(this.cornerAt(at));
      this.show();
    }
  }

  /* With the corner that the pointer is at. */
  private show(): void {
    const { corners, at } = this;
    const isClosing = at !== null && corners.length >= 3 && this.isNear(corners[0], at);
    const all = at === null || isClosing ? corners : [...corners, this.cornerAt(at)];
    const isShown = corners.length > 0 && all.length >= 3;
    const { color } = this.app.palette.brush('polygon');
    this.held.set(isShown ? [polygonStroke(all, color, this.startMs)] : []);
    this.root.hidden = !this.isOpen;
    this.start.classList.toggle('is-near', isClosing);
    this.app.wall.request();
  }

  framed(): void {
    this.held.framed(performance.now());
    if (this.isOpen) {
      const spots = this.corners.map((corner) => this.screenAt(corner));
      const all = this.at === null ? spots : [...spots, this.at];
      this.line.setAttribute('points', all.map(({ x, y }) => `${x},${y}`).join(' '));
      this.start.setAttribute('cx', String(spots[0]!.x));
      this.start.setAttribute('cy', String(spots[0]!.y));
    }
  }

  close(): void {
    this.at = null;
    this.show();
    const isShape = this.corners.length >= 3;
    this.corners = [];
    this.root.hidden = true;
    try {
      if (isShape) {
        this.held.commit();
      } else {
        this.held.cancel();
      }
    } catch {
      this.app.chrome.toast.say(message('studio.tooFar'));
    }
  }

  back(): void {
    this.corners.pop();
    this.show();
    if (!this.isOpen) {
      this.held.cancel();
    }
  }

  private cancel(): void {
    this.corners = [];
    this.at = null;
    this.isDown = false;
    this.root.hidden = true;
    this.held.cancel();
  }

  coloured(): void {
    this.show();
  }

  undo(): boolean {
    const wasOpen = this.isOpen;
    this.back();
    return wasOpen;
  }

  escape(): boolean {
    const wasOpen = this.isOpen;
    this.cancel();
    return wasOpen;
  }

  /* What is there of it is kept. */
  leave(): void {
    this.close();
  }
}
