/* Company on the wall: whom one follows, who follows, and the lines that say so. */
import type { App } from '../app/app.ts';
import { message } from '../i18n/i18n.ts';
import type { Json } from '../net/connection.ts';
import { Refusal, type Asker } from '../net/asker.ts';
import type { PlaceDoor } from './door.ts';
import { Followers, Following } from './follow.ts';
import type { Artist } from './lively.ts';
import { Pill } from './pills.ts';
import { tintOf } from './tint.ts';
import { namesOf } from './words.ts';

const REFUSALS = {
  denied: 'follow.denied',
  not_found: 'follow.gone',
  limit: 'follow.limit',
} as const;

export class Company {
  readonly following: Following;
  readonly followers: Followers;
  readonly roots: HTMLElement[];
  private readonly followPill = new Pill();
  private readonly followersPill = new Pill();

  constructor(
    private readonly app: App,
    private readonly door: PlaceDoor,
    private readonly asker: Asker,
    private readonly changed: () => void,
  ) {
    const { wall, hand, session } = app;
    this.roots = [this.followPill.root, this.followersPill.root];
    this.following = new Following(wall, door.flyer, () => hand.isDrawing, {
      changed: () => this.showFollow(),
      ended: (who, reason) => this.ended(who, reason),
    });
    this.followers = new Followers(
      wall,
      (json) => session.connection.sendJson(json),
      () => this.showFollowers(),
    );
  }

  messageCame(json: Json): void {
    if (json.type === 'camera') {
      this.following.cameraCame(json);
    } else if (json.type === 'followers') {
      this.followers.came(json);
    } else if (
      json.type === 'unfollowed' &&
      this.following.who?.artist === Number(json['artist'])
    ) {
      this.following.end(json['reason'] === 'refused' ? 'refused' : 'left');
    }
  }

  framed(nowMs: number): void {
    this.following.framed(nowMs);
    this.followers.framed(nowMs);
  }

  /* What the server knew of following went with the old connection. */
  welcomed(): void {
    const { who } = this.following;
    if (who !== null) {
      void this.follow(who);
    }
  }

  async follow(who: Artist): Promise<void> {
    try {
      const answer = await this.asker.ask({ type: 'follow', artist: who.artist });
      this.following.begin({ artist: who.artist, name: String(answer['name'] ?? who.name) });
    } catch (error) {
      const code = error instanceof Refusal ? error.code : '';
      const text = REFUSALS[code as keyof typeof REFUSALS] ?? 'follow.failed';
      this.app.chrome.toast.say(message(text, { name: who.name }));
      this.following.end('own');
    }
  }

  /* One goes where one wants oneself. */
  leave(): void {
    if (this.following.who !== null) {
      this.tellLeft();
      this.following.end('own');
    }
  }

  private tellLeft(): void {
    void this.asker.ask({ type: 'follow', artist: null }).catch(() => undefined);
  }

  private ended(who: Artist, reason: string): void {
    if (reason === 'moved') {
      this.tellLeft();
    } else if (reason !== 'own') {
      const text = reason === 'left' ? 'follow.left' : 'follow.denied';
      this.app.chrome.toast.say(message(text, { name: who.name }));
    }
  }

  private showFollow(): void {
    const { who } = this.following;
    if (who === null) {
      this.followPill.hide();
    } else {
      const text = message('follow.following', { name: who.name });
      this.followPill.show(text, tintOf(who.artist), message('follow.stop'), () => this.leave());
    }
    this.changed();
  }

  private showFollowers(): void {
    const { list, count } = this.followers;
    if (count === 0) {
      this.followersPill.hide();
      return;
    }
    const text = message('follow.followers', { who: namesOf(list, count), count });
    const tint = tintOf(list[0]?.artist ?? 0);
    this.followersPill.show(text, tint, message('follow.refuse'), () => {
      this.door.refuse(true);
      this.followers.forget();
      this.app.chrome.toast.say(message('follow.refused'));
    });
  }
}
