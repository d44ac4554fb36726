/* The first pictures, before the app is here: a small script in the page itself reads the address, asks for the tiles in
 * view and draws them, so that they wait for one answer after the page's own, not for the app, the ink kernel, a database and a
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

interface Place {
  level: number;
  x: string;
  y: string;
}

function at({ level, x, y }: Place): Camera {
  return makeCamera(positionFromPixels(level, x, y), Number((level - Math.log2(ratio)).toFixed(3)));
}

/* Nobody said where: the newest drawing. The server told where that is, beside the page, in the one header that a page can read
 * of its own answer. */
function told(): Camera | null {
  const [page] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  const place = page?.serverTiming?.find(({ name }) => name === 'place')?.description ?? '';
  const match = /^(-?\d{1,2}) (-?\d{1,20}) (-?\d{1,20})$/.exec(place);
  return match === null ? null : at({ level: Number(match[1]), x: match[2]!, y: match[3]! });
}

/* To browsers that do not tell it, and of a canvas that nobody had opened: one answer more. */
async function newest(): Promise<Camera | null> {
  const response = await fetch(`/api/canvas/${canvas}`);
  const { recent } = (await response.json()) as { recent: Place | null };
  return recent === null ? null : at(recent);
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

/* The canvas stands after this script. */
function begin(): CanvasRenderingContext2D | null {
  const context = document.querySelector<HTMLCanvasElement>('#wall')?.getContext('2d', { alpha: false }) ?? null;
  if (context === null) {
    return null;
  }
  context.canvas.width = Math.round(viewport.width * ratio);
  context.canvas.height = Math.round(viewport.height * ratio);
  context.fillStyle = PAPER;
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  return context;
}

async function start(): Promise<void> {
  const camera = parseView(location.hash) ?? told() ?? (await newest());
  if (camera === null || first.isOver) {
    return;
  }
  first.camera = camera;
  const rect = visibleTiles(camera, viewport);
  const layout = layoutFor(camera, viewport, rect.level);
  /* Thin ink from far out is made visible, and a turned view drawn, by the app. */
  const isPlain = rect.level >= BOOST_BELOW && isUpright(camera.turn);
  let context: CanvasRenderingContext2D | null = null;
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
          context ??= isPlain ? begin() : null;
          context?.drawImage(tile.bitmap, box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
        }
      },
      () => first.tiles.delete(key),
    );
  });
}

start().catch(() => (first.isOver = true));
