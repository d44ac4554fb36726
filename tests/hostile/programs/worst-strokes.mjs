// Strokes of the shapes that cost most: as many points, tiles and as much width as may be, over each other, and where the quadtree is deepest.
import { strokeBody, submitRecord } from '../../wire/codec.mjs';
import { crowd, send, webSocket } from '../kit.mjs';

export const about = '10 identities draw what is dearest to draw and to index';

const zigzag = (count, size) => Array.from({ length: count }, (_, i) => [i % 2 ? size : 0, (i * 7919) % size]);
const shapes = [
  (n) => strokeBody({ points: zigzag(8000, 2047), width: 64 * 256, x: n % 3, y: 0 }),
  (n) => strokeBody({ tool: 'airbrush', points: zigzag(4000, 2047), width: 255 * 256, x: n % 3, y: 1 }),
  (n) => strokeBody({ points: [[0, 0], [255 * 2048, 8]], width: 256, x: -120, y: n % 50 }),
  (n) => strokeBody({ level: 24, points: [[1, 1], [5, 5]], x: n * 4096, y: n }),
  (n) => strokeBody({ level: -20 + (n % 20), points: zigzag(300, 2047), width: 20 * 256, x: 0, y: 0 }),
  (n) => strokeBody({ tool: 'fill', points: zigzag(6000, 2047), x: n % 3, y: 2 }),
  (n) => strokeBody({ tool: 'eraser', points: zigzag(500, 15 * 2048), width: 90 * 256, x: -7, y: -7 }),
  (n) => strokeBody({ points: Array.from({ length: 200 }, (_, i) => [(i * 2048 * 13) % (15 * 2048), (i * 2048 * 7) % (15 * 2048)]), width: 512, x: (n % 9) - 4, y: 3 }),
];

export const attack = (target) =>
  crowd(target, 10, async (life) => {
    const socket = await webSocket(life, { identify: true });
    for (let counter = 1; !life.clock.isOver(); counter += 1) {
      const shape = shapes[Math.floor(target.random() * shapes.length)];
      await send(socket, submitRecord(counter, [shape(Math.floor(target.random() * 1000))]));
    }
  });
