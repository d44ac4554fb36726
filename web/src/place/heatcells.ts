/* Counts of strokes by tile as a small picture, a pixel a tile with a rim of nothing so that its edge is soft when
 * it is drawn larger. */
import type { Heat } from './api.ts';

export type Color = readonly [number, number, number, number]; /* red, green, blue to 255, opacity to 1 */

/* From little to much, as on the legend (place.css). */
const RAMP: readonly Color[] = [
  [250, 204, 92, 0.3],
  [244, 128, 52, 0.5],
  [196, 34, 60, 0.66],
];

function heatColor(share: number): Color {
  const at = Math.min(0.9999, Math.max(0, share)) * (RAMP.length - 1);
  const [from, to, part] = [RAMP[Math.floor(at)]!, RAMP[Math.floor(at) + 1]!, at % 1];
  const mixed = (i: 0 | 1 | 2 | 3): number => from[i] + (to[i] - from[i]) * part;
  return [mixed(0), mixed(1), mixed(2), mixed(3)];
}

export function mostOf({ counts }: Heat): number {
  return counts.reduce((most, count) => Math.max(most, count), 0);
}

function fill(cells: HTMLCanvasElement, heat: Heat, colorOf: (count: number) => Color): void {
  const { width, height, counts } = heat;
  [cells.width, cells.height] = [width + 2, height + 2];
  const image = new ImageData(width + 2, height + 2);
  counts.forEach((count, i) => {
    if (count > 0) {
      const [r, g, b, a] = colorOf(count);
      const at = ((Math.floor(i / width) + 1) * (width + 2) + (i % width) + 1) * 4;
      image.data.set([r, g, b, Math.round(a * 255)], at);
    }
  });
  cells.getContext('2d')!.putImageData(image, 0, 0);
}

/* By how much there is, in the colours of the legend. */
export function fillByCount(cells: HTMLCanvasElement, heat: Heat): void {
  const most = Math.log2(1 + Math.max(1, mostOf(heat)));
  fill(cells, heat, (count) => heatColor(Math.log2(1 + count) / most));
}

/* Whether there is any. */
export function fillPlain(cells: HTMLCanvasElement, heat: Heat, color: Color): void {
  fill(cells, heat, () => color);
}
