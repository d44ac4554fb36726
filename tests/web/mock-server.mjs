// A server of kolam.v1 in memory, for work on the client without the real one: every op to everybody,
// tiles drawn with the client's own kernel. It forgets all when it ends, and checks little.
//   node tests/web/mock-server.mjs [port]
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { load, root, webRequire } from './load.mjs';

const { WebSocketServer } = webRequire('ws');
const { ByteReader, ByteWriter } = await load('core/bytes.ts');
const { decodeOp } = await load('core/op.ts');
const { Ink } = await load('ink.ts');
const { touchesTile } = await load('core/touch.ts');

const WEB = join(root, 'build', 'web');
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
Object.assign(TYPES, { '.svg': 'image/svg+xml', '.wasm': 'application/wasm' });
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
  "img-src 'self' blob: data:; connect-src 'self'";
const VERSION = '00000000000000aa-1';

const ink = await Ink.load(await readFile(join(WEB, 'ink.wasm')));
const ops = []; // { seq, timeMs, artist, nonce, counter, body, op }
const byId = new Map();
const clients = new Set();
const names = new Map();
const hidden = new Map(); // seq -> newest seq that changed it

// ---- tiles ----

function strokesOn(tile) {
  return ops.filter(({ op }) => op.kind === 'stroke' && touchesTile(op, 0, tile));
}

function seqOf(tile) {
  return strokesOn(tile).reduce((newest, { seq }) => {
    return Math.max(newest, seq, hidden.get(seq)?.seq ?? 0);
  }, 0);
}

function drawTile(tile) {
  const pixels = ink.allocTile();
  const mask = ink.allocMask();
  const slot = ink.allocStroke();
  for (const { seq, body, op } of strokesOn(tile)) {
    if (hidden.get(seq)?.isHidden !== true) {
      ink.decodeStroke(slot, body);
      ink.addStroke(mask, slot, 0, tile);
      ink.composite(mask, op, pixels, pixels);
      ink.clearMask(mask);
    }
  }
  const rgba = ink.tileRgba(pixels);
  ink.freeTile(pixels);
  ink.freeMask(mask);
  ink.freeStroke(slot);
  return encodePng(rgba);
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return ~crc >>> 0;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const size = Buffer.alloc(4);
  const crc = Buffer.alloc(4);
  size.writeUInt32BE(data.length);
  crc.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, crc]);
}

function encodePng(rgba) {
  const header = Buffer.from([0, 0, 1, 0, 0, 0, 1, 0, 8, 6, 0, 0, 0]);
  const rows = Buffer.alloc(256 * 1025);
  for (let y = 0; y < 256; y++) {
    rows.set(rgba.subarray(y * 1024, (y + 1) * 1024), y * 1025 + 1);
  }
  const magic = Buffer.from('89504e470d0a1a0a', 'hex');
  const data = chunk('IDAT', deflateSync(rows, { level: 1 }));
  return Buffer.concat([magic, chunk('IHDR', header), data, chunk('IEND', Buffer.alloc(0))]);
}

// ---- HTTP ----

async function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://mock');
  const tile = /^\/tiles\/[^/]+\/(-?\d+)\/(-?\d+)\/(-?\d+)\.png$/.exec(pathname);
  if (tile !== null) {
    const [level, x, y] = tile.slice(1).map(Number);
    const id = { level, x, y };
    response.writeHead(200, { 'Content-Type': 'image/png', ETag: `"${VERSION}-${seqOf(id)}"` });
    response.end(drawTile(id));
    return;
  }
  if (pathname.startsWith('/claim/')) {
    response.writeHead(204).end();
    return;
  }
  const name = pathname === '/' || pathname.startsWith('/c/') ? '/index.html' : pathname;
  const file = await readFile(join(WEB, name)).catch(() => null);
  const type = TYPES[extname(name)] ?? 'application/octet-stream';
  response.writeHead(file === null ? 404 : 200, {
    'Content-Type': type,
    'Content-Security-Policy': POLICY,
    'Cache-Control': 'no-store',
  });
  response.end(file);
}

// ---- records ----

function record(type, write) {
  const out = new ByteWriter();
  const payload = new ByteWriter();
  write(payload);
  const bytes = payload.finish();
  out.u8(type);
  out.varint(bytes.length);
  out.raw(bytes);
  return out.finish();
}

function broadcast(bytes, except = null) {
  clients.forEach((client) => client !== except && client.socket.send(bytes));
}

function commit(client, counter, bodies) {
  const id = `${client.nonce}:${counter}`;
  if (!byId.has(id)) {
    bodies.forEach((body, i) => {
      const op = decodeOp(body);
      const { artist, nonce } = client;
      ops.push({
        seq: ops.length + 1,
        timeMs: Date.now(),
        artist,
        nonce,
        counter: counter + i,
        body,
        op,
      });
    });
    byId.set(id, ops.length - bodies.length + 1);
    acknowledge(client, counter, bodies.length, byId.get(id));
    ops.slice(-bodies.length).forEach(publish);
    return;
  }
  acknowledge(client, counter, bodies.length, byId.get(id));
}

function acknowledge(client, counter, count, seq) {
  client.socket.send(
    record(0x82, (out) => [counter, count, seq].forEach((value) => out.varint(value))),
  );
}

function publish(entry) {
  const bytes = record(0x81, (out) => {
    out.varint(entry.seq);
    out.varint(entry.timeMs);
    out.varint(entry.artist);
    out.hex64(entry.nonce);
    out.varint(entry.counter);
    out.varint(0);
    out.raw(entry.body);
  });
  if (entry.op.kind === 'hide' || entry.op.kind === 'show') {
    for (const target of entry.op.targets) {
      hidden.set(target, { seq: entry.seq, isHidden: entry.op.kind === 'hide' });
    }
  }
  broadcast(bytes);
  if (entry.op.kind !== 'stroke') {
    clients.forEach((client) => announceTiles(client, entry));
  }
}

function tilesOf({ level, x, y, width, height }) {
  const place = (i) => ({ level, x: x + (i % width), y: y + Math.floor(i / width) });
  return Array.from({ length: width * height }, (_, i) => place(i));
}

function announceTiles(client, entry) {
  const targets = entry.op.targets.map((seq) => ops[seq - 1].op);
  for (const tile of client.view === null ? [] : tilesOf(client.view)) {
    if (targets.some((op) => op.kind === 'stroke' && touchesTile(op, 0, tile))) {
      client.socket.send(
        record(0x86, (out) => {
          out.u8(tile.level + 24);
          out.zigzag(tile.x);
          out.zigzag(tile.y);
          out.varint(entry.seq);
        }),
      );
    }
  }
}

function relay(client, type, reader, hasNonceFirst) {
  const rest = reader.rest();
  const bytes = record(type, (out) => {
    if (!hasNonceFirst) {
      out.varint(client.artist);
    }
    out.hex64(client.nonce);
    out.raw(rest);
  });
  broadcast(bytes, client);
}

function receiveBinary(client, data) {
  const reader = new ByteReader(new Uint8Array(data));
  const type = reader.u8();
  if (type === 0x01) {
    const counter = reader.varint();
    const bodies = Array.from({ length: reader.varint() }, () =>
      reader.raw(reader.varint()).slice(),
    );
    commit(client, counter, bodies);
  } else if (type === 0x02 || type === 0x04) {
    relay(client, type === 0x02 ? 0x84 : 0x87, reader, false);
  } else if (type === 0x03) {
    relay(client, 0x85, reader, true);
  }
}

function sendView(client, message) {
  const view = { ...message, x: Number(message.x), y: Number(message.y) };
  client.view = view;
  client.socket.send(
    record(0x88, (out) => {
      out.varint(view.id);
      out.u8(0);
      out.varint(ops.length);
      out.u8(view.level + 24);
      out.zigzag(view.x);
      out.zigzag(view.y);
      out.varint(view.width);
      out.varint(view.height);
      tilesOf(view).forEach((tile) => out.varint(seqOf(tile)));
    }),
  );
}

function receiveText(client, message) {
  const send = (value) => client.socket.send(JSON.stringify(value));
  const you = () => ({ artist: client.artist, name: names.get(client.artist) });
  if (message.type === 'hello') {
    client.nonce = message.nonce;
    const recent = ops.length > 0 ? { level: 0, x: '0', y: '0' } : null;
    const welcome = { type: 'welcome', protocol: 1, canvas: message.canvas, seq: ops.length };
    send({ ...welcome, incarnation: VERSION.split('-')[0], raster: 1, you: null, recent });
  } else if (message.type === 'identify') {
    client.artist = names.size + 1;
    names.set(client.artist, `Quiet Heron ${client.artist}`);
    send({ type: 'identity', ...you(), claim: '0'.repeat(64) });
  } else if (message.type === 'rename') {
    names.set(client.artist, message.name);
    broadcast(JSON.stringify({ type: 'artists', list: [you()] }));
  } else if (message.type === 'who') {
    const list = message.artists.map((artist) => ({ artist, name: names.get(artist) ?? '?' }));
    send({ type: 'artists', list });
  } else if (message.type === 'view') {
    sendView(client, message);
  }
}

const server = createServer((request, response) => void answer(request, response));
const sockets = new WebSocketServer({ server, path: '/ws' });
sockets.on('connection', (socket) => {
  const client = { socket, nonce: '', artist: 0, view: null };
  clients.add(client);
  socket.on('message', (data, isBinary) => {
    if (isBinary) {
      receiveBinary(client, data);
    } else {
      receiveText(client, JSON.parse(String(data)));
    }
  });
  socket.on('close', () => {
    clients.delete(client);
    broadcast(record(0x89, (out) => out.hex64(client.nonce)));
  });
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
