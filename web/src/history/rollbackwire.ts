/* A moderator's questions over the connection: what a rollback would do, and doing it. */
import { message } from '../i18n/i18n.ts';
import { serverSaid } from '../i18n/serversaid.ts';
import type { Json } from '../net/connection.ts';
import type { Area } from './lasso.ts';

export interface Share {
  artist: number;
  name: string;
  strokes: number;
}

export interface Answer {
  id: number;
  strokes: number;
  artists: Share[];
  seq: string | null;
  ops: number;
}

export interface Wanted extends Area {
  from: number;
  to: number;
  artists: number[] | null; /* null: everybody */
}

export class RollbackWire {
  private readonly waiting = new Map<number, (answer: Answer | Error) => void>();
  private id = 0;

  constructor(private readonly sendJson: (message: Json) => boolean) {}

  ask(wanted: Wanted, apply: boolean): Promise<Answer> {
    const id = ++this.id;
    const { rect, lasso, from, to, artists } = wanted;
    const isSent = this.sendJson({
      type: 'rollback',
      id,
      artists,
      ...rect,
      lasso,
      from: String(from),
      to: String(to),
      apply,
    });
    return new Promise((resolve, reject) => {
      if (!isSent) {
        reject(new Error(message('rollback.notConnected')));
        return;
      }
      this.waiting.set(id, (answer) =>
        answer instanceof Error ? reject(answer) : resolve(answer),
      );
    });
  }

  messageCame(json: Json): void {
    if (json.type === 'rollback') {
      this.answer(Number(json['id']), json as unknown as Answer);
    } else if (json.type === 'error') {
      const said = serverSaid(String(json['message'] ?? ''), json['code']);
      this.answer(Number(json['id']), new Error(said));
    }
  }

  private answer(id: number, answer: Answer | Error): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    waiting?.(answer);
  }
}
