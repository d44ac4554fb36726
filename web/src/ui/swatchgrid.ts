/* Rows of colours to choose from: one tab stop, arrows between them. */
import { element } from './dom.ts';
import { colorName } from './colornames.ts';

export class SwatchGrid {
  readonly root: HTMLElement;
  private cells: HTMLButtonElement[] = [];
  private shown = '';

  /* `columns`: how many stand side by side, for the arrows. */
  constructor(
    label: string,
    private readonly columns: number,
    private readonly choose: (rgb: string) => void,
    private readonly titleOf: (name: string, index: number) => string = (name) => name,
  ) {
    this.root = element('div', { class: 'swatches', role: 'group', 'aria-label': label });
    this.root.addEventListener('keydown', (event) => this.step(event));
  }

  show(colors: readonly string[], chosen: string): void {
    const now = colors.join();
    if (now !== this.shown) {
      this.shown = now;
      this.cells = colors.map((rgb, i) => this.cell(rgb, i));
      this.root.replaceChildren(...this.cells);
    }
    const at = Math.max(0, colors.indexOf(chosen));
    this.cells.forEach((cell, i) => {
      cell.setAttribute('aria-pressed', String(colors[i] === chosen));
      cell.tabIndex = i === at ? 0 : -1;
    });
  }

  private cell(rgb: string, index: number): HTMLButtonElement {
    const name = colorName(rgb);
    const cell = element('button', {
      type: 'button',
      class: 'swatch',
      title: this.titleOf(name, index),
      'aria-label': name,
    });
    cell.style.setProperty('--color', rgb);
    cell.addEventListener('click', () => this.choose(rgb));
    return cell;
  }

  private step(event: KeyboardEvent): void {
    const isRtl = getComputedStyle(this.root).direction === 'rtl' ? -1 : 1;
    const steps: Record<string, number> = {
      ArrowRight: isRtl,
      ArrowLeft: -isRtl,
      ArrowDown: this.columns,
      ArrowUp: -this.columns,
    };
    const step = steps[event.key];
    const at = this.cells.indexOf(event.target as HTMLButtonElement);
    if (step !== undefined && at >= 0) {
      event.preventDefault();
      event.stopPropagation();
      const next = this.cells[at + step];
      if (next !== undefined) {
        this.cells.forEach((cell) => (cell.tabIndex = cell === next ? 0 : -1));
        next.focus();
      }
    }
  }
}
