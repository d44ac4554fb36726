/* Short messages, and the list of keys. */
import { X } from 'lucide';
import { message } from '../i18n/i18n.ts';
import { button, element } from './dom.ts';

const TOAST_MS = 4_500;

export class Toast {
  readonly root = element('div', { class: 'toast', role: 'status', 'aria-live': 'polite' });
  private timer = 0;

  constructor() {
    this.root.hidden = true;
  }

  say(message: string): void {
    this.root.textContent = message;
    this.root.hidden = false;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => (this.root.hidden = true), TOAST_MS);
  }
}

const KEYS: readonly [string, string][] = [
  ['P  N  M  A  E', 'pen, pencil, marker, airbrush, eraser'],
  ['L  R  O', 'line, rectangle, ellipse'],
  ['F  Shift R  Shift O', 'filled outline, rectangle, ellipse'],
  ['Shift', 'hold: straight, square, round'],
  ['K', 'a colour from the wall'],
  ['Esc', 'leave off what is being drawn'],
  ['[  ]', 'thinner, thicker'],
  ['Ctrl Z', 'undo'],
  ['Ctrl Shift Z', 'redo'],
  ['Space and drag', 'move the wall'],
  ['Wheel or pinch', 'zoom'],
  ['+  -  0', 'zoom in, out, back to 100%'],
  ['Arrows', 'move the wall'],
  ['Home', 'to the newest drawing'],
  ['T', 'time machine: the wall as it was'],
  ['I', 'who drew this?'],
];

export class Help {
  readonly root = element('dialog', {
    class: 'help',
    'aria-label': 'Help',
    tabindex: '-1',
    autofocus: '',
  });

  constructor() {
    const rows = KEYS.map(([keys, what]) =>
      element(
        'div',
        { class: 'help-row' },
        element('dt', {}, keyCaps(keys)),
        element('dd', {}, what),
      ),
    );
    this.root.append(
      element('h2', {}, 'One wall for everybody'),
      element(
        'p',
        {},
        'Draw with a finger, a pen or the mouse. Two fingers move and zoom. What you draw stays.',
      ),
      element('dl', {}, ...rows),
      button(message('past.close'), X, 'escape', () => this.root.close()),
    );
    this.root.addEventListener('click', (event) => {
      if (event.target === this.root) {
        this.root.close();
      }
    });
  }

  toggle(): void {
    if (this.root.open) {
      this.root.close();
    } else {
      this.root.showModal();
    }
  }
}

function keyCaps(keys: string): DocumentFragment {
  const made = document.createDocumentFragment();
  for (const key of keys.split(/ {2,}| (?=Shift|Z)/)) {
    made.append(element('kbd', {}, key));
  }
  return made;
}
