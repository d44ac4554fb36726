/* The view as a PNG file, at the screen's own resolution. */
import { message } from '../i18n/i18n.ts';
import type { Wall } from './wall.ts';

const WAIT_MS_MAX = 5_000;

function fileName(canvas: string, when: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
  return `kolam-${canvas}-${day}.png`;
}

/* Waits for tiles on their way, but not for ever. */
function whenComplete(wall: Wall): Promise<void> {
  const untilMs = performance.now() + WAIT_MS_MAX;
  return new Promise((resolve) => {
    const look = (nowMs: number): void => {
      if (wall.isComplete || nowMs > untilMs) {
        resolve();
      } else {
        wall.request();
        requestAnimationFrame(look);
      }
    };
    requestAnimationFrame(look);
  });
}

export async function saveView(wall: Wall, canvasName: string): Promise<void> {
  await whenComplete(wall);
  const canvas = document.createElement('canvas');
  canvas.width = wall.canvas.width;
  canvas.height = wall.canvas.height;
  wall.screen.drawInto(canvas.getContext('2d', { alpha: false })!, wall.camera, wall.viewport);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob === null) {
    throw new Error(message('save.failed'));
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = fileName(canvasName, new Date());
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
