/* Where people draw, as the server tells it, and what is made of it: signs at the edge of the screen, and
 * where to go next. Pure. */
import { positionToScreen, type Camera, type Viewport } from '../core/camera.ts';
import { positionFromPixels, translate, type Position } from '../core/geometry.ts';
import { withPlace } from './flight.ts';

export interface Artist {
  artist: number;
  name: string;
}

export interface Lively {
  level: number;
  x: string;
  y: string;
  width: number; /* of the box around it, in pixels of the level */
  height: number;
  strokes: number; /* committed in the time asked for */
  drawing: number; /* under the pen now */
  last: number; /* Unix ms */
  artists: Artist[];
  count: number; /* of artists in all */
}

/* Where others draw, and they alone: what one does oneself is no news. */
export function othersIn(places: readonly Lively[], self: number): Lively[] {
  return places
    .map((place) => {
      const artists = place.artists.filter(({ artist }) => artist !== self);
      const isThere = artists.length < place.artists.length;
      return isThere ? { ...place, artists, count: place.count - 1 } : place;
    })
    .filter(({ count }) => count > 0);
}

export function middleOf(place: Lively): Position {
  const corner = positionFromPixels(place.level, place.x, place.y);
  return translate(corner, place.width / 2, place.height / 2);
}

/* The view in which a box is seen well: with room around it, and never closer than it was drawn. */
export function viewOf(
  place: Pick<Lively, 'level' | 'x' | 'y' | 'width' | 'height'>,
  camera: Camera,
  viewport: Viewport,
  share = 0.6,
): Camera {
  const fit = Math.min(
    (viewport.width * share) / Math.max(1, place.width),
    (viewport.height * share) / Math.max(1, place.height),
  );
  const finest = place.level - Math.log2(viewport.ratio);
  const zoom = Math.min(finest, place.level + Math.log2(fit));
  return withPlace(camera, middleOf(place as Lively), Number(zoom.toFixed(3)));
}

/* ---- signs at the edge ---- */

export interface Inset {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export interface EdgeMark {
  key: string;
  x: number;
  y: number;
  /* Where it points to, radians clockwise from the right; null: into the screen, something too small to see. */
  angle: number | null;
  screens: number; /* how far */
  artists: Artist[];
  count: number;
  place: Lively;
}

/* Nearer to each other along the edge they are one. */
const GROUP_PX = 84;
/* What is smaller on the screen is not seen to move. */
const SEEN_PX = 10;

interface Seen {
  x: number; /* its middle on the screen */
  y: number;
  width: number;
  height: number;
}

function onScreen(place: Lively, camera: Camera, viewport: Viewport): Seen {
  const at = positionToScreen(camera, viewport, middleOf(place));
  const scale = 2 ** (camera.zoom - place.level);
  return { ...at, width: place.width * scale, height: place.height * scale };
}

/* True if a part of it lies in view. (Around a turned view its box is taken a little larger.) */
function isInView(seen: Seen, viewport: Viewport): boolean {
  const reachX = seen.width / 2;
  const reachY = seen.height / 2;
  return (
    seen.x + reachX > 0 &&
    seen.y + reachY > 0 &&
    seen.x - reachX < viewport.width &&
    seen.y - reachY < viewport.height
  );
}

/* Where the way from the middle of the frame to (x, y) leaves it. */
function edgePoint(x: number, y: number, viewport: Viewport, inset: Inset): { x: number; y: number } {
  const right = viewport.width - inset.right;
  const bottom = viewport.height - inset.bottom;
  const [cx, cy] = [(inset.left + right) / 2, (inset.top + bottom) / 2];
  const [dx, dy] = [x - cx, y - cy];
  const shareX = dx === 0 ? Infinity : ((dx > 0 ? right : inset.left) - cx) / dx;
  const shareY = dy === 0 ? Infinity : ((dy > 0 ? bottom : inset.top) - cy) / dy;
  const share = Math.min(1, shareX, shareY);
  return { x: cx + dx * share, y: cy + dy * share };
}

function markOf(place: Lively, camera: Camera, viewport: Viewport, inset: Inset): EdgeMark | null {
  const seen = onScreen(place, camera, viewport);
  const isVisible = isInView(seen, viewport);
  const isSmall = Math.max(seen.width, seen.height) < SEEN_PX;
  if (isVisible && !isSmall) {
    return null;
  }
  const [dx, dy] = [seen.x - viewport.width / 2, seen.y - viewport.height / 2];
  return {
    key: place.artists.length > 0 ? `a${place.artists[0]!.artist}` : `${place.level}/${place.x}/${place.y}`,
    ...edgePoint(seen.x, seen.y, viewport, inset),
    angle: isVisible ? null : Math.atan2(dy, dx),
    screens: Math.hypot(dx / viewport.width, dy / viewport.height),
    artists: place.artists,
    count: place.count,
    place,
  };
}

function joined(mark: EdgeMark, other: EdgeMark): EdgeMark {
  const known = new Set(mark.artists.map(({ artist }) => artist));
  const fresh = other.artists.filter(({ artist }) => !known.has(artist));
  const shared = other.artists.length - fresh.length;
  return {
    ...mark,
    screens: Math.min(mark.screens, other.screens),
    artists: [...mark.artists, ...fresh],
    count: mark.count + Math.max(0, other.count - shared),
  };
}

/* `places` the liveliest first: a sign stands, and leads, to the liveliest of its group. */
export function edgeMarks(
  places: readonly Lively[],
  camera: Camera,
  viewport: Viewport,
  inset: Inset,
  most: number,
): EdgeMark[] {
  const marks: EdgeMark[] = [];
  const keys = new Set<string>();
  for (const place of places) {
    const mark = markOf(place, camera, viewport, inset);
    if (mark === null) {
      continue;
    }
    const near = marks.findIndex(
      (each) =>
        (each.angle === null) === (mark.angle === null) &&
        Math.hypot(each.x - mark.x, each.y - mark.y) < GROUP_PX,
    );
    if (near >= 0) {
      marks[near] = joined(marks[near]!, mark);
    } else if (marks.length < most) {
      const key = keys.has(mark.key) ? `${mark.key}+${marks.length}` : mark.key;
      keys.add(key);
      marks.push({ ...mark, key });
    }
  }
  return marks;
}

/* One of eight directions, as a word for it: 0 right, then clockwise by eighths. */
export function eighth(angle: number): number {
  return (Math.round((angle / Math.PI) * 4) + 8) % 8;
}
