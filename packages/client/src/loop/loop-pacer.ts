import type { Timers } from "../timers.ts";

/** Waits from the start of one cycle to that of the next; a changed interval or a stop ends or moves the wait at once. */
export class LoopPacer {
  readonly #timers: Timers;
  readonly #intervalMs: () => number;
  #startedAt = 0;
  #wake: (() => void) | undefined;
  #cancel: (() => void) | undefined;

  /** @param intervalMs The interval that holds now. */
  constructor(timers: Timers, intervalMs: () => number) {
    this.#timers = timers;
    this.#intervalMs = intervalMs;
  }

  cycleStarts(): void {
    this.#startedAt = this.#timers.now();
  }

  /** Resolves when the interval since the last start is over, or at {@link interrupt}. */
  async pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.intervalChanged();
    });
    this.#cancel?.();
    this.#wake = this.#cancel = undefined;
  }

  /** Sets the running wait to the interval that holds now. */
  intervalChanged(): void {
    if (this.#wake === undefined) return;
    this.#cancel?.();
    const restMs = this.#startedAt + this.#intervalMs() - this.#timers.now();
    // Looks again rather than trust one long timer: timers and clocks have their own limits.
    this.#cancel = this.#timers.after(Math.max(0, restMs), () => {
      if (this.#timers.now() >= this.#startedAt + this.#intervalMs()) this.interrupt();
      else this.intervalChanged();
    });
  }

  interrupt(): void {
    this.#wake?.();
  }
}
