// Thousands who look at where people draw and never read a byte of it.
import { crowd, say, webSocket } from '../kit.mjs';

export const about = '1,500 watchers of the busiest place read nothing';

export const attack = (target) =>
  crowd(target, 1500, async (life) => {
    const socket = await webSocket(life, { watch: true, reads: false });
    await say(socket, { type: 'view', id: 1, level: 0, x: '-2', y: '-2', width: 8, height: 8 });
    await socket.ended;
  });
