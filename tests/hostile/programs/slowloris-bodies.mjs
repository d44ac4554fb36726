// Bodies that nobody asked for, dripping, claimed, chunked, and more than claimed.
import { crowd, pause, push } from '../kit.mjs';

export const about = '300 connections send bodies that drip';

const heads = ['Content-Length: 1000000', 'Transfer-Encoding: chunked', 'Content-Length: 5\r\nTransfer-Encoding: chunked', 'Expect: 100-continue\r\nContent-Length: 100'];

export const attack = (target) =>
  crowd(target, 300, async (life) => {
    const socket = await life.open();
    const method = ['POST', 'GET', 'PUT', 'HEAD'][life.id % 4];
    await push(socket, `${method} /api/canvas/main HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\n${heads[life.id % heads.length]}\r\n\r\n`);
    while (!socket.destroyed) {
      await push(socket, 'x');
      await pause(200);
    }
  });
