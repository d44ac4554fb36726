/* The journals in the browser's storage, an item an entry, and which of them belong to a page
 * that is still open. A page makes a journal of its own; one that a crash or a closed page left
 * behind is found here and sent by the next page. */
import type { Keeper } from '../core/journal.ts';

const JOURNAL = 'kolam.journal.';
const ALIVE = 'kolam.alive.';
const ALIVE_EVERY_MS = 5_000;
const ALIVE_FOR_MS = 20_000;

export interface Orphan {
  canvas: string;
  nonce: string;
}

export function makeNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function prefixOf(canvas: string, nonce: string): string {
  return `${JOURNAL}${canvas}.${nonce}.`;
}

function keysWith(storage: Storage, prefix: string): string[] {
  const keys: string[] = [];
  for (let i = 0; i < storage.length; i++) {
    const key = storage.key(i);
    if (key !== null && key.startsWith(prefix)) {
      keys.push(key);
    }
  }
  return keys;
}

/* The browser's storage, or null where it is forbidden. */
export function openStorage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

export function makeKeeper(storage: Storage | null, canvas: string, nonce: string): Keeper {
  const prefix = prefixOf(canvas, nonce);
  return {
    save(counter, text) {
      try {
        storage?.setItem(prefix + counter, text);
        return storage !== null;
      } catch {
        return false;
      }
    },
    remove(counter) {
      storage?.removeItem(prefix + counter);
    },
    load() {
      if (storage === null) {
        return [];
      }
      return keysWith(storage, prefix).map((key) => ({
        counter: Number(key.slice(prefix.length)),
        text: storage.getItem(key) ?? '',
      }));
    },
  };
}

/* Journals that no open page holds. */
export function findOrphans(storage: Storage | null, nowMs: number): Orphan[] {
  if (storage === null) {
    return [];
  }
  const found = new Map<string, Orphan>();
  for (const key of keysWith(storage, JOURNAL)) {
    const [canvas, nonce] = key.slice(JOURNAL.length).split('.');
    if (canvas !== undefined && nonce !== undefined && /^[0-9a-f]{16}$/.test(nonce)) {
      const aliveMs = Number(storage.getItem(ALIVE + nonce) ?? 0);
      if (Math.abs(nowMs - aliveMs) > ALIVE_FOR_MS) {
        found.set(nonce, { canvas, nonce });
      }
    }
  }
  return [...found.values()];
}

/* Says that this page holds the journal, until the function returned is called. */
export function keepAlive(storage: Storage | null, nonce: string): () => void {
  const mark = (): void => {
    try {
      storage?.setItem(ALIVE + nonce, String(Date.now()));
    } catch {
      /* full: at worst another page sends what this one does, which is harmless */
    }
  };
  mark();
  const timer = window.setInterval(mark, ALIVE_EVERY_MS);
  return () => {
    window.clearInterval(timer);
    storage?.removeItem(ALIVE + nonce);
  };
}

/* Small settings that outlive the page: the tool, the colour, the width. */
export function loadSetting(name: string): string | null {
  try {
    return window.localStorage.getItem(`kolam.${name}`);
  } catch {
    return null;
  }
}

export function saveSetting(name: string, value: string): void {
  try {
    window.localStorage.setItem(`kolam.${name}`, value);
  } catch {
    /* it is then forgotten with the page */
  }
}
