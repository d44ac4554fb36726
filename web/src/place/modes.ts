/* How a page that only looks on is shown: `?watch`, `?tour` (flies by itself), `?kiosk` (a tour, and nothing
 * but the wall), `?embed` (in another site's frame). Pure. */
import { wordsOf } from '../core/address.ts';

export type Mode = 'draw' | 'watch' | 'tour' | 'kiosk' | 'embed';

export function modeOf(search: string): Mode {
  const asked = wordsOf(search);
  for (const mode of ['embed', 'kiosk', 'tour', 'watch'] as const) {
    if (asked.has(mode)) {
      return mode;
    }
  }
  return 'draw';
}

/* Nobody looks for buttons there. */
export function isBare(mode: Mode): boolean {
  return mode === 'kiosk' || mode === 'embed';
}

/* In a frame of another site nobody draws, whatever the address says: who would lay it under something else
 * could make people draw. (The server forbids such frames, but for `?embed`.) */
export function searchOf(page: Window): string {
  const { search } = page.location;
  let isForeign = false;
  try {
    isForeign = page.top !== page.self && page.top?.location.origin !== page.location.origin;
  } catch {
    isForeign = true;
  }
  return isForeign && modeOf(search) !== 'embed' ? `${search === '' ? '?' : `${search}&`}embed` : search;
}
