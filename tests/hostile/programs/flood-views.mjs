// Views of the whole world, and of 4,096 tiles, changing a thousand times a second.
import { crowd, pause, say, webSocket } from '../kit.mjs';

export const about = '20 connections change views of the whole world 1,000 times a second';

export const attack = (target) =>
  crowd(target, 20, async (life) => {
    const socket = await webSocket(life, { watch: true });
    for (let id = 1; !life.clock.isOver(); id += 1) {
      const level = [-24, -18, -12, -6, 0, 12][id % 6];
      const size = level === -24 ? 2 : 64;
      await say(socket, { type: 'view', id, level, x: String(level === -24 ? -1 : level === -18 ? -32 : -32 - (id % 9)), y: String(level === -24 ? -1 : -32), width: size, height: size, since: id % 2 ? 1 : undefined });
      if (id % 10 === 0) {
        await pause(10);
      }
    }
  });
