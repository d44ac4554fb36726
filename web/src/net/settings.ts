/* Small settings that outlive the page: read once, then answered from memory; the newest value of each
 * is written as soon as the one before it is. */
import type { Store } from './storage.ts';

export class Settings {
  private readonly waiting = new Set<string>();
  private isWriting = false;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: Pick<Store, 'putSetting'>,
    private readonly values: Map<string, unknown>,
  ) {}

  get(name: string): unknown {
    return this.values.get(name);
  }

  /* All that was set is on disk, or could not be. */
  async written(): Promise<void> {
    await this.writing;
  }

  set(name: string, value: unknown): void {
    this.values.set(name, structuredClone(value));
    this.waiting.add(name);
    this.writing = this.isWriting ? this.writing : this.write();
  }

  private async write(): Promise<void> {
    if (this.isWriting) {
      return;
    }
    this.isWriting = true;
    for (const name of this.waiting) {
      this.waiting.delete(name);
      await this.store.putSetting(name, this.values.get(name));
    }
    this.isWriting = false;
  }
}
