// What people write today: a relay on `ws` that sends each stroke to everybody at once, one frame a stroke, and keeps nothing. It speaks as
// much of kolam.v1 as `kolam load` needs to drive it. Prints its port.

import { createRequire } from 'node:module';

import { Reader, Writer } from '../../wire/codec.mjs';

const { WebSocketServer } = createRequire(new URL('../../../web/package.json', import.meta.url))('ws');

const record = (type, payload) => new Writer().u8(type).sized(payload).finish();
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, handleProtocols: () => 'kolam.v1' },
  () => console.log(server.address().port));
let seq = 0;

function onText(client, message) {
  if (message.type === 'hello') {
    client.nonce = message.nonce;
    client.send(JSON.stringify({ type: 'welcome', protocol: 1, canvas: message.canvas, seq, you: null }));
  } else if (message.type === 'identify') {
    client.send(JSON.stringify({ type: 'identity', artist: 0, name: 'Calm Otter' }));
  } else if (message.type === 'view') {
    const payload = new Writer().varint(message.id).u8(0).varint(seq).u8(message.level + 24)
      .zigzag(message.x).zigzag(message.y).varint(message.width).varint(message.height);
    client.send(record(0x88, payload.raw(new Array(message.width * message.height).fill(0)).finish()));
  }
}

function onRecord(client, bytes) {
  if (bytes[0] !== 1) {
    return; // previews and pointers: not relayed here
  }
  const input = new Reader(bytes, 1);
  const counter = input.varint();
  const count = input.varint();
  for (let i = 0; i < count; i += 1) {
    const size = input.varint();
    const head = new Writer().varint(++seq).varint(Date.now()).varint(1).u64(client.nonce).varint(counter + i).varint(0).finish();
    const op = Buffer.concat([new Writer().u8(0x81).varint(head.length + size).finish(), head, bytes.subarray(input.at, input.at + size)]);
    input.at += size;
    client.send(record(0x82, new Writer().varint(counter + i).varint(1).varint(seq).finish()));
    server.clients.forEach((other) => other.send(op));
  }
}

server.on('connection', (client) => {
  client.on('error', () => {});
  client.on('message', (data, isBinary) => (isBinary ? onRecord(client, data) : onText(client, JSON.parse(data))));
});
