/** Does something once a while after it was asked for, however often it was asked for meanwhile. */
export class Later {
  readonly #work: () => Promise<void>;
  readonly #delayMs: number;
  #timer: number | undefined;

  /** @param work May fail: the next time may be better. */
  constructor(work: () => Promise<void>, delayMs: number) {
    this.#work = work;
    this.#delayMs = delayMs;
  }

  ask(): void {
    this.#timer ??= window.setTimeout(() => {
      this.#timer = undefined;
      void this.#work().catch(() => {});
    }, this.#delayMs);
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
