/** Runs `work` once, `delayMs` after the first `ask`; further calls of `ask` before then add nothing. */
export class Later {
  readonly #work: () => Promise<void>;
  readonly #delayMs: number;
  #timer: number | undefined;

  /** @param work A failure is ignored: the next `ask` tries again. */
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
