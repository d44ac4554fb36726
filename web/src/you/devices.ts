/* Where one is signed in; each can be signed out from any other. */
import { formatTime, message } from '../i18n/i18n.ts';
import { element } from '../ui/dom.ts';
import { action, section } from './parts.ts';
import type { You } from './you.ts';

interface Device {
  device: number;
  created: number;
  seen: number;
  this: boolean;
}

export function day(timeMs: number): string {
  return formatTime(timeMs, { dateStyle: 'medium' });
}

function row(you: You, one: Device): HTMLElement {
  const since = message('you.deviceSeen', { created: day(one.created), seen: day(one.seen) });
  const made = element('li', {}, element('span', {}, one.this ? `${message('you.thisDevice')}, ${since}` : since));
  if (!one.this) {
    made.append(
      action(
        message('you.signOut'),
        async () => {
          if ((await you.ask({ type: 'device_end', device: one.device })) !== null) {
            made.remove();
          }
        },
        true,
      ),
    );
  }
  return made;
}

export function devices(you: You): HTMLElement {
  const list = element('ul', { class: 'you-list' });
  const root = section('you.devices', list);
  root.hidden = true;
  void you.ask({ type: 'devices' }).then((answer) => {
    const found = (answer?.['devices'] ?? []) as Device[];
    root.hidden = found.length === 0;
    list.replaceChildren(...found.map((one) => row(you, one)));
  });
  return root;
}
