/* Little-endian bytes and varints, for op bodies and records. Numbers are exact to 2^53; what
 * passes that is a bigint by name. Readers check every bound and throw FormatError. */

export class FormatError extends Error {}

export class ByteWriter {
  private bytes = new Uint8Array(256);
  private length = 0;

  private reserve(count: number): void {
    if (this.length + count > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /* 0 <= value < 2^53 */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.u8(rest);
  }

  bigVarint(value: bigint): void {
    let rest = value;
    while (rest >= 0x80n) {
      this.u8(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.u8(Number(rest));
  }

  zigzag(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  bigZigzag(value: bigint): void {
    this.bigVarint(value < 0n ? -value * 2n - 1n : value * 2n);
  }

  /* 16 hex digits, the most significant first, as a little-endian u64. */
  hex64(hex: string): void {
    for (let i = 14; i >= 0; i -= 2) {
      this.u8(parseInt(hex.slice(i, i + 2), 16));
    }
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

export class ByteReader {
  private at: number;
  private readonly end: number;

  constructor(
    private readonly bytes: Uint8Array,
    from = 0,
    to = bytes.length,
  ) {
    this.at = from;
    this.end = to;
  }

  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    if (this.at >= this.end) {
      throw new FormatError('truncated');
    }
    return this.bytes[this.at++]!;
  }

  raw(count: number): Uint8Array {
    if (count > this.left) {
      throw new FormatError('truncated');
    }
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  rest(): Uint8Array {
    return this.raw(this.left);
  }

  bigVarint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const byte = this.u8();
      const bits = BigInt(byte & 0x7f);
      if (shift === 63n && bits > 1n) {
        break;
      }
      value |= bits << shift;
      if (byte < 0x80) {
        if (byte === 0 && shift > 0n) {
          break;
        }
        return value;
      }
    }
    throw new FormatError('bad varint');
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && i > 0) {
          throw new FormatError('bad varint');
        }
        return value;
      }
      scale *= 0x80;
    }
    this.at -= 7;
    const big = this.bigVarint();
    if (big > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new FormatError('number too large');
    }
    return Number(big);
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  bigZigzag(): bigint {
    const value = this.bigVarint();
    return (value & 1n) === 1n ? -((value + 1n) >> 1n) : value >> 1n;
  }

  hex64(): string {
    let hex = '';
    for (const byte of this.raw(8)) {
      hex = byte.toString(16).padStart(2, '0') + hex;
    }
    return hex;
  }
}
