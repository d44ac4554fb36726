/* Asks again and again while somebody looks: never two questions at once, none while the page is hidden,
 * later and later while the server does not answer. */
const FAILED_MS_MAX = 60_000;

export class Pulse<T> {
  private timer = 0;
  private isAsking = false;
  private isOn = false;
  private failures = 0;
  private readonly shown = (): void => {
    if (!document.hidden) {
      this.now();
    }
  };

  constructor(
    private readonly ask: () => Promise<T>,
    private readonly came: (answer: T) => void,
    private everyMs: number,
  ) {}

  start(): void {
    if (!this.isOn) {
      this.isOn = true;
      document.addEventListener('visibilitychange', this.shown);
      this.now();
    }
  }

  stop(): void {
    this.isOn = false;
    window.clearTimeout(this.timer);
    document.removeEventListener('visibilitychange', this.shown);
  }

  /* From the next question on; at once if that is sooner. */
  every(ms: number): void {
    const isSooner = ms < this.everyMs;
    this.everyMs = ms;
    if (isSooner) {
      this.now();
    }
  }

  now(): void {
    window.clearTimeout(this.timer);
    if (this.isOn && !this.isAsking && !document.hidden) {
      void this.run();
    }
  }

  private async run(): Promise<void> {
    this.isAsking = true;
    try {
      const answer = await this.ask();
      this.failures = 0;
      if (this.isOn) {
        this.came(answer);
      }
    } catch {
      this.failures++;
    }
    this.isAsking = false;
    if (this.isOn) {
      const wait = Math.min(FAILED_MS_MAX, this.everyMs * 2 ** this.failures);
      this.timer = window.setTimeout(() => this.now(), wait * (0.9 + Math.random() * 0.2));
    }
  }
}
