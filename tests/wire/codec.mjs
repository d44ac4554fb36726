// The binary forms of docs/protocol.md and docs/storage.md, written from those pages alone: what a
// stranger would write. Values are plain objects; a nonce is 16 hex digits; tile coordinates and seqs
// are Numbers (they fit 2^53).

export const CLIENT = { submit: 1, preview: 2, cancel: 3, cursor: 4, submitAs: 5 };
const SERVER = {
  0x81: 'op', 0x82: 'ack', 0x83: 'nack', 0x84: 'preview', 0x85: 'previewEnd', 0x86: 'tile',
  0x87: 'cursor', 0x88: 'view', 0x89: 'left',
};
const KIND = { stroke: 1, hide: 2, show: 3, record: 4 };
const TOOL = { pen: 0, marker: 1, eraser: 2, pencil: 3, airbrush: 4, fill: 5 };

export class Writer {
  bytes = [];
  u8(value) {
    this.bytes.push(value & 0xff);
    return this;
  }
  varint(value) {
    let rest = BigInt(value);
    while (rest >= 128n) {
      this.bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.bytes.push(Number(rest));
    return this;
  }
  zigzag(value) {
    const big = BigInt(value);
    return this.varint(big < 0n ? -big * 2n - 1n : big * 2n);
  }
  u64(hex) {
    const value = BigInt(`0x${hex}`);
    for (let i = 0n; i < 64n; i += 8n) {
      this.u8(Number((value >> i) & 255n));
    }
    return this;
  }
  raw(bytes) {
    for (const byte of bytes) {
      this.bytes.push(byte);
    }
    return this;
  }
  sized(bytes) {
    return this.varint(bytes.length).raw(bytes);
  }
  finish() {
    return Uint8Array.from(this.bytes);
  }
}

export class Reader {
  constructor(bytes, at = 0, end = bytes.length) {
    Object.assign(this, { bytes, at, end });
  }
  get left() {
    return this.end - this.at;
  }
  u8() {
    if (this.at >= this.end) {
      throw new Error('record ends too early');
    }
    return this.bytes[this.at++];
  }
  bigVarint() {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) {
        if (byte === 0 && shift > 0n) {
          throw new Error('superfluous group in a varint');
        }
        return value;
      }
    }
    throw new Error('varint too long');
  }
  varint() {
    const value = Number(this.bigVarint());
    if (!Number.isSafeInteger(value)) {
      throw new Error('varint past 2^53');
    }
    return value;
  }
  zigzag() {
    const value = this.varint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }
  // A Number where it fits, a BigInt beyond.
  bigZigzag() {
    const value = this.bigVarint();
    const signed = value & 1n ? -((value + 1n) >> 1n) : value >> 1n;
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }
  u64() {
    let hex = '';
    for (let i = 0; i < 8; i += 1) {
      hex = this.u8().toString(16).padStart(2, '0') + hex;
    }
    return hex;
  }
  raw(size) {
    if (size > this.left) {
      throw new Error('record ends too early');
    }
    return this.bytes.subarray(this.at, (this.at += size));
  }
  rest() {
    return this.raw(this.left);
  }
}

// ---- the bit stream of a stroke's channels ----

const zigzagged = (value) => (value < 0 ? -value * 2 - 1 : value * 2);
const unzigzagged = (value) => (value % 2 === 1 ? -(value + 1) / 2 : value / 2);

function riceCost(residuals, k) {
  let bits = 0;
  for (const residual of residuals) {
    const ones = Math.floor(residual / 2 ** k);
    bits += ones >= 24 ? 56 : ones + 1 + k;
  }
  return bits;
}

function writeChannel(bits, residuals) {
  let k = 0;
  for (let other = 1; other <= 14; other += 1) {
    if (riceCost(residuals, other) < riceCost(residuals, k)) {
      k = other;
    }
  }
  const put = (value, count) => {
    for (let i = count - 1; i >= 0; i -= 1) {
      bits.push(Math.floor(value / 2 ** i) % 2);
    }
  };
  put(k, 4);
  for (const residual of residuals) {
    const ones = Math.floor(residual / 2 ** k);
    if (ones >= 24) {
      put(2 ** 24 - 1, 24);
      put(residual, 32);
    } else {
      put(2 ** (ones + 1) - 2, ones + 1);
      put(residual % 2 ** k, k);
    }
  }
}

// Where a line goes on: not at a point that begins a contour (`begins`, the first at 0), nor at the one after it.
const predicted = (values, i, begins) =>
  (begins.has(i) || begins.has(i - 1) ? values[i - 1] : 2 * values[i - 1] - values[i - 2]);

function axisResiduals(values, begins) {
  return values.slice(1).map((value, i) => zigzagged(value - predicted(values, i + 1, begins)));
}

// The places at which contours of these sizes begin.
function beginnings(contours) {
  const begins = new Set([0]);
  contours.reduce((at, size) => (begins.add(at), at + size), 0);
  return begins;
}

function packed(bits) {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => {
    bytes[i >> 3] |= bit << (7 - (i & 7));
  });
  return bytes;
}

class BitReader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  bit() {
    if (this.at >= this.bytes.length * 8) {
      throw new Error('bit stream ends too early');
    }
    const bit = (this.bytes[this.at >> 3] >> (7 - (this.at & 7))) & 1;
    this.at += 1;
    return bit;
  }
  bits(count) {
    let value = 0;
    for (let i = 0; i < count; i += 1) {
      value = value * 2 + this.bit();
    }
    return value;
  }
  channel(count) {
    const k = this.bits(4);
    return Array.from({ length: count }, () => {
      let ones = 0;
      while (ones < 24 && this.bit() === 1) {
        ones += 1;
      }
      return ones === 24 ? this.bits(32) : ones * 2 ** k + this.bits(k);
    });
  }
  finish() {
    if (this.bytes.length * 8 - this.at >= 8) {
      throw new Error('bytes left over');
    }
    while (this.at < this.bytes.length * 8) {
      if (this.bit() !== 0) {
        throw new Error('padding is not zero');
      }
    }
  }
}

function axisValues(first, residuals, begins) {
  const values = [first];
  residuals.forEach((residual, i) => {
    values.push(predicted(values, i + 1, begins) + unzigzagged(residual));
  });
  return values;
}

// ---- op bodies ----

// points: [x, y, pressure?, dt?] with x and y in 1/8 px of the level from the corner of tile (x, y);
// pressures and times are written where the first point has them (undefined: not). color: 0xRRGGBBAA. A fill has the sizes of its
// contours, and may have text.
export function strokeBody({
  tool = 'pen', color = 0x000000ff, width = 8 * 256, level = 0, x = 0, y = 0, start = null,
  part = 0, parts = 1, points, contours, text, version = 1,
}) {
  const hasPressure = points[0][2] !== undefined;
  const hasTimes = points[0][3] !== undefined;
  const out = new Writer().u8(version).u8(KIND.stroke);
  out.u8((hasPressure ? 1 : 0) | (hasTimes ? 2 : 0) | (start === null ? 0 : 4) | (parts > 1 ? 8 : 0) | (text === undefined ? 0 : 16));
  out.u8(TOOL[tool] ?? tool);
  out.u8(color >>> 24).u8(color >>> 16).u8(color >>> 8).u8(color);
  out.varint(width).u8(level + 24).zigzag(x).zigzag(y);
  if (start !== null) {
    out.zigzag(start);
  }
  if (parts > 1) {
    out.varint(part).varint(parts);
  }
  out.varint(points.length);
  if (contours) {
    out.varint(contours.length);
    contours.slice(0, -1).forEach((size) => out.varint(size));
  }
  if (text !== undefined) {
    out.sized(Buffer.from(text));
  }
  out.zigzag(points[0][0]).zigzag(points[0][1]);
  if (hasPressure) {
    out.u8(points[0][2]);
  }
  if (points.length > 1) {
    const bits = [];
    const column = (i) => points.map((point) => point[i]);
    const begins = beginnings(contours ?? []);
    writeChannel(bits, axisResiduals(column(0), begins));
    writeChannel(bits, axisResiduals(column(1), begins));
    if (hasPressure) {
      const values = column(2);
      writeChannel(bits, values.slice(1).map((value, i) => zigzagged(value - values[i])));
    }
    if (hasTimes) {
      writeChannel(bits, column(3).slice(1));
    }
    out.raw(packed(bits));
  }
  return out.finish();
}

function targetsBody(kind, seqs) {
  const out = new Writer().u8(1).u8(kind).varint(seqs.length);
  seqs.forEach((seq, i) => out.varint(i > 0 ? seq - seqs[i - 1] : seq));
  return out.finish();
}
export const hideBody = (...seqs) => targetsBody(KIND.hide, seqs);
// A hide that the next `follow` ops belong to.
export function editBody(seqs, follow) {
  return Uint8Array.from([...targetsBody(KIND.hide, seqs), ...new Writer().varint(follow).finish()]);
}
export const showBody = (...seqs) => targetsBody(KIND.show, seqs);
export function recordBody(json) {
  const bytes = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
  return new Writer().u8(1).u8(KIND.record).sized(bytes).finish();
}

function readStroke(input) {
  const flags = input.u8();
  const stroke = { kind: 'stroke', tool: Object.keys(TOOL)[input.u8()] };
  stroke.color = input.u8() * 2 ** 24 + ((input.u8() << 16) | (input.u8() << 8) | input.u8());
  stroke.width = input.varint();
  stroke.level = input.u8() - 24;
  stroke.x = input.zigzag();
  stroke.y = input.zigzag();
  stroke.start = flags & 4 ? input.bigZigzag() : null;
  stroke.part = flags & 8 ? input.varint() : 0;
  stroke.parts = flags & 8 ? input.varint() : 1;
  const count = input.varint();
  if (stroke.tool === 'fill') {
    const sizes = Array.from({ length: input.varint() - 1 }, () => input.varint());
    stroke.contours = [...sizes, count - sizes.reduce((sum, size) => sum + size, 0)];
  }
  if (flags & 16) {
    stroke.text = Buffer.from(input.raw(input.varint())).toString();
  }
  const begins = beginnings(stroke.contours ?? []);
  const first = [input.zigzag(), input.zigzag()];
  const firstPressure = flags & 1 ? input.u8() : undefined;
  const columns = [[first[0]], [first[1]]];
  if (count > 1) {
    const bits = new BitReader(input.rest());
    columns[0] = axisValues(first[0], bits.channel(count - 1), begins);
    columns[1] = axisValues(first[1], bits.channel(count - 1), begins);
    if (flags & 1) {
      columns[2] = [firstPressure];
      bits.channel(count - 1).forEach((u, i) => columns[2].push(columns[2][i] + unzigzagged(u)));
    }
    if (flags & 2) {
      columns[3] = [0, ...bits.channel(count - 1)];
    }
    bits.finish();
  } else if (flags & 1) {
    columns[2] = [firstPressure];
  }
  const filled = Array.from(columns, (column) => column ?? new Array(count).fill(undefined));
  stroke.points = filled[0].map((_, i) => filled.map((column) => column[i]));
  return stroke;
}

export function decodeBody(bytes) {
  const input = new Reader(bytes);
  if (input.u8() !== 1) {
    throw new Error('unknown version');
  }
  const kind = input.u8();
  let op;
  if (kind === KIND.stroke) {
    op = readStroke(input);
  } else if (kind === KIND.hide || kind === KIND.show) {
    let seq = 0;
    const count = input.varint();
    const targets = Array.from({ length: count }, () => (seq += input.varint()));
    op = { kind: kind === KIND.hide ? 'hide' : 'show', targets };
    if (kind === KIND.hide && input.left > 0) {
      op.follow = input.varint();
    }
  } else if (kind === KIND.record) {
    op = { kind: 'record', json: Buffer.from(input.raw(input.varint())).toString() };
  } else {
    throw new Error(`unknown kind ${kind}`);
  }
  if (input.left > 0) {
    throw new Error('bytes left over');
  }
  return op;
}

// ---- client records ----

function submission(out, counter, bodies) {
  out.varint(counter).varint(bodies.length);
  bodies.forEach((body) => out.sized(body));
  return out.finish();
}
export const submitRecord = (counter, bodies) =>
  submission(new Writer().u8(CLIENT.submit), counter, bodies);
export const submitAsRecord = (slot, counter, bodies) =>
  submission(new Writer().u8(CLIENT.submitAs).varint(slot), counter, bodies);
export const previewRecord = (counter, first, body) =>
  new Writer().u8(CLIENT.preview).varint(counter).varint(first).raw(body).finish();
export const cancelRecord = (counter) => new Writer().u8(CLIENT.cancel).varint(counter).finish();
export const cursorRecord = ({ level, tileX, tileY, x, y }) =>
  new Writer().u8(CLIENT.cursor).u8(level + 24).zigzag(tileX).zigzag(tileY).varint(x).varint(y).finish();

// ---- server records ----

const READ = {
  op: (input) => ({
    seq: input.varint(), time: input.varint(), artist: input.varint(), nonce: input.u64(),
    counter: input.varint(), replaces: input.varint(), body: Uint8Array.from(input.rest()),
  }),
  ack: (input) => ({ counter: input.varint(), count: input.varint(), seq: input.varint() }),
  nack: (input) => ({
    counter: input.varint(), code: input.u8(), message: Buffer.from(input.rest()).toString(),
  }),
  preview: (input) => ({
    artist: input.varint(), nonce: input.u64(), counter: input.varint(), first: input.varint(),
    body: Uint8Array.from(input.rest()),
  }),
  previewEnd: (input) => ({ nonce: input.u64(), counter: input.varint() }),
  tile: (input) => ({
    level: input.u8() - 24, x: input.zigzag(), y: input.zigzag(), seq: input.varint(),
  }),
  cursor: (input) => ({
    artist: input.varint(), nonce: input.u64(), level: input.u8() - 24, tileX: input.zigzag(),
    tileY: input.zigzag(), x: input.varint(), y: input.varint(),
  }),
  view: (input) => {
    const view = {
      id: input.varint(), flags: input.u8(), seq: input.varint(), level: input.u8() - 24,
      x: input.zigzag(), y: input.zigzag(), width: input.varint(), height: input.varint(),
    };
    view.resumed = (view.flags & 1) === 1;
    view.tiles = Array.from({ length: view.width * view.height }, () => input.varint());
    return view;
  },
  left: (input) => ({ nonce: input.u64() }),
};

// A frame's records in order; a known record must be read to its last byte.
export function decodeFrame(bytes) {
  const input = new Reader(bytes);
  const records = [];
  while (input.left > 0) {
    const type = input.u8();
    const size = input.varint();
    const end = input.at + size;
    if (end > bytes.length) {
      throw new Error('record passes the end of its frame');
    }
    const name = SERVER[type];
    if (name) {
      const payload = new Reader(bytes, input.at, end);
      records.push({ type: name, ...READ[name](payload) });
      if (payload.left > 0) {
        throw new Error(`${name} has ${payload.left} bytes left over`);
      }
    } else {
      records.push({ type: `0x${type.toString(16)}` });
    }
    input.at = end;
  }
  return records;
}
