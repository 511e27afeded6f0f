/**
 * Runs work on items in order, at most `limit()` at the same time. The limit is read whenever an item could start;
 * call {@link BoundedParallel.limitChanged} after it has grown.
 */
export class BoundedParallel {
  readonly #limit: () => number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param limit Most items at the same time, 1 or more. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  get running(): number {
    return this.#running;
  }

  /** Starts waiting items for which a raised limit has room. */
  limitChanged(): void {
    while (this.#waiting.length > 0 && this.#running < Math.max(1, this.#limit())) {
      this.#running++;
      this.#waiting.shift()?.();
    }
  }

  /** Resolves when the work on every item has ended. Rejects only then, with the first error of `work`. */
  async each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    const results = await Promise.allSettled(items.map((item) => this.#one(() => work(item))));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  async #one(work: () => Promise<void>): Promise<void> {
    await new Promise<void>((start) => {
      this.#waiting.push(start);
      this.limitChanged();
    });
    try {
      await work();
    } finally {
      this.#running--;
      this.limitChanged();
    }
  }
}
