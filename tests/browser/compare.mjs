// The pixels of a page's tiles against the server's, whatever browser the page is in.
import assert from 'node:assert/strict';
import { decodePng } from '../wire/png.mjs';

/* How far apart two pixels are, premultiplied: what is transparent has no colour. */
function distance(a, b, i) {
  const [alphaA, alphaB] = [a[i + 3], b[i + 3]];
  let worst = Math.abs(alphaA - alphaB);
  for (let channel = i; channel < i + 3; channel++) {
    worst = Math.max(worst, Math.abs(a[channel] * alphaA - b[channel] * alphaB) / 255);
  }
  return worst;
}

export function compare(mine, theirs) {
  const result = { off: 0, worst: 0, inked: 0, equal: 0 };
  for (let i = 0; i < theirs.length; i += 4) {
    const isSame = mine[i + 3] === theirs[i + 3] && mine[i] === theirs[i] && mine[i + 1] === theirs[i + 1] && mine[i + 2] === theirs[i + 2];
    const worst = isSame ? 0 : distance(mine, theirs, i);
    result.worst = Math.max(result.worst, worst);
    result.off += worst > 2 ? 1 : 0;
    result.inked += theirs[i + 3] > 0 ? 1 : 0;
    result.equal += worst < 0.5 ? 1 : 0;
  }
  return result;
}

/** The tiles in view as the page has them; `rgba` as base64, null for an empty tile. */
export async function tilesOf(page) {
  const tiles = await page.evaluate(() => {
    const view = window.kolamDebug.view();
    const tiles = [];
    for (let y = view.y; y < view.y + view.height; y++) {
      for (let x = view.x; x < view.x + view.width; x++) {
        const { rgba } = window.kolamDebug.tile(view.level, x, y);
        const inked = rgba.some((value) => value > 0) ? rgba.length : 0;
        let text = '';
        for (let i = 0; i < inked; i += 8192) {
          text += String.fromCharCode(...rgba.subarray(i, i + 8192));
        }
        tiles.push({ level: view.level, x, y, base64: btoa(text) });
      }
    }
    return tiles;
  });
  return tiles.map(({ base64, ...tile }) => {
    const bytes = Buffer.from(base64, 'base64');
    return { ...tile, rgba: bytes.length > 0 ? bytes : Buffer.alloc(4 * 256 * 256) };
  });
}

/** Every tile of the page against the server's. */
export async function compareAll(page, server, canvas, before = null) {
  const total = { pixels: 0, off: 0, worst: 0, inked: 0, equal: 0, popped: 0 };
  const tiles = await tilesOf(page);
  const pictures = await Promise.all(
    tiles.map(async ({ level, x, y }) => {
      const response = await fetch(new URL(`/tiles/${canvas}/${level}/${x}/${y}.png`, server.address));
      assert.equal(response.status, 200);
      return Buffer.from(await response.arrayBuffer());
    }),
  );
  for (const [i, { rgba }] of tiles.entries()) {
    const { rgba: theirs } = decodePng(pictures[i]);
    const result = compare(rgba, theirs);
    total.pixels += theirs.length / 4;
    total.worst = Math.max(total.worst, result.worst);
    for (const key of ['off', 'inked', 'equal']) {
      total[key] += result[key];
    }
    total.popped += before === null ? 0 : compare(before[i].rgba, rgba).off;
  }
  return total;
}
