/* The colours on offer. Okabe and Ito's eight (2008) are the start: told apart with any kind of colour vision; then
 * darker and lighter ones, moved until no two of all are nearer than 0.05 in OKLab, and no two of the first nine nearer than
 * 0.09, for normal eyes and under protanopia, deuteranopia and tritanopia (tests/web/swatches.test.mjs). A row of nine
 * for the number keys; below each its darker and its lighter kin. Pure. */
import { oklchOf, rgbOf } from './color.ts';

export const SWATCHES = [
  ['ink', '#1e1919'],
  ['red', '#d83910'],
  ['orange', '#ec9e1c'],
  ['yellow', '#ffd200'],
  ['green', '#179771'],
  ['sky', '#58b9f9'],
  ['blue', '#1a49c6'],
  ['pink', '#e45db2'],
  ['white', '#ffffff'],
  ['slate', '#565e69'],
  ['maroon', '#5e1c10'],
  ['brown', '#7b3604'],
  ['olive', '#737531'],
  ['forest', '#1d5540'],
  ['teal', '#2a7f7a'],
  ['navy', '#00275a'],
  ['violet', '#642c8c'],
  ['clay', '#bf8242'],
  ['silver', '#b2bdc4'],
  ['rose', '#ce959c'],
  ['peach', '#f7b384'],
  ['cream', '#fbf3ac'],
  ['mint', '#c0f5e3'],
  ['ice', '#c3dce6'],
  ['periwinkle', '#8399e9'],
  ['lilac', '#dbbfff'],
  ['sand', '#e8dbb6'],
] as const;

/* Colours that somebody chose, with a name. */
export interface OwnPalette {
  name: string;
  colors: string[];
}

export const COLORS_MAX = 256;
export const NAME_MAX = 60;

export type SwatchName = (typeof SWATCHES)[number][0];

/* Which of the swatches any colour is most like, and whether it is that one: what to call it. */
export function nearestSwatch(hex: string): { name: SwatchName; isSame: boolean } {
  let best: (typeof SWATCHES)[number] = SWATCHES[0];
  for (const swatch of SWATCHES) {
    if (unlike(swatch[1], hex) < unlike(best[1], hex)) {
      best = swatch;
    }
  }
  return { name: best[0], isSame: best[1] === hex };
}

/* Distance as names go: lightness counts half, hue more, and a grey is not to be called by a colour, nor a colour
 * grey. */
function unlike(a: string, b: string): number {
  const [one, other] = [oklchOf(rgbOf(a)), oklchOf(rgbOf(b))];
  const turn = Math.cos(((one.h - other.h) * Math.PI) / 180);
  const colors = one.c ** 2 + other.c ** 2 - 2 * one.c * other.c * turn;
  const distance = Math.sqrt(((one.l - other.l) / 2) ** 2 + colors);
  const [isGrey, isOtherGrey] = [one.c < 0.025, other.c < 0.025];
  if (isGrey || isOtherGrey) {
    return distance + (isGrey !== isOtherGrey ? 0.12 : 0);
  }
  return distance + 0.2 * (1 - turn);
}
