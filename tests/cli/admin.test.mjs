// kolam admin: what moderators and owners decide, from a shell.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { after, before } from 'node:test';

import { Client } from '../wire/client.mjs';
import { kolam, makeFolder, startServer } from '../wire/process.mjs';
import '../wire/tidy.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.kill());

const admin = (args, options) => kolam(['admin', ...args], options);
// At the running server, by the token in its data folder.
const ask = (args) => admin([...args, '--server', server.origin, '--data', server.data]);

// Exactly one line on standard error, none on standard output, and this exit status.
function assertComplains(run, status, words) {
  assert.equal(run.code, status, run.stderr);
  assert.equal(run.stdout, '');
  assert.match(run.stderr, /^kolam admin[^\n]*\n$/);
  assert.match(run.stderr, words);
}

test('help is on standard output, of all and of each, and fits', async () => {
  const all = await admin(['--help']);
  assert.equal(all.code, 0);
  const names = [...all.stdout.matchAll(/^ {2}([a-z-]+) +\S/gm)].map(([, name]) => name).filter((name) => name !== 'kolam');
  for (const name of ['mode', 'area', 'role', 'freeze', 'votes', 'policy', 'mute', 'slow', 'suspend', 'ban', 'end', 'sanctions', 'whence', 'reports', 'report-close', 'audit', 'undo']) {
    assert.ok(names.includes(name), name);
  }
  for (const name of names) {
    const one = await admin([name, '--help']);
    assert.equal(one.code, 0, name);
    assert.equal(one.stderr, '');
    assert.match(one.stdout, new RegExp(`^kolam admin ${name}`));
    assert.match(one.stdout, /--admin-token-file FILE/);
    assert.ok(one.stdout.split('\n').every((line) => line.length <= 110), `admin ${name} --help is too wide`);
  }
  assert.equal((await admin([])).code, 2);
});

test('wrong usage is one line and exit status 2, and nobody is asked', async () => {
  assertComplains(await admin(['nonsense']), 2, /no 'nonsense'/);
  assertComplains(await admin(['mode']), 2, /open, newcomers, invited or read-only/);
  assertComplains(await admin(['mode', 'closed']), 2, /open, newcomers, invited or read-only/);
  assertComplains(await admin(['mode', 'open', '--for', '3 days']), 2, /--for 3 days/);
  assertComplains(await admin(['mode', 'open', '--for', '2h', '--until', '2026-01-01']), 2, /exclude/);
  assertComplains(await admin(['mode', 'open', '--until', '4711']), 2, /--until 4711/);
  assertComplains(await admin(['mode', 'open', '--canvas', '../x']), 2, /no name of a canvas/);
  assertComplains(await admin(['area', 'protected']), 2, /--rect X,Y,W,H is needed/);
  assertComplains(await admin(['area', 'plain']), 2, /--of AREA/);
  assertComplains(await admin(['area', 'quiet', '--rect', '1,2,3']), 2, /--rect 1,2,3/);
  assertComplains(await admin(['role', '12', 'king']), 2, /'king' is no role/);
  assertComplains(await admin(['votes', 'many']), 2, /many is no number/);
});

test('without a server, or without its token, it fails in one line', async () => {
  const nowhere = makeFolder();
  assertComplains(await admin(['policy', '--data', nowhere]), 1, /admin\.token: No such file/);
  assertComplains(await admin(['policy', '--data', server.data, '--server', 'http://127.0.0.1:1']), 1, /127\.0\.0\.1/);
  const env = { KOLAM_ADMIN_TOKEN: 'f'.repeat(64) };
  assertComplains(await admin(['policy', '--server', server.origin], { env }), 1, /admin token is wrong/);
  assertComplains(await admin(['policy'], { env: { KOLAM_ADMIN_TOKEN: 'x' } }), 2, /holds no token/);
});

test('a canvas tells how it is set up', async () => {
  const text = await ask(['policy']);
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, /^canvas main: /);
  const file = await admin(['policy', '--json', '--server', server.origin, '--admin-token-file', join(server.data, 'admin.token')]);
  assert.equal(file.code, 0, file.stderr);
  JSON.parse(file.stdout);
});

test('a vandal’s evening, from a shell', async () => {
  const vandal = await Client.artist(server, {});
  const mira = await Client.artist(server, {});
  const strokes = [await vandal.draw([10, 10, 60, 60]), await vandal.draw([20, 60, 60, 20])];
  await mira.draw([10, 40, 90, 40]);
  const number = String(vandal.me.artist);
  const ok = async (args) => {
    const run = await ask(args);
    assert.equal(run.code, 0, `${args.join(' ')}: ${run.stderr}`);
    assert.equal(run.stderr, '');
    return run.stdout;
  };
  const json = async (args) => JSON.parse(await ok([...args, '--json']));
  mira.say({ type: 'report', id: 1, artist: vandal.me.artist, place: { level: 0, x: '0', y: '0', width: 100, height: 100 }, text: 'over my kolam' });
  await mira.wait((event) => event.type === 'reported');
  const list = await ok(['reports']);
  assert.match(list, new RegExp(`artist of .* \\(artist ${number}\\) at level 0: 0,0,100,100  by .*: over my kolam`));
  const [report] = (await json(['reports'])).reports;
  assert.match(await ok(['suspend', number, '--for', '2h', '--why', 'let the others draw']), /suspend .* until 20\d\d-.* by Operator: let the others draw/);
  await vandal.wait((event) => event.type === 'sanctioned');
  const frozen = (await json(['freeze', '--rect', '0,0,100.5,100', '--for', '30m', '--why', 'until it is tidy'])).act;
  assert.match(await ok(['policy']), new RegExp(`area ${frozen}: frozen`));
  assert.match(await ok(['whence', number]), /^127\.0\.0\.0\/24$/m);
  assertComplains(await ask(['ban', '--prefix', '127.0.0.0/24', '--for', '1h']), 1, /own machine cannot be kept out/);
  assertComplains(await ask(['ban', '--prefix', '203.0.113.0/24']), 1, /30 days at most/);
  assert.match(await ok(['ban', '--prefix', '203.0.113.0/24', '--for', '1h', '--ban-watching']), /203\.0\.113\.0\/24 .* not even looking/);
  assert.match(await ok(['report-close', String(report.report), '--outcome', 'They rest.']), /closed .* by Operator: They rest\./);
  assert.equal((await mira.wait((event) => event.type === 'report_seen')).reports[0].outcome, 'They rest.');
  const { sanctions } = await json(['sanctions']);
  assert.deepEqual(sanctions.map(({ kind }) => kind), ['ban', 'suspend']);
  assert.match(await ok(['end', String(sanctions[1].sanction)]), /^ended: .*suspend/);
  assertComplains(await ask(['end', String(sanctions[1].sanction)]), 1, /no such sanction is in force/);
  assert.match(await ok(['undo', frozen]), /taken back: act \d+/);
  assertComplains(await ask(['undo', frozen]), 1, /server refused/);
  const audit = await ok(['audit']);
  assert.match(audit, /Operator .* act \d+ \(taken back\): area frozen, level -?\d+, .*, until 20\d\d-.*: until it is tidy$/m);
  assert.match(audit, new RegExp(`: takes back act ${frozen}$`, 'm'));
  assert.match(audit, /ended: .* suspend/);
  const { entries, next } = await json(['audit', '--limit', '2']);
  assert.equal(entries.length, 2);
  assert.match(await ok(['audit', '--before', next, '--limit', '1']), /there is more: --before /);
  assert.match(await ok(['mute', vandal.me.name, '--for', '1m']), /mute/, 'by name');
  assertComplains(await ask(['slow', 'Nobody Here', '--for', '1m']), 1, /no artist 'Nobody Here'/);
  assertComplains(await ask(['slow']), 2, /name one artist/);
  assertComplains(await ask(['slow', number, '--hidden']), 2, /no option --hidden/);
  assert.equal(strokes.length, 2);
});
