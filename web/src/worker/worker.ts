/* The service worker: the page starts without the server.
 *
 * While the server answers, everything comes from it, as without a worker; so no old version can stay. The
 * shell (the page and what its start needs) is kept beside, as one whole: a version is the hashes of its files, it is
 * complete or not there, and it takes the place of the one before at once. A page that was started from
 * it gets all of it from there, never half of each version. Tiles are none of its business: the page keeps
 * those it saw (view/seen.ts). */

declare const self: ServiceWorkerGlobalScope;
/* From the build: path to SHA-256, and the hash of all of them. */
declare const SHELL: Record<string, string>;
declare const LATER: Record<string, string>;
declare const VERSION: string;

const PREFIX = 'kolam-shell-';
const NAME = PREFIX + VERSION;
/* A server that takes longer for the page itself is as good as away. */
const PAGE_MS_MAX = 4_000;

/* Pages that were started from what is kept. They live as long as a page takes to start: if the worker is put to
 * sleep meanwhile, what they load later is asked of the server first. */
const kept = new Set<string>();

async function hashOf(response: Response): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/* The server may be changing its version in this moment: a file of another one ends the installation, and
 * the browser tries again. */
async function keepFile(cache: Cache, path: string, hash: string): Promise<void> {
  const response = await fetch(path, { cache: 'no-cache' });
  if (!response.ok || (await hashOf(response.clone())) !== hash) {
    throw new Error(`${path} is not of version ${VERSION}`);
  }
  await cache.put(path, path === '/' ? withoutPlace(response) : response);
}

/* Where the newest drawing was then, on the canvas that was asked for. */
function withoutPlace(page: Response): Response {
  const headers = new Headers(page.headers);
  headers.delete('server-timing');
  return new Response(page.body, { status: page.status, headers });
}

async function install(): Promise<void> {
  try {
    const cache = await caches.open(NAME);
    const files = Object.entries(SHELL);
    await Promise.all(files.map(([path, hash]) => keepFile(cache, path, hash)));
  } catch (error) {
    await caches.delete(NAME);
    throw error;
  }
  await self.skipWaiting();
}

async function activate(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

function fromKept(path: string): Promise<Response | undefined> {
  return caches.open(NAME).then((cache) => cache.match(path));
}

/* The wall itself; any address of one is the same page. */
async function page(event: FetchEvent): Promise<Response> {
  const answer = fetch(event.request);
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), PAGE_MS_MAX));
  const prompt = await Promise.race([answer.catch(() => null), late]);
  /* A proxy answers for a server that is away, too. */
  if (prompt !== null && prompt.status < 500) {
    return prompt;
  }
  const found = await fromKept('/');
  if (found === undefined) {
    return answer;
  }
  kept.add(event.resultingClientId);
  return found;
}

async function file(event: FetchEvent, path: string): Promise<Response> {
  if (kept.has(event.clientId)) {
    const found = await fromKept(path);
    if (found !== undefined) {
      return found;
    }
  }
  try {
    const answer = await fetch(event.request);
    if (answer.ok && SHELL[path] === undefined) {
      const cache = await caches.open(NAME);
      await cache.put(path, answer.clone()); /* loaded when it was needed: it may be needed again */
    }
    return answer;
  } catch (error) {
    const found = await fromKept(path);
    if (found === undefined) {
      throw error;
    }
    return found;
  }
}

/* The page has time: what it may load later, tools that were never opened among it, and the language it speaks. One after
 * another, so that nothing that is waited for waits for this. What fails is kept when it is loaded, or the next time. */
async function keepMore(languages: readonly string[]): Promise<void> {
  const cache = await caches.open(NAME);
  for (const path of [...Object.keys(LATER), ...languages]) {
    try {
      const hash = LATER[path];
      if ((await cache.match(path)) === undefined) {
        await (hash === undefined ? cache.add(path) : keepFile(cache, path, hash));
      }
    } catch {
      /* without the server, or it has another version by now */
    }
  }
}

self.addEventListener('message', (event) => {
  const { keep } = (event.data ?? {}) as { keep?: unknown };
  if (typeof keep === 'string') {
    event.waitUntil(keepMore(/^\/messages\/\w+\.json$/.test(keep) ? [keep] : []));
  }
});
self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) {
    return;
  }
  if (request.mode === 'navigate') {
    if (/^\/(c\/[^/]+)?$/.test(pathname)) {
      event.respondWith(page(event));
    }
  } else if (SHELL[pathname] !== undefined || /^\/([\w-]+\.(js|css|wasm)|messages\/\w+\.json)$/.test(pathname)) {
    event.respondWith(file(event, pathname));
  }
});
