/* What one pastes elsewhere to show a view: its link, a frame that lives, a picture. Pure. */
import { formatView } from '../core/address.ts';
import { screenToPosition, type Camera, type Viewport } from '../core/camera.ts';
import { UPRIGHT } from '../core/turn.ts';
import { worldDecimals } from './decimals.ts';
import { withPlace } from './flight.ts';

export interface Size {
  width: number;
  height: number;
}

const SIDE_MAX = 16_384;

function escaped(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' };
  return text.replace(/[&"<>]/g, (sign) => names[sign]!);
}

/* The same middle, and the same part of the wall where the shape allows it. */
export function cameraForSize(camera: Camera, viewport: Viewport, size: Size): Camera {
  const share = Math.min(size.width / viewport.width, size.height / viewport.height);
  return withPlace(camera, camera.centre, Number((camera.zoom + Math.log2(share)).toFixed(3)));
}

export function linkTo(origin: string, canvas: string, camera: Camera, query = ''): string {
  const path = canvas === 'main' ? '/' : `/c/${canvas}`;
  return `${origin}${path}${query}${formatView(camera)}`;
}

export function frameSnippet(
  origin: string,
  canvas: string,
  camera: Camera,
  viewport: Viewport,
  size: Size,
  title: string,
): string {
  const src = linkTo(origin, canvas, cameraForSize(camera, viewport, size), '?embed');
  const { width, height } = size;
  return (
    `<iframe src="${escaped(src)}" width="${width}" height="${height}" title="${escaped(title)}"` +
    ` loading="lazy" style="border:0" allow="fullscreen"></iframe>`
  );
}

/* Upright, and never wider than the server draws. */
export function snapshotUrl(
  origin: string,
  canvas: string,
  camera: Camera,
  viewport: Viewport,
  size: Size,
): string {
  const shown = { ...cameraForSize(camera, viewport, size), turn: UPRIGHT };
  const held = { width: Math.min(SIDE_MAX, size.width), height: Math.min(SIDE_MAX, size.height) };
  const corner = worldDecimals(screenToPosition(shown, { ...held, ratio: 1 }, 0, 0));
  const scale = 2 ** shown.zoom;
  const [width, height] = [held.width / scale, held.height / scale];
  return (
    `${origin}/snapshot.png?canvas=${canvas}&rect=${corner.x},${corner.y},` +
    `${plain(width)},${plain(height)}&scale=${plain(scale)}&ground=fbf9f4`
  );
}

export function imageSnippet(
  origin: string,
  canvas: string,
  camera: Camera,
  viewport: Viewport,
  size: Size,
  title: string,
): string {
  const src = snapshotUrl(origin, canvas, camera, viewport, size);
  const link = linkTo(origin, canvas, cameraForSize(camera, viewport, size));
  return (
    `<a href="${escaped(link)}"><img src="${escaped(src)}" width="${size.width}" height="${size.height}"` +
    ` alt="${escaped(title)}" loading="lazy"></a>`
  );
}

/* Decimals without an exponent. */
function plain(value: number): string {
  const digits = Math.max(0, Math.min(40, 12 - Math.floor(Math.log10(Math.max(value, 1e-30)))));
  return value.toFixed(digits).replace(/\.?0+$/, '');
}
