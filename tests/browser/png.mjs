// Reads a PNG exactly, to straight RGBA: 8 bits a channel or a palette, not interlaced. A browser's
// canvas would round what is translucent.
import { inflateSync } from 'node:zlib';

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

function* chunks(bytes) {
  for (let at = 8; at < bytes.length;) {
    const size = bytes.readUInt32BE(at);
    yield {
      type: bytes.toString('latin1', at + 4, at + 8),
      data: bytes.subarray(at + 8, at + 8 + size),
    };
    at += size + 12;
  }
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(guess - value));
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

function unfilter(data, height, rowBytes, step) {
  const out = Buffer.alloc(height * rowBytes);
  for (let y = 0; y < height; y++) {
    const filter = data[y * (rowBytes + 1)];
    for (let i = 0; i < rowBytes; i++) {
      const at = y * rowBytes + i;
      const left = i >= step ? out[at - step] : 0;
      const up = y > 0 ? out[at - rowBytes] : 0;
      const corner = i >= step && y > 0 ? out[at - rowBytes - step] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      out[at] = data[y * (rowBytes + 1) + 1 + i] + guess;
    }
  }
  return out;
}

export function decodePng(bytes) {
  let header;
  let palette;
  let alphas = Buffer.alloc(0);
  const data = [];
  for (const chunk of chunks(bytes)) {
    if (chunk.type === 'IHDR') {
      header = chunk.data;
    } else if (chunk.type === 'PLTE') {
      palette = chunk.data;
    } else if (chunk.type === 'tRNS') {
      alphas = chunk.data;
    } else if (chunk.type === 'IDAT') {
      data.push(chunk.data);
    }
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const [depth, type] = [header[8], header[9]];
  const rowBytes = Math.ceil((width * CHANNELS[type] * depth) / 8);
  const step = Math.max(1, (CHANNELS[type] * depth) >> 3);
  const rows = unfilter(inflateSync(Buffer.concat(data)), height, rowBytes, step);
  const rgba = new Uint8ClampedArray(width * height * 4);
  const sample = (x, y) => {
    const bit = x * depth;
    return (rows[y * rowBytes + (bit >> 3)] >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  };
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    if (type === 3) {
      const index = sample(x, y);
      rgba.set(palette.subarray(index * 3, index * 3 + 3), i * 4);
      rgba[i * 4 + 3] = alphas[index] ?? 255;
    } else {
      const pixel = rows.subarray(y * rowBytes + x * step, y * rowBytes + (x + 1) * step);
      const grey = type === 0 || type === 4;
      rgba.set(grey ? [pixel[0], pixel[0], pixel[0]] : pixel.subarray(0, 3), i * 4);
      rgba[i * 4 + 3] = type === 6 ? pixel[3] : type === 4 ? pixel[1] : 255;
    }
  }
  return { width, height, rgba };
}
