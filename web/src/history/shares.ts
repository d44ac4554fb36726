/* Whose strokes: a list of those who drew in the area and span, most strokes first, to choose from. */
import { formatNumber, message } from '../i18n/i18n.ts';
import { element } from '../ui/dom.ts';
import type { Share } from './rollbackwire.ts';
import { artistName } from './words.ts';

/* The server names no more. */
const LIST_MAX = 256;
const FILTER_FROM = 10;

export class Shares {
  readonly root = element('div', { class: 'shares' });
  /* Nobody is chosen at first: everybody is a choice of its own. */
  isEverybody = false;
  private readonly list = element('ul', { class: 'shares-list', 'aria-label': message('shares.label') });
  private readonly filter = element('input', {
    type: 'search',
    class: 'shares-filter',
    placeholder: message('shares.find'),
    'aria-label': message('shares.find'),
  });
  private readonly chosen = new Map<number, string>();
  private found: readonly Share[] = [];
  private total = 0;

  constructor(private readonly changed: () => void) {
    this.filter.addEventListener('input', () => this.show());
    this.root.append(this.filter, this.list);
    this.show();
  }

  get isNobody(): boolean {
    return !this.isEverybody && this.chosen.size === 0;
  }

  get isEmpty(): boolean {
    return this.total === 0;
  }

  get artists(): number[] | null {
    return this.isEverybody ? null : [...this.chosen.keys()];
  }

  clear(): void {
    this.chosen.clear();
    this.isEverybody = false;
    this.filter.value = '';
    this.show();
  }

  setFound(found: readonly Share[], total: number): void {
    this.found = found;
    this.total = total;
    this.show();
  }

  /* Pointed at on the wall. */
  choose(artist: number, name: string): void {
    this.isEverybody = false;
    this.chosen.set(artist, name);
    this.show();
  }

  private set(artist: number, name: string, isChosen: boolean): void {
    this.isEverybody = false;
    if (isChosen) {
      this.chosen.set(artist, name);
    } else {
      this.chosen.delete(artist);
    }
    this.show();
    this.changed();
  }

  private show(): void {
    const focused = document.activeElement?.getAttribute('data-artist') ?? null;
    const known = new Set(this.found.map(({ artist }) => artist));
    const rest = [...this.chosen].filter(([artist]) => !known.has(artist));
    this.filter.hidden = this.found.length < FILTER_FROM;
    const word = this.filter.hidden ? '' : this.filter.value.trim().toLowerCase();
    const everybody = this.row(message('shares.everybody'), this.total, this.isEverybody, 'all', (isOn) => {
      this.chosen.clear();
      this.isEverybody = isOn;
      this.show();
      this.changed();
    });
    const named = (artist: number, name: string, strokes: number): HTMLElement =>
      this.row(artistName(artist, name), strokes, this.chosen.has(artist), String(artist), (isOn) =>
        this.set(artist, name, isOn),
      );
    const rows = this.found
      .filter(({ artist, name }) => this.chosen.has(artist) || name.toLowerCase().includes(word))
      .map(({ artist, name, strokes }) => named(artist, name, strokes));
    this.list.replaceChildren(
      ...(this.total > 0 && word === '' ? [everybody] : []),
      ...rest.map(([artist, name]) => named(artist, name, 0)),
      ...rows,
    );
    if (this.found.length >= LIST_MAX) {
      const more = message('shares.most', { count: LIST_MAX });
      this.list.append(element('li', { class: 'shares-more' }, more));
    }
    this.list.querySelector<HTMLElement>(`[data-artist="${focused}"]`)?.focus();
  }

  private row(
    name: string,
    strokes: number,
    isChosen: boolean,
    key: string,
    set: (isChosen: boolean) => void,
  ): HTMLElement {
    const box = element('input', { type: 'checkbox', 'data-artist': key });
    box.checked = isChosen;
    box.addEventListener('change', () => set(box.checked));
    const counted = element('span', { class: 'shares-count' }, formatNumber(strokes));
    const label = element('label', {}, box, element('span', { class: 'shares-name' }, name), counted);
    return element('li', {}, label);
  }
}
