/* Rectangles of the wall in whole pixels of a level, as the server takes them, and where they are on the
 * screen. Corners are decimal strings: far in they pass 2^53. Pure. */
import {
  displayLevel,
  positionToScreen,
  screenToPosition,
  type Camera,
  type Viewport,
} from '../core/camera.ts';
import { pixelStrings, positionFromPixels, toLevel } from '../core/geometry.ts';

export interface PixelRect {
  level: number;
  x: string;
  y: string;
  width: number;
  height: number;
}

/* In CSS pixels of the screen. */
export interface ScreenBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/* World pixels go from -2^(31+level) up to 2^(31+level). */
function held(value: bigint, level: number): bigint {
  const edge = 2n ** BigInt(31 + level);
  return value < -edge ? -edge : value > edge ? edge : value;
}

/* The smallest rectangle of the wall around places of the screen: two opposite corners of one that is
 * stretched, as it lies along the wall however the view is turned, or all four of one of the screen. */
export function rectAround(
  camera: Camera,
  viewport: Viewport,
  spots: readonly { x: number; y: number }[],
): PixelRect {
  const level = displayLevel(camera.zoom, viewport.ratio);
  const corners = spots.map(({ x, y }) =>
    pixelStrings(toLevel(screenToPosition(camera, viewport, x, y), level)),
  );
  const span = (all: bigint[]): [bigint, bigint] => {
    const inside = all.map((value) => held(value, level));
    const least = inside.reduce((a, b) => (b < a ? b : a));
    return [least, inside.reduce((a, b) => (b > a ? b : a)) - least];
  };
  const [x, width] = span(corners.map((corner) => BigInt(corner.x)));
  const [y, height] = span(corners.map((corner) => BigInt(corner.y)));
  return {
    level,
    x: x.toString(),
    y: y.toString(),
    width: Math.max(1, Number(width)),
    height: Math.max(1, Number(height)),
  };
}

export function rectOfBox(camera: Camera, viewport: Viewport, box: ScreenBox): PixelRect {
  const [x1, y1] = [box.x + box.width, box.y + box.height];
  return rectAround(camera, viewport, [
    { x: box.x, y: box.y },
    { x: x1, y: box.y },
    { x: box.x, y: y1 },
    { x: x1, y: y1 },
  ]);
}

export function viewRect(camera: Camera, viewport: Viewport): PixelRect {
  const { width, height } = viewport;
  return rectOfBox(camera, viewport, { x: 0, y: 0, width, height });
}

/* The whole wall. */
export const WHOLE_WALL: PixelRect = { level: -24, x: '-128', y: '-128', width: 256, height: 256 };

/* Where its corner is on the screen, and how large it is there; the box is turned as the view is. */
export function boxOfRect(camera: Camera, viewport: Viewport, rect: PixelRect): ScreenBox {
  const place = positionFromPixels(rect.level, rect.x, rect.y);
  const at = positionToScreen(camera, viewport, place);
  const scale = 2 ** (camera.zoom - rect.level);
  return { x: at.x, y: at.y, width: rect.width * scale, height: rect.height * scale };
}

/* The pixel of `level` under a point of the screen. */
export function pixelAt(
  camera: Camera,
  viewport: Viewport,
  x: number,
  y: number,
): { level: number; x: string; y: string } {
  const level = displayLevel(camera.zoom, viewport.ratio);
  const place = toLevel(screenToPosition(camera, viewport, x, y), level);
  return { level, ...pixelStrings(place) };
}

export function rectQuery(rect: PixelRect): string {
  const { level, x, y, width, height } = rect;
  return `level=${level}&x=${x}&y=${y}&width=${width}&height=${height}`;
}
