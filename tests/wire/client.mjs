// A raw client of kolam.v1, in the plainest way: everything the server says is kept in `events`, and
// tests wait for what they expect among them.

import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';

import {
  cancelRecord, cursorRecord, decodeFrame, previewRecord, strokeBody, submitAsRecord, submitRecord,
} from './codec.mjs';
import { DEADLINE_MS, eventually, withDeadline } from './process.mjs';

export * from './codec.mjs';
export * from './process.mjs';

const WebSocket = createRequire(new URL('../../web/package.json', import.meta.url))('ws');

export const newNonce = () => randomBytes(8).toString('hex');

// A stroke from (x0, y0) to (x1, y1) in pixels of its level, relative to its origin tile.
export function lineBody([x0, y0, x1, y1], options = {}) {
  const points = options.points ?? [[x0 * 8, y0 * 8], [x1 * 8, y1 * 8]];
  return strokeBody({ ...options, points });
}

export class Client {
  events = [];
  waiters = new Set();
  nextCounter = 1;

  // Opens the socket only. `identity`: { token } or { cookie }; `origin` makes it a browser.
  static async open(server, { origin, cookie, headers = {}, protocol = 'kolam.v1', path = '/ws', localAddress } = {}) {
    const client = new Client();
    client.server = server;
    const all = { ...headers, ...(cookie ? { Cookie: cookie } : {}) };
    const scheme = server.origin?.startsWith('https:') ? 'wss' : 'ws';
    const url = `${scheme}://127.0.0.1:${server.port}${path}`;
    const options = { origin, headers: all, localAddress, perMessageDeflate: false, handshakeTimeout: DEADLINE_MS, rejectUnauthorized: false };
    client.socket = new WebSocket(url, protocol, options);
    client.closed = new Promise((done) => {
      client.socket.on('close', (code, reason) => {
        client.close = { type: 'close', code, reason: String(reason) };
        client.take(client.close);
        done(client.close);
      });
    });
    client.socket.on('message', (data, isBinary) => client.receive(data, isBinary));
    await new Promise((done, fail) => {
      client.socket.on('open', done);
      client.socket.on('error', fail);
      client.socket.on('unexpected-response', (request, response) => {
        request.destroy();
        fail(Object.assign(new Error(`refused: ${response.statusCode}`), { status: response.statusCode }));
      });
    });
    return client;
  }

  // Opens and says hello; resolves when welcomed.
  static async join(server, options = {}) {
    const client = await Client.open(server, options);
    await client.hello(options);
    return client;
  }

  // Joins and has an identity.
  static async artist(server, options = {}) {
    const client = await Client.join(server, options);
    if (!client.welcome.you) {
      await client.identify();
    }
    return client;
  }

  async hello({ canvas = 'main', nonce = newNonce(), watch, token, admin } = {}) {
    this.nonce = nonce;
    this.canvas = canvas;
    this.say({ type: 'hello', protocol: 1, canvas, nonce, watch, token, admin, client: 'wire-test/1' });
    this.welcome = await this.wait((event) => event.type === 'welcome');
    this.me = this.welcome.you;
    return this.welcome;
  }

  // Resolves with the identity; `token` and `artist` are remembered.
  async identify() {
    const from = this.mark();
    this.say({ type: 'identify' });
    const identity = await this.wait((event) => event.type === 'identity', from);
    this.me = { artist: identity.artist, name: identity.name };
    this.token = identity.token ?? this.token;
    return identity;
  }

  receive(data, isBinary) {
    this.bytesReceived = (this.bytesReceived ?? 0) + data.length;
    try {
      if (isBinary) {
        this.framesReceived = (this.framesReceived ?? 0) + 1;
        const at = performance.now();
        decodeFrame(data).forEach((record) => this.take(Object.assign(record, { frame: this.framesReceived, at })));
      } else {
        this.take(JSON.parse(data));
      }
    } catch (error) {
      this.take({ type: 'undecodable', error });
      throw error;
    }
  }

  take(event) {
    if (event.type === 'identity' && event.artist > 0) {
      this.me = { artist: event.artist, name: event.name };
    }
    if (this.onEvent) {
      this.onEvent(event);
      if (this.keepsNothing) {
        return;
      }
    }
    this.events.push(event);
    for (const waiter of this.waiters) {
      waiter(event);
    }
  }

  // A place among the events: what came before it can be left out of a later wait.
  mark() {
    return this.events.length;
  }

  // The first event, since `from`, that matches; waits for it.
  wait(matches, from = 0, what = String(matches), deadlineMs = DEADLINE_MS) {
    const found = this.events.slice(from).find(matches);
    if (found) {
      return Promise.resolve(found);
    }
    let waiter;
    const answer = new Promise((done, fail) => {
      waiter = (event) => {
        if (matches(event)) {
          done(event);
        } else if (event.type === 'close') {
          const tail = JSON.stringify(this.events.slice(-4), (key, value) => (key === 'body' ? value.length : value));
          fail(new Error(`closed (${event.code} ${event.reason}) while waiting for ${what}; last: ${tail}`));
        }
      };
      this.waiters.add(waiter);
      if (this.close) {
        waiter(this.close);
      }
    });
    return withDeadline(answer, what, deadlineMs).finally(() => this.waiters.delete(waiter));
  }

  all(type, from = 0) {
    return this.events.slice(from).filter((event) => event.type === type);
  }

  say(message) {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  send(bytes) {
    this.socket.send(bytes);
  }

  async view({ level = 0, x = 0, y = 0, width = 1, height = 1, since, id = (this.viewId = (this.viewId ?? 0) + 1) }) {
    const from = this.mark();
    this.say({ type: 'view', id, level, x: String(x), y: String(y), width, height, since });
    return this.wait((event) => event.type === 'view' && event.id === id, from, `VIEW ${id}`);
  }

  // Sends one unit and returns its first counter.
  submit(bodies, { counter = this.nextCounter, slot } = {}) {
    const list = Array.isArray(bodies) ? bodies : [bodies];
    this.nextCounter = Math.max(this.nextCounter, counter + list.length);
    this.send(slot === undefined ? submitRecord(counter, list) : submitAsRecord(slot, counter, list));
    return counter;
  }

  // The ACK or NACK of a counter.
  answer(counter, from = 0) {
    const isIt = (event) => (event.type === 'ack' || event.type === 'nack') && event.counter === counter;
    return this.wait(isIt, from, `ACK of ${counter}`);
  }

  // Submits, and resolves with the ACK or NACK.
  async commit(bodies, options) {
    const from = this.mark();
    return this.answer(this.submit(bodies, options), from);
  }

  // Submits a line and resolves with its seq.
  async draw(line, options = {}) {
    const answer = await this.commit(lineBody(line, options));
    if (answer.type !== 'ack') {
      throw new Error(`NACK ${answer.code}: ${answer.message}`);
    }
    return answer.seq;
  }

  preview(counter, first, body) {
    this.send(previewRecord(counter, first, body));
  }

  cancel(counter) {
    this.send(cancelRecord(counter));
  }

  cursor(place) {
    this.send(cursorRecord(place));
  }

  // The OP of a seq, once it came.
  op(seq, from = 0) {
    return this.wait((event) => event.type === 'op' && event.seq === seq, from, `OP ${seq}`);
  }

  // Resolves when the server has worked through everything sent before this.
  async settle() {
    const from = this.mark();
    this.say({ type: 'who', artists: [4000000000 + from] });
    await this.wait((event) => event.type === 'artists', from);
  }

  async leave() {
    this.socket.close(1000);
    return withDeadline(this.closed, 'the close');
  }

  // The connection ends without a word.
  vanish() {
    this.socket.terminate();
    return this.closed;
  }
}

let askNumber = 0;
// Asks over the WebSocket and gives the answer. Who asks too much is told so, and asks again.
export async function ask(client, message) {
  const about = JSON.stringify(message).slice(0, 100);
  return eventually(async () => {
    const id = (askNumber += 1);
    const from = client.mark();
    client.say({ ...message, id });
    const answer = await client.wait((event) => event.id === id, from, about);
    return !/^too many questions/.test(answer.message) && answer;
  }, about);
}

// Does what has to be let, and gives the act's seq.
export async function acted(client, what) {
  const answer = await ask(client, { type: 'act', act: what });
  if (answer.type !== 'acted') {
    throw new Error(JSON.stringify(answer));
  }
  return answer.act;
}
