// Runs the client's node tests (tests/web) as they are: `npm test`.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'tests', 'web');
const files = readdirSync(folder).filter((name) => name.endsWith('.test.mjs'));
const args = ['--test', ...files.map((name) => join(folder, name))];
process.exit(spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1);
