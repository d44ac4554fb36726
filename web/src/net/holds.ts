/* Which page holds which journal: a page holds its own as long as it lives, and one that another page
 * left while it brings it to the server. No two pages hold the same.
 *
 * The browser's Web Locks do exactly this: a page that dies, however it dies, lets go in that moment.
 * Browsers have them on https and localhost only. Elsewhere a page marks its journals every few seconds in
 * localStorage, and a journal whose mark is old is nobody's; two pages may then take the same one in the
 * same moment, which costs a few bytes: the server knows an entry that it has. */

export type Release = () => void;

export interface Holds {
  /* Null if a page has it. */
  take(nonce: string): Promise<Release | null>;
}

const PREFIX = 'kolam.journal.';
const MARK = 'kolam.alive.';
const MARK_EVERY_MS = 5_000;
const MARK_FOR_MS = 20_000;

export function lockHolds(locks: Pick<LockManager, 'request'>): Holds {
  return {
    take: (nonce) =>
      new Promise((taken) => {
        locks
          .request(PREFIX + nonce, { ifAvailable: true }, (lock) =>
            lock === null ? taken(null) : new Promise<void>((release) => taken(release)),
          )
          .catch(() => taken(null));
      }),
  };
}

/* Is the mark of some page on it fresh? */
export function isMarked(storage: Storage | null, nonce: string, nowMs: number): boolean {
  return Math.abs(nowMs - Number(storage?.getItem(MARK + nonce) ?? 0)) <= MARK_FOR_MS;
}

export function markHolds(storage: Storage | null, now: () => number): Holds {
  const mark = (nonce: string): void => {
    try {
      storage?.setItem(MARK + nonce, String(now()));
    } catch {
      /* full: at worst another page sends what this one does */
    }
  };
  return {
    take(nonce) {
      if (isMarked(storage, nonce, now())) {
        return Promise.resolve(null);
      }
      mark(nonce);
      const timer = setInterval(() => mark(nonce), MARK_EVERY_MS);
      return Promise.resolve(() => {
        clearInterval(timer);
        storage?.removeItem(MARK + nonce);
      });
    },
  };
}
