/* What a minimap of a wall without edges shows: all that was ever painted where that is not much more than
 * the screen, otherwise the neighbourhood, 64 screens wide. It stays while one moves about in its middle. Pure.
 *
 * A frame is a rectangle of whole tiles of one level, few enough for one question to the server. */
import type { Camera, Viewport } from '../core/camera.ts';
import { clampLevel, difference, TILE_PX, tileMax, tileMin, toLevel, type Position, type TileRect } from '../core/geometry.ts';

export const CELLS_MAX = 64;
const SCREENS = 64;
const CELLS_WANTED = 40;
/* One is at the rim when nearer than this share of it. */
const RIM = 0.18;

/* All that was ever painted, in world pixels. */
export type Box = readonly [number, number, number, number];

interface Spread {
  centre: Position;
  width: number; /* world pixels */
  height: number;
}

function worldSize(camera: Camera, viewport: Viewport): { width: number; height: number } {
  const scale = 2 ** -camera.zoom;
  return { width: viewport.width * scale, height: viewport.height * scale };
}

function positionOfWorld(x: number, y: number): Position {
  const [wholeX, wholeY] = [Math.floor(x / TILE_PX), Math.floor(y / TILE_PX)];
  return { level: 0, tileX: wholeX, tileY: wholeY, x: x - wholeX * TILE_PX, y: y - wholeY * TILE_PX };
}

function spreadFor(camera: Camera, viewport: Viewport, box: Box | null, shape: number): Spread {
  const view = worldSize(camera, viewport);
  let around: Spread = {
    centre: camera.centre,
    width: view.width * SCREENS,
    height: view.height * SCREENS,
  };
  if (box !== null) {
    const [x0, y0, x1, y1] = box;
    const { dx, dy } = difference(toLevel(camera.centre, 0), positionOfWorld(0, 0));
    /* With the view in it, so that one sees how far one has gone. */
    const [left, right] = [Math.min(x0, dx - view.width / 2), Math.max(x1, dx + view.width / 2)];
    const [top, bottom] = [Math.min(y0, dy - view.height / 2), Math.max(y1, dy + view.height / 2)];
    const isSmall = right - left <= around.width && bottom - top <= around.height;
    if (isSmall) {
      around = {
        centre: positionOfWorld((left + right) / 2, (top + bottom) / 2),
        width: (right - left) * 1.12,
        height: (bottom - top) * 1.12,
      };
    }
  }
  return {
    centre: around.centre,
    width: Math.max(around.width, around.height * shape),
    height: Math.max(around.height, around.width / shape),
  };
}

/* `shape`: the map's width over its height. */
export function frameFor(
  camera: Camera,
  viewport: Viewport,
  box: Box | null,
  shape: number,
): TileRect {
  const { centre, width, height } = spreadFor(camera, viewport, box, shape);
  const across = Math.max(width, height);
  const level = clampLevel(Math.floor(Math.log2((CELLS_WANTED * TILE_PX) / across)));
  const tilePx = TILE_PX * 2 ** -level; /* world pixels */
  const middle = toLevel(centre, level);
  const axis = (tile: number, offset: number, size: number): [number, number] => {
    const count = Math.min(CELLS_MAX, Math.max(1, Math.ceil(size / tilePx) + 1));
    const first = tile + Math.round(offset / TILE_PX - count / 2);
    const held = Math.max(tileMin(level), Math.min(first, tileMax(level) - count + 1));
    return [held, Math.min(count, tileMax(level) - held + 1)];
  };
  const [x, columns] = axis(middle.tileX, middle.x, width);
  const [y, rows] = axis(middle.tileY, middle.y, height);
  return { level, x, y, width: columns, height: rows };
}

/* The tiles whose pictures cover the frame: of the finest level at which a picture is no larger than on the map, where a tile of
 * the frame has `tilePx` device pixels. */
export function picturesFor(frame: TileRect, tilePx: number): TileRect {
  const coarser = Math.max(0, Math.floor(Math.log2(TILE_PX / Math.max(1, tilePx))));
  const level = clampLevel(frame.level - coarser);
  const scale = 2 ** (frame.level - level);
  const axis = (first: number, count: number): [number, number] => {
    const from = Math.floor(first / scale);
    return [from, Math.floor((first + count - 1) / scale) - from + 1];
  };
  const [x, width] = axis(frame.x, frame.width);
  const [y, height] = axis(frame.y, frame.height);
  return { level, x, y, width, height };
}

/* A place on the map: 0 to 1 across the frame each way. */
export function onMap(frame: TileRect, place: Position): { x: number; y: number } {
  const corner = { level: frame.level, tileX: frame.x, tileY: frame.y, x: 0, y: 0 };
  const { dx, dy } = difference(place, corner);
  return { x: dx / (frame.width * TILE_PX), y: dy / (frame.height * TILE_PX) };
}

export function fromMap(frame: TileRect, x: number, y: number): Position {
  const [px, py] = [x * frame.width, y * frame.height];
  const [columns, rows] = [Math.floor(px), Math.floor(py)];
  return {
    level: frame.level,
    tileX: frame.x + columns,
    tileY: frame.y + rows,
    x: (px - columns) * TILE_PX,
    y: (py - rows) * TILE_PX,
  };
}

/* The view's rectangle on the map. */
export function viewOnMap(
  frame: TileRect,
  camera: Camera,
  viewport: Viewport,
): { x: number; y: number; width: number; height: number } {
  const { width, height } = worldSize(camera, viewport);
  const tilePx = TILE_PX * 2 ** -frame.level;
  const middle = onMap(frame, camera.centre);
  const size = { width: width / (frame.width * tilePx), height: height / (frame.height * tilePx) };
  return { x: middle.x - size.width / 2, y: middle.y - size.height / 2, ...size };
}

/* False once another frame serves better: one left its middle, or looks at a much larger or smaller part. */
export function stillServes(
  frame: TileRect,
  wanted: TileRect,
  camera: Camera,
  viewport: Viewport,
): boolean {
  if (frame.level !== wanted.level) {
    return false;
  }
  if (frame.x === wanted.x && frame.y === wanted.y) {
    return frame.width === wanted.width && frame.height === wanted.height;
  }
  const { x, y } = onMap(frame, camera.centre);
  const view = viewOnMap(frame, camera, viewport);
  const isInside = x > RIM && y > RIM && x < 1 - RIM && y < 1 - RIM;
  return isInside && view.width < 0.5 && view.height < 0.5;
}
