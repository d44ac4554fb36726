/* Small things that the panel's parts share. */
import { message, type MessageId } from '../i18n/i18n.ts';
import { copyText } from '../place/dialogs.ts';
import { element } from '../ui/dom.ts';
import type { You } from './you.ts';

export function section(title: MessageId, ...children: (Node | string)[]): HTMLElement {
  return element('section', {}, element('h3', {}, message(title)), ...children);
}

export function note(id: MessageId): HTMLElement {
  return element('p', { class: 'you-note' }, message(id));
}

/* Cannot be pressed while it works. */
export function action(text: string, act: () => Promise<void> | void, isQuiet = false): HTMLButtonElement {
  const kind = isQuiet ? 'text-button is-quiet' : 'text-button';
  const made = element('button', { type: 'button', class: kind }, text);
  made.addEventListener('click', () => {
    made.disabled = true;
    void Promise.resolve(act()).finally(() => (made.disabled = false));
  });
  return made;
}

export function copyAction(you: You, text: string, label: MessageId): HTMLButtonElement {
  return action(message(label), async () => {
    you.say(message((await copyText(text)) ? 'embed.copied' : 'embed.copyYourself'));
  });
}

/* A text to be read off or selected as a whole. */
export function shown(kind: string, text: string): HTMLElement {
  return element('output', { class: kind, dir: 'ltr', translate: 'no' }, text);
}
