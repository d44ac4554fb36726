/* Places as the server takes and tells them: level-0 pixels as decimals, exact at every level. Pure. */
import { makeCamera, ZOOM_MAX, ZOOM_MIN, type Camera } from '../core/camera.ts';
import { clampLevel, clampToWorld, type Position } from '../core/geometry.ts';

/* An eighth of a pixel at all but the last levels. */
const SUB_BITS = 3;
const PLACES_MAX = 24; /* after the point */
const OFFSET_BITS = 8; /* of an offset in a tile */
const TILE_BITS = 8;

function decimal(scaled: bigint, bits: number): string {
  if (bits <= 0) {
    return (scaled << BigInt(-bits)).toString();
  }
  const sign = scaled < 0n ? '-' : '';
  const digits = ((scaled < 0n ? -scaled : scaled) * 5n ** BigInt(bits)).toString();
  const padded = digits.padStart(bits + 1, '0');
  const fraction = padded.slice(-bits).replace(/0+$/, '');
  return `${sign}${padded.slice(0, -bits)}${fraction === '' ? '' : `.${fraction}`}`;
}

export function worldDecimals(place: Position): { x: string; y: string } {
  const sub = Math.min(SUB_BITS, PLACES_MAX - place.level);
  const axis = (tile: number, offset: number): string => {
    const tiles = BigInt(tile) << BigInt(TILE_BITS + sub);
    return decimal(tiles + BigInt(Math.round(offset * 2 ** sub)), place.level + sub);
  };
  return { x: axis(place.tileX, place.x), y: axis(place.tileY, place.y) };
}

function axisOf(text: string, level: number): [number, number] | null {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,24}))?$/.exec(text);
  if (match === null) {
    return null;
  }
  const fraction = match[3] ?? '';
  const whole = BigInt(match[2]! + fraction) * (match[1] === '-' ? -1n : 1n);
  const bits = level + OFFSET_BITS;
  const divisor = 10n ** BigInt(fraction.length) * (bits < 0 ? 1n << BigInt(-bits) : 1n);
  const scaled = whole * (bits > 0 ? 1n << BigInt(bits) : 1n);
  const floored = scaled / divisor - (scaled % divisor < 0n ? 1n : 0n);
  const tile = floored >> BigInt(TILE_BITS + OFFSET_BITS);
  const offset = floored - (tile << BigInt(TILE_BITS + OFFSET_BITS));
  return [Number(tile), Number(offset) / 2 ** OFFSET_BITS];
}

/* A view as the server tells it; null if it is none. */
export function cameraOf(x: string, y: string, zoom: number): Camera | null {
  if (!(zoom >= ZOOM_MIN && zoom <= ZOOM_MAX)) {
    return null;
  }
  const level = clampLevel(Math.round(zoom));
  const [along, down] = [axisOf(x, level), axisOf(y, level)];
  if (along === null || down === null) {
    return null;
  }
  const place = { level, tileX: along[0], tileY: down[0], x: along[1], y: down[1] };
  return makeCamera(clampToWorld(place), zoom);
}
