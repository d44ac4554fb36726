/* Oneself: what one is called, and the keys to it. Loaded when it is first opened.
 *
 * Nobody becomes somebody else by opening a link: it says who that would be, and asks. Whoever else's link it is, one would draw in their name, and they
 * could draw in one's own. */
import { X } from 'lucide';
import { message } from '../i18n/i18n.ts';
import { learnWords } from '../i18n/later.ts';
import { serverSaid } from '../i18n/serversaid.ts';
import type { Json } from '../net/connection.ts';
import { Asker, FIRST_IDS, Refusal } from '../net/asker.ts';
import { button, element } from '../ui/dom.ts';
import { loadStyles } from '../ui/styles.ts';
import { claim, type App } from '../app/app.ts';
import type { Brought, YouDoor } from '../app/you.ts';
import { comeIn } from './comein.ts';
import { aboutData } from './data.ts';
import { devices } from './devices.ts';
import { invitations, takeInvitation } from './invite.ts';
import { otherDevice } from './link.ts';
import { recovery } from './recovery.ts';

const OPEN_MS_MAX = 20_000;
const LOOK_MS = 50;

/* What the parts of the panel do with the server and the page. */
export class You {
  readonly asker: Asker;
  private dialog: HTMLDialogElement | null = null;
  private said: HTMLElement | null = null;

  constructor(
    readonly app: App,
    readonly door: YouDoor,
  ) {
    this.asker = new Asker((question) => app.session.connection.sendJson(question), FIRST_IDS.you);
  }

  messageCame(json: Json): void {
    this.asker.messageCame(json);
  }

  get name(): string | null {
    return this.app.session.person?.name ?? null;
  }

  /* Asks once there is a connection. Null: it was said what went wrong. */
  async ask(question: object): Promise<Json | null> {
    try {
      await this.connected();
      return await this.asker.ask(question);
    } catch (error) {
      const { code, message: text } = error instanceof Refusal ? error : new Refusal('unavailable', '');
      this.say(serverSaid(text, code));
      return null;
    }
  }

  private connected(): Promise<void> {
    const endMs = performance.now() + OPEN_MS_MAX;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.app.link === 'open' && this.app.session.connection.isOpen) {
          resolve();
        } else if (performance.now() > endMs) {
          reject(new Refusal('unavailable', ''));
        } else {
          window.setTimeout(look, LOOK_MS);
        }
      };
      look();
    });
  }

  /* Somebody must be there to be invited: nobody is before the first stroke. */
  async identified(): Promise<void> {
    const endMs = performance.now() + OPEN_MS_MAX;
    await this.connected().catch(() => undefined);
    this.app.session.identify();
    while (this.name === null && performance.now() < endMs) {
      await new Promise((resolve) => window.setTimeout(resolve, LOOK_MS));
    }
  }

  say(text: string): void {
    if (this.said !== null) {
      this.said.textContent = text;
    } else {
      this.app.chrome.toast.say(text);
    }
  }

  /* The server has a key for this browser; the page begins again as whom it is for. */
  async enter(code: string): Promise<void> {
    if (!(await claim(code))) {
      this.say(message('server.unavailable'));
      return;
    }
    this.app.hand.end();
    location.reload();
  }

  show(brought: Brought | null): void {
    this.dialog?.close();
    const made = element('dialog', { class: 'you', 'aria-label': message('you.title') });
    const close = button(message('place.close'), X, 'escape', () => made.close());
    close.classList.add('you-close');
    this.dialog = made;
    this.said = element('p', { class: 'you-said', role: 'status' });
    made.append(element('h2', {}, message('you.title')), close, this.said);
    made.append(...(brought === null ? this.sections() : [this.answer(brought)]));
    made.addEventListener('click', (event) => {
      if (event.target === made) {
        made.close();
      }
    });
    made.addEventListener('close', () => {
      made.remove();
      if (this.dialog === made) {
        this.dialog = this.said = null;
      }
      document.querySelector<HTMLElement>('#wall')?.focus({ preventScroll: true });
    });
    document.body.append(made);
    made.showModal();
  }

  close(): void {
    this.dialog?.close();
  }

  private answer(brought: Brought): HTMLElement {
    return brought.kind === 'link' ? comeIn(this, brought.code) : takeInvitation(this, brought.code);
  }

  private sections(): HTMLElement[] {
    if (this.name === null) {
      return [element('p', {}, message('you.stranger')), comeIn(this, null)];
    }
    const mayInvite = ['mentor', 'moderator', 'owner'].includes(this.door.role);
    return [
      this.renaming(),
      otherDevice(this),
      recovery(this),
      comeIn(this, null),
      devices(this),
      ...(mayInvite ? [invitations(this)] : []),
      aboutData(this),
    ];
  }

  private renaming(): HTMLElement {
    const input = element('input', { type: 'text', maxlength: '40', autocomplete: 'off', spellcheck: 'false' });
    input.setAttribute('aria-label', message('name.label'));
    input.value = this.name ?? '';
    const done = element('button', { type: 'submit', class: 'text-button' }, message('name.rename'));
    const form = element('form', { class: 'you-row' }, input, done);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const name = input.value.trim();
      if (name !== '' && name !== this.name) {
        this.app.session.rename(name);
        this.say(message('name.labelWith', { name }));
      }
    });
    return element('section', {}, element('h3', {}, message('name.label')), form);
  }
}

export async function openYou(app: App, door: YouDoor): Promise<You> {
  await Promise.all([learnWords(), loadStyles('you')]);
  return new You(app, door);
}
