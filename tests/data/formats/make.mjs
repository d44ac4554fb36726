// Makes the files of one released format, with the kolam that wrote it: node tests/data/formats/make.mjs VERSION BIN [--flatten]
//
// Run once for each version, with a kolam built from a commit of its time; what it made is kept as it is, and tests/cli/formats.test.mjs
// holds every later kolam against it. The drawing is tests/data/formats/drawing.ndjson, and a little by a client: an undo, a name.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { Client, hideBody, lineBody, startServer } from '../../wire/client.mjs';
import { decodePng } from '../../wire/png.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const [version, bin, flatten] = process.argv.slice(2);
const data = join(mkdtempSync(join(tmpdir(), 'kolam-format-')), 'data');
const RECT = '-100,-100,2000,1500';

execFileSync(bin, ['import', '--data', data, join(here, 'drawing.ndjson')]);
const server = await startServer({ bin, data, args: ['--threads', '2'] });
const artist = await Client.artist(server);
const first = await artist.commit(lineBody([10, 10, 200, 150]));
await artist.commit(lineBody([10, 150, 200, 10]));
await artist.commit(hideBody([first.seq]));
artist.say({ type: 'rename', name: 'Asha' });
await artist.commit(lineBody([5, 80, 250, 80]));
const token = artist.token;
await server.stop();
if (flatten) {
  execFileSync(bin, ['compact', '--data', data, '--before', '40', '--yes']);
}
const picture = join(data, 'p.png');
execFileSync(bin, ['export', '--data', data, '--rect', RECT, '-o', picture]);
const { rgba, width, height } = decodePng(readFileSync(picture));

const identity = readFileSync(join(data, 'identity.db'));
const identityVersion = identity.readUInt32BE(60); // user_version, in SQLite's header
const plain = `canvas-${version}${flatten ? '-flattened' : ''}`;
const isKept = existsSync(join(here, `${plain}.kolam.gz`)); // only people's file is new: the canvas that its person drew on is no other format
const name = isKept ? `${plain}-identity-${identityVersion}` : plain;
writeFileSync(join(here, `${name}.kolam.gz`), gzipSync(readFileSync(join(data, 'canvases/main.kolam')), { level: 9 }));
const path = join(here, 'formats.json');
const all = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { canvases: {}, identities: {} };
const pixels = createHash('sha256').update(rgba).digest('hex');
if (!isKept) {
  all.canvases[name] = { version: Number(version), isFlattened: Boolean(flatten), width, height, pixels };
}
if (!all.identities[`identity-${identityVersion}`]) { // a version's first is kept: its person drew on this canvas
  writeFileSync(join(here, `identity-${identityVersion}.db.gz`), gzipSync(identity, { level: 9 }));
  all.identities[`identity-${identityVersion}`] = { version: identityVersion, canvas: name, token, name: 'Asha' };
}
writeFileSync(path, `${JSON.stringify(all, null, 2)}\n`);
console.log(name, pixels);
process.exit(0);
