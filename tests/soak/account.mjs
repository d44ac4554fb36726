// The log as a stopped server left it, held against what the crowds were told: each op that was acknowledged is there, once,
// under the seq that its artist was told and with the body that was sent; of those artists nothing else is there.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import { SqliteFile } from '../wire/sqlite.mjs';

const hashOf = (body) => createHash('sha256').update(body).digest('hex').slice(0, 16);

async function readJournals(paths, take) {
  for (const path of paths) {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      take(line.split(' '));
    }
  }
}

// { acknowledged, rows, partial, problems: [text, ...] }
export async function holdAgainst(log, journals) {
  const acknowledged = new Map(); // seq -> 'nonce counter hash'
  const names = new Set();
  const problems = [];
  const complain = (text) => problems.length < 20 && problems.push(text);
  await readJournals(journals, ([nonce, counter, seq, hash]) => {
    if (acknowledged.has(Number(seq)) || names.has(`${nonce} ${counter}`)) {
      complain(`${nonce}/${counter} was acknowledged twice, or as a seq of another: ${seq}`);
    }
    acknowledged.set(Number(seq), `${nonce} ${counter} ${hash}`);
    names.add(`${nonce} ${counter}`);
  });
  const file = new SqliteFile(log);
  const nonces = new Map(file.rows('origin').map(({ id, nonce }) =>
    [id, BigInt.asUintN(64, BigInt(nonce)).toString(16).padStart(16, '0')]));
  const ours = new Set([...names].map((name) => name.slice(0, 16)));
  const seen = new Set();
  let rows = 0;
  let partial = 0;
  let last = null;
  for (const { seq, origin, counter, is_partial: isPartial, body } of file.each('op')) {
    if (last !== null && seq !== last + 1) {
      complain(`seq ${seq} comes after ${last}`);
    }
    last = seq;
    rows += 1;
    const nonce = nonces.get(origin);
    const told = acknowledged.get(seq);
    if (isPartial) {
      partial += 1;
    } else if (told !== undefined) {
      if (told !== `${nonce} ${counter} ${hashOf(body)}`) {
        complain(`seq ${seq} is ${nonce}/${counter}, and was acknowledged as ${told}`);
      }
      if (seen.has(`${nonce} ${counter}`)) {
        complain(`${nonce}/${counter} is there twice`);
      }
      seen.add(`${nonce} ${counter}`);
      acknowledged.delete(seq);
    } else if (ours.has(nonce)) {
      complain(`seq ${seq} (${nonce}/${counter}) is of an artist of ours, and was never acknowledged`);
    }
  }
  for (const [seq, told] of acknowledged) {
    complain(`${told} was acknowledged as ${seq} and is not there`);
  }
  return { acknowledged: names.size, rows, partial, problems };
}
