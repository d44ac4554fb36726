/* Whether one's strokes are saved: a quiet line in the corner. Screen readers are told of its kind by the
 * live region: each stroke that waits is not worth a word. */
import { CloudAlert, CloudCheck, CloudOff, CloudUpload, type IconNode } from 'lucide';
import { SavingSign, type Facts, type SavingKind } from '../core/saving.ts';
import { message, type MessageId } from '../i18n/i18n.ts';
import { element, icon } from './dom.ts';

const ICONS: Record<Exclude<SavingKind, 'quiet'>, IconNode> = {
  saved: CloudCheck,
  saving: CloudUpload,
  offline: CloudOff,
  held: CloudAlert,
  unkept: CloudAlert,
};
const TITLES: Record<Exclude<SavingKind, 'quiet'>, MessageId> = {
  saved: 'saving.savedTitle',
  saving: 'saving.savingTitle',
  offline: 'saving.offlineTitle',
  held: 'saving.heldTitle',
  unkept: 'saving.unkeptTitle',
};

export class SavingNote {
  readonly root = element('div', { class: 'status' });
  private readonly picture = element('span', { class: 'status-icon', 'aria-hidden': 'true' });
  private readonly text = element('span', { class: 'status-text' });
  private readonly sign = new SavingSign();
  /* Who is told of changes in words; each stroke that waits is not one. */
  tell: (text: string) => void = () => undefined;
  private kind: SavingKind = 'quiet';
  private timer = 0;

  constructor(private readonly facts: () => Facts) {
    this.root.append(this.picture, this.text);
    this.root.hidden = true;
  }

  update(): void {
    window.clearTimeout(this.timer);
    const { kind, text, againMs } = this.sign.update(this.facts(), performance.now());
    if (kind !== this.kind && kind !== 'quiet') {
      this.picture.replaceChildren(icon(ICONS[kind]));
      this.root.title = message(TITLES[kind]);
      this.root.dataset['kind'] = kind;
    }
    const isNews = kind !== this.kind && kind !== 'quiet' && kind !== 'saving';
    this.kind = kind;
    this.root.hidden = kind === 'quiet';
    if (this.text.textContent !== text) {
      this.text.textContent = text;
    }
    if (isNews) {
      this.tell(text);
    }
    if (againMs !== null) {
      this.timer = window.setTimeout(() => this.update(), againMs + 1);
    }
  }
}
