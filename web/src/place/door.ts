/* The door to the wall as a place: what must be there from the first moment is here (flights, the places one
 * was at, the line for newcomers, the commands, the messages of others); the panel, the map, the signs, tours
 * and following are in place.ts, loaded when the wall has been shown or one of them is asked for. */
import { Compass, UsersRound } from 'lucide';
import type { App } from '../app/app.ts';
import { makeCamera, type Camera } from '../core/camera.ts';
import { positionFromPixels } from '../core/geometry.ts';
import { message } from '../i18n/i18n.ts';
import type { Json, Welcome } from '../net/connection.ts';
import { button, element } from '../ui/dom.ts';
import { placeCommands } from './commands.ts';
import { withPlace } from './flight.ts';
import { Flyer } from './flyer.ts';
import { Hint } from './hint.ts';
import { isBare, type Mode } from './modes.ts';
import type { Place } from './place.ts';
import { Trail } from './trail.ts';

/* One is at a place after so long without moving. */
const REST_MS = 1_200;
/* What floats around is loaded after the first picture is there, and a moment more. */
const LOAD_AFTER_MS = 900;
/* Then the newest drawing is the one that was when the page came. */
const HOME_MS_MAX = 1_500;
const REFUSE = 'follow.refuse';

export class PlaceDoor {
  readonly flyer: Flyer;
  readonly trail = new Trail();
  readonly findButton: HTMLButtonElement;
  readonly peopleButton: HTMLButtonElement;
  readonly peopleCount = element('span', { class: 'people-count' });
  place: Place | null = null;
  private readonly hint: Hint;
  private loading: Promise<Place | null> | null = null;
  private movedMs = 0;
  private restTimer = 0;
  private isLoadAsked = false;

  constructor(
    private readonly app: App,
    readonly mode: Mode,
  ) {
    const { wall, commands, keeping, doors } = app;
    this.flyer = new Flyer(wall, app.isStill);
    this.hint = new Hint(keeping.settings);
    document.body.classList.add(`is-mode-${this.mode}`);
    document.body.classList.toggle('is-bare', isBare(this.mode));
    commands.add(...placeCommands(app, this));
    this.findButton = button(message('place.title'), Compass, 'g', () => commands.run('places.find'));
    this.peopleButton = button(message('people.title'), UsersRound, 'u', () =>
      commands.run('people.here'),
    );
    this.peopleButton.classList.add('people-button');
    this.peopleButton.append(this.peopleCount);
    doors.root.prepend(this.findButton, this.peopleButton);
    commands.addEscape(() => this.place?.escape() ?? false);
  }

  /* ---- loading ---- */

  load(): Promise<Place | null> {
    this.loading ??= import('./place.ts').then(
      async ({ openPlace }) => (this.place = await openPlace(this.app, this)),
      () => {
        this.loading = null;
        return null;
      },
    );
    return this.loading;
  }

  with(run: (place: Place) => void): void {
    void this.load().then((place) => {
      if (place === null) {
        this.app.chrome.toast.say(message('place.notLoaded'));
      } else {
        run(place);
      }
    });
  }

  /* Once the wall is there: what floats around it. */
  private loadSoon(): void {
    if (!this.isLoadAsked && this.app.wall.isComplete && this.app.isPlaced) {
      this.isLoadAsked = true;
      const isTour = this.mode === 'tour' || this.mode === 'kiosk' || this.mode === 'embed';
      window.setTimeout(() => void this.load(), isTour ? 0 : LOAD_AFTER_MS);
    }
  }

  /* ---- what the page tells ---- */

  welcomed(welcome: Welcome): void {
    if (this.mode === 'draw' && welcome.you === null && this.app.unsaved === 0) {
      this.hint.offer();
    }
    if (this.mode === 'draw' && this.isRefusing) {
      this.app.session.connection.sendJson({ type: 'follow_refuse', refuse: true });
    }
    this.place?.welcomed();
  }

  linked(isOpen: boolean): void {
    if (!isOpen) {
      this.place?.apart();
    }
  }

  drew(): void {
    this.hint.end();
    this.note();
  }

  messageCame(json: Json): void {
    if (this.place !== null) {
      this.place.messageCame(json);
    } else if (json.type === 'followers') {
      this.with((place) => place.messageCame(json));
    }
  }

  framed(nowMs: number, hasMoved: boolean): void {
    this.flyer.framed(nowMs);
    if (hasMoved) {
      this.movedMs = nowMs;
      this.restTimer ||= window.setTimeout(() => this.rested(), REST_MS);
    }
    this.loadSoon();
    this.place?.framed(nowMs);
  }

  /* ---- places one was at ---- */

  private rested(): void {
    const restMs = performance.now() - this.movedMs;
    this.restTimer = 0;
    if (restMs < REST_MS - 20 || this.flyer.isFlying) {
      this.restTimer = window.setTimeout(() => this.rested(), Math.max(50, REST_MS - restMs));
    } else {
      this.note();
    }
  }

  private note(): void {
    const { camera, viewport } = this.app.wall;
    if (this.app.isPlaced && this.place?.isLed !== true) {
      this.trail.note(camera, viewport);
    }
  }

  /* ---- going ---- */

  /* By one's own wish: it ends following, and a tour rests. */
  fly(camera: Camera): Promise<boolean> {
    this.note();
    this.place?.ownWay();
    this.app.isPlaced = true;
    this.app.hand.end();
    /* That a wall is mirrored is a glance of one's own: it is not part of a place. */
    const { isMirrored } = this.app.wall.camera.turn;
    return this.flyer.to({ ...camera, turn: { ...camera.turn, isMirrored } });
  }

  back(): void {
    this.step(this.trail.back(this.flyer.goal, this.app.wall.viewport));
  }

  forward(): void {
    this.step(this.trail.forward(this.flyer.goal, this.app.wall.viewport));
  }

  private step(to: Camera | null): void {
    if (to !== null) {
      this.place?.ownWay();
      void this.flyer.to(withPlace(this.app.wall.camera, to.centre, to.zoom));
    }
  }

  /* To the newest drawing, as it is now. */
  async home(recent: Welcome['recent']): Promise<void> {
    const { canvas } = this.app.page;
    const asked = fetch(`/api/canvas/${canvas}`)
      .then(async (response) => ((await response.json()) as { recent?: Welcome['recent'] }).recent)
      .catch(() => undefined);
    const late = new Promise<undefined>((resolve) =>
      window.setTimeout(() => resolve(undefined), HOME_MS_MAX),
    );
    const told = await Promise.race([asked, late]);
    const newest = told ?? recent;
    const { camera, viewport } = this.app.wall;
    if (newest === null) {
      const origin = positionFromPixels(0, '0', '0');
      void this.fly(withPlace(camera, makeCamera(origin, 0).centre, 0));
      return;
    }
    const zoom = Number((newest.level - Math.log2(viewport.ratio)).toFixed(3));
    void this.fly(withPlace(camera, positionFromPixels(newest.level, newest.x, newest.y), zoom));
  }

  /* ---- being followed ---- */

  get isRefusing(): boolean {
    return this.app.keeping.settings.get(REFUSE) === true;
  }

  refuse(isRefusing: boolean): void {
    this.app.keeping.settings.set(REFUSE, isRefusing);
    this.app.session.connection.sendJson({ type: 'follow_refuse', refuse: isRefusing });
  }
}
