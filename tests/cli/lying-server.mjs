// A server of kolam.v1 that keeps nothing and, where it is told to, lies: what `kolam load` is to notice. Everybody gets
// every op, so it is honest only to clients that all look at the place where all draw.

import { createRequire } from 'node:module';

import { Reader, Writer } from '../wire/codec.mjs';

const { WebSocketServer } = createRequire(new URL('../../web/package.json', import.meta.url))('ws');

const record = (type, payload) => new Writer().u8(type).sized(payload);

// `lie(op)`: gives the records that a client gets instead of [op.record]; op is { seq, client, record, body }.
export async function startLyingServer(t, { lie = (op) => [op.record], hello = () => true, ack = (send) => send() } = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'kolam.v1' });
  await new Promise((done) => server.on('listening', done));
  const clients = [];
  let seq = 0;
  const frame = (client, records) =>
    records.length > 0 && client.socket.send(Buffer.concat(records.map((one) => one.finish())), { binary: true });
  const say = (client, message) => client.socket.send(JSON.stringify(message));

  function onText(client, message) {
    if (message.type === 'hello') {
      client.nonce = message.nonce;
      client.isArtist = !message.watch;
      client.number = clients.filter((other) => other.number !== undefined && other.isArtist === client.isArtist).length;
      if (hello(client)) {
        say(client, { type: 'welcome', protocol: 1, canvas: message.canvas, seq, you: null });
      }
    } else if (message.type === 'identify') {
      say(client, { type: 'identity', artist: 0, name: 'Calm Otter', token: '0'.repeat(64) });
    } else if (message.type === 'view') {
      const payload = new Writer().varint(message.id).u8(0).varint(seq).u8(message.level + 24)
        .zigzag(message.x).zigzag(message.y).varint(message.width).varint(message.height);
      frame(client, [record(0x88, payload.raw(new Array(message.width * message.height).fill(0)).finish())]);
    }
  }

  function onSubmit(author, bytes) {
    const input = new Reader(bytes);
    if (input.u8() !== 1) {
      return;
    }
    const counter = input.varint();
    const count = input.varint();
    for (let i = 0; i < count; i += 1) {
      const size = input.varint();
      const body = bytes.subarray(input.at, input.at + size);
      input.at += size;
      seq += 1;
      const envelope = new Writer().varint(seq).varint(1769000000000).varint(1).u64(author.nonce).varint(counter + i).varint(0);
      const op = record(0x81, envelope.raw(body).finish());
      const own = record(0x82, new Writer().varint(counter + i).varint(1).varint(seq).finish());
      ack(() => frame(author, [own]), seq);
      clients.forEach((client) => frame(client, lie({ seq, client, record: op, envelope, body })));
    }
  }

  server.on('connection', (socket) => {
    const client = { socket, server };
    clients.push(client);
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) =>
      (isBinary ? onSubmit(client, new Uint8Array(data)) : onText(client, JSON.parse(data))));
  });
  t.after(() => {
    clients.forEach((client) => client.socket.terminate());
    server.close();
  });
  return { origin: `http://127.0.0.1:${server.address().port}`, clients, seq: () => seq };
}
