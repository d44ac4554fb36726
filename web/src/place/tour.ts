/* Flies by itself from one lively place to the next. A hand on it pauses it, and left alone it goes on; for who
 * could draw it ends. It keeps nothing that grows: a screen in a hall can run it for days. */
import type { Camera } from '../core/camera.ts';
import type { PlaceApi } from './api.ts';
import { cameraOf } from './decimals.ts';
import type { Flown, Flyer } from './flyer.ts';
import { viewOf, type Lively } from './lively.ts';
import { TourGuide } from './tourguide.ts';

const PACE = { msPerUnit: 620, mostMs: 9_000 };
const DWELL_MS = 14_000;
const DWELL_BUSY_MS = 24_000; /* where somebody draws just now */
const AGAIN_MS = 6_000;
/* From the last minutes to the last day, whatever there is. */
const SPANS_MINUTES = [10, 120, 1440] as const;
const ENOUGH = 3;

export type TourState = 'off' | 'on' | 'paused';

export interface TourOptions {
  api: PlaceApi;
  wall: Flown;
  flyer: Flyer;
  changed(state: TourState): void;
  /* How long nobody touches it before it goes on; null: a touch ends it. */
  resumeMs: number | null;
}

const TOUCHES = ['pointerdown', 'wheel', 'keydown'] as const;

export class Tour {
  state: TourState = 'off';
  /* For tests: how many places it was at. */
  stops = 0;
  private readonly guide = new TourGuide();
  private timer = 0;
  private turn = 0; /* of the loop; an older one ends */
  private readonly touched = (): void => this.pause();

  constructor(private readonly options: TourOptions) {}

  start(): void {
    if (this.state === 'off') {
      TOUCHES.forEach((name) => window.addEventListener(name, this.touched, true));
    }
    this.set('on');
    this.after(0);
  }

  stop(): void {
    TOUCHES.forEach((name) => window.removeEventListener(name, this.touched, true));
    window.clearTimeout(this.timer);
    this.turn++;
    this.set('off');
  }

  /* Someone has a look around. */
  pause(): void {
    const { resumeMs } = this.options;
    if (this.state !== 'off' && resumeMs === null) {
      this.stop();
    } else if (this.state !== 'off' && resumeMs !== null) {
      this.set('paused');
      this.after(resumeMs);
    }
  }

  private set(state: TourState): void {
    if (state !== this.state) {
      this.state = state;
      this.options.changed(state);
    }
  }

  private after(ms: number): void {
    window.clearTimeout(this.timer);
    const turn = ++this.turn;
    this.timer = window.setTimeout(() => void this.go(turn), ms);
  }

  private async go(turn: number): Promise<void> {
    const places = await this.lively().catch(() => null);
    if (turn !== this.turn) {
      return;
    }
    this.set('on');
    const { wall, flyer } = this.options;
    const found = places === null ? null : this.pick(places.places, places.now);
    if (found === null) {
      this.after(AGAIN_MS);
      return;
    }
    const hasArrived = await flyer.to(found.camera, PACE);
    if (turn !== this.turn) {
      return;
    }
    if (hasArrived) {
      this.stops++;
      this.guide.arrived(wall.camera, performance.now());
    }
    this.after(found.isBusy ? DWELL_BUSY_MS : DWELL_MS);
  }

  private pick(places: readonly Lively[], clockMs: number): { camera: Camera; isBusy: boolean } | null {
    const { camera, viewport } = this.options.wall;
    const next = this.guide.next(places, camera, viewport, clockMs, performance.now());
    return next === null
      ? null
      : { camera: next.camera, isBusy: next.place.drawing > 0 };
  }

  /* Where nobody drew for a day the named places are shown, and what is newest. */
  private async lively(): Promise<{ now: number; places: Lively[] }> {
    const { api } = this.options;
    let found = { now: Date.now(), places: [] as Lively[] };
    for (const minutes of SPANS_MINUTES) {
      found = await api.lively(minutes);
      if (found.places.length >= ENOUGH) {
        return found;
      }
    }
    return { now: found.now, places: [...found.places, ...(await this.quiet())] };
  }

  private async quiet(): Promise<Lively[]> {
    const { api, wall } = this.options;
    const [named, { recent }] = await Promise.all([api.places(24), api.overview()]);
    const { width, height } = wall.viewport;
    const calm = { strokes: 1, drawing: 0, last: 0, artists: [], count: 1 };
    const views: Lively[] = [];
    for (const { x, y, zoom } of named) {
      const camera = cameraOf(x, y, zoom);
      if (camera !== null) {
        views.push({ ...calm, ...boxAround(camera, width, height) });
      }
    }
    if (recent !== null) {
      const { level, x, y } = recent;
      views.push({ ...calm, level, x, y, width: 1, height: 1 });
    }
    return views;
  }
}

/* What a view shows, as a box of the level nearest to it. */
function boxAround(
  camera: Camera,
  widthPx: number,
  heightPx: number,
): Pick<Lively, 'level' | 'x' | 'y' | 'width' | 'height'> {
  const { level, tileX, tileY, x, y } = camera.centre;
  const scale = 2 ** (level - camera.zoom) * 0.6;
  const [width, height] = [Math.round(widthPx * scale), Math.round(heightPx * scale)];
  const axis = (tile: number, offset: number, size: number): string =>
    (BigInt(tile) * 256n + BigInt(Math.round(offset - size / 2))).toString();
  return { level, x: axis(tileX, x, width), y: axis(tileY, y, height), width, height };
}

/* Where others are, for those who ask to be taken there: the liveliest that is not in view. */
export function nextLively(
  guide: TourGuide,
  places: readonly Lively[],
  wall: Flown,
  clockMs: number,
): Camera | null {
  const next = guide.next(places, wall.camera, wall.viewport, clockMs, performance.now());
  if (next !== null) {
    guide.arrived(viewOf(next.place, wall.camera, wall.viewport), performance.now());
  }
  return next?.camera ?? null;
}
