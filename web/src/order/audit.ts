/* What was done by those who may, newest first, each with its undoing. */
import { shownName } from '../i18n/former.ts';
import { message } from '../i18n/i18n.ts';
import { exactTime, timeAgo } from '../history/words.ts';
import { element } from '../ui/dom.ts';
import type { Order, Tab } from './order.ts';
import type { Entry } from './wire.ts';
import { entryText } from './words.ts';

export class AuditTab implements Tab {
  readonly title = 'order.record';
  readonly isForModerators = true;
  readonly root = element('div', { class: 'order-list' });
  private readonly list = element('ol', {});
  private readonly more = element('button', { type: 'button', class: 'order-more' }, message('order.more'));
  private next: string | null = null;

  constructor(private readonly order: Order) {
    this.more.addEventListener('click', () => void order.does(() => this.ask()));
    this.root.append(this.list, this.more);
  }

  async show(): Promise<void> {
    this.next = null;
    this.list.replaceChildren();
    await this.ask();
  }

  private async ask(): Promise<void> {
    const before = this.next === null ? {} : { before: this.next };
    const answer = await this.order.wire.ask({ type: 'audit', limit: 30, ...before });
    this.next = answer['next'] as string | null;
    this.more.hidden = this.next === null;
    this.list.append(...(answer['entries'] as Entry[]).map((entry) => this.item(entry)));
  }

  private item(entry: Entry): HTMLElement {
    const when = element('time', { title: exactTime(entry.time) }, timeAgo(entry.time, Date.now()));
    const item = element(
      'li',
      { class: `order-item${entry.undone === true ? ' is-undone' : ''}` },
      element('h3', {}, entryText(entry)),
      element('p', { class: 'order-small' }, shownName(entry.by), ' · ', when, entry.undone === true ? ` · ${message('order.undone')}` : ''),
    );
    const why = String(entry.record?.['why'] ?? entry.sanction?.why ?? '');
    if (why !== '') {
      item.append(element('p', { dir: 'auto' }, why));
    }
    const question = this.undoing(entry);
    if (question !== null) {
      const undo = element('button', { type: 'button', 'aria-label': `${message('order.undo')}: ${entryText(entry)}` }, message('order.undo'));
      undo.addEventListener('click', () => {
        void this.order.does(async () => {
          await this.order.wire.ask({ type: 'undo', ...question });
          await this.show();
        });
      });
      item.append(element('div', { class: 'order-actions' }, undo));
    }
    return item;
  }

  /* Null: it cannot be undone, or was. */
  private undoing({ what, act, record, undone, sanction }: Entry): object | null {
    if (what === 'sanction' && sanction !== undefined) {
      const isOver = sanction.ended !== null || (sanction.until ?? Infinity) <= Date.now();
      return isOver ? null : { sanction: sanction.sanction };
    }
    return what === 'act' && undone !== true && record?.['kind'] !== 'undo' ? { act } : null;
  }
}
