// The module's bare exports for tests, without the wrapper that web/src/ink.ts is.

import { readFile } from 'node:fs/promises';

const TILE_PIXELS = 256 * 256;

export async function loadInk() {
  const bytes = await readFile(new URL('../../build/web/ink.wasm', import.meta.url));
  const { instance } = await WebAssembly.instantiate(bytes, {});
  return instance.exports;
}

export function fnv1a(bytes) {
  // 64 bits as two halves: the prime is 2^40 + 0x1b3
  let [high, low] = [0xcbf29ce4, 0x84222325];
  for (const byte of bytes) {
    low = (low ^ byte) >>> 0;
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 2 ** 32) + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

export function fillStroke(ink, slot, stroke) {
  ink.stroke_begin(slot, stroke.level, stroke.x, stroke.y, stroke.tool, stroke.color, stroke.width);
  ink.stroke_set_part(slot, stroke.part, stroke.partCount);
  let end = stroke.contours?.[0];
  let contour = 0;
  stroke.points.forEach(([x, y, pressure], i) => {
    if (i === end) {
      ink.stroke_next_contour(slot);
      end += stroke.contours[++contour];
    }
    ink.stroke_push(slot, x, y, pressure, 0);
  });
}

// { rect, hash } of a vector of tests/data/ink-vectors.json; `step` points at a time when given.
export function drawVector(ink, vector, step = 8192) {
  const [mask, slot, tile] = [ink.mask_alloc(), ink.stroke_alloc(), ink.tile_alloc()];
  for (const stroke of vector.strokes) {
    if (stroke.contours && vector.strokes.length > 1) {
      step = 8192; // a shape is drawn whole, in place of what was there
    }
    for (let done = 0; done < stroke.points.length; done += step) {
      fillStroke(ink, slot, { ...stroke, points: stroke.points.slice(0, done + step) });
      ink.mask_add(mask, slot, done, ...vector.tile);
    }
  }
  new Uint32Array(ink.memory.buffer, tile, TILE_PIXELS).fill(vector.ground);
  const { tool, color } = vector.strokes[0];
  ink.mask_composite(mask, tool, color, tile, tile);
  const rect = [...new Int32Array(ink.memory.buffer, ink.mask_rect(mask), 4)];
  const hash = fnv1a(new Uint8Array(ink.memory.buffer, tile, TILE_PIXELS * 4));
  ink.mask_clear(mask);
  ink.mask_free(mask);
  ink.stroke_free(slot);
  ink.tile_free(tile);
  return { rect, hash };
}
