/* Keeping order: the panel of moderators (reports, who is kept out, the audit, the canvas's mode and areas), the form by which
 * anybody reports something, and what somebody is told who was sanctioned. Loaded when it is first needed. */
import { X } from 'lucide';
import type { App } from '../app/app.ts';
import { viewRect } from '../history/area.ts';
import { formatNumber, message, type MessageId } from '../i18n/i18n.ts';
import { learnWords } from '../i18n/later.ts';
import type { Json } from '../net/connection.ts';
import { button, element } from '../ui/dom.ts';
import { loadStyles } from '../ui/styles.ts';
import { AreasTab } from './areas.ts';
import { AuditTab } from './audit.ts';
import { CanvasTab } from './canvas.ts';
import { freeOf, viewOf } from './free.ts';
import { PeopleTab } from './people.ts';
import { reportForm } from './report.ts';
import { ReportsTab } from './reports.ts';
import { sanctionForm, type About } from './sanction.ts';
import { Wire, type Place, type Policy, type Sanction } from './wire.ts';
import { kindName, untilText } from './words.ts';

/* What a report is about; nothing: the place in view. */
export interface Reported {
  stroke?: number;
  artist?: number;
  name?: string;
}

export interface Tab {
  readonly title: MessageId;
  readonly root: HTMLElement;
  /* Not for mentors: the server would not answer them. */
  readonly isForModerators?: boolean;
  /* Also for who keeps no order, and owns an area. */
  readonly isForOwners?: boolean;
  /* It is looked at: what it shows may be old. */
  show(): Promise<void> | void;
  /* It is not looked at any more. */
  hide?(): void;
}

export class Order {
  readonly root = element('section', { class: 'order', 'aria-label': message('command.keepOrder') });
  readonly wire: Wire;
  policy: Policy | null = null;
  waiting = 0; /* reports */
  private readonly tabs: readonly Tab[];
  private readonly buttons: readonly HTMLButtonElement[];
  private chosen = 0;

  constructor(readonly app: App) {
    this.wire = new Wire((question) => app.session.connection.sendJson(question));
    const { told } = app.standing; /* before this was loaded */
    this.policy = told.mode === undefined ? null : (told as unknown as Policy);
    this.tabs = [new ReportsTab(this), new PeopleTab(this), new AreasTab(this), new AuditTab(this), new CanvasTab(this)];
    this.buttons = this.tabs.map((tab, i) => {
      const made = element('button', { type: 'button', role: 'tab', id: `order-tab-${i}`, 'aria-controls': `order-${i}` });
      made.addEventListener('click', () => this.choose(i));
      tab.root.setAttribute('role', 'tabpanel');
      tab.root.setAttribute('aria-labelledby', `order-tab-${i}`);
      tab.root.id = `order-${i}`;
      return made;
    });
    const list = element('div', { class: 'order-tabs', role: 'tablist', 'aria-label': message('command.keepOrder') }, ...this.buttons);
    list.addEventListener('keydown', (event) => this.key(event));
    const close = button(message('past.close'), X, null, () => this.close());
    close.classList.add('order-close');
    this.root.append(element('h2', {}, message('command.keepOrder')), close, list, ...this.tabs.map(({ root }) => root));
    this.root.hidden = true;
    document.body.append(this.root);
    this.nameTabs();
  }

  /* ---- the panel ---- */

  open(): void {
    this.root.hidden = false;
    this.choose(this.chosen);
    this.buttons[this.chosen]!.focus({ preventScroll: true });
  }

  close(): void {
    this.root.hidden = true;
    this.tabs[this.chosen]!.hide?.();
    this.app.wall.canvas.focus({ preventScroll: true });
  }

  toggle(): void {
    if (this.root.hidden) {
      this.open();
    } else {
      this.close();
    }
  }

  /* Room for the wall, for as long as something is dragged over it. */
  setAway(isAway: boolean): void {
    this.root.classList.toggle('is-away', isAway);
  }

  private nameTabs(): void {
    this.tabs.forEach((tab, i) => {
      const count = i === 0 && this.waiting > 0 ? ` (${formatNumber(this.waiting)})` : '';
      this.buttons[i]!.textContent = message(tab.title) + count;
      this.buttons[i]!.hidden = !this.mayOpen(tab);
    });
  }

  private mayOpen(tab: Tab): boolean {
    return this.mayFreeze || (this.app.order.isKeeper ? tab.isForModerators !== true : tab.isForOwners === true);
  }

  private choose(wanted: number): void {
    this.nameTabs();
    const chosen = this.mayOpen(this.tabs[wanted]!) ? wanted : this.tabs.findIndex((tab) => this.mayOpen(tab));
    if (chosen !== this.chosen) {
      this.tabs[this.chosen]!.hide?.();
    }
    this.chosen = chosen;
    this.tabs.forEach((tab, i) => {
      tab.root.hidden = i !== chosen;
      this.buttons[i]!.setAttribute('aria-selected', String(i === chosen));
      this.buttons[i]!.tabIndex = i === chosen ? 0 : -1;
    });
    this.refresh();
  }

  /* What is shown, once more. */
  refresh(): void {
    void this.does(async () => this.tabs[this.chosen]!.show());
  }

  private key(event: KeyboardEvent): void {
    const isBack = document.documentElement.dir === 'rtl';
    const step = { ArrowRight: isBack ? -1 : 1, ArrowLeft: isBack ? 1 : -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      const open = this.tabs.flatMap((tab, i) => (this.mayOpen(tab) ? [i] : []));
      this.choose(open[(open.indexOf(this.chosen) + step + open.length) % open.length]!);
      this.buttons[this.chosen]!.focus();
    }
  }

  /* ---- what the parts do ---- */

  say(text: string): void {
    this.app.chrome.toast.say(text);
  }

  /* True if it went well; else what went wrong was said. */
  async does(what: () => Promise<unknown> | unknown): Promise<boolean> {
    try {
      await what();
      return true;
    } catch (error) {
      this.say((error as Error).message);
      return false;
    }
  }

  get isOwner(): boolean {
    return this.app.order.role === 'owner';
  }

  /* First aid: moderators and above. */
  get mayFreeze(): boolean {
    return this.isOwner || this.app.order.role === 'moderator';
  }

  get view(): Place {
    const { camera, viewport } = this.app.wall;
    return viewRect(camera, viewport);
  }

  flyTo(place: Place): void {
    const { wall, place: door } = this.app;
    const { camera, viewport } = wall;
    const cover = this.root.hidden ? null : this.root.getBoundingClientRect();
    const tools = document.querySelector('.tools')?.getBoundingClientRect();
    const bottom = tools !== undefined && tools.height > 0 ? tools.top : viewport.height;
    void door.flyer.to(viewOf(camera, viewport, freeOf(viewport.width, bottom, cover), place));
  }

  sanction(about: About): void {
    sanctionForm(this, about);
  }

  /* Their strokes are chosen already. */
  rollBack(about: About | null): void {
    this.close();
    this.app.doors.moderate(about ?? undefined);
  }

  report(about: Reported): void {
    reportForm(this, about);
  }

  /* ---- what the server says ---- */

  messageCame(json: Json): void {
    if (this.wire.messageCame(json)) {
      return;
    }
    switch (json.type) {
      case 'welcome':
        this.wire.forget();
        this.policy = json['policy'] as Policy;
        this.tellSanctions(json['sanctions'] as Sanction[]);
        break;
      case 'policy':
        this.policy = json as unknown as Policy;
        this.refreshIfOpen();
        break;
      case 'standing':
        this.nameTabs();
        this.refreshIfOpen();
        break;
      case 'sanctioned':
        this.tellSanctions(json['sanctions'] as Sanction[]);
        break;
      case 'report_seen':
        this.tellSeen(json['reports'] as { outcome: string }[]);
        break;
      case 'reports_waiting':
        this.waiting = Number(json['count']);
        this.nameTabs();
        this.refreshIfOpen();
        break;
    }
  }

  private refreshIfOpen(): void {
    /* Not under somebody's hands. */
    const isTyping = this.root.contains(document.activeElement) && document.activeElement?.matches('input, select');
    if (!this.root.hidden && !isTyping && document.querySelector('dialog[open]') === null) {
      this.refresh();
    }
  }

  private tellSanctions(sanctions: readonly Sanction[] | undefined): void {
    const [first] = sanctions ?? [];
    if (first !== undefined) {
      const values = { kind: kindName(first.kind), until: untilText(first.until), why: first.why };
      this.say(message(first.why === '' ? 'order.youAre' : 'order.youAreWhy', values));
    } else if (sanctions !== undefined && this.wasTold) {
      this.say(message('order.youAreFree'));
    }
    this.wasTold = first !== undefined;
  }
  private wasTold = false;

  private tellSeen(reports: readonly { outcome: string }[]): void {
    const outcome = reports.find((report) => report.outcome !== '')?.outcome;
    this.say(outcome === undefined ? message('order.seen') : message('order.seenOutcome', { outcome }));
  }
}

/* The stylesheet comes with the code. */
export async function openOrder(app: App): Promise<Order> {
  await Promise.all([learnWords(), loadStyles('order')]);
  return new Order(app);
}
