/* Colours as numbers: hex, and OKLab (Ottosson 2020) for how far apart two look. Pure. */

export interface Rgb {
  r: number; /* 0..1, sRGB */
  g: number;
  b: number;
}

export interface Oklch {
  l: number; /* 0..1 */
  c: number;
  h: number; /* degrees */
}

export function rgbOf(hex: string): Rgb {
  const value = parseInt(hex.slice(1), 16);
  return { r: (value >> 16) / 255, g: ((value >> 8) & 255) / 255, b: (value & 255) / 255 };
}

export function hexOf({ r, g, b }: Rgb): string {
  const byte = (share: number): number => Math.round(Math.min(1, Math.max(0, share)) * 255);
  return `#${((byte(r) << 16) | (byte(g) << 8) | byte(b)).toString(16).padStart(6, '0')}`;
}

const toLinear = (share: number): number =>
  share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
/* L, a, b of linear red, green and blue. */
export function oklabOfLinear(r: number, g: number, b: number): [number, number, number] {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

export function linearOf({ r, g, b }: Rgb): [number, number, number] {
  return [toLinear(r), toLinear(g), toLinear(b)];
}

function oklabOf(rgb: Rgb): [number, number, number] {
  return oklabOfLinear(...linearOf(rgb));
}

export function oklchOf(rgb: Rgb): Oklch {
  const [l, a, b] = oklabOf(rgb);
  return { l, c: Math.hypot(a, b), h: ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360 };
}
