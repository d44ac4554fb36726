// Writes ink-vectors.json: strokes, a tile, and the hash of what build/web/ink.wasm draws. The native
// kernel then has to draw the same. Run again only when the raster version is bumped:
//   make build/web/ink.wasm && node tests/data/make-ink-vectors.mjs

import { writeFileSync } from 'node:fs';
import { drawVector, loadInk } from '../web/ink-raw.mjs';

let state = 20240229n;
function random(low, high) {
  state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
  return low + Number((state >> 33n) % BigInt(high - low + 1));
}

function walk(count, spread, step, hasPressure) {
  let [x, y, pressure] = [random(0, spread), random(0, spread), random(40, 255)];
  return Array.from({ length: count }, () => {
    const point = [x, y, hasPressure ? pressure : 255];
    x += random(-step, step);
    y += random(-step, step);
    pressure = Math.min(255, Math.max(0, pressure + random(-50, 50)));
    return point;
  });
}

function stroke(changes) {
  return {
    level: 0, x: 0, y: 0, tool: 0, color: 0x204060ff, width: 1024, part: 0, partCount: 1,
    points: [[1024, 1024, 255]], ...changes,
  };
}

const vectors = [];
function add(name, tile, strokes, ground = 0) {
  vectors.push({ name, tile, ground, strokes });
}

for (const width of [1, 64, 200, 255, 256, 300, 700, 2048, 8192, 131072]) {
  add(`dot of ${width}/256 px`, [0, 0, 0], [stroke({ width })]);
  const points = walk(24, 2047, 400, true);
  add(`pen of ${width}/256 px`, [0, 0, 0], [stroke({ width, points })]);
}
for (const finer of [-24, -12, -7, -3, -2, -1, 1, 2, 3, 7, 12, 24]) {
  const level = finer < 0 ? 4 : -3;
  const points = walk(16, 2047, 900, true);
  const scale = 2 ** finer;
  const [x, y] = [points[3][0], points[3][1]].map((at) => Math.floor((at * scale) / 2048));
  const width = finer < -4 ? 32768 : 900;
  add(`a tile ${finer} levels finer`, [level + finer, x, y], [stroke({ level, width, points })]);
}
for (const tool of [0, 1, 2]) {
  for (const color of [0x000000ff, 0xff880080, 0x12345601, 0xffffff00]) {
    const points = walk(20, 2047, 500, true);
    add(`tool ${tool}, colour ${color.toString(16)}`, [0, 0, 0],
      [stroke({ tool, color, width: 5000, points })], 0xc0402080);
  }
}
for (const level of [-24, -1, 24]) {
  const far = 2 ** Math.max(22 + level, 0) - 1;
  add(`far out at level ${level}`, [level, far, -far - 1],
    [stroke({ level, x: far, y: -far - 1, points: walk(20, 2047, 300, true) })]);
}
for (const width of [100, 600, 40000]) {
  const points = [[-1048576, -1046528, 255], [1048576, 1048500, 30], [-900000, -899003, 255]];
  add(`crossing from afar, ${width}/256 px`, [0, 0, 0], [stroke({ width, points })]);
}
add('deep inside huge ink', [24, 1 << 20, 1 << 20],
  [stroke({ level: -24, width: 131072, points: [[0, 0, 255], [9, 0, 200]] })]);
add('at the edge of huge ink', [0, -(2 ** 14), 2 ** 14],
  [stroke({ level: -15, width: 131072, points: [[1024, 1024, 255], [1025, 1024, 255]] })]);
for (const width of [90, 900]) {
  const points = walk(30, 2047, 200, true);
  add(`a group of two, ${width}/256 px`, [0, 0, 0], [
    stroke({ width, points: points.slice(0, 15), part: 0, partCount: 2 }),
    stroke({ width, points: points.slice(14), part: 1, partCount: 2 }),
  ]);
}
add('thousands of steps in a pixel', [-8, 0, 0], [stroke({ width: 8000, points: walk(800, 2047, 40, false) })]);
add('the same point again and again', [0, 0, 0],
  [stroke({ points: Array.from({ length: 50 }, () => [700, 801, 128]) })]);
// From here on tools that came later: what stands above must not change.
for (const tool of [3, 4]) {
  const name = tool === 3 ? 'pencil' : 'airbrush';
  for (const width of [40, 150, 192, 400, 1500, 9000, 60000]) {
    add(`${name} of ${width}/256 px`, [0, 0, 0],
      [stroke({ tool, width, points: walk(24, 2047, 400, true) })]);
  }
  add(`${name}, a dot`, [0, 0, 0], [stroke({ tool, width: 5000 })]);
  for (const finer of [-24, -6, -4, -3, -2, -1, 1, 2, 3, 5, 7, 8, 9, 12, 24]) {
    const level = finer < 0 ? 4 : -3;
    const points = walk(16, 2047, 900, true);
    const [x, y] = [points[3][0], points[3][1]].map((at) => Math.floor((at * 2 ** finer) / 2048));
    add(`${name}, a tile ${finer} levels finer`, [level + finer, x, y],
      [stroke({ tool, level, width: finer < -4 ? 131072 : 3000, points })]);
  }
  for (const level of [-24, 0, 24]) {
    const far = 2 ** Math.max(22 + level, 0) - 1;
    add(`${name}, far out at level ${level}`, [level, -far - 1, far],
      [stroke({ tool, level, x: -far - 1, y: far, width: 9000, points: walk(20, 2047, 300, true) })]);
  }
  for (const width of [100, 9000]) {
    const points = walk(30, 2047, 200, true);
    add(`${name}, a group of two, ${width}/256 px`, [0, 0, 0], [
      stroke({ tool, width, points: points.slice(0, 15), part: 0, partCount: 2 }),
      stroke({ tool, width, points: points.slice(14), part: 1, partCount: 2 }),
    ], 0x80402010);
  }
  add(`${name}, pressed harder at one place`, [0, 0, 0],
    [stroke({ tool, width: 9000, points: [[700, 801, 20], [700, 801, 220], [700, 801, 90]] })]);
  add(`${name}, huge`, [8, 140, 130],
    [stroke({ tool, width: 131072, points: [[1024, 1024, 30], [1700, 1300, 255], [1701, 1300, 90]] })]);
}

function ring(count, x, y, radius, wobble, turn = 1) {
  return Array.from({ length: count }, (_, i) => {
    const r = radius + random(-wobble, wobble);
    const angle = (turn * 2 * Math.PI * i) / count;
    return [Math.round(x + r * Math.cos(angle)), Math.round(y + r * Math.sin(angle)), 255];
  });
}
function shape(changes, ...contours) {
  return stroke({ tool: 5, width: 256, contours: contours.map((each) => each.length),
    points: contours.flat(), ...changes });
}
for (const radius of [3, 9, 40, 150, 400, 1000, 5000]) {
  add(`filled, ${radius}/8 px`, [0, 0, 0], [shape({}, ring(24, 1024, 1024, radius, radius >> 2))]);
}
add('filled, with a hole and an island', [0, 0, 0], [shape({ color: 0xff880080 },
  ring(40, 1000, 900, 900, 50), ring(30, 1100, 900, 500, 50, -1), ring(9, 1100, 950, 200, 9))],
  0xc0402080);
add('filled, crossing itself', [0, 0, 0], [shape({}, walk(60, 2047, 1500, false))]);
add('filled, crossing itself in few pixels', [-6, 0, 0], [shape({}, walk(60, 2047, 900, false))]);
for (const finer of [-24, -7, -3, -1, 1, 2, 5, 12, 24]) {
  const level = finer < 0 ? 4 : -3;
  const points = ring(30, 1000, 1100, 800, 300);
  const [x, y] = [points[3][0], points[3][1]].map((at) => Math.floor((at * 2 ** finer) / 2048));
  add(`filled, a tile ${finer} levels finer`, [level + finer, x, y], [shape({ level }, points)]);
}
add('filled, wholly inside', [9, 250, 250], [shape({}, ring(30, 1000, 1000, 800, 50))]);
add('filled, from afar', [0, 0, 0],
  [shape({}, [[-1048576, -1046528, 255], [1048576, 1048500, 255], [-900000, 999003, 255]])]);
add('filled, a point and a line', [0, 0, 0], [shape({}, [[700, 700, 255]], [[9, 9, 255], [900, 80, 255]])]);
add('filled, a group of two', [0, 0, 0], [
  shape({ part: 0, partCount: 2 }, ring(20, 700, 700, 500, 90)),
  shape({ part: 1, partCount: 2 }, ring(20, 1200, 900, 500, 90), ring(5, 1200, 900, 100, 0, -1)),
]);

const ink = await loadInk();
for (const vector of vectors) {
  Object.assign(vector, drawVector(ink, vector));
}
const lines = vectors.map((vector) => `    ${JSON.stringify(vector)}`).join(',\n');
writeFileSync(new URL('ink-vectors.json', import.meta.url),
  `{
  "about": "strokes of one group are added to one mask and composited once onto a tile filled with ground (premultiplied ARGB32); points are [x, y, pressure]; rect is the mask's; hash is FNV-1a 64 of the tile's little-endian bytes",
  "raster_version": ${ink.raster_version()},
  "vectors": [
${lines}
  ]
}
`);
console.log(`${vectors.length} vectors`);
