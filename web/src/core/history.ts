/* Undo and redo of one's own strokes, without limit, for as long as the page lives. Pure. */

export interface Drawn {
  counter: number;
  count: number;
  seq: number | null; /* of the first op, once acknowledged */
}

export class History {
  private done: Drawn[] = [];
  private undone: Drawn[] = [];

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  /* A new stroke ends what could be redone. */
  add(drawn: Drawn): void {
    this.done.push(drawn);
    this.undone = [];
  }

  undo(): Drawn | null {
    const drawn = this.done.pop();
    if (drawn === undefined) {
      return null;
    }
    this.undone.push(drawn);
    return drawn;
  }

  redo(): Drawn | null {
    const drawn = this.undone.pop();
    if (drawn === undefined) {
      return null;
    }
    this.done.push(drawn);
    return drawn;
  }

  acknowledge(counter: number, seq: number): void {
    for (const drawn of [...this.done, ...this.undone]) {
      if (drawn.counter === counter) {
        drawn.seq = seq;
      }
    }
  }

  /* The server refused it: it was never there. */
  forget(counter: number): void {
    const isOther = (drawn: Drawn): boolean => drawn.counter !== counter;
    this.done = this.done.filter(isOther);
    this.undone = this.undone.filter(isOther);
  }
}
