/* The stabiliser: the ink hangs on a string behind the pointer. While the string is slack nothing moves; when it is
 * taut the ink is pulled straight towards the pointer, so a tremble of the hand, small against the string, turns
 * the line by little, and a curve comes out as the smooth one that a towed thing runs. Way alone counts, not time:
 * who draws slowly gets the same line. Strength 0 is no string: the ink is where the pointer is. Pure. */

export const STEADY_MAX = 10;

/* CSS pixels: 3 at 1, 12 at 5, 64 at 10. */
export function stringLength(strength: number): number {
  return strength <= 0 ? 0 : 2.2 * 1.4 ** Math.min(STEADY_MAX, strength);
}

/* Where what hangs at `from` is once the pointer is at `to`. */
export function pull<T extends { x: number; y: number }>(from: T, to: T, length: number): { x: number; y: number } {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const way = Math.hypot(dx, dy);
  const share = way <= length ? 0 : (way - length) / way;
  return { x: from.x + dx * share, y: from.y + dy * share };
}
