/* Asking which strokes are meant. The server is asked, and what is pressed meanwhile is meant for what it will answer: it waits,
 * in its order. What is asked for last counts. */
export class Asking<Found> {
  /* How often it was asked. */
  count = 0;
  isOpen = false;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly events: {
      failed(error: Error): void;
      ended(): void;
    },
  ) {}

  async ask(find: () => Promise<Found>, take: (found: Found) => void): Promise<void> {
    const asked = ++this.count;
    this.isOpen = true;
    let found: Found | null = null;
    try {
      found = await find();
    } catch (error) {
      if (asked === this.count) {
        this.events.failed(error as Error);
      }
    }
    if (asked !== this.count) {
      return;
    }
    this.isOpen = false;
    this.events.ended();
    if (found === null) {
      this.waiting = []; /* what they were meant for is not known */
      return;
    }
    take(found);
    while (!this.isOpen && this.waiting.length > 0) {
      this.waiting.shift()!();
    }
  }

  get isWaiting(): boolean {
    return this.waiting.length > 0;
  }

  /* Now, or once it is known what is meant. */
  then(act: () => void): void {
    if (this.isOpen) {
      this.waiting.push(act);
    } else {
      act();
    }
  }

  /* The newest of what waits is not wanted after all; false if nothing waits. */
  takeBack(): boolean {
    return this.waiting.pop() !== undefined;
  }

  /* The answer is not wanted any more, nor what was meant for it. */
  cancel(): void {
    if (this.isOpen) {
      this.count++;
      this.isOpen = false;
      this.waiting = [];
      this.events.ended();
    }
  }
}
