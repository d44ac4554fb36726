/* The places one was at, as a browser's history: back, forward, and a new way from the middle forgets what
 * was ahead. A place is where one rested or drew, not each one that was passed. Pure. */
import type { Camera, Viewport } from '../core/camera.ts';
import { difference } from '../core/geometry.ts';

const PLACES_MAX = 100;
/* Nearer than this share of the screen, and fewer levels apart, is the same place. */
const NEAR_SCREENS = 0.75;
const NEAR_LEVELS = 1.5;

export function isNear(a: Camera, b: Camera, viewport: Viewport): boolean {
  if (Math.abs(a.zoom - b.zoom) > NEAR_LEVELS) {
    return false;
  }
  const { dx, dy } = difference(a.centre, b.centre);
  const scale = 2 ** (Math.min(a.zoom, b.zoom) - b.centre.level);
  return (
    Math.abs(dx) * scale < viewport.width * NEAR_SCREENS &&
    Math.abs(dy) * scale < viewport.height * NEAR_SCREENS
  );
}

export class Trail {
  private places: Camera[] = [];
  private at = -1;

  get canGoBack(): boolean {
    return this.at > 0;
  }

  get canGoForward(): boolean {
    return this.at < this.places.length - 1;
  }

  get size(): number {
    return this.places.length;
  }

  /* One is here. */
  note(camera: Camera, viewport: Viewport): void {
    const current = this.places[this.at];
    if (current !== undefined && isNear(current, camera, viewport)) {
      this.places[this.at] = camera;
      return;
    }
    this.places.length = this.at + 1;
    this.places.push(camera);
    if (this.places.length > PLACES_MAX) {
      this.places.shift();
    }
    this.at = this.places.length - 1;
  }

  back(here: Camera, viewport: Viewport): Camera | null {
    this.note(here, viewport);
    return this.canGoBack ? this.places[--this.at]! : null;
  }

  /* Whoever moved on since by hand has nothing ahead. */
  forward(here: Camera, viewport: Viewport): Camera | null {
    this.note(here, viewport);
    return this.canGoForward ? this.places[++this.at]! : null;
  }
}
