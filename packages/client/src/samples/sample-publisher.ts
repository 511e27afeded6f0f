import {
  checkSample,
  type InputReply,
  type Labels,
  MessageError,
  MSGPACK_TYPE,
  type Sample,
  type Subjects,
  TOKEN_PATTERN,
} from "@mapek/core/contract";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import { ClientError } from "../errors.ts";
import { type RetryLimits, sendUntilStored } from "../requests/reliable-request.ts";
import type { Timers } from "../timers.ts";
import { OpenBatch } from "./open-batch.ts";
import { StampClock } from "./stamp-clock.ts";

/** One value, one sample, or several samples. A sample's own `metric`, `labels` and `timestamp` win over those of the call. */
export type SampleInput = number | Sample | readonly Sample[];

export interface PublishOptions {
  readonly labels?: Labels | undefined;
  /** Milliseconds since 1970, for samples that have none of their own. @default the client's clock */
  readonly timestamp?: number | undefined;
  /** True returns a promise that resolves once the samples are stored. @default false */
  readonly acknowledge?: boolean | undefined;
}

export interface PublisherSettings extends RetryLimits {
  readonly batchSamples: number;
  readonly batchLingerMs: number;
  readonly maxPendingSamples: number;
}

/** Counters of a publisher, in samples. */
export interface PublisherStats {
  /** Samples that callers passed in. */
  published: number;
  /** Samples in open batches, in the connection's buffer, or waiting for an acknowledgement. */
  pending: number;
  /** Samples without `acknowledge` that were dropped because too many were pending or the connection was closed. */
  dropped: number;
  /** Batches sent. */
  batches: number;
}

/**
 * Collects samples into columnar batches, one open batch for each system, and sends them.
 *
 * `maxPendingSamples` bounds the memory. Beyond it a call with `acknowledge` rejects; a call without drops its samples
 * and counts them, and reports MAPEK_CLIENT_BUFFER_FULL once until there is room again.
 */
export class SamplePublisher {
  readonly stats: PublisherStats = { published: 0, pending: 0, dropped: 0, batches: 0 };
  readonly #nc: NatsConnection;
  readonly #subjects: Subjects;
  readonly #settings: PublisherSettings;
  readonly #timers: Timers;
  readonly #clock: StampClock;
  readonly #onError: (error: Error) => void;
  readonly #open = new Map<string, OpenBatch>();
  readonly #sending = new Set<Promise<void>>();
  #stopLinger: (() => void) | undefined;
  #unflushed = 0;
  #flushing: Promise<void> | undefined;
  #isFull = false;
  #isClosed = false;

  constructor(
    nc: NatsConnection,
    subjects: Subjects,
    settings: PublisherSettings,
    timers: Timers,
    onError: (error: Error) => void,
  ) {
    if (!(settings.batchSamples >= 1 && settings.batchSamples <= MOST_BATCH_SAMPLES))
      throw new ClientError(
        "MAPEK_CLIENT_BAD_OPTION",
        `batchSamples is ${settings.batchSamples}, expected 1 to ${MOST_BATCH_SAMPLES}`,
      );
    this.#nc = nc;
    this.#subjects = subjects;
    this.#settings = settings;
    this.#timers = timers;
    this.#clock = new StampClock(() => timers.now());
    this.#onError = onError;
  }

  /**
   * Adds samples to the open batch of a system, which is sent when it is full or `batchLingerMs` have passed.
   *
   * @returns With `acknowledge`, a promise of the answer about these samples; it rejects when they could not be stored
   * before the deadline.
   * @throws {MessageError} At once, and nothing is sent: MAPEK_SUBJECT_INVALID for the system,
   * MAPEK_SAMPLE_NOT_FINITE, MAPEK_SAMPLE_BAD_TIMESTAMP, MAPEK_SAMPLE_BAD_LABELS, MAPEK_MESSAGE_INVALID.
   * @throws {ClientError} MAPEK_CLIENT_CLOSED.
   * Cost: O(samples); no object is kept for a sample.
   */
  publish(
    system: string,
    metric: string,
    input: SampleInput,
    options: PublishOptions,
  ): Promise<InputReply> | undefined {
    if (this.#isClosed) throw new ClientError("MAPEK_CLIENT_CLOSED", "publish after close");
    const samples = typeof input === "number" ? [{ value: input }] : asArray(input);
    check(system, metric, samples, options);
    const room = this.stats.pending + samples.length <= this.#settings.maxPendingSamples;
    if (!room) return this.#refuse(samples.length, options.acknowledge === true);
    this.#isFull = false;
    this.stats.published += samples.length;
    this.stats.pending += samples.length;
    const replies = options.acknowledge === true ? ([] as Part[]) : undefined;
    for (let from = 0; from < samples.length; )
      from = this.#fill(system, metric, samples, from, options, replies);
    if (samples.length > 0) this.#linger();
    return replies && joined(replies);
  }

  /** Sends the open batches; resolves once every sample is with the server or was given up. */
  async flush(): Promise<void> {
    this.#sendAll();
    await Promise.all(this.#sending);
    if (!this.#nc.isClosed()) await this.#nc.flush();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
  }

  #refuse(count: number, acknowledge: boolean): Promise<InputReply> | undefined {
    const error = new ClientError(
      "MAPEK_CLIENT_BUFFER_FULL",
      `${this.stats.pending} samples are pending, at most ${this.#settings.maxPendingSamples}`,
    );
    if (acknowledge) return Promise.reject(error);
    this.stats.dropped += count;
    if (!this.#isFull) this.#onError(error);
    this.#isFull = true;
    return undefined;
  }

  /** Adds samples from `from` on to the open batch until it is full; returns where it stopped. */
  #fill(
    system: string,
    metric: string,
    samples: readonly Sample[],
    from: number,
    options: PublishOptions,
    replies: Part[] | undefined,
  ): number {
    let batch = this.#open.get(system);
    if (batch === undefined) {
      batch = new OpenBatch(system, this.#settings.batchSamples);
      this.#open.set(system, batch);
    }
    const start = batch.count;
    let i = from;
    for (; i < samples.length && !batch.isFull; i++) {
      const sample = samples[i] as Sample;
      batch.add(
        sample.metric ?? metric,
        sample.labels ?? options.labels,
        sample.timestamp ?? options.timestamp ?? this.#clock.next(),
        sample.value,
      );
    }
    if (replies !== undefined) {
      const count = i - from;
      const into = batch;
      const reply = new Promise<InputReply>((resolve, reject) => {
        into.waiters.push({ start, count, resolve, reject });
      });
      replies.push({ count, reply });
    }
    if (batch.isFull) this.#send(batch);
    return i;
  }

  #linger(): void {
    this.#stopLinger ??= this.#timers.after(this.#settings.batchLingerMs, () => this.#sendAll());
  }

  #sendAll(): void {
    this.#stopLinger?.();
    this.#stopLinger = undefined;
    for (const batch of [...this.#open.values()]) this.#send(batch);
  }

  #send(batch: OpenBatch): void {
    this.#open.delete(batch.system);
    this.stats.batches++;
    const subject = this.#subjects.metrics(batch.system, MANY_METRICS);
    const header = headers();
    header.set("Content-Type", MSGPACK_TYPE);
    if (batch.waiters.length === 0) {
      this.#sendAndForget(subject, batch, header);
      return;
    }
    const done = sendUntilStored(this.#nc, subject, batch.encode(), header, this.#settings)
      .then(
        (reply) => batch.settle(reply),
        (error: unknown) => batch.fail(error),
      )
      .finally(() => {
        this.stats.pending -= batch.count;
        this.#sending.delete(done);
      });
    this.#sending.add(done);
  }

  #sendAndForget(subject: string, batch: OpenBatch, header: ReturnType<typeof headers>): void {
    try {
      this.#nc.publish(subject, batch.encode(), { headers: header });
    } catch (cause) {
      this.stats.pending -= batch.count;
      this.stats.dropped += batch.count;
      this.#onError(new ClientError("MAPEK_CLIENT_CLOSED", (cause as Error).message, { cause }));
      return;
    }
    this.#unflushed += batch.count;
    this.#flushing ??= this.#untilFlushed();
  }

  /** Counts samples as pending until the server has taken them out of the connection's buffer. */
  async #untilFlushed(): Promise<void> {
    while (this.#unflushed > 0) {
      const count = this.#unflushed;
      this.#unflushed = 0;
      // The flush fails when the connection closes; the samples in its buffer are lost then.
      await this.#nc.flush().catch(() => {});
      this.stats.pending -= count;
    }
    this.#flushing = undefined;
  }
}

/** Metric token of a batch, whose body names the metrics. */
const MANY_METRICS = "_";
const MOST_BATCH_SAMPLES = 65_535;

const asArray = (input: Sample | readonly Sample[]): readonly Sample[] =>
  Array.isArray(input) ? input : [input as Sample];

function check(
  system: string,
  metric: string,
  samples: readonly Sample[],
  options: PublishOptions,
): void {
  if (!TOKEN_PATTERN.test(system))
    throw new MessageError(
      "MAPEK_SUBJECT_INVALID",
      `system ${JSON.stringify(system)}: expected 1–128 characters of A–Z a–z 0–9 _ -`,
    );
  const { labels, timestamp } = options;
  const common = checkSample({ value: 0, metric, labels, timestamp });
  if (common !== undefined) throw new MessageError(common.code, common.message);
  for (let i = 0; i < samples.length; i++) {
    const fault = checkSample(samples[i]);
    if (fault !== undefined)
      throw new MessageError(
        fault.code,
        samples.length > 1 ? `sample ${i}: ${fault.message}` : fault.message,
      );
  }
}

/** The samples of one call that are in one batch. */
interface Part {
  readonly count: number;
  readonly reply: Promise<InputReply>;
}

/** Joins the answers of several batches into one answer about the samples of a call. */
async function joined(parts: readonly Part[]): Promise<InputReply> {
  const replies = await Promise.all(parts.map((part) => part.reply));
  const rejected: InputReply["rejected"] = [];
  let accepted = 0;
  let start = 0;
  replies.forEach((reply, i) => {
    for (const item of reply.rejected) rejected.push({ ...item, index: start + item.index });
    accepted += reply.accepted;
    start += parts[i]?.count ?? 0;
  });
  return { accepted, rejected };
}
