// What the tests of selecting share.
import assert from 'node:assert/strict';
import { inkOf, until } from './kit.mjs';

export const report = (page) => page.evaluate(() => window.kolamDebug.studio());
export const selected = (page, count) =>
  until(page, (wanted) => window.kolamDebug.studio()?.count === wanted, count);
export const taken = (page) => until(page, () => window.kolamDebug.studio() !== null);

/** Ink in a box of the screen, of level 0 with the middle of the screen at 0, 0. */
export async function inkIn(page, [x0, y0, x1, y1]) {
  return page.evaluate(
    ([ax, ay, bx, by]) => {
      const [left, top] = [Math.round(ax - innerWidth / 2), Math.round(ay - innerHeight / 2)];
      let sum = 0;
      const tiles = new Map();
      for (let y = top; y < top + by - ay; y++) {
        for (let x = left; x < left + bx - ax; x++) {
          const key = `${Math.floor(x / 256)},${Math.floor(y / 256)}`;
          if (!tiles.has(key)) {
            tiles.set(key, window.kolamDebug.tile(0, Math.floor(x / 256), Math.floor(y / 256)));
          }
          sum += tiles.get(key)?.rgba[((y & 255) * 256 + (x & 255)) * 4 + 3] ?? 0;
        }
      }
      return sum;
    },
    [x0, y0, x1, y1],
  );
}

/** Under load the server may have to draw a picture again first. */
export async function becomes(isTrue, what) {
  for (const untilMs = Date.now() + 30_000; !(await isTrue()); ) {
    assert.ok(Date.now() < untilMs, what);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
export const inkBecomes = (page, ink) =>
  becomes(async () => (await inkOf(page)) === ink, `the ink becomes ${ink}`);

/** A lasso around a box of the screen. */
export const around = (x0, y0, x1, y1) => [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0 + 5]];
