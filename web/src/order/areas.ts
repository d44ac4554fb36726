/* The areas of the wall, the newest first: what each is, for whom, where, until when, and who set it so. While they are listed the
 * wall tells them, too. Moderators freeze and thaw; all else is the owner's; who owns an area decides who is in it; mentors look. */
import { exactTime, timeAgo } from '../history/words.ts';
import { shownName } from '../i18n/former.ts';
import { message } from '../i18n/i18n.ts';
import { element } from '../ui/dom.ts';
import { areaForm } from './areaform.ts';
import { areaTitle, forWhom, hasMembers, newestFirst, whereText, type Area } from './areawords.ts';
import { Deeds } from './deeds.ts';
import { Dragging } from './dragging.ts';
import { keepingFocus } from './focus.ts';
import type { Order, Tab } from './order.ts';
import type { Place } from './wire.ts';
import { untilText } from './words.ts';

/* The wall tells what each area is (policy.css). */
const TOLD = 'is-telling-areas';

export class AreasTab implements Tab {
  readonly title = 'order.areas';
  readonly isForOwners = true;
  readonly root = element('div', { class: 'order-list' });
  private readonly making: HTMLElement;
  private readonly list = element('div', {});
  private readonly deeds: Deeds;
  private readonly dragging: Dragging;

  constructor(private readonly order: Order) {
    this.deeds = new Deeds(order.wire);
    const drag = element('button', { type: 'button' }, message('order.drag'));
    const view = element('button', { type: 'button' }, message('order.inView'));
    this.dragging = new Dragging(order.app, () => {
      order.setAway(false);
      drag.focus({ preventScroll: true });
    });
    drag.addEventListener('click', () => {
      order.setAway(true);
      this.dragging.begin((place) => this.make(place));
    });
    view.addEventListener('click', () => this.make(order.view));
    this.making = element(
      'fieldset',
      { class: 'order-new' },
      element('legend', {}, message('order.newArea')),
      element('div', { class: 'order-actions' }, drag, view),
    );
    this.root.append(this.making, this.list);
    order.app.names.onLearn = () => this.isShown && this.render();
  }

  private get isShown(): boolean {
    return document.body.classList.contains(TOLD);
  }

  async show(): Promise<void> {
    document.body.classList.add(TOLD);
    this.making.hidden = !this.order.mayFreeze;
    this.render();
    const acts = this.areas.map(({ act }) => act);
    if (this.order.mayFreeze && acts.length > 0 && (await this.deeds.learn(acts)) && this.isShown) {
      this.render();
    }
  }

  hide(): void {
    document.body.classList.remove(TOLD);
    this.point(null);
    this.dragging.end();
  }

  private get areas(): Area[] {
    const { policy, app } = this.order;
    const areas = newestFirst((policy?.areas ?? []) as Area[]);
    return app.order.isKeeper ? areas : areas.filter((area) => app.order.owns(area));
  }

  private render(): void {
    const { areas } = this;
    keepingFocus(this.root, () =>
      this.list.replaceChildren(
        areas.length === 0
          ? element('p', { class: 'order-none' }, message('order.noAreas'))
          : element('ol', { 'aria-label': message('order.areas') }, ...areas.map((area) => this.item(area))),
      ),
    );
  }

  private item(area: Area): HTMLElement {
    const { order } = this;
    const deed = this.deeds.of(area.act);
    const item = element(
      'li',
      { class: 'order-item' },
      element('h3', {}, areaTitle(area)),
      element('p', { class: 'order-small' }, forWhom(area, (artist) => order.app.names.nameOf(artist))),
      element('p', { class: 'order-small' }, untilText(area.until)),
      element('p', { class: 'order-small' }, whereText(area)),
    );
    if (deed !== null) {
      const when = element('time', { title: exactTime(deed.time) }, timeAgo(deed.time, Date.now()));
      item.append(
        element('p', { class: 'order-small' }, shownName(deed.by), ' · ', when),
        element('p', { dir: 'auto' }, deed.why),
      );
    }
    item.append(this.actions(area));
    item.addEventListener('pointerenter', () => this.point(area));
    item.addEventListener('focusin', () => this.point(area));
    item.addEventListener('pointerleave', () => this.point(null));
    return item;
  }

  private actions(area: Area): HTMLElement {
    const { order } = this;
    const actions = element('div', { class: 'order-actions' });
    const add = (text: string, run: () => void): void => {
      const made = element('button', { type: 'button', 'aria-label': `${text}: ${areaTitle(area)}`, 'data-key': `${text} ${area.area}` }, text);
      made.addEventListener('click', run);
      actions.append(made);
    };
    add(message('order.goThere'), () => order.flyTo(area));
    const mayEnd = order.isOwner || (order.mayFreeze && area.kind === 'frozen');
    if (mayEnd || (hasMembers(area.kind) && order.app.order.owns(area))) {
      add(message('order.change'), () => areaForm(order, area, area, this.deeds.of(area.act)?.why ?? ''));
    }
    if (mayEnd) {
      add(message('order.end'), () => void order.does(() => this.end(area)));
    }
    return actions;
  }

  private make(place: Place): void {
    areaForm(this.order, null, place, '');
  }

  /* It is gone; but what the owner had set before somebody froze it is not a moderator's to end: it comes back. */
  private async end({ area, act }: Area): Promise<void> {
    const { order } = this;
    const plain = { type: 'act', act: { kind: 'area', area: 'plain', of: area } };
    await order.wire.ask(plain).catch(() => order.wire.ask({ type: 'undo', act }));
    order.say(message('order.done'));
  }

  /* The one that is meant, on the wall. */
  private point(area: Area | null): void {
    for (const shape of document.querySelectorAll('.areas .area')) {
      shape.classList.toggle('is-meant', area !== null && shape.getAttribute('data-area') === area.area);
    }
  }
}
