/* Rows of the panel: a name, a few words, where pressing leads, and a small thing or two to do beside it. */
import type { IconNode } from 'lucide';
import { element, icon } from '../ui/dom.ts';

export interface RowText {
  title: string;
  note: string;
  label?: string; /* for those who hear it, where the title alone says too little */
}

export interface Row {
  element: HTMLElement;
  setText(text: RowText): void;
  setTint(color: string | null): void;
  setDisabled(isDisabled: boolean): void;
}

export function makeRow(picture: IconNode | null, go: () => void, extras: HTMLElement[] = []): Row {
  const title = element('span', { class: 'row-title' });
  const note = element('span', { class: 'row-note' });
  const dot = element('span', { class: 'row-dot' }, ...(picture === null ? [] : [icon(picture)]));
  const words = element('span', { class: 'row-words' }, title, note);
  const main = element('button', { type: 'button', class: 'row-main' }, dot, words);
  main.addEventListener('click', go);
  const root = element('li', { class: 'row' }, main, ...extras);
  const set = (node: HTMLElement, text: string): void => {
    if (node.textContent !== text) {
      node.textContent = text;
    }
  };
  return {
    element: root,
    setText(text) {
      set(title, text.title);
      set(note, text.note);
      if (text.label !== undefined) {
        main.setAttribute('aria-label', text.label);
      }
    },
    setTint(color) {
      dot.classList.toggle('is-tinted', color !== null);
      dot.style.setProperty('--tint', color ?? 'transparent');
    },
    setDisabled(isDisabled) {
      main.disabled = isDisabled;
    },
  };
}

export function smallButton(text: string, act: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button', class: 'row-act' }, text);
  made.addEventListener('click', act);
  return made;
}
