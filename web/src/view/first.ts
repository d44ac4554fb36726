/* What the small script (first.ts) brought before the app was there, and still brings. */
import type { Camera } from '../core/camera.ts';

export interface FirstTile {
  level: number;
  x: number;
  y: number;
  tag: string; /* <incarnation>-<raster>-<seq> */
  png: Blob;
  bitmap: ImageBitmap;
}

export interface First {
  camera: Camera | null;
  /* By key; null: on its way. */
  tiles: Map<string, FirstTile | null>;
  /* Set by the app: takes what comes from now on. */
  came: ((tile: FirstTile) => void) | null;
  isOver: boolean;
}

declare global {
  interface Window {
    kolamFirst?: First;
  }
}

/* Once: what is there already comes at once. */
export function takeFirst(came: (tile: FirstTile) => void): First | null {
  const first = window.kolamFirst;
  if (first === undefined) {
    return null;
  }
  first.isOver = true; /* nothing that is not asked for yet is */
  first.came = came;
  for (const [key, tile] of first.tiles) {
    if (tile !== null) {
      first.tiles.delete(key);
      came(tile);
    }
  }
  return first;
}
