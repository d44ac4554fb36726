/* What tests and a curious person may read in the console as `kolamDebug`. */
import type { App } from './app.ts';

export interface TileReport {
  seq: number;
  baseSeq: number;
  isReady: boolean;
  rgba: Uint8ClampedArray;
}

export function exposeDebug(app: App): void {
  const { wall, journal, session } = app;
  const debug = {
    status: () => ({
      link: app.link,
      canDraw: session.canDraw,
      person: session.person,
      unsaved: app.unsaved,
      seq: wall.scene.lastSeq,
      nonce: journal.nonce,
      isComplete: app.doors.isPast ? app.doors.isComplete : wall.isComplete,
      isDrawing: app.hand.isDrawing,
      points: app.hand.pointCount,
      tiles: wall.scene.store.tiles.size,
      fetched: wall.loader.fetched,
      fetchedBytes: wall.loader.fetchedBytes,
      pens: [...app.others.pens.values()].map((pen) => pen.artist),
    }),
    /* The wall as a place, once that is loaded. */
    place: () => app.place.place?.report() ?? null,
    /* The past, once a door to it was opened. */
    past: () => app.doors.report(),
    pastPixels: (level: number, x: number, y: number) => app.doors.pixels(level, x, y),
    /* What the hand holds; `setBrush` is the one thing here that changes anything: it spares tests the panel. */
    brush: () => {
      const { tool, rgb, other, width, opacity, recent, colors, ownPalettes, feel } = app.palette;
      const palettes = ownPalettes.map(({ name }) => name);
      return { tool, rgb, other, width, opacity, recent, colors, palettes, ...feel };
    },
    setBrush: ({ width, opacity, ...feel }: { width?: number; opacity?: number } & object) => {
      app.palette.setWidth(width ?? app.palette.width);
      app.palette.setOpacity(opacity ?? app.palette.opacity);
      app.palette.setFeel(feel);
    },
    /* The tool that is more than a brush, if one is in the hand. */
    studio: () => app.studio.active?.report ?? null,
    /* Fulfilled when all settings that were chosen so far are on disk. */
    settingsKept: () => app.keeping.settings.written(),
    canUndo: () => app.mine.history.canUndo,
    camera: () => ({ ...wall.camera.centre, zoom: wall.camera.zoom, ...wall.camera.turn }),
    view: () => wall.scene.rect,
    /* Raw pixels, straight RGBA, without the display's boost. */
    tile: (level: number, x: number, y: number): TileReport | null => {
      const tile = wall.scene.store.find(level, x, y);
      if (tile === undefined) {
        return null;
      }
      const { currentSeq: seq, baseSeq } = tile.log;
      return { seq, baseSeq, isReady: tile.isReady, rgba: wall.scene.readPixels(tile) };
    },
  };
  Object.defineProperty(window, 'kolamDebug', { value: Object.freeze(debug) });
}
