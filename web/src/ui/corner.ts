/* The corners: who you are; how far in you are. */
import { Eye, Minus, Plus } from 'lucide';
import { formatNumber, message } from '../i18n/i18n.ts';
import { button, element, icon, titleOf } from './dom.ts';
import { Popover } from './popover.ts';

const NAME_MAX = 40;
const PERCENT = { style: 'percent', maximumFractionDigits: 0 } as const;
const WHOLE = { maximumFractionDigits: 0 } as const;
const COMPACT = { notation: 'compact', maximumSignificantDigits: 2 } as const;

export class NameChip {
  readonly root = element('div', { class: 'chip-holder' });
  private readonly chip = element('button', {
    type: 'button',
    class: 'chip',
    title: message('name.label'),
    'aria-label': message('name.label'),
  });
  private readonly text = element('span', { class: 'chip-text' });
  private readonly input = element('input', {
    type: 'text',
    maxlength: String(NAME_MAX),
    'aria-label': message('name.label'),
    autocomplete: 'off',
    spellcheck: 'false',
  });

  constructor(rename: (name: string) => void) {
    this.chip.append(element('span', { class: 'chip-dot' }), this.text);
    const done = element('button', { type: 'submit', class: 'text-button' }, message('name.rename'));
    const form = element('form', { class: 'panel name-panel' }, this.input, done);
    form.setAttribute('aria-label', message('name.label'));
    const popover = new Popover(this.chip, form, () => {
      this.input.value = this.text.textContent ?? '';
      this.input.select();
      this.input.focus();
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const name = this.input.value.trim();
      if (name !== '' && name !== this.text.textContent) {
        rename(name);
      }
      popover.close();
    });
    this.root.append(this.chip, form);
    this.root.hidden = true;
  }

  setName(name: string): void {
    this.text.textContent = name;
    this.chip.setAttribute('aria-label', message('name.labelWith', { name }));
    this.root.hidden = false;
  }
}

export function watchNote(): HTMLElement {
  return element('div', { class: 'watching' }, icon(Eye), element('span', {}, message('watch.watching')));
}

export class ZoomBar {
  readonly root: HTMLElement;
  private readonly text = element('button', {
    type: 'button',
    class: 'zoom-text',
    title: titleOf(message('zoom.reset'), '0'),
  });

  constructor(step: (direction: 1 | -1) => void, reset: () => void) {
    this.text.addEventListener('click', reset);
    this.root = element(
      'div',
      { class: 'bar zoom', role: 'group', 'aria-label': message('zoom.label') },
      button(message('zoom.out'), Minus, '-', () => step(-1)),
      this.text,
      button(message('zoom.in'), Plus, '+', () => step(1)),
    );
  }

  setZoom(zoom: number): void {
    const text = zoomText(zoom);
    if (this.text.textContent !== text) {
      this.text.textContent = text;
      this.text.setAttribute('aria-label', message('zoom.now', { zoom: text }));
    }
  }
}

export function zoomText(zoom: number): string {
  const percent = 100 * 2 ** zoom;
  if (percent >= 9_995) {
    return `${short(2 ** zoom)}\u00d7`;
  }
  return percent >= 0.95 ? formatNumber(percent / 100, PERCENT) : `1:${short(2 ** -zoom)}`;
}

function short(value: number): string {
  return formatNumber(value, value < 1_000 ? WHOLE : COMPACT);
}
