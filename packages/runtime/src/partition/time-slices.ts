import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Divides long work into slices, between which timers and sockets get their turn.
 *
 * Before each step: `while (slices.isOver) await slices.rest()`.
 *
 * @param sliceMs Longest time that the work keeps the event loop, ms, plus the last step. Larger: less overhead,
 * longer stalls.
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

  /**
   * Ends the slice at the next turn of the event loop. All callers that wait share the next slice, so each checks
   * `isOver` again.
   */
  rest(): Promise<void> {
    this.#turn ??= nextTurn().then(() => {
      this.#turn = undefined;
      this.#startedAt = performance.now();
    });
    return this.#turn;
  }
}
