// Every text message that asks something or says something to others, as fast as the socket takes them.
import { crowd, say, webSocket } from '../kit.mjs';

export const about = '40 identities ask, follow, rename and name places without end';

const messages = [
  (id) => ({ type: 'who', artists: Array.from({ length: 256 }, (_, i) => i + id) }),
  (id) => ({ type: 'mine', id, limit: 1000 }),
  (id) => ({ type: 'follow', id, artist: 1 + (id % 60) }),
  () => ({ type: 'camera', x: '12.5', y: '-3', zoom: 1 }),
  (id) => ({ type: 'rename', name: `Flood ${id}` }),
  (id) => ({ type: 'place', id, name: `Place ${id}`, x: '1', y: '2', zoom: 0 }),
  (id) => ({ type: 'rollback', id, artists: null, level: 0, x: '0', y: '0', width: 500, height: 400, lasso: null, from: '1', to: '4711', apply: false }),
  () => ({ type: 'identify' }),
];

export const attack = (target) =>
  crowd(target, 40, async (life) => {
    const socket = await webSocket(life, { identify: true });
    for (let id = 1; !life.clock.isOver(); id += 1) {
      await say(socket, messages[Math.floor(target.random() * messages.length)](id));
    }
  });
