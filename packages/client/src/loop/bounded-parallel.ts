/**
 * Runs work on items in order, at most `limit()` at the same time. The limit is read anew whenever
 * an item could start; {@link BoundedParallel.limitChanged} looks again in between.
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

  /** Starts what a raised limit has room for. */
  limitChanged(): void {
    while (this.#waiting.length > 0 && this.#running < Math.max(1, this.#limit())) {
      this.#running++;
      this.#waiting.shift()?.();
    }
  }

  /** Resolves when work has ended on every item; rejects with the first error of `work` only after that. */
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
