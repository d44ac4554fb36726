/* What is told to screen readers, and to nobody's eyes: one polite region, a line at a time. */
import { element } from './dom.ts';

export class LiveRegion {
  readonly root = element('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });

  /* The same words again are news again: a change is what is read. */
  say(text: string): void {
    const isSame = this.root.textContent === text;
    this.root.textContent = isSame ? `${text}\u00a0` : text;
  }
}
