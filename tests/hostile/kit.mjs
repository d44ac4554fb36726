// What hostile programs share: sockets by hand, a crowd that comes again when it is thrown out, and an end after so many seconds.
// Nothing here reads what the server says unless a program asks for it.

import { randomBytes } from 'node:crypto';
import net from 'node:net';

import { decodeFrame } from '../wire/codec.mjs';
import { frame, handshake } from '../wire/raw.mjs';

export { frame, handshake };

// A generator that the seed decides: the same attack again.
export function seeded(seed) {
  let state = (seed >>> 0) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// When the attack is over.
export function clockOf({ seconds }) {
  const end = performance.now() + seconds * 1000;
  return { isOver: () => performance.now() >= end, left: () => Math.max(0, end - performance.now()) };
}

// A TCP connection; resolves when it stands, rejects when it cannot. Its end is `ended`.
export function connect({ host, port, from }, { reads = true } = {}) {
  return new Promise((done, fail) => {
    const socket = net.connect({ host, port, localAddress: from });
    socket.ended = new Promise((over) => socket.on('close', over));
    socket.on('error', fail);
    socket.on('connect', () => {
      if (!reads) {
        socket.pause();
      } else {
        socket.resume();
      }
      done(socket);
    });
  });
}

// Writes as fast as the other end takes it, without ever keeping more than a little here.
export function push(socket, bytes) {
  if (socket.destroyed || socket.writableEnded) {
    return Promise.reject(new Error('it is closed'));
  }
  return socket.write(bytes) ? Promise.resolve() : new Promise((done, fail) => {
    socket.once('drain', done);
    socket.ended.then(() => fail(new Error('it was closed')));
  });
}

// A mistake in a program itself, and no connection that ended at a bad moment.
export const isOurs = (error) => [TypeError, ReferenceError, SyntaxError, RangeError].some((kind) => error instanceof kind);

// `count` of them at once, each of which begins anew when `one` returns or throws, until the time is over. `one` gets the
// clock and an id, and a list in which it puts its sockets: they are closed at the end.
export async function crowd(target, count, one) {
  const clock = clockOf(target);
  const sockets = new Set();
  const tally = { begun: 0, refused: 0, arrived: 0 };
  const open = async (options) => {
    const socket = await connect(target, options);
    tally.arrived += 1;
    sockets.add(socket);
    socket.ended.then(() => sockets.delete(socket));
    return socket;
  };
  const live = async (id) => {
    while (!clock.isOver()) {
      try {
        tally.begun += 1;
        await Promise.race([one({ id, clock, open, target }), pause(clock.left())]);
      } catch (error) {
        if (isOurs(error)) {
          throw error;
        }
        tally.refused += 1;
        await pause(20);
      }
    }
  };
  const lives = [];
  for (let id = 0; id < count && !clock.isOver(); id += 1) {
    lives.push(live(id));
    if (id % 50 === 49) {
      await pause(5); // so many connections come in a second as one machine can make
    }
  }
  await Promise.all(lives);
  sockets.forEach((socket) => socket.destroy());
  // Who was never let do anything shows nothing about what it does.
  return tally.arrived > 0 && tally.refused < tally.begun ? tally : { ...tally, problems: ['each attempt was refused: it attacked nothing'] };
}

// Collects what a socket says, and tells when `matches` is among it.
export function listen(socket) {
  let bytes = Buffer.alloc(0);
  const waiters = new Set();
  socket.on('data', (chunk) => {
    bytes = bytes.length > 1 << 20 ? chunk : Buffer.concat([bytes, chunk]);
    waiters.forEach((waiter) => waiter());
  });
  const until = (matches, ms = 5000) =>
    new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error('it does not come')), ms);
      const look = () => {
        const found = matches(bytes);
        if (found) {
          waiters.delete(look);
          clearTimeout(timer);
          done(found);
        }
      };
      waiters.add(look);
      socket.ended.then(() => {
        clearTimeout(timer);
        fail(new Error('it was closed'));
      });
      look();
    });
  return { until, text: () => bytes.toString('latin1') };
}

export const say = (socket, message) =>
  push(socket, frame(typeof message === 'string' ? message : JSON.stringify(message), { opcode: 1 }));
export const send = (socket, record) => push(socket, frame(record, { opcode: 2 }));

const isWelcomed = (bytes) => bytes.includes('"type":"welcome"');
const identityIn = (bytes) => /"token":"([0-9a-f]{64})"/.exec(bytes.toString('latin1'))?.[1];

// A WebSocket after its handshake. `hello: false` says nothing; `identify` has an identity; `reads: false` reads nothing after that;
// with `listens` what comes is kept.
export async function webSocket({ open, target }, { hello = true, canvas = 'load', identify = false, reads = true, listens = false, watch = false, nonce, token } = {}) {
  const socket = await open();
  const heard = listen(socket);
  await push(socket, handshake({ port: target.port }));
  await heard.until((bytes) => bytes.includes('HTTP/1.1 101'));
  if (hello) {
    await say(socket, { type: 'hello', protocol: 1, canvas, nonce: nonce ?? randomBytes(8).toString('hex'), watch, token });
    await heard.until(isWelcomed);
  }
  let made;
  if (identify) {
    await say(socket, { type: 'identify' });
    made = await heard.until(identityIn);
  }
  if (!listens) {
    socket.removeAllListeners('data');
  }
  if (reads) {
    socket.resume();
  } else {
    socket.pause();
  }
  return Object.assign(socket, { heard, token: made });
}

// The records of the frames in what was heard so far, as far as they can be read.
export function recordsIn(bytes) {
  const records = [];
  for (let at = Math.max(0, bytes.indexOf('\r\n\r\n') + 4); at + 2 <= bytes.length; ) {
    const opcode = bytes[at] & 15;
    let size = bytes[at + 1] & 127;
    let head = 2;
    if (size === 126) {
      if (at + 4 > bytes.length) break;
      size = bytes.readUInt16BE(at + 2);
      head = 4;
    } else if (size === 127) {
      if (at + 10 > bytes.length) break;
      size = Number(bytes.readBigUInt64BE(at + 2));
      head = 10;
    }
    if (at + head + size > bytes.length) break;
    if (opcode === 2) {
      records.push(...decodeFrame(bytes.subarray(at + head, at + head + size)));
    }
    at += head + size;
  }
  return records;
}

// One HTTP request by hand; resolves with { status, text } when the answer is over or the connection is, or after `ms`.
export async function ask(target, request, ms = 5000) {
  const socket = await connect(target);
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write(request);
  const isWhole = () => {
    const text = Buffer.concat(chunks).toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    const size = /content-length: *(\d+)/i.exec(text)?.[1];
    return end >= 0 && size !== undefined && text.length >= end + 4 + Number(size);
  };
  await Promise.race([socket.ended, pause(ms), (async () => {
    while (!isWhole() && !socket.destroyed) {
      await pause(10);
    }
  })()]);
  socket.destroy();
  const text = Buffer.concat(chunks).toString('latin1');
  return { status: Number(/^HTTP\/1\.[01] (\d+)/.exec(text)?.[1] ?? 0), text };
}

export const request = (target, path, lines = []) =>
  `GET ${path} HTTP/1.1\r\n${[`Host: 127.0.0.1:${target.port}`, ...lines].join('\r\n')}\r\n\r\n`;
