/** Milliseconds between two stamps of the same instant: 1 µs is a few steps of a float64 at present times. */
const STEP_MS = 0.001;

/**
 * Gives strictly increasing times. Otherwise two samples of a series could get the same time, and the learner would
 * drop the second one as a repeated sample (which is what makes retries safe).
 *
 * One clock serves all series. Above 1,000 samples per second it runs ahead of the machine's clock by 1 µs for each
 * further sample, until the machine's clock catches up.
 */
export class StampClock {
  readonly #now: () => number;
  #last = 0;

  /** @param now The machine's clock, ms since 1970; it may jump back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Milliseconds since 1970 with a fraction of µs, greater than every one before. Cost: O(1). */
  next(): number {
    this.#last = Math.max(this.#now(), this.#last + STEP_MS);
    return this.#last;
  }
}
