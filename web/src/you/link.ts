/* Making another device one's own: a code to type, a link to open, and the link as a picture for a camera. The code stands in the
 * link's fragment, which is sent to nobody. */
import { encode } from 'uqr';
import { message } from '../i18n/i18n.ts';
import { element } from '../ui/dom.ts';
import { action, copyAction, note, section, shown } from './parts.ts';
import type { You } from './you.ts';

const SVG = 'http://www.w3.org/2000/svg';
const QUIET = 3; /* a camera wants a margin */

function qrCode(text: string): SVGElement {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET });
  const root = document.createElementNS(SVG, 'svg');
  root.setAttribute('viewBox', `0 0 ${size} ${size}`);
  root.setAttribute('class', 'you-qr');
  root.setAttribute('role', 'img');
  root.setAttribute('aria-label', message('you.qr'));
  root.setAttribute('shape-rendering', 'crispEdges');
  const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', dark.join(''));
  root.append(path);
  return root;
}

export function otherDevice(you: You): HTMLElement {
  const place = element('div', { class: 'you-made' });
  const make = action(message('you.makeCode'), async () => {
    const answer = await you.ask({ type: 'link' });
    if (answer !== null) {
      const code = String(answer['code']);
      const link = `${location.origin}${location.pathname}#link=${code}`;
      place.replaceChildren(
        shown('you-code', code),
        qrCode(link),
        note('you.codeWhere'),
        copyAction(you, link, 'you.copyLink'),
      );
    }
  });
  return section('you.other', note('you.otherWhat'), make, place);
}
