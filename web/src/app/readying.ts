/* Makes the tiles around the pointer ready for ink, one a frame and only in frames that have time left, so that a stroke that
 * enters a tile finds it so. */
import { displayLevel, screenToPosition } from '../core/camera.ts';
import { TILE_PX, toLevel } from '../core/geometry.ts';
import type { Tile } from '../view/tiles.ts';
import type { App } from './app.ts';

const FRAME_MS_MAX = 2;
/* How far a hand comes in a few frames, in CSS pixels. */
const AHEAD_PX = 120;
/* A pointer that rests as long is not about to draw. */
const REST_MS = 1_000;

export class Readying {
  private at: { x: number; y: number; timeMs: number } | null = null;

  constructor(
    private readonly app: App,
    canvas: HTMLCanvasElement,
  ) {
    const came = ({ clientX, clientY, timeStamp, pointerType }: PointerEvent): void => {
      const isPointing = pointerType !== 'touch' || app.hand.isDrawing;
      this.at = isPointing ? { x: clientX, y: clientY, timeMs: timeStamp } : null;
    };
    for (const type of ['pointermove', 'pointerdown'] as const) {
      canvas.addEventListener(type, came, { passive: true });
    }
  }

  /* Once a frame. */
  framed(nowMs: number): void {
    const { app, at } = this;
    const spentMs = performance.now() - nowMs;
    if (at === null || nowMs - at.timeMs > REST_MS || !app.mayDraw || app.studio.takesPresses) {
      return;
    }
    if (spentMs > FRAME_MS_MAX || app.wall.scene.prepare(this.around(at))) {
      app.wall.request();
    }
  }

  private *around({ x, y }: { x: number; y: number }): Iterable<Tile> {
    const { camera, viewport, scene } = this.app.wall;
    const { palette } = this.app;
    const level = displayLevel(camera.zoom, viewport.ratio);
    const scale = 2 ** (level - camera.zoom);
    const reach = (palette.brush(palette.tool).width / 2 + AHEAD_PX) * scale;
    const place = toLevel(screenToPosition(camera, viewport, x, y), level);
    const tile = (offset: number): number => Math.floor(offset / TILE_PX);
    for (let row = tile(place.y - reach); row <= tile(place.y + reach); row++) {
      for (let column = tile(place.x - reach); column <= tile(place.x + reach); column++) {
        const found = scene.store.find(level, place.tileX + column, place.tileY + row);
        if (found !== undefined) {
          yield found;
        }
      }
    }
  }
}
