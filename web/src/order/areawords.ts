/* Areas as the server tells them, in words; and what the form says, as an act. Pure. */
import { formatList, formatNumber, message } from '../i18n/i18n.ts';
import { artistName } from '../history/words.ts';
import type { Place, PolicyArea } from './wire.ts';
import { areaName } from './words.ts';

export interface Area extends PolicyArea {
  owner: number | null;
  members: number[];
}

/* What the form holds. `forS`: so long from now, 0: for good, null: as it is. */
export interface AreaWish {
  kind: string;
  name: string;
  owner: number | null;
  members: readonly number[];
  place: Place;
  forS: number | null;
  why: string;
}

/* Who is in it counts in these alone. */
export const hasMembers = (kind: string): boolean => kind === 'protected' || kind === 'owned';

export const areaTitle = ({ kind, name }: Area): string => (name === '' ? areaName(kind) : `${areaName(kind)} · ${name}`);

/* What was set last is looked for first. */
export function newestFirst(areas: readonly Area[]): Area[] {
  return [...areas].sort((a, b) => Number(BigInt(b.act) - BigInt(a.act)));
}

/* Everybody an area names: its owner, then the others. */
export function peopleOf({ owner, members }: Pick<Area, 'owner' | 'members'>): number[] {
  return [...new Set([...(owner === null ? [] : [owner]), ...members])];
}

export function forWhom(area: Area, nameOf: (artist: number) => string): string {
  if (!hasMembers(area.kind)) {
    return '';
  }
  const names = peopleOf(area).map((artist) => {
    const name = artistName(artist, nameOf(artist));
    return artist === area.owner ? message('order.areaOwner', { name }) : name;
  });
  return names.length === 0 ? message('order.areaNobody') : message('order.areaFor', { names: formatList(names) });
}

/* In pixels at 100 %, as the search field takes them: its size, and its middle. */
export function whereText({ level, x, y, width, height }: Place): string {
  const down = 2 ** -level;
  const plain = (value: number): string => formatNumber(Math.round(value * 100) / 100, { maximumSignificantDigits: 12 });
  return message('order.areaWhere', {
    width: plain(width * down),
    height: plain(height * down),
    x: plain((Number(x) + width / 2) * down),
    y: plain((Number(y) + height / 2) * down),
  });
}

/* The question that makes an area, or puts this in the place of `of`. */
export function areaAct(wish: AreaWish, of: Area | null): { act: Record<string, unknown>; for_s?: number } {
  const { kind, name, owner, members, place, forS, why } = wish;
  const { level, x, y, width, height } = place;
  const others = members.filter((member) => member !== owner);
  const act = {
    kind: 'area',
    area: kind,
    ...(of === null ? {} : { of: of.area }),
    name,
    level,
    x,
    y,
    width,
    height,
    ...(owner === null ? {} : { owner }),
    ...(others.length === 0 ? {} : { members: others }),
    ...(why === '' ? {} : { why }),
    ...(forS === null && of !== null && of.until !== null ? { until: of.until } : {}),
  };
  return forS !== null && forS > 0 ? { act, for_s: forS } : { act };
}
