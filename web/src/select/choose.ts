/* Which of one's own strokes are meant: by a line around them, or by a press. */
import type { App } from '../app/app.ts';
import { displayLevel, positionToScreen, screenToPosition } from '../core/camera.ts';
import { difference, toLevel, type Position } from '../core/geometry.ts';
import { rectAround } from '../history/area.ts';
import { findOwn, type Found } from './find.ts';
import { isHit, shareInside, type Spot } from './shape.ts';

const SLACK_PX = 6;

/* At the level that is shown. */
export function placeAt(app: App, { x, y }: Spot): Position {
  const { camera, viewport } = app.wall;
  const level = displayLevel(camera.zoom, viewport.ratio);
  return toLevel(screenToPosition(camera, viewport, x, y), level);
}

export function cornersOfView(app: App): Position[] {
  const { width, height } = app.wall.viewport;
  const corners = [
    { x: 0, y: 0 },
    { x: width, y: 0 },
    { x: width, y: height },
    { x: 0, y: height },
  ];
  return corners.map((corner) => placeAt(app, corner));
}

/* Those that lie mostly inside a line around them. */
export function insideOf(app: App, trail: readonly Position[]): Promise<Found> {
  const anchor = trail[0]!;
  const { camera, viewport } = app.wall;
  const area = trail.map((place) => {
    const { dx, dy } = difference(place, anchor);
    return { x: dx, y: dy };
  });
  const spots = trail.map((place) => positionToScreen(camera, viewport, place));
  const rect = rectAround(camera, viewport, spots);
  return findOwn(app, rect, (parts) => shareInside(parts, anchor, area) > 0.5);
}

/* Those with ink under the pointer, the topmost last. */
export function underPointer(app: App, at: Spot): Promise<Found> {
  const { camera, viewport } = app.wall;
  const anchor = placeAt(app, at);
  const corner = (sign: number): Spot => ({ x: at.x + sign * SLACK_PX, y: at.y + sign * SLACK_PX });
  const rect = rectAround(camera, viewport, [corner(-1), corner(1)]);
  const slack = SLACK_PX * 2 ** (anchor.level - camera.zoom);
  return findOwn(app, rect, (parts) => isHit(parts, anchor, { x: 0, y: 0 }, slack));
}
