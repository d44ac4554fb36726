/* Who set what holds, when and why: the canvas's policy does not tell, its record does. Read from the newest on, as far as is
 * needed and not for ever. */
import type { Entry, Wire } from './wire.ts';

const PAGE = 200;
const PAGES_MAX = 5;

export interface Deed {
  by: string;
  time: number;
  why: string;
}

export class Deeds {
  private readonly known = new Map<string, Deed | null>();

  constructor(private readonly wire: Pick<Wire, 'ask'>) {}

  of(act: string): Deed | null {
    return this.known.get(act) ?? null;
  }

  /* True if something was learnt. What was looked for in vain is not looked for again. */
  async learn(acts: readonly string[]): Promise<boolean> {
    const wanted = new Set(acts.filter((act) => !this.known.has(act)));
    let before: string | null = null;
    let found = 0;
    for (let page = 0; page < PAGES_MAX && wanted.size > 0; page++) {
      const answer = await this.wire.ask({ type: 'audit', limit: PAGE, ...(before === null ? {} : { before }) });
      for (const { act, by, time, record } of answer['entries'] as Entry[]) {
        if (act !== undefined && wanted.delete(act)) {
          this.known.set(act, { by, time, why: String(record?.['why'] ?? '') });
          found++;
        }
      }
      before = answer['next'] as string | null;
      if (before === null) {
        break;
      }
    }
    wanted.forEach((act) => this.known.set(act, null));
    return found > 0;
  }
}
