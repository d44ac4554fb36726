// Connections that stand and say nothing, or end on one side only.
import { crowd, pause, webSocket } from '../kit.mjs';

export const about = '1,000 connections stand there, half of them half closed';

export const attack = (target) =>
  crowd(target, 1000, async (life) => {
    const socket = life.id % 3 === 2 ? await webSocket(life, { hello: false }) : await life.open();
    socket.allowHalfOpen = true;
    if (life.id % 3 === 1) {
      socket.end();
    }
    await Promise.race([socket.ended, pause(life.clock.left())]);
  });
