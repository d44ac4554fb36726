/* Keeps the wall as it is seen, so that it can be looked at without the server: the pictures of tiles on which
 * something was drawn since they came, and the place. Little at a time, while nobody draws. */
import { formatView, parseView } from '../core/address.ts';
import { TILE_PX } from '../core/geometry.ts';
import type { Tile } from '../view/tiles.ts';
import type { App } from './app.ts';

const EVERY_MS = 3_000;
const TILES_AT_ONCE = 4;
/* The server is given this long to say where to begin. */
const ALONE_AFTER_MS = 1_500;

export class AsSeen {
  private place = '';

  constructor(private readonly app: App) {
    const { settings } = app.keeping;
    window.setInterval(() => this.keep(TILES_AT_ONCE), EVERY_MS);
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) {
        this.keep(Infinity);
      }
    });
    const last = settings.get(this.name);
    if (typeof last === 'string') {
      window.setTimeout(() => this.goTo(last), ALONE_AFTER_MS);
    }
  }

  private get name(): string {
    return `place.${this.app.page.canvas}`;
  }

  /* Nobody says where to begin: where one was. */
  private goTo(place: string): void {
    const { app } = this;
    const camera = parseView(place);
    if (!app.isPlaced && app.link !== 'open' && camera !== null) {
      app.isPlaced = true;
      app.wall.setCamera(camera);
      app.wall.setTurn(camera.turn);
      app.wall.tellAddress();
    }
  }

  private keep(most: number): void {
    const { wall, hand, isPlaced, keeping } = this.app;
    const { rect } = wall.scene;
    if (!isPlaced || hand.isDrawing || rect === null) {
      return;
    }
    const place = formatView(wall.camera);
    if (place !== this.place) {
      this.place = place;
      keeping.settings.set(this.name, place);
    }
    const changed = [...wall.scene.store.within(rect)].filter(
      (tile) => tile.log.isLive && tile.log.markCount > 0 && wall.seen.isNewer(tile),
    );
    changed.slice(0, most).forEach((tile) => this.keepTile(tile));
  }

  private keepTile(tile: Tile): void {
    const { wall } = this.app;
    const seq = tile.log.currentSeq;
    const rgba = wall.scene.readConfirmed(tile);
    if (rgba === null) {
      return;
    }
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [TILE_PX, TILE_PX];
    canvas.getContext('2d')!.putImageData(new ImageData(rgba, TILE_PX), 0, 0);
    canvas.toBlob((picture) => {
      if (picture !== null) {
        wall.loader.keepDrawn(tile, seq, picture);
      }
    }, 'image/png');
  }
}
