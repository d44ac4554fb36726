/* The first pictures, before the app is here: a small script beside it reads the address, asks for the tiles in
 * view and draws them, so that they wait for one round trip, not for the app, the ink kernel, a database and a
 * socket one after another. What came is handed to the app (view/first.ts). Failing is no harm: it does the same. */
import { parsePage, parseView } from './core/address.ts';
import { farness } from './core/ahead.ts';
import {
  layoutFor,
  makeCamera,
  tileBox,
  visibleTiles,
  type Camera,
  type Viewport,
} from './core/camera.ts';
import { BOOST_BELOW } from './core/boost.ts';
import { positionFromPixels, tileKey } from './core/geometry.ts';
import { isUpright } from './core/turn.ts';
import type { First, FirstTile } from './view/first.ts';

const PAPER = '#fbf9f4';
/* Of a large screen the rest is the app's. */
const TILES_MAX = 40;
/* These are wanted before the app itself. */
const URGENT = 4;

const ratio = window.devicePixelRatio || 1;
const viewport: Viewport = {
  width: Math.round(window.innerWidth * ratio) / ratio,
  height: Math.round(window.innerHeight * ratio) / ratio,
  ratio,
};
const { canvas } = parsePage(location.pathname, location.search);
const first: First = { camera: null, tiles: new Map(), came: null, isOver: false };
window.kolamFirst = first;

/* Nobody said where: the newest drawing. */
async function newest(): Promise<Camera | null> {
  const response = await fetch(`/api/canvas/${canvas}`);
  const { recent } = (await response.json()) as {
    recent: { level: number; x: string; y: string } | null;
  };
  if (recent === null) {
    return null;
  }
  const place = positionFromPixels(recent.level, recent.x, recent.y);
  return makeCamera(place, Number((recent.level - Math.log2(ratio)).toFixed(3)));
}

async function bring(level: number, x: number, y: number, isUrgent: boolean): Promise<FirstTile | null> {
  const path = `/tiles/${canvas}/${level}/${x}/${y}.png?v=new`;
  const response = await fetch(path, { priority: isUrgent ? 'high' : 'low' } as RequestInit);
  const tag = response.headers.get('etag')?.replace(/"/g, '');
  if (response.status !== 200 || tag === undefined) {
    return null;
  }
  const png = await response.blob();
  const bitmap = await createImageBitmap(png, { colorSpaceConversion: 'none' });
  return { level, x, y, tag, png, bitmap };
}

function begin(context: CanvasRenderingContext2D): void {
  context.canvas.width = Math.round(viewport.width * ratio);
  context.canvas.height = Math.round(viewport.height * ratio);
  context.fillStyle = PAPER;
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
}

async function start(): Promise<void> {
  const camera = parseView(location.hash) ?? (await newest());
  if (camera === null || first.isOver) {
    return;
  }
  first.camera = camera;
  const rect = visibleTiles(camera, viewport);
  const layout = layoutFor(camera, viewport, rect.level);
  const wall = document.querySelector<HTMLCanvasElement>('#wall');
  /* Thin ink from far out is made visible, and a turned view drawn, by the app. */
  const isPlain = rect.level >= BOOST_BELOW && isUpright(camera.turn);
  const context = isPlain ? (wall?.getContext('2d', { alpha: false }) ?? null) : null;
  if (context !== null) {
    begin(context);
  }
  const places: { x: number; y: number }[] = [];
  for (let i = 0; i < rect.width * rect.height; i++) {
    places.push({ x: rect.x + (i % rect.width), y: rect.y + Math.floor(i / rect.width) });
  }
  const still = { vx: 0, vy: 0 };
  places.sort((a, b) => farness(a, rect, still) - farness(b, rect, still));
  places.slice(0, TILES_MAX).forEach(({ x, y }, i) => {
    const key = tileKey(rect.level, x, y);
    first.tiles.set(key, null);
    bring(rect.level, x, y, i < URGENT).then(
      (tile) => {
        if (tile === null) {
          first.tiles.delete(key);
        } else if (first.came !== null) {
          first.tiles.delete(key);
          first.came(tile);
        } else {
          first.tiles.set(key, tile);
          const box = tileBox(layout, x, y);
          context?.drawImage(tile.bitmap, box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
        }
      },
      () => first.tiles.delete(key),
    );
  });
}

start().catch(() => (first.isOver = true));
