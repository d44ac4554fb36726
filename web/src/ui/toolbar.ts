/* The toolbar: tools, colour, width, undo and redo, save. */
import {
  Eraser,
  ImageDown,
  Pipette,
  Plus,
  Redo2,
  Undo2,
} from 'lucide';
import { BRUSHES, SHAPES, type ToolName } from '../core/tools.ts';
import { SWATCHES } from '../core/swatches.ts';
import { message } from '../i18n/i18n.ts';
import { button, element, icon, keyText } from './dom.ts';
import { placeOfWidth, widthAt, type Palette } from './palette.ts';
import { Popover } from './popover.ts';
import { ToolGroup } from './toolgroup.ts';

export interface ToolbarEvents {
  undo(): void;
  redo(): void;
  save(): void;
  choose(tool: ToolName): void;
  pick(): void; /* a colour from the wall */
}

const SAMPLE_PX_MAX = 22;

export class Toolbar {
  readonly root: HTMLElement;
  private readonly groups: readonly ToolGroup[];
  private readonly eraser: HTMLButtonElement;
  private readonly pick: HTMLButtonElement;
  private readonly widthButton = element('button', {
    type: 'button',
    'aria-label': message('toolbar.width'),
    title: message('toolbar.widthTitle'),
  });
  private readonly swatches = new Map<string, HTMLButtonElement>();
  private readonly custom = element('input', {
    type: 'color',
    'aria-label': message('toolbar.colorOwn'),
  });
  private readonly customCell: HTMLElement;
  private readonly slider = element('input', {
    type: 'range',
    min: '0',
    max: '1',
    step: '0.01',
    'aria-label': message('toolbar.width'),
  });
  private readonly sliderText = element('output', { class: 'width-text' });
  private readonly colorSample = element('span', { class: 'color-sample' });
  private readonly widthSample = element('span', { class: 'width-sample' });
  private readonly undoButton: HTMLButtonElement;
  private readonly redoButton: HTMLButtonElement;

  constructor(
    private readonly palette: Palette,
    private readonly events: ToolbarEvents,
  ) {
    const choose = (tool: ToolName): void => events.choose(tool);
    const brushes = new ToolGroup(message('toolbar.brushes'), BRUSHES, palette, choose);
    const shapes = new ToolGroup(message('toolbar.shapes'), SHAPES, palette, choose);
    this.groups = [brushes, shapes];
    this.eraser = button(message('tool.eraser'), Eraser, 'e', () => choose('eraser'));
    this.pick = element('button', { type: 'button', class: 'pick', 'aria-keyshortcuts': 'K' });
    this.pick.setAttribute('aria-label', message('toolbar.pick'));
    this.pick.append(icon(Pipette), message('toolbar.pickShort'), element('kbd', {}, keyText('k')));
    this.undoButton = button(message('toolbar.undo'), Undo2, 'mod+z', () => events.undo());
    this.redoButton = button(message('toolbar.redo'), Redo2, 'mod+shift+z', () => events.redo());
    this.customCell = element('label', { class: 'swatch is-custom', title: message('toolbar.colorOwn') });
    this.customCell.append(this.custom, icon(Plus));
    this.root = element(
      'div',
      { class: 'bar tools', role: 'toolbar', 'aria-label': message('toolbar.label') },
      brushes.root,
      shapes.root,
      this.eraser,
      separator(),
      this.colors(),
      this.widths(),
      separator(),
      this.undoButton,
      this.redoButton,
      separator(),
      button(message('toolbar.save'), ImageDown, null, () => events.save()),
    );
    this.root.addEventListener('click', returnFocus);
    this.update();
    this.setHistory(false, false);
  }

  private colors(): HTMLElement {
    const trigger = element('button', { type: 'button' });
    trigger.append(this.colorSample);
    const label = message('toolbar.color');
    trigger.setAttribute('aria-label', label);
    trigger.title = label;
    const grid = element('div', { class: 'swatches' });
    const panel = element('div', { class: 'panel', role: 'dialog', 'aria-label': label }, grid);
    panel.append(this.pick);
    const popover = new Popover(trigger, panel);
    for (const [name, rgb] of SWATCHES) {
      const title = message(`color.${name}`);
      const swatch = element('button', { type: 'button', class: 'swatch', title });
      swatch.setAttribute('aria-label', title);
      swatch.style.setProperty('--color', rgb);
      swatch.addEventListener('click', () => {
        this.palette.setColor(rgb);
        popover.close();
      });
      this.swatches.set(rgb, swatch);
      grid.append(swatch);
    }
    this.pick.addEventListener('click', () => {
      popover.close();
      this.events.pick();
    });
    this.custom.addEventListener('input', () => this.palette.setColor(this.custom.value));
    grid.append(this.customCell);
    return element('div', { class: 'holder' }, trigger, panel);
  }

  private widths(): HTMLElement {
    const trigger = this.widthButton;
    trigger.append(this.widthSample);
    const panel = element(
      'div',
      { class: 'panel width-panel', role: 'dialog', 'aria-label': message('toolbar.width') },
      element('span', { class: 'slider' }, this.slider),
      this.sliderText,
    );
    this.slider.addEventListener('input', () =>
      this.palette.setWidth(widthAt(Number(this.slider.value))),
    );
    new Popover(trigger, panel, () => this.slider.focus());
    return element('div', { class: 'holder' }, trigger, panel);
  }

  setHistory(canUndo: boolean, canRedo: boolean): void {
    this.undoButton.disabled = !canUndo;
    this.redoButton.disabled = !canRedo;
  }

  /* Done, and seen in a moment. */
  setWaiting(what: 'undo' | 'redo' | null): void {
    this.undoButton.classList.toggle('is-waiting', what === 'undo');
    this.redoButton.classList.toggle('is-waiting', what === 'redo');
  }

  setPicking(isPicking: boolean): void {
    this.pick.setAttribute('aria-pressed', String(isPicking));
  }

  update(): void {
    const { tool, rgb, width, hasWidth } = this.palette;
    this.groups.forEach((group) => group.update());
    this.eraser.setAttribute('aria-pressed', String(tool === 'eraser'));
    this.widthButton.disabled = !hasWidth;
    for (const [each, swatch] of this.swatches) {
      swatch.setAttribute('aria-pressed', String(each === rgb));
    }
    this.customCell.classList.toggle('is-chosen', !this.swatches.has(rgb));
    this.customCell.style.setProperty('--color', rgb);
    this.custom.value = rgb;
    this.colorSample.style.setProperty('--color', rgb);
    this.widthSample.style.setProperty('--size', `${sampleSize(width)}px`);
    this.slider.value = String(placeOfWidth(width));
    this.sliderText.textContent = message('toolbar.widthPx', { width });
  }
}

/* After a press with the pointer the keys are the wall's again: the space bar grabs it. */
function returnFocus(event: MouseEvent): void {
  const pressed = (event.target as HTMLElement).closest('button');
  if (event.detail > 0 && pressed !== null && !pressed.hasAttribute('aria-expanded')) {
    document.querySelector<HTMLElement>('#wall')?.focus({ preventScroll: true });
  }
}

function sampleSize(width: number): number {
  return 3 + (SAMPLE_PX_MAX - 3) * placeOfWidth(width);
}

function separator(): HTMLElement {
  return element('span', { class: 'separator', role: 'separator' });
}
