/* The door to keeping order: reporting, which everybody may, and the panel of those whose role allows it. What is behind it
 * is loaded when it is first needed. */
import { message } from '../i18n/i18n.ts';
import type { Json } from '../net/connection.ts';
import type { Reported, Order } from '../order/order.ts';
import type { App } from './app.ts';

const KEEPERS = ['mentor', 'moderator', 'owner'];
const ITS_MESSAGES = /^(sanctioned|report_seen|reports_waiting)$/;

export class OrderDoor {
  /* One's own, as the server told it. */
  role = '';
  private order: Promise<Order> | null = null;

  constructor(private readonly app: App) {
    app.commands.add(
      {
        id: 'order.report',
        title: 'command.report',
        group: 'people',
        isAvailable: () => app.link === 'open',
        run: () => this.report({}),
      },
      {
        id: 'order.keep',
        title: 'command.keepOrder',
        group: 'page',
        isAvailable: () => this.mayKeep,
        run: () => this.load((order) => order.toggle()),
      },
    );
    app.commands.addEscape(() => document.querySelector('.order:not([hidden])') !== null && this.app.commands.run('order.keep'));
  }

  get mayKeep(): boolean {
    return this.isKeeper || (this.app.standing.told.areas ?? []).some((area) => this.owns(area));
  }

  get isKeeper(): boolean {
    return KEEPERS.includes(this.role);
  }

  /* Who is in an area its owner decides, whatever their role. */
  owns({ owner }: { owner?: number | null }): boolean {
    return owner != null && owner === this.app.session.person?.artist;
  }

  report(about: Reported): void {
    this.load((order) => order.report(about));
  }

  decide(about: { artist: number; name: string }): void {
    this.load((order) => order.sanction(about));
  }

  messageCame(json: Json): void {
    const { type } = json;
    if (type === 'welcome' || type === 'standing') {
      this.role = String(json['role'] ?? '');
    }
    const isNews = ITS_MESSAGES.test(type) || (type === 'welcome' && (json['sanctions'] as [])?.length > 0);
    if (isNews || this.order !== null) {
      this.load((order) => order.messageCame(json));
    }
    if (type === 'welcome' && this.mayKeep && new URLSearchParams(location.search).has('moderate')) {
      this.load((order) => order.open());
    }
  }

  private load(use: (order: Order) => void): void {
    this.order ??= import('../order/order.ts').then(({ openOrder }) => openOrder(this.app));
    this.order.then(use, () => {
      this.order = null;
      this.app.chrome.toast.say(message('past.notLoaded'));
    });
  }
}
