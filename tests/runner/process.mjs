// Runs one program to its end or its time limit, in a process group of its own, so that what it
// started goes with it; what left the group (browsers do) is known by a mark in its environment.

import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

const running = new Set();
const MARK = 'RUN_BY_TESTS_OF';
let count = 0;

const NICENESS = 5;
const OUTPUT_MAX = 64 << 20; // of characters: more is a program that prints without end
const LEAVING_MS = 500; // what was told to end may take so long

// Takes what the others leave: among those who wait for a clock or for each other, a core that computes is in the way. Linux
// weighs sessions against each other first where it has autogroups, and niceness counts within them alone.
function giveWay(child) {
  try {
    setPriority(child.pid, NICENESS);
    writeFileSync(`/proc/${child.pid}/autogroup`, String(NICENESS));
  } catch {
    // There is no such thing here, or the program has ended already.
  }
}

// The command lines of processes that live and whose mark begins so; each is given to `see`.
function survivors(mark, see) {
  const found = [];
  const pids = existsSync('/proc') ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [];
  for (const pid of pids) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').some((one) => one.startsWith(`${MARK}=${mark}`))) {
        found.push(readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').join(' ').trim().slice(0, 120));
        see(Number(pid));
      }
    } catch {
      // It is somebody else's, or has ended meanwhile.
    }
  }
  return found;
}

const kill = (pid) => process.kill(pid, 'SIGKILL');

// What outlived its program, which is told, and ended.
async function endSurvivors(mark) {
  const until = Date.now() + LEAVING_MS;
  while (survivors(mark, () => {}).length > 0 && Date.now() < until) {
    await new Promise((done) => setTimeout(done, 50));
  }
  return survivors(mark, kill);
}

// Gathers what streams say in whole lines: no stream's line is torn by another's.
function gather(streams, most, onTooMuch) {
  const lines = [];
  const rests = new Map();
  let size = 0;
  for (const stream of streams) {
    stream.setEncoding('utf8').on('data', (text) => {
      size += text.length;
      if (size > most) {
        onTooMuch();
        return;
      }
      const whole = (rests.get(stream) ?? '') + text;
      const end = whole.lastIndexOf('\n') + 1;
      lines.push(whole.slice(0, end));
      rests.set(stream, whole.slice(end));
    });
  }
  return () => [...lines, ...[...rests.values()].filter(Boolean).map((rest) => `${rest}\n`)].join('');
}

// Resolves to { status, signal, output, isTimedOut, left, seconds }; never rejects. `output` is standard
// output and standard error as they came, `left` what outlived the program.
export function run(command, args, { env = {}, cwd, timeoutMs = 0, givesWay = false, outputMax = OUTPUT_MAX } = {}) {
  return new Promise((resolve) => {
    const started = process.hrtime.bigint();
    const mark = `${process.pid}.${(count += 1)}.`;
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env, [MARK]: mark },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (givesWay && child.pid) {
      giveWay(child);
    }
    let problem = '';
    let isTimedOut = false;
    let timer;
    const output = gather([child.stdout, child.stderr], outputMax, () => {
      problem = `more than ${outputMax >> 20} MB of output: ended\n`;
      endGroup(child);
    });
    running.add(child);
    const end = async (status, signal) => {
      clearTimeout(timer);
      if (!running.delete(child)) {
        return;
      }
      endGroup(child); // whatever it left behind
      const seconds = Number(process.hrtime.bigint() - started) / 1e9;
      const left = await endSurvivors(mark);
      const text = output() + problem;
      child.stdout.destroy(); // who else holds them is not waited for
      child.stderr.destroy();
      resolve({ status, signal, output: text, isTimedOut, left, seconds });
    };
    if (timeoutMs > 0) {
      timer = setTimeout(() => {
        isTimedOut = true;
        endGroup(child);
      }, timeoutMs);
    }
    child.on('error', (error) => {
      problem = `${error.message}\n`;
      end(127, null);
    });
    // `exit`, then a moment for the pipes: a grandchild that holds them open must not hold us.
    child.on('close', end);
    child.on('exit', (status, signal) => setTimeout(() => end(status, signal), 2000).unref());
  });
}

function endGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All of it has ended already.
  }
}

// For an interrupted run: ends what is still running.
export function endAll() {
  for (const child of running) {
    endGroup(child);
  }
  survivors(`${process.pid}.`, kill);
}
