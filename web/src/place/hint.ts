/* The one line that a newcomer is told: how to draw, how to move, that nothing is lost. It goes with the first
 * stroke or a press on its cross, and does not come back. */
import { X } from 'lucide';
import { message, type MessageId } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';

const SEEN = 'hint.seen';

interface Settings {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
}

export type PointerKind = 'mouse' | 'touch' | 'pen';

const TEXTS: Record<PointerKind, MessageId> = {
  mouse: 'hint.mouse',
  touch: 'hint.touch',
  pen: 'hint.pen',
};

export class Hint {
  private root: HTMLElement | null = null;
  private readonly text = element('span', {});
  private readonly seen = (event: PointerEvent): void => this.tell(kindOf(event.pointerType));

  constructor(private readonly settings: Settings) {}

  get isShown(): boolean {
    return this.root !== null;
  }

  /* To somebody who never drew here. */
  offer(): void {
    if (this.root !== null || this.settings.get(SEEN) === true) {
      return;
    }
    this.tell(matchMedia('(pointer: coarse)').matches ? 'touch' : 'mouse');
    const close = button(message('hint.close'), X, null, () => this.end());
    this.root = element('div', { class: 'hint', role: 'note' }, this.text, close);
    document.body.append(this.root);
    window.addEventListener('pointerover', this.seen, { passive: true });
  }

  /* Told, or not needed: for good. */
  end(): void {
    if (this.settings.get(SEEN) !== true) {
      this.settings.set(SEEN, true);
    }
    window.removeEventListener('pointerover', this.seen);
    this.root?.remove();
    this.root = null;
  }

  private tell(kind: PointerKind): void {
    const text = message(TEXTS[kind]);
    if (this.text.textContent !== text) {
      this.text.textContent = text;
    }
  }
}

function kindOf(type: string): PointerKind {
  return type === 'touch' || type === 'pen' ? type : 'mouse';
}
