// A free port for a server that is started again at the same address, or that does not choose one itself: of those that the
// system gives to nobody by itself, so that none of another test, which may run beside this one, takes it in between.

import { createServer } from 'node:net';

const FIRST = 12_000;
const COUNT = 20_000; /* up to where the system's own begin, at 32768 */

function isFree(port) {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

export async function freePort() {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) {
      return port;
    }
  }
}
