/* Two small dialogs: a name for this place, and how to show this view elsewhere. */
import { X } from 'lucide';
import type { Camera, Viewport } from '../core/camera.ts';
import { message, type MessageId } from '../i18n/i18n.ts';
import { button, element } from '../ui/dom.ts';
import { NAME_MAX } from './bookmarks.ts';
import { cameraForSize, frameSnippet, imageSnippet, linkTo, snapshotUrl, type Size } from './snippets.ts';

/* Null if one is open: its key was pressed again before it was there. One that was closed may stand for a moment still. */
function dialog(kind: string, title: MessageId): HTMLDialogElement | null {
  if (document.querySelector('dialog.place-dialog[open]') !== null) {
    return null;
  }
  const made = element('dialog', { class: `place-dialog ${kind}`, 'aria-label': message(title) });
  const close = button(message('place.close'), X, null, () => made.close());
  close.classList.add('place-close');
  made.append(element('h2', {}, message(title)), close);
  made.addEventListener('click', (event) => {
    if (event.target === made) {
      made.close();
    }
  });
  made.addEventListener('close', () => {
    made.remove();
    document.querySelector<HTMLElement>('#wall')?.focus({ preventScroll: true });
  });
  return made;
}

/* `keep` tells what went wrong, or null. */
export function askName(
  keep: (name: string, isShared: boolean) => Promise<string | null>,
  mayShare: boolean,
): void {
  const made = dialog('is-naming', 'places.nameThis');
  if (made === null) {
    return;
  }
  const input = element('input', {
    type: 'text',
    class: 'place-text',
    maxlength: String(NAME_MAX),
    autocomplete: 'off',
    required: '',
  });
  input.setAttribute('aria-label', message('places.name'));
  input.placeholder = message('places.name');
  const shared = element('input', { type: 'checkbox' });
  const trouble = element('p', { class: 'place-trouble', role: 'alert' });
  const save = element('button', { type: 'submit', class: 'text-button' }, message('places.keep'));
  const check = element('label', { class: 'place-check' }, shared, message('places.share'));
  check.hidden = !mayShare;
  const form = element('form', {}, input, check, trouble, save);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const name = input.value.trim();
    if (name === '') {
      return;
    }
    save.disabled = true;
    void keep(name, shared.checked).then((wrong) => {
      save.disabled = false;
      trouble.textContent = wrong ?? '';
      if (wrong === null) {
        made.close();
      }
    });
  });
  made.append(form);
  document.body.append(made);
  made.showModal();
  input.focus();
}

const SIZES: readonly Size[] = [
  { width: 640, height: 400 },
  { width: 960, height: 600 },
  { width: 1200, height: 630 },
  { width: 400, height: 400 },
];
const SIDE_MIN = 120;
const SIDE_MAX = 4096;
/* As large as the preview in the dialog is. */
const PREVIEW_PX = 240;

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/* What is copied, selected for the hand where the browser does not let scripts copy. */
function copyRow(label: MessageId, said: (text: string) => void): { root: HTMLElement; set(text: string): void } {
  const area = element('textarea', { readonly: '', rows: '2', spellcheck: 'false', 'aria-label': message(label) });
  const copy = element('button', { type: 'button', class: 'text-button' }, message('embed.copy'));
  copy.setAttribute('aria-label', message('embed.copyWhat', { what: message(label) }));
  copy.addEventListener('click', () => {
    void copyText(area.value).then((isDone) => {
      if (!isDone) {
        area.focus();
        area.select();
      }
      said(message(isDone ? 'embed.copied' : 'embed.copyYourself'));
    });
  });
  area.addEventListener('focus', () => area.select());
  const root = element('div', { class: 'embed-row' }, element('h3', {}, message(label)), area, copy);
  return { root, set: (text) => (area.value = text) };
}

export function showEmbed(canvas: string, camera: Camera, viewport: Viewport): void {
  const made = dialog('is-embed', 'embed.title');
  if (made === null) {
    return;
  }
  const { origin } = location;
  const title = message('embed.alt', { canvas });
  const status = element('p', { class: 'search-said', role: 'status' });
  const said = (text: string): void => void (status.textContent = text);
  const link = copyRow('embed.link', said);
  const frame = copyRow('embed.frame', said);
  const picture = copyRow('embed.picture', said);
  const preview = element('img', { class: 'embed-preview', alt: title });
  const side = (label: MessageId): HTMLInputElement => {
    const input = element('input', { type: 'number', class: 'place-text', min: String(SIDE_MIN), max: String(SIDE_MAX) });
    input.setAttribute('aria-label', message(label));
    return input;
  };
  const [width, height] = [side('embed.width'), side('embed.height')];
  const sizes = element('div', { class: 'embed-sizes', role: 'group', 'aria-label': message('embed.size') });
  const held = (input: HTMLInputElement): number =>
    Math.min(SIDE_MAX, Math.max(SIDE_MIN, Math.round(Number(input.value)) || SIDE_MIN));
  const update = (): void => {
    const size = { width: held(width), height: held(height) };
    link.set(linkTo(origin, canvas, camera));
    frame.set(frameSnippet(origin, canvas, camera, viewport, size, title));
    picture.set(imageSnippet(origin, canvas, camera, viewport, size, title));
    for (const each of sizes.querySelectorAll('button')) {
      each.setAttribute('aria-pressed', String(each.dataset['size'] === `${size.width}x${size.height}`));
    }
  };
  const showPreview = (): void => {
    const share = PREVIEW_PX / Math.max(held(width), held(height));
    const small = { width: Math.round(held(width) * share), height: Math.round(held(height) * share) };
    const seen = { width: held(width), height: held(height), ratio: 1 };
    const view = cameraForSize(camera, viewport, seen);
    preview.src = snapshotUrl('', canvas, view, seen, small);
    [preview.width, preview.height] = [small.width, small.height];
  };
  for (const size of SIZES) {
    const each = element('button', { type: 'button' }, `${size.width} × ${size.height}`);
    each.dataset['size'] = `${size.width}x${size.height}`;
    each.addEventListener('click', () => {
      [width.value, height.value] = [String(size.width), String(size.height)];
      update();
      showPreview();
    });
    sizes.append(each);
  }
  [width.value, height.value] = [String(SIZES[0]!.width), String(SIZES[0]!.height)];
  for (const input of [width, height]) {
    input.addEventListener('input', update);
    input.addEventListener('change', showPreview);
  }
  sizes.append(element('span', { class: 'embed-own' }, width, '×', height));
  made.append(
    element('p', {}, message('embed.what')),
    element('div', { class: 'embed-shown' }, preview),
    sizes,
    link.root,
    frame.root,
    picture.root,
    status,
  );
  update();
  showPreview();
  document.body.append(made);
  made.showModal();
  frame.root.querySelector('button')!.focus();
}
