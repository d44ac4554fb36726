/* How the canvas is set up: its mode, and whether artists vote. */
import { formatNumber, message, type MessageId } from '../i18n/i18n.ts';
import { element } from '../ui/dom.ts';
import { choice, labelled } from './dialog.ts';
import type { Order, Tab } from './order.ts';
import { MODES, modeName } from './words.ts';

/* How many votes hide a stroke; 0: there is no voting. */
const VOTES = [0, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 64];

const votesName = (count: number): string => (count === 0 ? message('order.votesNone') : formatNumber(count));

export class CanvasTab implements Tab {
  readonly title = 'order.canvas';
  readonly isForModerators = true;
  readonly root = element('div', { class: 'order-list' });
  private readonly mode = choice(MODES.map((name) => [name, modeName(name)]));
  private readonly modeForm: HTMLElement;
  private readonly votes = choice(VOTES.map((count) => [String(count), votesName(count)]));
  private readonly votesForm: HTMLElement;
  private shownMode: string | null = null;
  private shownVotes: number | null = null;

  constructor(private readonly order: Order) {
    this.modeForm = this.setting('order.mode', this.mode, () => ({ kind: 'mode', mode: this.mode.value }));
    this.votesForm = this.setting('order.votes', this.votes, () => ({ kind: 'votes', hide: Number(this.votes.value) }));
    this.root.append(this.modeForm, this.votesForm);
  }

  show(): void {
    const { policy, isOwner } = this.order;
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
  }

  hide(): void {
    this.shownMode = this.shownVotes = null;
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

  private async act(record: object): Promise<void> {
    await this.order.wire.ask({ type: 'act', act: record });
    this.order.say(message('order.done'));
  }
}
