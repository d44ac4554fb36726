/* A moderator's questions over the connection: what a rollback would do, doing it, and undoing it. */
import { Asker, FIRST_IDS, type Refusal } from '../net/asker.ts';
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
  act: string | null; /* null: nothing was done */
  ops: number;
}

export interface Wanted extends Area {
  from: number;
  to: number;
  artists: number[] | null; /* null: everybody */
}

const UNDO_WAIT_MS = 60_000; /* a lost answer is no reason to wait for ever: asked again it says so */
const TAKEN_BACK = /^that was taken back already$/;

export class RollbackWire {
  private readonly asker: Asker;

  constructor(sendJson: (message: Json) => boolean) {
    this.asker = new Asker(sendJson, FIRST_IDS.rollback, null); /* of much it takes long */
  }

  async ask({ rect, lasso, from, to, artists }: Wanted, apply: boolean): Promise<Answer> {
    const span = { from: String(from), to: String(to) };
    try {
      return (await this.asker.ask({ type: 'rollback', artists, ...rect, lasso, ...span, apply })) as unknown as Answer;
    } catch (refusal) {
      throw new Error((refusal as Refusal).words);
    }
  }

  /* What the act hid, and nobody hid since, is shown again. False if it was undone before. */
  async undo(act: string): Promise<boolean> {
    try {
      await this.asker.ask({ type: 'undo', act }, UNDO_WAIT_MS);
      return true;
    } catch (error) {
      const refusal = error as Refusal;
      if (TAKEN_BACK.test(refusal.message)) {
        return false;
      }
      throw new Error(refusal.words);
    }
  }

  messageCame(json: Json): void {
    this.asker.messageCame(json);
  }
}
