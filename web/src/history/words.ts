/* Times in words. Pure. */

const PARTS = {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
} as const;
const SHORT = new Intl.DateTimeFormat(undefined, PARTS);
const SHORT_OLD = new Intl.DateTimeFormat(undefined, { ...PARTS, year: 'numeric' });
const LONG = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const AGO = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

export function exactTime(timeMs: number): string {
  return LONG.format(timeMs);
}

export function shortTime(timeMs: number, nowMs = Date.now()): string {
  const isThisYear = new Date(timeMs).getFullYear() === new Date(nowMs).getFullYear();
  return (isThisYear ? SHORT : SHORT_OLD).format(timeMs);
}

export function timeAgo(timeMs: number, nowMs: number): string {
  const seconds = (nowMs - timeMs) / 1000;
  for (const [unit, size] of STEPS) {
    if (seconds >= size) {
      return AGO.format(-Math.floor(seconds / size), unit);
    }
  }
  return seconds < 10 ? 'just now' : AGO.format(-Math.floor(seconds), 'second');
}

export function clock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}
