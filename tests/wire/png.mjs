// PNG to RGBA, enough for what kolam writes: 8 bits of grey, RGB, RGBA, and palettes of 1 to 8 bits.

import { inflateSync } from 'node:zlib';

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

function chunksOf(bytes) {
  const chunks = [];
  for (let at = 8; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    chunks.push({ type, data: bytes.subarray(at + 8, at + 8 + size) });
    at += 12 + size;
  }
  return chunks;
}

function paeth(a, b, c) {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

const PREDICTORS = [null, (a) => a, (a, b) => b, (a, b) => (a + b) >> 1, paeth];

function unfilter(raw, rows, stride, step) {
  const out = Buffer.alloc(rows * stride);
  for (let y = 0; y < rows; y += 1) {
    const from = y * (stride + 1) + 1;
    const to = y * stride;
    const predict = PREDICTORS[raw[from - 1]];
    raw.copy(out, to, from, from + stride);
    for (let i = 0; predict && i < stride; i += 1) {
      const a = i >= step ? out[to + i - step] : 0;
      const b = y > 0 ? out[to - stride + i] : 0;
      const c = y > 0 && i >= step ? out[to - stride + i - step] : 0;
      out[to + i] += predict(a, b, c);
    }
  }
  return out;
}

// Palette indexes of `depth` bits to RGBA; what is beyond `alpha` is opaque.
function fromPalette(rgba, rows, { width, height, depth, stride }, palette, alpha = Buffer.alloc(0)) {
  const mask = 2 ** depth - 1;
  for (let y = 0, to = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, to += 4) {
      const bit = x * depth;
      const index = (rows[y * stride + (bit >> 3)] >> (8 - depth - (bit & 7))) & mask;
      rgba[to] = palette[index * 3];
      rgba[to + 1] = palette[index * 3 + 1];
      rgba[to + 2] = palette[index * 3 + 2];
      rgba[to + 3] = index < alpha.length ? alpha[index] : 255;
    }
  }
}

// Grey or colours, with alpha or without.
function fromChannels(rgba, rows, channels) {
  const isGrey = channels < 3;
  const hasAlpha = channels % 2 === 0;
  for (let from = 0, to = 0; to < rgba.length; from += channels, to += 4) {
    rgba[to] = rows[from];
    rgba[to + 1] = rows[from + (isGrey ? 0 : 1)];
    rgba[to + 2] = rows[from + (isGrey ? 0 : 2)];
    rgba[to + 3] = hasAlpha ? rows[from + channels - 1] : 255;
  }
}

// { width, height, rgba, text: { keyword: value } }
export function decodePng(bytes) {
  if (bytes.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') {
    throw new Error(`not a PNG: ${bytes.subarray(0, 80)}`);
  }
  const chunks = chunksOf(bytes);
  const find = (type) => chunks.find((chunk) => chunk.type === type)?.data;
  const all = (type) => chunks.filter((chunk) => chunk.type === type).map(({ data }) => data);
  const header = find('IHDR');
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const [depth, kind, , , interlace] = header.subarray(8);
  const channels = CHANNELS[kind];
  if (!chunks.some(({ type }) => type === 'IEND') || interlace || (depth !== 8 && kind !== 3)) {
    throw new Error('a PNG that kolam would not write');
  }
  const stride = Math.ceil((width * channels * depth) / 8);
  const raw = inflateSync(Buffer.concat(all('IDAT')));
  if (raw.length !== height * (stride + 1)) {
    throw new Error(`pixel data of ${raw.length} bytes, not ${height * (stride + 1)}`);
  }
  const rows = unfilter(raw, height, stride, Math.max(1, (channels * depth) >> 3));
  const rgba = Buffer.alloc(width * height * 4);
  if (kind === 3) {
    fromPalette(rgba, rows, { width, height, depth, stride }, find('PLTE'), find('tRNS'));
  } else {
    fromChannels(rgba, rows, channels);
  }
  const text = Object.fromEntries(
    all('tEXt').map((data) => {
      const at = data.indexOf(0);
      return [data.toString('latin1', 0, at), data.toString('latin1', at + 1)];
    }),
  );
  for (const data of all('iTXt')) {
    const at = data.indexOf(0);
    const languageEnd = data.indexOf(0, at + 3);
    const keywordEnd = data.indexOf(0, languageEnd + 1);
    text[data.toString('latin1', 0, at)] = data.toString('utf8', keywordEnd + 1);
  }
  return { width, height, rgba, text };
}

// [r, g, b, a] at (x, y).
export function pixelAt(picture, x, y) {
  const at = (y * picture.width + x) * 4;
  return [...picture.rgba.subarray(at, at + 4)];
}
