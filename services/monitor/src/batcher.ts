import type { Subjects } from "@mapek/core/contract";
import type { WaitingRoom } from "@mapek/runtime";
import type { JetStreamClient } from "@nats-io/jetstream";
import { Batch } from "./batch.ts";
import type { Receipt } from "./receipt.ts";
import type { SeriesEntry } from "./series-registry.ts";

export interface BatcherOptions {
  readonly js: JetStreamClient;
  readonly subjects: Subjects;
  readonly partitions: number;
  readonly batchSamples: number;
  /** Largest message that the server takes, bytes. */
  readonly maxBytes: number;
  readonly lingerMs: number;
  /** Counts the samples that are taken in and not stored yet. */
  readonly room: WaitingRoom;
  /** Called with each batch that is stored, or given up after all attempts. */
  readonly onSettled: (samples: number, failure: Error | undefined) => void;
}

/** Number of batches being stored at which the timer sends no more: open batches then grow until they are full. */
const MAX_IN_FLIGHT = 16;
const STORE_TIMEOUT_MS = 2_000;
/** Time after which a batch is given up: longer than a cluster needs to elect a leader, before which no batch is stored. */
const STORE_DEADLINE_MS = 15_000;
const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 1_000;

/**
 * Gathers samples by partition and stores each batch when it is full or after `lingerMs`. While the
 * server is behind, batches grow in size and not in number. A batch that is stored twice because its
 * answer was lost does no harm: the learner drops equal samples.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  readonly #open: (Batch | undefined)[];
  readonly #openHistory: (Batch | undefined)[];
  #timer: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #onIdle: (() => void)[] = [];

  constructor(options: BatcherOptions) {
    this.#options = options;
    this.#open = new Array(options.partitions);
    this.#openHistory = new Array(options.partitions);
  }

  /** Cost: O(1); a full batch is sent at once. */
  add(
    entry: SeriesEntry,
    time: number,
    value: number,
    receipt: Receipt | undefined,
    history = false,
  ): void {
    const open = history ? this.#openHistory : this.#open;
    let batch = open[entry.partition];
    if (batch !== undefined && !batch.fits(entry)) {
      void this.#store(batch);
      batch = undefined;
    }
    if (batch === undefined) {
      const { batchSamples, maxBytes } = this.#options;
      batch = new Batch(entry.partition, batchSamples, maxBytes, history);
      open[entry.partition] = batch;
    }
    this.#options.room.enter(entry.share, batch.add(entry, time, value, receipt));
    if (batch.full) {
      open[entry.partition] = undefined;
      void this.#store(batch);
    } else this.#timer ??= setTimeout(() => this.#onLinger(), this.#options.lingerMs);
  }

  /** Sends what is open and resolves once everything is stored or given up. */
  async flush(): Promise<void> {
    this.#sendOpen();
    if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #onLinger(): void {
    this.#timer = undefined;
    if (this.#inFlight < MAX_IN_FLIGHT) this.#sendOpen();
    else this.#timer = setTimeout(() => this.#onLinger(), this.#options.lingerMs);
  }

  #sendOpen(): void {
    for (const open of [this.#open, this.#openHistory])
      for (let partition = 0; partition < open.length; partition++) {
        const batch = open[partition];
        open[partition] = undefined;
        if (batch !== undefined) void this.#store(batch);
      }
  }

  async #store(batch: Batch): Promise<void> {
    this.#inFlight++;
    const failure = await this.#publish(
      this.#options.subjects.samples(batch.partition),
      batch.encode(),
    );
    this.#inFlight--;
    batch.leave(this.#options.room);
    batch.settle(failure);
    this.#options.onSettled(batch.length, failure);
    if (this.#inFlight === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  async #publish(subject: string, bytes: Uint8Array): Promise<Error | undefined> {
    const deadline = performance.now() + STORE_DEADLINE_MS;
    for (let waitMs = MIN_BACKOFF_MS; ; waitMs = Math.min(MAX_BACKOFF_MS, 2 * waitMs)) {
      try {
        await this.#options.js.publish(subject, bytes, { timeout: STORE_TIMEOUT_MS });
        return undefined;
      } catch (error) {
        if (performance.now() + waitMs > deadline) return error as Error;
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}
