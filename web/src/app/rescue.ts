/* Strokes that an earlier page could not bring to the server: found in the browser's storage and
 * sent, each journal under its own nonce, so that none is doubled. */
import { Journal } from '../core/journal.ts';
import { markKey } from '../core/marks.ts';
import { decodeOp, type Stroke } from '../core/op.ts';
import { Session, type SessionOptions } from '../net/session.ts';
import { findOrphans, keepAlive, makeKeeper, type Orphan } from '../net/storage.ts';
import type { Scene } from '../view/scene.ts';

export class Rescue {
  private readonly journals: Journal[] = [];
  private readonly releases: (() => void)[] = [];
  private current: Session | null = null;

  constructor(
    private readonly storage: Storage | null,
    private readonly options: SessionOptions,
    private readonly scene: Scene,
    private readonly ownNonce: string,
    private readonly changed: () => void,
  ) {}

  /* What waits, over all journals. */
  get size(): number {
    return this.journals.reduce((sum, journal) => sum + journal.size, 0);
  }

  /* Looks for journals without a page; those of this canvas are shown at once. */
  find(): void {
    for (const orphan of findOrphans(this.storage, Date.now())) {
      if (orphan.canvas === this.options.canvas && orphan.nonce !== this.ownNonce) {
        this.adopt(orphan);
      }
    }
  }

  private adopt(orphan: Orphan): void {
    this.releases.push(keepAlive(this.storage, orphan.nonce));
    const keeper = makeKeeper(this.storage, orphan.canvas, orphan.nonce);
    const journal = new Journal(orphan.nonce, keeper);
    this.journals.push(journal);
    for (const entry of journal.list()) {
      const parts = entry.bodies.map(decodeOp).filter((op): op is Stroke => op.kind === 'stroke');
      if (parts.length > 0) {
        this.scene.addPending(markKey(orphan.nonce, entry.counter), parts);
      }
      for (const ref of entry.refs) {
        this.scene.hidePending(markKey(orphan.nonce, ref), !entry.isShow, entry.counter);
      }
    }
  }

  /* The page goes: what is left is for the next one. */
  release(): void {
    this.releases.forEach((release) => release());
    this.releases.length = 0;
  }

  /* Sends the next journal; to be called once this browser has its identity. */
  run(): void {
    const journal = this.journals.find((candidate) => candidate.size > 0);
    if (this.current !== null || journal === undefined) {
      return;
    }
    const session = new Session(this.options, journal, {
      acknowledged: ({ entry, seq }) =>
        this.scene.pendingAcked(markKey(journal.nonce, entry.counter), seq),
      refused: (entry) => this.scene.removePending(markKey(journal.nonce, entry.counter)),
      journalChanged: () => {
        this.changed();
        if (journal.size === 0) {
          session.connection.close();
          this.current = null;
          this.run();
        }
      },
    });
    this.current = session;
    session.start();
  }
}
