import {
  type ActorService,
  type Anomaly,
  type Explained,
  type Explanation,
  encodeJson,
  explanation,
  type Labels,
  type Loop,
  MessageError,
  type OutputEvent,
  type Request,
  response,
  type SeriesExport,
  type Service,
  type Subjects,
  seriesExport,
} from "@mapek/core/contract";
import type { NatsConnection } from "@nats-io/transport-node";
import { ClientError } from "../errors.ts";
import { ask, mayPass, type RetryLimits, refusalOf, retrying } from "./reliable-request.ts";
import { checkSystem } from "./senders.ts";

export interface RequestOptions {
  /** Milliseconds for one attempt. @default the client's attemptTimeoutMs, at least 5000 */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds for which a request that the service cannot answer now is repeated. @default the same as one attempt */
  readonly deadlineMs?: number | undefined;
}

/** An anomaly that is open now. */
export type OpenAnomaly = Omit<
  Anomaly,
  "version" | "system" | "metric" | "labels" | "anomaly_id" | "phase" | "threshold" | "timestamp"
>;

/** One series, as the learner's `series` verb returns it. */
export interface SeriesState {
  readonly system: string;
  readonly metric: string;
  readonly labels: Labels;
  readonly last_value: number | null;
  /** Milliseconds since 1970. */
  readonly last_time: number | null;
  readonly samples: number;
  /**
   * Samples that arrived after newer ones, since the series began: the window contains them, but no season, change or
   * anomaly is learned from them.
   */
  readonly not_taught: number;
  /** Upper and lower threshold in force, with their values at the newest sample. */
  readonly threshold: number | null;
  readonly threshold_lower: number | null;
  /** Whether the newest value is above the upper threshold or below the lower one. */
  readonly beyond: boolean;
  readonly pinned: boolean;
  /** The learner's last recommendation, and its confidence, 0 to 1. */
  readonly recommendation: number | null;
  readonly confidence: number | null;
  readonly provisional: boolean | null;
  readonly trend: string;
  readonly open_anomaly: OpenAnomaly | null;
  /**
   * Share of the alarm budget that is spent: weighted incidents of the last 14 days divided by `alarm_budget`. Older
   * incidents weigh less; those that were labelled right do not count.
   */
  readonly alarm_budget_spent: number;
  /** True where the budget is not kept: with 14 days of samples, more than three times the budget is spent. */
  readonly alarm_budget_broken: boolean;
  /** Usual time between samples, ms; null before the second sample. */
  readonly interval_ms: number | null;
  /**
   * `score`: anomaly score of the newest sample, 0 to 1. `sensitivity`: how readily the series alarms, 0.1 to 10.
   * `frozen`: the series learns nothing.
   */
  readonly score: number;
  readonly sensitivity: number;
  readonly frozen: boolean;
  /** True where no sample arrived for longer than the series' interval allows. */
  readonly stale: boolean;
  /** The newest level shift or drift. */
  readonly last_change: { readonly kind: string; readonly since: number } | null;
}

/** Selects messages of the history. */
export interface HistoryQuery {
  readonly kind: "signals" | "actions" | "transitions";
  readonly loop?: Loop | undefined;
  readonly system?: string | undefined;
  /** Number of messages, the newest; 1 to 10,000. */
  readonly limit?: number | undefined;
}

/** Selects stored outputs. */
export interface EventsQuery
  extends Pick<Request, "families" | "metric" | "labels" | "loop" | "from" | "to" | "limit"> {
  readonly service: ActorService;
  readonly system?: string | undefined;
}

/** Selects the decision to explain: a threshold, an anomaly, a state, parameters or an action of a system. */
export interface ExplainQuery
  extends Pick<Request, "metric" | "labels" | "side" | "loop" | "action_id" | "anomaly_id" | "at"> {
  readonly kind: Explained;
  readonly system: string;
}

/** The service that decides each kind. */
const EXPLAINED_BY: { readonly [K in Explained]: ActorService } = {
  threshold: "learner",
  anomaly: "learner",
  state: "optimizer",
  parameters: "optimizer",
  action: "feedback",
};

/** The system token that stands for all systems in a request subject. */
const ALL_SYSTEMS = "_";
const MOST_IMPORT_SAMPLES = 5_000;
const MOST_IMPORT_BYTES = 512 * 1024;
const EXPORTS_AT_ONCE = 8;
const LEAST_TIMEOUT_MS = 5_000;

/** Sends requests to the services; exports and imports samples. */
export class ServiceRequests {
  readonly #nc: NatsConnection;
  readonly #subjects: Subjects;
  readonly #limits: RetryLimits;

  constructor(nc: NatsConnection, subjects: Subjects, limits: RetryLimits) {
    this.#nc = nc;
    this.#subjects = subjects;
    this.#limits = limits;
  }

  /**
   * Sends a request to a service. A service that cannot answer now is asked again.
   *
   * @param system Undefined asks about all systems.
   * @returns The answer's items, oldest first.
   * @throws {MessageError} The code with which the service refused, such as MAPEK_REQUEST_UNKNOWN_VERB or
   * MAPEK_REPLY_TOO_LARGE; MAPEK_REQUEST_UNAVAILABLE after the last attempt.
   * @throws {ClientError} MAPEK_CLIENT_NO_SERVICE at once where no service listens; MAPEK_CLIENT_TIMEOUT,
   * MAPEK_CLIENT_CLOSED, MAPEK_CLIENT_BAD_REPLY, MAPEK_CLIENT_REFUSED.
   */
  async request(
    service: Service,
    verb: string,
    system: string | undefined,
    body: Request,
    options: RequestOptions = {},
  ): Promise<unknown[]> {
    return this.#retrying(service, verb, system, body, options, isNotServedNow);
  }

  #retrying(
    service: Service,
    verb: string,
    system: string | undefined,
    body: object,
    options: RequestOptions,
    again: (error: unknown) => boolean,
  ): Promise<unknown[]> {
    if (system !== undefined) checkSystem(system);
    const attemptTimeoutMs =
      options.timeoutMs ?? Math.max(this.#limits.attemptTimeoutMs, LEAST_TIMEOUT_MS);
    const deadlineMs = options.deadlineMs ?? attemptTimeoutMs;
    const subject = this.#subjects.requests(service, verb, system ?? ALL_SYSTEMS);
    const data = encodeJson(body);
    const work = () => this.#ask(subject, data, attemptTimeoutMs);
    return retrying({ attemptTimeoutMs, deadlineMs }, work, again);
  }

  async #ask(subject: string, data: Uint8Array, timeoutMs: number): Promise<unknown[]> {
    const answer = await ask(this.#nc, subject, data, timeoutMs);
    const decoded = response.decode(answer.data);
    if (!decoded.ok)
      throw new ClientError("MAPEK_CLIENT_BAD_REPLY", `${subject}: ${decoded.error.message}`, {
        cause: decoded.error,
      });
    if ("error" in decoded.value)
      throw refusalOf(decoded.value.error.code, decoded.value.error.message);
    return decoded.value.items;
  }

  history({ kind, loop, system, limit }: HistoryQuery): Promise<unknown[]> {
    const service = kind === "transitions" ? "optimizer" : "feedback";
    return this.request(service, kind, system, {
      ...(loop !== undefined && { loop }),
      ...(limit !== undefined && { limit }),
    });
  }

  series(system: string | undefined, narrow: Request = {}): Promise<SeriesState[]> {
    return this.request("learner", "series", system, narrow) as Promise<SeriesState[]>;
  }

  events({ service, system, ...body }: EventsQuery): Promise<OutputEvent[]> {
    return this.request(service, "events", system, body) as Promise<OutputEvent[]>;
  }

  async explain({ system, ...body }: ExplainQuery): Promise<Explanation> {
    const [item] = await this.request(EXPLAINED_BY[body.kind], "explain", system, body);
    const checked = explanation.check(item);
    if (!checked.ok)
      throw new ClientError("MAPEK_CLIENT_BAD_REPLY", checked.error.message, {
        cause: checked.error,
      });
    return checked.value;
  }

  async exportMetrics(system: string, narrow: Request): Promise<SeriesExport[]> {
    const waiting = (await this.series(system, narrow)).reverse();
    const exports: SeriesExport[] = [];
    const worker = async () => {
      for (let one = waiting.pop(); one !== undefined; one = waiting.pop())
        exports.push(...(await this.#exportOne(system, { ...narrow, ...nameOf(one) })));
    };
    await Promise.all(Array.from({ length: EXPORTS_AT_ONCE }, worker));
    return exports;
  }

  async #exportOne(system: string, request: Request): Promise<SeriesExport[]> {
    const items = await this.request("learner", "export", system, request);
    return items.map((item) => {
      const checked = seriesExport.check(item);
      if (!checked.ok)
        throw new ClientError("MAPEK_CLIENT_BAD_REPLY", checked.error.message, {
          cause: checked.error,
        });
      return checked.value;
    });
  }

  /**
   * Stores history of any age in messages of at most 5,000 samples and 512 KiB, in the order given.
   *
   * @param onStored Called after each message with the number of samples stored so far.
   * @returns Number of samples stored. The learner drops samples that a series already has.
   * @throws As {@link request}; MessageError MAPEK_MESSAGE_INVALID for a series that is not of the export's form.
   * Samples that were stored before the error stay stored; importing again is safe.
   */
  async importMetrics(
    system: string,
    series: readonly SeriesExport[],
    onStored: (samples: number) => void = () => {},
  ): Promise<number> {
    for (const one of series) {
      const checked = seriesExport.check(one);
      if (!checked.ok) throw checked.error;
    }
    const { attemptTimeoutMs, deadlineMs } = this.#limits;
    const limits = { timeoutMs: attemptTimeoutMs, deadlineMs };
    let stored = 0;
    for (const one of series)
      for (const chunk of chunksOf(one)) {
        await this.#retrying("learner", "import", system, chunk, limits, mayPass);
        stored += chunk.values.length;
        onStored(stored);
      }
    return stored;
  }
}

/** Repeats only refusals by a service: a service that does not exist is not asked again. */
const isNotServedNow = (error: unknown): boolean => error instanceof MessageError && mayPass(error);

const nameOf = ({ metric, labels }: SeriesState): Request => ({ metric, labels });

function* chunksOf(series: SeriesExport): Generator<SeriesExport> {
  let size = MOST_IMPORT_SAMPLES;
  for (let from = 0; from < series.values.length; ) {
    const chunk = {
      ...series,
      timestamps: series.timestamps.slice(from, from + size),
      values: series.values.slice(from, from + size),
    };
    if (size > 1 && encodeJson(chunk).length >= MOST_IMPORT_BYTES) {
      size = Math.ceil(size / 2);
      continue;
    }
    from += chunk.values.length;
    yield chunk;
  }
}
