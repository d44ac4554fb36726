/* Palettes of one's own: chosen, made, named, filled, read from a file and written to one. */
import { Download, Minus, Plus, Trash2, Upload } from 'lucide';
import { readGpl, writeGpl } from '../core/gpl.ts';
import { message } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';
import type { Palette } from '../ui/palette.ts';

const FILE_BYTES_MAX = 1 << 20;

export class Palettes {
  readonly root = element('div', { class: 'palettes' });
  private readonly choice = element('select', { class: 'palette-choice' });
  private readonly name = element('input', { type: 'text', class: 'palette-name', maxlength: '60' });
  private readonly file = element('input', { type: 'file', accept: '.gpl,text/plain' });
  private readonly keep: HTMLButtonElement;
  private readonly drop: HTMLButtonElement;
  private readonly own: HTMLElement;

  constructor(
    private readonly palette: Palette,
    private readonly say: (text: string) => void,
  ) {
    this.choice.setAttribute('aria-label', message('palettes.choice'));
    this.name.setAttribute('aria-label', message('palettes.name'));
    this.file.hidden = true;
    this.choice.addEventListener('change', () =>
      palette.choosePalette(this.choice.value === '' ? null : Number(this.choice.value)),
    );
    this.name.addEventListener('change', () => palette.renamePalette(this.name.value));
    this.file.addEventListener('change', () => void this.read());
    this.keep = button(message('palettes.keep'), Plus, null, () => palette.keepColor(palette.rgb, true));
    this.drop = button(message('palettes.drop'), Minus, null, () => palette.keepColor(palette.rgb, false));
    const make = element('button', { type: 'button', class: 'color-action' }, message('palettes.new'));
    make.addEventListener('click', () => {
      this.add({ name: message('palettes.newName'), colors: [palette.rgb] });
      this.name.focus();
      this.name.select();
    });
    this.own = element(
      'div',
      { class: 'palettes-row' },
      this.name,
      this.keep,
      this.drop,
      button(message('palettes.export'), Download, null, () => this.write()),
      button(message('palettes.remove'), Trash2, null, () => this.remove()),
    );
    const open = button(message('palettes.import'), Upload, null, () => this.file.click());
    this.root.append(element('div', { class: 'palettes-row' }, this.choice, make, open, this.file), this.own);
  }

  private add(made: { name: string; colors: string[] }): void {
    if (!this.palette.addPalette(made)) {
      this.say(message('palettes.full'));
    }
  }

  private remove(): void {
    const name = this.palette.ownPalettes[this.palette.chosenPalette!]!.name;
    this.palette.removePalette();
    this.say(message('palettes.removed', { name }));
    this.choice.focus();
  }

  private async read(): Promise<void> {
    const [file] = this.file.files ?? [];
    this.file.value = '';
    const read = file === undefined || file.size > FILE_BYTES_MAX ? null : readGpl(await file.text());
    if (read === null) {
      this.say(message('palettes.notRead'));
    } else {
      this.add({ ...read, name: read.name || file!.name.replace(/\.gpl$/i, '') });
    }
  }

  private write(): void {
    const own = this.palette.ownPalettes[this.palette.chosenPalette!]!;
    const url = URL.createObjectURL(new Blob([writeGpl(own)], { type: 'text/plain' }));
    const link = element('a', { href: url, download: `${own.name.replace(/[^\p{L}\p{N} _-]/gu, '_')}.gpl` });
    link.click();
    URL.revokeObjectURL(url);
  }

  update(): void {
    const { ownPalettes, chosenPalette, colors, rgb } = this.palette;
    const options = [
      element('option', { value: '' }, message('palettes.walls')),
      ...ownPalettes.map(({ name }, i) => element('option', { value: String(i) }, name)),
    ];
    this.choice.replaceChildren(...options);
    this.choice.value = chosenPalette === null ? '' : String(chosenPalette);
    this.own.hidden = chosenPalette === null;
    if (document.activeElement !== this.name) {
      this.name.value = chosenPalette === null ? '' : ownPalettes[chosenPalette]!.name;
    }
    this.keep.disabled = colors.includes(rgb);
    this.drop.disabled = !colors.includes(rgb);
  }
}
