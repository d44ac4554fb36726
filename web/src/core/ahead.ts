/* Which tiles to ask for around those in view: one more on each side, so that a short pan finds them there, and
 * more on the side the view moves to, as far as it gets in the time that bringing them takes. Pure. */
import { VIEW_TILES_MAX, type Camera } from './camera.ts';
import { TILE_PX, tileMax, tileMin, toLevel, type TileRect } from './geometry.ts';

const AHEAD_MS = 350;
const AHEAD_MAX = 3;
/* Of the speed, this much is of the newest frame. */
const SHARE = 0.3;
const PAUSE_MS = 120;

/* In tiles of a level, for how fast it moves. */
export function middleOf(camera: Camera, level: number): { level: number; x: number; y: number } {
  const { tileX, tileY, x, y } = toLevel(camera.centre, level);
  return { level, x: tileX + x / TILE_PX, y: tileY + y / TILE_PX };
}

/* Tiles a ms, over the wall: the middle of what is in view, from frame to frame. */
export class Drift {
  vx = 0;
  vy = 0;
  private level = 0;
  private x = 0;
  private y = 0;
  private atMs = -Infinity;

  move(visible: { level: number; x: number; y: number }, nowMs: number): void {
    const passedMs = nowMs - this.atMs;
    if (visible.level !== this.level || passedMs > PAUSE_MS) {
      this.vx = 0;
      this.vy = 0;
    } else if (passedMs > 0) {
      this.vx += ((visible.x - this.x) / passedMs - this.vx) * SHARE;
      this.vy += ((visible.y - this.y) / passedMs - this.vy) * SHARE;
    }
    this.level = visible.level;
    this.x = visible.x;
    this.y = visible.y;
    this.atMs = nowMs;
  }
}

function aheadOf(speed: number): number {
  return Math.min(AHEAD_MAX, Math.ceil(Math.max(0, speed) * AHEAD_MS));
}

function grown(rect: TileRect, left: number, top: number, right: number, bottom: number): TileRect {
  const low = tileMin(rect.level);
  const high = tileMax(rect.level);
  const x0 = Math.max(low, rect.x - left);
  const y0 = Math.max(low, rect.y - top);
  const x1 = Math.min(high, rect.x + rect.width - 1 + right);
  const y1 = Math.min(high, rect.y + rect.height - 1 + bottom);
  const wide = { level: rect.level, x: x0, y: y0, width: x1 - x0 + 1, height: y1 - y0 + 1 };
  return wide.width * wide.height <= VIEW_TILES_MAX ? wide : rect;
}

export function widened(rect: TileRect, { vx, vy }: Pick<Drift, 'vx' | 'vy'>): TileRect {
  const side = (speed: number): number => Math.max(1, aheadOf(speed));
  return grown(rect, side(-vx), side(-vy), side(vx), side(vy));
}

/* What must have been asked for by now: on the side it moves to, one more than is in view. */
export function needed(rect: TileRect, { vx, vy }: Pick<Drift, 'vx' | 'vy'>): TileRect {
  const side = (speed: number): number => Math.min(1, aheadOf(speed));
  return grown(rect, side(-vx), side(-vy), side(vx), side(vy));
}

/* The order of bringing: what is in view before what is ahead, the nearest to where the middle will be first. */
export function farness(
  tile: { x: number; y: number },
  visible: TileRect,
  drift: Pick<Drift, 'vx' | 'vy'>,
): number {
  const lead = (speed: number, length: number): number =>
    Math.max(-length / 2, Math.min(length / 2, speed * AHEAD_MS));
  const middleX = visible.x + visible.width / 2 - 0.5 + lead(drift.vx, visible.width);
  const middleY = visible.y + visible.height / 2 - 0.5 + lead(drift.vy, visible.height);
  const isInView =
    tile.x >= visible.x &&
    tile.y >= visible.y &&
    tile.x < visible.x + visible.width &&
    tile.y < visible.y + visible.height;
  return Math.hypot(tile.x - middleX, tile.y - middleY) + (isInView ? 0 : visible.width + visible.height);
}
