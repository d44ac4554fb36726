// Runs one program to its end or its time limit, in a process group of its own, so that what it
// started goes with it.

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

const running = new Set();

const NICENESS = 5;

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

// Resolves to { status, signal, output, isTimedOut, seconds }; never rejects. `output` is standard
// output and standard error as they came.
export function run(command, args, { env = {}, cwd, timeoutMs = 0, givesWay = false } = {}) {
  return new Promise((resolve) => {
    const started = process.hrtime.bigint();
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (givesWay && child.pid) {
      giveWay(child);
    }
    const chunks = [];
    let isTimedOut = false;
    let timer;
    running.add(child);
    const end = (status, signal) => {
      clearTimeout(timer);
      if (!running.delete(child)) {
        return;
      }
      endGroup(child); // whatever it left behind
      const seconds = Number(process.hrtime.bigint() - started) / 1e9;
      resolve({ status, signal, output: Buffer.concat(chunks).toString(), isTimedOut, seconds });
    };
    if (timeoutMs > 0) {
      timer = setTimeout(() => {
        isTimedOut = true;
        endGroup(child);
      }, timeoutMs);
    }
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', (error) => {
      chunks.push(Buffer.from(`${error.message}\n`));
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
}
