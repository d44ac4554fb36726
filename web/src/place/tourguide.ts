/* Where a tour goes next: to what is lively, with variety, not back and forth. Remembers a bounded number
 * of visits, so that it can run for days. Pure. */
import type { Camera, Viewport } from '../core/camera.ts';
import type { Lively } from './lively.ts';
import { viewOf } from './lively.ts';
import { isNear } from './trail.ts';

const VISITS_MAX = 24;
/* A stroke under the pen is worth as many finished ones. */
const DRAWING_STROKES = 4;

interface Visit {
  camera: Camera;
  atMs: number;
}

export class TourGuide {
  private visits: Visit[] = [];

  get remembered(): number {
    return this.visits.length;
  }

  arrived(camera: Camera, nowMs: number): void {
    this.visits.push({ camera, atMs: nowMs });
    if (this.visits.length > VISITS_MAX) {
      this.visits.shift();
    }
  }

  /* The view to fly to, or null: there is nothing but where one is. `clockMs` is the server's. */
  next(
    places: readonly Lively[],
    camera: Camera,
    viewport: Viewport,
    clockMs: number,
    nowMs: number,
  ): { place: Lively; camera: Camera } | null {
    let best: { place: Lively; camera: Camera; score: number } | null = null;
    for (const place of places) {
      const view = viewOf(place, camera, viewport);
      if (isNear(view, camera, viewport)) {
        continue;
      }
      const score = this.interest(place, clockMs) * this.freshness(view, viewport, nowMs);
      if (best === null || score > best.score) {
        best = { place, camera: view, score };
      }
    }
    return best;
  }

  /* Much drawn, by several, lately. */
  private interest(place: Lively, clockMs: number): number {
    const agoMinutes = Math.max(0, clockMs - place.last) / 60_000;
    const crowd = Math.sqrt(Math.max(1, place.count));
    return (Math.log2(1 + place.strokes + DRAWING_STROKES * place.drawing) * crowd) / (1 + agoMinutes / 3);
  }

  /* Near 0 right after a visit; the last two are the least wanted. */
  private freshness(view: Camera, viewport: Viewport, nowMs: number): number {
    let fresh = 1;
    this.visits.forEach((visit, i) => {
      if (isNear(visit.camera, view, viewport)) {
        const agoMinutes = (nowMs - visit.atMs) / 60_000;
        const turns = this.visits.length - i;
        fresh = Math.min(fresh, Math.min(1, 0.02 + agoMinutes / 20) * (turns <= 2 ? 0.05 : 1));
      }
    });
    return fresh;
  }
}
