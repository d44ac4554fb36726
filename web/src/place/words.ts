/* What places, people and times are called. */
import { shownName } from '../i18n/former.ts';
import { formatAgo, formatList, message } from '../i18n/i18n.ts';
import { eighth, type Artist } from './lively.ts';

const NAMES_MAX = 2;

/* 'Mira', 'Mira and Otto', 'Mira, Otto and 5 others'; somebody without a name is somebody. */
export function namesOf(artists: readonly Artist[], count: number): string {
  const named = artists.filter(({ name }) => name !== '').map(({ name }) => shownName(name));
  const shown = named.slice(0, count > named.length ? NAMES_MAX : Math.min(NAMES_MAX + 1, named.length));
  const others = Math.max(count, named.length) - shown.length;
  if (shown.length === 0) {
    return message('place.somebody', { count: Math.max(1, count) });
  }
  return others > 0
    ? formatList([...shown, message('place.others', { count: others })])
    : formatList(shown);
}

const DIRECTIONS = [
  'place.toRight',
  'place.toLowerRight',
  'place.toBelow',
  'place.toLowerLeft',
  'place.toLeft',
  'place.toUpperLeft',
  'place.toAbove',
  'place.toUpperRight',
] as const;

export function directionOf(angle: number): string {
  return message(DIRECTIONS[eighth(angle)]!);
}

export function agoOf(thenMs: number, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - thenMs) / 1000);
  const steps: [number, Intl.RelativeTimeFormatUnit][] = [
    [60, 'second'],
    [3600, 'minute'],
    [86_400, 'hour'],
    [30 * 86_400, 'day'],
    [365 * 86_400, 'month'],
    [Infinity, 'year'],
  ];
  let unit = 1;
  for (const [below, name] of steps) {
    if (seconds < below) {
      return name === 'second' ? message('place.justNow') : formatAgo(-Math.floor(seconds / unit), name);
    }
    unit = below;
  }
  return '';
}

/* Who named a place; '' where that is not told. */
export function placedBy(name: string): string {
  return name === '' ? '' : message('places.by', { name: shownName(name) });
}
