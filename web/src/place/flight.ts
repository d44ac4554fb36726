/* A flight from one view to another: out, over and in along the path that looks smoothest (van Wijk and
 * Nuij, "Smooth and efficient zooming and panning", 2003). Pure.
 *
 * The path is a function of s; w is how much of the world the screen shows, u how far one has come. Both are
 * taken from whichever end is nearer: between far ends deep in the wall, what is left to fly is a difference
 * that a double could not hold. */
import { makeCamera, type Camera, type Viewport } from '../core/camera.ts';
import { difference, translate, type Position } from '../core/geometry.ts';
import { angleBetween, makeTurn, type Turn } from '../core/turn.ts';

/* The paper's rho: how readily one zooms out to go far. */
const RHO = Math.SQRT2;
const SAME_PLACE = 1e-9;

/* The same turn over another place. */
export function withPlace(camera: Camera, centre: Position, zoom: number): Camera {
  return makeCamera(centre, zoom, camera.turn);
}

/* The shorter way round; what is mirrored stays so. */
function turnBetween(from: Turn, to: Turn, share: number): Turn {
  const angle = from.angle + angleBetween(from.angle, to.angle) * share;
  return makeTurn(angle, share < 1 ? from.isMirrored : to.isMirrored);
}

/* From one of the ends: how much of the world is seen, and how far it is from that end. */
interface Arm {
  w: number;
  r: number;
}

export class Flight {
  /* The length of the path: about one for each screenful gone or each doubling. */
  readonly length: number;
  private readonly start: Arm;
  private readonly end: Arm;
  private readonly distance: number; /* world pixels */
  private readonly there: { dx: number; dy: number };
  private readonly back: { dx: number; dy: number };

  constructor(
    readonly from: Camera,
    readonly to: Camera,
    viewport: Viewport,
  ) {
    const sizePx = Math.max(1, viewport.width, viewport.height);
    this.there = difference(to.centre, from.centre);
    this.back = difference(from.centre, to.centre);
    this.distance = Math.hypot(this.there.dx, this.there.dy) * 2 ** -from.centre.level;
    const w0 = sizePx * 2 ** -from.zoom;
    const w1 = sizePx * 2 ** -to.zoom;
    this.start = { w: w0, r: this.radius(w0, w1) };
    this.end = { w: w1, r: this.radius(w1, w0) };
    this.length = this.isInPlace
      ? Math.abs(Math.log(w1 / w0)) / RHO
      : Math.max(0, -(this.start.r + this.end.r) / RHO);
  }

  /* Only the zoom changes. */
  private get isInPlace(): boolean {
    return this.distance <= SAME_PLACE * Math.min(this.start.w, this.end.w);
  }

  /* The paper's r0 as seen from the end that shows `near`; from the other end it has the other sign. asinh
   * does not cancel where the paper's logarithm does. */
  private radius(near: number, far: number): number {
    const u = this.distance;
    if (u <= SAME_PLACE * Math.min(near, far)) {
      return 0;
    }
    const b = (far * far - near * near + RHO ** 4 * u * u) / (2 * near * RHO * RHO * u);
    return -Math.asinh(b);
  }

  /* The view at a share of the path, 0 to 1. */
  at(share: number): Camera {
    if (share <= 0 || share >= 1) {
      return share <= 0 ? this.from : this.to;
    }
    const turn = turnBetween(this.from.turn, this.to.turn, share);
    const isNearStart = share <= 0.5;
    const arm = isNearStart ? this.start : this.end;
    const base = isNearStart ? this.from : this.to;
    const step = isNearStart ? this.there : this.back;
    const s = RHO * this.length * (isNearStart ? share : 1 - share);
    if (this.isInPlace) {
      const zoom = this.from.zoom + (this.to.zoom - this.from.zoom) * share;
      return makeCamera(base.centre, zoom, turn);
    }
    /* cosh r tanh(s + r) - sinh r, without the difference */
    const gone = ((arm.w / (RHO * RHO)) * Math.sinh(s)) / Math.cosh(s + arm.r);
    const wider = Math.cosh(arm.r) / Math.cosh(s + arm.r);
    const part = gone / this.distance;
    const centre = translate(base.centre, step.dx * part, step.dy * part);
    return makeCamera(centre, base.zoom - Math.log2(wider), turn);
  }
}

/* Slow at both ends. */
export function eased(share: number): number {
  const held = Math.min(1, Math.max(0, share));
  return held * held * (3 - 2 * held);
}

/* Short ways take a moment, long ones not for ever. */
export function flightMs(length: number, msPerUnit: number, mostMs: number): number {
  return Math.min(mostMs, 220 + length * msPerUnit);
}
