/* What outlives the page, in the browser's IndexedDB: journal entries, settings, and pictures of tiles that
 * were looked at, which make room when there is none for anything else.
 *
 * An entry is written in a transaction of its own that is asked for and committed in the same turn, so
 * that a page that dies in the next moment has said all the database needs; transactions on a store run
 * in the order in which they were made, so a removal comes after the writing. Without a database
 * (forbidden, broken) everything is answered, and nothing is kept. */
import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction } from 'idb';
import type { Keeper, Kept } from '../core/journal.ts';

export type KeptEntry = Kept & { canvas: string; nonce: string };
type EntryKey = [canvas: string, nonce: string, counter: number];

type TileKey = [canvas: string, level: number, x: number, y: number];

/* A tile as it was last seen; the tag is that of the server: `<incarnation>-<raster>-<seq>`. */
export interface SeenTile {
  canvas: string;
  level: number;
  x: number;
  y: number;
  tag: string;
  png: ArrayBuffer;
  atMs: number;
}

interface Schema extends DBSchema {
  entries: { key: EntryKey; value: KeptEntry };
  settings: { key: string; value: unknown };
  tiles: { key: TileKey; value: SeenTile; indexes: { time: number } };
}

type Database = IDBPDatabase<Schema>;
type StoreName = 'entries' | 'settings' | 'tiles';
type WriteTransaction = IDBPTransaction<Schema, StoreName[], 'readwrite'>;

export interface JournalName {
  canvas: string;
  nonce: string;
}

/* Why the last writing failed. */
export type Trouble = 'full' | 'forbidden';

const NAME = 'kolam';
const VERSION = 2;
/* The wall does not wait longer for a database that does not answer. */
const OPEN_MS_MAX = 3_000;

export function makeNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function openDatabase(closed: () => void): Promise<Database | null> {
  try {
    const opening = openDB<Schema>(NAME, VERSION, {
      upgrade(db, from) {
        if (from < 1) {
          db.createObjectStore('entries', { keyPath: ['canvas', 'nonce', 'counter'] });
          db.createObjectStore('settings');
        }
        if (from < 2) {
          const tiles = db.createObjectStore('tiles', { keyPath: ['canvas', 'level', 'x', 'y'] });
          tiles.createIndex('time', 'atMs');
        }
      },
      /* A newer page wants to change the form of the database: this one must not stand in its way. */
      blocking: (_current, _blocked, event) => {
        (event.target as IDBDatabase).close();
        closed();
      },
      terminated: closed,
    });
    const tooLate = new Promise<null>((resolve) => setTimeout(() => resolve(null), OPEN_MS_MAX));
    return await Promise.race([opening, tooLate]);
  } catch {
    return null;
  }
}

export class Store {
  trouble: Trouble | null = null;
  private db: Database | null = null;

  static async open(): Promise<Store> {
    const store = new Store();
    await store.reopen();
    return store;
  }

  get isOpen(): boolean {
    return this.db !== null;
  }

  private async reopen(): Promise<void> {
    this.db = await openDatabase(() => (this.db = null));
    this.trouble = this.db === null ? 'forbidden' : null;
  }

  /* After the browser took the database away, or was asked to allow one. */
  async retry(): Promise<void> {
    if (this.db === null) {
      await this.reopen();
    }
  }

  /* A stroke is worth more than any picture of the wall. */
  async putEntry(entry: KeptEntry, isLasting: boolean): Promise<boolean> {
    const put = (): Promise<boolean> =>
      this.write('entries', isLasting, (tx) => tx.objectStore('entries').put(entry));
    if (await put()) {
      return true;
    }
    return this.trouble === 'full' && (await this.clearTiles()) && (await put());
  }

  /* All or none. */
  putEntries(entries: readonly KeptEntry[]): Promise<boolean> {
    return this.write('entries', true, (tx) =>
      Promise.all(entries.map((entry) => tx.objectStore('entries').put(entry))),
    );
  }

  removeEntry({ canvas, nonce }: JournalName, counter: number): Promise<boolean> {
    return this.write('entries', false, (tx) =>
      tx.objectStore('entries').delete([canvas, nonce, counter]),
    );
  }

  putSetting(name: string, value: unknown): Promise<boolean> {
    return this.write('settings', false, (tx) => tx.objectStore('settings').put(value, name));
  }

  putTiles(tiles: readonly SeenTile[]): Promise<boolean> {
    return this.write('tiles', false, (tx) =>
      Promise.all(tiles.map((tile) => tx.objectStore('tiles').put(tile))),
    );
  }

  async tile(canvas: string, level: number, x: number, y: number): Promise<SeenTile | null> {
    try {
      return (await this.db?.get('tiles', [canvas, level, x, y])) ?? null;
    } catch {
      return null;
    }
  }

  /* Keeps the newest. */
  async trimTiles(most: number): Promise<void> {
    try {
      const count = (await this.db?.count('tiles')) ?? 0;
      if (count > most) {
        const tx = this.db!.transaction('tiles', 'readwrite');
        let cursor = await tx.store.index('time').openCursor();
        for (let i = count - most; cursor && i > 0; i--) {
          await cursor.delete();
          cursor = await cursor.continue();
        }
        await tx.done;
      }
    } catch {
      /* the next time */
    }
  }

  private async clearTiles(): Promise<boolean> {
    const trouble = this.trouble;
    const isDone = await this.write('tiles', false, (tx) => tx.objectStore('tiles').clear());
    this.trouble = trouble;
    return isDone;
  }

  /* Writes; `isLasting` waits for the disk itself, not only for the system. What fails aborts the
   * transaction, and its reason is the transaction's. */
  private async write(
    name: StoreName,
    isLasting: boolean,
    request: (tx: WriteTransaction) => Promise<unknown>,
  ): Promise<boolean> {
    if (this.db === null) {
      return false;
    }
    try {
      const durability = isLasting ? 'strict' : 'relaxed';
      const tx: WriteTransaction = this.db.transaction([name], 'readwrite', { durability });
      const asked = request(tx).catch(() => undefined);
      tx.commit();
      await tx.done;
      await asked;
      this.trouble = null;
      return true;
    } catch (error) {
      const isFull = error instanceof Error && error.name === 'QuotaExceededError';
      this.trouble = isFull ? 'full' : 'forbidden';
      return false;
    }
  }

  /* Every journal that holds something. One step of the cursor a journal, however long it is: an
   * array is after all numbers. */
  async journals(): Promise<JournalName[]> {
    const found: JournalName[] = [];
    try {
      let cursor = await this.db?.transaction('entries').store.openKeyCursor();
      while (cursor) {
        const [canvas, nonce] = cursor.key;
        found.push({ canvas, nonce });
        cursor = await cursor.continue([canvas, nonce, []] as unknown as EntryKey);
      }
    } catch {
      /* they are found the next time */
    }
    return found;
  }

  async entriesOf({ canvas, nonce }: JournalName): Promise<KeptEntry[]> {
    const range = IDBKeyRange.bound([canvas, nonce, 0], [canvas, nonce, Infinity]);
    return (await this.db?.getAll('entries', range).catch(() => undefined)) ?? [];
  }

  async settings(): Promise<Map<string, unknown>> {
    const found = new Map<string, unknown>();
    try {
      let cursor = await this.db?.transaction('settings').store.openCursor();
      while (cursor) {
        found.set(cursor.key, cursor.value);
        cursor = await cursor.continue();
      }
    } catch {
      /* the defaults stay */
    }
    return found;
  }
}

/* A journal's keeper. `isLasting` tells whether an entry may have to wait long for the server. */
export function makeKeeper(store: Store, name: JournalName, isLasting: () => boolean): Keeper {
  return {
    save: (kept) => store.putEntry({ ...name, ...kept }, isLasting()),
    remove: (counter) => void store.removeEntry(name, counter),
  };
}
