import {
  encodePublicBatch,
  type InputReply,
  type Labels,
  type PublicSeries,
  seriesKey,
} from "@mapek/core/contract";
import { refusalOf } from "../requests/reliable-request.ts";

/** A caller that waits until the samples `start` to `start + count` − 1 of a batch are stored. */
export interface Waiter {
  readonly start: number;
  readonly count: number;
  resolve(reply: InputReply): void;
  reject(error: unknown): void;
}

/**
 * Columns of samples of one system, filled until the batch is sent.
 *
 * Memory: 18 bytes for each sample, allocated at once, and one dictionary entry for each series.
 */
export class OpenBatch {
  readonly system: string;
  readonly waiters: Waiter[] = [];
  readonly #capacity: number;
  readonly #series: PublicSeries[] = [];
  readonly #indexOf = new Map<string, number>();
  readonly #index: Uint16Array;
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  #count = 0;
  #dictionaryBytes = 0;

  /** @param capacity Most samples, 1 to 65535. */
  constructor(system: string, capacity: number) {
    this.system = system;
    this.#capacity = capacity;
    this.#index = new Uint16Array(capacity);
    this.#times = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.#capacity || this.#dictionaryBytes > MOST_DICTIONARY_BYTES;
  }

  /** Cost: O(1) for a series without labels, O(labels) with. */
  add(metric: string, labels: Labels | undefined, time: number, value: number): void {
    const i = this.#count++;
    this.#index[i] = this.#entryOf(metric, labels);
    this.#times[i] = time;
    this.#values[i] = value;
  }

  #entryOf(metric: string, labels: Labels | undefined): number {
    const bare = labels === undefined || isEmpty(labels);
    const key = bare ? metric : seriesKey("", metric, labels);
    const known = this.#indexOf.get(key);
    if (known !== undefined) return known;
    const entry = this.#series.length;
    this.#series.push(bare ? metric : [metric, labels]);
    this.#indexOf.set(key, entry);
    this.#dictionaryBytes += 4 * key.length + 8;
    return entry;
  }

  encode(): Uint8Array {
    return encodePublicBatch({
      series: this.#series,
      index: this.#index.subarray(0, this.#count),
      times: this.#times.subarray(0, this.#count),
      values: this.#values.subarray(0, this.#count),
    });
  }

  /** Resolves each waiter with the answer about its own samples. */
  settle(reply: InputReply): void {
    const [first] = reply.rejected;
    if (first !== undefined && reply.accepted === 0 && reply.rejected.length < this.#count) {
      this.fail(refusalOf(first.code, first.message)); // The whole message was refused.
      return;
    }
    for (const { start, count, resolve } of this.waiters) {
      const rejected = reply.rejected
        .filter(({ index }) => index >= start && index < start + count)
        .map((item) => ({ ...item, index: item.index - start }));
      // An answer may list fewer items than it rejected.
      resolve({ accepted: Math.min(count - rejected.length, reply.accepted), rejected });
    }
  }

  fail(error: unknown): void {
    for (const waiter of this.waiters) waiter.reject(error);
  }
}

/** A batch is sent early from this dictionary size on (4 bytes for each character): a message may have 1 MiB. */
const MOST_DICTIONARY_BYTES = 256 * 1024;

function isEmpty(labels: Labels): boolean {
  for (const _ in labels) return false;
  return true;
}
