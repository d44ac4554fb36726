/* The door to oneself: name, devices, recovery, invitations. What is behind it is loaded when it is opened for the first time,
 * or when the page was opened by a link that brings somebody: `#link=` (another device) or `#invite=`. Such a word is taken out of the
 * address at once: it is a key, and addresses are kept and shown. */
import { KeyRound } from 'lucide';
import { message } from '../i18n/i18n.ts';
import type { Json } from '../net/connection.ts';
import { button } from '../ui/dom.ts';
import type { You } from '../you/you.ts';
import type { App } from './app.ts';

export interface Brought {
  kind: 'link' | 'invite';
  code: string;
}

function takeBrought(): Brought | null {
  const match = /^#(link|invite)=([\w-]{1,64})$/.exec(location.hash);
  if (match === null) {
    return null;
  }
  history.replaceState(history.state, '', location.pathname + location.search);
  return { kind: match[1] as Brought['kind'], code: match[2]! };
}

export class YouDoor {
  private you: You | null = null;
  private loading: Promise<You | null> | null = null;

  constructor(private readonly app: App) {
    app.commands.add({
      id: 'people.you',
      title: 'you.title',
      group: 'people',
      keys: ['shift+y'],
      isAvailable: () => !app.page.isWatching,
      run: () => this.open(null),
    });
    if (app.page.isWatching) {
      return;
    }
    const { corner } = app.chrome;
    const opener = button(message('you.title'), KeyRound, 'shift+y', () => this.open(null));
    opener.classList.add('chip', 'you-button');
    corner.insertBefore(opener, corner.querySelector('.menu-holder')); /* the menu stays in the corner */
    this.brought();
    window.addEventListener('hashchange', () => this.brought());
  }

  private brought(): void {
    const brought = takeBrought();
    if (brought !== null) {
      this.open(brought);
    }
  }

  private open(brought: Brought | null): void {
    const { app } = this;
    this.loading ??= import('../you/you.ts')
      .then(async ({ openYou }) => (this.you = await openYou(app, this)))
      .catch(() => {
        this.loading = null;
        app.chrome.toast.say(message('shell.notLoaded'));
        return null;
      });
    void this.loading.then((you) => you?.show(brought));
  }

  get role(): string {
    return this.app.order.role;
  }

  messageCame(json: Json): void {
    this.you?.messageCame(json);
  }
}
