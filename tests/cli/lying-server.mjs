// A server of kolam.v1 that keeps nothing beyond its end and, where it is told to, lies: what `kolam load` is to notice. Everybody gets
// every op, so it is honest only to clients that all look at the place where all draw.

import { createRequire } from 'node:module';

import { Reader, Writer } from '../wire/codec.mjs';

const { WebSocket, WebSocketServer } = createRequire(new URL('../../web/package.json', import.meta.url))('ws');

const record = (type, payload) => new Writer().u8(type).sized(payload);

// `lie(op)`: gives the records that a client gets instead of [op.record]; op is { seq, client, record, body }. `resume(ops)`: those
// that come again when a view is resumed. `commit(publish)`: when an op is durable.
// `tells`: whether TILEs follow a hide or show.
export async function startLyingServer(t, { lie = (op) => [op.record], hello = () => true, ack = (send) => send(),
  resume = (ops) => ops, commit = (publish) => publish(), tells = true } = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'kolam.v1' });
  await new Promise((done) => server.on('listening', done));
  const clients = [];
  const log = []; // { seq, record }
  const names = new Map(); // nonce/counter -> { author, seq }
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
      const isResumed = message.since !== undefined;
      client.view = message;
      const payload = new Writer().varint(message.id).u8(isResumed ? 1 : 0).varint(seq).u8(message.level + 24)
        .zigzag(message.x).zigzag(message.y).varint(message.width).varint(message.height);
      for (let i = 0; i < message.width * message.height; i += 1) {
        payload.varint(tells ? seq : 0);
      }
      const missed = isResumed ? resume(log.filter((op) => op.seq > message.since), client) : [];
      frame(client, [...missed.map((op) => op.record), record(0x88, payload.finish())]);
    }
  }

  function tiles({ level, x, y, width, height }, now) {
    return Array.from({ length: width * height }, (_, i) => record(0x86, new Writer().u8(level + 24)
      .zigzag(Number(x) + (i % width)).zigzag(Number(y) + Math.floor(i / width)).varint(now).finish()));
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
      take(author, counter + i, body);
    }
  }

  // One that came before is acknowledged again; one that is being committed, to whoever sent it last.
  function take(author, counter, body) {
    const name = `${author.nonce}/${counter}`;
    const known = names.get(name);
    names.set(name, { ...known, author });
    if (known?.seq) {
      acknowledge(author, counter, known.seq);
    } else if (!known) {
      commit(() => publish(name, counter, body));
    }
  }

  function acknowledge(author, counter, opSeq) {
    const own = record(0x82, new Writer().varint(counter).varint(1).varint(opSeq).finish());
    ack(() => frame(author, [own]), opSeq);
  }

  function publish(name, counter, body) {
    const { author } = names.get(name);
    seq += 1;
    names.set(name, { author, seq });
    const envelope = new Writer().varint(seq).varint(1769000000000).varint(1).u64(author.nonce).varint(counter).varint(0);
    const op = record(0x81, envelope.raw(body).finish());
    log.push({ seq, record: op });
    const isChange = body[1] === 2 || body[1] === 3;
    acknowledge(author, counter, seq);
    clients.filter(({ view, socket }) => view && socket.readyState === WebSocket.OPEN).forEach((client) =>
      frame(client, [...lie({ seq, client, record: op, envelope, body }), ...(isChange && tells ? tiles(client.view, seq) : [])]));
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
