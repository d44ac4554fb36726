/* How the camera goes on by itself: easing to a zoom, turning, and gliding on after a finger's throw. One step
 * a frame; the clock is passed in. Pure. */
import { panBy, turnAt, zoomAt, type Camera, type Viewport } from './camera.ts';
import { angleBetween, isSameTurn, makeTurn, type Turn } from './turn.ts';

const EASE_MS = 65;
const TURN_MS = 60;
const ZOOM_NEAR = 0.002;
const TURN_NEAR = 0.15;
/* A throw loses two thirds of its speed in this time. */
const GLIDE_MS = 320;
const GLIDE_SLOWEST = 0.03; /* CSS px a ms */
const GLIDE_FASTEST = 6;

interface Zooming {
  x: number;
  y: number;
  zoom: number;
}

interface Turning {
  x: number;
  y: number;
  turn: Turn;
}

interface Gliding {
  vx: number;
  vy: number;
}

export class Motion {
  private zooming: Zooming | null = null;
  private turning: Turning | null = null;
  private gliding: Gliding | null = null;

  get isMoving(): boolean {
    return this.zooming !== null || this.turning !== null || this.gliding !== null;
  }

  /* Where the zoom is going, if it is. */
  get zoom(): number | null {
    return this.zooming?.zoom ?? null;
  }

  get turn(): Turn | null {
    return this.turning?.turn ?? null;
  }

  stop(): void {
    this.zooming = null;
    this.turning = null;
    this.gliding = null;
  }

  zoomTo(x: number, y: number, zoom: number): void {
    this.gliding = null;
    this.zooming = { x, y, zoom };
  }

  turnTo(x: number, y: number, turn: Turn): void {
    this.gliding = null;
    this.turning = { x, y, turn };
  }

  glide(vx: number, vy: number): void {
    const speed = Math.hypot(vx, vy);
    const held = speed > GLIDE_FASTEST ? GLIDE_FASTEST / speed : 1;
    this.gliding = { vx: vx * held, vy: vy * held };
  }

  /* The wall was moved meanwhile: what it eases about moved with it. */
  panned(dx: number, dy: number): void {
    for (const each of [this.zooming, this.turning]) {
      if (each !== null) {
        each.x += dx;
        each.y += dy;
      }
    }
  }

  step(camera: Camera, viewport: Viewport, passedMs: number): Camera {
    return this.glideOn(this.turnOn(this.zoomOn(camera, viewport, passedMs), viewport, passedMs), passedMs);
  }

  private zoomOn(camera: Camera, viewport: Viewport, passedMs: number): Camera {
    const { zooming } = this;
    if (zooming === null) {
      return camera;
    }
    const rest = zooming.zoom - camera.zoom;
    const isThere = Math.abs(rest) < ZOOM_NEAR;
    const share = 1 - Math.exp(-passedMs / EASE_MS);
    const zoom = isThere ? zooming.zoom : camera.zoom + rest * share;
    const next = zoomAt(camera, viewport, zooming.x, zooming.y, zoom);
    if (isThere || next.zoom !== zoom) {
      this.zooming = null;
    }
    return next;
  }

  private turnOn(camera: Camera, viewport: Viewport, passedMs: number): Camera {
    const { turning } = this;
    if (turning === null) {
      return camera;
    }
    const rest = angleBetween(camera.turn.angle, turning.turn.angle);
    const isThere = Math.abs(rest) < TURN_NEAR || camera.turn.isMirrored !== turning.turn.isMirrored;
    const angle = camera.turn.angle + rest * (1 - Math.exp(-passedMs / TURN_MS));
    const turn = isThere ? turning.turn : makeTurn(angle, camera.turn.isMirrored);
    if (isThere) {
      this.turning = null;
    }
    return isSameTurn(turn, camera.turn) ? camera : turnAt(camera, viewport, turning.x, turning.y, turn);
  }

  private glideOn(camera: Camera, passedMs: number): Camera {
    const { gliding } = this;
    if (gliding === null) {
      return camera;
    }
    /* The way of a speed that decays, exactly: the same at any rate of frames. */
    const left = Math.exp(-passedMs / GLIDE_MS);
    const way = GLIDE_MS * (1 - left);
    const [dx, dy] = [gliding.vx * way, gliding.vy * way];
    gliding.vx *= left;
    gliding.vy *= left;
    if (Math.hypot(gliding.vx, gliding.vy) < GLIDE_SLOWEST) {
      this.gliding = null;
    }
    this.panned(dx, dy);
    return panBy(camera, dx, dy);
  }
}
