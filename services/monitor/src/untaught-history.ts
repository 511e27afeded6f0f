import {
  checkSample,
  encodeJson,
  type Labels,
  response,
  type Sample,
  type SamplePayload,
  type Subjects,
  seriesKey,
} from "@mapek/core/contract";
import type { NatsConnection } from "@nats-io/transport-node";

/** Number of series in a message up to which the learner is asked. */
const MAX_SERIES = 64;
/** Time limit of the learner's answer, for which the sender's answer waits: longer than a running learner needs. */
const TIMEOUT_MS = 1_000;
/** Pause after a request that the learner did not answer: otherwise history would pile up behind the time limits. */
const PAUSE_MS = 10_000;

interface TimesOfSeries {
  readonly metric: string;
  readonly labels: Labels;
  readonly times: number[];
}

/**
 * Counts the samples of a message of history that teach nothing: those older than the newest sample of their series,
 * whose time the learner knows. The learner is asked before the message is stored, and messages of history are taken in
 * one after another, so that waiting for the learner does not change their order.
 */
export class UntaughtHistory {
  readonly #nc: NatsConnection;
  readonly #subjects: Subjects;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #silentUntil = 0;

  constructor(nc: NatsConnection, subjects: Subjects) {
    this.#nc = nc;
    this.#subjects = subjects;
  }

  /** Whether earlier messages of history still wait. */
  get isBusy(): boolean {
    return this.#waiting > 0;
  }

  /** Runs `take` once all earlier messages are taken in. */
  inTurn(take: () => Promise<void>): void {
    this.#waiting++;
    this.#last = this.#last.then(take).finally(() => {
      this.#waiting--;
    });
  }

  /** Resolves once all waiting messages are taken in. */
  drained(): Promise<void> {
    return this.#last;
  }

  /** @returns Samples that teach nothing; undefined where no learner answers, or the message has more than 64 series. */
  async count(system: string, metric: string, payload: SamplePayload): Promise<number | undefined> {
    const series = timesOf(metric, payload);
    if (series.length > MAX_SERIES || performance.now() < this.#silentUntil) return undefined;
    try {
      const counts = await Promise.all(series.map((one) => this.#countOf(system, one)));
      return counts.reduce((sum, count) => sum + count, 0);
    } catch {
      this.#silentUntil = performance.now() + PAUSE_MS;
      return undefined;
    }
  }

  async #countOf(system: string, { metric, labels, times }: TimesOfSeries): Promise<number> {
    const answer = await this.#nc.request(
      this.#subjects.requests("learner", "series", system),
      encodeJson({ metric, labels }),
      { timeout: TIMEOUT_MS },
    );
    const decoded = response.decode(answer.data);
    if (!decoded.ok) throw decoded.error;
    if ("error" in decoded.value) throw new Error(decoded.value.error.code);
    const [state] = decoded.value.items as { last_time: number | null }[];
    const newest = state?.last_time ?? Number.NEGATIVE_INFINITY;
    return times.filter((time) => time < newest).length;
  }
}

/** Times by series. Samples without a time are left out: they get the time of arrival and are never older. */
function timesOf(metric: string, payload: SamplePayload): TimesOfSeries[] {
  const found = new Map<string, TimesOfSeries>();
  const add = (name: string, labels: Labels = {}, time: number) => {
    const key = seriesKey("_", name, labels);
    const one = found.get(key) ?? { metric: name, labels, times: [] };
    one.times.push(time);
    found.set(key, one);
  };
  if (payload.kind === "rows")
    for (const row of payload.rows) {
      if (checkSample(row) !== undefined) continue;
      const { metric: own = metric, labels, timestamp } = row as Sample;
      if (timestamp !== undefined) add(own, labels, timestamp);
    }
  if (payload.kind === "columns") {
    const { series, index, times } = payload.columns;
    for (let i = 0; i < times.length; i++) {
      const one = series[index[i] as number];
      const time = times[i] as number;
      if (one === undefined || Number.isNaN(time)) continue;
      const [name, labels] = typeof one === "string" ? [one, undefined] : one;
      add(name, labels, time);
    }
  }
  return [...found.values()];
}
