/* How much ink a newcomer has, as the server counts it (docs/protocol.md): a stroke takes its path and its width, in pixels
 * of its level; a well refills by so much a minute. Pure. */
import { type Stroke, TOOL_FILL } from '../core/op.ts';

const SUB_PER_PX = 8;
const WIDTH_PER_PX = 256;
const FILL_PX_PER_INK = 32;
const MINUTE_MS = 60_000;

export function inkOf({ tool, width, points }: Stroke): number {
  let path = 0;
  let [left, top] = [points.x[0]!, points.y[0]!];
  let [right, bottom] = [left, top];
  for (let i = 1; i < points.count; i++) {
    const [x, y] = [points.x[i]!, points.y[i]!];
    path += Math.hypot(x - points.x[i - 1]!, y - points.y[i - 1]!);
    [left, top] = [Math.min(left, x), Math.min(top, y)];
    [right, bottom] = [Math.max(right, x), Math.max(bottom, y)];
  }
  const box = ((right - left) / SUB_PER_PX) * ((bottom - top) / SUB_PER_PX);
  const fill = tool === TOOL_FILL ? box / FILL_PX_PER_INK : 0;
  return Math.ceil(path / SUB_PER_PX + width / WIDTH_PER_PX + fill);
}

export class Inkwell {
  private left = 0;
  private perMinute = 1;
  private atMs = 0;

  set(left: number, perMinute: number, nowMs: number): void {
    [this.left, this.perMinute, this.atMs] = [left, Math.max(1, perMinute), nowMs];
  }

  take(ink: number, nowMs: number): void {
    this.set(this.leftAt(nowMs) - ink, this.perMinute, nowMs);
  }

  /* May be owed. */
  leftAt(nowMs: number): number {
    const gained = ((nowMs - this.atMs) * this.perMinute) / MINUTE_MS;
    return Math.min(this.perMinute, this.left + gained);
  }

  /* 0 to 1. */
  shareAt(nowMs: number): number {
    return Math.max(0, this.leftAt(nowMs) / this.perMinute);
  }

  fullInMs(nowMs: number): number {
    return ((this.perMinute - this.leftAt(nowMs)) * MINUTE_MS) / this.perMinute;
  }
}
