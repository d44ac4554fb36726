/* The panel in which one finds the way: a field that searches, what happens now, who is here, places with
 * names. What it lists is asked for while it is open, and not else. */
import { Activity, Bookmark as BookmarkIcon, MapPin, X, type IconNode } from 'lucide';
import type { Camera } from '../core/camera.ts';
import { parseView } from '../core/address.ts';
import { positionFromPixels } from '../core/geometry.ts';
import { formatNumber, message, type MessageId } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';
import type { Named, People, PlaceApi, Present } from './api.ts';
import type { Bookmark, Bookmarks } from './bookmarks.ts';
import { cameraOf } from './decimals.ts';
import { withPlace } from './flight.ts';
import { KeyedList } from './keyed.ts';
import { viewOf, type Artist, type Lively } from './lively.ts';
import { makeRow, smallButton, type Row } from './rows.ts';
import { SearchBox } from './searchbox.ts';
import { tintOf } from './tint.ts';
import { agoOf, namesOf, placedBy } from './words.ts';
import type { Flown } from './flyer.ts';

export interface PanelEvents {
  fly(camera: Camera): void;
  open(href: string): void;
  follow(who: Artist): void;
  unfollow(): void;
  followed(): number | null; /* whom one follows */
  self(): number;
  name(): void;
  remove(place: Named): void;
  mayRemove(place: Named): boolean;
  toggled(isOpen: boolean): void;
}

export interface PanelAction {
  text: MessageId;
  picture: IconNode;
  key?: string;
  run(): void;
  isOn?(): boolean;
  isAvailable?(): boolean;
}

export type Section = 'search' | 'people';

type PlaceItem = { own: Bookmark } | { shared: Named };

export class Panel {
  readonly root: HTMLElement;
  readonly search: SearchBox;
  private readonly lively: KeyedList<Lively>;
  private readonly people: KeyedList<Present>;
  private readonly places: KeyedList<PlaceItem>;
  private readonly sections = element('div', { class: 'place-sections' });
  private readonly livelyNone = element('p', { class: 'place-none' }, message('lively.none'));
  private readonly peopleNone = element('p', { class: 'place-none' }, message('people.none'));
  private readonly placesNone = element('p', { class: 'place-none' }, message('places.none'));
  private readonly peopleCount = element('span', { class: 'place-count' });
  private readonly peopleSection: HTMLElement;
  private readonly actions: { made: HTMLButtonElement; action: PanelAction }[];
  private clockMs = Date.now();
  private shared: Named[] = [];

  constructor(
    private readonly wall: Flown,
    api: PlaceApi,
    private readonly bookmarks: Bookmarks,
    private readonly events: PanelEvents,
    actions: readonly PanelAction[],
    canDraw: boolean,
  ) {
    this.search = new SearchBox(api, bookmarks, {
      fly: (camera) => {
        this.close();
        events.fly(camera);
      },
      open: (href) => {
        this.close();
        events.open(href);
      },
      camera: () => wall.camera,
      searching: (isSearching) => {
        this.sections.hidden = isSearching;
      },
      gone: () => this.close(),
    });
    const list = (label: MessageId): HTMLElement =>
      element('ul', { class: 'rows', 'aria-label': message(label) });
    const [livelyRoot, peopleRoot, placesRoot] = [list('lively.title'), list('people.title'), list('places.title')];
    this.lively = new KeyedList(livelyRoot, keyOfLively, (place) => this.livelyRow(place));
    this.people = new KeyedList(
      peopleRoot,
      ({ artist }) => String(artist),
      (present) => this.personRow(present),
    );
    this.places = new KeyedList(placesRoot, keyOfPlace, (item) => this.placeRow(item));
    const named = canDraw ? [smallButton(message('places.nameThis'), () => events.name())] : [];
    this.peopleSection = section('people.title', [this.peopleCount], peopleRoot, this.peopleNone);
    this.sections.append(
      section('lively.title', [], livelyRoot, this.livelyNone),
      this.peopleSection,
      section('places.title', named, placesRoot, this.placesNone),
    );
    this.actions = actions.map((action) => {
      const made = button(message(action.text), action.picture, action.key ?? null, () => {
        action.run();
        this.updateActions();
      });
      return { made, action };
    });
    const close = button(message('place.close'), X, null, () => this.close());
    close.classList.add('place-close');
    this.root = element(
      'section',
      { class: 'panel place-panel', role: 'dialog', 'aria-label': message('place.title') },
      element('div', { class: 'place-head' }, this.search.input, close),
      element('div', { class: 'place-actions', role: 'group' }, ...this.actions.map(({ made }) => made)),
      this.search.results,
      this.search.said,
      this.sections,
    );
    this.root.hidden = true;
    this.root.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') {
        event.preventDefault();
        event.stopPropagation();
        this.close();
      }
    });
  }

  get isOpen(): boolean {
    return !this.root.hidden;
  }

  open(at: Section): void {
    this.root.hidden = false;
    this.root.classList.toggle('is-people', at === 'people');
    this.updateActions();
    this.showPlaces();
    this.events.toggled(true);
    if (at === 'search') {
      this.search.input.focus();
      this.search.input.select();
    } else {
      this.search.clear();
      this.peopleSection.querySelector<HTMLElement>('h2')!.focus();
    }
  }

  close(): void {
    if (this.isOpen) {
      const hadFocus = this.root.contains(document.activeElement);
      this.root.hidden = true;
      this.search.clear();
      this.events.toggled(false);
      if (hadFocus) {
        document.querySelector<HTMLElement>('#wall')?.focus({ preventScroll: true });
      }
    }
  }

  updateActions(): void {
    for (const { made, action } of this.actions) {
      if (action.isOn !== undefined) {
        made.setAttribute('aria-pressed', String(action.isOn()));
      }
      made.disabled = action.isAvailable?.() === false;
    }
  }

  /* On a phone the panel covers what one flew to. */
  private fly(camera: Camera): void {
    if (matchMedia('(max-width: 720px)').matches) {
      this.close();
    }
    this.events.fly(camera);
  }

  /* ---- what happens now ---- */

  setLively(places: readonly Lively[], clockMs: number): void {
    this.clockMs = clockMs;
    this.lively.set(places.slice(0, 6));
    this.livelyNone.hidden = this.lively.size > 0;
  }

  private livelyRow(first: Lively): { element: HTMLElement; update(place: Lively): void } {
    let now = first;
    const row = makeRow(Activity, () => this.fly(viewOf(now, this.wall.camera, this.wall.viewport)));
    const update = (place: Lively): void => {
      now = place;
      const ago = agoOf(place.last, this.clockMs);
      const title = namesOf(place.artists, place.count);
      const note =
        place.drawing > 0
          ? message('lively.drawing')
          : message('lively.note', { strokes: place.strokes, ago });
      row.setText({ title, note });
      row.setTint(place.artists[0] === undefined ? null : tintOf(place.artists[0].artist));
    };
    return { element: row.element, update };
  }

  /* ---- who is here ---- */

  setPeople({ people, count, watching }: People): void {
    this.people.set(people);
    this.peopleNone.hidden = this.people.size > 0;
    this.peopleCount.textContent = message('people.count', { count, watching });
  }

  /* Whom one follows has changed. */
  followChanged(): void {
    for (const made of this.people.root.querySelectorAll<HTMLButtonElement>('.row-act')) {
      this.updateFollow(made, Number(made.dataset['artist']), made.dataset['name'] ?? '');
    }
  }

  private updateFollow(made: HTMLButtonElement, artist: number, name: string): void {
    const isFollowed = this.events.followed() === artist;
    made.textContent = message(isFollowed ? 'follow.stop' : 'follow.follow');
    made.setAttribute('aria-label', message(isFollowed ? 'follow.stopWho' : 'follow.followWho', { name }));
    made.setAttribute('aria-pressed', String(isFollowed));
    made.hidden = artist === this.events.self() || artist === 0;
  }

  private personRow(first: Present): { element: HTMLElement; update(present: Present): void } {
    let now = first;
    const follow = smallButton('', () => {
      if (this.events.followed() === now.artist) {
        this.events.unfollow();
      } else {
        this.events.follow({ artist: now.artist, name: now.name });
      }
    });
    const row: Row = makeRow(null, () => this.goTo(now), [follow]);
    const update = (present: Present): void => {
      now = present;
      const { artist, name, place, drawing } = present;
      const isSelf = artist === this.events.self();
      const doing = drawing ? 'people.drawing' : place === null ? 'people.here' : 'people.there';
      const title = isSelf ? message('people.you', { name }) : name || message('place.somebody', { count: 1 });
      row.setText({ title, note: message(doing) });
      row.setTint(tintOf(artist));
      row.element.classList.toggle('is-drawing', drawing);
      row.setDisabled(place === null);
      [follow.dataset['artist'], follow.dataset['name']] = [String(artist), name];
      this.updateFollow(follow, artist, name);
    };
    return { element: row.element, update };
  }

  private goTo({ place }: Present): void {
    if (place !== null) {
      const { camera, viewport } = this.wall;
      const zoom = place.level - Math.log2(viewport.ratio);
      const there = positionFromPixels(place.level, place.x, place.y);
      this.fly(withPlace(camera, there, Number(zoom.toFixed(3))));
    }
  }

  /* ---- places with names ---- */

  get sharedPlaces(): readonly Named[] {
    return this.shared;
  }

  setPlaces(shared: Named[]): void {
    this.shared = shared;
    this.showPlaces();
  }

  showPlaces(): void {
    const own = this.bookmarks.list.map((each) => ({ own: each }));
    this.places.set([...own, ...this.shared.map((each) => ({ shared: each }))]);
    this.placesNone.hidden = this.places.size > 0;
  }

  private placeRow(first: PlaceItem): { element: HTMLElement; update(item: PlaceItem): void } {
    let now = first;
    const remove = smallButton(message('places.remove'), () => {
      if ('own' in now) {
        this.bookmarks.remove(now.own.name);
        this.showPlaces();
      } else {
        this.events.remove(now.shared);
      }
    });
    const go = (): void => {
      const camera =
        'own' in now ? parseView(now.own.view) : sharedView(now.shared, this.wall.camera);
      if (camera !== null) {
        this.fly(camera);
      }
    };
    const row = makeRow('own' in first ? BookmarkIcon : MapPin, go, [remove]);
    const update = (item: PlaceItem): void => {
      now = item;
      const name = 'own' in item ? item.own.name : item.shared.name;
      const note = 'own' in item ? message('places.own') : placedBy(item.shared.by);
      row.setText({ title: name, note });
      remove.setAttribute('aria-label', message('places.removeWhich', { name }));
      remove.hidden = 'shared' in item && !this.events.mayRemove(item.shared);
    };
    return { element: row.element, update };
  }
}

/* As it is turned now: a shared place has no angle. */
function sharedView({ x, y, zoom }: Named, now: Camera): Camera | null {
  const camera = cameraOf(x, y, zoom);
  return camera === null ? null : withPlace(now, camera.centre, camera.zoom);
}

function section(title: MessageId, beside: HTMLElement[], ...rest: HTMLElement[]): HTMLElement {
  const head = element('h2', { tabindex: '-1' }, message(title));
  return element('section', {}, element('div', { class: 'place-title' }, head, ...beside), ...rest);
}

function keyOfLively(place: Lively): string {
  return place.artists[0] === undefined
    ? `${place.level}/${place.x}/${place.y}`
    : `${place.artists[0].artist}@${place.level}`;
}

function keyOfPlace(item: PlaceItem): string {
  return 'own' in item ? `own ${item.own.name}` : `shared ${item.shared.place}`;
}

export function peopleText(count: number): string {
  return formatNumber(count);
}
