/* How the canvas is set up: its mode, and its areas; a new one is dragged over the wall, or is what is in view. */
import type { WallTool } from '../app/doors.ts';
import { formatNumber, message, type MessageId } from '../i18n/i18n.ts';
import { rectAround } from '../history/area.ts';
import { element } from '../ui/dom.ts';
import { choice, labelled, textField } from './dialog.ts';
import type { Order, Tab } from './order.ts';
import type { Place, PolicyArea } from './wire.ts';
import { AREAS, areaName, MODES, modeName, untilText } from './words.ts';

const NAME_MAX = 80;
const SIDE_PX_MIN = 6;
const HOUR_MS = 3_600_000;
/* How many votes hide a stroke; 0: there is no voting. */
const VOTES = [0, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 64];

const votesName = (count: number): string => (count === 0 ? message('order.votesNone') : formatNumber(count));

export class CanvasTab implements Tab {
  readonly title = 'order.canvas';
  readonly root = element('div', { class: 'order-list' });
  private readonly mode = choice(MODES.map((name) => [name, modeName(name)]));
  private readonly modeForm: HTMLElement;
  private readonly votes = choice(VOTES.map((count) => [String(count), votesName(count)]));
  private readonly votesForm: HTMLElement;
  private shownMode: string | null = null;
  private shownVotes: number | null = null;
  private readonly kind = choice(AREAS.map((name) => [name, areaName(name)]));
  private readonly name = textField(NAME_MAX);
  private readonly span = choice([
    [String(HOUR_MS / 2), message('order.halfHour')],
    [String(24 * HOUR_MS), message('order.day')],
    ['0', message('order.forGood')],
  ]);
  private readonly areas = element('div', {});
  private readonly box = element('div', { class: 'order-drag' });
  private tool: WallTool | null = null;

  constructor(private readonly order: Order) {
    this.modeForm = this.setting('order.mode', this.mode, () => ({ kind: 'mode', mode: this.mode.value }));
    this.votesForm = this.setting('order.votes', this.votes, () => ({ kind: 'votes', hide: Number(this.votes.value) }));
    const drag = element('button', { type: 'button' }, message('order.drag'));
    const view = element('button', { type: 'button' }, message('order.inView'));
    drag.addEventListener('click', () => this.drag());
    view.addEventListener('click', () => this.addArea(order.view));
    this.box.hidden = true;
    document.body.append(this.box);
    this.kind.value = 'frozen';
    this.root.append(
      this.modeForm,
      this.votesForm,
      element(
        'fieldset',
        { class: 'order-new' },
        element('legend', {}, message('order.newArea')),
        labelled(message('order.what'), this.kind),
        labelled(message('places.name'), this.name),
        labelled(message('order.howLong'), this.span),
        element('div', { class: 'order-actions' }, drag, view),
      ),
      this.areas,
    );
  }

  show(): void {
    const { policy, app } = this.order;
    const isOwner = app.order.role === 'owner';
    for (const option of [...this.kind.options]) {
      option.disabled = !isOwner && option.value !== 'frozen';
    }
    for (const option of [...this.mode.options]) {
      option.disabled = !isOwner && option.value !== 'read-only' && option.value !== policy?.mode;
    }
    this.votesForm.hidden = !isOwner;
    if (policy === null) {
      return;
    }
    /* What was chosen and is not set yet stays, unless somebody else set another. */
    if (policy.mode !== this.shownMode) {
      this.mode.value = this.shownMode = policy.mode;
    }
    if (policy.votes !== this.shownVotes) {
      this.showVotes(policy.votes);
    }
    this.areas.replaceChildren(
      ...(policy.areas.length === 0
        ? [element('p', { class: 'order-none' }, message('order.noAreas'))]
        : [element('ol', {}, ...policy.areas.map((area) => this.item(area)))]),
    );
  }

  /* Who looks elsewhere drags no area any more: their next stroke is one. */
  hide(): void {
    const { doors, wall } = this.order.app;
    this.shownMode = this.shownVotes = null;
    this.box.hidden = true;
    if (this.tool !== null && doors.tool === this.tool) {
      doors.tool = null;
      wall.canvas.classList.remove('is-choosing');
    }
    this.tool = null;
  }

  private setting(label: MessageId, field: HTMLElement, record: () => object): HTMLElement {
    const text = message('order.set');
    const set = element('button', { type: 'submit', 'aria-label': `${text}: ${message(label)}` }, text);
    const form = element('form', { class: 'order-row' }, labelled(message(label), field), set);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.order.does(() => this.act(record()));
    });
    return form;
  }

  /* `kolam admin votes` may have set another number. */
  private showVotes(count: number): void {
    if (!VOTES.includes(count)) {
      this.votes.querySelector('.is-other')?.remove();
      this.votes.append(element('option', { class: 'is-other', value: String(count) }, votesName(count)));
    }
    this.votes.value = String(count);
    this.shownVotes = count;
  }

  private item(area: PolicyArea): HTMLElement {
    const { order } = this;
    const title = area.name === '' ? areaName(area.kind) : `${areaName(area.kind)} · ${area.name}`;
    const act = (text: string, run: () => void): HTMLElement => {
      const made = element('button', { type: 'button', 'aria-label': `${text}: ${title}` }, text);
      made.addEventListener('click', run);
      return made;
    };
    return element(
      'li',
      { class: 'order-item' },
      element('h3', {}, title),
      element('p', { class: 'order-small' }, untilText(area.until)),
      element(
        'div',
        { class: 'order-actions' },
        act(message('order.goThere'), () => order.flyTo(area)),
        act(message('order.undo'), () => {
          void order.does(() => order.wire.ask({ type: 'undo', act: area.act }));
        }),
      ),
    );
  }

  /* `forMs`: for so long, by the server's clock; 0: for good. */
  private async act(record: object, forMs = 0): Promise<void> {
    const span = forMs > 0 ? { for_s: Math.round(forMs / 1000) } : {};
    await this.order.wire.ask({ type: 'act', act: record, ...span });
    this.order.say(message('order.done'));
  }

  private addArea({ level, x, y, width, height }: Place): void {
    void this.order.does(async () => {
      const { value: area } = this.kind;
      const record = { kind: 'area', area, name: this.name.value.trim(), level, x, y, width, height };
      await this.act(record, Number(this.span.value));
      this.name.value = '';
    });
  }

  /* A rectangle of the screen, then of the wall. */
  private drag(): void {
    const { app } = this.order;
    let from = { x: 0, y: 0 };
    let to = { x: 0, y: 0 };
    const tool: WallTool = {
      begin: (x, y) => (from = to = { x, y }),
      move: (x, y) => {
        to = { x, y };
        const { style } = this.box;
        style.setProperty('--x', `${Math.min(from.x, x)}px`);
        style.setProperty('--y', `${Math.min(from.y, y)}px`);
        style.setProperty('--w', `${Math.abs(from.x - x)}px`);
        style.setProperty('--h', `${Math.abs(from.y - y)}px`);
        this.box.hidden = false;
      },
      end: (isDone) => {
        this.box.hidden = true;
        const isLarge = Math.abs(from.x - to.x) >= SIDE_PX_MIN && Math.abs(from.y - to.y) >= SIDE_PX_MIN;
        if (isDone && isLarge) {
          this.hide();
          const { camera, viewport } = app.wall;
          this.addArea(rectAround(camera, viewport, [from, to]));
        }
      },
    };
    app.wall.canvas.classList.add('is-choosing');
    app.doors.tool = this.tool = tool;
    this.order.say(message('order.dragNow'));
  }
}
