/* The recovery phrase: shown once, to be written down. */
import { message } from '../i18n/i18n.ts';
import { element } from '../ui/dom.ts';
import { action, copyAction, note, section } from './parts.ts';
import type { You } from './you.ts';

function words(phrase: string): HTMLElement {
  const rows = phrase.split(' ').map((word) => element('li', {}, word));
  return element('ol', { class: 'you-words', dir: 'ltr', lang: 'en', translate: 'no' }, ...rows);
}

export function recovery(you: You): HTMLElement {
  const place = element('div', { class: 'you-made' });
  const make = action(message('you.makePhrase'), async () => {
    const answer = await you.ask({ type: 'recovery' });
    if (answer !== null) {
      const phrase = String(answer['phrase']);
      place.replaceChildren(
        words(phrase),
        note('you.phraseOnce'),
        element(
          'div',
          { class: 'you-row' },
          copyAction(you, phrase, 'embed.copy'),
          action(message('you.print'), () => window.print(), true),
        ),
      );
    }
  });
  return section('you.recovery', note('you.recoveryWhat'), make, place);
}
