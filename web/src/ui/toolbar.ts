/* The toolbar: tools, colour, width, undo and redo, save. */
import {
  Eraser,
  ImageDown,
  Redo2,
  Undo2,
} from 'lucide';
import { BRUSHES, OTHERS, SHAPES, type ToolName } from '../core/tools.ts';
import { message } from '../i18n/i18n.ts';
import { ColorButton, type ColorEvents } from './colorbutton.ts';
import { button, element } from './dom.ts';
import type { Palette } from './palette.ts';
import { SizeButton, type SizeEvents } from './sizebutton.ts';
import { ToolGroup } from './toolgroup.ts';

export interface ToolbarEvents extends ColorEvents, SizeEvents {
  undo(): void;
  redo(): void;
  save(): void;
  choose(tool: ToolName): void;
}

export class Toolbar {
  readonly root: HTMLElement;
  private readonly groups: readonly ToolGroup[];
  private readonly eraser: HTMLButtonElement;
  private readonly color: ColorButton;
  private readonly size: SizeButton;
  private readonly undoButton: HTMLButtonElement;
  private readonly redoButton: HTMLButtonElement;

  constructor(
    private readonly palette: Palette,
    events: ToolbarEvents,
  ) {
    const choose = (tool: ToolName): void => events.choose(tool);
    const brushes = new ToolGroup(message('toolbar.brushes'), BRUSHES, palette, choose);
    const shapes = new ToolGroup(message('toolbar.shapes'), SHAPES, palette, choose);
    const others = new ToolGroup(message('toolbar.others'), OTHERS, palette, choose);
    this.groups = [brushes, shapes, others];
    this.eraser = button(message('tool.eraser'), Eraser, 'e', () => choose('eraser'));
    this.color = new ColorButton(palette, events);
    this.size = new SizeButton(palette, events);
    this.undoButton = button(message('toolbar.undo'), Undo2, 'mod+z', () => events.undo());
    this.redoButton = button(message('toolbar.redo'), Redo2, 'mod+shift+z', () => events.redo());
    const save = button(message('toolbar.save'), ImageDown, null, () => events.save());
    const before = separator();
    [save, before].forEach((each) => each.classList.add('is-wide-only')); /* the menu has it, too */
    this.root = element(
      'div',
      { class: 'bar tools', role: 'toolbar', 'aria-label': message('toolbar.label') },
      brushes.root,
      shapes.root,
      this.eraser,
      others.root,
      separator(),
      this.color.root,
      this.size.root,
      separator(),
      this.undoButton,
      this.redoButton,
      before,
      save,
    );
    this.root.addEventListener('click', returnFocus);
    this.update();
    this.setHistory(false, false);
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
    this.color.setPicking(isPicking);
  }

  update(): void {
    this.groups.forEach((group) => group.update());
    this.eraser.setAttribute('aria-pressed', String(this.palette.tool === 'eraser'));
    this.color.update();
    this.size.update();
  }
}

/* After a press with the pointer the keys are the wall's again: the space bar grabs it. */
function returnFocus(event: MouseEvent): void {
  const pressed = (event.target as HTMLElement).closest('button');
  const isInPanel = pressed?.closest('.panel:not([hidden])') != null;
  if (event.detail > 0 && pressed !== null && !isInPanel && !pressed.hasAttribute('aria-expanded')) {
    document.querySelector<HTMLElement>('#wall')?.focus({ preventScroll: true });
  }
}

function separator(): HTMLElement {
  return element('span', { class: 'separator', role: 'separator' });
}
