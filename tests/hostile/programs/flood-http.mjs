// What is dear over HTTP: far tiles, the past, heat, search, snapshots, text.
import { crowd, push, request } from '../kit.mjs';

export const about = '80 connections ask for what is dear: far tiles, the past, heat, snapshots';

const paths = [
  (n) => `/tiles/load/${-(n % 12)}/${(n % 7) - 3}/${(n % 5) - 2}.png`,
  (n) => `/tiles/load/-${4 + (n % 8)}/0/0.png?at=${1 + (n % 500)}`,
  (n) => `/tiles/load/${n % 20}/${n}/${n * 3}.png?v=new`,
  (n) => `/api/canvas/load/heat?level=-2&x=-32&y=-32&width=64&height=64&from=${n}`,
  (n) => `/api/canvas/load/activity?level=0&x=-1000&y=-1000&width=9000&height=9000&buckets=1024&from=${n}`,
  (n) => `/api/canvas/load/at?level=0&x=${n % 300}&y=9&slack=16`,
  () => '/api/canvas/load/strokes?level=-4&x=-1000&y=-1000&width=2000&height=2000',
  (n) => `/api/canvas/load/search?q=${String.fromCharCode(97 + (n % 26))}${n}`,
  (n) => `/snapshot.png?canvas=load&rect=-4000,-4000,8000,8000&scale=${1 + (n % 2)}`,
  (n) => `/snapshot.png?canvas=load&rect=-400000,-400000,800000,800000&scale=0.01&at=${1 + (n % 99)}`,
  (n) => `/api/outline?text=${'W'.repeat(60)}${n}&font=hand&size=800`,
  (n) => `/api/canvas/load/versions?level=-3&bx=${n % 50}&by=1`,
];

export const attack = (target) =>
  crowd(target, 80, async (life) => {
    const socket = await life.open();
    for (let i = 0; i < 200 && !life.clock.isOver(); i += 1) {
      const answered = new Promise((done) => socket.once('data', done));
      await push(socket, request(target, paths[Math.floor(target.random() * paths.length)](Math.floor(target.random() * 1000))));
      await Promise.race([answered, socket.ended]);
      if (socket.destroyed) {
        return;
      }
    }
    socket.destroy();
  });
