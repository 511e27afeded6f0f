/** Lets several callers wait for the next notification. */
export class Wakeup {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next notification, or after `ms` milliseconds where given. */
  async wait(ms?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve);
      const wake = () => {
        this.#waiting.delete(resolve);
        resolve();
      };
      if (ms !== undefined) timer = setTimeout(wake, ms);
    });
    clearTimeout(timer);
  }

  notify(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
