// A WebSocket by hand over TCP, for frames that a good client would never send.

import { randomBytes } from 'node:crypto';
import net from 'node:net';

import { DEADLINE_MS, withDeadline } from './process.mjs';

// One client frame; the fields can all be wrong on request.
export function frame(payload, { opcode = 2, fin = true, rsv = 0, masked = true, size } = {}) {
  const bytes = Buffer.from(payload);
  const claimed = size ?? bytes.length;
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const flag = masked ? 0x80 : 0;
  if (claimed < 126) {
    head.push(flag | claimed);
  } else if (claimed < 65536) {
    head.push(flag | 126, claimed >> 8, claimed & 255);
  } else {
    const long = Buffer.alloc(8);
    long.writeBigUInt64BE(BigInt(claimed));
    head.push(flag | 127, ...long);
  }
  if (!masked) {
    return Buffer.concat([Buffer.from(head), bytes]);
  }
  const mask = randomBytes(4);
  return Buffer.concat([Buffer.from(head), mask, bytes.map((byte, i) => byte ^ mask[i & 3])]);
}

export function handshake(server, lines = {}) {
  const headers = {
    Host: `127.0.0.1:${server.port}`, Upgrade: 'websocket', Connection: 'Upgrade',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'), 'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': 'kolam.v1', ...lines,
  };
  const text = Object.entries(headers).filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `GET /ws HTTP/1.1\r\n${text}\r\n`;
}

// { socket, status, send(bytes), ended: Promise<{ code, reason, frames }> }, after the handshake.
export async function rawWebSocket(server, lines) {
  const socket = net.connect(server.port, '127.0.0.1', () => socket.write(handshake(server, lines)));
  let bytes = Buffer.alloc(0);
  let onData;
  let isClosed = false;
  socket.on('error', () => {});
  const closed = new Promise((done) => socket.on('close', () => done((isClosed = true))));
  // Over when the server has said so or is gone; what it says is then answered as it should be.
  let isOver;
  const ended = new Promise((done) => (isOver = done));
  closed.then(() => isOver(readFrames(bytes)));
  let isOpen = false;
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    onData?.();
    if (isOpen && readFrames(bytes).frames.some(({ opcode }) => opcode === 8)) {
      socket.end(frame(new Uint8Array(0), { opcode: 8 }));
      isOver(readFrames(bytes));
    }
  });
  const headEnd = () => bytes.indexOf('\r\n\r\n');
  await withDeadline(
    new Promise((done) => {
      onData = () => headEnd() >= 0 && done();
      closed.then(done);
    }), 'the handshake', DEADLINE_MS);
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(bytes.toString('latin1'))?.[1] ?? 0);
  bytes = bytes.subarray(headEnd() + 4);
  isOpen = true;
  return {
    socket,
    status,
    isClosed: () => isClosed,
    send: (data) => socket.write(data),
    // What the server sent until it closed; code 1006 when it closed without a close frame.
    ended: withDeadline(ended, 'the end of the connection'),
    frames: () => readFrames(bytes).frames,
  };
}

function readFrames(bytes) {
  const frames = [];
  let close = { code: 1006, reason: '' };
  for (let at = 0; at + 2 <= bytes.length; ) {
    const opcode = bytes[at] & 15;
    let size = bytes[at + 1] & 127;
    at += 2;
    if (at + (size === 126 ? 2 : size === 127 ? 8 : 0) > bytes.length) {
      break;
    }
    if (size === 126) {
      size = bytes.readUInt16BE(at);
      at += 2;
    } else if (size === 127) {
      size = Number(bytes.readBigUInt64BE(at));
      at += 8;
    }
    if (at + size > bytes.length) {
      break; // the rest is on its way
    }
    const payload = bytes.subarray(at, at + size);
    at += size;
    if (opcode === 8) {
      close = size < 2 ? { code: 1005, reason: '' }
        : { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) };
    }
    frames.push({ opcode, payload });
  }
  return { ...close, frames };
}
