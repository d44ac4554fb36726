/* The bit stream that holds a stroke's channels: Rice codes, most significant bit first.
 * docs/storage.md tells the form. */
import { FormatError } from './bytes.ts';

const K_MAX = 14;
const ESCAPE = 24;

export class BitWriter {
  private readonly bytes: number[] = [];
  private current = 0;
  private used = 0;

  bits(value: number, count: number): void {
    for (let i = count - 1; i >= 0; i--) {
      this.current = (this.current << 1) | ((value >>> i) & 1);
      if (++this.used === 8) {
        this.bytes.push(this.current);
        this.current = 0;
        this.used = 0;
      }
    }
  }

  /* A channel: the cheapest parameter, then the residuals. */
  channel(residuals: Uint32Array): void {
    const k = cheapestParameter(residuals);
    this.bits(k, 4);
    for (const residual of residuals) {
      const ones = residual >>> k;
      if (ones >= ESCAPE) {
        this.bits(2 ** ESCAPE - 1, ESCAPE);
        this.bits(residual, 32);
      } else {
        this.bits(2 ** (ones + 1) - 2, ones + 1);
        this.bits(residual & ((1 << k) - 1), k);
      }
    }
  }

  finish(): Uint8Array {
    while (this.used > 0) {
      this.bits(0, 1);
    }
    return Uint8Array.from(this.bytes);
  }
}

function cheapestParameter(residuals: Uint32Array): number {
  let best = 0;
  let bestCost = Infinity;
  for (let k = 0; k <= K_MAX; k++) {
    let cost = 0;
    for (const residual of residuals) {
      const ones = residual >>> k;
      cost += ones < ESCAPE ? ones + 1 + k : ESCAPE + 32;
    }
    if (cost < bestCost) {
      best = k;
      bestCost = cost;
    }
  }
  return best;
}

export class BitReader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  private bit(): number {
    const byte = this.at >>> 3;
    if (byte >= this.bytes.length) {
      throw new FormatError('truncated');
    }
    return (this.bytes[byte]! >>> (7 - (this.at++ & 7))) & 1;
  }

  private bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      value = value * 2 + this.bit();
    }
    return value;
  }

  private rice(k: number): number {
    let ones = 0;
    while (ones < ESCAPE && this.bit() === 1) {
      ones++;
    }
    if (ones < ESCAPE) {
      return ones * 2 ** k + this.bits(k);
    }
    const value = this.bits(32);
    if (Math.floor(value / 2 ** k) < ESCAPE) {
      throw new FormatError('a longer code than needed');
    }
    return value;
  }

  /* Calls `take` with each of the channel's residuals. */
  channel(count: number, take: (residual: number, index: number) => void): void {
    const k = this.bits(4);
    if (k > K_MAX) {
      throw new FormatError('bad Rice parameter');
    }
    for (let i = 0; i < count; i++) {
      take(this.rice(k), i);
    }
  }

  /* Only the last byte's padding may be left, and it is zero. */
  finish(): void {
    if (this.bytes.length * 8 - this.at >= 8) {
      throw new FormatError('bytes left over');
    }
    while (this.at < this.bytes.length * 8) {
      if (this.bit() !== 0) {
        throw new FormatError('padding is not zero');
      }
    }
  }
}
