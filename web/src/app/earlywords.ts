/* Takes what is typed between the press that begins a text and the moment in which its editor is loaded; nothing of it may
 * mean a key of the wall. */
import { message } from '../i18n/i18n.ts';
import { element } from '../ui/dom.ts';

export class EarlyWords {
  private readonly area = element('textarea', { class: 'unseen', 'aria-label': message('text.label') });

  private isComposing = false;

  constructor() {
    this.area.addEventListener('compositionstart', () => (this.isComposing = true));
    this.area.addEventListener('compositionend', () => (this.isComposing = false));
    document.body.append(this.area);
    this.area.focus({ preventScroll: true });
  }

  /* What was typed, once a word that an input method is still composing is whole. */
  close(): Promise<string> {
    const { area } = this;
    return new Promise((resolve) => {
      const done = (): void => {
        resolve(area.value);
        /* The editor takes the focus first, so that a phone keeps its keyboard. */
        window.setTimeout(() => area.remove());
      };
      if (this.isComposing) {
        area.addEventListener('compositionend', () => window.setTimeout(done), { once: true });
      } else {
        done();
      }
    });
  }
}
