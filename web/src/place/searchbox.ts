/* One field for everything: places, artists, coordinates, links. What is found is shown as one types; the arrow
 * keys choose, Enter goes there. */
import { Bookmark as BookmarkIcon, ExternalLink, Locate, MapPin, User } from 'lucide';
import type { Camera } from '../core/camera.ts';
import { positionFromPixels } from '../core/geometry.ts';
import { shownName } from '../i18n/former.ts';
import { formatNumber, message } from '../i18n/i18n.ts';
import { element, icon } from '../ui/dom.ts';
import { zoomText } from '../ui/corner.ts';
import type { PlaceApi } from './api.ts';
import type { Bookmarks } from './bookmarks.ts';
import { cameraOf } from './decimals.ts';
import { withPlace } from './flight.ts';
import { parseView } from '../core/address.ts';
import { parseWhere } from './where.ts';
import { agoOf, placedBy } from './words.ts';

const TYPED_MS = 140;
const OWN_MAX = 6;

interface Hit {
  picture: typeof MapPin;
  title: string;
  note: string;
  go(): void;
}

export interface SearchEvents {
  fly(camera: Camera): void;
  open(href: string): void;
  camera(): Camera;
  /* Something is typed, or nothing any more. */
  searching(isSearching: boolean): void;
  gone(): void;
}

export class SearchBox {
  readonly input = element('input', {
    type: 'search',
    class: 'search-input',
    role: 'combobox',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    enterkeyhint: 'go',
    maxlength: '400',
    'aria-expanded': 'false',
    'aria-controls': 'place-results',
    'aria-autocomplete': 'list',
  });
  readonly results = element('div', { class: 'search-results', id: 'place-results', role: 'listbox' });
  readonly said = element('p', { class: 'search-said', role: 'status' });
  private hits: Hit[] = [];
  private chosen = 0;
  private timer = 0;
  private abort: AbortController | null = null;

  constructor(
    private readonly api: PlaceApi,
    private readonly bookmarks: Bookmarks,
    private readonly events: SearchEvents,
  ) {
    this.input.placeholder = message('search.placeholder');
    this.input.setAttribute('aria-label', message('search.label'));
    this.results.setAttribute('aria-label', message('search.results'));
    this.input.addEventListener('input', () => this.typed());
    this.input.addEventListener('keydown', (event) => this.key(event));
    this.show([], '');
  }

  clear(): void {
    this.input.value = '';
    this.typed();
  }

  private typed(): void {
    window.clearTimeout(this.timer);
    this.abort?.abort();
    const words = this.input.value.trim();
    this.events.searching(words !== '');
    if (words === '') {
      this.show([], '');
      return;
    }
    const own = this.ownHits(words);
    this.show(own, own.length === 0 ? message('search.looking') : '');
    this.timer = window.setTimeout(() => void this.ask(words, own), TYPED_MS);
  }

  /* What needs no server: coordinates, links, bookmarks. */
  private ownHits(words: string): Hit[] {
    const hits: Hit[] = [];
    const where = parseWhere(words, this.events.camera(), new URL(location.href));
    if (where?.kind === 'view') {
      const note = message('search.zoomNote', { zoom: zoomText(where.camera.zoom) });
      const go = (): void => this.events.fly(where.camera);
      hits.push({ picture: Locate, title: message('search.goTo', { place: words.slice(0, 60) }), note, go });
    } else if (where?.kind === 'link') {
      const { href } = where;
      const title = message('search.openLink');
      hits.push({ picture: ExternalLink, title, note: href, go: () => this.events.open(href) });
    } else if (where?.kind === 'elsewhere') {
      this.said.textContent = message('search.elsewhere', { host: where.host });
    }
    for (const { name, view } of this.bookmarks.find(words).slice(0, OWN_MAX)) {
      const go = (): void => this.events.fly(parseView(view)!);
      hits.push({ picture: BookmarkIcon, title: name, note: message('places.own'), go });
    }
    return hits;
  }

  private async ask(words: string, own: Hit[]): Promise<void> {
    const abort = (this.abort = new AbortController());
    try {
      const { places, artists } = await this.api.search(words.slice(0, 80), abort.signal);
      const hits = [...own];
      for (const { name, x, y, zoom, by } of places) {
        const camera = cameraOf(x, y, zoom);
        if (camera !== null) {
          const { centre } = camera;
          const go = (): void => this.events.fly(withPlace(this.events.camera(), centre, zoom));
          hits.push({ picture: MapPin, title: name, note: placedBy(by), go });
        }
      }
      for (const { name, strokes, last } of artists) {
        hits.push({ picture: User, title: shownName(name), ...this.artistHit(strokes, last) });
      }
      this.show(hits, hits.length === 0 ? message('search.nothing') : '');
    } catch {
      if (!abort.signal.aborted) {
        this.show(own, message('search.failed'));
      }
    }
  }

  private artistHit(
    strokes: number,
    last: { level: number; x: string; y: string; time: number } | null,
  ): Pick<Hit, 'note' | 'go'> {
    if (last === null) {
      return { note: message('search.artistNone'), go: () => undefined };
    }
    const note = message('search.artist', {
      strokes: formatNumber(strokes),
      count: strokes,
      ago: agoOf(last.time, Date.now()),
    });
    const go = (): void => {
      const place = positionFromPixels(last.level, last.x, last.y);
      const zoom = last.level - Math.log2(window.devicePixelRatio || 1);
      this.events.fly(withPlace(this.events.camera(), place, Number(zoom.toFixed(3))));
    };
    return { note, go };
  }

  private show(hits: Hit[], said: string): void {
    this.hits = hits;
    this.chosen = Math.min(this.chosen, Math.max(0, hits.length - 1));
    this.results.replaceChildren(...hits.map((hit, i) => this.option(hit, i)));
    this.results.hidden = hits.length === 0;
    this.input.setAttribute('aria-expanded', String(hits.length > 0));
    if (said !== '' || this.input.value.trim() === '' || hits.length > 0) {
      this.said.textContent = said;
    }
    this.choose(this.chosen);
  }

  private option({ picture, title, note, go }: Hit, i: number): HTMLElement {
    const words = element(
      'span',
      { class: 'row-words' },
      element('span', { class: 'row-title' }, title),
      element('span', { class: 'row-note' }, note),
    );
    const made = element(
      'div',
      { class: 'hit', role: 'option', id: `place-hit-${i}` },
      element('span', { class: 'row-dot' }, icon(picture)),
      words,
    );
    made.addEventListener('pointermove', () => this.choose(i));
    made.addEventListener('click', go);
    return made;
  }

  private choose(at: number): void {
    this.chosen = at;
    [...this.results.children].forEach((hit, i) =>
      hit.setAttribute('aria-selected', String(i === at)),
    );
    const hit = this.results.children[at];
    if (hit === undefined) {
      this.input.removeAttribute('aria-activedescendant');
    } else {
      this.input.setAttribute('aria-activedescendant', hit.id);
      hit.scrollIntoView({ block: 'nearest' });
    }
  }

  private key(event: KeyboardEvent): void {
    const { length } = this.hits;
    if (event.isComposing) {
      return;
    }
    if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && length > 0) {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : length - 1;
      this.choose((this.chosen + step) % length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      this.hits[this.chosen]?.go();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      if (this.input.value !== '') {
        this.clear();
      } else {
        this.events.gone();
      }
    }
  }
}
