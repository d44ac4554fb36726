/* Following: one's own view goes where an artist's does, until one moves it oneself; and who is followed
 * shows where they look, sees by whom, and can say no. */
import type { Camera, Viewport } from '../core/camera.ts';
import { difference, translate } from '../core/geometry.ts';
import type { Json } from '../net/connection.ts';
import { cameraOf, worldDecimals } from './decimals.ts';
import { withPlace } from './flight.ts';
import type { Flown, Flyer } from './flyer.ts';
import type { Artist } from './lively.ts';

const SEND_EVERY_MS = 55; /* the server takes twenty a second */
const EASE_MS = 110;
const FAR_SCREENS = 2.5;
const FAR_LEVELS = 2.5;
const THERE_PX = 0.2;

export interface FollowEvents {
  /* Whom one follows, and who follows. */
  changed(): void;
  ended(who: Artist, reason: 'left' | 'refused' | 'moved' | 'own'): void;
}

/* ---- the one who follows ---- */

export class Following {
  who: Artist | null = null;
  private goal: Camera | null = null;
  private last: Camera | null = null;
  private viewport: Viewport | null = null;
  private lastMs = 0;

  constructor(
    private readonly wall: Flown,
    private readonly flyer: Flyer,
    private readonly isBusy: () => boolean,
    private readonly events: FollowEvents,
  ) {}

  begin(who: Artist): void {
    this.who = who;
    this.goal = null;
    this.last = null;
    this.events.changed();
  }

  end(reason: 'left' | 'refused' | 'moved' | 'own'): void {
    const { who } = this;
    if (who !== null) {
      this.who = null;
      this.goal = null;
      this.events.ended(who, reason);
      this.events.changed();
    }
  }

  cameraCame(message: Json): void {
    if (this.who?.artist !== Number(message['artist'])) {
      return;
    }
    const { camera } = this.wall;
    const theirs = cameraOf(String(message['x']), String(message['y']), Number(message['zoom']));
    if (theirs !== null) {
      this.goal = withPlace(camera, theirs.centre, theirs.zoom);
      this.wall.request();
    }
  }

  /* Once a frame: nearer to where they are. */
  framed(nowMs: number): void {
    const { wall, goal, flyer } = this;
    const passedMs = Math.min(100, nowMs - this.lastMs);
    this.lastMs = nowMs;
    if (this.who === null || this.isBusy()) {
      return;
    }
    /* A window that changes its size moves the view, too; that is nobody's hand. */
    if (wall.viewport !== this.viewport) {
      this.viewport = wall.viewport;
      this.last = null;
    }
    if (flyer.isFlying) {
      this.last = null;
      return;
    }
    if (this.last !== null && wall.camera !== this.last) {
      this.end('moved');
      return;
    }
    if (goal !== null && wall.camera !== goal) {
      this.approach(goal, passedMs);
    }
    this.last = wall.camera;
  }

  private approach(goal: Camera, passedMs: number): void {
    const { wall } = this;
    const { camera, viewport } = wall;
    const { dx, dy } = difference(goal.centre, camera.centre);
    const px = Math.hypot(dx, dy) * 2 ** (camera.zoom - camera.centre.level);
    const levels = Math.abs(goal.zoom - camera.zoom);
    if (px > FAR_SCREENS * Math.max(viewport.width, viewport.height) || levels > FAR_LEVELS) {
      void this.flyer.to(goal);
      return;
    }
    if (px < THERE_PX && levels < 0.001) {
      wall.setCamera(goal);
      this.goal = wall.camera;
      return;
    }
    const share = 1 - Math.exp(-passedMs / EASE_MS);
    const centre = translate(camera.centre, dx * share, dy * share);
    wall.setCamera(withPlace(camera, centre, camera.zoom + (goal.zoom - camera.zoom) * share));
    wall.request();
  }
}

/* ---- the one who is followed ---- */

export class Followers {
  list: Artist[] = [];
  count = 0;
  private sent: Camera | null = null;
  private sentMs = -Infinity;
  private timer = 0;

  constructor(
    private readonly wall: Flown,
    private readonly send: (message: object) => void,
    private readonly changed: () => void,
  ) {}

  came(message: Json): void {
    const count = Number(message['count'] ?? 0);
    this.list = (message['list'] as Artist[] | undefined) ?? [];
    if (count > this.count) {
      this.sent = null;
    }
    this.count = count;
    this.changed();
    this.wall.request();
  }

  forget(): void {
    this.came({ type: 'followers', list: [], count: 0 });
  }

  framed(nowMs: number): void {
    const { camera } = this.wall;
    if (this.count === 0 || camera === this.sent) {
      return;
    }
    const waitMs = this.sentMs + SEND_EVERY_MS - nowMs;
    if (waitMs > 0) {
      if (this.timer === 0) {
        this.timer = window.setTimeout(() => {
          this.timer = 0;
          this.wall.request();
        }, waitMs);
      }
      return;
    }
    this.sent = camera;
    this.sentMs = nowMs;
    const { x, y } = worldDecimals(camera.centre);
    this.send({ type: 'camera', x, y, zoom: Number(camera.zoom.toFixed(4)) });
  }
}
