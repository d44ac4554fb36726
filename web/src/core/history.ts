/* Undo and redo of one's own strokes, without limit: what the log says this artist did, from any page and
 * any device, and on top of it what this page did since. Hiding is undoing, showing again is redoing, a new
 * stroke ends what could be redone; what others did is not here at all. Pure. */

export interface Drawn {
  counter: number; /* 0: not of this page */
  count: number;
  seq: number | null; /* of the first op, once acknowledged */
  nonce?: string; /* of the journal that was taken over, if the counter is of one */
}

/* An entry of a journal that was taken over. */
export interface TakenOver {
  counter: number;
  count: number;
  refs: readonly number[];
  seqs: readonly number[];
  isShow: boolean;
}

/* One's own op in the log, as `mine` tells it. */
export interface MineOp {
  seq: number;
  kind: 'stroke' | 'hide' | 'show';
  part: number;
  parts: number;
  targets: readonly number[];
}

export interface Stacks {
  done: Drawn[];
  undone: Drawn[];
}

interface Action {
  what: 'add' | 'undo' | 'redo';
  drawn: Drawn;
  counter: number; /* of the op that says so; 0 until it is known */
  nonce: string | undefined; /* its journal's, if that was taken over */
  seq: number | null;
}

/* Hides of more at once were no undo but a rollback. */
const GROUP_MAX = 32;

function take(stack: Drawn[], targets: ReadonlySet<number>): Drawn[] {
  const taken = stack.filter((drawn) => drawn.seq !== null && targets.has(drawn.seq));
  if (taken.length > 0) {
    stack.splice(0, stack.length, ...stack.filter((drawn) => !taken.includes(drawn)));
  }
  return taken;
}

function isGroup(targets: readonly number[]): boolean {
  const first = targets[0];
  return (
    first !== undefined &&
    targets.length <= GROUP_MAX &&
    targets.every((seq, i) => seq === first + i)
  );
}

/* The stacks as one's own ops, newest first, left them. Older ops may be missing: what a hide names is then
 * known from the hide itself. */
export function rebuild(ops: readonly MineOp[]): Stacks {
  const done: Drawn[] = [];
  let undone: Drawn[] = [];
  for (let i = ops.length - 1; i >= 0; i--) {
    const op = ops[i]!;
    if (op.kind === 'stroke') {
      const last = done[done.length - 1];
      const isNext = op.part > 0 && last?.seq === op.seq - op.part && last.count === op.part;
      if (isNext) {
        last.count++;
      } else {
        done.push({ counter: 0, count: 1, seq: op.seq });
      }
      undone = [];
      continue;
    }
    const targets = new Set(op.targets);
    const [from, to] = op.kind === 'hide' ? [done, undone] : [undone, done];
    const known = take(from, targets);
    if (known.length === 0 && isGroup(op.targets)) {
      const seq = op.targets[0]!;
      if (!to.some((drawn) => drawn.seq === seq)) {
        known.push({ counter: 0, count: op.targets.length, seq });
      }
    }
    to.push(...known);
  }
  return { done, undone };
}

export class History {
  private done: Drawn[] = [];
  private undone: Drawn[] = [];
  private ops: MineOp[] = [];
  private actions: Action[] = [];
  private hasOlder = false;

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  /* The seq before which the log should be asked, once few strokes are left to undo. */
  get olderThan(): number | null {
    const oldest = this.ops[this.ops.length - 1];
    return this.hasOlder && oldest !== undefined && this.done.length < 20 ? oldest.seq : null;
  }

  /* A new stroke ends what could be redone. */
  add(drawn: Drawn): void {
    this.done.push(drawn);
    this.undone = [];
    this.actions.push({ what: 'add', drawn, counter: drawn.counter, nonce: drawn.nonce, seq: drawn.seq });
  }

  /* What a page that is gone did and could not bring to the server, oldest first. */
  takeOver(nonce: string, entries: readonly TakenOver[]): void {
    for (const { counter, count, refs, seqs, isShow } of entries) {
      if (refs.length + seqs.length === 0) {
        this.add({ counter, count, seq: null, nonce });
        continue;
      }
      const what = isShow ? 'redo' : 'undo';
      const [from, to] = isShow ? [this.undone, this.done] : [this.done, this.undone];
      const isMeant = (other: Drawn): boolean =>
        other.nonce === nonce ? refs.includes(other.counter) : seqs.includes(other.seq ?? -1);
      const at = from.findIndex(isMeant);
      if (at >= 0) {
        const [drawn] = from.splice(at, 1);
        to.push(drawn!);
        this.actions.push({ what, drawn: drawn!, counter, nonce, seq: null });
      } else if (refs.length === 0) {
        const drawn = { counter: 0, count: seqs.length, seq: seqs[0]! };
        to.push(drawn);
        this.actions.push({ what, drawn, counter, nonce, seq: null });
      }
    }
  }

  undo(): Drawn | null {
    return this.move('undo', this.done, this.undone);
  }

  redo(): Drawn | null {
    return this.move('redo', this.undone, this.done);
  }

  private move(what: 'undo' | 'redo', from: Drawn[], to: Drawn[]): Drawn | null {
    const drawn = from.pop();
    if (drawn === undefined) {
      return null;
    }
    to.push(drawn);
    this.actions.push({ what, drawn, counter: 0, nonce: undefined, seq: null });
    return drawn;
  }

  /* The last undo or redo is said by the op of that counter. */
  said(counter: number, nonce?: string): void {
    const last = this.actions[this.actions.length - 1];
    if (last !== undefined && last.what !== 'add') {
      last.counter = counter;
      last.nonce = nonce;
    }
  }

  acknowledge(counter: number, seq: number, nonce?: string): void {
    for (const drawn of [...this.done, ...this.undone]) {
      if (drawn.counter === counter && drawn.nonce === nonce) {
        drawn.seq = seq;
      }
    }
    for (const action of this.actions) {
      if (action.counter === counter && action.nonce === nonce) {
        action.seq = seq;
        if (action.what === 'add') {
          action.drawn.seq = seq;
        }
      }
    }
    if (this.ops.some((op) => op.seq === seq)) {
      this.replay(); /* the log had told of it before the acknowledgement came */
    }
  }

  /* The server refused it: it was never there. */
  forget(counter: number, nonce?: string): void {
    const isOther = (named: { counter: number; nonce?: string | undefined }): boolean =>
      named.counter !== counter || named.nonce !== nonce;
    this.done = this.done.filter(isOther);
    this.undone = this.undone.filter(isOther);
    this.actions = this.actions.filter(
      (action) => isOther(action) && isOther(action.drawn),
    );
  }

  /* One's newest ops, newest first: at the start of a connection. */
  restore(newest: readonly MineOp[], hasOlder: boolean): void {
    const oldest = newest[newest.length - 1]?.seq ?? Infinity;
    const kept = hasOlder ? this.ops.filter((op) => op.seq < oldest) : [];
    this.hasOlder = kept.length > 0 ? this.hasOlder : hasOlder;
    this.ops = [...newest, ...kept];
    this.replay();
  }

  /* Ops before those known. */
  restoreOlder(older: readonly MineOp[], hasOlder: boolean): void {
    const oldest = this.ops[this.ops.length - 1]?.seq ?? Infinity;
    this.ops.push(...older.filter((op) => op.seq < oldest));
    this.hasOlder = hasOlder && older.length > 0;
    this.replay();
  }

  private replay(): void {
    const known = new Set(this.ops.map((op) => op.seq));
    this.actions = this.actions.filter(({ seq }) => seq === null || !known.has(seq));
    const { done, undone } = rebuild(this.ops);
    this.done = done;
    this.undone = undone;
    for (const { what, drawn } of this.actions) {
      if (what === 'add') {
        this.done.push(drawn);
        this.undone = [];
      } else {
        const [from, to] = what === 'undo' ? [this.done, this.undone] : [this.undone, this.done];
        const isSame = (other: Drawn): boolean =>
          other === drawn || (drawn.seq !== null && other.seq === drawn.seq);
        const at = from.findIndex(isSame);
        if (at >= 0) {
          to.push(...from.splice(at, 1));
        }
      }
    }
  }
}
