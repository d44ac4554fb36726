/* All that floats over the wall. */
import type { Palette } from './palette.ts';
import type { Facts } from '../core/saving.ts';
import { NameChip, watchNote, ZoomBar } from './corner.ts';
import { element } from './dom.ts';
import { Labels } from './labels.ts';
import { Help, Toast } from './notes.ts';
import { SavingNote } from './saving.ts';
import { Toolbar } from './toolbar.ts';

export interface ChromeEvents {
  undo(): void;
  redo(): void;
  save(): void;
  rename(name: string): void;
  zoomStep(direction: 1 | -1): void;
  zoomReset(): void;
}

/* A circle of the brush's size around the pointer. */
export class Ring {
  readonly root = element('div', { class: 'ring', 'aria-hidden': 'true' });
  private size = 0;

  constructor() {
    this.root.hidden = true;
  }

  setSize(width: number): void {
    this.size = width;
    this.root.style.width = `${width}px`;
    this.root.style.height = `${width}px`;
  }

  move(x: number, y: number, isShown: boolean): void {
    const isUseful = isShown && this.size >= 8;
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
  readonly help = new Help();
  readonly nameChip: NameChip;
  readonly zoomBar: ZoomBar;
  readonly toolbar: Toolbar | null;
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
    this.toolbar = isWatching
      ? null
      : new Toolbar(palette, { ...events, help: () => this.help.toggle() });
    const corner = element('div', { class: 'corner' }, this.saving.root, this.nameChip.root);
    this.roots = [this.labels.root, this.ring.root, corner, this.zoomBar.root];
    this.roots.push(this.toolbar?.root ?? watchNote(), this.toast.root, this.help.root);
    document.body.classList.toggle('is-watching', isWatching);
    this.brushChanged();
  }

  brushChanged(): void {
    this.toolbar?.update();
    this.ring.setSize(this.palette.width);
  }
}
