/* What moderators read: kinds, acts, times. */
import { shownName } from '../i18n/former.ts';
import { message, type MessageId } from '../i18n/i18n.ts';
import { artistName, shortTime } from '../history/words.ts';
import type { Entry, Sanction } from './wire.ts';

const named =
  (ids: Record<string, MessageId>) =>
  (name: unknown): string => {
    const id = ids[String(name)];
    return id === undefined ? String(name ?? '') : message(id);
  };

export const KINDS = ['mute', 'slow', 'suspend', 'ban'] as const;
export const MODES = ['open', 'newcomers', 'invited', 'read-only'] as const;
export const AREAS = ['protected', 'owned', 'quiet', 'frozen'] as const;

export const kindName = named({ mute: 'order.mute', slow: 'order.slow', suspend: 'order.suspend', ban: 'order.ban' });
export const modeName = named({ open: 'order.open', newcomers: 'order.newcomers', invited: 'order.invited', 'read-only': 'order.readOnly' });
export const areaName = named({ protected: 'order.protected', owned: 'order.owned', quiet: 'order.quiet', frozen: 'order.frozen', plain: 'order.plain' });
const actName = named({
  mode: 'order.actMode',
  area: 'order.actArea',
  role: 'order.actRole',
  votes: 'order.actVotes',
  voted: 'order.actVoted',
  rollback: 'order.actRollback',
  undo: 'order.actUndo',
});

export function untilText(until: number | null): string {
  return until === null ? message('order.forGood') : message('order.until', { time: shortTime(until) });
}

export function whom(sanction: Sanction): string {
  return sanction.prefix ?? artistName(sanction.artist ?? 0, sanction.name);
}

export function sanctionText(sanction: Sanction): string {
  const parts = [kindName(sanction.kind), whom(sanction), untilText(sanction.until)];
  if (sanction.hidden) {
    parts.push(message('order.hidden'));
  }
  if (sanction.everywhere) {
    parts.push(message('order.everywhere'));
  }
  return parts.join(' · ');
}

export function entryText(entry: Entry): string {
  if (entry.sanction !== undefined) {
    const text = sanctionText(entry.sanction);
    return entry.what === 'sanction' ? text : `${message('order.ended')}: ${text}`;
  }
  if (entry.report !== undefined) {
    return `${message('order.reportClosed')}: ${entry.report.text || artistName(entry.report.artist ?? 0, entry.report.name)}`;
  }
  const record = entry.record ?? {};
  const details = [
    record['mode'] === undefined ? '' : modeName(record['mode']),
    record['area'] === undefined ? '' : areaName(record['area']),
    record['role'] === undefined ? '' : String(record['role']),
    String(record['name'] ?? shownName(entry.name ?? '')),
    record['strokes'] === undefined ? '' : message('past.strokes', { count: Number(record['strokes']) }),
  ].filter((text) => text !== '');
  return [actName(record['kind']), ...details].join(' · ');
}
