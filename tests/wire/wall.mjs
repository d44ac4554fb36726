// Walls with people of several roles on them, for tests of who may do what.

import assert from 'node:assert/strict';

import { acted, ask, Client } from './client.mjs';

// An admin without an identity, an artist and whoever else, all with numbers.
export async function wallOf(server, canvas, roles = {}) {
  const admin = await Client.join(server, { canvas, admin: server.adminToken() });
  const people = {};
  for (const [name, role] of Object.entries(roles)) {
    const client = await Client.artist(server, { canvas });
    client.first = await client.draw([300, 10, 390, 90]);
    if (role !== 'newcomer') {
      await acted(admin, { kind: 'role', artist: client.me.artist, role });
      await client.wait((event) => event.type === 'standing' && event.role === role);
    }
    people[name] = client;
  }
  return { canvas, admin, ...people };
}

// `gone` becomes a former self of `stays`.
export async function merge(stays, gone) {
  const { code } = await ask(gone, { type: 'link' });
  assert.equal((await ask(stays, { type: 'merge', code })).type, 'merged');
}
