/* Several tools at one place of the toolbar: the button shows the one used last and takes it; beside it the
 * others open, with their names and keys. */
import {
  Circle,
  Hand,
  Highlighter,
  Lasso,
  LassoSelect,
  Pen,
  Pencil,
  Pentagon,
  Slash,
  SprayCan,
  Square,
  Type,
  type IconNode,
} from 'lucide';
import { ariaKeys, keyCaps } from '../core/chords.ts';
import { TOOLS, type ToolName } from '../core/tools.ts';
import { message } from '../i18n/i18n.ts';
import { element, icon, isMac, keyText } from './dom.ts';
import type { Palette } from './palette.ts';
import { Popover } from './popover.ts';

const PICTURES: Partial<Record<ToolName, IconNode>> = {
  pen: Pen,
  pencil: Pencil,
  marker: Highlighter,
  airbrush: SprayCan,
  line: Slash,
  rectangle: Square,
  ellipse: Circle,
  filledRectangle: Square,
  filledEllipse: Circle,
  lasso: Lasso,
  polygon: Pentagon,
  text: Type,
  select: LassoSelect,
  hand: Hand,
};

function pictureOf(tool: ToolName): SVGElement {
  const made = icon(PICTURES[tool]!);
  made.classList.toggle('is-filled', tool.startsWith('filled'));
  return made;
}

export class ToolGroup {
  readonly root: HTMLElement;
  private readonly trigger = element('button', { type: 'button', class: 'group-button' });
  private readonly items = new Map<ToolName, HTMLButtonElement>();
  private readonly popover: Popover;
  private shown: ToolName | null = null;

  constructor(
    private readonly label: string,
    private readonly tools: readonly ToolName[],
    private readonly palette: Palette,
    private readonly choose: (tool: ToolName) => void,
  ) {
    const panel = element('div', {
      class: 'panel tool-list',
      role: 'dialog',
      'aria-label': label,
    });
    panel.append(...tools.map((tool) => this.item(tool)));
    panel.addEventListener('keydown', (event) => this.step(event));
    this.trigger.addEventListener('click', () => choose(palette.lastOf(tools)));
    this.popover = new Popover(this.trigger, panel, () => this.items.get(this.last)?.focus());
    this.root = element('div', { class: 'holder is-group' }, this.trigger, panel);
  }

  private get last(): ToolName {
    return this.palette.lastOf(this.tools);
  }

  private item(tool: ToolName): HTMLButtonElement {
    const { title, key } = TOOLS[tool];
    const label = message(title);
    const made = element('button', { type: 'button' });
    made.setAttribute('aria-keyshortcuts', ariaKeys(key, isMac));
    const caps = element('span', { class: 'tool-keys', 'aria-hidden': 'true' });
    caps.append(...keyCaps(key, isMac).map((cap) => element('kbd', {}, cap)));
    made.append(pictureOf(tool), element('span', { class: 'tool-name' }, label), caps);
    made.addEventListener('click', () => {
      this.choose(tool);
      this.popover.close();
    });
    this.items.set(tool, made);
    return made;
  }

  /* Up and down among the tools; the wall stays where it is. */
  private step(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      event.stopPropagation();
      const all = [...this.items.values()];
      const at = all.indexOf(document.activeElement as HTMLButtonElement);
      all[(at + step + all.length) % all.length]!.focus();
    }
  }

  update(): void {
    const { last } = this;
    const { title, key } = TOOLS[last];
    const { tool } = this.palette;
    if (this.shown !== last) {
      this.shown = last;
      this.trigger.replaceChildren(pictureOf(last));
      const tool = message(title);
      this.trigger.setAttribute('aria-label', tool);
      this.trigger.title = message('toolbar.groupTitle', {
        tool,
        keys: keyText(key),
        group: this.label,
      });
    }
    this.trigger.setAttribute('aria-pressed', String(tool === last));
    this.items.forEach((made, each) => made.setAttribute('aria-pressed', String(each === tool)));
  }
}
