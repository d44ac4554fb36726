/* The wall without some strokes, before anything is done to it: what would stay is drawn here, by the same
 * kernel, over nothing where that is affordable, and else over the wall as it was before the first of them. */
import { decodeOp } from '../core/op.ts';
import { message } from '../i18n/i18n.ts';
import type { Moment, OpRecord } from './api.ts';
import { viewRect, type PixelRect } from './area.ts';
import type { Past } from './history.ts';
import { hasInkIn } from './lasso.ts';
import { nameOf, piecesOf } from './pieces.ts';
import type { Wanted } from './rollbackwire.ts';
import type { Piece } from './tempo.ts';
import { shortTime } from './words.ts';

/* So many strokes in view are drawn from the beginning, or again since the first that goes. */
const REDRAW_MAX = 8_000;
const CHOSEN_MAX = 20_000;
const DAY_MS = 86_400_000; /* the server's clock may be ahead */
/* A query for each, or one for all of whom most is left out. */
const ASK_EACH_MAX = 4;

export interface Prepared {
  going: Piece[];
  /* To be told beside the picture; null: it is exact. */
  note: string | null;
  isDrawn: boolean;
}

export class Without {
  isOn = false;
  private run = 0;

  constructor(private readonly past: Past) {}

  get isShown(): boolean {
    return this.isOn && this.past.layer.isComplete;
  }

  hide(): void {
    this.run++;
    if (this.isOn) {
      this.isOn = false;
      this.past.app.doors.isLookingOnly = false;
      this.past.layer.hide();
      this.past.app.wall.request();
    }
  }

  /* What was prepared is kept while the wall as it is shows. */
  setVisible(isVisible: boolean): void {
    if (this.isOn) {
      this.past.app.doors.isLookingOnly = isVisible;
      this.past.layer.setSeen(isVisible);
    }
  }

  /* What would go, exactly as the server reckons it. */
  private async chosen(wanted: Wanted): Promise<{ records: OpRecord[]; isAll: boolean }> {
    const { rect, from, to, artists } = wanted;
    const isEach = artists !== null && artists.length <= ASK_EACH_MAX;
    const whose = isEach ? artists : [undefined];
    const found = await Promise.all(
      whose.map((artist) => {
        const who = artist === undefined ? {} : { artist };
        const options = { hidden: false, limit: CHOSEN_MAX, ...who };
        return this.past.api.strokes(rect, from, to, options);
      }),
    );
    const isMeant = (record: OpRecord): boolean => {
      const op = decodeOp(record.body);
      return (
        op.kind === 'stroke' &&
        (artists === null || artists.includes(record.artist)) &&
        (wanted.lasso === null || hasInkIn(op, wanted))
      );
    };
    return {
      records: found.flatMap(({ records }) => records.filter(isMeant)),
      isAll: found.every(({ isAll }) => isAll),
    };
  }

  private async countSince(view: PixelRect, before: Moment | null): Promise<number> {
    const span = before === null ? null : { from: before.time, to: Date.now() + DAY_MS };
    return (await this.past.api.activity(view, 1, span)).counts[0]!;
  }

  /* null: something else was asked for meanwhile. */
  async prepare(wanted: Wanted): Promise<Prepared | null> {
    const run = ++this.run;
    const { past } = this;
    const { camera, viewport } = past.app.wall;
    const view = viewRect(camera, viewport);
    const { newest } = await past.moments();
    const [{ records, isAll }, activity] = await Promise.all([
      this.chosen(wanted),
      past.api.activity(view, 1, null),
    ]);
    const going = piecesOf(records);
    const tooMuch = message('rollback.tooMuch');
    if (run !== this.run) {
      return null;
    }
    if (!isAll || records.length === 0) {
      return { going, note: isAll ? null : tooMuch, isDrawn: false };
    }
    const first = records.reduce((least, { seq }) => Math.min(least, seq), Infinity);
    const isWhole = activity.counts[0]! <= REDRAW_MAX;
    const begin = await past.begin();
    const from = isWhole ? begin + 1 : first;
    const before = isWhole || first === 1 ? null : await past.api.moment(String(first - 1));
    const isAffordable = isWhole || (await this.countSince(view, before)) <= REDRAW_MAX;
    const options = { hidden: false, limit: REDRAW_MAX };
    const rest = isAffordable ? await past.api.strokes(view, from, newest, options) : null;
    if (run !== this.run) {
      return null;
    }
    if (rest === null || !rest.isAll) {
      return { going, note: tooMuch, isDrawn: false };
    }
    const goes = new Set(going.map(nameOf)); /* a group goes as a whole */
    this.isOn = true;
    past.app.doors.isLookingOnly = true;
    past.layer.show(from - 1, true);
    const stays = piecesOf(rest.records).filter((piece) => !goes.has(nameOf(piece)));
    past.layer.setMarks(stays.map(({ key, seq, parts }) => ({ key, seq, parts })));
    const note =
      before === null
        ? null
        : message('rollback.overOld', { time: shortTime(before.time) });
    return { going, note, isDrawn: true };
  }
}
