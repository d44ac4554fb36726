// Makes the moderation.db of one released format, with the kolam that wrote it: node tests/data/formats/make-moderation.mjs BIN CANVAS IDENTITY
//
// What was decided is about the person of a kept identity.db, on a kept canvas (the names of their files, without endings). As make.mjs: once for
// each version, and kept as it is.

import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

import { Client, startServer } from '../../wire/client.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const [bin, canvas, identity] = process.argv.slice(2);
const all = JSON.parse(readFileSync(join(here, 'formats.json'), 'utf8'));
const data = join(mkdtempSync(join(tmpdir(), 'kolam-format-')), 'data');
mkdirSync(join(data, 'canvases'), { recursive: true });
writeFileSync(join(data, 'canvases/main.kolam'), gunzipSync(readFileSync(join(here, `${canvas}.kolam.gz`))));
writeFileSync(join(data, 'identity.db'), gunzipSync(readFileSync(join(here, `${identity}.db.gz`))));

const server = await startServer({ bin, data });
const { token } = all.identities[identity];
const artist = await Client.join(server, { token });
const boss = await Client.join(server, { admin: server.adminToken() });
let id = 0;
async function say(client, message) {
  id += 1;
  const asked = { ...message, id };
  client.say(asked);
  const answer = await client.wait((event) => event.id === asked.id);
  if (answer.type === 'error') {
    throw new Error(`${JSON.stringify(asked)}: ${answer.message}`);
  }
  return answer;
}

const place = { level: -1, x: '-100', y: '40', width: 200, height: 100 };
const texts = ['Scribbles over the coast', 'Somebody wrote here'];
const answers = [];
for (const text of texts) {
  answers.push(await say(artist, { type: 'report', place, text }));
}
await say(boss, { type: 'report_close', report: answers[0].report, outcome: 'Thank you: tidied up.' });
await say(boss, { type: 'sanction', prefix: '203.0.113.0/24', kind: 'ban', for_s: 3600, why: 'A flood', everywhere: true });
const muted = await say(boss, { type: 'sanction', artist: artist.me.artist, kind: 'mute', for_s: 86400, why: 'Names of places' });
await say(boss, { type: 'sanction_end', sanction: muted.sanction.sanction });
await say(boss, { type: 'sanction', artist: artist.me.artist, kind: 'suspend', until: null, why: 'Drew over the coast' });
await server.stop();

const moderation = readFileSync(join(data, 'moderation.db'));
const version = moderation.readUInt32BE(60); // user_version, in SQLite's header
writeFileSync(join(here, `moderation-${version}.db.gz`), gzipSync(moderation, { level: 9 }));
all.moderations = { ...all.moderations, [`moderation-${version}`]: { version, canvas, identity, why: 'Drew over the coast', open: texts[1] } };
writeFileSync(join(here, 'formats.json'), `${JSON.stringify(all, null, 2)}\n`);
process.exit(0);
