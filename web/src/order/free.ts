/* What the panel leaves free of the screen, and the view in which a place of the wall fits there. Pure. */
import { makeCamera, panBy, type Camera, type Viewport } from '../core/camera.ts';
import { positionFromPixels, translate } from '../core/geometry.ts';
import type { ScreenBox } from '../history/area.ts';
import type { Place } from './wire.ts';

/* A little of what is around it is seen, too. */
const ROOM = 1.3;
/* What is smaller than a hundredth of the screen is not looked at from nearer. */
const SHARE_MIN = 0.01;

/* The largest of the four parts beside, above and below what covers the screen, down to `height`. */
export function freeOf(width: number, height: number, cover: ScreenBox | null): ScreenBox {
  if (cover === null) {
    return { x: 0, y: 0, width, height };
  }
  const [right, bottom] = [cover.x + cover.width, cover.y + cover.height];
  const parts: ScreenBox[] = [
    { x: 0, y: 0, width: cover.x, height },
    { x: right, y: 0, width: width - right, height },
    { x: 0, y: 0, width, height: cover.y },
    { x: 0, y: bottom, width, height: height - bottom },
  ];
  const areaOf = (part: ScreenBox): number => Math.max(0, part.width) * Math.max(0, part.height);
  return parts.reduce((most, part) => (areaOf(part) > areaOf(most) ? part : most));
}

/* The view turned as it is, with the place in the middle of `free`. */
export function viewOf(camera: Camera, viewport: Viewport, free: ScreenBox, place: Place): Camera {
  const corner = positionFromPixels(place.level, place.x, place.y);
  const share = Math.max(place.width / free.width, place.height / free.height, SHARE_MIN);
  const zoom = place.level - Math.max(0, Math.log2(share * ROOM));
  const centre = translate(corner, place.width / 2, place.height / 2);
  const right = free.x + free.width / 2 - viewport.width / 2;
  const down = free.y + free.height / 2 - viewport.height / 2;
  return panBy(makeCamera(centre, zoom, camera.turn), right, down);
}
