// New identities, each with a new canvas.
import { strokeBody, submitRecord } from '../../wire/codec.mjs';
import { crowd, send, webSocket } from '../kit.mjs';

export const about = '50 at a time become somebody new on a canvas of their own';

let made = 0;
export const attack = (target) =>
  crowd(target, 50, async (life) => {
    const socket = await webSocket(life, { identify: true, canvas: `flood-${(made += 1) % 2000}` });
    await send(socket, submitRecord(1, [strokeBody({ points: [[1, 1], [50, 50]] })]));
    socket.destroy();
  });
