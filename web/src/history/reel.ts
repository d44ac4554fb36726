/* The strokes of a replay, a page at a time, however many there are: only a few pages are in memory, and of
 * each other one as much as is needed to fetch it again and to go on from it. */
import { message } from '../i18n/i18n.ts';
import type { OpRecord } from './api.ts';
import { isOpenGroup, piecesOf } from './pieces.ts';
import { AT_REST, scheduleAfter, type Piece, type Play, type Tempo } from './tempo.ts';

export interface Page {
  index: number;
  plays: Play[];
  /* The seqs it stands for: the first after the page before. */
  fromSeq: number;
  toSeq: number;
  beginMs: number;
  endMs: number;
  before: number; /* strokes */
  isLast: boolean;
}

/* How a page begins. */
interface Begin {
  after: number | null;
  open: Piece | null;
  tempo: Tempo;
  before: number;
}

export type Fetch = (after: number | null) => Promise<{ records: OpRecord[]; more: number | null }>;

const PAGES_MAX = 12;

export class Reel {
  /* Once the last page was there. */
  total: number | null = null;
  lengthMs: number | null = null;
  private readonly begins: Begin[] = [{ after: null, open: null, tempo: AT_REST, before: 0 }];
  private readonly pages = new Map<number, Page>();
  private readonly loading = new Map<number, Promise<Page>>();

  constructor(
    private readonly fetch: Fetch,
    private readonly span: { from: number; to: number },
  ) {}

  /* If it is at hand. */
  peek(index: number): Page | null {
    const page = this.pages.get(index);
    if (page === undefined) {
      return null;
    }
    this.pages.delete(index);
    this.pages.set(index, page); /* the latest used */
    return page;
  }

  /* All from the beginning to there are at hand. */
  hasAllTo(index: number): boolean {
    for (let i = 0; i <= index; i++) {
      if (!this.pages.has(i)) {
        return false;
      }
    }
    return true;
  }

  /* The page before it must have been there once. */
  async page(index: number): Promise<Page> {
    const known = this.peek(index);
    if (known !== null) {
      return known;
    }
    let loading = this.loading.get(index);
    if (loading === undefined) {
      loading = this.load(index).finally(() => this.loading.delete(index));
      this.loading.set(index, loading);
    }
    return loading;
  }

  private async load(index: number): Promise<Page> {
    const begin = this.begins[index];
    if (begin === undefined) {
      throw new Error(message('replay.noPage'));
    }
    const { records, more } = await this.fetch(begin.after);
    const pieces = piecesOf(records, begin.open);
    const last = pieces[pieces.length - 1];
    const open = more !== null && last !== undefined && isOpenGroup(last) ? pieces.pop()! : null;
    const { plays, tempo } = scheduleAfter(begin.tempo, pieces);
    const beginMs = plays[0]?.beginMs ?? begin.tempo.latestEnd;
    const page: Page = {
      index,
      plays,
      fromSeq: begin.after === null ? this.span.from : begin.after + 1,
      toSeq: more ?? this.span.to,
      beginMs,
      endMs: plays.reduce((latest, { endMs }) => Math.max(latest, endMs), beginMs),
      before: begin.before,
      isLast: more === null,
    };
    if (more === null) {
      this.total = begin.before + plays.length;
      this.lengthMs = tempo.latestEnd;
    } else {
      this.begins[index + 1] ??= { after: more, open, tempo, before: begin.before + plays.length };
    }
    this.keep(page);
    return page;
  }

  private keep(page: Page): void {
    this.pages.set(page.index, page);
    for (const index of this.pages.keys()) {
      if (this.pages.size <= PAGES_MAX) {
        return;
      }
      this.pages.delete(index);
    }
  }
}
