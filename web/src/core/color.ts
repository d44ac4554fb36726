/* Colours as numbers: hex, HSV for picking, OKLab (Ottosson 2020) for how far apart two look and for lighter and darker
 * ones of the same hue. Pure. */

export interface Rgb {
  r: number; /* 0..1, sRGB */
  g: number;
  b: number;
}

export interface Hsv {
  h: number; /* degrees */
  s: number; /* 0..1 */
  v: number;
}

export interface Oklch {
  l: number; /* 0..1 */
  c: number;
  h: number; /* degrees */
}

/* '#rrggbb' of what people type or paste: with or without #, three digits or six; null if it is no colour. */
export function readHex(text: string): string | null {
  const digits = /^\s*#?([0-9a-f]{3}|[0-9a-f]{6})\s*$/i.exec(text)?.[1]?.toLowerCase();
  if (digits === undefined) {
    return null;
  }
  return `#${digits.length === 3 ? digits.replace(/./g, '$&$&') : digits}`;
}

export function rgbOf(hex: string): Rgb {
  const value = parseInt(hex.slice(1), 16);
  return { r: (value >> 16) / 255, g: ((value >> 8) & 255) / 255, b: (value & 255) / 255 };
}

export function hexOf({ r, g, b }: Rgb): string {
  const byte = (share: number): number => Math.round(Math.min(1, Math.max(0, share)) * 255);
  return `#${((byte(r) << 16) | (byte(g) << 8) | byte(b)).toString(16).padStart(6, '0')}`;
}

/* A grey has no hue, black no saturation: `former` has what it would have had. */
export function hsvOf({ r, g, b }: Rgb, former: Hsv = { h: 0, s: 0, v: 0 }): Hsv {
  const v = Math.max(r, g, b);
  const span = v - Math.min(r, g, b);
  if (span === 0) {
    return { h: former.h, s: v === 0 ? former.s : 0, v };
  }
  const sixth = v === r ? (g - b) / span : v === g ? 2 + (b - r) / span : 4 + (r - g) / span;
  return { h: (sixth * 60 + 360) % 360, s: span / v, v };
}

export function rgbOfHsv({ h, s, v }: Hsv): Rgb {
  const part = (n: number): number => {
    const k = (n + h / 60) % 6;
    return v - v * s * Math.max(0, Math.min(k, 4 - k, 1));
  };
  return { r: part(5), g: part(3), b: part(1) };
}

const toLinear = (share: number): number =>
  share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
const fromLinear = (share: number): number =>
  share <= 0.0031308 ? share * 12.92 : 1.055 * share ** (1 / 2.4) - 0.055;

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

export function oklabOf({ r, g, b }: Rgb): [number, number, number] {
  return oklabOfLinear(toLinear(r), toLinear(g), toLinear(b));
}

export function linearOf({ r, g, b }: Rgb): [number, number, number] {
  return [toLinear(r), toLinear(g), toLinear(b)];
}

export function oklchOf(rgb: Rgb): Oklch {
  const [l, a, b] = oklabOf(rgb);
  return { l, c: Math.hypot(a, b), h: ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360 };
}

function linearOfOklch({ l, c, h }: Oklch): [number, number, number] {
  const [a, b] = [c * Math.cos((h * Math.PI) / 180), c * Math.sin((h * Math.PI) / 180)];
  const long = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short,
  ];
}

/* What a screen can show of it: as light, of the same hue, as colourful as fits. */
export function rgbOfOklch(color: Oklch): Rgb {
  const fits = (c: number): boolean =>
    linearOfOklch({ ...color, c }).every((share) => share > -0.0005 && share < 1.0005);
  let [low, high] = [0, color.c];
  if (!fits(high)) {
    for (let i = 0; i < 20; i++) {
      const middle = (low + high) / 2;
      [low, high] = fits(middle) ? [middle, high] : [low, middle];
    }
  } else {
    low = high;
  }
  const [r, g, b] = linearOfOklch({ ...color, c: low }).map((share) =>
    fromLinear(Math.min(1, Math.max(0, share))),
  );
  return { r: r!, g: g!, b: b! };
}

/* `count` colours from dark to light with the hue of this one. */
export function shadesOf(hex: string, count: number): string[] {
  const { c, h } = oklchOf(rgbOf(hex));
  return Array.from({ length: count }, (_, i) =>
    hexOf(rgbOfOklch({ l: 0.22 + (0.74 * i) / (count - 1), c, h })),
  );
}
