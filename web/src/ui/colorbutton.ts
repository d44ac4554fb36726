/* The colour in hand, and behind it those on offer: a press away for a beginner. Mixing one and palettes of one's own
 * are loaded when they are asked for. */
import { ArrowLeftRight, Pipette, SwatchBook, type IconNode } from 'lucide';
import { message } from '../i18n/i18n.ts';
import { colorName } from './colornames.ts';
import { element, icon, keyText, titleOf } from './dom.ts';
import type { Palette } from './palette.ts';
import { Popover } from './popover.ts';
import { SwatchGrid } from './swatchgrid.ts';

const COLUMNS = 9;

export interface ColorEvents {
  pick(): void; /* a colour from the wall */
  /* Puts the mixer into the place that is kept for it. */
  mix(place: HTMLElement): Promise<{ update(): void }>;
}

function action(picture: IconNode, label: string, text: string, key: string | null): HTMLButtonElement {
  const made = element('button', { type: 'button', class: 'color-action', title: titleOf(label, key) });
  made.setAttribute('aria-label', label);
  made.append(icon(picture), element('span', {}, text));
  if (key !== null) {
    made.setAttribute('aria-keyshortcuts', key.toUpperCase());
    made.append(element('kbd', { 'aria-hidden': 'true', 'data-key': keyText(key) }));
  }
  return made;
}

export class ColorButton {
  readonly root: HTMLElement;
  private readonly trigger = element('button', { type: 'button', class: 'color-button' });
  private readonly place = element('div', { class: 'mixer-place' });
  private readonly grid: SwatchGrid;
  private readonly recent: SwatchGrid;
  private readonly pick: HTMLButtonElement;
  private readonly more: HTMLButtonElement;
  private readonly popover: Popover;
  private mixer: { update(): void } | null = null;

  constructor(
    private readonly palette: Palette,
    private readonly events: ColorEvents,
  ) {
    const label = message('toolbar.color');
    this.trigger.append(element('span', { class: 'other-sample' }), element('span', { class: 'color-sample' }));
    const choose = (rgb: string): void => {
      palette.setColor(rgb);
      this.popover.close();
    };
    const withKey = (name: string, i: number): string => titleOf(name, i < 9 ? String(i + 1) : null);
    this.grid = new SwatchGrid(message('color.palette'), COLUMNS, choose, withKey);
    this.recent = new SwatchGrid(message('color.recent'), COLUMNS, choose);
    this.recent.root.classList.add('is-recent');
    this.pick = action(Pipette, message('toolbar.pick'), message('toolbar.pickShort'), 'k');
    this.pick.addEventListener('click', () => {
      this.popover.close();
      events.pick();
    });
    const swap = action(ArrowLeftRight, message('color.swap'), message('color.swapShort'), 'x');
    swap.addEventListener('click', () => palette.swap());
    this.more = action(SwatchBook, message('color.mix'), message('color.mixShort'), null);
    this.more.setAttribute('aria-expanded', 'false');
    this.more.addEventListener('click', () => void this.toggleMixer());
    const panel = element(
      'div',
      { class: 'panel color-panel', role: 'dialog', 'aria-label': label },
      this.place,
      this.recent.root,
      this.grid.root,
      element('div', { class: 'color-actions' }, this.more, this.pick, swap),
    );
    this.place.hidden = true;
    this.popover = new Popover(this.trigger, panel, () =>
      this.grid.root.querySelector<HTMLElement>('[tabindex="0"]')?.focus(),
    );
    this.root = element('div', { class: 'holder has-wide-panel' }, this.trigger, panel);
    this.update();
  }

  private async toggleMixer(): Promise<void> {
    this.place.hidden = !this.place.hidden;
    this.more.setAttribute('aria-expanded', String(!this.place.hidden));
    if (this.mixer === null) {
      this.mixer = { update: () => undefined };
      this.mixer = await this.events.mix(this.place).catch(() => this.plainPicker());
    }
    this.mixer.update();
    this.popover.fitIn();
  }

  /* Where the mixer cannot be loaded the browser has one of its own. */
  private plainPicker(): { update(): void } {
    const input = element('input', { type: 'color', 'aria-label': message('color.mix') });
    input.addEventListener('input', () => this.palette.setColor(input.value));
    this.place.replaceChildren(input);
    return { update: () => (input.value = this.palette.rgb) };
  }

  setPicking(isPicking: boolean): void {
    this.pick.setAttribute('aria-pressed', String(isPicking));
  }

  update(): void {
    const { rgb, other, recent, colors } = this.palette;
    const label = message('color.inHand', { color: colorName(rgb) });
    this.trigger.setAttribute('aria-label', label);
    this.trigger.title = label;
    this.trigger.style.setProperty('--color', rgb);
    this.trigger.style.setProperty('--other', other);
    this.grid.show(colors, rgb);
    this.recent.show(recent, rgb);
    this.recent.root.hidden = recent.length === 0;
    if (!this.place.hidden) {
      this.mixer?.update();
    }
  }
}
