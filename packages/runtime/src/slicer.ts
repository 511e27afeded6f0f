import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Divides long work into slices, between which everything else that waits for the event loop gets its
 * turn: `if (slicer.isOver) await slicer.rest()` before each step.
 *
 * @param sliceMs Longest time at a stretch, milliseconds, without the last step. Larger: less overhead, longer stalls.
 */
export class Slicer {
  readonly #sliceMs: number;
  #startedAt = performance.now();

  constructor(sliceMs: number) {
    this.#sliceMs = sliceMs;
  }

  get isOver(): boolean {
    return performance.now() - this.#startedAt >= this.#sliceMs;
  }

  async rest(): Promise<void> {
    await nextTurn();
    this.#startedAt = performance.now();
  }
}
