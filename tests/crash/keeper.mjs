// One who does what is no stroke, over and over, and remembers what was acknowledged: places, acts, rollbacks, people and their
// names. After any crash it can be said what must be there.

import { Client, newNonce } from '../wire/client.mjs';

export class Keeper {
  records = []; // { seq, kind } of what was acknowledged: 4 a record, 2 a hide
  people = []; // { token, names: those asked for since the last that was acknowledged, that one first }
  count = 0;

  constructor(random) {
    this.random = random;
  }

  async ask(message, isAnswer) {
    const from = this.client.mark();
    this.client.say(message);
    return this.client.wait((event) => isAnswer(event) || (event.type === 'error' && event.id === message.id), from);
  }

  async place(id) {
    const said = await this.ask({
      type: 'place', id, nonce: newNonce(), name: `Place ${id}`, x: String(id), y: '3', zoom: 0,
    }, (event) => event.type === 'place' && event.id === id);
    if (said.type === 'place') {
      this.records.push({ seq: Number(said.place), kind: 4 });
    }
  }

  async act(id) {
    const act = { kind: 'area', area: 'quiet', name: `Area ${id}`, level: 0, x: String(id), y: '0', width: 50, height: 40 };
    const said = await this.ask({ type: 'act', id, act }, (event) => event.type === 'acted' && event.id === id);
    if (said.type === 'acted') {
      this.records.push({ seq: Number(said.act), kind: 4 });
    }
  }

  async rollback(id) {
    const x = this.random.below(256);
    const said = await this.ask({
      type: 'rollback', id, artists: null, level: 0, x: String(x), y: '0', width: 40, height: 60, lasso: null,
      from: '1', to: '1000000', apply: true,
    }, (event) => event.type === 'rollback' && event.id === id);
    for (let i = 0; said.type === 'rollback' && said.seq && i < said.ops; i += 1) {
      this.records.push({ seq: Number(said.seq) + i, kind: 2 });
    }
  }

  async person(server) {
    const client = await Client.join(server);
    try {
      await client.identify();
      const person = { token: client.token, names: [client.me.name] };
      this.people.push(person);
      const name = `Person ${this.people.length}`;
      const from = client.mark();
      person.names.push(name);
      client.say({ type: 'rename', name });
      await client.wait((event) => event.type === 'artists' && event.list.some((artist) => artist.name === name), from);
      person.names = [name];
    } finally {
      client.vanish();
    }
  }

  // Goes on until the server is gone.
  async work(server) {
    try {
      this.client = await Client.join(server, { admin: server.adminToken(), token: this.token });
      if (!this.token) {
        await this.client.identify();
        this.token = this.client.token;
      }
      for (;;) {
        const task = ['place', 'person', 'act', 'rollback'][this.count % 4];
        await (task === 'person' ? this.person(server) : this[task](this.count));
        this.count += 1;
      }
    } catch (error) {
      if (!/closed|ECONN|socket|refused/.test(String(error))) {
        throw error;
      }
    }
  }

  // What is not there though it was acknowledged; an empty list is good.
  async missing(server, rows) {
    const kinds = new Map(rows.map((row) => [row.seq, row.kind]));
    const lost = this.records.filter(({ seq, kind }) => kinds.get(seq) !== kind).map(({ seq, kind }) => `${kind} as ${seq}`);
    for (const { token, names } of this.people) {
      const client = await Client.join(server, { token });
      if (!names.includes(client.welcome.you?.name)) {
        lost.push(`${names.join(' or ')}, who is ${JSON.stringify(client.welcome.you)}`);
      }
      client.vanish();
    }
    return lost;
  }
}
