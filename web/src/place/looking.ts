/* Pages that only look on: the way back from another site's frame, which lets the page around it scroll, and a
 * screen in a hall that shows no pointer and stays awake. */
import { message } from '../i18n/i18n.ts';
import { element } from '../ui/dom.ts';
import { linkTo } from './snippets.ts';
import type { Flown } from './flyer.ts';

const POINTER_RESTS_MS = 2_500;

/* To the very view, in a page of its own. */
export function linkBack(canvas: string, wall: Flown): HTMLElement {
  const link = element('a', { class: 'link-back', target: '_blank', rel: 'noopener' });
  link.append(message('embed.open'));
  const update = (): void => {
    link.href = linkTo(location.origin, canvas, wall.camera);
  };
  for (const name of ['pointerdown', 'focus', 'pointerenter'] as const) {
    link.addEventListener(name, update);
  }
  update();
  return link;
}

/* The wheel is the page's around it, unless Control is held; so is a finger that goes up or down (place.css). */
export function letPageScroll(): void {
  document.documentElement.style.overscrollBehavior = 'auto';
  document.body.style.overscrollBehavior = 'auto';
  const pass = (event: WheelEvent): void => {
    if (!event.ctrlKey && !event.metaKey) {
      event.stopImmediatePropagation();
    }
  };
  window.addEventListener('wheel', pass, { capture: true, passive: true });
}

export function hidePointer(): void {
  let timer = 0;
  const rest = (): void => document.body.classList.add('is-pointer-hidden');
  window.addEventListener('pointermove', () => {
    document.body.classList.remove('is-pointer-hidden');
    window.clearTimeout(timer);
    timer = window.setTimeout(rest, POINTER_RESTS_MS);
  });
  rest();
}

/* Where the browser may. The lock goes when the page is hidden, and is asked for again when it is back. */
export function stayAwake(): void {
  const wake = (): void => {
    if (!document.hidden && 'wakeLock' in navigator) {
      navigator.wakeLock.request('screen').catch(() => undefined); /* no power, or not allowed */
    }
  };
  document.addEventListener('visibilitychange', wake);
  wake();
}
