// Strokes as fast as the socket takes them, by many identities.
import { strokeBody, submitRecord } from '../../wire/codec.mjs';
import { crowd, send, webSocket } from '../kit.mjs';

export const about = '40 identities submit strokes without end';

export const attack = (target) =>
  crowd(target, 40, async (life) => {
    const socket = await webSocket(life, { identify: true });
    for (let counter = 1; !life.clock.isOver(); counter += 1) {
      const at = Math.floor(target.random() * 2000);
      await send(socket, submitRecord(counter, [strokeBody({ x: 40 + (counter % 8), y: life.id % 8, points: [[at, 5], [9, at], [at, at]] })]));
    }
  });
