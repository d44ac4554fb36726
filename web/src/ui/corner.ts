/* The corners: who you are; how far in you are. */
import { Eye, Minus, Plus } from 'lucide';
import { button, element, icon } from './dom.ts';
import { Popover } from './popover.ts';

const NAME_MAX = 40;

export class NameChip {
  readonly root = element('div', { class: 'chip-holder' });
  private readonly chip = element('button', {
    type: 'button',
    class: 'chip',
    title: 'Your name',
    'aria-label': 'Your name',
  });
  private readonly text = element('span', { class: 'chip-text' });
  private readonly input = element('input', {
    type: 'text',
    maxlength: String(NAME_MAX),
    'aria-label': 'Your name',
    autocomplete: 'off',
    spellcheck: 'false',
  });

  constructor(rename: (name: string) => void) {
    this.chip.append(element('span', { class: 'chip-dot' }), this.text);
    const done = element('button', { type: 'submit', class: 'text-button' }, 'Rename');
    const form = element('form', { class: 'panel name-panel' }, this.input, done);
    form.setAttribute('aria-label', 'Your name');
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
    this.chip.setAttribute('aria-label', `Your name: ${name}`);
    this.root.hidden = false;
  }
}

export function watchNote(): HTMLElement {
  return element('div', { class: 'watching' }, icon(Eye), element('span', {}, 'Watching'));
}

export class ZoomBar {
  readonly root: HTMLElement;
  private readonly text = element('button', {
    type: 'button',
    class: 'zoom-text',
    title: 'Back to 100% (0)',
  });

  constructor(step: (direction: 1 | -1) => void, reset: () => void) {
    this.text.addEventListener('click', reset);
    this.root = element(
      'div',
      { class: 'bar zoom', role: 'group', 'aria-label': 'Zoom' },
      button('Zoom out', Minus, '-', () => step(-1)),
      this.text,
      button('Zoom in', Plus, '+', () => step(1)),
    );
  }

  setZoom(zoom: number): void {
    const text = zoomText(zoom);
    if (this.text.textContent !== text) {
      this.text.textContent = text;
      this.text.setAttribute('aria-label', `Zoom ${text}, back to 100%`);
    }
  }
}

export function zoomText(zoom: number): string {
  const percent = 100 * 2 ** zoom;
  if (percent >= 9_995) {
    return `${short(2 ** zoom)}\u00d7`;
  }
  return percent >= 0.95 ? `${Math.round(percent)}%` : `1:${short(2 ** -zoom)}`;
}

function short(value: number): string {
  if (value < 1_000) {
    return String(Math.round(value));
  }
  return value < 1_000_000
    ? `${Number((value / 1_000).toPrecision(2))}k`
    : `${Number((value / 1_000_000).toPrecision(2))}M`;
}
