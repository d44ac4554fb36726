/* Choosing an area on the wall: a rectangle by dragging, or a lasso drawn around it. */
import { screenToPosition } from '../core/camera.ts';
import { difference, positionFromPixels, type Position } from '../core/geometry.ts';
import type { App } from '../app/app.ts';
import { rectAround, rectOfBox, type PixelRect } from './area.ts';
import type { Outlines } from './outlines.ts';

export interface Lasso {
  rect: PixelRect;
  points: [number, number][]; /* in pixels of the rectangle's level, from its corner */
}

const AREA_PX_MIN = 6;
const LASSO_STEP_PX = 4;
const LASSO_POINTS_MAX = 1000;

export class Picker {
  constructor(
    private readonly app: App,
    private readonly outlines: Outlines,
  ) {}

  cancel(): boolean {
    const wasOn = this.app.doors.tool !== null;
    this.finish();
    return wasOn;
  }

  private finish(): void {
    this.app.doors.tool = null;
    this.app.wall.canvas.classList.remove('is-choosing');
  }

  rectangle(chosen: (rect: PixelRect) => void): void {
    let from = { x: 0, y: 0 };
    let rect: PixelRect | null = null;
    this.app.wall.canvas.classList.add('is-choosing');
    this.app.doors.tool = {
      begin: (x, y) => (from = { x, y }),
      move: (x, y) => {
        const { camera, viewport } = this.app.wall;
        const [width, height] = [Math.abs(x - from.x), Math.abs(y - from.y)];
        if (width >= AREA_PX_MIN && height >= AREA_PX_MIN) {
          rect = rectAround(camera, viewport, [from, { x, y }]);
          this.outlines.set([{ kind: 'area', rect }]);
          this.app.wall.request();
        }
      },
      end: (isDone) => {
        if (isDone && rect !== null) {
          this.finish();
          chosen(rect);
        }
      },
    };
  }

  lasso(chosen: (lasso: Lasso) => void): void {
    let screen: { x: number; y: number }[] = [];
    let path: Position[] = [];
    this.app.wall.canvas.classList.add('is-choosing');
    this.app.doors.tool = {
      begin: () => {
        screen = [];
        path = [];
      },
      move: (x, y) => {
        const { camera, viewport } = this.app.wall;
        const last = screen[screen.length - 1];
        const isFar = last === undefined || Math.hypot(x - last.x, y - last.y) >= LASSO_STEP_PX;
        if (isFar && screen.length < LASSO_POINTS_MAX) {
          screen.push({ x, y });
          path = [...path, screenToPosition(camera, viewport, x, y)];
          this.outlines.set([{ kind: 'area', rect: null, path }]);
          this.app.wall.request();
        }
      },
      end: (isDone) => {
        if (isDone && screen.length >= 3) {
          this.finish();
          chosen(this.lassoOf(screen, path));
        }
      },
    };
  }

  private lassoOf(screen: { x: number; y: number }[], path: Position[]): Lasso {
    const { camera, viewport } = this.app.wall;
    const xs = screen.map(({ x }) => x);
    const ys = screen.map(({ y }) => y);
    const [left, top] = [Math.min(...xs), Math.min(...ys)];
    const width = Math.max(1, Math.max(...xs) - left);
    const height = Math.max(1, Math.max(...ys) - top);
    const rect = rectOfBox(camera, viewport, { x: left, y: top, width, height });
    const corner = positionFromPixels(rect.level, rect.x, rect.y);
    const points = path.map((place): [number, number] => {
      const { dx, dy } = difference(place, corner);
      return [
        Math.min(rect.width, Math.max(0, Math.round(dx))),
        Math.min(rect.height, Math.max(0, Math.round(dy))),
      ];
    });
    return { rect, points };
  }
}

