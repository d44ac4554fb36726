/* Colours as they are mixed: what people type, HSV for picking, OKLCH for lighter and darker ones of the same hue. Loaded
 * with the mixer. Pure. */
import { hexOf, oklchOf, rgbOf, type Oklch, type Rgb } from './color.ts';

export interface Hsv {
  h: number; /* degrees */
  s: number; /* 0..1 */
  v: number;
}

/* '#rrggbb' of what people type or paste: with or without #, three digits or six; null if it is no colour. */
export function readHex(text: string): string | null {
  const digits = /^\s*#?([0-9a-f]{3}|[0-9a-f]{6})\s*$/i.exec(text)?.[1]?.toLowerCase();
  if (digits === undefined) {
    return null;
  }
  return `#${digits.length === 3 ? digits.replace(/./g, '$&$&') : digits}`;
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

const fromLinear = (share: number): number =>
  share <= 0.0031308 ? share * 12.92 : 1.055 * share ** (1 / 2.4) - 0.055;

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
