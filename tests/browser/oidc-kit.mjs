// A real Apache in front of a server, with docs/apache-oidc.conf (only its names, paths and ports are put in place), and a real identity
// provider beside it, at which everybody has an account. Both speak TLS, by one certificate.

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { freePort } from '../wire/ports.mjs';
import { eventually, get, makeFolder, ROOT, withDeadline } from '../wire/process.mjs';

const BIN = '/usr/sbin/apache2';
const MODULES = '/usr/lib/apache2/modules';
const require = createRequire(join(ROOT, 'tests/outside/package.json'));

function providerPath() {
  try {
    return require.resolve('oidc-provider');
  } catch {
    return null;
  }
}

export const WHY_NOT = 'Apache, its mod_auth_openidc or oidc-provider is not installed (scripts/deps test-long)';
export const canSignIn = () => existsSync(BIN) && existsSync(join(MODULES, 'mod_auth_openidc.so')) && providerPath() !== null;

export function makeCertificate() {
  const folder = makeFolder();
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  chmodSync(folder, 0o755); // Apache's children, which are others, read the certificate
  return { cert, key };
}

const SECRET = 'a secret of the client, long enough to be one';

// Whoever says a name is that account; what it is called is `names[account]`.
export async function startProvider(site, { cert, key }, names) {
  const { Provider } = await import(pathToFileURL(providerPath()));
  const port = await freePort();
  const issuer = `https://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'kolam', client_secret: SECRET, grant_types: ['authorization_code'], response_types: ['code'],
      redirect_uris: [`${site}/oauth2/callback`], post_logout_redirect_uris: [`${site}/`],
    }],
    claims: { openid: ['sub'], profile: ['name'] },
    findAccount: (context, id) => ({ accountId: id, claims: async () => ({ sub: id, name: names[id] }) }),
    cookies: { keys: ['a key of the tests'] },
    pkce: { required: () => true },
  });
  const server = https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, provider.callback());
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  return {
    issuer,
    stop() {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGTERM')));

function replaceAll(text, pairs) {
  return pairs.reduce((now, [from, to]) => {
    if (!now.includes(from)) {
      throw new Error(`docs/apache-oidc.conf has no "${from}" any more`);
    }
    return now.replaceAll(from, to);
  }, text);
}

// What Debian's own apache2.conf has around a site.
function mainConfiguration(folder, site, ports, cert) {
  const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'alias', 'socache_shmcb', 'ssl', 'headers', 'proxy', 'proxy_http', 'auth_openidc'];
  return [
    `ServerRoot ${folder}`, `DefaultRuntimeDir ${folder}`, `PidFile ${folder}/pid`, 'ServerName localhost', `ErrorLog ${folder}/log`, 'LogLevel warn',
    ...modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`),
    ...(process.getuid() === 0 ? ['User www-data', 'Group www-data'] : []),
    ...ports.map((port) => `Listen 127.0.0.1:${port}`),
    `OIDCCABundlePath ${cert}`, `Include ${site}`, '',
  ].join('\n');
}

// In front of the kolam at `kolamPort`: { stop(), log() }.
export async function startApache(kolamPort, { port, issuer, certificate: { cert, key } }) {
  const folder = makeFolder();
  const plain = await freePort();
  const site = join(folder, 'kolam.conf');
  writeFileSync(site, replaceAll(readFileSync(join(ROOT, 'docs/apache-oidc.conf'), 'utf8'), [
    ['/etc/ssl/certs/draw.example.org.pem', cert],
    ['/etc/ssl/private/draw.example.org.key', key],
    ['https://draw.example.org', `https://localhost:${port}`],
    ['draw.example.org', 'localhost'],
    ['https://id.example.org', issuer],
    ['the-secret-that-the-provider-gave', `"${SECRET}"`],
    ['<VirtualHost *:443>', `<VirtualHost *:${port}>`],
    ['<VirtualHost *:80>', `<VirtualHost *:${plain}>`],
    ['127.0.0.1:7700', `127.0.0.1:${kolamPort}`],
  ]));
  writeFileSync(join(folder, 'apache2.conf'), mainConfiguration(folder, site, [port, plain], cert));
  const child = spawn(BIN, ['-d', folder, '-f', join(folder, 'apache2.conf'), '-DFOREGROUND'], { stdio: ['ignore', 'ignore', 'pipe'] });
  running.add(child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const log = () => said + (existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8') : '');
  const exited = new Promise((done) => child.on('close', done)).then(() => running.delete(child));
  await eventually(async () => {
    if (child.exitCode !== null) {
      throw new Error(`Apache ended: ${log()}`);
    }
    const answer = await get({ port, origin: 'https://localhost' }, '/manifest.webmanifest').catch(() => null);
    return answer?.status === 200;
  }, 'Apache answers');
  return {
    log,
    stop() {
      child.kill('SIGTERM');
      return withDeadline(exited, 'Apache ends');
    },
  };
}
