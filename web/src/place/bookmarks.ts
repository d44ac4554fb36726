/* One's own named places, kept in this browser's settings, for each canvas. */
import { formatView, parseView } from '../core/address.ts';
import type { Camera } from '../core/camera.ts';

export interface Bookmark {
  name: string;
  view: string; /* as in an address */
}

interface Settings {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
}

const BOOKMARKS_MAX = 500;
export const NAME_MAX = 80;

function isBookmark(value: unknown): value is Bookmark {
  const { name, view } = (value ?? {}) as Partial<Bookmark>;
  return typeof name === 'string' && typeof view === 'string' && parseView(view) !== null;
}

export class Bookmarks {
  private readonly key: string;

  constructor(
    private readonly settings: Settings,
    canvas: string,
  ) {
    this.key = `bookmarks.${canvas}`;
  }

  /* The newest first. */
  get list(): Bookmark[] {
    const kept = this.settings.get(this.key);
    return Array.isArray(kept) ? kept.filter(isBookmark) : [];
  }

  /* One of the same name is replaced. */
  add(name: string, camera: Camera): void {
    const others = this.list.filter((each) => each.name !== name);
    const all = [{ name: name.slice(0, NAME_MAX), view: formatView(camera) }, ...others];
    this.settings.set(this.key, all.slice(0, BOOKMARKS_MAX));
  }

  remove(name: string): void {
    this.settings.set(
      this.key,
      this.list.filter((each) => each.name !== name),
    );
  }

  find(words: string): Bookmark[] {
    const wanted = folded(words);
    return this.list.filter(({ name }) => folded(name).includes(wanted));
  }
}

/* Without case and accents. */
export function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase();
}
