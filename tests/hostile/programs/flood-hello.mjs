// Comes, says hello and goes, without end.
import { crowd, webSocket } from '../kit.mjs';

export const about = '100 connections at a time that join and leave at once';

export const attack = (target) =>
  crowd(target, 100, async (life) => {
    const socket = await webSocket(life, { watch: life.id % 2 === 0 });
    socket.destroy();
  });
