/* The questions about the past that HTTP answers (docs/protocol.md, 'The past'). */
import { decodeFrame, type ServerRecord } from '../core/protocol.ts';
import { locale, message } from '../i18n/i18n.ts';
import { rectQuery, type PixelRect } from './area.ts';

export type OpRecord = Extract<ServerRecord, { type: 'op' }>;

export interface Moment {
  seq: number;
  time: number; /* Unix ms */
}

export interface Activity {
  from: number;
  to: number;
  counts: number[];
}

export interface Beneath {
  seq: number; /* of its last part */
  parts: number;
  time: number;
  artist: number;
  name: string;
  tool: string;
  color: string; /* #rrggbbaa */
  width: number;
  level: number;
  points: number;
  hidden: boolean;
  voted?: boolean; /* by who asks */
  drawn: [number, number] | null;
  box: [string, string, string, string]; /* half-open, in pixels of the level asked for */
}

export interface StrokesOptions {
  artist?: number;
  hidden: boolean;
  limit: number;
}

export const PAGE_MAX = 1000;

export class Api {
  private readonly root: string;

  /* `hasInk`: a canvas on which nothing was drawn is not asked about. `asking`: shows who asks. */
  constructor(
    canvas: string,
    private readonly hasInk: () => Promise<boolean>,
    private readonly asking: () => RequestInit,
  ) {
    this.root = `/api/canvas/${canvas}`;
  }

  private async ask(path: string, signal?: AbortSignal): Promise<Response> {
    if (!(await this.hasInk())) {
      throw new Error(message('past.nothingYet'));
    }
    const response = await fetch(this.root + path, { ...this.asking(), ...(signal && { signal }) });
    if (!response.ok) {
      const said = (await response.json().catch(() => null)) as { error?: string } | null;
      const status = String(response.status);
      const isEnglish = locale().startsWith('en');
      throw new Error(isEnglish && said?.error ? said.error : message('past.serverSaid', { status }));
    }
    return response;
  }

  private async json<T>(path: string, signal?: AbortSignal): Promise<T> {
    return (await (await this.ask(path, signal)).json()) as T;
  }

  /* The newest seq; 0 before the first stroke. */
  async newest(): Promise<number> {
    if (!(await this.hasInk())) {
      return 0;
    }
    return Number((await this.json<{ seq: number | string }>('')).seq);
  }

  async moment(at: string, signal?: AbortSignal): Promise<Moment> {
    const found = await this.json<Moment>(`/moment?at=${encodeURIComponent(at)}`, signal);
    return { seq: Number(found.seq), time: Number(found.time) };
  }

  momentAt(timeMs: number, signal?: AbortSignal): Promise<Moment> {
    return this.moment(new Date(Math.floor(timeMs)).toISOString(), signal);
  }

  async activity(
    rect: PixelRect,
    buckets: number,
    span: { from: number | null; to: number } | null,
    signal?: AbortSignal,
  ): Promise<Activity> {
    const from = span?.from == null ? '' : `&from=${Math.floor(span.from)}`;
    const to = span === null ? '' : `&to=${Math.ceil(span.to)}`;
    const path = `/activity?${rectQuery(rect)}&buckets=${buckets}${from}${to}`;
    const found = await this.json<Activity>(path, signal);
    return { from: Number(found.from), to: Number(found.to), counts: found.counts };
  }

  async beneath(
    pixel: { level: number; x: string; y: string },
    slack: number,
    signal?: AbortSignal,
  ): Promise<Beneath[]> {
    const { level, x, y } = pixel;
    const path = `/at?level=${level}&x=${x}&y=${y}&slack=${slack}`;
    const { strokes } = await this.json<{ strokes: Beneath[] }>(path, signal);
    return strokes.map((each) => ({
      ...each,
      seq: Number(each.seq),
      box: each.box.map(String) as Beneath['box'],
    }));
  }

  /* One page: what is `after` a seq. `more`: ask again after that one; null: that was all. */
  async strokesPage(
    rect: PixelRect,
    span: { from: number; to: number },
    options: StrokesOptions,
    after: number | null,
    signal?: AbortSignal,
  ): Promise<{ records: OpRecord[]; more: number | null }> {
    const { artist, hidden, limit } = options;
    const words = [
      `from=${span.from}&to=${span.to}&hidden=${hidden ? 1 : 0}&limit=${Math.min(PAGE_MAX, limit)}`,
      ...(artist === undefined ? [] : [`artist=${artist}`]),
      ...(after === null ? [] : [`after=${after}`]),
    ];
    const response = await this.ask(`/strokes?${rectQuery(rect)}&${words.join('&')}`, signal);
    const frame = decodeFrame(new Uint8Array(await response.arrayBuffer()));
    const more = response.headers.get('x-kolam-more');
    return {
      records: frame.filter((record): record is OpRecord => record.type === 'op'),
      more: more === null ? null : Number(more),
    };
  }

  /* All pages, at most `limit` strokes. `hidden`: with those hidden now. */
  async strokes(
    rect: PixelRect,
    from: number,
    to: number,
    options: StrokesOptions,
    signal?: AbortSignal,
  ): Promise<{ records: OpRecord[]; isAll: boolean }> {
    const all: OpRecord[] = [];
    let after: number | null = null;
    for (;;) {
      const rest: StrokesOptions = { ...options, limit: options.limit - all.length };
      const { records, more } = await this.strokesPage(rect, { from, to }, rest, after, signal);
      all.push(...records);
      if (more === null || all.length >= options.limit) {
        return { records: all, isAll: more === null };
      }
      after = more;
    }
  }
}
