/* Journals and settings that earlier versions of the page kept in localStorage are brought into the
 * database: an item goes once it is written there. A journal that an open page of such a version still
 * marks as its own waits until that page is gone. Two pages doing it at once write the same. */
import { isMarked } from './holds.ts';
import type { KeptEntry, Store } from './storage.ts';

const JOURNAL = 'kolam.journal.';
const BRUSH = 'kolam.brush';

/* The browser's storage, or null where it is forbidden. */
export function openLocalStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

function keysWith(storage: Storage, prefix: string): string[] {
  const keys = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? '');
  return keys.filter((key) => key.startsWith(prefix));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/* `kolam.journal.<canvas>.<nonce>.<counter>` and its text; null if it is not ours. */
function readItem(key: string, text: string, atMs: number): KeptEntry | null {
  const match = /^([^.]+)\.([0-9a-f]{16})\.(\d+)$/.exec(key.slice(JOURNAL.length));
  if (match === null) {
    return null;
  }
  try {
    const { bodies, refs, show, seqs } = JSON.parse(text) as Record<string, unknown>;
    return {
      canvas: match[1]!,
      nonce: match[2]!,
      counter: Number(match[3]),
      bodies: (bodies as unknown[]).map((body) => fromBase64(String(body))),
      refs: refs as number[],
      isShow: show === true,
      seqs: seqs as number[],
      atMs,
      isDraft: false,
    };
  } catch {
    return null;
  }
}

async function bringJournals(storage: Storage, store: Store, nowMs: number): Promise<void> {
  const items = new Map<string, KeptEntry>();
  for (const key of keysWith(storage, JOURNAL)) {
    const entry = readItem(key, storage.getItem(key) ?? '', nowMs);
    if (entry === null) {
      storage.removeItem(key);
    } else if (!isMarked(storage, entry.nonce, nowMs)) {
      items.set(key, entry);
    }
  }
  if (items.size > 0 && (await store.putEntries([...items.values()]))) {
    items.forEach((_, key) => storage.removeItem(key));
  }
}

export async function bringLegacy(
  storage: Storage | null,
  store: Store,
  nowMs: number,
): Promise<void> {
  if (storage === null || !store.isOpen) {
    return;
  }
  await bringJournals(storage, store, nowMs);
  const brush = storage.getItem(BRUSH);
  if (brush !== null) {
    let value: unknown = null;
    try {
      value = JSON.parse(brush);
    } catch {
      /* not ours: it goes */
    }
    if (value === null || (await store.putSetting('brush', value))) {
      storage.removeItem(BRUSH);
    }
  }
}
