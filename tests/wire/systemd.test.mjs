// kolam.service as a real systemd runs it: started, told to read anew, killed and started again, stopped. The systemd is one in a
// container whose root is this machine's with a layer above that is thrown away; it sees no network but its own loopback.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';

import { BIN, makeFolder, ROOT } from './client.mjs';
import './tidy.mjs';

const works = (command, ...args) => spawnSync(command, args, { timeout: 20000 }).status === 0;
const overlay = (folder) => `mount -t tmpfs tmpfs ${folder} && mkdir ${folder}/up ${folder}/work ${folder}/whole &&
  mount -t overlay overlay -o lowerdir=/,upperdir=${folder}/up,workdir=${folder}/work ${folder}/whole`;

function whyNot() {
  if (/sanitize|address|thread/.test(BIN)) {
    return 'sanitizers start and trace processes themselves';
  }
  if (!works('systemd-nspawn', '--version') || !works('test', '-x', '/lib/systemd/systemd')) {
    return 'systemd-nspawn is not installed (scripts/deps test-long)';
  }
  const can = process.getuid() === 0 && works('unshare', '--mount', 'sh', '-ec', overlay(makeFolder()));
  return can ? false : 'only root can lay a layer over the root, where the kernel has overlayfs';
}

// What is done inside, by systemd's own means and the command; the test reads what it said.
const INSIDE = `cd /probe; exec >said 2>&1
value() { systemctl show --property "$1" --value kolam; }
tell() { echo "$1: $(value "$1")"; }
pid() { value MainPID; }
systemctl start kolam && echo "started: $(systemctl is-active kolam)"
grep -E '^(Uid|CapBnd|CapEff|NoNewPrivs|Seccomp):' /proc/$(pid)/status
kolam load --server http://127.0.0.1:7700 --canvas main --artists 2 --watchers 2 --seconds 1 --journal acknowledged >load 2>&1; echo "drawn: $?"
before=$(pid); systemctl reload kolam; echo "reloaded: $(systemctl is-active kolam) $([ $(pid) = $before ] && echo the same)"
kill -9 $before; i=0
until [ "$(value NRestarts)" = 1 ] && [ "$(systemctl is-active kolam)" = active ] || [ $i = 200 ]; do i=$((i + 1)); sleep 0.1; done
tell NRestarts; echo "another: $([ $(pid) != $before ] && echo yes)"
kolam load --server http://127.0.0.1:7700 --canvas other --artists 1 --watchers 1 --seconds 1 >load 2>&1; echo "drawn again: $?"
systemctl stop kolam; tell Result; tell ExecMainStatus; tell ActiveState
kolam check --data /var/lib/kolam >checked 2>&1; echo "checked: $?"
ls -ld /var/lib/private/kolam
journalctl --sync; journalctl --no-pager --unit kolam --output cat >journal
systemctl poweroff
`;

test('a real systemd starts it, tells it to read anew, starts it again after a kill, and stops it', { skip: whyNot() }, () => {
  const folder = makeFolder();
  const [layer, shared] = ['layer', 'probe'].map((name) => join(folder, name));
  mkdirSync(layer);
  const put = (path, text, mode = 0o644) => {
    mkdirSync(dirname(join(shared, path)), { recursive: true });
    writeFileSync(join(shared, path), text, { mode });
  };
  put('added/usr/local/lib/systemd/system/kolam.service', readFileSync(join(ROOT, 'share/kolam.service'), 'utf8').replaceAll('@PREFIX@', '/usr/local'));
  put('added/etc/kolam/kolam.conf', 'KOLAM_WEB=/usr/local/share/kolam/web\n');
  put('added/etc/systemd/system/probe.service', '[Service]\nType=oneshot\nExecStart=/bin/sh /probe/inside\n');
  cpSync(BIN, join(shared, 'added/usr/local/bin/kolam'), { recursive: true, dereference: true });
  cpSync(join(ROOT, 'build/web'), join(shared, 'added/usr/local/share/kolam/web'), { recursive: true });
  put('inside', INSIDE);
  const run = spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', `${overlay(layer)}
    cp -a ${shared}/added/. ${layer}/whole/
    exec systemd-nspawn --quiet --directory=${layer}/whole --private-network --register=no --keep-unit --console=pipe --machine=kolam-${process.pid} \
      --bind=${shared}:/probe --boot -- --unit=probe.service`], { encoding: 'utf8', timeout: 120000, input: '' });
  assert.equal(run.status, 0, run.stdout + run.stderr);

  const read = (name) => readFileSync(join(shared, name), 'utf8');
  const said = read('said');
  const journal = read('journal');
  for (const line of [/^started: active$/m, /^drawn: 0$/m, /^reloaded: active the same$/m, /^NRestarts: 1$/m, /^another: yes$/m, /^drawn again: 0$/m,
    /^Result: success$/m, /^ExecMainStatus: 0$/m, /^ActiveState: inactive$/m, /^checked: 0$/m,
    /^CapBnd:\s0+$/m, /^CapEff:\s0+$/m, /^NoNewPrivs:\s1$/m, /^Seccomp:\s2$/m, /^drwxr-x---/m]) {
    assert.match(said, line, `${said}\n${journal}`);
  }
  assert.ok(Number(/^Uid:\s(\d+)/m.exec(said)[1]) >= 61184, `a user that exists only meanwhile: ${said}`);
  assert.match(journal, /event=sandbox .*calls=confined/);
  assert.equal(journal.match(/event=stopped/g).length, 1, 'it ends well when it is asked to');
  const drawn = read('acknowledged').trim().split('\n').length;
  const kept = Number(/(\d+) op/.exec(read('checked'))[1]);
  assert.ok(drawn > 0 && kept >= drawn, `${drawn} acknowledged, ${kept} kept\n${read('checked')}`);
});
