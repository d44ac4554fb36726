/* The form of an area, a new one or one that is there: what it is, who draws in it, where, until when, why. */
import { message } from '../i18n/i18n.ts';
import { areaAct, hasMembers, peopleOf, whereText, type Area, type AreaWish } from './areawords.ts';
import { askForm, choice, failed, labelled, textField } from './dialog.ts';
import { element } from '../ui/dom.ts';
import { Members } from './members.ts';
import type { Order } from './order.ts';
import type { Place } from './wire.ts';
import { AREAS, areaName, untilText } from './words.ts';

const NAME_MAX = 80;
const TEXT_MAX = 400;
const HOUR_S = 3600;
const KEPT = 'kept';

function spans(area: Area | null): HTMLSelectElement {
  const kept = area === null ? [] : [[KEPT, message('order.asItIs', { until: untilText(area.until) })] as const];
  return choice([
    ...kept,
    [String(HOUR_S / 2), message('order.halfHour')],
    [String(2 * HOUR_S), message('order.hours')],
    [String(24 * HOUR_S), message('order.day')],
    [String(7 * 24 * HOUR_S), message('order.week')],
    ['0', message('order.forGood')],
  ]);
}

/* `place`: where a new one will be; `said`: why it is as it is. Whose area it is, and no more, changes what it is called and who is in it. */
export function areaForm(order: Order, area: Area | null, place: Place, said: string): void {
  const isAreaOwners = area !== null && hasMembers(area.kind) && !order.isOwner && order.app.order.owns(area);
  /* First aid is a moderator's; all else sets the wall up. */
  const kinds = AREAS.filter((name) => (isAreaOwners ? name === area.kind : order.isOwner || name === 'frozen'));
  const kind = choice(kinds.map((name) => [name, areaName(name)]));
  kind.value = kinds.find((name) => name === area?.kind) ?? 'frozen';
  const name = textField(NAME_MAX);
  name.value = area?.name ?? '';
  const members = new Members(order, area === null ? [] : peopleOf(area), area?.owner ?? null, isAreaOwners);
  const where = choice([
    ['', area === null ? whereText(place) : message('order.whereItIs')],
    ...(area === null ? [] : [['view', message('order.inView')] as const]),
  ]);
  const span = spans(area);
  const why = textField(TEXT_MAX);
  why.value = said;
  const told = (): void => {
    members.root.hidden = !hasMembers(kind.value);
  };
  kind.addEventListener('change', told);
  told();
  const wish = (): AreaWish => ({
    kind: kind.value,
    name: name.value.trim(),
    ...members.chosen,
    place: area === null ? place : where.value === '' ? area : order.view,
    forS: span.value === KEPT ? null : Number(span.value),
    why: why.value.trim(),
  });
  const title = message(area === null ? 'order.newArea' : 'order.changeArea');
  const send = async (): Promise<string | null> => {
    if (!members.root.hidden && !(await members.add())) {
      return '';
    }
    try {
      await order.wire.ask({ type: 'act', ...areaAct(wish(), area) });
      order.say(message('order.done'));
      order.refresh();
      return null;
    } catch (error) {
      return failed(error);
    }
  };
  askForm(
    title,
    isAreaOwners
      ? [members.root, labelled(message('order.areaName'), name)]
      : [
          labelled(message('order.what'), kind),
          members.root,
          labelled(message('order.areaName'), name),
          area === null ? element('p', { class: 'order-small' }, whereText(place)) : labelled(message('order.where'), where),
          labelled(message('order.howLong'), span),
          labelled(message('order.whyRecord'), why),
        ],
    message(area === null ? 'order.makeArea' : 'order.save'),
    send,
  );
}
