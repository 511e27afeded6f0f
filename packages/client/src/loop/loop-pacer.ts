import type { Timers } from "../timers.ts";

/**
 * Waits from the start of one cycle to the start of the next. A changed interval moves the end of the wait at once,
 * and {@link interrupt} ends it.
 */
export class LoopPacer {
  readonly #timers: Timers;
  readonly #intervalMs: () => number;
  #startedAt = 0;
  #wake: (() => void) | undefined;
  #cancel: (() => void) | undefined;

  /** @param intervalMs Returns the present interval. */
  constructor(timers: Timers, intervalMs: () => number) {
    this.#timers = timers;
    this.#intervalMs = intervalMs;
  }

  cycleStarts(): void {
    this.#startedAt = this.#timers.now();
  }

  /** Resolves when the interval since the last start has passed, or at {@link interrupt}. */
  async pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.intervalChanged();
    });
    this.#cancel?.();
    this.#wake = this.#cancel = undefined;
  }

  /** Adjusts the running wait to the present interval. */
  intervalChanged(): void {
    if (this.#wake === undefined) return;
    this.#cancel?.();
    const restMs = this.#startedAt + this.#intervalMs() - this.#timers.now();
    // Checks the clock when the timer fires and waits again if it fired early: a timer has a longest delay, and the
    // clock may be set back.
    this.#cancel = this.#timers.after(Math.max(0, restMs), () => {
      if (this.#timers.now() >= this.#startedAt + this.#intervalMs()) this.interrupt();
      else this.intervalChanged();
    });
  }

  interrupt(): void {
    this.#wake?.();
  }
}
