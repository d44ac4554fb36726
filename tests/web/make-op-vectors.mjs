// Writes tests/data/op-vectors.json and .txt: op bodies and what they hold, and bodies that every
// reader must refuse. To be run by hand when the form grows; the files are the contract, not this.
//   node tests/web/make-op-vectors.mjs
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, root } from './load.mjs';
import { opToJson } from './op-json.mjs';

const { encodeOp, makePoints } = await load('core/op.ts');
const { BitWriter } = await load('core/bits.ts');

const hexOf = (bytes) => Buffer.from(bytes).toString('hex');

// ---- well-formed ----

function stroke(places, more = {}) {
  const points = makePoints(places.length);
  points.count = places.length;
  places.forEach(([x, y, pressure = 255, dtMs = 0], i) => {
    points.x[i] = x;
    points.y[i] = y;
    points.pressure[i] = pressure;
    points.dtMs[i] = dtMs;
  });
  return {
    kind: 'stroke',
    tool: 0,
    color: 0x23211fff,
    width: 1024,
    origin: { level: 0, x: 0, y: 0 },
    startMs: null,
    part: 0,
    parts: 1,
    hasPressure: false,
    hasTimes: false,
    points,
    ...more,
  };
}

function random(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32;
}

function wander(count, seed, step = 40) {
  const next = random(seed);
  let [x, y, dx, dy] = [100, 100, 0, 0];
  return Array.from({ length: count }, () => {
    dx += Math.round((next() - 0.5) * step);
    dy += Math.round((next() - 0.5) * step);
    x = Math.min(8000, Math.max(-8000, x + dx));
    y = Math.min(8000, Math.max(-8000, y + dy));
    return [x, y, 1 + Math.floor(next() * 255), Math.floor(next() * 20)];
  });
}

const far = 2 ** 47;
const good = [
  ['a dot', stroke([[1024, 1024]])],
  ['a dot with pressure', stroke([[8, -8, 1]], { hasPressure: true })],
  [
    'a line',
    stroke([
      [0, 0],
      [2047, 2047],
    ]),
  ],
  [
    'points that stay',
    stroke([
      [5, 5],
      [5, 5],
      [5, 5],
    ]),
  ],
  [
    'marker, translucent',
    stroke(
      [
        [0, 0],
        [80, 8],
        [160, 0],
      ],
      { tool: 1, color: 0x2c6ed566 },
    ),
  ],
  [
    'eraser',
    stroke(
      [
        [0, 0],
        [800, 0],
      ],
      { tool: 2, color: 0x000000ff, width: 7168 },
    ),
  ],
  ['pencil', stroke(wander(30, 5), { tool: 3, hasPressure: true })],
  ['airbrush', stroke(wander(30, 6), { tool: 4, hasPressure: true, color: 0xc0392b80 })],
  [
    'fill',
    stroke(
      [
        [0, 0],
        [800, 80],
        [160, 900],
      ],
      { tool: 5, width: 256, contours: [3] },
    ),
  ],
  [
    'fill, three contours, with text and times',
    stroke([...wander(20, 7), ...wander(1, 8), ...wander(40, 9)], {
      tool: 5,
      width: 256,
      hasTimes: true,
      startMs: 1769000000000n,
      contours: [20, 1, 40],
      text: 'கோலம் \u{1f33a}',
    }),
  ],
  ['fill, one point', stroke([[7, 7]], { tool: 5, width: 256, contours: [1] })],
  [
    'fill, the most contours',
    stroke(wander(2048, 10), { tool: 5, width: 256, contours: Array(2048).fill(1) }),
  ],
  [
    'fill, part of a group',
    stroke(wander(9, 11), { tool: 5, width: 256, contours: [4, 5], part: 1, parts: 3 }),
  ],
  [
    'narrowest',
    stroke(
      [
        [0, 0],
        [9, 9],
      ],
      { width: 1 },
    ),
  ],
  [
    'widest',
    stroke(
      [
        [0, 0],
        [9, 9],
      ],
      { width: 131072 },
    ),
  ],
  ['pressure', stroke(wander(40, 1), { hasPressure: true })],
  ['times', stroke(wander(40, 2), { hasTimes: true })],
  ['start', stroke([[0, 0]], { startMs: 1769000000000n })],
  ['start before 1970', stroke([[0, 0]], { startMs: -1n })],
  ['earliest start', stroke([[0, 0]], { startMs: -(2n ** 63n) })],
  ['latest start', stroke([[0, 0]], { startMs: 2n ** 63n - 1n })],
  [
    'everything',
    stroke(wander(120, 3), { hasPressure: true, hasTimes: true, startMs: 1769000000000n }),
  ],
  [
    'first part',
    stroke(
      [
        [0, 0],
        [1, 1],
      ],
      { part: 0, parts: 2 },
    ),
  ],
  [
    'last of 32 parts',
    stroke(
      [
        [0, 0],
        [1, 1],
      ],
      { part: 31, parts: 32 },
    ),
  ],
  ['longest', stroke(wander(8192, 4, 6))],
  [
    'longest pause',
    stroke(
      [
        [0, 0, 255, 0],
        [1, 1, 255, 86400000],
      ],
      { hasTimes: true },
    ),
  ],
  [
    'farthest from the origin tile',
    stroke([
      [1 << 20, -(1 << 20)],
      [-(1 << 20), 1 << 20],
    ]),
  ],
  [
    'zigzag over the whole range',
    stroke(Array.from({ length: 9 }, (_, i) => [i % 2 ? 1 << 20 : -(1 << 20), i])),
  ],
  [
    'coarsest level',
    stroke(
      [
        [1024, 0],
        [2048, 1024],
      ],
      { origin: { level: -24, x: -1, y: 0 } },
    ),
  ],
  ['finest level, low corner', stroke([[0, 0]], { origin: { level: 24, x: -far, y: -far } })],
  [
    'finest level, high corner',
    stroke([[2047, 2047]], { origin: { level: 24, x: far - 1, y: far - 1 } }),
  ],
  [
    "on the world's edge",
    stroke([[2048, 2048]], { origin: { level: 24, x: far - 1, y: far - 1 } }),
  ],
  ['hide one', { kind: 'hide', targets: [1] }],
  ['hide some', { kind: 'hide', targets: [3, 4, 300, 70000] }],
  ['hide some, an edit', { kind: 'hide', targets: [3, 4, 300], follow: 2 }],
  ['hide some, an edit that only removes', { kind: 'hide', targets: [3, 300], follow: 0 }],
  ['hide nothing, strokes that belong together', { kind: 'hide', targets: [], follow: 1024 }],
  ['show one', { kind: 'show', targets: [2 ** 40] }],
  ['hide the most', { kind: 'hide', targets: Array.from({ length: 4096 }, (_, i) => i + 7) }],
  ['record', { kind: 'record', json: '{"type":"note","text":"கோலம் \u{1f33a}"}' }],
];

// ---- malformed ----

const line = hexOf(
  encodeOp(
    stroke([
      [0, 0],
      [2047, 2047],
    ]),
  ),
);
const dot = hexOf(encodeOp(stroke([[0, 0]])));
const hide = hexOf(encodeOp({ kind: 'hide', targets: [3, 9] }));

const varint = (value) => {
  const bytes = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    if (rest < 0x80n) {
      return hexOf([...bytes, Number(rest)]);
    }
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
};
const zigzag = (value) =>
  varint(BigInt(value) < 0n ? -BigInt(value) * 2n - 1n : BigInt(value) * 2n);

/** A stroke body, field by field. */
function raw(more = {}) {
  const fields = {
    version: '01',
    kind: '01',
    flags: '00',
    tool: '00',
    color: '23211fff',
    width: varint(1024),
    level: '18',
    tileX: zigzag(0),
    tileY: zigzag(0),
    start: '',
    part: '',
    parts: '',
    count: varint(1),
    contours: '',
    text: '',
    x: zigzag(0),
    y: zigzag(0),
    pressure: '',
    channels: '',
    ...more,
  };
  return Object.values(fields).join('');
}

function channels(...all) {
  const bits = new BitWriter();
  for (const write of all) {
    write(bits);
  }
  return hexOf(bits.finish());
}
const flat = (bits) => bits.channel(Uint32Array.of(0));
const code =
  (k, ...codes) =>
  (bits) => {
    bits.bits(k, 4);
    codes.forEach(([value, count]) => bits.bits(value, count));
  };
const escape = (value) => [
  [2 ** 24 - 1, 24],
  [value, 32],
];

const two = { count: varint(2) };
const bad = [
  ['nothing', ''],
  ['version only', '01'],
  ['version 0', `00${dot.slice(2)}`],
  ['version 2', `02${dot.slice(2)}`],
  ['kind 0', `0100${dot.slice(4)}`],
  ['kind 5', `0105${dot.slice(4)}`],
  ['a flag that does not exist', raw({ flags: '10' })],
  ['fill without contours', raw({ tool: '05', width: varint(256), contours: varint(0) })],
  ['fill with a width', raw({ tool: '05', contours: varint(1) })],
  ['fill with pressure', raw({ tool: '05', flags: '01', width: varint(256), contours: varint(1), pressure: '80' })],
  ['more contours than points', raw({ tool: '05', width: varint(256), contours: varint(2) + varint(1) })],
  ['an empty contour', raw({ tool: '05', width: varint(256), contours: varint(2) + varint(0) })],
  ['2,049 contours', raw({ tool: '05', width: varint(256), count: varint(4000), contours: varint(2049) + '01'.repeat(2048), channels: '00'.repeat(3000) })],
  ['a contour past its points', raw({ tool: '05', width: varint(256), contours: varint(2) + varint(2 ** 33) })],
  ['text without a fill', raw({ flags: '10', text: '0141' })],
  ['empty text', raw({ tool: '05', flags: '10', width: varint(256), contours: varint(1), text: '00' })],
  ['text too long', raw({ tool: '05', flags: '10', width: varint(256), contours: varint(1), text: varint(4097) + '41'.repeat(4097) })],
  ['text not UTF-8', raw({ tool: '05', flags: '10', width: varint(256), contours: varint(1), text: '02c328' })],
  ['text cut off', raw({ tool: '05', flags: '10', width: varint(256), contours: varint(1), text: '7f41', x: '', y: '' })],
  ['tool 6', raw({ tool: '06' })],
  ['width 0', raw({ width: varint(0) })],
  ['wider than 512 px', raw({ width: varint(131073) })],
  ['level 25', raw({ level: '31' })],
  ['level 231', raw({ level: 'ff' })],
  ['tile outside level 0', raw({ tileX: zigzag(2 ** 23) })],
  ['tile below level 0', raw({ tileY: zigzag(-(2 ** 23) - 1) })],
  ['tile outside level -24', raw({ level: '00', tileX: zigzag(1) })],
  ['tile far outside everything', raw({ tileX: zigzag(2n ** 62n) })],
  ['varint with a superfluous group', raw({ width: '808800' })],
  ['varint of eleven bytes', raw({ tileX: '8080808080808080808001' })],
  ['varint past 64 bits', raw({ tileX: 'ffffffffffffffffff02' })],
  ['no points', raw({ count: varint(0), x: '', y: '' })],
  ['8,193 points', raw({ count: varint(8193) })],
  ['a count beyond any memory', raw({ count: varint(2n ** 63n) })],
  ['group of one', raw({ flags: '08', part: varint(0), parts: varint(1) })],
  ['group of none', raw({ flags: '08', part: varint(0), parts: varint(0) })],
  ['group of 33', raw({ flags: '08', part: varint(0), parts: varint(33) })],
  ['part after the last', raw({ flags: '08', part: varint(2), parts: varint(2) })],
  ['first point too far', raw({ x: zigzag((1 << 20) + 1) })],
  ['first point absurdly far', raw({ y: zigzag(-(2n ** 63n)) })],
  ["point past the world's edge", raw({ tileX: zigzag(2 ** 23 - 1), x: zigzag(2049) })],
  [
    "second point past the world's edge",
    raw({
      ...two,
      tileX: zigzag(2 ** 23 - 1),
      x: zigzag(2048),
      channels: channels(code(0, [0b110, 3]), flat),
    }),
  ],
  [
    'second point too far',
    raw({ ...two, x: zigzag(1 << 20), channels: channels(code(0, [0b110, 3]), flat) }),
  ],
  [
    'second point wrapping 32 bits',
    raw({ ...two, channels: channels(code(0, ...escape(0xffffffff)), flat) }),
  ],
  ['no channels', raw(two)],
  ['y channel missing', raw({ ...two, channels: '00' })],
  ['Rice parameter 15', raw({ ...two, channels: channels(code(15, [0, 16]), flat) })],
  [
    'escape where a code would do',
    raw({ ...two, channels: channels(code(0, ...escape(5)), flat) }),
  ],
  ['escape cut off', raw({ ...two, channels: '0ffffff000' })],
  ['padding not zero', raw({ ...two, channels: '0001' })],
  ['byte after the channels', `${line}00`],
  ['byte after a dot', `${dot}00`],
  ['line cut off', line.slice(0, -2)],
  ['pressure missing', raw({ flags: '01' })],
  [
    'pressure below 0',
    raw({
      ...two,
      flags: '01',
      pressure: '00',
      channels: channels(flat, flat, code(0, [0b10, 2])),
    }),
  ],
  [
    'pressure above 255',
    raw({
      ...two,
      flags: '01',
      pressure: 'ff',
      channels: channels(flat, flat, code(0, [0b110, 3])),
    }),
  ],
  [
    'pause longer than a day',
    raw({ ...two, flags: '02', channels: channels(flat, flat, code(0, ...escape(86400001))) }),
  ],
  ['start cut off', `${raw().slice(0, 0)}010104`],
  ['hide nothing', '010200'],
  ['hide 4,097', `0102${varint(4097)}${'01'.repeat(4097)}`],
  ['hide seq 0', '01020100'],
  ['hide the same twice', '0102020300'],
  ['hide past 2^63', `010202${varint(2n ** 63n - 1n)}01`],
  ['hide fewer than told', hide.slice(0, -2)],
  ['hide nothing, followed by nothing', '01020000'],
  ['byte after an edit', `${hide}0101`],
  ['followed by 1,025', `${hide}${varint(1025)}`],
  ['show nothing', '010300'],
  ['show with followers', '0103010501'],
  ['record of nothing', '010400'],
  ['record cut off', '0104057b7d'],
  ['byte after a record', '0104027b7d00'],
  ['record too large', `0104${varint(65537)}20`],
  ['record not UTF-8', '010402c328'],
  ['record with an overlong character', '010402c080'],
  ['record with a surrogate', '010403eda080'],
];

const vectors = {
  about:
    'Op bodies (docs/storage.md): `vectors` decode to `op` and encode to the same bytes; `refused` break the form.',
  vectors: good.map(([name, op]) => ({ name, hex: hexOf(encodeOp(op)), op: opToJson(op) })),
  refused: bad.map(([reason, hex]) => ({ reason, hex })),
};
const rows = (list) => list.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n');
writeFileSync(
  join(root, 'tests', 'data', 'op-vectors.json'),
  `{\n  "about": ${JSON.stringify(vectors.about)},\n  "vectors": [\n${rows(vectors.vectors)}\n  ],\n` +
    `  "refused": [\n${rows(vectors.refused)}\n  ]\n}\n`,
);
writeFileSync(
  join(root, 'tests', 'data', 'op-vectors.txt'),
  [
    ...vectors.vectors.map(({ hex }) => `ok ${hex}`),
    ...vectors.refused.map(({ hex }) => `bad ${hex}`),
    '',
  ].join('\n'),
);
console.log(`${good.length} good, ${bad.length} bad`);
