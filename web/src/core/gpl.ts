/* Palettes as GIMP writes them (.gpl), which most drawing programs read:
 *
 *     GIMP Palette
 *     Name: Sunset
 *     Columns: 4
 *     # a comment
 *     255 128   0	Orange
 *
 * Pure. */
import { hexOf, rgbOf } from './color.ts';
import { COLORS_MAX, NAME_MAX, type OwnPalette } from './swatches.ts';

/* Null if it is none. What is no colour is left out, what comes twice is taken once. */
export function readGpl(text: string): OwnPalette | null {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  if (!/^GIMP Palette\s*$/.test(lines[0] ?? '')) {
    return null;
  }
  const name = /^Name:\s*(.+?)\s*$/m.exec(lines.slice(1, 3).join('\n'))?.[1] ?? '';
  const colors = new Set<string>();
  for (const line of lines.slice(1)) {
    const found = /^\s*(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})(\s|$)/.exec(line);
    const bytes = found?.slice(1, 4).map(Number) ?? [];
    if (bytes.length === 3 && bytes.every((byte) => byte <= 255) && colors.size < COLORS_MAX) {
      const [r, g, b] = bytes.map((byte) => byte / 255);
      colors.add(hexOf({ r: r!, g: g!, b: b! }));
    }
  }
  return colors.size === 0 ? null : { name: name.slice(0, NAME_MAX), colors: [...colors] };
}

export function writeGpl({ name, colors }: OwnPalette): string {
  const rows = colors.map((hex) => {
    const { r, g, b } = rgbOf(hex);
    const bytes = [r, g, b].map((share) => String(Math.round(share * 255)).padStart(3));
    return `${bytes.join(' ')}\t${hex}`;
  });
  return ['GIMP Palette', `Name: ${name.replace(/\s+/g, ' ')}`, 'Columns: 9', '#', ...rows, ''].join('\n');
}
