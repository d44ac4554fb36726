/* Strokes that other pages could not bring to the server: found in the browser's database and sent, each
 * journal under its own nonce, so that none is doubled, and the oldest first, before this page's own, so
 * that what was drawn later lies on top. */
import { Journal } from '../core/journal.ts';
import { markKey } from '../core/marks.ts';
import { decodeOp, type Stroke } from '../core/op.ts';
import { Session, type SessionOptions } from '../net/session.ts';
import type { Release } from '../net/holds.ts';
import { makeKeeper, type JournalName } from '../net/storage.ts';
import type { Scene } from '../view/scene.ts';
import type { Keeping } from './keeping.ts';

export interface RescueEvents {
  found(journal: Journal): void;
  acknowledged(nonce: string, counter: number, seq: number): void;
  refused(nonce: string, counter: number): void;
  changed(): void;
}

interface Taken {
  name: JournalName;
  journal: Journal;
  release: Release;
  isHere: boolean; /* of this page's canvas */
}

/* The strokes among bodies, those of several parts whole, and where each begins. */
export function* strokesOf(
  bodies: readonly Uint8Array[],
): Iterable<{ at: number; parts: Stroke[] }> {
  let parts: Stroke[] = [];
  for (const [i, body] of bodies.entries()) {
    const op = decodeOp(body);
    if (op.kind === 'stroke') {
      parts.push(op);
      if (op.part === op.parts - 1) {
        yield { at: i + 1 - parts.length, parts };
        parts = [];
      }
    }
  }
}

export class Rescue {
  private taken: Taken[] = [];
  private readonly known = new Set<string>();
  private session: Session | null = null;
  private finding: Promise<void> | null = null;
  /* The first look is over. */
  private hasLooked = false;

  constructor(
    private readonly keeping: Keeping,
    private readonly options: SessionOptions,
    private readonly scene: Scene,
    private readonly events: RescueEvents,
  ) {}

  /* Those of this canvas. */
  get journals(): Journal[] {
    return this.taken.filter(({ isHere }) => isHere).map(({ journal }) => journal);
  }

  get hasWork(): boolean {
    return this.taken.length > 0;
  }

  /* This page's own strokes wait for the older ones. */
  get isFirst(): boolean {
    return !this.hasLooked || this.journals.length > 0;
  }

  /* Was that journal taken over by this page? */
  knows(nonce: string): boolean {
    return this.known.has(nonce);
  }

  journalOf(nonce: string): Journal | null {
    return this.journals.find((journal) => journal.nonce === nonce) ?? null;
  }

  /* Looks for journals without a page; those of this canvas are shown at once. */
  find(): Promise<void> {
    this.finding ??= this.look().finally(() => {
      this.finding = null;
      this.hasLooked = true;
      this.events.changed();
    });
    return this.finding;
  }

  private async look(): Promise<void> {
    const { store, holds, own } = this.keeping;
    for (const name of await store.journals()) {
      const isTaken = this.taken.some(({ journal }) => journal.nonce === name.nonce);
      if (name.nonce !== own.nonce && !isTaken) {
        const release = await holds.take(name.nonce);
        if (release !== null) {
          await this.take(name, release);
        }
      }
    }
    const age = ({ isHere, journal }: Taken): number => (isHere ? 0 : 1e15) + journal.sinceMs;
    this.taken.sort((a, b) => age(a) - age(b));
  }

  private async take(name: JournalName, release: Release): Promise<void> {
    const { store } = this.keeping;
    const found = await store.entriesOf(name);
    const keeper = makeKeeper(store, name, () => true);
    const journal = Journal.takeOver(
      name.nonce,
      keeper,
      found.map((value) => ({ counter: value.counter, value })),
    );
    if (journal.size === 0) {
      release();
      return;
    }
    const isHere = name.canvas === this.options.canvas;
    this.known.add(name.nonce);
    this.taken.push({ name, journal, release, isHere });
    if (isHere) {
      this.show(journal);
      this.events.found(journal);
    }
  }

  private show(journal: Journal): void {
    for (const { counter, bodies, edit, refs, seqs, isShow } of journal.list()) {
      /* An edit's strokes come after its hide. */
      const first = edit === null ? counter : counter + 1;
      for (const { at, parts } of strokesOf(edit?.strokes ?? bodies)) {
        this.scene.addPending(markKey(journal.nonce, first + at), parts);
      }
      const setShown = (waiting: readonly number[], known: readonly number[], isShown: boolean): void => {
        this.scene.override(known, !isShown, counter);
        for (const ref of waiting) {
          this.scene.hidePending(markKey(journal.nonce, ref), !isShown, counter);
        }
      };
      setShown(refs, seqs, isShow);
      setShown(edit?.showRefs ?? [], edit?.shows ?? [], true);
    }
  }

  /* The page goes: what is left is for the next one. */
  release(): void {
    this.taken.forEach(({ release }) => release());
  }

  /* Sends the next journal; to be called once this browser has its identity. */
  run(): void {
    const [next] = this.taken;
    if (this.session !== null) {
      this.session.flush();
    } else if (next !== undefined) {
      this.session = this.open(next);
      this.session.start();
    }
  }

  private open(taken: Taken): Session {
    const { journal, name } = taken;
    const options = { ...this.options, canvas: name.canvas, isHeld: () => false };
    return new Session(options, journal, {
      acknowledged: ({ entry, seq }) => {
        if (taken.isHere) {
          this.scene.entryAcked(journal.nonce, entry, seq);
          this.events.acknowledged(journal.nonce, entry.counter, seq);
        }
      },
      refused: (entry) => {
        if (taken.isHere) {
          this.scene.entryRefused(journal.nonce, entry);
          this.events.refused(journal.nonce, entry.counter);
        }
      },
      journalChanged: () => {
        if (journal.size === 0) {
          this.finished(taken);
        }
        this.events.changed();
      },
    });
  }

  private finished(taken: Taken): void {
    this.session?.connection.close();
    this.session = null;
    this.taken = this.taken.filter((other) => other !== taken);
    taken.release();
    this.run();
  }
}
