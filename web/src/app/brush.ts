/* The brush's wiring: its size follows a drag on the wall, and what it did is remembered. */
import { placeOfWidth, widthAt } from '../ui/palette.ts';
import type { App } from './app.ts';

/* So many CSS pixels of a drag lead from the smallest brush to the largest. */
const DRAG_PX = 420;

/* A ring where the drag began shows the size. */
export function sizing(app: App): {
  sizeBegin(x: number, y: number): void;
  sizeMove(dx: number): void;
  sizeEnd(): void;
} {
  let from = 0;
  let at = { x: 0, y: 0 };
  return {
    sizeBegin: (x, y) => {
      from = placeOfWidth(app.palette.width);
      at = { x, y };
      app.chrome.ring.hold(true);
      app.chrome.ring.move(x, y, true);
    },
    sizeMove: (dx) => {
      app.palette.setWidth(widthAt(Math.min(1, Math.max(0, from + dx / DRAG_PX))));
      app.chrome.ring.move(at.x, at.y, true);
    },
    sizeEnd: () => app.chrome.ring.hold(false),
  };
}
