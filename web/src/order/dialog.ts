/* A small dialog with a form in it. */
import { X } from 'lucide';
import { message } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';

/* `send` tells what went wrong, or null; then it closes. */
export function askForm(
  title: string,
  fields: readonly Node[],
  submit: string,
  send: () => Promise<string | null>,
): HTMLDialogElement | null {
  if (document.querySelector('dialog[open]') !== null) {
    return null;
  }
  const made = element('dialog', { class: 'order-dialog', 'aria-label': title });
  const close = button(message('past.close'), X, null, () => made.close());
  close.classList.add('order-close');
  const trouble = element('p', { class: 'order-trouble', role: 'alert' });
  const save = element('button', { type: 'submit', class: 'order-do' }, submit);
  const form = element('form', {}, ...fields, trouble, save);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    save.disabled = true;
    void send().then((wrong) => {
      save.disabled = false;
      trouble.textContent = wrong ?? '';
      if (wrong === null) {
        made.close();
      }
    });
  });
  made.append(element('h2', {}, title), close, form);
  const before = document.activeElement as HTMLElement | null;
  made.addEventListener('close', () => {
    made.remove();
    before?.focus({ preventScroll: true });
  });
  document.body.append(made);
  made.showModal();
  made.querySelector<HTMLElement>('input, select')?.focus();
  return made;
}

export function labelled(label: string, field: HTMLElement): HTMLElement {
  return element('label', { class: 'order-field' }, element('span', {}, label), field);
}

export function textField(max: number): HTMLInputElement {
  return element('input', { type: 'text', maxlength: String(max), autocomplete: 'off' });
}

export function choice(options: readonly (readonly [string, string])[]): HTMLSelectElement {
  return element('select', {}, ...options.map(([value, text]) => element('option', { value }, text)));
}

export function failed(error: unknown): string {
  return (error as Error).message;
}
