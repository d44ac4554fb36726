/* All that floats over the wall. */
import type { Palette } from './palette.ts';
import type { Facts } from '../core/saving.ts';
import { NameChip, watchNote, ZoomBar } from './corner.ts';
import { element } from './dom.ts';
import { Labels } from './labels.ts';
import { Toast } from './notes.ts';
import { SavingNote } from './saving.ts';
import { Toolbar, type ToolbarEvents } from './toolbar.ts';

export interface ChromeEvents extends Omit<ToolbarEvents, 'help'> {
  rename(name: string): void;
  zoomStep(direction: 1 | -1): void;
  zoomReset(): void;
}

const PICKING_PX = 44;

/* A circle of the brush's size around the pointer; of the colour under it while one is picked. */
export class Ring {
  readonly root = element('div', { class: 'ring', 'aria-hidden': 'true' });
  private brushPx = 0;
  private size = 0;
  private at = { x: 0, y: 0 };
  private isHeld = false;

  constructor() {
    this.root.hidden = true;
  }

  /* While its size is changed it is shown however small. */
  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
    this.move(this.at.x, this.at.y, !this.root.hidden);
  }

  setSize(width: number): void {
    this.brushPx = width;
    this.resize(width);
  }

  private resize(size: number): void {
    this.size = size;
    this.root.style.width = `${size}px`;
    this.root.style.height = `${size}px`;
  }

  /* The colour that is seen, or null: a brush again. */
  setColor(color: string | null): void {
    const isPicking = color !== null;
    if (isPicking !== this.root.classList.contains('is-picking')) {
      this.root.classList.toggle('is-picking', isPicking);
      this.resize(isPicking ? PICKING_PX : this.brushPx);
      this.move(this.at.x, this.at.y, isPicking || !this.root.hidden);
    }
    this.root.style.setProperty('--color', color ?? 'transparent');
  }

  move(x: number, y: number, isShown: boolean): void {
    const isUseful = isShown && (this.size >= 8 || this.isHeld);
    this.at = { x, y };
    if (this.root.hidden === isUseful) {
      this.root.hidden = !isUseful;
    }
    if (isUseful) {
      const half = this.size / 2;
      this.root.style.transform = `translate3d(${x - half}px, ${y - half}px, 0)`;
    }
  }
}

export class Chrome {
  readonly labels = new Labels();
  readonly ring = new Ring();
  readonly saving: SavingNote;
  readonly toast = new Toast();
  readonly nameChip: NameChip;
  readonly zoomBar: ZoomBar;
  readonly toolbar: Toolbar | null;
  /* Where one is told who one is and what is saved; the main menu joins them. */
  readonly corner: HTMLElement;
  readonly roots: HTMLElement[];

  constructor(
    isWatching: boolean,
    private readonly palette: Palette,
    waiting: () => Facts,
    events: ChromeEvents,
  ) {
    this.saving = new SavingNote(waiting);
    this.nameChip = new NameChip((name) => events.rename(name));
    this.zoomBar = new ZoomBar(
      (direction) => events.zoomStep(direction),
      () => events.zoomReset(),
    );
    this.toolbar = isWatching ? null : new Toolbar(palette, events);
    this.corner = element('div', { class: 'corner' }, this.saving.root, this.nameChip.root);
    this.roots = [this.labels.root, this.ring.root, this.corner, this.zoomBar.root];
    this.roots.push(this.toolbar?.root ?? watchNote(), this.toast.root);
    document.body.classList.toggle('is-watching', isWatching);
    this.brushChanged();
  }

  brushChanged(): void {
    this.toolbar?.update();
    this.ring.setSize(this.palette.hasWidth ? this.palette.width : 0);
  }
}
