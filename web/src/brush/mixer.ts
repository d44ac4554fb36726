/* Mixing a colour: a field of saturation and brightness, a strip of hues, lighter and darker ones of the same hue, hex,
 * the browser's own picker. By pointer, finger, and keys. */
import { Check } from 'lucide';
import { hexOf, rgbOf } from '../core/color.ts';
import { hsvOf, readHex, rgbOfHsv, shadesOf, type Hsv } from '../core/mixing.ts';
import { message } from '../i18n/i18n.ts';
import { colorName } from '../ui/colornames.ts';
import { button, element } from '../ui/dom.ts';
import type { Palette } from '../ui/palette.ts';
import { SwatchGrid } from '../ui/swatchgrid.ts';

const SHADES = 9;

export class Mixer {
  readonly root = element('div', { class: 'mixer' });
  private hsv: Hsv = { h: 0, s: 0, v: 0 };
  private shown = '';
  private readonly field = element('div', { class: 'mixer-field', role: 'slider', tabindex: '0' });
  private readonly hue = element('input', { type: 'range', class: 'mixer-hue', min: '0', max: '359', step: '1' });
  private readonly hex = element('input', { type: 'text', class: 'mixer-hex', spellcheck: 'false', autocomplete: 'off', maxlength: '7' });
  private readonly plain = element('input', { type: 'color' });
  private readonly shades: SwatchGrid;

  constructor(private readonly palette: Palette) {
    this.field.setAttribute('aria-label', message('mixer.field'));
    this.field.append(element('span', { class: 'mixer-knob' }));
    this.hue.setAttribute('aria-label', message('mixer.hue'));
    this.hex.setAttribute('aria-label', message('mixer.hex'));
    this.plain.setAttribute('aria-label', message('mixer.system'));
    this.plain.title = message('mixer.system');
    this.shades = new SwatchGrid(message('mixer.shades'), SHADES, (rgb) => palette.setColor(rgb));
    this.shades.root.classList.add('is-strip');
    this.listenField();
    this.hue.addEventListener('input', () => this.choose({ ...this.hsv, h: Number(this.hue.value) }));
    this.plain.addEventListener('input', () => palette.setColor(this.plain.value));
    this.listenHex();
    const take = button(message('mixer.take'), Check, null, () => this.takeHex());
    const row = element('div', { class: 'mixer-row' }, this.plain, this.hex, take);
    this.root.append(this.field, this.hue, this.shades.root, row);
  }

  private choose(hsv: Hsv): void {
    this.hsv = hsv;
    this.shown = hexOf(rgbOfHsv(hsv));
    this.palette.setColor(this.shown);
  }

  private listenField(): void {
    const { field } = this;
    const at = (event: PointerEvent): void => {
      const box = field.getBoundingClientRect();
      const share = (value: number): number => Math.min(1, Math.max(0, value));
      const s = share((event.clientX - box.left) / box.width);
      this.choose({ ...this.hsv, s, v: 1 - share((event.clientY - box.top) / box.height) });
    };
    field.addEventListener('pointerdown', (event) => {
      field.setPointerCapture(event.pointerId);
      at(event);
    });
    field.addEventListener('pointermove', (event) => {
      if (field.hasPointerCapture(event.pointerId)) {
        at(event);
      }
    });
    field.addEventListener('keydown', (event) => {
      const step = event.shiftKey ? 0.1 : 0.01;
      const moves: Record<string, [number, number]> = {
        ArrowLeft: [-step, 0],
        ArrowRight: [step, 0],
        ArrowUp: [0, step],
        ArrowDown: [0, -step],
      };
      const move = moves[event.key];
      if (move !== undefined) {
        event.preventDefault();
        event.stopPropagation();
        const share = (value: number): number => Math.min(1, Math.max(0, value));
        this.choose({ ...this.hsv, s: share(this.hsv.s + move[0]), v: share(this.hsv.v + move[1]) });
      }
    });
  }

  private listenHex(): void {
    this.hex.addEventListener('input', () => {
      const isWrong = readHex(this.hex.value) === null;
      this.hex.setAttribute('aria-invalid', String(isWrong));
    });
    this.hex.addEventListener('change', () => this.takeHex());
    this.hex.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') {
        this.takeHex();
      }
    });
  }

  private takeHex(): void {
    const rgb = readHex(this.hex.value);
    if (rgb !== null) {
      this.palette.setColor(rgb);
    }
    this.hex.value = this.palette.rgb;
    this.hex.setAttribute('aria-invalid', 'false');
  }

  update(): void {
    const { rgb } = this.palette;
    if (rgb !== this.shown) {
      this.shown = rgb;
      this.hsv = hsvOf(rgbOf(rgb), this.hsv);
    }
    const { h, s, v } = this.hsv;
    this.root.style.setProperty('--hue', hexOf(rgbOfHsv({ h, s: 1, v: 1 })));
    this.root.style.setProperty('--color', rgb);
    this.field.style.setProperty('--s', String(s));
    this.field.style.setProperty('--v', String(v));
    this.field.setAttribute('aria-valuenow', String(Math.round(v * 100)));
    this.field.setAttribute('aria-valuetext', message('mixer.now', {
      color: colorName(rgb),
      saturation: Math.round(s * 100),
      brightness: Math.round(v * 100),
    }));
    this.hue.value = String(Math.round(h));
    this.plain.value = rgb;
    if (document.activeElement !== this.hex) {
      this.hex.value = rgb;
    }
    this.shades.show(shadesOf(rgb, SHADES), rgb);
  }
}
