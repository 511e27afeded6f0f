import { encodeSampleBatch } from "@mapek/core/contract";
import type { WaitingRoom } from "@mapek/runtime";
import type { Receipt } from "./receipt.ts";
import type { SeriesEntry } from "./series-registry.ts";

/** Bytes of a sample in the columns: index, time and value. */
const SAMPLE_BYTES = 2 + 8 + 8;
/** Largest header that MessagePack writes before a text. */
const TEXT_HEADER_BYTES = 5;
/** Version, history mark and the headers of the columns. */
const BATCH_HEADER_BYTES = 64;

let made = 0;

/** An open batch of one partition: columns that fill up, no object per sample. */
export class Batch {
  readonly partition: number;
  /** Unique in this process. A series entry keeps this id, not the batch, so that no entry keeps a stored batch in memory. */
  readonly id = ++made;
  readonly #history: boolean;
  readonly #entries: SeriesEntry[] = [];
  readonly #receipts: Receipt[] = [];
  readonly #index: Uint16Array;
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  #bytesLeft: number;
  length = 0;

  /** @param capacity Samples, 1–65,535. @param maxBytes Largest message that the server takes, bytes. */
  constructor(partition: number, capacity: number, maxBytes: number, history: boolean) {
    this.partition = partition;
    this.#history = history;
    this.#bytesLeft = maxBytes - BATCH_HEADER_BYTES;
    this.#index = new Uint16Array(capacity);
    this.#times = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
  }

  get full(): boolean {
    return this.length === this.#values.length;
  }

  /** Whether one more sample of this series keeps the batch within `maxBytes`; always true for the first sample. Cost: O(1). */
  fits(entry: SeriesEntry): boolean {
    return this.length === 0 || this.#bytesLeft >= this.#bytesOf(entry);
  }

  /**
   * Adds a sample. The receipt waits until this batch is settled. Cost: O(1).
   *
   * @returns Bytes by which the batch has grown.
   */
  add(entry: SeriesEntry, time: number, value: number, receipt: Receipt | undefined): number {
    const bytes = this.#bytesOf(entry);
    this.#bytesLeft -= bytes;
    if (entry.batch !== this.id) {
      entry.batch = this.id;
      entry.batchIndex = this.#entries.push(entry) - 1;
    }
    const i = this.length++;
    this.#index[i] = entry.batchIndex;
    this.#times[i] = time;
    this.#values[i] = value;
    if (receipt !== undefined && this.#receipts.at(-1) !== receipt) {
      this.#receipts.push(receipt);
      receipt.joined();
    }
    return bytes;
  }

  encode(): Uint8Array {
    const { length } = this;
    return encodeSampleBatch({
      history: this.#history,
      series: this.#entries.map(({ key }) => key),
      index: this.#index.subarray(0, length),
      times: this.#times.subarray(0, length),
      values: this.#values.subarray(0, length),
    });
  }

  settle(failure: Error | undefined): void {
    for (const receipt of this.#receipts) receipt.settled(failure);
  }

  /** Gives back the waiting room that the batch's samples took. Cost: O(samples). */
  leave(room: WaitingRoom): void {
    const counts = new Uint32Array(this.#entries.length);
    for (let i = 0; i < this.length; i++) {
      const entry = this.#index[i] as number;
      counts[entry] = (counts[entry] as number) + 1;
    }
    this.#entries.forEach(({ share, keyBytes }, i) => {
      const count = counts[i] as number;
      room.leave(share, count, count * SAMPLE_BYTES + TEXT_HEADER_BYTES + keyBytes);
    });
  }

  #bytesOf(entry: SeriesEntry): number {
    return entry.batch === this.id
      ? SAMPLE_BYTES
      : SAMPLE_BYTES + TEXT_HEADER_BYTES + entry.keyBytes;
  }
}
