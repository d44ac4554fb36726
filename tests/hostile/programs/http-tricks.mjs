// Paths out of the folder, headers in headers, cookies without end, answers that a cache must not keep, pages of other sites, and compression.
import { randomBytes } from 'node:crypto';

import { ask, clockOf, frame, handshake, request } from '../kit.mjs';

export const about = 'path traversal, header injection, cookie bombs, cache poisoning, cross-site WebSockets, compression';

const CRLF = '%0d%0aX-Evil:%201';
const paths = [
  '/../../../../etc/passwd', '/..%2f..%2f..%2fetc%2fpasswd', '/%2e%2e/%2e%2e/%2e%2e/etc/passwd', '/....//....//etc/passwd', '//etc/passwd',
  '/assets/../../kolam-data/admin.token', '/%00', '/c/..%2f..%2fadmin.token', '/tiles/../../admin.token/0/0/0.png', '/tiles/..%2fidentity/0/0/0.png',
  '/api/canvas/..%2f..%2fidentity.db', '/snapshot.png?canvas=../identity&rect=0,0,1,1', '/admin.token', '/identity.db', '/main.kolam', '/%5c..%5c..%5cadmin.token',
];
const injections = [`/tiles/main${CRLF}/0/0/0.png`, `/c/main${CRLF}`, `/snapshot.png?canvas=main${CRLF}&rect=0,0,1,1`, `/claim/${CRLF}`, `/api/outline?text=a${CRLF}&font=sans&size=20`];

const isSecret = (text) => /root:.*:0:0:|SQLite format 3|^[0-9a-f]{64}\s*$/m.test(text);

async function traverse(target, problems) {
  for (const path of paths) {
    const { status, text } = await ask(target, request(target, path));
    if (isSecret(text) || (status === 200 && !/text\/html|image\/png/i.test(text))) {
      problems.push(`${path} was answered ${status}: ${text.slice(0, 80)}`);
    }
  }
}

async function inject(target, problems) {
  for (const path of injections) {
    const { text } = await ask(target, request(target, path));
    if (/^X-Evil:/im.test(text.split('\r\n\r\n')[0])) {
      problems.push(`${path} put a header into the answer`);
    }
  }
}

async function bombs(target, problems) {
  for (const lines of [[`Cookie: ${'a'.repeat(4000)}=b`], [`Cookie: ${'a=b; '.repeat(5000)}`], Array.from({ length: 500 }, (_, i) => `X-H${i}: ${'v'.repeat(50)}`), Array(200).fill('Cookie: a=b')]) {
    const { status, text } = await ask(target, request(target, '/healthz', lines), 2000);
    if (status >= 500) {
      problems.push(`many headers were answered ${status}: ${text.slice(0, 80)}`);
    }
  }
}

// What a header without a say in the address decides may not be kept by a cache for others.
async function poison(target, problems) {
  for (const line of ['X-Forwarded-Host: evil.example', 'X-Original-URL: /admin', 'X-Rewrite-URL: /admin', 'X-Forwarded-Proto: nothing', 'X-HTTP-Method-Override: POST', 'Forwarded: host=evil.example', 'Origin: http://evil.example']) {
    for (const path of ['/', '/tiles/load/0/0/0.png', '/api/canvas/load']) {
      const { text } = await ask(target, request(target, path, [line]));
      if (text.includes('evil.example') || /^access-control-allow-origin:/im.test(text)) {
        problems.push(`${path} with ${line} says so to others`);
      }
    }
  }
  const foreign = await ask(target, `GET /tiles/load/0/0/0.png HTTP/1.1\r\nHost: evil.example\r\n\r\n`);
  if (foreign.status !== 403 || /max-age=[1-9]/.test(foreign.text)) {
    problems.push(`a foreign Host was answered ${foreign.status}, to be kept`);
  }
  const smuggled = await ask(target, `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nContent-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\n\r\n`, 1500);
  if ((smuggled.text.match(/HTTP\/1\.1 200/g) ?? []).length > 0) {
    problems.push('a request with two lengths was answered');
  }
}

async function crossSite(target, problems) {
  for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${target.port}.evil.example`, `https://127.0.0.1:${target.port + 1}`]) {
    const { status } = await ask(target, handshake({ port: target.port }, { Origin: origin }), 1500);
    if (status === 101) {
      problems.push(`a page of ${origin} may connect`);
    }
  }
}

async function compression(target, problems) {
  const key = randomBytes(16).toString('base64');
  const { status, text } = await ask(target, handshake({ port: target.port }, { 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }), 800);
  if (status !== 101 || /sec-websocket-extensions/i.test(text)) {
    problems.push('compression is agreed upon');
  }
  const bomb = await ask(target, Buffer.concat([Buffer.from(handshake({ port: target.port })), frame(Buffer.alloc(2000), { opcode: 2, rsv: 4 })]), 800);
  if (/welcome/.test(bomb.text)) {
    problems.push('a compressed frame was read');
  }
}

export async function attack(target) {
  const clock = clockOf(target);
  const problems = [];
  let rounds = 0;
  while (!clock.isOver() || rounds === 0) {
    for (const trick of [traverse, inject, bombs, poison, crossSite, compression]) {
      try {
        await trick(target, problems);
      } catch (error) {
        if (!/ECONNREFUSED|ECONNRESET|EPIPE/.test(String(error.code))) {
          throw error;
        }
        await new Promise((done) => setTimeout(done, 100)); // it is being started again
      }
    }
    rounds += 1;
  }
  return { rounds, problems: [...new Set(problems)] };
}
