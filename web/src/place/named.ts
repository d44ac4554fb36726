/* Places with names: one's own, kept in this browser, and those that all share. */
import type { App } from '../app/app.ts';
import type { Camera } from '../core/camera.ts';
import { message } from '../i18n/i18n.ts';
import type { Json } from '../net/connection.ts';
import { makeNonce } from '../net/storage.ts';
import type { Named, PlaceApi } from './api.ts';
import { Refusal, type Asker } from '../net/asker.ts';
import type { Bookmarks } from './bookmarks.ts';
import { worldDecimals } from './decimals.ts';
import { askName } from './dialogs.ts';
import type { Panel } from './panel.ts';

const IDENTITY_MS_MAX = 5_000;
const LOOK_EVERY_MS = 50;

export class NamedPlaces {
  private changedSeq: string | null = null;

  constructor(
    private readonly app: App,
    private readonly api: PlaceApi,
    private readonly asker: Asker,
    private readonly bookmarks: Bookmarks,
    private readonly panel: () => Panel,
  ) {}

  changed(json: Json): void {
    this.changedSeq = String(json['seq'] ?? '') || null;
    void this.load();
  }

  /* For who looks at them. */
  async load(): Promise<void> {
    if (this.panel().isOpen) {
      const places = await this.api.places(64, this.changedSeq).catch(() => null);
      if (places !== null) {
        this.panel().setPlaces(places);
      }
    }
  }

  /* What is seen now gets a name. */
  name(mayShare: boolean): void {
    const { camera } = this.app.wall;
    /* Pressed again after an answer that was lost it is the same question: no second place. */
    const nonces = new Map<string, string>();
    const nonceOf = (name: string): string => {
      const nonce = nonces.get(name) ?? makeNonce();
      nonces.set(name, nonce);
      return nonce;
    };
    const keep = (name: string, isShared: boolean): Promise<string | null> =>
      isShared ? this.share(name, camera, nonceOf(name)) : this.keep(name, camera);
    askName(keep, mayShare);
  }

  private keep(name: string, camera: Camera): Promise<string | null> {
    this.bookmarks.add(name, camera);
    this.panel().showPlaces();
    this.app.chrome.toast.say(message('places.kept', { name }));
    return Promise.resolve(null);
  }

  /* What went wrong, in words, or null. */
  private async share(name: string, camera: Camera, nonce: string): Promise<string | null> {
    try {
      await this.identified();
      const { x, y } = worldDecimals(camera.centre);
      const zoom = Number(camera.zoom.toFixed(3));
      const answer = await this.asker.ask({ type: 'place', nonce, name, x, y, zoom });
      this.app.chrome.toast.say(message('places.shared', { name }));
      this.changed({ type: 'places_changed', seq: answer['place'] });
      return null;
    } catch (error) {
      const isFull = error instanceof Refusal && error.code === 'limit';
      return message(isFull ? 'places.limit' : 'places.failed');
    }
  }

  async remove({ place }: Named): Promise<void> {
    try {
      await this.identified();
      await this.asker.ask({ type: 'place_remove', place });
    } catch (error) {
      /* Gone already: somebody else's hand, or one's own whose answer was lost. */
      if (!(error instanceof Refusal && error.code === 'not_found')) {
        this.app.chrome.toast.say(message('places.failed'));
        return;
      }
    }
    this.panel().setPlaces(this.panel().sharedPlaces.filter((each) => each.place !== place));
  }

  /* Who names a place for all must be somebody. */
  private async identified(): Promise<void> {
    const { session } = this.app;
    session.identify();
    for (let ms = 0; ms < IDENTITY_MS_MAX && !session.canDraw; ms += LOOK_EVERY_MS) {
      await new Promise((resolve) => window.setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}
