/* Questions over the WebSocket that carry an id, and their answers. */
import { message } from '../i18n/i18n.ts';
import { serverSaid } from '../i18n/serversaid.ts';
import type { Json } from './connection.ts';

/* Each who asks over one connection counts from elsewhere. */
export const FIRST_IDS = { rollback: 1_000_000, order: 2_000_000, place: 3_000_000, you: 5_000_000, vote: 6_000_000 };
const WAIT_MS = 12_000;

export class Refusal extends Error {
  constructor(
    readonly code: string,
    said: string,
  ) {
    super(said);
  }

  /* For people. Without a word of the server's it was not asked. */
  get words(): string {
    const isUnasked = this.code === 'unavailable' && this.message === '';
    return isUnasked ? message('rollback.notConnected') : serverSaid(this.message, this.code);
  }
}

interface Waiting {
  resolve(answer: Json): void;
  reject(reason: Refusal): void;
  timer: number | undefined;
}

export class Asker {
  private lastId: number;
  private readonly waiting = new Map<number, Waiting>();

  /* `waitMs` null: an answer may take as long as it takes. */
  constructor(
    private readonly send: (message: Json) => boolean,
    firstId: number,
    private readonly waitMs: number | null = WAIT_MS,
  ) {
    this.lastId = firstId;
  }

  ask(question: object, waitMs = this.waitMs): Promise<Json> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      const late = (): void => void this.fail(id, new Refusal('unavailable', ''));
      const timer = waitMs === null ? undefined : window.setTimeout(late, waitMs);
      this.waiting.set(id, { resolve, reject, timer });
      if (!this.send({ ...question, id } as unknown as Json)) {
        late();
      }
    });
  }

  /* True if it was an answer to one of these questions. */
  messageCame(message: Json): boolean {
    const id = Number(message['id']);
    if (message.type === 'error') {
      return this.fail(id, new Refusal(String(message['code']), String(message['message'] ?? '')));
    }
    const asked = this.take(id);
    asked?.resolve(message);
    return asked !== undefined;
  }

  /* What was asked over a connection that is gone is not answered any more. */
  forget(): void {
    [...this.waiting.keys()].forEach((id) => this.fail(id, new Refusal('unavailable', '')));
  }

  private fail(id: number, reason: Refusal): boolean {
    const asked = this.take(id);
    asked?.reject(reason);
    return asked !== undefined;
  }

  private take(id: number): Waiting | undefined {
    const asked = this.waiting.get(id);
    this.waiting.delete(id);
    clearTimeout(asked?.timer);
    return asked;
  }
}
