/* Who is kept out, and deciding about somebody whose number or name is known. */
import { shownName } from '../i18n/former.ts';
import { message } from '../i18n/i18n.ts';
import { shortTime } from '../history/words.ts';
import { element } from '../ui/dom.ts';
import { labelled } from './dialog.ts';
import { findArtist } from './members.ts';
import type { Order, Tab } from './order.ts';
import type { Sanction } from './wire.ts';
import { sanctionText, whom } from './words.ts';

export class PeopleTab implements Tab {
  readonly title = 'order.people';
  readonly root = element('div', { class: 'order-list' });
  private readonly list = element('div', {});

  constructor(private readonly order: Order) {
    const field = element('input', { type: 'text', autocomplete: 'off', required: '' });
    const form = element(
      'form',
      { class: 'order-row' },
      labelled(message('order.artist'), field),
      element('button', { type: 'submit' }, message('order.decide')),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void order.does(() => this.decide(field.value.trim()));
    });
    this.root.append(form, this.list);
  }

  private async decide(text: string): Promise<void> {
    this.order.sanction(await findArtist(this.order, text));
  }

  async show(): Promise<void> {
    const answer = await this.order.wire.ask({ type: 'sanctions' });
    const sanctions = answer['sanctions'] as Sanction[];
    this.list.replaceChildren(
      ...(sanctions.length === 0
        ? [element('p', { class: 'order-none' }, message('order.nobody'))]
        : [element('ol', {}, ...sanctions.map((sanction) => this.item(sanction)))]),
    );
  }

  private item(sanction: Sanction): HTMLElement {
    const { order } = this;
    const end = element('button', { type: 'button', 'aria-label': `${message('order.end')}: ${whom(sanction)}` }, message('order.end'));
    end.addEventListener('click', () => {
      void order.does(async () => {
        await order.wire.ask({ type: 'sanction_end', sanction: sanction.sanction });
        await this.show();
      });
    });
    return element(
      'li',
      { class: 'order-item' },
      element('h3', {}, sanctionText(sanction)),
      element('p', { class: 'order-small' }, `${shownName(sanction.by)} · ${shortTime(sanction.from)}`),
      element('p', { dir: 'auto' }, sanction.why),
      element('div', { class: 'order-actions' }, end),
    );
  }
}
