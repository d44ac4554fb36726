// Where tests put their folders: in memory where there is room for them. They make thousands of small files that are gone a second
// later, and a third of their time was waiting for the disk to have them.

import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const ROOM = 3e9;

// A folder that is gone when this process ends, or null: TMPDIR stays as it is.
export function makeScratch(where = MEMORY, room = ROOM) {
  try {
    const { bavail, bsize } = statfsSync(where);
    if (process.env.TMPDIR || Math.min(bavail * bsize, freemem()) < room) {
      return null;
    }
    const folder = mkdtempSync(join(where, 'kolam-tests-'));
    chmodSync(folder, 0o755); // as the system's: some tests read as somebody else
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    return folder;
  } catch {
    return null; // no such place, or a Node that cannot ask how large it is
  }
}
