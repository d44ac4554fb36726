/* Far out, a pen's line is a fraction of a pixel wide and its coverage, true to area, is next to
 * nothing. For display only, coverage is raised: alpha to a power below one, smaller the farther
 * out. Pure. */

/* Levels below this are boosted. */
export const BOOST_BELOW = -1;
const STEP = 0.12;
const EXPONENT_MIN = 0.34;

const tables = new Map<number, Uint8Array>();

export function boostTable(level: number): Uint8Array {
  const exponent = Math.max(EXPONENT_MIN, 1 - STEP * (BOOST_BELOW - level));
  let table = tables.get(exponent);
  if (table === undefined) {
    table = Uint8Array.from({ length: 256 }, (_, alpha) =>
      Math.round(255 * (alpha / 255) ** exponent),
    );
    tables.set(exponent, table);
  }
  return table;
}
