// The ink kernel as the browser runs it: WebAssembly in node's V8. CPU is this process's own.
import { loadInk } from '../web/ink-raw.mjs';

const ink = await loadInk();
const [mask, slot, base, shown] =
  [ink.mask_alloc(), ink.stroke_alloc(), ink.tile_alloc(), ink.tile_alloc()];

let seed = 41;
const random = () => (seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;

function scribble(count, step, width) {
  ink.stroke_begin(slot, 0, 0, 0, 0, 0x000000ff, width * 256);
  let [x, y, angle] = [128, 128, 0];
  for (let i = 0; i < count; i++) {
    ink.stroke_push(slot, Math.round(x * 8), Math.round(y * 8), 255, 0);
    angle += random() * 1.2 - 0.6 + (x < 8 || y < 8 || x > 248 || y > 248 ? Math.PI : 0);
    x = Math.min(Math.max(x + step * Math.cos(angle), 4), 252);
    y = Math.min(Math.max(y + step * Math.sin(angle), 4), 252);
  }
}

function measure(what, work) {
  work();
  const start = process.cpuUsage().user;
  let rounds = 0;
  while (process.cpuUsage().user - start < 200000) {
    work();
    rounds++;
  }
  const ms = (process.cpuUsage().user - start) / 1000 / rounds;
  console.log(`${what.padEnd(44)} ${ms.toFixed(4)} ms`);
}

function drawAll() {
  ink.mask_add(mask, slot, 0, 0, 0, 0);
  ink.mask_composite(mask, 0, 0x000000ff, base, base);
  ink.mask_clear(mask);
}

for (const [count, step, width] of [[1000, 4, 3], [8192, 4, 3], [8192, 60, 3], [1000, 4, 0.5],
  [1000, 4, 32], [1000, 60, 128]]) {
  scribble(count, step, width);
  measure(`a stroke of ${count} points ${step} px apart, ${width} px`, drawAll);
}

scribble(500, 3, 6);
measure('a frame of a live stroke: 4 points, 6 px', () => {
  ink.mask_add(mask, slot, 496, 0, 0, 0);
  ink.mask_composite(mask, 0, 0x336699ff, base, shown);
  const [x0, y0, x1, y1] = new Int32Array(ink.memory.buffer, ink.mask_rect(mask), 4);
  ink.tile_to_rgba(shown, x0, y0, x1, y1, ink.scratch());
  ink.mask_clear(mask);
});
measure('a whole tile to RGBA', () => ink.tile_to_rgba(shown, 0, 0, 256, 256, ink.scratch()));
measure('a tile halved into its parent', () => ink.tile_downsample(shown, 2, base));
