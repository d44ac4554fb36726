/* The view in the address: `#@<x>,<y>,<zoom>`, whole pixels of the level nearest to the zoom, as
 * exact decimals; and `,<degrees>` if the view is turned. That it is mirrored is a glance of one's own, and
 * never in an address. */
import { makeCamera, ZOOM_MAX, ZOOM_MIN, type Camera } from './camera.ts';
import { clampLevel, pixelStrings, positionFromPixels } from './geometry.ts';
import { makeTurn } from './turn.ts';

export function formatView(camera: Camera): string {
  const zoom = Number(camera.zoom.toFixed(3));
  const level = clampLevel(Math.round(zoom));
  const { x, y } = pixelStrings(makeCamera(camera.centre, level).centre);
  const angle = Number(camera.turn.angle.toFixed(1));
  return `#@${x},${y},${zoom}${angle === 0 ? '' : `,${angle}`}`;
}

const NUMBER = '(-?\\d{1,20})';
const VIEW = new RegExp(
  `^#@${NUMBER},${NUMBER},(-?\\d{1,2}(?:\\.\\d{1,6})?)(?:,(-?\\d{1,3}(?:\\.\\d{1,3})?))?(?:&|$)`,
);

export function parseView(hash: string): Camera | null {
  const match = VIEW.exec(hash);
  if (match === null) {
    return null;
  }
  const zoom = Number(match[3]);
  if (zoom < ZOOM_MIN || zoom > ZOOM_MAX) {
    return null;
  }
  const centre = positionFromPixels(clampLevel(Math.round(zoom)), match[1]!, match[2]!);
  return makeCamera(centre, zoom, makeTurn(Number(match[4] ?? 0), false));
}

/* The words of a query, parted as the server parts them: by semicolons, too. What it takes for `?embed`, and lets
 * other sites frame, must be that to the page as well. */
export function wordsOf(search: string): URLSearchParams {
  return new URLSearchParams(search.replace(/;/g, '&'));
}

/* `/c/<name>` or `/`; `?watch`, and whatever else only looks on, without drawing. */
export function parsePage(
  pathname: string,
  search: string,
): { canvas: string; isWatching: boolean } {
  const match = /^\/c\/([a-z0-9][a-z0-9_-]{0,63})\/?$/.exec(pathname);
  const asked = wordsOf(search);
  const isWatching = ['watch', 'tour', 'kiosk', 'embed'].some((word) => asked.has(word));
  return { canvas: match?.[1] ?? 'main', isWatching };
}
