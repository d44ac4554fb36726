/* The wall as a place, put together: the panel, the map, the signs at the edge, the activity layer, tours and
 * following. Loaded by door.ts. */
import { ArrowLeft, ArrowRight, BookmarkPlus, Code, Flame, House, Map as MapIcon, Sparkles, Telescope } from 'lucide';
import type { App } from '../app/app.ts';
import { adminToken } from '../app/doors.ts';
import { formatView, wordsOf } from '../core/address.ts';
import { message } from '../i18n/i18n.ts';
import type { Json } from '../net/connection.ts';
import { element } from '../ui/dom.ts';
import { loadStyles } from '../ui/styles.ts';
import { PlaceApi, type LivelyNow, type People } from './api.ts';
import { Asker, FIRST_IDS } from '../net/asker.ts';
import { Bookmarks } from './bookmarks.ts';
import { Company } from './company.ts';
import { copyText, showEmbed } from './dialogs.ts';
import type { PlaceDoor } from './door.ts';
import { withPlace } from './flight.ts';
import { HeatLayer } from './heatlayer.ts';
import { othersIn, viewOf } from './lively.ts';
import { hidePointer, letPageScroll, linkBack, stayAwake } from './looking.ts';
import { Minimap } from './minimap.ts';
import { isBare } from './modes.ts';
import { NamedPlaces } from './named.ts';
import { Panel, peopleText, type PanelAction, type Section } from './panel.ts';
import { Pill } from './pills.ts';
import { Pulse } from './pulse.ts';
import { Signs } from './signs.ts';
import { linkTo } from './snippets.ts';
import { nextLively, Tour } from './tour.ts';
import { TourGuide } from './tourguide.ts';

const LIVELY_MINUTES = 10;
const LIVELY_MS = 5_000;
const PEOPLE_MS = 20_000;
const PEOPLE_OPEN_MS = 3_000;
const RESUME_MS = 45_000;
const MAP_SHOWN = 'map.shown';
/* On a phone the map would cover what one draws. */
const WIDE = '(min-width: 1001px) and (min-height: 560px)';

export class Place {
  readonly panel: Panel;
  readonly map: Minimap;
  readonly heat: HeatLayer;
  readonly signs: Signs;
  readonly tour: Tour;
  readonly company: Company;
  readonly bookmarks: Bookmarks;
  private readonly api: PlaceApi;
  private readonly asker: Asker;
  private readonly named: NamedPlaces;
  private readonly guide = new TourGuide();
  private readonly tourPill = new Pill();
  private readonly livelyPulse: Pulse<LivelyNow>;
  private readonly peoplePulse: Pulse<People>;
  private lively: LivelyNow = { now: Date.now(), places: [] };

  constructor(
    private readonly app: App,
    private readonly door: PlaceDoor,
  ) {
    const { wall, page, session, keeping } = app;
    this.api = new PlaceApi(
      page.canvas,
      () => wall.scene.lastSeq === 0 && session.connection.isOpen,
    );
    this.asker = new Asker((json) => session.connection.sendJson(json), FIRST_IDS.place);
    this.bookmarks = new Bookmarks(keeping.settings, page.canvas);
    this.named = new NamedPlaces(app, this.api, this.asker, this.bookmarks, () => this.panel);
    const self = (): number => this.self;
    this.signs = new Signs(
      (place) => void door.fly(viewOf(place, wall.camera, wall.viewport)),
      self,
      () => (this.map.isShown ? this.map.root.getBoundingClientRect() : null),
    );
    this.map = new Minimap(page.canvas, this.api, self, () => this.heat.fromMs(), {
      go: (place, isDragging) => {
        const camera = withPlace(wall.camera, place, wall.camera.zoom);
        if (isDragging) {
          this.ownWay();
          door.flyer.stop();
          wall.setCamera(camera);
        } else {
          void door.fly(camera);
        }
      },
      close: () => this.toggleMap(),
    });
    this.heat = new HeatLayer(
      this.api,
      () => wall.request(),
      () => this.map.overChanged(),
      () => this.toggleHeat(),
    );
    this.company = new Company(app, door, this.asker, () => this.panel.followChanged());
    this.tour = new Tour({
      api: this.api,
      wall,
      flyer: door.flyer,
      resumeMs: door.mode === 'draw' ? null : RESUME_MS,
      changed: () => this.showTour(),
    });
    this.panel = new Panel(
      wall,
      this.api,
      this.bookmarks,
      {
        fly: (camera) => void door.fly(camera),
        open: (href) => this.openLink(href),
        follow: (who) => {
          this.tour.stop();
          void this.company.follow(who);
        },
        unfollow: () => this.ownWay(),
        followed: () => this.company.following.who?.artist ?? null,
        self,
        name: () => this.name(),
        remove: (place) => void this.named.remove(place),
        mayRemove: ({ artist }) => adminToken() !== null || (artist !== 0 && artist === self()),
        toggled: (isOpen) => this.panelToggled(isOpen),
      },
      this.panelActions(),
      door.mode === 'draw',
    );
    this.livelyPulse = new Pulse(
      () => this.api.lively(LIVELY_MINUTES),
      (found) => this.livelyCame(found),
      LIVELY_MS,
    );
    this.peoplePulse = new Pulse(
      () => this.api.people(this.panel.isOpen ? 64 : 1),
      (people) => this.peopleCame(people),
      PEOPLE_MS,
    );
    this.build();
  }

  private build(): void {
    const { wall, doors } = this.app;
    const { mode } = this.door;
    wall.canvas.after(this.heat.canvas, this.signs.root); /* under all that floats */
    const pills = element('div', { class: 'pills' });
    pills.append(this.tourPill.root, ...this.company.roots);
    document.body.append(this.heat.legend, pills);
    doors.root.after(this.map.root, this.panel.root);
    if (mode === 'embed') {
      document.body.append(linkBack(this.app.page.canvas, wall));
      letPageScroll();
    }
    if (mode === 'kiosk') {
      hidePointer();
      stayAwake();
    }
    if (mode === 'tour' || mode === 'kiosk' || (isBare(mode) && this.asked('tour'))) {
      this.tour.start();
    }
    if (!isBare(mode)) {
      this.livelyPulse.start();
      this.peoplePulse.start();
      const kept = this.app.keeping.settings.get(MAP_SHOWN);
      const isWide = matchMedia(WIDE).matches;
      this.map.show(isWide && kept !== false);
    }
    wall.request();
  }

  private asked(word: string): boolean {
    return wordsOf(location.search).has(word);
  }

  private get self(): number {
    return this.app.session.person?.artist ?? 0;
  }

  /* ---- what comes ---- */

  private livelyCame(found: LivelyNow): void {
    this.lively = found;
    this.signs.set(found.places, found.now);
    this.map.set(found.places);
    if (this.panel.isOpen) {
      this.panel.setLively(found.places, found.now);
    }
    this.app.wall.request();
  }

  private peopleCame(people: People): void {
    this.door.peopleCount.textContent = people.count > 0 ? peopleText(people.count) : '';
    const label = message('people.button', { count: people.count });
    this.door.peopleButton.setAttribute('aria-label', label);
    this.app.names.learn(people.people);
    if (this.panel.isOpen) {
      this.panel.setPeople(people);
    }
  }

  messageCame(json: Json): void {
    if (this.asker.messageCame(json)) {
      return;
    }
    if (json.type === 'places_changed') {
      this.named.changed(json);
    } else {
      this.company.messageCame(json);
    }
  }

  welcomed(): void {
    this.company.welcomed();
    this.livelyPulse.now();
  }

  apart(): void {
    this.company.followers.forget();
  }

  framed(nowMs: number): void {
    const { wall, doors } = this.app;
    const { camera, viewport } = wall;
    if (doors.isPast && this.isLed) {
      this.ownWay(); /* whoever looks back stays where they look */
      this.tour.stop();
    }
    this.company.framed(nowMs);
    this.map.draw(camera, viewport);
    if (!doors.isLooking) {
      this.heat.draw(camera, viewport);
      this.signs.draw(camera, viewport);
    }
  }

  /* The view is moved by something else than one's own hand. */
  get isLed(): boolean {
    return this.isFollowing || this.tour.state === 'on';
  }

  get isTouring(): boolean {
    return this.tour.state !== 'off';
  }

  get isFollowing(): boolean {
    return this.company.following.who !== null;
  }

  /* One goes where one wants oneself. */
  ownWay(): void {
    this.company.leave();
    this.tour.pause();
  }

  escape(): boolean {
    if (this.panel.isOpen) {
      this.panel.close();
    } else if (this.isFollowing) {
      this.ownWay();
    } else if (this.tour.state !== 'off' && this.door.mode === 'draw') {
      this.tour.stop();
    } else if (this.heat.isShown) {
      this.toggleHeat();
    } else {
      return false;
    }
    return true;
  }

  /* ---- the panel ---- */

  find(at: Section): void {
    const { panel } = this;
    if (panel.isOpen && panel.root.classList.contains('is-people') === (at === 'people')) {
      panel.close();
    } else {
      panel.open(at);
    }
  }

  private panelToggled(isOpen: boolean): void {
    document.body.classList.toggle('is-finding', isOpen);
    this.door.findButton.setAttribute('aria-pressed', String(isOpen));
    this.peoplePulse.every(isOpen ? PEOPLE_OPEN_MS : PEOPLE_MS);
    if (isOpen) {
      this.panel.setLively(this.lively.places, this.lively.now);
      this.peoplePulse.now();
      this.livelyPulse.now();
      void this.named.load();
    }
  }

  private panelActions(): PanelAction[] {
    const { app, door } = this;
    const run = (id: string) => () => void app.commands.run(id);
    const isNow = (): boolean => !app.doors.isPast;
    return [
      { text: 'command.newest', picture: House, run: run('places.newest') },
      { text: 'place.back', picture: ArrowLeft, run: run('places.back'), isAvailable: () => door.trail.canGoBack },
      { text: 'place.forward', picture: ArrowRight, run: run('places.forward'), isAvailable: () => door.trail.canGoForward },
      { text: 'place.lively', picture: Sparkles, key: 'w', run: run('places.lively'), isAvailable: isNow },
      { text: 'tour.title', picture: Telescope, run: run('places.tour'), isOn: () => this.isTouring, isAvailable: isNow },
      { text: 'activity.title', picture: Flame, run: run('places.activity'), isOn: () => this.heat.isShown, isAvailable: isNow },
      { text: 'map.title', picture: MapIcon, key: 'j', run: run('places.map'), isOn: () => this.map.isShown },
      { text: 'places.nameThis', picture: BookmarkPlus, key: 'b', run: run('places.name') },
      { text: 'embed.title', picture: Code, run: run('places.embed') },
    ];
  }

  private openLink(href: string): void {
    /* On this canvas it is a place in the past: no need to load the page again. */
    const url = new URL(href);
    if (url.pathname === location.pathname && url.search === location.search) {
      location.hash = url.hash;
    } else {
      location.assign(href);
    }
  }

  /* ---- going ---- */

  name(): void {
    this.named.name(this.door.mode === 'draw');
  }

  async goLively(): Promise<void> {
    const { wall, chrome } = this.app;
    for (const minutes of [LIVELY_MINUTES, 120, 1440]) {
      const found = await this.api.lively(minutes).catch(() => null);
      const others = othersIn(found?.places ?? [], this.self);
      const camera = found === null ? null : nextLively(this.guide, others, wall, found.now);
      if (camera !== null) {
        void this.door.fly(camera);
        return;
      }
    }
    chrome.toast.say(message('lively.nowhere'));
  }

  async copyLink(): Promise<void> {
    const { wall, page, chrome } = this.app;
    const link = linkTo(location.origin, page.canvas, wall.camera) + wall.addressExtras;
    const isCopied = await copyText(link);
    chrome.toast.say(message(isCopied ? 'past.linkCopied' : 'past.linkInAddress'));
  }

  embed(): void {
    const { wall, page } = this.app;
    showEmbed(page.canvas, wall.camera, wall.viewport);
  }

  /* ---- what lies over the wall ---- */

  toggleMap(): void {
    const isShown = !this.map.isShown;
    this.map.show(isShown);
    this.app.keeping.settings.set(MAP_SHOWN, isShown);
    this.panel.updateActions();
    this.app.wall.request();
  }

  toggleHeat(): void {
    this.heat.show(!this.heat.isShown);
    this.panel.updateActions();
    this.app.wall.request();
  }

  toggleTour(): void {
    if (this.tour.state === 'off') {
      this.ownWay();
      this.panel.close();
      this.tour.start();
    } else {
      this.tour.stop();
    }
    this.panel.updateActions();
  }

  private showTour(): void {
    const { state } = this.tour;
    if (state === 'off' || isBare(this.door.mode)) {
      this.tourPill.hide();
    } else {
      const text = message(state === 'on' ? 'tour.on' : 'tour.paused');
      this.tourPill.show(text, null, message('tour.stop'), () => this.tour.stop());
    }
  }

  /* For tests and the curious. */
  report(): object {
    const { tour, signs, map, heat, company, lively, bookmarks } = this;
    return {
      view: formatView(this.app.wall.camera),
      signs: signs.count,
      lively: lively.places.length,
      map: { isShown: map.isShown, pictures: map.pictureCount, isPresent: map.isPresent, ...map.work },
      heat: { isShown: heat.isShown, span: heat.shownSpan, total: heat.total },
      tour: { state: tour.state, stops: tour.stops },
      following: company.following.who,
      followers: company.followers.count,
      bookmarks: bookmarks.list.length,
    };
  }
}

/* The stylesheet comes with the code. */
export async function openPlace(app: App, door: PlaceDoor): Promise<Place> {
  await loadStyles('place');
  return new Place(app, door);
}
