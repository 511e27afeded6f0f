import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Divides long work into slices, between which everything else that waits for the event loop gets its
 * turn: `while (slices.isOver) await slices.rest()` before each step.
 *
 * @param sliceMs Longest time at a stretch, milliseconds, without the last step. Larger: less overhead, longer stalls.
 */
export class TimeSlices {
  readonly #sliceMs: number;
  #startedAt = performance.now();
  #turn: Promise<void> | undefined;

  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs;
  }

  get isOver(): boolean {
    return performance.now() - this.#startedAt >= this.#sliceMs;
  }

  /** The next slice begins for all who wait, and they share it: each looks again whether it is over. */
  rest(): Promise<void> {
    this.#turn ??= nextTurn().then(() => {
      this.#turn = undefined;
      this.#startedAt = performance.now();
    });
    return this.#turn;
  }
}
