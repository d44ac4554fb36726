/* What the server knows of one: all of it in one file, and the end of it. */
import { message } from '../i18n/i18n.ts';
import type { Json } from '../net/connection.ts';
import { element } from '../ui/dom.ts';
import { action, section } from './parts.ts';
import type { You } from './you.ts';

interface Share {
  canvas: string;
  artist: number;
  ops: number;
}

const PAUSE_MS = 250; /* the server answers so many questions a second */

/* Page after page, the newest first. */
async function opsOf(you: You, { canvas, artist }: Share): Promise<Json[] | null> {
  const ops: Json[] = [];
  for (let before: string | undefined; ; ) {
    const page = await you.ask({ type: 'export_me', canvas, artist, ...(before === undefined ? {} : { before }) });
    if (page === null) {
      return null;
    }
    ops.push(...(page['ops'] as Json[]));
    if (page['more'] !== true) {
      return ops;
    }
    before = String(ops[ops.length - 1]!['seq']);
    await new Promise((resolve) => window.setTimeout(resolve, PAUSE_MS));
  }
}

async function download(you: You): Promise<void> {
  const known = await you.ask({ type: 'export_me' });
  if (known === null) {
    return;
  }
  const canvases: object[] = [];
  for (const share of known['canvases'] as Share[]) {
    const ops = share.ops > 0 ? await opsOf(you, share) : [];
    if (ops === null) {
      return;
    }
    canvases.push({ ...share, ops });
  }
  const text = JSON.stringify({ person: known['person'], canvases }, null, 1);
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = element('a', { href: url, download: 'kolam-export.json' });
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function erasing(you: You): HTMLElement {
  const name = you.name ?? '';
  const input = element('input', { type: 'text', autocomplete: 'off', 'aria-label': message('name.label') });
  const erase = action(message('you.erase'), async () => {
    const answer = input.value === you.name ? await you.ask({ type: 'erase_me', name: input.value }) : null;
    if (answer !== null) {
      you.close();
      you.app.chrome.toast.say(message('you.erased'));
    }
  });
  erase.classList.add('is-grave');
  erase.disabled = true;
  input.addEventListener('input', () => (erase.disabled = input.value !== you.name));
  const row = element('div', { class: 'you-row' }, input, erase);
  const what = element('p', { class: 'you-note' }, message('you.eraseWhat', { name }));
  return element('details', {}, element('summary', {}, message('you.erase')), what, row);
}

export function aboutData(you: You): HTMLElement {
  return section('you.data', action(message('you.download'), () => download(you), true), erasing(you));
}
