import {
  checkSample,
  decodeSamples,
  encodeJson,
  isInbox,
  type Labels,
  MessageError,
  type PublicSeries,
  plainDecimal,
  type Sample,
  type SampleColumns,
  type Subjects,
} from "@mapek/core/contract";
import type { ConvertedSample } from "@mapek/ingest";
import {
  type Config,
  type DeadLetters,
  EndpointStats,
  type LoudRefusals,
  type WaitingRoom,
} from "@mapek/runtime";
import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import type { ArrivalClock } from "./arrival-clock.ts";
import type { Batcher } from "./batcher.ts";
import { MetricRoutes, type Route } from "./metric-routes.ts";
import { Receipt } from "./receipt.ts";
import { faultOf, Rejects } from "./rejects.ts";
import type { SeriesEntry, SeriesRegistry } from "./series-registry.ts";
import { UntaughtHistory } from "./untaught-history.ts";

export interface IntakeOptions {
  readonly nc: NatsConnection;
  readonly subjects: Subjects;
  readonly limits: Config["ingest"];
  readonly batcher: Batcher;
  readonly registry: SeriesRegistry;
  readonly clock: ArrivalClock;
  readonly deadLetters: DeadLetters;
  readonly room: WaitingRoom;
  /** Whether the process has to save memory. */
  readonly memoryShort: () => boolean;
  /** Counts and logs messages refused with MAPEK_OVERLOADED. */
  readonly overloads: LoudRefusals;
  /** Counts and logs samples of series or systems beyond their limit. */
  readonly seriesRefusals: LoudRefusals;
}

/** Header that marks imported history, which may have any age. */
export const HISTORY_HEADER = "Mapek-History";

/** One message in 64 is timed and counted 64 times: reading the clock for each would be a notable share of a message's cost. */
const TIMED_EVERY = 64;

/** Takes samples in: decodes, checks and routes each message, and answers a request after its samples are stored. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #routes: MetricRoutes;
  readonly endpoint: EndpointStats;
  readonly #subscription: Subscription;
  readonly #untaught: UntaughtHistory;
  #taken = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#routes = new MetricRoutes(options.subjects, options.room);
    this.#untaught = new UntaughtHistory(options.nc, options.subjects);
    this.endpoint = new EndpointStats(options.subjects.metrics("*", "*"), "mapek-monitor");
    this.#subscription = options.nc.subscribe(this.endpoint.subject, {
      queue: this.endpoint.queueGroup,
      callback: (error, message) => {
        if (error !== null) return;
        const timed = this.#taken++ % TIMED_EVERY === 0;
        const began = timed ? performance.now() : 0;
        this.#take(message);
        this.endpoint.add(timed ? (performance.now() - began) * TIMED_EVERY : 0);
      },
    });
  }

  /** Frees the cache of parsed subjects. */
  forgetRoutes(): void {
    this.#routes.forget();
  }

  /** Ends the subscription, then stores all samples that were taken in. */
  async drain(): Promise<void> {
    await this.#subscription.drain();
    await this.#untaught.drained();
    await this.#options.batcher.flush();
  }

  #take(message: Msg): void {
    const wantsAnswer = message.reply !== undefined && isInbox(message.reply);
    const receipt = wantsAnswer
      ? new Receipt((reply) => message.respond(encodeJson(reply)))
      : undefined;
    const isHistory = message.headers?.has(HISTORY_HEADER) ?? false;
    if (isHistory && (receipt !== undefined || this.#untaught.isBusy))
      this.#untaught.inTurn(async () => {
        if (receipt !== undefined) await this.#tellUntaught(message, receipt);
        this.#takeNow(message, receipt);
      });
    else this.#takeNow(message, receipt);
  }

  /** Counts the samples that teach nothing, for the answer. Must run before they are stored, while the newest sample is still an earlier one. */
  async #tellUntaught(message: Msg, receipt: Receipt): Promise<void> {
    if (message.data.length > this.#options.limits.max_payload_bytes) return;
    const route = this.#routes.of(message.subject);
    const payload = decodeSamples(message.data, message.headers?.get("Content-Type") || undefined);
    if (route instanceof MessageError || !payload.ok) return;
    receipt.tellUntaught(await this.#untaught.count(route.system, route.metric, payload.value));
  }

  #takeNow(message: Msg, receipt: Receipt | undefined): void {
    const fault = this.#takeSamples(message, receipt);
    if (fault !== undefined) {
      this.endpoint.failed(fault.message);
      receipt?.reject(0, fault.code, fault.detail);
      this.#options.deadLetters.add(message.subject, message.data, fault);
    }
    receipt?.close();
  }

  /** The fault of the whole message, if it has one. */
  #takeSamples(message: Msg, receipt: Receipt | undefined): MessageError | undefined {
    const { limits } = this.#options;
    const { length } = message.data;
    if (length > limits.max_payload_bytes)
      return new MessageError(
        "MAPEK_MESSAGE_TOO_LARGE",
        `${length} bytes, at most ${limits.max_payload_bytes}`,
      );
    const route = this.#routes.of(message.subject);
    if (route instanceof MessageError) return route;
    const refusal = this.refusal(route);
    if (refusal !== undefined) return refusal;
    const plain = message.headers === undefined ? plainDecimal(message.data) : Number.NaN;
    if (!Number.isNaN(plain)) return this.#addPlain(route, plain, receipt);
    const payload = decodeSamples(message.data, message.headers?.get("Content-Type") || undefined);
    if (!payload.ok) return payload.error;
    const history = message.headers?.has(HISTORY_HEADER) ?? false;
    const now = Date.now();
    if (payload.value.kind === "number") {
      const { value } = payload.value;
      return this.#add(route.system, { value }, route.metric, now, receipt, history);
    }
    const count =
      payload.value.kind === "rows"
        ? payload.value.rows.length
        : payload.value.columns.values.length;
    if (count > limits.max_samples_per_message)
      return new MessageError(
        "MAPEK_MESSAGE_TOO_LARGE",
        `${count} samples, at most ${limits.max_samples_per_message}`,
      );
    const rejects = new Rejects(this.#options.deadLetters, message, receipt);
    if (payload.value.kind === "rows")
      this.#addRows(route, payload.value.rows, now, receipt, history, rejects);
    else this.#addColumns(route.system, payload.value.columns, now, receipt, history, rejects);
    rejects.report();
    return undefined;
  }

  /** Adds a message that is a plain number, the most frequent kind, without allocating an object for it. */
  #addPlain(route: Route, value: number, receipt: Receipt | undefined): MessageError | undefined {
    const entry = this.#entry(route.system, route.metric, undefined);
    if (entry instanceof MessageError) return entry;
    this.#store(entry, undefined, value, Date.now(), receipt, false);
    return undefined;
  }

  /** MAPEK_OVERLOADED while memory is short, or the system sends too fast or has too much waiting; undefined otherwise. */
  refusal({ share, system }: Pick<Route, "share" | "system">): MessageError | undefined {
    const { memoryShort, overloads, room } = this.#options;
    const refusal = memoryShort()
      ? new MessageError("MAPEK_OVERLOADED", "memory is short: try later")
      : room.refusal(share, performance.now());
    if (refusal !== undefined) overloads.add(system, refusal);
    return refusal;
  }

  #addRows(
    route: Route,
    rows: readonly unknown[],
    now: number,
    receipt: Receipt | undefined,
    history: boolean,
    rejects: Rejects,
  ): void {
    for (let i = 0; i < rows.length; i++) {
      const fault = checkSample(rows[i]);
      if (fault !== undefined) rejects.add(i, new MessageError(fault.code, fault.message));
      else {
        const refusal = this.#add(
          route.system,
          rows[i] as Sample,
          route.metric,
          now,
          receipt,
          history,
        );
        if (refusal !== undefined) rejects.add(i, refusal);
      }
    }
  }

  #addColumns(
    system: string,
    columns: SampleColumns<PublicSeries>,
    now: number,
    receipt: Receipt | undefined,
    history: boolean,
    rejects: Rejects,
  ): void {
    const entries = columns.series.map((series) => {
      const [metric, labels] = typeof series === "string" ? [series, undefined] : series;
      return this.#entry(system, metric, labels);
    });
    const { index, times, values } = columns;
    const latest = now + this.#options.limits.max_ahead_seconds * 1_000;
    for (let i = 0; i < values.length; i++) {
      const entry = entries[index[i] as number];
      const value = values[i] as number;
      const given = times[i] as number;
      if (entry === undefined || entry instanceof MessageError) {
        rejects.add(
          i,
          entry ?? new MessageError("MAPEK_MESSAGE_INVALID", "no such series in the dictionary"),
        );
        continue;
      }
      const code = faultOf(value, given, latest);
      if (code !== undefined) rejects.add(i, new MessageError(code, `value ${value} at ${given}`));
      else
        this.#store(entry, Number.isNaN(given) ? undefined : given, value, now, receipt, history);
    }
  }

  /** Takes in a sample that came in another tool's format. Cost: that of a sample in a message. */
  addConverted(
    system: string,
    sample: ConvertedSample,
    now: number,
    receipt: Receipt,
  ): MessageError | undefined {
    const fault = checkSample(sample);
    if (fault !== undefined) return new MessageError(fault.code, fault.message);
    return this.#add(system, sample, sample.metric, now, receipt, false);
  }

  #add(
    system: string,
    sample: Sample | ConvertedSample,
    metric: string,
    now: number,
    receipt: Receipt | undefined,
    history: boolean,
  ): MessageError | undefined {
    const { timestamp, value } = sample;
    const latest = now + this.#options.limits.max_ahead_seconds * 1_000;
    if (timestamp !== undefined && timestamp > latest)
      return new MessageError(
        "MAPEK_SAMPLE_IN_FUTURE",
        `timestamp ${timestamp} is ${Math.round((timestamp - now) / 1_000)} s ahead of the clock`,
      );
    const entry = this.#entry(system, sample.metric ?? metric, sample.labels);
    if (entry instanceof MessageError) return entry;
    this.#store(entry, timestamp, value, now, receipt, history);
    return undefined;
  }

  #entry(system: string, metric: string, labels: Labels | undefined): SeriesEntry | MessageError {
    const entry = this.#options.registry.entry(system, metric, labels);
    if (entry instanceof MessageError) this.#options.seriesRefusals.add(system, entry);
    return entry;
  }

  #store(
    entry: SeriesEntry,
    given: number | undefined,
    value: number,
    now: number,
    receipt: Receipt | undefined,
    history: boolean,
  ): void {
    let time = given;
    if (time === undefined) {
      time = this.#options.clock.stamp(entry.lastStamp, now);
      entry.lastStamp = time;
    }
    entry.lastSeen = now;
    receipt?.accept();
    this.#options.batcher.add(entry, time, value, receipt, history);
  }
}
