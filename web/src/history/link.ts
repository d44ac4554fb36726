/* What an address says beyond the place: a moment (`&at=<seq>`) or a replay
 * (`&replay=<from>-<to>[&rect=<level>,<x>,<y>,<w>,<h>]`). Pure. */
import type { PixelRect } from './area.ts';

export interface ReplaySpan {
  from: number;
  to: number;
  rect: PixelRect | null;
}

export interface Extras {
  at: number | null;
  replay: ReplaySpan | null;
}

function seqOf(text: string): number | null {
  return /^\d{1,15}$/.test(text) && Number(text) > 0 ? Number(text) : null;
}

function parseRect(text: string): PixelRect | null {
  const match = /^(-?\d{1,2}),(-?\d{1,20}),(-?\d{1,20}),(\d{1,15}),(\d{1,15})$/.exec(text);
  if (match === null) {
    return null;
  }
  const [level, width, height] = [match[1], match[4], match[5]].map(Number);
  if (Math.abs(level!) > 24 || width! < 1 || height! < 1) {
    return null;
  }
  return { level: level!, x: match[2]!, y: match[3]!, width: width!, height: height! };
}

export function parseExtras(hash: string): Extras {
  const extras: Extras = { at: null, replay: null };
  const words = new Map(
    hash
      .split('&')
      .slice(1)
      .map((word) => [word.split('=')[0]!, word.slice(word.indexOf('=') + 1)] as const),
  );
  extras.at = seqOf(words.get('at') ?? '');
  const span = (words.get('replay') ?? '').split('-').map(seqOf);
  const [from, to] = span;
  if (span.length === 2 && from && to && from <= to) {
    extras.replay = { from, to, rect: parseRect(words.get('rect') ?? '') };
  }
  return extras;
}

export function formatAt(seq: number): string {
  return `&at=${seq}`;
}

export function formatReplay({ from, to, rect }: ReplaySpan): string {
  const words = `&replay=${from}-${to}`;
  return rect === null
    ? words
    : `${words}&rect=${rect.level},${rect.x},${rect.y},${rect.width},${rect.height}`;
}
