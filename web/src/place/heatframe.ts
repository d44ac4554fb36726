/* Which tiles the activity layer asks for: those of the view, of a level whose tiles are some fifty to ninety pixels
 * on the screen, few enough for one question. Pure. */
import { displayLevel, visibleTiles, type Camera, type Viewport } from '../core/camera.ts';
import { clampLevel, LEVEL_MAX, tileMax, tileMin, type TileRect } from '../core/geometry.ts';

const SIDE_MAX = 64;
const FINER_MAX = 2;

export function heatFrame(camera: Camera, viewport: Viewport): TileRect {
  const visible = visibleTiles(camera, { ...viewport, ratio: 1 });
  let finer = FINER_MAX;
  while (
    finer > 0 &&
    (Math.max(visible.width, visible.height) * 2 ** finer > SIDE_MAX ||
      displayLevel(camera.zoom, 1) + finer > LEVEL_MAX)
  ) {
    finer--;
  }
  const level = clampLevel(visible.level + finer);
  const scale = 2 ** (level - visible.level);
  const [x, y] = [visible.x * scale, visible.y * scale];
  const held = {
    level,
    x: Math.max(tileMin(level), x),
    y: Math.max(tileMin(level), y),
    width: Math.min(SIDE_MAX, visible.width * scale),
    height: Math.min(SIDE_MAX, visible.height * scale),
  };
  held.width = Math.min(held.width, tileMax(level) - held.x + 1);
  held.height = Math.min(held.height, tileMax(level) - held.y + 1);
  return held;
}
