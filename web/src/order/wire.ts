/* Questions of moderation over the connection, and their answers by id. No DOM. */
import { message } from '../i18n/i18n.ts';
import { serverSaid } from '../i18n/serversaid.ts';
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

/* Their own space of ids, apart from those of other askers on the same connection. */
const FIRST_ID = 2_000_000;

export class Wire {
  private readonly waiting = new Map<number, (answer: Json | Error) => void>();
  private id = FIRST_ID;

  constructor(private readonly sendJson: (message: Json) => boolean) {}

  ask(question: Json): Promise<Json> {
    const id = ++this.id;
    const isSent = this.sendJson({ ...question, id });
    return new Promise((resolve, reject) => {
      if (!isSent) {
        reject(new Error(message('rollback.notConnected')));
        return;
      }
      this.waiting.set(id, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
    });
  }

  /* True if it was an answer. */
  messageCame(json: Json): boolean {
    const id = Number(json['id']);
    const waiting = this.waiting.get(id);
    if (waiting === undefined) {
      return false;
    }
    this.waiting.delete(id);
    const isError = json.type === 'error';
    waiting(isError ? new Error(serverSaid(String(json['message'] ?? ''), json['code'])) : json);
    return true;
  }

  /* What was asked over a connection that is gone is not answered any more. */
  forget(): void {
    for (const waiting of this.waiting.values()) {
      waiting(new Error(message('rollback.notConnected')));
    }
    this.waiting.clear();
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
