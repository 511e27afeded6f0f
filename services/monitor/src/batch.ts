import { encodeSampleBatch } from "@mapek/core/messages";
import type { Receipt } from "./receipt.ts";
import type { SeriesEntry } from "./series-registry.ts";

/** An open batch of one partition: columns that fill up, no object per sample. */
export class Batch {
  readonly partition: number;
  readonly #history: boolean;
  readonly #series: string[] = [];
  readonly #receipts: Receipt[] = [];
  readonly #index: Uint16Array;
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  length = 0;

  constructor(partition: number, capacity: number, history: boolean) {
    this.partition = partition;
    this.#history = history;
    this.#index = new Uint16Array(capacity);
    this.#times = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
  }

  get full(): boolean {
    return this.length === this.#values.length;
  }

  /** Adds a sample. The receipt is settled when this batch is. Cost: O(1). */
  add(entry: SeriesEntry, time: number, value: number, receipt: Receipt | undefined): void {
    if (entry.batch !== this) {
      entry.batch = this;
      entry.batchIndex = this.#series.push(entry.key) - 1;
    }
    const i = this.length++;
    this.#index[i] = entry.batchIndex;
    this.#times[i] = time;
    this.#values[i] = value;
    if (receipt !== undefined && this.#receipts.at(-1) !== receipt) {
      this.#receipts.push(receipt);
      receipt.joined();
    }
  }

  encode(): Uint8Array {
    const { length } = this;
    return encodeSampleBatch({
      history: this.#history,
      series: this.#series,
      index: this.#index.subarray(0, length),
      times: this.#times.subarray(0, length),
      values: this.#values.subarray(0, length),
    });
  }

  settle(failure: Error | undefined): void {
    for (const receipt of this.#receipts) receipt.settled(failure);
  }
}
