/* The selected strokes by themselves, drawn by the kernel once into a picture of their own, which then moves,
 * grows and turns under the hand without being drawn again. */
import { displayLevel, type Camera, type Viewport } from '../core/camera.ts';
import { difference, TILE_PX, translate, toLevel, type Position } from '../core/geometry.ts';
import { markMeetsTile } from '../core/marks.ts';
import type { Mark } from '../core/tilelog.ts';
import type { Ink } from '../ink.ts';
import { loadPoints } from '../view/live.ts';
import type { Item } from './find.ts';
import type { Box } from './shape.ts';

/* Larger is not kept: what is far out of view is not seen while it moves. */
const SIDE_TILES_MAX = 16;

export class Ghost {
  readonly canvas = document.createElement('canvas');
  /* The picture's upper left corner, at its level. */
  corner: Position | null = null;

  constructor(private readonly ink: Ink) {
    this.canvas.className = 'select-ghost';
    this.canvas.hidden = true;
  }

  hide(): void {
    this.canvas.hidden = true;
    this.canvas.width = 0;
    this.canvas.height = 0;
    this.corner = null;
  }

  /* `box`: in pixels of the anchor's level around it. */
  draw(items: readonly Item[], anchor: Position, box: Box, camera: Camera, viewport: Viewport): void {
    const level = displayLevel(camera.zoom, viewport.ratio);
    const scale = 2 ** (level - anchor.level);
    const at = toLevel(anchor, level);
    const from = translate(at, box.x0 * scale - 1, box.y0 * scale - 1);
    const to = translate(at, box.x1 * scale + 1, box.y1 * scale + 1);
    const centre = toLevel(camera.centre, level);
    const axis = (low: number, high: number, middle: number): [number, number] => {
      const first = high - low < SIDE_TILES_MAX ? low : Math.max(low, middle - SIDE_TILES_MAX / 2);
      return [first, Math.min(SIDE_TILES_MAX, Math.max(1, high - first + 1))];
    };
    const [tileX, width] = axis(from.tileX, to.tileX, centre.tileX);
    const [tileY, height] = axis(from.tileY, to.tileY, centre.tileY);
    this.corner = { level, tileX, tileY, x: 0, y: 0 };
    this.canvas.width = width * TILE_PX;
    this.canvas.height = height * TILE_PX;
    this.canvas.hidden = false;
    this.paint(items, level, tileX, tileY, width, height);
  }

  private paint(
    items: readonly Item[],
    level: number,
    tileX: number,
    tileY: number,
    width: number,
    height: number,
  ): void {
    const { ink } = this;
    const context = this.canvas.getContext('2d')!;
    const marks = items.map(({ key, parts }, seq): Mark => ({ key, seq, parts: [...parts] }));
    const [pixels, mask, slot] = [ink.allocTile(), ink.allocMask(), ink.allocStroke()];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const tile = { level, x: tileX + x, y: tileY + y };
        const there = marks.filter((mark) => markMeetsTile(mark, tile));
        if (there.length === 0) {
          continue;
        }
        ink.clearTile(pixels);
        for (const mark of there) {
          mark.parts.forEach((stroke, part) => {
            ink.beginStroke(slot, stroke.origin, stroke);
            ink.setPart(slot, part, mark.parts.length);
            loadPoints(ink, slot, stroke, 0, stroke.points.count);
            ink.addStroke(mask, slot, 0, tile);
          });
          ink.composite(mask, mark.parts[0]!, pixels, pixels);
          ink.clearMask(mask);
        }
        const image = new ImageData(ink.tileRgba(pixels), TILE_PX);
        context.putImageData(image, x * TILE_PX, y * TILE_PX);
      }
    }
    ink.freeTile(pixels);
    ink.freeMask(mask);
    ink.freeStroke(slot);
  }

  /* Where the corner is from the anchor, and how long a pixel is, in pixels of the anchor's level. */
  place(anchor: Position): { x: number; y: number; scale: number } {
    const { dx, dy } = difference(this.corner!, anchor);
    return { x: dx, y: dy, scale: 2 ** (anchor.level - this.corner!.level) };
  }
}
