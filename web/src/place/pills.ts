/* Small lines at the top: whom one follows, who follows, that a tour is on. Each with what ends it. */
import { element } from '../ui/dom.ts';

export class Pill {
  readonly root = element('div', { class: 'pill', role: 'status' });
  private readonly dot = element('span', { class: 'row-dot is-tinted' });
  private readonly text = element('span', { class: 'pill-text' });
  private readonly act = element('button', { type: 'button', class: 'pill-act' });
  private run: () => void = () => undefined;

  constructor() {
    this.root.hidden = true;
    this.root.append(this.dot, this.text);
    this.act.addEventListener('click', () => this.run());
  }

  show(text: string, tint: string | null, action: string, run: () => void): void {
    this.run = run;
    this.dot.hidden = tint === null;
    this.dot.style.setProperty('--tint', tint ?? 'transparent');
    for (const [node, wanted] of [[this.text, text], [this.act, action]] as const) {
      if (node.textContent !== wanted) {
        node.textContent = wanted;
      }
    }
    if (!this.act.isConnected) {
      this.root.append(this.act); /* no button without a name */
    }
    this.root.hidden = false;
  }

  hide(): void {
    if (!this.root.hidden && this.root.contains(document.activeElement)) {
      document.querySelector<HTMLElement>('#wall')?.focus({ preventScroll: true });
    }
    this.root.hidden = true;
    this.act.remove();
  }
}
