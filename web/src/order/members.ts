/* Who may draw in an area: names one takes out, and a field that takes a number or a name; and who of them it belongs to. */
import { artistName } from '../history/words.ts';
import { message } from '../i18n/i18n.ts';
import { element } from '../ui/dom.ts';
import { failed, labelled } from './dialog.ts';
import type { Order } from './order.ts';

const MEMBERS_MAX = 64;

/* By number, or by the whole name if only one is called so. */
export async function findArtist(order: Order, text: string): Promise<{ artist: number; name: string }> {
  if (/^\d+$/.test(text)) {
    return { artist: Number(text), name: order.app.names.nameOf(Number(text)) };
  }
  const query = new URLSearchParams({ q: text, limit: '32' });
  const response = await fetch(`/api/canvas/${order.app.page.canvas}/search?${query}`);
  const { artists = [] } = (await response.json()) as { artists?: { artist: number; name: string }[] };
  const found = artists.filter(({ name }) => name === text);
  if (found.length !== 1) {
    throw new Error(message('order.noArtist', { name: text }));
  }
  return found[0]!;
}

export class Members {
  readonly root: HTMLElement;
  private readonly list = element('ul', { class: 'order-members' });
  private readonly field = element('input', { type: 'text', autocomplete: 'off' });
  private readonly owners = element('select', {});
  private readonly trouble = element('p', { class: 'order-trouble', role: 'alert' });
  private readonly names = new Map<number, string>();

  constructor(
    private readonly order: Order,
    private members: number[],
    private readonly owner: number | null,
    private readonly isOwners = false, /* whose it is stays so */
  ) {
    const add = element('button', { type: 'button' }, message('order.add'));
    const row = element('div', { class: 'order-row' }, labelled(message('order.artist'), this.field), add);
    add.addEventListener('click', () => void this.add());
    this.field.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') {
        event.preventDefault(); /* else the whole form is sent */
        void this.add();
      }
    });
    this.root = element(
      'fieldset',
      { class: 'order-new' },
      element('legend', {}, message('order.members')),
      this.list,
      row,
      this.trouble,
      ...(isOwners ? [] : [labelled(message('order.owner'), this.owners)]),
    );
    this.show(owner);
  }

  get chosen(): { members: number[]; owner: number | null } {
    const { value } = this.owners;
    if (this.isOwners) {
      return { members: this.members, owner: this.owner };
    }
    return { members: this.members, owner: value === '' ? null : Number(value) };
  }

  /* What is still in the field is meant, too: true if it could be taken. */
  async add(): Promise<boolean> {
    const text = this.field.value.trim();
    this.trouble.textContent = '';
    if (text === '') {
      return true;
    }
    try {
      const { artist, name } = await findArtist(this.order, text);
      this.names.set(artist, name);
      if (!this.members.includes(artist) && this.members.length < MEMBERS_MAX) {
        this.members = [...this.members, artist];
      }
      this.field.value = '';
      this.show(this.chosen.owner);
      return true;
    } catch (error) {
      this.trouble.textContent = failed(error);
      return false;
    }
  }

  private nameOf(artist: number): string {
    return artistName(artist, this.names.get(artist) || this.order.app.names.nameOf(artist));
  }

  private show(owner: number | null): void {
    this.list.replaceChildren(...this.members.map((artist) => this.item(artist)));
    this.owners.replaceChildren(
      element('option', { value: '' }, message('order.nobodyOwns')),
      ...this.members.map((artist) => element('option', { value: String(artist) }, this.nameOf(artist))),
    );
    this.owners.value = owner !== null && this.members.includes(owner) ? String(owner) : '';
  }

  private item(artist: number): HTMLElement {
    const name = this.nameOf(artist);
    const out = element('button', { type: 'button', 'aria-label': message('order.takeOut', { name }) }, '×');
    out.addEventListener('click', () => {
      this.members = this.members.filter((member) => member !== artist);
      this.show(this.chosen.owner);
      this.field.focus();
    });
    const stays = this.isOwners && artist === this.owner;
    return element('li', {}, element('span', { dir: 'auto' }, name), ...(stays ? [] : [out]));
  }
}
