/* Elements, made without markup: the page's policy forbids inline styles and scripts. */
import { createElement, type IconNode } from 'lucide';

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

/* A button whose picture is an icon; the title tells the name and the key. */
export function button(
  label: string,
  picture: IconNode,
  key: string | null,
  act: () => void,
): HTMLButtonElement {
  const title = key === null ? label : `${label} (${key})`;
  const made = element('button', { type: 'button', 'aria-label': label, title }, icon(picture));
  if (key !== null) {
    made.setAttribute('aria-keyshortcuts', key);
  }
  made.addEventListener('click', act);
  return made;
}

export function cssColor(color: number): string {
  return `#${(color >>> 8).toString(16).padStart(6, '0')}`;
}
