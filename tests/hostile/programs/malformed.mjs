// Text that is no UTF-8, JSON that is none, masks that are missing, bits and opcodes that mean nothing, records cut short.
import { crowd, frame, pause, push, webSocket } from '../kit.mjs';

export const about = '60 connections send what breaks every rule of frames, text and records';

const wrongs = (random) => [
  frame(Buffer.from([0x22, 0xc3, 0x28, 0xff, 0xfe]), { opcode: 1 }),
  frame('{"type":"who","artists":[', { opcode: 1 }),
  frame(`${'['.repeat(9000)}`, { opcode: 1 }),
  frame('{"type":"view"}', { opcode: 1, masked: false }),
  frame('x', { opcode: 2, rsv: 1 + Math.floor(random() * 7) }),
  frame('x', { opcode: 3 + Math.floor(random() * 5) }),
  frame('x'.repeat(126), { opcode: 9 }),
  frame('x', { opcode: 9, fin: false }),
  frame('x', { opcode: 0 }),
  frame(Buffer.from(Array.from({ length: 1 + Math.floor(random() * 60) }, () => Math.floor(random() * 256))), { opcode: 2 }),
  frame(Buffer.from([0x01, 0x01, 0xff, 0xff, 0xff, 0xff, 0x0f]), { opcode: 2 }),
  frame(Buffer.from([0x03, 0xe8]), { opcode: 8 }),
];

export const attack = (target) =>
  crowd(target, 60, async (life) => {
    const socket = await webSocket(life, { identify: life.id % 2 === 0, watch: life.id % 2 === 1 });
    const all = wrongs(target.random);
    await push(socket, all[Math.floor(target.random() * all.length)]);
    await Promise.race([socket.ended, pause(500)]);
    socket.destroy();
  });
