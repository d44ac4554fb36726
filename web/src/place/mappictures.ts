/* The wall's own pictures under the map: the few far tiles that cover its frame, with thin ink made visible as on the
 * wall from that far. What is shown stays until what is wanted instead has come. */
import { BOOST_BELOW, boostTable } from '../core/boost.ts';
import { TILE_PX, tileKey, type Position, type TileRect } from '../core/geometry.ts';
import { picturesFor } from './mapframe.ts';

interface Picture {
  level: number;
  x: number;
  y: number;
  image: HTMLCanvasElement;
}

interface Answer {
  key: string; /* which tile, and which picture of it */
  isPresent: boolean; /* not one that is being replaced */
  png: Blob | null;
}

export class MapPictures {
  private shown: readonly Picture[] = [];
  private shownKeys = '';

  constructor(private readonly canvas: string) {}

  /* False if the server is still drawing one of them anew. `tilePx`: how large a tile of the frame is on the map, in device pixels. */
  async bring(frame: TileRect, tilePx: number, signal: AbortSignal): Promise<boolean> {
    const { level, x, y, width, height } = picturesFor(frame, tilePx);
    const places = Array.from({ length: width * height }, (_, i) => [x + (i % width), y + Math.floor(i / width)] as const);
    const asked = await Promise.all(places.map(([tileX, tileY]) => this.ask(level, tileX, tileY, signal)));
    const isPresent = asked.every((answer) => answer.isPresent);
    const keys = asked.map((answer) => answer.key).join(' ');
    if (keys === this.shownKeys) {
      return isPresent;
    }
    const made = await Promise.all(asked.map(({ png }, i) => (png === null ? null : picture(level, ...places[i]!, png))));
    if (!signal.aborted) {
      this.shown = made.filter((each) => each !== null);
      this.shownKeys = keys;
    }
    return isPresent;
  }

  /* Nothing was drawn there, or on the whole canvas: no picture. */
  private async ask(level: number, x: number, y: number, signal: AbortSignal): Promise<Answer> {
    const response = await fetch(`/tiles/${this.canvas}/${level}/${x}/${y}.png?v=new`, { signal, priority: 'low' } as RequestInit);
    if (!response.ok) {
      throw new Error(`map: HTTP ${response.status}`);
    }
    const key = `${tileKey(level, x, y)}=${response.headers.get('etag') ?? ''}`;
    const isPresent = response.headers.get('cache-control')?.includes('no-store') !== true;
    return { key, isPresent, png: response.status === 200 ? await response.blob() : null };
  }

  paint(context: CanvasRenderingContext2D, at: (place: Position) => { x: number; y: number }): void {
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = 'high';
    for (const { level, x, y, image } of this.shown) {
      const from = at({ level, tileX: x, tileY: y, x: 0, y: 0 });
      const to = at({ level, tileX: x + 1, tileY: y + 1, x: 0, y: 0 });
      context.drawImage(image, from.x, from.y, to.x - from.x, to.y - from.y);
    }
  }

  get count(): number {
    return this.shown.length;
  }
}

async function picture(level: number, x: number, y: number, png: Blob): Promise<Picture> {
  const bitmap = await createImageBitmap(png, { colorSpaceConversion: 'none' });
  const image = document.createElement('canvas');
  [image.width, image.height] = [TILE_PX, TILE_PX];
  const context = image.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  if (level < BOOST_BELOW) {
    const pixels = context.getImageData(0, 0, TILE_PX, TILE_PX);
    const table = boostTable(level);
    for (let i = 3; i < pixels.data.length; i += 4) {
      pixels.data[i] = table[pixels.data[i]!]!;
    }
    context.putImageData(pixels, 0, 0);
  }
  return { level, x, y, image };
}
