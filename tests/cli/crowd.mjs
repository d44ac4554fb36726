// People who draw as fast as it is acknowledged while a copy of the data folder is made, a moderator who decides things meanwhile, and what of
// that a copy must hold: all that was acknowledged before it was begun.

import assert from 'node:assert/strict';
import { join } from 'node:path';

import { JournalWriter } from '../crash/load.mjs';
import { Client, eventually, kolam, makeFolder, startServer } from '../wire/client.mjs';
import { SqliteFile } from '../wire/sqlite.mjs';

export async function does(...args) {
  const run = await kolam(args);
  assert.equal(run.code, 0, run.stderr + run.stdout);
  return run.stdout;
}

export class Crowd {
  decided = 0; // sanctions that were acknowledged

  constructor(random, canvases) {
    this.writers = canvases.flatMap((canvas, i) => [0, 1].map((j) => Object.assign(new JournalWriter(2 * i + j, random), { canvas })));
  }

  async connect(server) {
    await Promise.all(this.writers.map((writer) => writer.connect(server, writer.canvas)));
    this.moderator = await Client.join(server, { canvas: this.writers[0].canvas, admin: server.adminToken() });
  }

  // When the server has ended, or was killed.
  gone() {
    return Promise.all([...this.writers.map(({ client }) => client.closed), this.moderator.closed]);
  }

  async decide() {
    const id = this.decided + 1;
    this.moderator.say({ type: 'sanction', id, prefix: `203.0.${id}.0/24`, kind: 'mute', for_s: 3600, why: `the ${id}th` });
    const answer = await this.moderator.wait((event) => event.id === id && (event.type === 'sanction' || event.type === 'error'));
    assert.equal(answer.type, 'sanction', JSON.stringify(answer));
    this.decided = id;
  }

  count() {
    return this.writers.reduce((sum, { strokes }) => sum + strokes.length, 0);
  }

  async more(count) {
    const before = this.count();
    await eventually(() => this.count() >= before + count, `${count} strokes`, 60000);
    this.writers.forEach(({ failure }) => assert.equal(failure, null));
  }

  rest() {
    this.writers.forEach((writer) => (writer.isPaused = true));
    return eventually(() => this.writers.every(({ unacknowledged }) => unacknowledged === 0), 'all is acknowledged');
  }

  goOn() {
    this.writers.forEach((writer) => {
      writer.isPaused = false;
      writer.fill();
    });
  }

  // What was acknowledged up to now.
  moment() {
    const ops = this.writers.flatMap((writer) => [...writer.ops()].filter(({ seq }) => seq !== null)
      .map(({ seq, body }) => ({ canvas: writer.canvas, seq, body: Buffer.from(body) })));
    return { ops, decided: this.decided, tokens: this.writers.map(({ token }) => token) };
  }
}

export const rowsOf = (data, canvas) => new Map(new SqliteFile(join(data, `canvases/${canvas}.kolam`)).rows('op').map((row) => [row.seq, row]));

// A copy of a data folder is whole, and has all of the moment: as it lies there, and restored and served.
export async function assertHolds(copy, { ops, decided, tokens }) {
  assert.match(await does('check', '--data', copy), /no problems/);
  const data = join(makeFolder(), 'data');
  await does('restore', copy, '--data', data);
  const rows = new Map([...new Set(ops.map(({ canvas }) => canvas))].map((canvas) => [canvas, rowsOf(data, canvas)]));
  for (const { canvas, seq, body } of ops) {
    assert.ok(rows.get(canvas).has(seq), `${canvas} ${seq} was acknowledged`);
    assert.ok(rows.get(canvas).get(seq).body.equals(body), `${canvas} ${seq} is what was sent`);
  }
  const server = await startServer({ data });
  for (const token of tokens) {
    const back = await Client.join(server, { token });
    assert.ok(back.welcome.you, 'who drew is known');
    back.vanish();
  }
  const sanctions = JSON.parse(await does('admin', 'sanctions', '--server', server.url, '--data', data, '--json')).sanctions;
  assert.ok(sanctions.length >= decided, `what was decided is in it: ${sanctions.length} of ${decided}`);
  await server.stop();
}
