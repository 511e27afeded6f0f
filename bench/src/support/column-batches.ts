import { encodePublicBatch } from "@mapek/core/contract";
import { normalValues } from "./result.ts";

/** Samples of a batch, and series over all. */
export const BATCH = 500;
export const BATCH_SERIES = 10_000;

export interface BatchKind {
  /** Series of one batch. */
  readonly width: number;
  /** Milliseconds between two samples of a series. */
  readonly stepMs: number;
}

/** Makes batches of `width` series each, in turn; each series' samples are `stepMs` apart. */
export class ColumnBatches {
  readonly #width: number;
  readonly #stepMs: number;
  readonly #names: string[];
  readonly #values = normalValues(4_096, 42).map((value) => 50 + 5 * value);
  readonly #nextAt: Float64Array;
  #group = 0;

  constructor({ width, stepMs }: BatchKind) {
    this.#width = width;
    this.#stepMs = stepMs;
    this.#names = Array.from({ length: BATCH_SERIES }, (_, i) => `metric_${i}`);
    // Long enough ago that no sample is ahead of the clock; whole steps, so that times are exact.
    this.#nextAt = new Float64Array(BATCH_SERIES).fill(
      Math.floor(Date.now() / 1_000) * 1_000 - 3_600_000,
    );
  }

  next(): Uint8Array {
    const first = this.#group * this.#width;
    this.#group = (this.#group + 1) % (BATCH_SERIES / this.#width);
    const index = new Uint16Array(BATCH);
    const times = new Float64Array(BATCH);
    const values = new Float64Array(BATCH);
    for (let i = 0; i < BATCH; i++) {
      const entry = i % this.#width;
      const at = this.#nextAt[first + entry] as number;
      index[i] = entry;
      times[i] = at;
      values[i] = this.#values[(at / this.#stepMs + first + entry * 31) & 4_095] as number;
      this.#nextAt[first + entry] = at + this.#stepMs;
    }
    const series = this.#names.slice(first, first + this.#width);
    return encodePublicBatch({ series, index, times, values });
  }
}
