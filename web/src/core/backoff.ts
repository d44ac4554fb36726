/* How long to wait before connecting again: doubling from a quarter of a second to ten, each
 * between half and all of it, so that the clients of a server that was restarted do not return
 * at once. Pure. */

const FIRST_MS = 250;
const LAST_MS = 10_000;

export class Backoff {
  private failures = 0;

  constructor(private readonly random: () => number) {}

  nextMs(): number {
    const ceilingMs = Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(this.failures, 10));
    this.failures++;
    return ceilingMs * (0.5 + this.random() / 2);
  }

  reset(): void {
    this.failures = 0;
  }
}
