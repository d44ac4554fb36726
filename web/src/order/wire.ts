/* Questions of moderation over the connection, and their answers by id. No DOM. */
import { Asker, FIRST_IDS, type Refusal } from '../net/asker.ts';
import type { Json } from '../net/connection.ts';

export interface Place {
  level: number;
  x: string;
  y: string;
  width: number;
  height: number;
}

export interface Sanction {
  sanction: number;
  kind: string;
  of: 'artist' | 'prefix';
  hidden: boolean;
  everywhere: boolean;
  artist: number | null;
  name: string;
  prefix: string | null;
  from: number;
  until: number | null;
  why: string;
  by: string;
  ended: number | null;
}

export interface Report {
  report: number;
  time: number;
  kind: 'place' | 'artist' | 'stroke';
  by: string;
  text: string;
  place: Place | null;
  stroke: string | null;
  artist: number | null;
  name: string;
}

export interface Entry {
  time: number;
  what: 'act' | 'sanction' | 'sanction_end' | 'report_close';
  by: string;
  act?: string;
  record?: Record<string, unknown>;
  name?: string;
  undone?: boolean;
  sanction?: Sanction;
  report?: Report;
}

export interface PolicyArea extends Place {
  area: string;
  act: string;
  kind: string;
  name: string;
  until: number | null;
}

export interface Policy {
  mode: string;
  until: number | null;
  areas: PolicyArea[];
  votes: number;
}

/* What went wrong is an Error in words for people. */
export class Wire {
  private readonly asker: Asker;

  constructor(sendJson: (message: Json) => boolean) {
    this.asker = new Asker(sendJson, FIRST_IDS.order, null);
  }

  ask(question: Json): Promise<Json> {
    return this.asker.ask(question).catch((refusal: Refusal) => {
      throw new Error(refusal.words);
    });
  }

  /* True if it was an answer. */
  messageCame(json: Json): boolean {
    return this.asker.messageCame(json);
  }

  forget(): void {
    this.asker.forget();
  }
}

/* The place as a picture of the server's, at most so large on the screen. */
export function pictureOf(canvas: string, place: Place, width: number, height: number): string {
  const down = 2 ** -place.level;
  const [x, y] = [Number(place.x) * down, Number(place.y) * down];
  const [w, h] = [place.width * down, place.height * down];
  const scale = Math.min(2 ** 24, Math.max(2 ** -24, Math.min(width / w, height / h)));
  const rect = [x, y, w, h].map((side) => side.toFixed(8).replace(/\.?0+$/, '')).join(',');
  const query = new URLSearchParams({ canvas, rect, scale: scale.toFixed(12).replace(/\.?0+$/, ''), ground: 'ffffff' });
  return `/snapshot.png?${query}`;
}
