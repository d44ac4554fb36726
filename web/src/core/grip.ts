/* Fingers that hold the wall: how they moved together from one moment to the next, as a shift, a factor and a
 * turn about their middle; with as many as there are, coming and going. Pure. */

export interface Spot {
  x: number;
  y: number;
}

export interface Step {
  x: number; /* their middle now */
  y: number;
  dx: number;
  dy: number;
  factor: number;
  degrees: number; /* clockwise */
}

function middleOf(spots: readonly Spot[]): Spot {
  const sum = spots.reduce((a, b) => ({ x: a.x + b.x, y: a.y + b.y }), { x: 0, y: 0 });
  return { x: sum.x / spots.length, y: sum.y / spots.length };
}

/* The similarity nearest to what the fingers did, by least squares (as Umeyama, 1991, in the plane). */
export function stepOf(before: readonly Spot[], after: readonly Spot[]): Step {
  const from = middleOf(before);
  const to = middleOf(after);
  let [cross, dot, spreadBefore, spreadAfter] = [0, 0, 0, 0];
  before.forEach((spot, i) => {
    const [ax, ay] = [spot.x - from.x, spot.y - from.y];
    const [bx, by] = [after[i]!.x - to.x, after[i]!.y - to.y];
    cross += ax * by - ay * bx;
    dot += ax * bx + ay * by;
    spreadBefore += ax * ax + ay * ay;
    spreadAfter += bx * bx + by * by;
  });
  const isSpread = spreadBefore > 1 && spreadAfter > 1;
  return {
    ...to,
    dx: to.x - from.x,
    dy: to.y - from.y,
    factor: isSpread ? Math.sqrt(spreadAfter / spreadBefore) : 1,
    degrees: isSpread ? (Math.atan2(cross, dot) * 180) / Math.PI : 0,
  };
}

const DEAD_DEGREES = 9;
/* Who zooms far does not mean to turn. */
const ZOOMING_DEGREES = 16;
const NEAR_PX = 14;

/* Turning begins only when it is meant: beyond some degrees, more while zooming or with fingers close together. */
export class Twist {
  private isOn = false;
  private degrees = 0;
  private levels = 0;

  reset(): void {
    this.isOn = false;
    this.degrees = 0;
    this.levels = 0;
  }

  /* How far the view is to be turned now. */
  take(step: Step, radiusPx: number): number {
    if (this.isOn) {
      return step.degrees;
    }
    this.degrees += step.degrees;
    this.levels += Math.log2(step.factor);
    const zooming = Math.min(1, Math.abs(this.levels) * 2) * ZOOMING_DEGREES;
    const close = (Math.atan2(NEAR_PX, radiusPx) * 180) / Math.PI;
    this.isOn = Math.abs(this.degrees) > Math.max(DEAD_DEGREES + zooming, close);
    return 0;
  }
}

const RECENT_MS = 80;
const REST_MS = 45;
const SLOWEST = 0.25;

/* With what speed the wall was let go. */
export class Throw {
  private readonly moves: { timeMs: number; dx: number; dy: number }[] = [];

  reset(): void {
    this.moves.length = 0;
  }

  add(timeMs: number, dx: number, dy: number): void {
    this.moves.push({ timeMs, dx, dy });
    while (this.moves[0]!.timeMs < timeMs - RECENT_MS) {
      this.moves.shift();
    }
  }

  /* CSS px a ms; null for a hand that stopped before it let go. */
  speed(nowMs: number): { vx: number; vy: number } | null {
    const recent = this.moves.filter(({ timeMs }) => timeMs >= nowMs - RECENT_MS);
    const last = recent[recent.length - 1];
    if (recent.length < 3 || last === undefined || nowMs - last.timeMs > REST_MS) {
      return null;
    }
    const passedMs = Math.max(8, last.timeMs - recent[0]!.timeMs);
    const [, ...moves] = recent; /* the first began before */
    const vx = moves.reduce((sum, { dx }) => sum + dx, 0) / passedMs;
    const vy = moves.reduce((sum, { dy }) => sum + dy, 0) / passedMs;
    return Math.hypot(vx, vy) < SLOWEST ? null : { vx, vy };
  }
}
