/* Questions over the WebSocket that carry an id, and their answers. */
import type { Json } from '../net/connection.ts';

const FIRST_ID = 3_000_000; /* others count from elsewhere */
const WAIT_MS = 12_000;

export class Refusal extends Error {
  constructor(
    readonly code: string,
    said: string,
  ) {
    super(said);
  }
}

interface Waiting {
  resolve(answer: Json): void;
  reject(reason: Refusal): void;
  timer: number;
}

export class Asker {
  private lastId: number;
  private readonly waiting = new Map<number, Waiting>();

  constructor(
    private readonly send: (message: object) => boolean,
    firstId = FIRST_ID,
  ) {
    this.lastId = firstId;
  }

  ask(message: object): Promise<Json> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      const late = (): void => this.fail(id, new Refusal('unavailable', ''));
      const timer = window.setTimeout(late, WAIT_MS);
      this.waiting.set(id, { resolve, reject, timer });
      if (!this.send({ ...message, id })) {
        late();
      }
    });
  }

  /* True if it was an answer to one of these questions. */
  messageCame(message: Json): boolean {
    const id = Number(message['id']);
    const asked = this.waiting.get(id);
    if (asked === undefined) {
      return false;
    }
    if (message.type === 'error') {
      this.fail(id, new Refusal(String(message['code']), String(message['message'])));
    } else {
      window.clearTimeout(asked.timer);
      this.waiting.delete(id);
      asked.resolve(message);
    }
    return true;
  }

  private fail(id: number, reason: Refusal): void {
    const asked = this.waiting.get(id);
    if (asked !== undefined) {
      window.clearTimeout(asked.timer);
      this.waiting.delete(id);
      asked.reject(reason);
    }
  }
}
