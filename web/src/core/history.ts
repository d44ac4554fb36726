/* Undo and redo of what one did oneself, without limit: what the log says this artist did, from any page and
 * any device, and on top of it what this page did since. A stroke is a step; so is an edit, which hides some
 * strokes and puts others in their place. Undoing is hiding what a step drew and showing what it hid, redoing
 * the opposite; a new step ends what could be redone; what others did is not here at all. Pure. */
import { EDIT_OPS_MAX } from './op.ts';

/* A step. */
export interface Drawn {
  counter: number; /* 0: not of this page */
  count: number; /* ops: the parts of a stroke, or an edit's hide and its strokes */
  seq: number | null; /* of the first op, once acknowledged */
  nonce?: string; /* of the journal that was taken over, if the counter is of one */
  hides?: Names; /* of an edit: what it took away */
}

/* Strokes by seq, and by counter those that are not acknowledged yet. */
export interface Names {
  seqs: number[];
  refs: number[];
}

/* An entry of a journal that was taken over. */
export interface TakenOver {
  counter: number;
  count: number;
  refs: readonly number[];
  seqs: readonly number[];
  isShow: boolean;
  edit?: { strokes: readonly unknown[]; shows: readonly number[]; showRefs: readonly number[] } | null;
}

/* One's own op in the log, as `mine` tells it. */
export interface MineOp {
  seq: number;
  kind: 'stroke' | 'hide' | 'show';
  part: number;
  parts: number;
  targets: readonly number[];
  follow?: number;
  taken?: readonly number[]; /* of its strokes those that somebody else took off the wall: only they bring them back */
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
/* The log is asked for more when fewer steps than this are left. */
const STEPS_MIN = 20;

/* The strokes that a step put on the wall. */
export function addsOf({ counter, count, seq, hides }: Drawn): Names {
  const first = hides === undefined ? 0 : 1; /* an edit begins with its hide */
  const from = (base: number): number[] =>
    Array.from({ length: count - first }, (_, i) => base + first + i);
  if (seq !== null) {
    return { seqs: from(seq), refs: [] };
  }
  return { seqs: [], refs: hides === undefined ? [counter] : from(counter) };
}

export function hidesOf({ hides }: Drawn): Names {
  return hides ?? { seqs: [], refs: [] };
}

function isSameSet(a: readonly number[], b: readonly number[]): boolean {
  const set = new Set(a);
  return a.length === b.length && b.every((seq) => set.has(seq));
}

/* Takes the newest step that fits out of a stack. */
function pull(stack: Drawn[], fits: (drawn: Drawn) => boolean): Drawn | null {
  for (let i = stack.length - 1; i >= 0; i--) {
    if (fits(stack[i]!)) {
      return stack.splice(i, 1)[0]!;
    }
  }
  return null;
}

/* Takes out the steps whose strokes are named, and which hid nothing. */
function take(stack: Drawn[], targets: ReadonlySet<number>): Drawn[] {
  const taken = stack.filter((drawn) => {
    const first = addsOf(drawn).seqs[0];
    return hidesOf(drawn).seqs.length === 0 && first !== undefined && targets.has(first);
  });
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

/* An edit that is not known from its own ops: its strokes come right after its hide. */
function editOf(adds: readonly number[], hides: readonly number[]): Drawn {
  const seq = (adds[0] ?? 1) - 1;
  return { counter: 0, count: 1 + adds.length, seq, hides: { seqs: [...hides], refs: [] } };
}

/* The stacks as one's own ops, newest first, left them. Older ops may be missing: what a hide names is then
 * known from the hide itself. */
export function rebuild(ops: readonly MineOp[]): Stacks {
  const rebuilding = new Rebuilding();
  for (let i = ops.length - 1; i >= 0; i--) {
    const op = ops[i]!;
    if (op.kind === 'hide' && op.follow !== undefined) {
      rebuilding.edit(op, ops.slice(Math.max(0, i - op.follow), i).reverse());
      i -= op.follow;
    } else if (op.kind === 'stroke') {
      rebuilding.stroke(op);
    } else {
      rebuilding.visibility(op);
    }
  }
  return { done: rebuilding.done, undone: rebuilding.undone };
}

class Rebuilding implements Stacks {
  done: Drawn[] = [];
  undone: Drawn[] = [];

  private add(drawn: Drawn): void {
    this.done.push(drawn);
    this.undone = [];
  }

  stroke(op: MineOp): void {
    const last = this.done[this.done.length - 1];
    const isNext = op.part > 0 && last?.seq === op.seq - op.part && last.count === op.part;
    if (isNext && last.hides === undefined) {
      last.count++;
    } else {
      this.add({ counter: 0, count: 1, seq: op.seq });
    }
    this.undone = [];
  }

  edit(op: MineOp, rest: readonly MineOp[]): void {
    const { targets } = op;
    const shows = rest.flatMap(({ kind, targets: shown }) => (kind === 'show' ? shown : []));
    const isNew = shows.length === 0 && rest.length > 0;
    const hides = { seqs: [...targets], refs: [] };
    if (isNew) {
      this.add({ counter: 0, count: 1 + rest.length, seq: op.seq, hides });
    } else if (shows.length === 0) {
      this.removal(op);
    } else {
      this.swap(targets, shows);
    }
  }

  /* Strokes were removed, or it is done again. */
  private removal({ seq, targets }: MineOp): void {
    const last = this.undone[this.undone.length - 1];
    const isAgain = last?.hides !== undefined && last.count === 1;
    if (isAgain && isSameSet(last.hides!.seqs, targets)) {
      this.done.push(this.undone.pop()!);
    } else {
      this.add({ counter: 0, count: 1, seq, hides: { seqs: [...targets], refs: [] } });
    }
  }

  /* An edit undone or done again: what came in the place of others is the newer of the two. */
  private swap(hidden: readonly number[], shown: readonly number[]): void {
    const isUndo = (hidden[0] ?? 0) > (shown[0] ?? 0);
    const [adds, hides] = isUndo ? [hidden, shown] : [shown, hidden];
    const [from, to] = isUndo ? [this.done, this.undone] : [this.undone, this.done];
    const known = pull(
      from,
      (drawn) => drawn.hides !== undefined && isSameSet(addsOf(drawn).seqs, adds),
    );
    to.push(known ?? editOf(adds, hides));
  }

  visibility(op: MineOp): void {
    const targets = new Set(op.targets);
    if (op.kind === 'show') {
      const isRemoval = (drawn: Drawn): boolean =>
        drawn.count === 1 && drawn.hides !== undefined && isSameSet(drawn.hides.seqs, op.targets);
      const removal = pull(this.done, isRemoval);
      if (removal !== null) {
        this.undone.push(removal);
        return;
      }
    }
    const [from, to] = op.kind === 'hide' ? [this.done, this.undone] : [this.undone, this.done];
    const known = take(from, targets);
    if (known.length === 0 && isGroup(op.targets)) {
      const seq = op.targets[0]!;
      if (!to.some((drawn) => drawn.seq === seq)) {
        known.push({ counter: 0, count: op.targets.length, seq });
      }
    }
    to.push(...known);
  }
}

export class History {
  /* Steps left out, as somebody else took strokes of theirs off the wall. */
  lost = 0;
  private taken = new Set<number>(); /* those strokes */
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

  /* The seq before which the log should be asked, once few steps are left to undo. */
  get olderThan(): number | null {
    const oldest = this.ops[this.ops.length - 1];
    if (!this.hasOlder || oldest === undefined) {
      return null;
    }
    const doubtful = this.doubtfulUpTo;
    const sure = this.done.filter(({ seq }) => seq === null || seq > doubtful).length;
    return sure < STEPS_MIN ? oldest.seq : null;
  }

  /* The oldest strokes known, if without a gap, may belong to an edit whose hide is not known yet. */
  private get doubtfulUpTo(): number {
    const { ops } = this;
    let at = ops.length - 1;
    const least = Math.max(0, at - EDIT_OPS_MAX);
    while (at > least && ops[at]!.kind === 'stroke' && ops[at - 1]!.seq === ops[at]!.seq + 1) {
      at--;
    }
    return ops[at]?.seq ?? 0;
  }

  /* Is one of these strokes part of a step, or was until it was taken? */
  knows(seqs: readonly number[]): boolean {
    const named = new Set(seqs);
    return (
      seqs.some((seq) => this.taken.has(seq)) ||
      [...this.done, ...this.undone].some((drawn) =>
        [...addsOf(drawn).seqs, ...hidesOf(drawn).seqs].some((seq) => named.has(seq)),
      )
    );
  }

  /* A new stroke or edit ends what could be redone. */
  add(drawn: Drawn): void {
    this.done.push(drawn);
    this.undone = [];
    this.actions.push({ what: 'add', drawn, counter: drawn.counter, nonce: drawn.nonce, seq: drawn.seq });
  }

  /* What a page that is gone did and could not bring to the server, oldest first. */
  takeOver(nonce: string, entries: readonly TakenOver[]): void {
    for (const entry of entries) {
      const { counter, count, refs, seqs, edit } = entry;
      const hides = { seqs: [...seqs], refs: [...refs] };
      if (edit && edit.shows.length + edit.showRefs.length === 0) {
        this.add({ counter, count, seq: null, nonce, hides });
      } else if (!edit && refs.length + seqs.length === 0) {
        this.add({ counter, count, seq: null, nonce });
      } else {
        this.takeOverChange(nonce, entry);
      }
    }
  }

  private takeOverChange(nonce: string, { counter, refs, seqs, isShow, edit }: TakenOver): void {
    const isNamed = ({ seqs: known, refs: waiting }: Names, own: boolean): boolean =>
      (own && waiting.some((ref) => refs.includes(ref))) || known.some((seq) => seqs.includes(seq));
    /* What is hidden was drawn by the step that is undone, or is what the step done again took away. */
    const isMeant = (drawn: Drawn, names: Names): boolean => isNamed(names, drawn.nonce === nonce);
    const undoes = (drawn: Drawn): boolean =>
      isShow
        ? addsOf(drawn).seqs.length + addsOf(drawn).refs.length === 0 &&
          isMeant(drawn, hidesOf(drawn))
        : isMeant(drawn, addsOf(drawn));
    const redoes = (drawn: Drawn): boolean =>
      isShow ? isMeant(drawn, addsOf(drawn)) : isMeant(drawn, hidesOf(drawn));
    const undone = pull(this.done, undoes);
    const known = undone ?? pull(this.undone, redoes);
    const isUndo = known === null ? !isShow : undone !== null;
    const unknown = (): Drawn | null =>
      edit || refs.length > 0 ? null : { counter: 0, count: seqs.length, seq: seqs[0]! };
    const drawn = known ?? unknown();
    if (drawn !== null) {
      (isUndo ? this.undone : this.done).push(drawn);
      const what = isUndo ? 'undo' : 'redo';
      this.actions.push({ what, drawn, counter, nonce, seq: null });
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
    const steps = new Set([...this.done, ...this.undone, ...this.actions.map(({ drawn }) => drawn)]);
    const added = [...steps].find((drawn) => drawn.counter === counter && drawn.nonce === nonce);
    if (added !== undefined) {
      nameBySeq(added, seq, [...steps].filter((drawn) => drawn.nonce === nonce));
      added.seq = seq;
    }
    for (const action of this.actions) {
      if (action.counter === counter && action.nonce === nonce) {
        action.seq = seq;
      }
    }
    if (this.ops.some((op) => op.seq === seq)) {
      this.replay(); /* the log had told of it before the acknowledgement came */
    }
  }

  /* The server refused it: it was never there. `isTaken`: what was to be shown again is taken off the wall, and so not to be
   * offered any more. */
  forget(counter: number, nonce?: string, isTaken = false): void {
    const isOther = (named: { counter: number; nonce?: string | undefined }): boolean =>
      named.counter !== counter || named.nonce !== nonce;
    const lost = isTaken ? this.actions.find((action) => !isOther(action))?.drawn : undefined;
    this.done = this.done.filter((drawn) => isOther(drawn) && drawn !== lost);
    this.undone = this.undone.filter((drawn) => isOther(drawn) && drawn !== lost);
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
    const taken = (this.taken = new Set(this.ops.flatMap((op) => op.taken ?? [])));
    const isLeft = (drawn: Drawn): boolean =>
      ![...addsOf(drawn).seqs, ...hidesOf(drawn).seqs].some((seq) => taken.has(seq));
    const count = this.done.length + this.undone.length;
    this.done = this.done.filter(isLeft);
    this.undone = this.undone.filter(isLeft);
    this.lost = count - this.done.length - this.undone.length;
  }
}

/* A step was acknowledged: those that hide its strokes know them by their seqs now. */
function nameBySeq(added: Drawn, seq: number, steps: readonly Drawn[]): void {
  const isStroke = added.hides === undefined;
  const isOf = (ref: number): boolean =>
    isStroke
      ? ref === added.counter
      : ref > added.counter && ref < added.counter + added.count;
  for (const { hides } of steps) {
    for (const ref of hides?.refs.filter(isOf) ?? []) {
      const seqs = isStroke
        ? Array.from({ length: added.count }, (_, i) => seq + i)
        : [seq + ref - added.counter];
      hides!.seqs.push(...seqs);
    }
    if (hides !== undefined) {
      hides.refs = hides.refs.filter((ref) => !isOf(ref));
    }
  }
}
