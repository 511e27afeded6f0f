import {
  type Action,
  type Explanation,
  type Feedback,
  type InputReply,
  type Labels,
  type OutputEvent,
  type Parameters,
  type Performance,
  performance as performanceMessage,
  type Request,
  type SeriesExport,
  type Service,
  Subjects,
  type Threshold,
  type Transition,
} from "@mapek/core/contract";
import type { NatsConnection } from "@nats-io/transport-node";
import { type ConnectOptions, prefixesOf, publicKeyOf } from "./connection-options.ts";
import { contained } from "./contained.ts";
import { LatestValues } from "./outputs/latest-values.ts";
import { OutputListener } from "./outputs/output-listener.ts";
import type { OutputFilter } from "./outputs/outputs.ts";
import type { Handler, Subscription } from "./outputs/subscription.ts";
import { Control } from "./requests/control.ts";
import { checkSystem, type Sender, type Stored, sendOne } from "./requests/senders.ts";
import {
  type EventsQuery,
  type ExplainQuery,
  type HistoryQuery,
  type RequestOptions,
  type SeriesState,
  ServiceRequests,
} from "./requests/service-requests.ts";
import { Signals } from "./requests/signals.ts";
import {
  type PublisherStats,
  type PublishOptions,
  type SampleInput,
  SamplePublisher,
} from "./samples/sample-publisher.ts";
import { systemTimers, type Timers } from "./timers.ts";

const DEFAULTS = {
  batchSamples: 2_000,
  batchLingerMs: 5,
  maxPendingSamples: 1_000_000,
  attemptTimeoutMs: 2_000,
  deadlineMs: 30_000,
  closeTimeoutMs: 5_000,
};

/**
 * A client of the services: publishes samples, subscribes to outputs, sends signals and commands, makes requests. Made
 * by `connect`.
 */
export class MapekClient extends OutputListener {
  /** Sends signals to the feedback loops. */
  readonly signal: Signals;
  /** Sends operators' commands. */
  readonly control: Control;
  readonly timers: Timers;
  readonly #publisher: SamplePublisher;
  readonly #latest: LatestValues;
  readonly #requests: ServiceRequests;
  readonly #sender: Sender;
  readonly #onError: (error: Error) => void;
  readonly #closeTimeoutMs: number;
  #closing: Promise<void> | undefined;

  constructor(nc: NatsConnection, options: ConnectOptions = {}) {
    super(nc, new Subjects(prefixesOf(options)));
    const pick = <K extends keyof typeof DEFAULTS>(key: K) => options[key] ?? DEFAULTS[key];
    const limits = { attemptTimeoutMs: pick("attemptTimeoutMs"), deadlineMs: pick("deadlineMs") };
    this.#closeTimeoutMs = pick("closeTimeoutMs");
    this.timers = options.timers ?? systemTimers;
    this.#onError = contained(options.onError ?? ((error) => process.emitWarning(error)));
    const settings = {
      ...limits,
      batchSamples: pick("batchSamples"),
      batchLingerMs: pick("batchLingerMs"),
      maxPendingSamples: pick("maxPendingSamples"),
    };
    this.#publisher = new SamplePublisher(nc, this.subjects, settings, this.timers, this.#onError);
    this.#sender = { nc, limits, now: () => this.timers.now() };
    const source = { name: options.name ?? "mapek-client", publicKey: publicKeyOf(options) };
    this.signal = new Signals(this.#sender, this.subjects, source);
    this.control = new Control(this.#sender, this.subjects);
    this.#latest = new LatestValues(nc, this.#onError);
    this.#requests = new ServiceRequests(nc, this.subjects, limits);
  }

  /** Counters of `publish`, in samples. */
  get stats(): Readonly<PublisherStats> {
    return this.#publisher.stats;
  }

  /** Passes an error to `onError`. */
  report(error: Error): void {
    this.#onError(error);
  }

  /**
   * Publishes a value, a sample or several samples of one metric.
   *
   * Samples are sent in columnar batches: at 2,000 samples of a system or after 5 ms. A sample without a timestamp
   * gets the client's clock. No two such timestamps are equal, so a batch that is sent again after a lost answer is
   * stored once.
   *
   * @returns With `acknowledge: true`, a promise of the answer once the samples are stored.
   * @throws {MessageError} At once: MAPEK_SAMPLE_NOT_FINITE and the other codes of a bad sample or system. Then no
   * sample of the call is sent.
   * @throws {ClientError} MAPEK_CLIENT_CLOSED. A promised answer may reject with MAPEK_CLIENT_BUFFER_FULL,
   * MAPEK_CLIENT_TIMEOUT, MAPEK_CLIENT_NO_SERVICE or a MessageError.
   */
  publish(
    system: string,
    metric: string,
    samples: SampleInput,
    options: PublishOptions & { readonly acknowledge: true },
  ): Promise<InputReply>;
  publish(
    system: string,
    metric: string,
    samples: SampleInput,
    options?: PublishOptions & { readonly acknowledge?: false | undefined },
  ): void;
  publish(
    system: string,
    metric: string,
    samples: SampleInput,
    options: PublishOptions = {},
  ): Promise<InputReply> | undefined {
    return this.#publisher.publish(system, metric, samples, options);
  }

  /** Sends the open batches; resolves once the server has them or, where `acknowledge` was set, has stored them. */
  flush(): Promise<void> {
    return this.#publisher.flush();
  }

  /** Sends a performance report of a managed loop; resolves once the report is stored. */
  async performance(system: string, body: Performance): Promise<Stored> {
    checkSystem(system);
    const complete = { ...body, timestamp: body.timestamp ?? this.timers.now() };
    const checked = performanceMessage.check(complete);
    if (!checked.ok) throw checked.error;
    return sendOne(this.#sender, this.subjects.performance(system), complete);
  }

  /**
   * Thresholds in force as they were sent last, ordered by system, metric and labels. `threshold` is the value at that
   * time; `thresholdAt(message, timeMs)` is the value at another time.
   *
   * @throws {ClientError} MAPEK_CLIENT_NO_BUCKET before any service has run on the server.
   */
  async thresholds(filter: OutputFilter = {}): Promise<Threshold[]> {
    return this.#latest.thresholds(filter);
  }

  /**
   * Calls `handler` with every threshold in force, then with each later message, as {@link onThreshold} does. @throws
   * {ClientError} MAPEK_CLIENT_NO_BUCKET.
   */
  watchThresholds(handler: Handler<Threshold>, filter: OutputFilter = {}): Promise<Subscription> {
    return this.#latest.watchThresholds(filter, handler);
  }

  /** The parameters of a system in force; undefined where it has none. @throws {ClientError} MAPEK_CLIENT_NO_BUCKET. */
  async parameters(system: string): Promise<Parameters | undefined> {
    checkSystem(system);
    return (await this.#latest.parameters(system))[0];
  }

  /** The parameters of every system in force. @throws {ClientError} MAPEK_CLIENT_NO_BUCKET. */
  allParameters(): Promise<Parameters[]> {
    return this.#latest.parameters(undefined);
  }

  /** Calls `handler` with the parameters in force, then with every change. @throws {ClientError} MAPEK_CLIENT_NO_BUCKET. */
  watchParameters(
    handler: Handler<Parameters>,
    filter: { readonly system?: string | undefined } = {},
  ): Promise<Subscription> {
    return this.#latest.watchParameters(filter.system, handler);
  }

  /** Stored signals, actions or transitions, oldest first. Throws as {@link request} does. */
  history(query: HistoryQuery & { readonly kind: "signals" }): Promise<Feedback[]>;
  history(query: HistoryQuery & { readonly kind: "actions" }): Promise<Action[]>;
  history(query: HistoryQuery & { readonly kind: "transitions" }): Promise<Transition[]>;
  history(query: HistoryQuery): Promise<unknown[]>;
  history(query: HistoryQuery): Promise<unknown[]> {
    return this.#requests.history(query);
  }

  /**
   * Stored outputs of a service, oldest first: the newest `limit` (default 500) of those that match. `from` and `to`
   * are compared with an output's own timestamp. Throws as {@link request} does; MAPEK_MESSAGE_INVALID for a family of
   * another service.
   */
  events(query: EventsQuery): Promise<OutputEvent[]> {
    return this.#requests.events(query);
  }

  /**
   * Explains why a threshold, an anomaly, a state, parameters or an action were what they were at a time: the decision
   * in force, the rule with its numbers, the messages that led to it and the changes since. Throws as {@link request}
   * does.
   */
  explain(query: ExplainQuery): Promise<Explanation> {
    return this.#requests.explain(query);
  }

  /** Sends a request to a service; `system` undefined means all systems. */
  request(
    service: Service,
    verb: string,
    system?: string,
    request: Request = {},
    options: RequestOptions = {},
  ): Promise<unknown[]> {
    return this.#requests.request(service, verb, system, request, options);
  }

  /** Statistics of the windows of a system's series. Throws as {@link request} does. */
  statistics(
    system: string,
    series: { metric?: string; labels?: Labels } = {},
  ): Promise<unknown[]> {
    return this.request("learner", "statistics", system, series);
  }
  /** The learner's present recommendations. Throws as {@link request} does. */
  recommendations(
    system: string,
    series: { metric?: string; labels?: Labels } = {},
  ): Promise<unknown[]> {
    return this.request("learner", "recommendations", system, series);
  }
  /** Every series with its newest value, threshold and anomaly. Throws as {@link request} does. */
  series(system?: string, narrow: Request = {}): Promise<SeriesState[]> {
    return this.#requests.series(system, narrow);
  }
  /** The samples of every series of a system, one request a series. Throws as {@link request} does. */
  exportMetrics(system: string, narrow: Request = {}): Promise<SeriesExport[]> {
    return this.#requests.exportMetrics(system, narrow);
  }
  /**
   * Stores history of any age, in messages of at most 5,000 samples and 512 KiB. Importing the same samples again is
   * safe.
   *
   * @param onStored Called after each message with the number of samples stored so far.
   * @returns Number of samples stored. Throws as {@link request} does.
   */
  importMetrics(
    system: string,
    series: readonly SeriesExport[],
    onStored?: (samples: number) => void,
  ): Promise<number> {
    return this.#requests.importMetrics(system, series, onStored);
  }

  /**
   * Sends pending samples, finishes subscriptions and disconnects. While no server answers this takes at most twice
   * `closeTimeoutMs`. May be called more than once.
   */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      const flushed = this.#publisher.close().catch((error: unknown) => {
        this.#onError(error as Error);
      });
      await within(this.#closeTimeoutMs, flushed);
      if (this.connection.isClosed()) return;
      await within(this.#closeTimeoutMs, this.connection.drain());
      await this.connection.close();
    })();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Resolves when `work` has ended, even with an error, or after `ms`. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => {}), over]);
  clearTimeout(timer);
}
