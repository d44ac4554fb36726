/* Deciding about somebody: what, for how long, why; the person, or the addresses they come from. */
import { message, type MessageId } from '../i18n/i18n.ts';
import { artistName } from '../history/words.ts';
import { element } from '../ui/dom.ts';
import { askForm, choice, failed, labelled, textField } from './dialog.ts';
import type { Order } from './order.ts';
import { KINDS, kindName } from './words.ts';

export interface About {
  artist: number;
  name: string;
}

const TEXT_MAX = 400;
const HOUR_S = 3600;
const DURATIONS: readonly (readonly [number, MessageId])[] = [
  [HOUR_S / 4, 'order.quarter'],
  [2 * HOUR_S, 'order.hours'],
  [24 * HOUR_S, 'order.day'],
  [7 * 24 * HOUR_S, 'order.week'],
  [30 * 24 * HOUR_S, 'order.month'],
  [0, 'order.forGood'],
];

export function sanctionForm(order: Order, about: About): void {
  const mayBan = order.app.order.role !== 'mentor';
  const kinds = mayBan ? KINDS : KINDS.slice(0, 2);
  const whom = choice([['', artistName(about.artist, about.name)]]);
  const kind = choice(kinds.map((name) => [name, kindName(name)]));
  const span = choice(DURATIONS.map(([seconds, id]) => [String(seconds), message(id)]));
  const why = textField(TEXT_MAX);
  const hidden = element('input', { type: 'checkbox' });
  const hiddenLabel = element('label', { class: 'order-check' }, hidden, message('order.hiddenBan'));
  const told = (): void => {
    hiddenLabel.hidden = kind.value !== 'ban' || whom.value !== '';
    hidden.checked &&= !hiddenLabel.hidden;
  };
  kind.value = mayBan ? 'suspend' : 'mute';
  span.value = String(2 * HOUR_S);
  kind.addEventListener('change', told);
  whom.addEventListener('change', told);
  told();
  const made = askForm(
    message('order.decide'),
    [
      labelled(message('order.whom'), whom),
      labelled(message('order.what'), kind),
      labelled(message('order.howLong'), span),
      labelled(message('order.why'), why),
      hiddenLabel,
    ],
    message('order.doIt'),
    async () => {
      const seconds = Number(span.value);
      try {
        await order.wire.ask({
          type: 'sanction',
          ...(whom.value === '' ? { artist: about.artist } : { prefix: whom.value }),
          kind: kind.value,
          ...(seconds > 0 ? { for_s: seconds } : {}),
          why: why.value.trim(),
          hidden: hidden.checked,
        });
        order.say(message('order.done'));
        order.refresh();
        return null;
      } catch (error) {
        return failed(error);
      }
    },
  );
  if (made !== null && mayBan) {
    void order.wire.ask({ type: 'whence', artist: about.artist }).then(
      (answer) => {
        for (const prefix of answer['prefixes'] as string[]) {
          whom.append(element('option', { value: prefix }, message('order.allFrom', { prefix })));
        }
      },
      () => undefined, /* the person alone, then */
    );
  }
}
