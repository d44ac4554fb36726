/* All that this page keeps in the browser, opened before the wall is shown: the database, the settings in
 * it, and a journal of this page's own, held from before its first entry. */
import { bringLegacy, openLocalStorage } from '../net/legacy.ts';
import { lockHolds, markHolds, type Holds, type Release } from '../net/holds.ts';
import { Settings } from '../net/settings.ts';
import { makeNonce, Store, type JournalName } from '../net/storage.ts';

export interface Keeping {
  store: Store;
  settings: Settings;
  holds: Holds;
  own: JournalName;
  release: Release | null;
  bringLegacy(): Promise<void>;
}

export async function openKeeping(canvas: string): Promise<Keeping> {
  const storage = openLocalStorage();
  const holds =
    'locks' in navigator ? lockHolds(navigator.locks) : markHolds(storage, () => Date.now());
  const own = { canvas, nonce: makeNonce() };
  const [store, release] = await Promise.all([Store.open(), holds.take(own.nonce)]);
  const bring = (): Promise<void> => bringLegacy(storage, store, Date.now());
  await bring();
  const settings = new Settings(store, await store.settings());
  return { store, settings, holds, own, release, bringLegacy: bring };
}
