// Control frames: pings, pongs nobody asked for, and empty frames, packed as densely as they go.
import { crowd, frame, push, webSocket } from '../kit.mjs';

export const about = '30 connections send nothing but pings, pongs and empty frames';

const dense = (opcode) => Buffer.concat(Array.from({ length: 400 }, () => frame('', { opcode })));
const packs = [dense(9), dense(10), Buffer.concat(Array.from({ length: 200 }, (_, i) => frame('x'.repeat(i % 100), { opcode: 9 })))];

export const attack = (target) =>
  crowd(target, 30, async (life) => {
    const socket = await webSocket(life, { watch: true });
    for (let i = 0; !life.clock.isOver(); i += 1) {
      await push(socket, packs[i % packs.length]);
    }
  });
