/* Moves the view to another place before one's eyes. Any press, key or turn of the wheel ends it where it
 * is; who wants no motion is there at once. */
import type { Camera, Viewport } from '../core/camera.ts';
import { eased, Flight, flightMs } from './flight.ts';

const MS_PER_UNIT = 330;
const MS_MAX = 3_200;

/* Of the wall, what is needed. */
export interface Flown {
  readonly camera: Camera;
  readonly viewport: Viewport;
  setCamera(camera: Camera): void;
  request(): void;
}

export interface Pace {
  msPerUnit: number;
  mostMs: number;
}

interface Journey {
  path: Flight;
  ms: number;
  beganMs: number | null;
  last: Camera;
  done(hasArrived: boolean): void;
}

const ENDING = ['pointerdown', 'wheel', 'keydown'] as const;

export class Flyer {
  private journey: Journey | null = null;
  private readonly interrupted = (): void => this.stop();

  constructor(
    private readonly wall: Flown,
    private readonly isStill: () => boolean,
  ) {}

  get isFlying(): boolean {
    return this.journey !== null;
  }

  /* Where one will be when nothing comes between. */
  get goal(): Camera {
    return this.journey?.path.to ?? this.wall.camera;
  }

  /* True once it is there; false if something came between. */
  to(camera: Camera, pace: Pace = { msPerUnit: MS_PER_UNIT, mostMs: MS_MAX }): Promise<boolean> {
    this.stop();
    const path = new Flight(this.wall.camera, camera, this.wall.viewport);
    if (this.isStill() || path.length < 1e-6) {
      this.wall.setCamera(path.at(1));
      return Promise.resolve(true);
    }
    const ms = flightMs(path.length, pace.msPerUnit, pace.mostMs);
    ENDING.forEach((name) => window.addEventListener(name, this.interrupted, true));
    this.wall.request();
    return new Promise((done) => {
      this.journey = { path, ms, beganMs: null, last: this.wall.camera, done };
    });
  }

  /* Once a frame. */
  framed(nowMs: number): void {
    const { journey } = this;
    if (journey === null) {
      return;
    }
    if (this.wall.camera !== journey.last) {
      this.stop(); /* somebody else moved the wall */
      return;
    }
    journey.beganMs ??= nowMs;
    const share = (nowMs - journey.beganMs) / journey.ms;
    this.wall.setCamera(journey.path.at(eased(share)));
    journey.last = this.wall.camera;
    if (share >= 1) {
      this.end(true);
    }
  }

  stop(): void {
    this.end(false);
  }

  private end(hasArrived: boolean): void {
    const { journey } = this;
    if (journey !== null) {
      this.journey = null;
      ENDING.forEach((name) => window.removeEventListener(name, this.interrupted, true));
      journey.done(hasArrived);
    }
  }
}
