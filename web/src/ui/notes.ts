/* Short messages. */
import { element } from './dom.ts';

const TOAST_MS = 4_500;
/* Long ones stay until they can be read. */
const TOAST_MS_LETTER = 60;

export class Toast {
  readonly root = element('div', { class: 'toast', role: 'status', 'aria-live': 'polite' });
  private timer = 0;

  constructor() {
    this.root.hidden = true;
  }

  say(text: string): void {
    this.root.textContent = text;
    this.root.hidden = false;
    window.clearTimeout(this.timer);
    const staysMs = Math.max(TOAST_MS, text.length * TOAST_MS_LETTER);
    this.timer = window.setTimeout(() => (this.root.hidden = true), staysMs);
  }
}
