/* What a person types or pastes to say where: coordinates, or a link to a view. Pure.
 *
 *   120.5, -40          pixels at 100 %; the zoom stays
 *   -5120, 880, 2       as the address has it: whole pixels of the level nearest to the zoom; a fourth is the angle
 *   120, -40, 50%       pixels at 100 %, and how large
 *   https://…/c/main#@-5120,880,2   a link, also one to another canvas of this server */
import { parsePage, parseView } from '../core/address.ts';
import { ZOOM_MAX, ZOOM_MIN, type Camera } from '../core/camera.ts';
import { positionFromPixels, translate } from '../core/geometry.ts';
import { withPlace } from './flight.ts';

export type Where =
  | { kind: 'view'; camera: Camera }
  | { kind: 'link'; href: string; camera: Camera | null } /* to another canvas, or to its past */
  | { kind: 'elsewhere'; host: string };

/* Digits of any script, and the signs that keyboards and pages put for minus and comma. */
function plain(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Nd}/gu, (digit) => String(valueOfDigit(digit.codePointAt(0)!)))
    .replace(/[\u2212\u2010-\u2015]/g, '-')
    .replace(/[\u060c\u3001\uff0c;]/g, ',')
    .replace(/\u066b/g, '.')
    .replace(/[()[\]\u200e\u200f\u061c]/g, ' ')
    .trim();
}

/* Decimal digits come in runs of ten, from zero up: whatever is not a digit ends the run. */
function valueOfDigit(code: number): number {
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) {
    value++;
  }
  return value;
}

function parseLink(text: string, here: URL): Where | null {
  let url: URL;
  try {
    url = new URL(text, here);
  } catch {
    return null;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return null;
  }
  if (url.host !== here.host) {
    return { kind: 'elsewhere', host: url.host };
  }
  const camera = parseView(url.hash);
  const isHere = parsePage(url.pathname, '').canvas === parsePage(here.pathname, '').canvas;
  if (isHere && camera !== null && !url.hash.includes('&')) {
    return { kind: 'view', camera };
  }
  return { kind: 'link', href: url.href, camera };
}

function zoomOf(word: string): number | null {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(word);
  const zoom = percent === null ? Number(word) : Math.log2(Number(percent[1]) / 100);
  return zoom >= ZOOM_MIN && zoom <= ZOOM_MAX ? zoom : null;
}

/* Decimals of pixels at 100 %, inside the world. */
function worldPlace(x: string, y: string): Camera['centre'] | null {
  const [wholeX, wholeY] = [Math.floor(Number(x)), Math.floor(Number(y))];
  if (Math.max(Math.abs(wholeX), Math.abs(wholeY)) > 2 ** 31) {
    return null;
  }
  const whole = positionFromPixels(0, String(wholeX), String(wholeY));
  return translate(whole, Number(x) - wholeX, Number(y) - wholeY);
}

export function parseWhere(text: string, camera: Camera, here: URL): Where | null {
  const said = plain(text);
  if (/^(https?:)?\/\//i.test(said) || /^\/(c\/|[?#]|$)/.test(said)) {
    return parseLink(said, here);
  }
  const typed = said.replace(/^#?@/, '').replace(/\b[xy]\s*[:=]/gi, ' ');
  const words = typed.split(/\s*,\s*|\s+/).filter((word) => word !== '');
  const [x, y, third] = words;
  const isNumber = (word: string | undefined): boolean => /^[-+]?\d{1,20}(\.\d{1,20})?$/.test(word ?? '');
  if (!isNumber(x) || !isNumber(y) || words.length > 4) {
    return null;
  }
  const exact = third === undefined ? null : parseView(`#@${words.join(',')}`);
  if (exact !== null) {
    const isTurned = words.length > 3;
    return { kind: 'view', camera: isTurned ? exact : withPlace(camera, exact.centre, exact.zoom) };
  }
  if (words.length > 3) {
    return null;
  }
  const zoom = third === undefined ? camera.zoom : zoomOf(third);
  const centre = worldPlace(x!, y!);
  if (zoom === null || centre === null) {
    return null;
  }
  return { kind: 'view', camera: withPlace(camera, centre, zoom) };
}
