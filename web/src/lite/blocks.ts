/* Blocks of 8 x 8 tiles, as the server tells their versions: which cover a view, what has changed. Pure. */
import type { TileRect } from '../core/geometry.ts';

const BLOCK_TILES = 8;

export interface Block {
  level: number;
  x: number;
  y: number;
}

export function blocksOf(rect: TileRect): Block[] {
  const first = (at: number): number => Math.floor(at / BLOCK_TILES);
  const blocks: Block[] = [];
  for (let y = first(rect.y); y <= first(rect.y + rect.height - 1); y++) {
    for (let x = first(rect.x); x <= first(rect.x + rect.width - 1); x++) {
      blocks.push({ level: rect.level, x, y });
    }
  }
  return blocks;
}

/* Copies what of a block lies in the view to its place in `seqs`, where it is newer; the places that rose. A cache
 * may answer two questions in the wrong order: what is older is not news. */
export function merge(
  rect: TileRect,
  block: Block,
  versions: readonly number[],
  seqs: number[],
): number[] {
  const risen: number[] = [];
  versions.forEach((seq, i) => {
    const column = block.x * BLOCK_TILES + (i % BLOCK_TILES) - rect.x;
    const row = block.y * BLOCK_TILES + Math.floor(i / BLOCK_TILES) - rect.y;
    if (column >= 0 && column < rect.width && row >= 0 && row < rect.height) {
      const at = row * rect.width + column;
      if (seq > seqs[at]!) {
        seqs[at] = seq;
        risen.push(at);
      }
    }
  });
  return risen;
}
