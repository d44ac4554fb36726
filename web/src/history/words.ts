/* Times and amounts in words. Pure. */
import { shownName } from '../i18n/former.ts';
import { formatAgo, formatNumber, formatTime, message } from '../i18n/i18n.ts';

const PARTS = {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
} as const;
const PARTS_OLD = { ...PARTS, year: 'numeric' } as const;
const LONG = { dateStyle: 'full', timeStyle: 'medium' } as const;

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

export function exactTime(timeMs: number): string {
  return formatTime(timeMs, LONG);
}

export function shortTime(timeMs: number, nowMs = Date.now()): string {
  const isThisYear = new Date(timeMs).getFullYear() === new Date(nowMs).getFullYear();
  return formatTime(timeMs, isThisYear ? PARTS : PARTS_OLD);
}

export function timeAgo(timeMs: number, nowMs: number): string {
  const seconds = (nowMs - timeMs) / 1000;
  for (const [unit, size] of STEPS) {
    if (seconds >= size) {
      return formatAgo(-Math.floor(seconds / size), unit);
    }
  }
  return seconds < 10 ? message('past.justNow') : formatAgo(-Math.floor(seconds), 'second');
}

export function clock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const minutes = formatNumber(Math.floor(seconds / 60), { useGrouping: false });
  return `${minutes}:${formatNumber(seconds % 60, { minimumIntegerDigits: 2 })}`;
}

export function strokes(count: number): string {
  return message('past.strokes', { count });
}

/* 0 is somebody whose name is not told: in a quiet area. */
export function artistName(artist: number, name: string): string {
  if (artist === 0) {
    return message('past.untold');
  }
  return name === '' ? message('past.artist', { number: String(artist) }) : shownName(name);
}
