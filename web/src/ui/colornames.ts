/* What a colour is called, for those who do not see it and those who see it differently. */
import { nearestSwatch } from '../core/swatches.ts';
import { message } from '../i18n/i18n.ts';

export function colorName(hex: string): string {
  const { name, isSame } = nearestSwatch(hex);
  const word = message(`color.${name}`);
  return isSame ? word : message('color.like', { color: word, hex });
}
