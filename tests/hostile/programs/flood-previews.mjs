// Previews and pointers, which go to everybody who looks.
import { cursorRecord, previewRecord, strokeBody } from '../../wire/codec.mjs';
import { crowd, send, webSocket } from '../kit.mjs';

export const about = '40 identities send previews and pointers without end';

export const attack = (target) =>
  crowd(target, 40, async (life) => {
    const socket = await webSocket(life, { identify: true });
    for (let first = 0; !life.clock.isOver(); first = (first + 50) % 8000) {
      const points = Array.from({ length: 50 }, (_, i) => [(i * 37) % 2000, (i * first) % 2000]);
      await send(socket, previewRecord(1 + Math.floor(target.random() * 16), first, strokeBody({ points })));
      await send(socket, cursorRecord({ level: 0, tileX: 0, tileY: 0, x: first % 2000, y: 5 }));
    }
  });
