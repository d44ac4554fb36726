/* Records of the log put together: strokes, and the parts of groups as one. Pure. */
import { markKey } from '../core/marks.ts';
import { decodeOp } from '../core/op.ts';
import type { OpRecord } from './api.ts';
import type { Piece } from './tempo.ts';

/* Two artists may have used one nonce. */
export function nameOf({ artist, key }: Pick<Piece, 'artist' | 'key'>): string {
  return `${artist}:${key}`;
}

/* In order. `open`: the last group of the records before, which may go on in these. */
export function piecesOf(records: readonly OpRecord[], open: Piece | null = null): Piece[] {
  const pieces = new Map<string, Piece>();
  if (open !== null) {
    pieces.set(nameOf(open), { ...open, parts: [...open.parts] });
  }
  for (const record of records) {
    const op = decodeOp(record.body);
    if (op.kind !== 'stroke') {
      continue;
    }
    const { seq, artist, timeMs } = record;
    const piece = { seq, artist, key: markKey(record.nonce, record.counter - op.part), timeMs };
    const known = pieces.get(nameOf(piece));
    if (known !== undefined) {
      known.parts.push(op);
    } else {
      pieces.set(nameOf(piece), { ...piece, parts: [op] });
    }
  }
  return [...pieces.values()];
}

/* Is more of it to come? */
export function isOpenGroup(piece: Piece): boolean {
  const last = piece.parts[piece.parts.length - 1]!;
  return last.part < last.parts - 1;
}
