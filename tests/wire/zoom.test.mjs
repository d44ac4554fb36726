// Level of detail: a client that zooms and pans at random, beside one that sees everything. Whatever it looks at when
// the drawing rests, for every stroke on every tile there it has the stroke itself or a tile that holds it; and no
// stroke came to it twice.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';

import { Client, decodeBody, eventually, startServer, strokeBody } from './client.mjs';
import './tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

// Pseudo-random, so that a failure comes again.
let seed = Number(process.env.KOLAM_SEED ?? 20261122);
const random = (count) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * count);
};

// All that is drawn and looked at lies around this place, in pixels of level 0.
const PLACE = { x: 70000, y: -30000 };

function someStroke() {
  const level = random(9) - 4;
  const reach = 8 * [1, 3, 20, 150, 700][random(5)];
  const x = Math.floor(((PLACE.x + random(1200) - 600) * 2 ** level) / 256);
  const y = Math.floor(((PLACE.y + random(1200) - 600) * 2 ** level) / 256);
  const at = () => [1000 + random(reach), 1000 + random(reach)];
  return strokeBody({ level, x, y, width: 256 * (1 + random(4)), points: Array.from({ length: 2 + random(6) }, at) });
}

function someView() {
  const level = [random(21) - 16, random(9) - 4][random(2)];
  const width = 1 + random(5);
  const height = 1 + random(4);
  const x = Math.floor(((PLACE.x + random(1600) - 800) * 2 ** level) / 256) - random(width);
  const y = Math.floor(((PLACE.y + random(1600) - 800) * 2 ** level) / 256) - random(height);
  return { level, x: Math.max(x, -(2 ** (23 + level))), y: Math.max(y, -(2 ** (23 + level))), width, height };
}

// The tiles of a level on which the stroke's points lie: there its ink is for certain.
function tilesUnder(stroke, level) {
  const scale = 2 ** (level - stroke.level);
  return stroke.points.map(([px, py]) => [
    Math.floor(((stroke.x * 256 + px / 8) * scale) / 256), Math.floor(((stroke.y * 256 + py / 8) * scale) / 256),
  ]);
}

// What a client that shows tiles and strokes knows.
class Watcher {
  asked = new Map();
  views = 0;
  seqs = [];

  constructor(client) {
    this.client = client;
    client.keepsNothing = false;
    client.onEvent = (event) => this.on(event);
  }

  look(view, since) {
    this.views += 1;
    this.asked.set(this.views, view);
    const { level, x, y, width, height } = view;
    this.client.say({ type: 'view', id: this.views, level, x: String(x), y: String(y), width, height, since });
  }

  on(event) {
    if (event.type === 'op') {
      assert.ok(event.seq > (this.seqs.at(-1) ?? 0), `op ${event.seq} came after op ${this.seqs.at(-1)}`);
      this.seqs.push(event.seq);
    } else if (event.type === 'view') {
      this.now = this.asked.get(event.id);
      this.answered = event.id;
      this.tiles = event.tiles.slice();
    } else if (event.type === 'tile' && this.now && event.level === this.now.level) {
      const { x, y, width, height } = this.now;
      if (event.x >= x && event.y >= y && event.x < x + width && event.y < y + height) {
        const i = (event.y - y) * width + event.x - x;
        this.tiles[i] = Math.max(this.tiles[i], event.seq);
      }
    }
  }

  // A stroke on the view of which it knows nothing, or undefined.
  missing(strokes) {
    const { level, x, y, width, height } = this.now;
    const got = new Set(this.seqs);
    for (const { seq, stroke } of strokes) {
      const hole = !got.has(seq) && tilesUnder(stroke, level).find(([tx, ty]) =>
        tx >= x && ty >= y && tx < x + width && ty < y + height && this.tiles[(ty - y) * width + tx - x] < seq);
      if (hole) {
        return `op ${seq} (level ${stroke.level}) on tile ${hole} of level ${level}`;
      }
    }
    return undefined;
  }
}

const everything = { level: -24, x: '-1', y: '-1', width: 2, height: 2 };

test('zooming_at_random_loses_nothing_and_shows_nothing_twice', async () => {
  const [mira, tom, all] = await Promise.all([Client.artist(server), Client.artist(server), Client.join(server)]);
  all.say({ type: 'view', id: 1, ...everything, every: true });
  await all.wait((event) => event.type === 'view');
  const watchers = await Promise.all(Array.from({ length: 3 }, async () => new Watcher(await Client.join(server))));
  const turn = () => new Promise((done) => setImmediate(done));
  const counters = { mira: [], tom: [] };
  for (let round = 0; round < 8; round += 1) {
    for (let step = 0; step < 40; step += 1) {
      counters.mira.push(mira.submit(someStroke()));
      counters.tom.push(tom.submit(someStroke()));
      watchers.forEach((watcher) => random(2) && watcher.look(someView()));
      await turn();
    }
    watchers.forEach((watcher) => watcher.look(someView()));
    const answers = await Promise.all([
      ...counters.mira.splice(0).map((counter) => mira.answer(counter)),
      ...counters.tom.splice(0).map((counter) => tom.answer(counter)),
    ]);
    const last = Math.max(...answers.map((answer) => {
      assert.equal(answer.type, 'ack', answer.message);
      return answer.seq;
    }));
    await all.op(last);
    const strokes = all.all('op').map(({ seq, body }) => ({ seq, stroke: decodeBody(body) }));
    assert.deepEqual(strokes.map(({ seq }) => seq), Array.from({ length: last }, (_, i) => i + 1));
    for (const watcher of watchers) {
      let hole;
      await eventually(() => {
        hole = watcher.answered === watcher.views ? watcher.missing(strokes) : 'no answer';
        return !hole;
      }, 'a client to know all that its view shows').catch((error) => {
        throw new Error(`${error.message}: ${hole}`);
      });
    }
  }
  assert.ok(watchers.some(({ seqs }) => seqs.length > 0), 'who looks closely is sent strokes');
  /* On a fast machine all is over before the first far tile is drawn: one who stays is told of it. */
  watchers[0].look(everything);
  await eventually(() => watchers[0].answered === watchers[0].views, 'the view from afar');
  mira.submit(someStroke());
  await eventually(() => watchers[0].client.all('tile').length > 0, 'a notice of a far tile');
  assert.equal(all.all('tile').length, 0, 'who wants every op gets no notices of tiles');
});

// Asking again for the same view, with what one has, brings nothing twice: what is on its way is known.
test('a_view_asked_for_again_with_since_brings_nothing_twice', async () => {
  const canvas = 'again';
  const [mira, other] = await Promise.all([Client.artist(server, { canvas }), Client.join(server, { canvas })]);
  const watcher = new Watcher(other);
  watcher.look({ level: 0, x: 0, y: 0, width: 2, height: 2 });
  await other.wait((event) => event.type === 'view');
  const body = strokeBody({ points: [[100, 100], [900, 900]] });
  const counters = [];
  for (let i = 0; i < 200; i += 1) {
    counters.push(mira.submit(body));
    if (i % 5 === 0) {
      watcher.look({ level: 0, x: 0, y: 0, width: 2, height: 2 }, watcher.seqs.at(-1) ?? 0);
    }
    await new Promise((done) => setImmediate(done));
  }
  await Promise.all(counters.map((counter) => mira.answer(counter)));
  await other.op(200);
  assert.deepEqual(watcher.seqs, Array.from({ length: 200 }, (_, i) => i + 1));
});
