/* A list that is told anew every few seconds while somebody reads it: rows stay the elements they were, so
 * that focus and the pointer stay where they are. */
export class KeyedList<T> {
  private rows = new Map<string, { element: HTMLElement; update(item: T): void }>();

  constructor(
    readonly root: HTMLElement,
    private readonly keyOf: (item: T) => string,
    private readonly make: (item: T) => { element: HTMLElement; update(item: T): void },
  ) {}

  set(items: readonly T[]): void {
    const before = this.rows;
    this.rows = new Map();
    for (const item of items) {
      const key = this.keyOf(item);
      if (this.rows.has(key)) {
        continue;
      }
      const row = before.get(key) ?? this.make(item);
      row.update(item);
      this.rows.set(key, row);
    }
    const wanted = [...this.rows.values()].map((row) => row.element);
    for (const child of [...this.root.children]) {
      if (!wanted.includes(child as HTMLElement)) {
        child.remove();
      }
    }
    wanted.forEach((element, i) => {
      if (this.root.children[i] !== element) {
        this.root.insertBefore(element, this.root.children[i] ?? null);
      }
    });
  }

  get size(): number {
    return this.rows.size;
  }
}
