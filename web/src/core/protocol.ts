/* The records of kolam.v1: what a client sends, and what a frame from the server holds.
 * docs/protocol.md is the contract. */
import { ByteReader, ByteWriter } from './bytes.ts';
import { LEVEL_MIN, type TileRect } from './geometry.ts';

export const SUBPROTOCOL = 'kolam.v1';

export const NACK_UNAVAILABLE = 5;

export interface PenPlace {
  level: number;
  tileX: number;
  tileY: number;
  x: number; /* 1/8 px in the tile, 0..2047 */
  y: number;
}

export type ServerRecord =
  | {
      type: 'op';
      seq: number;
      timeMs: number;
      artist: number;
      nonce: string;
      counter: number;
      replaces: number;
      body: Uint8Array;
    }
  | { type: 'ack'; counter: number; count: number; seq: number }
  | { type: 'nack'; counter: number; code: number; message: string }
  | {
      type: 'preview';
      artist: number;
      nonce: string;
      counter: number;
      first: number;
      body: Uint8Array;
    }
  | { type: 'preview-end'; nonce: string; counter: number }
  | { type: 'tile'; level: number; x: number; y: number; seq: number }
  | { type: 'cursor'; artist: number; nonce: string; place: PenPlace }
  | { type: 'view'; id: number; isResumed: boolean; seq: number; rect: TileRect; seqs: number[] }
  | { type: 'left'; nonce: string };

/* ---- from the client ---- */

export function encodeSubmit(counter: number, bodies: readonly Uint8Array[]): Uint8Array {
  const out = new ByteWriter();
  out.u8(0x01);
  out.varint(counter);
  out.varint(bodies.length);
  for (const body of bodies) {
    out.varint(body.length);
    out.raw(body);
  }
  return out.finish();
}

export function encodePreview(counter: number, first: number, body: Uint8Array): Uint8Array {
  const out = new ByteWriter();
  out.u8(0x02);
  out.varint(counter);
  out.varint(first);
  out.raw(body);
  return out.finish();
}

export function encodeCancel(counter: number): Uint8Array {
  const out = new ByteWriter();
  out.u8(0x03);
  out.varint(counter);
  return out.finish();
}

export function encodeCursor(place: PenPlace): Uint8Array {
  const out = new ByteWriter();
  out.u8(0x04);
  out.u8(place.level - LEVEL_MIN);
  out.zigzag(place.tileX);
  out.zigzag(place.tileY);
  out.varint(place.x);
  out.varint(place.y);
  return out.finish();
}

/* ---- from the server ---- */

function readPlace(input: ByteReader): PenPlace {
  return {
    level: input.u8() + LEVEL_MIN,
    tileX: input.zigzag(),
    tileY: input.zigzag(),
    x: input.varint(),
    y: input.varint(),
  };
}

function readView(input: ByteReader): ServerRecord {
  const id = input.varint();
  const flags = input.u8();
  const seq = input.varint();
  const level = input.u8() + LEVEL_MIN;
  const rect = {
    level,
    x: input.zigzag(),
    y: input.zigzag(),
    width: input.varint(),
    height: input.varint(),
  };
  const seqs: number[] = [];
  for (let i = 0; i < rect.width * rect.height; i++) {
    seqs.push(input.varint());
  }
  return { type: 'view', id, isResumed: (flags & 1) !== 0, seq, rect, seqs };
}

function readRecord(type: number, input: ByteReader): ServerRecord | null {
  switch (type) {
    case 0x81:
      return {
        type: 'op',
        seq: input.varint(),
        timeMs: input.varint(),
        artist: input.varint(),
        nonce: input.hex64(),
        counter: input.varint(),
        replaces: input.varint(),
        body: input.rest().slice(),
      };
    case 0x82:
      return { type: 'ack', counter: input.varint(), count: input.varint(), seq: input.varint() };
    case 0x83:
      return {
        type: 'nack',
        counter: input.varint(),
        code: input.u8(),
        message: new TextDecoder().decode(input.rest()),
      };
    case 0x84:
      return {
        type: 'preview',
        artist: input.varint(),
        nonce: input.hex64(),
        counter: input.varint(),
        first: input.varint(),
        body: input.rest().slice(),
      };
    case 0x85:
      return { type: 'preview-end', nonce: input.hex64(), counter: input.varint() };
    case 0x86:
      return {
        type: 'tile',
        level: input.u8() + LEVEL_MIN,
        x: input.zigzag(),
        y: input.zigzag(),
        seq: input.varint(),
      };
    case 0x87:
      return {
        type: 'cursor',
        artist: input.varint(),
        nonce: input.hex64(),
        place: readPlace(input),
      };
    case 0x88:
      return readView(input);
    case 0x89:
      return { type: 'left', nonce: input.hex64() };
    default:
      return null; /* of a later version: to be ignored */
  }
}

/* The records of a frame, in order. Throws FormatError where the frame is malformed. */
export function decodeFrame(frame: Uint8Array): ServerRecord[] {
  const records: ServerRecord[] = [];
  const input = new ByteReader(frame);
  while (input.left > 0) {
    const type = input.u8();
    const payload = input.raw(input.varint());
    const record = readRecord(type, new ByteReader(payload));
    if (record !== null) {
      records.push(record);
    }
  }
  return records;
}
