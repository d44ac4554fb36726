// For a file whose tests wait most of their time, each with a server of its own: several of them at once.

import { describe, test } from 'node:test';

// As node:test's `test`; what it was given begins, `count` at a time, with `.begin()`.
export function sideBySide(count) {
  const given = [];
  const later = (...args) => given.push(args);
  later.begin = () => describe(`${count} at once`, { concurrency: count }, () => {
    given.splice(0).forEach((args) => test(...args));
  });
  return later;
}
