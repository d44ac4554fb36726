/* The field that text is typed into, over the wall at its place and scale, and the small bar beside it: fonts, size,
 * done. A real text area: every keyboard, input method and direction of writing works in it. */
import { AArrowDown, AArrowUp, Check, X } from 'lucide';
import { formatNumber, message } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';

export const FONTS = ['sans', 'serif', 'hand', 'mono'] as const;
export type Font = (typeof FONTS)[number];

/* Of an em, in CSS pixels. */
export const SIZES: readonly number[] = [12, 16, 20, 24, 32, 40, 52, 64, 84, 110, 144, 190, 250];

/* What is likely to be near the server's fonts: seen for a moment only. */
const FAMILIES: Record<Font, string> = {
  sans: '"DejaVu Sans", "Noto Sans", sans-serif',
  serif: '"DejaVu Serif", "Noto Serif", serif',
  hand: '"Comic Neue", "Comic Sans MS", cursive',
  mono: '"DejaVu Sans Mono", "Noto Sans Mono", monospace',
};
const GAP_PX = 10;
const EDGE_PX = 8;
const CARET_PX = 4;
const LINE = 1.2;

export interface FieldEvents {
  typed(): void;
  done(): void;
  cancel(): void;
  setFont(font: Font): void;
  step(direction: 1 | -1): void;
}

export function isFont(value: unknown): value is Font {
  return FONTS.includes(value as Font);
}

export class Field {
  readonly root = element('div', { class: 'text-layer' });
  private readonly area: HTMLTextAreaElement;
  private readonly bar: HTMLElement;
  private readonly note = element('p', { class: 'text-note', role: 'status' });
  private readonly sizeText = element('output', { class: 'text-size' });
  private readonly fonts = new Map<Font, HTMLButtonElement>();
  private readonly measure = document.createElement('canvas').getContext('2d')!;
  private font: Font = 'sans';
  private size = 32;
  private box = { width: 0, height: 0 }; /* of the outline, unscaled; 0: not known */

  constructor(events: FieldEvents) {
    this.area = element('textarea', {
      class: 'text-field',
      'aria-label': message('text.label'),
      dir: 'auto',
      rows: '1',
      spellcheck: 'false',
      autocapitalize: 'sentences',
      autocomplete: 'off',
      wrap: 'off',
    });
    this.area.addEventListener('input', () => {
      this.resize();
      events.typed();
    });
    this.area.addEventListener('keydown', (event) => {
      if (event.isComposing) {
        return;
      }
      const isDone = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
      if (isDone || event.key === 'Escape') {
        event.preventDefault();
        event.stopPropagation();
        (isDone ? events.done : events.cancel)();
      }
    });
    const group = element('div', { class: 'text-fonts', role: 'group', 'aria-label': message('text.font') });
    for (const font of FONTS) {
      const label = message(`text.${font}`);
      const made = element('button', { type: 'button', class: `is-${font}`, title: label });
      made.append(message('text.sample'));
      made.setAttribute('aria-label', label);
      made.addEventListener('click', () => events.setFont(font));
      this.fonts.set(font, made);
      group.append(made);
    }
    const done = button(message('text.done'), Check, 'mod+enter', () => events.done());
    done.classList.add('is-main');
    this.bar = element(
      'div',
      { class: 'bar text-bar', role: 'toolbar', 'aria-label': message('text.bar') },
      group,
      button(message('text.smaller'), AArrowDown, null, () => events.step(-1)),
      this.sizeText,
      button(message('text.larger'), AArrowUp, null, () => events.step(1)),
      button(message('text.cancel'), X, 'escape', () => events.cancel()),
      done,
      this.note,
    );
    /* The field keeps the focus, and a phone its keyboard. */
    this.bar.addEventListener('pointerdown', (event) => event.preventDefault());
    this.root.append(this.area, this.bar);
    this.root.hidden = true;
  }

  get words(): string {
    return this.area.value.replace(/\s+$/, '');
  }

  open(words: string, font: Font, size: number): void {
    this.root.hidden = false;
    this.area.value = words;
    this.say('');
    this.setLook(font, size);
    this.area.focus({ preventScroll: true });
  }

  /* What was typed before the field was there. */
  prepend(words: string): void {
    this.area.value = words + this.area.value;
    this.resize();
  }

  close(): void {
    this.root.hidden = true;
    this.area.value = '';
  }

  setLook(font: Font, size: number): void {
    this.font = font;
    this.size = size;
    this.box = { width: 0, height: 0 };
    this.fonts.forEach((made, each) => made.setAttribute('aria-pressed', String(each === font)));
    this.sizeText.textContent = formatNumber(Math.round(size));
    this.area.style.fontFamily = FAMILIES[font];
    this.area.style.fontSize = `${size}px`;
    this.resize();
  }

  setColor(color: string): void {
    this.area.style.setProperty('--color', color);
  }

  /* The outline is there, or will be in a moment: the field's own letters are not seen. */
  setState(isOutlined: boolean): void {
    this.area.classList.toggle('is-outlined', isOutlined);
  }

  say(text: string): void {
    if (this.note.textContent !== text) {
      this.note.textContent = text;
    }
    this.note.hidden = text === '';
  }

  /* The field's lines lie under those of the outline. */
  fit(width: number, height: number): void {
    this.box = { width, height };
    this.resize();
  }

  private get lines(): string[] {
    return this.area.value.split('\n');
  }

  private get naturalWidth(): number {
    this.measure.font = `${this.size}px ${FAMILIES[this.font]}`;
    return Math.max(...this.lines.map((line) => this.measure.measureText(line).width));
  }

  private resize(): void {
    const { style } = this.area;
    const height = this.box.height > 0 ? this.box.height / this.lines.length : this.size * LINE;
    const shownLines = this.words.split('\n').length;
    const line = this.box.height > 0 ? this.box.height / shownLines : height;
    style.lineHeight = `${line}px`;
    style.width = `${Math.ceil(this.naturalWidth + CARET_PX)}px`;
    style.height = `${Math.ceil(line * this.lines.length)}px`;
  }

  /* A matrix as CSS has it. Answers by how much the field is behind the screen's keyboard. */
  place(matrix: readonly number[]): number {
    const [a, b, c, d, x, y] = matrix as [number, number, number, number, number, number];
    const natural = this.naturalWidth;
    const wide = this.box.width > 0 && natural > 0 ? this.box.width / natural : 1;
    const fit = Math.min(2, Math.max(0.5, wide));
    this.area.style.transform = `matrix(${a * fit}, ${b * fit}, ${c}, ${d}, ${x}, ${y})`;
    const around = this.area.getBoundingClientRect();
    const screen = window.visualViewport;
    const top = screen?.offsetTop ?? 0;
    const bottom = top + (screen?.height ?? window.innerHeight);
    const { offsetWidth: width, offsetHeight: height } = this.bar;
    const left = Math.max(EDGE_PX, Math.min(window.innerWidth - width - EDGE_PX, around.left));
    const above = around.top - height - GAP_PX;
    const below = around.bottom + GAP_PX;
    const wanted = above >= top + EDGE_PX ? above : below;
    const held = Math.max(top + EDGE_PX, Math.min(bottom - height - EDGE_PX, wanted));
    this.bar.style.transform = `translate(${Math.round(left)}px, ${Math.round(held)}px)`;
    const isKeyboard = screen !== null && screen.height < window.innerHeight - 80;
    const spare = bottom - EDGE_PX - Math.min(around.bottom, around.top + this.size * 4);
    return isKeyboard && spare < 0 ? -spare : 0;
  }
}
