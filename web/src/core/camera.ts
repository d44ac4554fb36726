/* What part of the wall is on the screen: a centre that is exact at every level, and a zoom.
 *
 * `zoom` is the exponent of CSS pixels per world pixel: 0 is 1:1, 1 is twice as large. The
 * centre is held at the whole level nearest to the zoom, so that its offset never loses a
 * visible part of a pixel. Everything returns a new camera; nothing here knows the DOM. */
import {
  clampLevel,
  clampToWorld,
  difference,
  LEVEL_MAX,
  LEVEL_MIN,
  TILE_PX,
  tileMax,
  tileMin,
  toLevel,
  translate,
  type Position,
  type TileRect,
} from './geometry.ts';
import {
  isSquare,
  isUpright,
  screenToWall,
  UPRIGHT,
  wallMatrix,
  wallToScreen,
  type Turn,
} from './turn.ts';

export interface Camera {
  centre: Position;
  zoom: number;
  turn: Turn;
}

/* The element's size in CSS pixels, and device pixels per CSS pixel. */
export interface Viewport {
  width: number;
  height: number;
  ratio: number;
}

export const ZOOM_MIN = LEVEL_MIN;
export const ZOOM_MAX = LEVEL_MAX;
/* What one view message may ask for. */
export const VIEW_TILES_MAX = 4096;

export function makeCamera(centre: Position, zoom: number, turn: Turn = UPRIGHT): Camera {
  const held = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, zoom));
  const level = clampLevel(Math.round(held));
  return { centre: clampToWorld(toLevel(centre, level)), zoom: held, turn };
}

/* CSS pixels per pixel of the centre's level. */
function scaleOf(camera: Camera): number {
  return 2 ** (camera.zoom - camera.centre.level);
}

/* The place under a point of the screen, at the centre's level. */
export function screenToPosition(
  camera: Camera,
  viewport: Viewport,
  screenX: number,
  screenY: number,
): Position {
  const scale = scaleOf(camera);
  const [x, y] = [screenX - viewport.width / 2, screenY - viewport.height / 2];
  const { dx, dy } = screenToWall(camera.turn, x, y);
  return translate(camera.centre, dx / scale, dy / scale);
}

export function positionToScreen(
  camera: Camera,
  viewport: Viewport,
  place: Position,
): { x: number; y: number } {
  const scale = scaleOf(camera);
  const from = difference(place, camera.centre);
  const { dx, dy } = wallToScreen(camera.turn, from.dx, from.dy);
  return { x: dx * scale + viewport.width / 2, y: dy * scale + viewport.height / 2 };
}

/* Moves the wall with the hand: a drag of (screenX, screenY) CSS pixels. */
export function panBy(camera: Camera, screenX: number, screenY: number): Camera {
  const scale = scaleOf(camera);
  const { dx, dy } = screenToWall(camera.turn, screenX, screenY);
  return { ...camera, centre: clampToWorld(translate(camera.centre, -dx / scale, -dy / scale)) };
}

/* The camera of that zoom and turn that has `place` under a point of the screen. */
function cameraWith(
  place: Position,
  viewport: Viewport,
  screenX: number,
  screenY: number,
  zoom: number,
  turn: Turn,
): Camera {
  const held = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, zoom));
  const level = clampLevel(Math.round(held));
  const scale = 2 ** (held - level);
  const [x, y] = [screenX - viewport.width / 2, screenY - viewport.height / 2];
  const { dx, dy } = screenToWall(turn, x, y);
  const centre = translate(toLevel(place, level), -dx / scale, -dy / scale);
  return { centre: clampToWorld(centre), zoom: held, turn };
}

/* Changes the zoom so that the place under (screenX, screenY) stays there. */
export function zoomAt(
  camera: Camera,
  viewport: Viewport,
  screenX: number,
  screenY: number,
  zoom: number,
): Camera {
  const anchor = screenToPosition(camera, viewport, screenX, screenY);
  return cameraWith(anchor, viewport, screenX, screenY, zoom, camera.turn);
}

/* Turns the view about what is under (screenX, screenY). */
export function turnAt(
  camera: Camera,
  viewport: Viewport,
  screenX: number,
  screenY: number,
  turn: Turn,
): Camera {
  const anchor = screenToPosition(camera, viewport, screenX, screenY);
  return cameraWith(anchor, viewport, screenX, screenY, camera.zoom, turn);
}

/* Another size of the screen. A window that grows or shrinks at its edge, or the bars of a phone's browser,
 * leave what is at the upper left where it is; a phone that is turned, or another scale, keeps the middle. */
export function resized(camera: Camera, from: Viewport, to: Viewport): Camera {
  const isOther = from.ratio !== to.ratio || from.width <= 1;
  const wasWide = from.width > from.height;
  if (isOther || (wasWide !== to.width > to.height && from.width !== to.width)) {
    return camera;
  }
  const corner = screenToPosition(camera, from, 0, 0);
  return cameraWith(corner, to, 0, 0, camera.zoom, camera.turn);
}

/* The level whose tiles are shown: one tile pixel is then 0.71 to 1.41 device pixels. */
export function displayLevel(zoom: number, ratio: number): number {
  return clampLevel(Math.round(zoom + Math.log2(ratio)));
}

/* How the tiles of `level` lie on the screen, in device pixels: the tile (tileX, tileY) has its
 * corner at (x, y), and each tile is `size` long. The corner is rounded to whole device pixels
 * when tiles map one to one, so that nothing is resampled. */
export interface Layout {
  level: number;
  tileX: number;
  tileY: number;
  x: number;
  y: number;
  size: number;
}

export function layoutFor(camera: Camera, viewport: Viewport, level: number): Layout {
  const centre = toLevel(camera.centre, level);
  const scale = 2 ** (camera.zoom - level) * viewport.ratio;
  const isSharp = Math.abs(scale - 1) < 1e-9;
  const x = (viewport.width * viewport.ratio) / 2 - centre.x * scale;
  const y = (viewport.height * viewport.ratio) / 2 - centre.y * scale;
  return {
    level,
    tileX: centre.tileX,
    tileY: centre.tileY,
    x: isSharp ? Math.round(x) : x,
    y: isSharp ? Math.round(y) : y,
    size: isSharp ? TILE_PX : TILE_PX * scale,
  };
}

/* A tile's whole device pixels: neighbours share their edges, so no seam shows. */
export function tileBox(
  layout: Layout,
  tileX: number,
  tileY: number,
): { x0: number; y0: number; x1: number; y1: number } {
  const x = layout.x + (tileX - layout.tileX) * layout.size;
  const y = layout.y + (tileY - layout.tileY) * layout.size;
  return {
    x0: Math.round(x),
    y0: Math.round(y),
    x1: Math.round(x + layout.size),
    y1: Math.round(y + layout.size),
  };
}

function spanOf(
  first: number,
  corner: number,
  size: number,
  lengthPx: number,
  level: number,
): { from: number; count: number } {
  const low = tileMin(level);
  const high = tileMax(level);
  const begin = first + Math.floor(-corner / size);
  const end = first + Math.ceil((lengthPx - corner) / size) - 1;
  const from = Math.min(high, Math.max(low, begin));
  const to = Math.min(high, Math.max(low, end));
  return { from, count: to - from + 1 };
}

/* The tiles that cover the screen; of a turned view, the box around it. */
export function visibleTiles(camera: Camera, viewport: Viewport): TileRect {
  if (!isUpright(camera.turn)) {
    const sheet = sheetOf(camera, viewport);
    return visibleTiles(sheet.camera, sheet.viewport);
  }
  const level = displayLevel(camera.zoom, viewport.ratio);
  const layout = layoutFor(camera, viewport, level);
  const widthPx = Math.max(1, viewport.width * viewport.ratio);
  const heightPx = Math.max(1, viewport.height * viewport.ratio);
  const columns = spanOf(layout.tileX, layout.x, layout.size, widthPx, level);
  const rows = spanOf(layout.tileY, layout.y, layout.size, heightPx, level);
  const width = Math.min(columns.count, 64);
  return {
    level,
    x: columns.from,
    y: rows.from,
    width,
    height: Math.min(rows.count, Math.floor(VIEW_TILES_MAX / width)),
  };
}

/* A turned view is drawn in two steps: tiles one to one, upright, onto a sheet that is large enough, and
 * the sheet at once onto the screen. So neighbours meet without a seam, and nothing is resampled twice.
 * `matrix` takes the sheet's pixels to the screen's, as of a canvas. */
export interface Sheet {
  camera: Camera;
  viewport: Viewport; /* whole pixels, ratio 1 */
  matrix: [number, number, number, number, number, number];
  isSharp: boolean; /* pixels fall on pixels */
}

/* Around the screen, for what is sampled at its edges. */
const SHEET_MARGIN = 2;

export function sheetOf(camera: Camera, viewport: Viewport): Sheet {
  const level = displayLevel(camera.zoom, viewport.ratio);
  const scale = 2 ** (camera.zoom - level) * viewport.ratio;
  const isSharp = Math.abs(scale - 1) < 1e-9 && isSquare(camera.turn);
  const [a, b, c, d] = wallMatrix(camera.turn);
  const widthPx = viewport.width * viewport.ratio;
  const heightPx = viewport.height * viewport.ratio;
  const margin = isSharp ? 0 : 2 * SHEET_MARGIN;
  const span = (along: number, across: number): number =>
    Math.ceil((Math.abs(along) * widthPx + Math.abs(across) * heightPx) / scale - 1e-6) + margin;
  const [width, height] = [span(a, b), span(c, d)];
  const size = isSharp ? 1 : scale;
  const sheet = {
    camera: { centre: toLevel(camera.centre, level), zoom: level, turn: UPRIGHT },
    viewport: { width, height, ratio: 1 },
  };
  /* The sheet's tiles are at whole pixels; what that took off comes back here. */
  const { x, y } = sheet.camera.centre;
  const shift = (length: number, offset: number): number =>
    isSharp ? length / 2 : offset + Math.round(length / 2 - offset);
  const [middleX, middleY] = [shift(width, x), shift(height, y)];
  return {
    ...sheet,
    matrix: [
      a * size,
      b * size,
      c * size,
      d * size,
      widthPx / 2 - (a * middleX + c * middleY) * size,
      heightPx / 2 - (b * middleX + d * middleY) * size,
    ],
    isSharp,
  };
}
