// One hostile program as a process: node tests/hostile/attack.mjs NAME --server URL [--seconds N] [--seed N] [--from ADDRESS]
// Prints what came of it as JSON. Exit status 1 if the program found that something is let through that must not be.

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { isOurs, seeded } from './kit.mjs';

const FOLDER = new URL('programs/', import.meta.url);
export const NAMES = readdirSync(FOLDER).filter((name) => name.endsWith('.mjs')).map((name) => name.slice(0, -4)).sort();
export const load = (name) => import(new URL(`${name}.mjs`, FOLDER));

function parse(args) {
  const options = { name: args[0], seconds: 5, seed: 1 };
  for (let i = 1; i + 1 < args.length; i += 2) {
    options[args[i].replace(/^--/, '')] = args[i + 1];
  }
  return options;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { name, server, seconds, seed, from } = parse(process.argv.slice(2));
  if (!NAMES.includes(name) || !server) {
    console.error(`usage: attack.mjs NAME --server URL [--seconds N] [--seed N] [--from ADDRESS]\nprograms: ${NAMES.join(' ')}`);
    process.exit(2);
  }
  const { hostname, port } = new URL(server);
  const { attack } = await load(name);
  process.on('uncaughtException', (error) => {
    if (isOurs(error)) {
      console.error(error);
      process.exit(2);
    }
  });
  const result = await attack({ host: hostname, port: Number(port), seconds: Number(seconds), random: seeded(Number(seed)), from });
  console.log(JSON.stringify(result ?? {}));
  process.exit(result?.problems?.length > 0 ? 1 : 0);
}
