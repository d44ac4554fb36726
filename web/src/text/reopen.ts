/* A text of one's own that is on the wall goes back into the field, and what comes out of it takes its place: one edit. */
import type { App } from '../app/app.ts';
import { normalise, type Position } from '../core/geometry.ts';
import { markKey } from '../core/marks.ts';
import type { Stroke } from '../core/op.ts';
import { openTiles, type Item } from '../select/find.ts';
import { FONTS, type Font } from './field.ts';
import type { Direction, Outline } from './outline.ts';
import { ERROR_MAX, fit, type Fit } from './refit.ts';

export interface Edited {
  item: Item;
  color: number | null; /* the one it has; null: the one in hand */
}

export interface Found {
  font: Font;
  emPx: number; /* of its level */
  corner: Position;
  direction: Direction;
}

/* The original is hidden by a token that no op has. */
export const EDITED = -2;
/* Any will do: outlines are found again at every size. */
const EM_PX = 64;

async function outlineOf(words: string, font: Font, level: number): Promise<Outline> {
  const text = words.replace(/\n/g, '\u2029');
  const query = new URLSearchParams({ text, font, size: String(EM_PX), level: String(level) });
  const response = await fetch(`/api/outline?${query.toString()}`);
  if (!response.ok) {
    throw new Error(String(response.status));
  }
  return (await response.json()) as Outline;
}

/* Null if the server cannot be asked, or writes it in no font as it is: it was drawn by another version of them. */
export async function findText(app: App, item: Item): Promise<Found | null> {
  const { parts } = item;
  const [{ text, origin }] = parts as readonly [Stroke];
  void openTiles(app, [item]).catch(() => undefined); /* it goes a moment later */
  let best: { font: Font; fit: Fit } | null = null;
  try {
    const outlines = await Promise.all(FONTS.map((font) => outlineOf(text!, font, origin.level)));
    outlines.forEach((outline, i) => {
      const found = fit(outline, parts);
      if (found !== null && found.error < (best?.fit.error ?? ERROR_MAX)) {
        best = { font: FONTS[i]!, fit: found };
      }
    });
  } catch {
    return null;
  }
  if (best === null) {
    return null;
  }
  const { font, fit: found } = best as { font: Font; fit: Fit };
  const { x, y } = found.corner;
  const corner = normalise({ level: origin.level, tileX: origin.x, tileY: origin.y, x, y });
  return { font, emPx: EM_PX * found.scale, corner, direction: found.direction };
}

export function hideText(app: App, { names }: Item, isHidden: boolean): void {
  const { scene } = app.wall;
  if (isHidden) {
    scene.override(names.seqs, true, EDITED);
    names.refs.forEach((ref) => scene.hidePending(markKey(app.journal.nonce, ref), true, EDITED));
  } else {
    scene.takeBack(EDITED);
  }
  app.wall.request();
}

/* Without strokes it is gone. */
export function changeText(app: App, { names }: Item, strokes: readonly Stroke[]): void {
  try {
    app.mine.edit(names, strokes.length === 0 ? [] : [strokes]);
    app.palette.use();
  } catch (error) {
    app.wall.scene.takeBack(EDITED);
    throw error;
  }
}
