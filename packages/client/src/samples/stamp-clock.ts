/** Milliseconds between two stamps of the same instant: a few steps of a float64 of today's times. */
const STEP_MS = 0.001;

/**
 * Gives strictly increasing times, so that no two samples of a series that the client stamps are
 * equal in time (the learner drops the second of such a pair, which is what makes retries safe).
 *
 * One clock serves all series; it runs ahead of the machine's by 1 µs for each sample beyond one
 * a millisecond, and lets the machine catch up.
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
