/* Tells screen readers what happens around the view: who draws where (core/happenings.ts decides what is
 * worth a line), and when what was waiting is saved, or cannot be. */
import { positionToScreen } from '../core/camera.ts';
import { Happenings, sideOf, type Line, type Neighbour } from '../core/happenings.ts';
import { message, type MessageId } from '../i18n/i18n.ts';
import type { LiveRegion } from '../ui/liveregion.ts';
import type { App } from './app.ts';

const LOOK_EVERY_MS = 1_000;
/* A pen that rested this long draws no more. */
const DRAWS_MS = 2_000;

const DRAWS: Record<Neighbour['side'], MessageId> = {
  here: 'around.drawsHere',
  left: 'around.drawsLeft',
  right: 'around.drawsRight',
  above: 'around.drawsAbove',
  below: 'around.drawsBelow',
};
const MANY: Record<Neighbour['side'], MessageId> = {
  here: 'around.manyHere',
  left: 'around.manyLeft',
  right: 'around.manyRight',
  above: 'around.manyAbove',
  below: 'around.manyBelow',
};

function textOf(line: Line): string {
  switch (line.kind) {
    case 'draws':
      return message(DRAWS[line.side], { name: line.name });
    case 'many':
      return message(line.side === null ? 'around.many' : MANY[line.side], { count: line.count });
    case 'quiet':
      return message('around.quiet');
  }
}

export function tellAround(app: App, region: LiveRegion): void {
  const happenings = new Happenings();

  const neighbours = (nowMs: number): Neighbour[] => {
    const { camera, viewport } = app.wall;
    const found = new Map<string, Neighbour>();
    for (const pen of app.others.pens.values()) {
      const name = app.names.nameOf(pen.artist);
      const isOwn = pen.artist !== 0 && pen.artist === app.session.person?.artist;
      const isDrawing = pen.color !== null && nowMs - pen.seenMs < DRAWS_MS;
      if (!isOwn && isDrawing && name !== '') {
        const { x, y } = positionToScreen(camera, viewport, pen.place);
        const key = String(pen.artist);
        found.set(key, { key, name, side: sideOf(x, y, viewport.width, viewport.height), isDrawing });
      }
    }
    return [...found.values()];
  };

  window.setInterval(() => {
    if (!document.hidden && !app.doors.isPast) {
      const nowMs = performance.now();
      const line = happenings.update(neighbours(nowMs), nowMs);
      if (line !== null) {
        region.say(textOf(line));
      }
    }
  }, LOOK_EVERY_MS);
}
