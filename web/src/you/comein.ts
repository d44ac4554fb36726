/* Coming in by a code or a phrase: first who that is, then what is to become of who one is here. */
import { message } from '../i18n/i18n.ts';
import type { Json } from '../net/connection.ts';
import { element } from '../ui/dom.ts';
import { action, note, section } from './parts.ts';
import type { You } from './you.ts';

/* A phrase has blanks between its words, a code at most some. */
function questionOf(text: string): { type: string; code?: string; phrase?: string } {
  const words = text.trim().split(/\s+/);
  return words.length > 4 ? { type: 'recover', phrase: text } : { type: 'link_use', code: text.trim() };
}

function confirm(you: You, place: HTMLElement, text: string, found: Json): void {
  const { name: own } = you;
  const name = String(found['name']);
  const question = questionOf(text);
  const bring = element('input', { type: 'checkbox' });
  bring.checked = true;
  const children: Node[] = [
    element('p', { class: 'you-asked' }, message('you.become', { name })),
    element('p', { class: 'you-note' }, message('you.becomeWarn', { name })),
  ];
  const become = action(message('you.becomeDo', { name }), async () => {
    const answer = await you.ask({ ...question, merge: own !== null && bring.checked });
    if (answer !== null) {
      await you.enter(String(answer['claim']));
    }
  });
  if (own !== null) {
    children.push(element('label', { class: 'you-check' }, bring, message('you.bring', { own })));
  }
  children.push(become);
  if (own !== null) {
    const { code, phrase } = question;
    children.push(
      action(
        message('you.mergeDo', { name, own }),
        async () => {
          const answer = await you.ask({ type: 'merge', ...(code === undefined ? { phrase } : { code }) });
          if (answer !== null) {
            place.replaceChildren();
            you.say(message('you.merged', { name }));
          }
        },
        true,
      ),
    );
  }
  place.replaceChildren(...children);
  become.focus();
}

/* `code`: brought by a link; null: to be typed. */
export function comeIn(you: You, code: string | null): HTMLElement {
  const place = element('div', { class: 'you-made' });
  const look = async (text: string): Promise<void> => {
    you.say('');
    const found = await you.ask({ ...questionOf(text), look: true });
    if (found !== null) {
      confirm(you, place, text, found);
    }
  };
  if (code !== null) {
    void look(code);
    return element('section', {}, place);
  }
  const input = element('textarea', { rows: '2', autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off', dir: 'ltr' });
  input.setAttribute('aria-label', message('you.have'));
  const go = element('button', { type: 'submit', class: 'text-button' }, message('you.continue'));
  const form = element('form', { class: 'you-row' }, input, go);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (input.value.trim() !== '') {
      void look(input.value);
    }
  });
  return section('you.have', note('you.haveWhat'), form, place);
}
