/* What the server would have said in a frame: VIEW and TILE records. Pure. */
import { ByteWriter } from '../core/bytes.ts';
import { LEVEL_MIN, type TileId, type TileRect } from '../core/geometry.ts';

function addRecord(out: ByteWriter, type: number, write: (payload: ByteWriter) => void): void {
  const payload = new ByteWriter();
  write(payload);
  const bytes = payload.finish();
  out.u8(type);
  out.varint(bytes.length);
  out.raw(bytes);
}

function buffer(out: ByteWriter): ArrayBuffer {
  return out.finish().slice().buffer;
}

/* `seqs` row by row. */
export function viewFrame(id: number, rect: TileRect, seqs: readonly number[]): ArrayBuffer {
  const out = new ByteWriter();
  addRecord(out, 0x88, (payload) => {
    payload.varint(id);
    payload.u8(0);
    payload.varint(seqs.reduce((most, seq) => Math.max(most, seq), 0));
    payload.u8(rect.level - LEVEL_MIN);
    payload.zigzag(rect.x);
    payload.zigzag(rect.y);
    payload.varint(rect.width);
    payload.varint(rect.height);
    seqs.forEach((seq) => payload.varint(seq));
  });
  return buffer(out);
}

export function tilesFrame(tiles: readonly (TileId & { seq: number })[]): ArrayBuffer {
  const out = new ByteWriter();
  for (const { level, x, y, seq } of tiles) {
    addRecord(out, 0x86, (payload) => {
      payload.u8(level - LEVEL_MIN);
      payload.zigzag(x);
      payload.zigzag(y);
      payload.varint(seq);
    });
  }
  return buffer(out);
}
