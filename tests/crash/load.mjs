// Writers that remember: each keeps a journal of what it sent and what was acknowledged, as a good client
// does, so that after any crash it can be said what must be in the log, and what may be.

import { Client, editBody, hideBody, newNonce, showBody, strokeBody } from '../wire/client.mjs';

// A small generator (mulberry32): the same numbers for the same seed.
export function makeRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, below: (limit) => Math.floor(next() * limit) };
}

const AHEAD = 64; // units sent and not yet acknowledged

export class JournalWriter {
  entries = new Map(); // counter of a unit -> { bodies, seq: null or number }
  strokes = []; // seqs of own strokes that were acknowledged
  counter = 1;
  unacknowledged = 0; // units
  isPaused = false;

  constructor(index, random) {
    this.index = index;
    this.random = random;
    this.nonce = newNonce();
    this.place = { x: index % 2, y: index >> 1 };
  }

  // Connects as the same person, and sends again what was not acknowledged, in order.
  async connect(server, canvas, { isPaused = false } = {}) {
    this.client = await Client.join(server, { canvas, nonce: this.nonce, token: this.token });
    this.client.keepsNothing = true;
    if (!this.token) {
      this.client.keepsNothing = false;
      await this.client.identify();
      this.client.keepsNothing = true;
      this.token = this.client.token;
    }
    this.failure = null;
    this.isPaused = isPaused;
    this.client.onEvent = (event) => this.take(event);
    this.socketIsOpen = true;
    this.client.closed.then(() => (this.socketIsOpen = false));
    for (const [counter, entry] of this.entries) {
      if (entry.seq === null) {
        this.client.submit(entry.bodies, { counter });
      }
    }
    this.fill();
  }

  take(event) {
    if (event.type === 'ack') {
      const entry = this.entries.get(event.counter);
      if (!entry || entry.bodies.length !== event.count) {
        this.failure = `an ACK of ${event.counter} x ${event.count} that was never sent`;
      } else if (entry.seq !== null && entry.seq !== event.seq) {
        this.failure = `${event.counter} was acknowledged as ${entry.seq}, then as ${event.seq}`;
      } else if (entry.seq === null) {
        entry.seq = event.seq;
        this.unacknowledged -= 1;
        if (entry.isStroke) {
          this.strokes.push(event.seq);
        }
      }
      this.onAck?.();
      this.fill();
    } else if (event.type === 'nack' && event.code === 5) {
      this.isPaused = true; // the server is ending: it stays in the journal until the next connection
    } else if (event.type === 'nack' && /taken off the wall/.test(event.message) && !this.entries.get(event.counter)?.isStroke) {
      this.entries.delete(event.counter); // a moderator rolled back what it was to show: it is not in the log
      this.unacknowledged -= 1;
      this.fill();
    } else if (event.type === 'nack') {
      this.failure = `NACK ${event.code} of ${event.counter}: ${event.message}`;
    } else if (event.type === 'error') {
      this.failure = `error: ${event.message}`;
    }
  }

  fill() {
    while (!this.isPaused && this.socketIsOpen && this.unacknowledged < AHEAD) {
      const bodies = this.makeUnit();
      this.entries.set(this.counter, { bodies, seq: null, isStroke: bodies.isStroke });
      this.unacknowledged += 1;
      this.client.submit(bodies, { counter: this.counter });
      this.counter += bodies.length;
    }
  }

  makeUnit() {
    const { random } = this;
    const roll = random.below(20);
    if (roll < 3 && this.strokes.length > 0) {
      const target = this.strokes[random.below(this.strokes.length)];
      return [roll < 2 ? hideBody(target) : showBody(target)];
    }
    const isEdit = roll === 19 && this.strokes.length > 0;
    const options = {
      ...this.place, level: 0, tool: ['pen', 'pen', 'marker', 'eraser'][random.below(4)],
      color: random.below(2 ** 32), width: 256 + random.below(4096),
    };
    const stroke = (more) => strokeBody({
      ...options, ...more,
      points: Array.from({ length: 1 + random.below(12) }, () => [random.below(2048), random.below(2048)]),
    });
    if (isEdit) {
      const target = this.strokes[random.below(this.strokes.length)];
      return [editBody([target], 2), stroke({}), stroke({})];
    }
    const parts = roll < 6 ? 2 + random.below(3) : 1;
    const bodies = Array.from({ length: parts }, (_, part) => stroke({ part, parts }));
    return Object.assign(bodies, { isStroke: true });
  }

  // Every op of the journal: { counter, body, seq (null: not acknowledged) }.
  *ops() {
    for (const [counter, { bodies, seq }] of this.entries) {
      for (const [i, body] of bodies.entries()) {
        yield { counter: counter + i, body, seq: seq === null ? null : seq + i };
      }
    }
  }
}

