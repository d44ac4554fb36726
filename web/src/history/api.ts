/* The questions about the past that HTTP answers (docs/protocol.md, 'The past'). */
import { decodeFrame, type ServerRecord } from '../core/protocol.ts';
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
  seq: number;
  time: number;
  artist: number;
  name: string;
  tool: string;
  color: string; /* #rrggbbaa */
  width: number;
  level: number;
  points: number;
  hidden: boolean;
  drawn: [number, number] | null;
  box: [string, string, string, string]; /* half-open, in pixels of the level asked for */
}

export class Api {
  private readonly root: string;

  constructor(canvas: string) {
    this.root = `/api/canvas/${canvas}`;
  }

  private async ask(path: string, signal?: AbortSignal): Promise<Response> {
    const response = await fetch(this.root + path, signal ? { signal } : {});
    if (!response.ok) {
      const said = (await response.json().catch(() => null)) as { error?: string } | null;
      throw new Error(said?.error ?? `The server said ${response.status}.`);
    }
    return response;
  }

  private async json<T>(path: string, signal?: AbortSignal): Promise<T> {
    return (await (await this.ask(path, signal)).json()) as T;
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
    span: { from: number; to: number } | null,
    signal?: AbortSignal,
  ): Promise<Activity> {
    const when = span === null ? '' : `&from=${Math.floor(span.from)}&to=${Math.ceil(span.to)}`;
    const found = await this.json<Activity>(`/activity?${rectQuery(rect)}&buckets=${buckets}${when}`, signal);
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

  /* All pages, at most `limit` strokes. `hidden`: with those hidden now. */
  async strokes(
    rect: PixelRect,
    from: number,
    to: number,
    options: { artist?: number; hidden: boolean; limit: number },
    signal?: AbortSignal,
  ): Promise<{ records: OpRecord[]; isAll: boolean }> {
    const records: OpRecord[] = [];
    const artist = options.artist === undefined ? '' : `&artist=${options.artist}`;
    const words = `from=${from}&to=${to}${artist}&hidden=${options.hidden ? 1 : 0}`;
    let after = '';
    for (;;) {
      const limit = Math.min(1000, options.limit - records.length);
      const path = `/strokes?${rectQuery(rect)}&${words}&limit=${limit}${after}`;
      const response = await this.ask(path, signal);
      const frame = decodeFrame(new Uint8Array(await response.arrayBuffer()));
      records.push(...frame.filter((record): record is OpRecord => record.type === 'op'));
      const more = response.headers.get('x-kolam-more');
      if (more === null || records.length >= options.limit) {
        return { records, isAll: more === null };
      }
      after = `&after=${more}`;
    }
  }
}
