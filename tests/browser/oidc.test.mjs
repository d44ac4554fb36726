// Signing in by OpenID Connect, with a real Apache (docs/apache-oidc.conf) and a real provider: a person is known by their name on each
// device, a stroke of theirs is theirs from everywhere; nobody else's word for who somebody is counts; and signing out.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Client, get, startServer } from '../wire/client.mjs';
import { freePort } from '../wire/ports.mjs';
import '../wire/tidy.mjs';
import { becomes, draw, ready, screenshot, settled, startBrowser, status, wave } from './kit.mjs';
import { canSignIn, makeCertificate, startApache, startProvider, WHY_NOT } from './oidc-kit.mjs';

const skip = canSignIn() ? false : WHY_NOT;
const NAMES = { mira: 'Mira Méhta', otto: 'Otto' };

async function stage() {
  const port = await freePort();
  const site = `https://localhost:${port}`;
  const certificate = makeCertificate();
  const provider = await startProvider(site, certificate, NAMES);
  const server = await startServer({ args: [
    '--allow-host', 'localhost', '--trusted-proxy', '127.0.0.1', '--identity-issuer', 'company',
    '--identity-header', 'X-Auth-Request-User', '--identity-name-header', 'X-Auth-Request-Preferred-Username',
  ] });
  const apache = await startApache(server.port, { port, issuer: provider.issuer, certificate });
  const browser = await startBrowser();
  after(async () => {
    await browser.close();
    await apache.stop();
    await server.stop();
    await provider.stop();
  });
  return { site, port, provider, server, browser };
}

// A device: a browser of its own, in which nobody has signed in.
async function device(browser) {
  const context = await browser.newContext({ viewport: { width: 900, height: 700 }, ignoreHTTPSErrors: true });
  await context.route(/^https:\/\/fonts\./, (route) => route.abort()); // the provider's own page would like some
  return context.newPage();
}

// At the provider's page: says who it is, and lets kolam know.
async function signIn(page, account) {
  await page.locator('input[name=login]').fill(account);
  await page.locator('input[name=password]').fill('any');
  await page.locator('button[type=submit]').click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

async function signedIn(browser, site, account) {
  const page = await device(browser);
  await page.goto(`${site}/c/team#@0,0,0`);
  await signIn(page, account);
  await ready(page);
  return page;
}

const nameOn = async (page) => (await status(page)).person?.name ?? null;

test('who signs in at the provider is known by name on two devices, and nobody else is them', { skip }, async () => {
  const { site, port, provider, server, browser } = await stage();

  const stranger = await device(browser);
  await stranger.goto(`${site}/c/team`);
  assert.ok(stranger.url().startsWith(provider.issuer), 'who has not signed in is sent there');

  const desk = await signedIn(browser, site, 'mira');
  assert.ok(desk.url().startsWith(`${site}/c/team`), 'and comes back to where they wanted');
  await draw(desk, wave([100, 150], [500, 240]));
  await settled(desk);
  assert.equal(await nameOn(desk), NAMES.mira);
  await screenshot(desk, 'oidc-signed-in');

  // Another device, after nothing but signing in: the same person, who may take back what they drew.
  const phone = await signedIn(browser, site, 'mira');
  await becomes(() => nameOn(phone), NAMES.mira);
  await phone.keyboard.press('Control+z');
  await becomes(async () => (await status(desk)).seq, 2);
  const other = await signedIn(browser, site, 'otto');
  await draw(other, wave([100, 350], [500, 440]));
  await settled(other);
  assert.equal(await nameOn(other), NAMES.otto);

  await forgeries({ site, port, server, other });
  await signsOut({ site, port, provider, page: phone });
  await becomes(() => nameOn(desk), NAMES.mira);
  assert.ok(!/mira|otto/i.test(server.log()), server.log());
});

async function cookieOf(page, site) {
  const cookies = await page.context().cookies(site);
  return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}

async function forgeries({ site, port, server, other }) {
  const forged = { 'X-Auth-Request-User': 'mira', 'X-Auth-Request-Preferred-Username': 'Mira', OIDC_CLAIM_sub: 'mira', 'X-Forwarded-For': '203.0.113.9' };
  const proxied = { port, origin: site };
  // Through Apache without having signed in: nothing at all.
  await assert.rejects(Client.join(proxied, { headers: forged, origin: site }), { status: 401 });
  for (const path of ['/tiles/team/0/0/0.png', '/api/canvas/team', '/app.js']) {
    assert.equal((await get(proxied, path, { headers: forged })).status, 401, path);
  }
  assert.equal((await get(proxied, '/metrics')).status, 403);
  assert.equal((await get(proxied, '/manifest.webmanifest')).status, 200);
  // As Otto, who says that he is Mira.
  const otto = await Client.join(proxied, { canvas: 'team', headers: { ...forged, Host: `localhost:${port}` }, cookie: await cookieOf(other, site), origin: site });
  assert.equal(otto.welcome.you.name, NAMES.otto);
  otto.vanish();
  // Past Apache, from an address that is not the proxy's: a stranger like any other.
  const outside = await Client.join(server, { canvas: 'team', headers: forged, localAddress: '127.0.0.2' });
  assert.equal(outside.welcome.you, null);
  outside.vanish();
}

// The module's own address for it; the provider asks once more, and then it is over there, too.
async function signsOut({ site, port, provider, page }) {
  const before = await cookieOf(page, site);
  const comesIn = (cookie) => Client.join({ port, origin: site }, { headers: { Host: `localhost:${port}` }, cookie, origin: site });
  (await comesIn(before)).vanish();
  await page.goto(`${site}/oauth2/callback?logout=${encodeURIComponent(`${site}/`)}`);
  await page.getByRole('button', { name: 'Yes, sign me out' }).click();
  await page.locator('input[name=login]').waitFor();
  assert.ok(page.url().startsWith(provider.issuer), 'as on the first day');
  await assert.rejects(comesIn(before), { status: 401 });
}
