/* Elements, made without markup: the page's policy forbids inline styles and scripts. */
import { createElement, type IconNode } from 'lucide';
import { ariaKeys, keyCaps } from '../core/chords.ts';
import { message } from '../i18n/i18n.ts';

type Attributes = Record<string, string>;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export function icon(node: IconNode): SVGElement {
  const made = createElement(node);
  made.setAttribute('aria-hidden', 'true');
  made.setAttribute('class', 'icon');
  made.setAttribute('stroke-width', '1.75');
  return made;
}

export const isMac = /mac|iphone|ipad/i.test(navigator.platform);

/* A key as people write it: 'Ctrl+Shift+Z'. */
export function keyText(chord: string): string {
  return keyCaps(chord, isMac).join(isMac ? '' : '+');
}

/* The name, and the key if there is one. */
export function titleOf(label: string, chord: string | null | undefined): string {
  return chord ? message('button.titleWithKey', { label, key: keyText(chord) }) : label;
}

/* A button whose picture is an icon; the title tells the name and the key (core/chords.ts). */
export function button(
  label: string,
  picture: IconNode,
  chord: string | null,
  act: () => void,
): HTMLButtonElement {
  const title = titleOf(label, chord);
  const made = element('button', { type: 'button', 'aria-label': label, title }, icon(picture));
  if (chord !== null) {
    made.setAttribute('aria-keyshortcuts', ariaKeys(chord, isMac));
  }
  made.addEventListener('click', act);
  return made;
}

export function cssColor(color: number): string {
  return `#${(color >>> 8).toString(16).padStart(6, '0')}`;
}
