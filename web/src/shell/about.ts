/* What kolam is, and whose work is in it. Loaded when it is asked for. */
import { X } from 'lucide';
import { message } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';

/* Names and licences are the same in every language. */
const CREDITS: readonly [string, string][] = [
  ['FormatJS', 'MIT'],
  ['idb', 'ISC'],
  ['Lucide', 'ISC'],
  ['cairo', 'LGPL / MPL'],
  ['libwebsockets', 'MIT'],
  ['SQLite', 'Public Domain'],
  ['Zstandard', 'BSD'],
];

export class About {
  readonly root = element('dialog', { class: 'about' });

  constructor() {
    const title = message('about.title');
    this.root.setAttribute('aria-label', title);
    const rows = CREDITS.flatMap(([name, licence]) => [
      element('dt', { dir: 'ltr' }, name),
      element('dd', { dir: 'ltr' }, licence),
    ]);
    this.root.append(
      button(message('past.close'), X, 'escape', () => this.root.close()),
      element('h2', {}, title),
      element('p', {}, message('app.description')),
      element('p', {}, message('about.word')),
      element('p', {}, message('about.stays')),
      element('h3', {}, message('about.credits')),
      element('dl', {}, ...rows),
      element('p', { class: 'about-licence' }, message('about.licence')),
    );
    this.root.addEventListener('click', (event) => {
      if (event.target === this.root) {
        this.root.close();
      }
    });
  }

  open(): void {
    this.root.showModal();
  }
}
