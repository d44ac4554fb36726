/* A pointer that arrow keys move: a tap is one pixel, a held key grows faster. Pure; time is passed in. */

export type Arrow = 'left' | 'right' | 'up' | 'down';

const TAP_PX = 1;
const HOLD_MS = 180;
const SLOW_PX_S = 60;
const FAST_PX_S = 1_100;
const GROWS_MS = 1_600;

const WAYS: Record<Arrow, [number, number]> = {
  left: [-1, 0],
  right: [1, 0],
  up: [0, -1],
  down: [0, 1],
};

export class Steering {
  private readonly held = new Map<Arrow, number>();
  private steppedMs = 0;

  get isMoving(): boolean {
    return this.held.size > 0;
  }

  /* The first pixel comes at once. */
  press(arrow: Arrow, nowMs: number): [number, number] {
    if (this.held.has(arrow)) {
      return [0, 0];
    }
    if (this.held.size === 0) {
      this.steppedMs = nowMs;
    }
    this.held.set(arrow, nowMs);
    const [dx, dy] = WAYS[arrow];
    return [dx * TAP_PX, dy * TAP_PX];
  }

  release(arrow: Arrow): void {
    this.held.delete(arrow);
  }

  stop(): void {
    this.held.clear();
  }

  /* How far it went since the last step. */
  step(nowMs: number): [number, number] {
    const passedMs = Math.min(64, Math.max(0, nowMs - this.steppedMs));
    this.steppedMs = nowMs;
    const since = Math.min(...this.held.values());
    const heldMs = nowMs - since - HOLD_MS;
    if (this.held.size === 0 || heldMs <= 0) {
      return [0, 0];
    }
    const share = Math.min(1, heldMs / GROWS_MS);
    const px = ((SLOW_PX_S + (FAST_PX_S - SLOW_PX_S) * share * share) * passedMs) / 1000;
    let [x, y] = [0, 0];
    for (const arrow of this.held.keys()) {
      x += WAYS[arrow][0];
      y += WAYS[arrow][1];
    }
    const size = Math.hypot(x, y) || 1;
    return [(x / size) * px, (y / size) * px];
  }
}
