/* One's own strokes in an area: from the server, and those that still wait for it. */
import type { Names } from '../core/history.ts';
import type { Acked } from '../core/journal.ts';
import { decodeFrame, type ServerRecord } from '../core/protocol.ts';
import { EDIT_OPS_MAX, type Stroke } from '../core/op.ts';
import { boundsOf, markMeetsTile } from '../core/marks.ts';
import { pixelStrings, TILE_PX } from '../core/geometry.ts';
import type { Mark } from '../core/tilelog.ts';
import { message } from '../i18n/i18n.ts';
import { rectQuery, type PixelRect } from '../history/area.ts';
import { piecesOf } from '../history/pieces.ts';
import type { App } from '../app/app.ts';

type OpRecord = Extract<ServerRecord, { type: 'op' }>;

/* A stroke of one's own, all its parts. */
export interface Item {
  key: string; /* nonce:counter */
  parts: readonly Stroke[];
  names: Names;
}

export interface Found {
  items: Item[]; /* in the order of drawing */
  isAll: boolean;
}

interface Question {
  rect: PixelRect;
  artist?: number;
  from?: number;
  to?: number;
  most: number;
}

const PAGE = 1000;
const GROWTHS = 8;
const SAID_TRIES = 50;
const SAID_MS = 20;

/* The visible strokes in a rectangle, oldest first. */
async function strokesIn(
  app: App,
  { rect, artist, from, to, most }: Question,
): Promise<{ records: OpRecord[]; isAll: boolean; hasBase: boolean }> {
  const records: OpRecord[] = [];
  let [after, hasBase] = ['', false];
  do {
    const words = [
      rectQuery(rect),
      `hidden=0&limit=${PAGE}`,
      ...(artist === undefined ? [] : [`artist=${artist}`]),
      ...(from === undefined ? [] : [`from=${from}&to=${to}`]),
      ...(after === '' ? [] : [`after=${after}`]),
    ];
    const path = `/api/canvas/${app.page.canvas}/strokes?${words.join('&')}`;
    const response = await fetch(path, { ...app.session.asking, cache: 'no-store' });
    if (response.status === 404) {
      return { records, isAll: true, hasBase };
    }
    if (!response.ok) {
      const said = (await response.json().catch(() => null)) as { error?: string } | null;
      throw new Error(said?.error ?? String(response.status));
    }
    hasBase ||= response.headers.has('x-kolam-base');
    const frame = decodeFrame(new Uint8Array(await response.arrayBuffer()));
    records.push(...frame.filter((record): record is OpRecord => record.type === 'op'));
    after = response.headers.get('x-kolam-more') ?? '';
  } while (after !== '' && records.length < most);
  return { records, isAll: after === '', hasBase };
}

/* A stroke of several parts may reach out of the area: all of it is meant. */
async function wholeOf(app: App, mark: Mark, artist: number): Promise<Mark | null> {
  const [first] = mark.parts;
  if (mark.parts.length === first!.parts) {
    return mark;
  }
  const begin = mark.seq - first!.part;
  for (let i = 1; i <= GROWTHS; i++) {
    const rect = around(first!, 4 ** i);
    const [from, to] = [begin, begin + first!.parts - 1];
    const { records } = await strokesIn(app, { rect, artist, from, to, most: PAGE });
    const found = piecesOf(records).find(({ key }) => key === mark.key);
    if (found !== undefined && found.parts.length === first!.parts) {
      return { key: mark.key, seq: found.seq, parts: found.parts };
    }
  }
  return null;
}

function around(part: Stroke, tiles: number): PixelRect {
  const { level, x, y } = part.origin;
  const { x0, y0, x1, y1 } = boundsOf(part);
  const edge = 2 ** (23 + level);
  const axis = (tile: number, low: number, high: number): [number, number] => {
    const from = Math.max(-edge, tile + Math.floor(low) - tiles);
    return [from, Math.min(edge, tile + Math.ceil(high) + tiles) - from];
  };
  const [left, width] = axis(x, x0, x1);
  const [top, height] = axis(y, y0, y1);
  const corner = pixelStrings({ level, tileX: left, tileY: top, x: 0, y: 0 });
  return { level, ...corner, width: width * TILE_PX, height: height * TILE_PX };
}

/* What waits in this page's journal, or was acknowledged a moment ago. */
function waitingOf(app: App): Item[] {
  const { journal, wall } = app;
  const items: Item[] = [];
  for (const { key, seq, parts } of wall.scene.ownPendings()) {
    const [nonce, number] = key.split(':');
    const counter = Number(number);
    if (nonce !== journal.nonce) {
      continue;
    }
    const each = (base: number): number[] => parts.map((_, i) => base + i);
    const refs = journal.has(counter) ? [counter] : each(counter);
    const names = seq === null ? { seqs: [], refs } : { seqs: each(seq), refs: [] };
    items.push({ key, parts, names });
  }
  return items;
}

/* What was said a moment ago the server should know before it is asked. */
async function said(app: App): Promise<void> {
  for (let i = 0; i < SAID_TRIES && app.link === 'open' && app.journal.size > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, SAID_MS));
  }
}

/* Those with ink in the rectangle for which `isMeant` holds. */
export async function findOwn(
  app: App,
  rect: PixelRect,
  isMeant: (parts: readonly Stroke[]) => boolean,
): Promise<Found> {
  await said(app);
  const { scene } = app.wall;
  const artist = app.session.person?.artist ?? 0;
  const canAsk = artist > 0 && app.link === 'open';
  const most = 16 * PAGE;
  const told = canAsk ? await strokesIn(app, { rect, artist, most }) : { records: [], isAll: true };
  const items = new Map<string, Item>();
  for (const piece of piecesOf(told.records)) {
    const whole = await wholeOf(app, piece, artist);
    if (whole !== null && scene.overrides.get(whole.seq) !== true && isMeant(whole.parts)) {
      const seqs = whole.parts.map((_, i) => whole.seq + i);
      items.set(whole.key, { key: whole.key, parts: whole.parts, names: { seqs, refs: [] } });
    }
  }
  for (const item of waitingOf(app)) {
    if (!items.has(item.key) && isMeant(item.parts)) {
      items.set(item.key, item);
    }
  }
  return newest([...items.values()], told.isAll);
}

/* As many as one edit may hold. */
function newest(items: Item[], isAll: boolean): Found {
  let ops = 0;
  let from = items.length;
  while (from > 0 && ops + items[from - 1]!.parts.length <= EDIT_OPS_MAX) {
    ops += items[--from]!.parts.length;
  }
  return { items: items.slice(from), isAll: isAll && from === 0 };
}

export function noneReason(app: App): string {
  return message(app.link === 'open' ? 'select.none' : 'select.apart');
}

/* What is drawn on a tile by how many at most for it to be drawn here alone. Beyond so many the server
 * may show an average of finer tiles. */
const TILE_MARKS_MAX = 900;
const OPEN_MARKS_MAX = 3000;

/* Has the tiles that show the strokes in their pictures drawn from all their strokes, so that the hidden ones
 * are gone at once. Where that is too much they go when the server has drawn the picture again. */
export async function openTiles(app: App, items: readonly Item[]): Promise<void> {
  const { scene } = app.wall;
  if (app.link !== 'open' || scene.rect === null) {
    return;
  }
  const baked = [...scene.store.within(scene.rect)].filter(
    (tile) =>
      tile.isReady && items.some(({ names, parts }) => isBaked(names, parts, tile.log.baseSeq, tile)),
  );
  if (baked.length === 0) {
    return;
  }
  const [xs, ys] = [baked.map(({ x }) => x), baked.map(({ y }) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  const { level } = scene.rect;
  const corner = pixelStrings({ level, tileX: x, tileY: y, x: 0, y: 0 });
  const width = (Math.max(...xs) - x + 1) * TILE_PX;
  const height = (Math.max(...ys) - y + 1) * TILE_PX;
  const rect = { level, ...corner, width, height };
  const { records, isAll, hasBase } = await strokesIn(app, { rect, most: OPEN_MARKS_MAX });
  if (!isAll || hasBase) {
    return;
  }
  const marks = piecesOf(records);
  for (const tile of baked) {
    const there = marks.filter((mark) => markMeetsTile(mark, tile));
    if (there.length <= TILE_MARKS_MAX && scene.store.find(level, tile.x, tile.y) === tile) {
      scene.openTile(tile, there.map(({ artist, key, seq, parts }) => ({ key: scene.keyOf(artist, key), seq, parts })));
    }
  }
  app.wall.request();
}

function isBaked(
  { seqs }: Names,
  parts: readonly Stroke[],
  baseSeq: number,
  tile: { level: number; x: number; y: number },
): boolean {
  const [seq] = seqs;
  return seq !== undefined && seq <= baseSeq && markMeetsTile({ key: '', seq, parts: [...parts] }, tile);
}

/* What waited for the server has a seq now; those of the item. */
export function nameBySeqs({ names, parts }: Item, { entry, seq }: Acked): number[] {
  const { counter, count, edit } = entry;
  const isIts = (ref: number): boolean =>
    edit === null ? ref === counter : ref > counter && ref < counter + count;
  const seqs = names.refs
    .filter(isIts)
    .flatMap((ref) => (edit === null ? parts.map((_, i) => seq + i) : [seq + ref - counter]));
  names.seqs.push(...seqs);
  names.refs = names.refs.filter((ref) => !isIts(ref));
  return seqs;
}
