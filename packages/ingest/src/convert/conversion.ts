import { type Labels, seriesKey } from "@mapek/core/messages";
import { type Buckets, bucketQuantile, QUANTILES, totalOf } from "./histogram.ts";

/**
 * Why a reading gave no sample; a closed set, since it is a label of a counter.
 * `first`: nothing to compare with yet, or only from before a gap. `not_newer`: not behind the reading before.
 * `reset`: a total that started anew, or other buckets. `stale`: the series ended. `incomplete`: buckets of a histogram did not
 * all come. `full`: more series than may be remembered.
 */
export type OmitReason = "first" | "not_newer" | "reset" | "stale" | "incomplete" | "full";

/** A sample of a series of one system, as the monitor takes it in. */
export interface ConvertedSample {
  readonly metric: string;
  readonly labels: Labels;
  /** Milliseconds since 1970; undefined for a gauge without a time. */
  readonly timestamp: number | undefined;
  readonly value: number;
}

/** What was made of one lot of readings. */
export class Conversion<State> {
  readonly samples: ConvertedSample[] = [];
  /** Readings without a sample, by reason; only reasons that occurred. */
  readonly omitted = new Map<OmitReason, number>();
  readonly #states: Map<string, State>;
  readonly #maxStates: number;
  readonly #touched = new Map<string, { before: State | undefined; after: State | undefined }>();

  constructor(states: Map<string, State>, maxStates: number) {
    this.#states = states;
    this.#maxStates = maxStates;
  }

  emit(metric: string, labels: Labels, timestamp: number | undefined, value: number): void {
    this.samples.push({ metric, labels, timestamp, value });
  }

  /** Quantiles of what came to the buckets, where anything did. */
  emitQuantiles(metric: string, labels: Labels, timestamp: number, increase: Buckets): void {
    if (totalOf(increase.counts) === 0) return;
    for (const { quantile, suffix } of QUANTILES) {
      const value = bucketQuantile(increase, quantile);
      if (value !== undefined) this.emit(metric + suffix, labels, timestamp, value);
    }
  }

  omit(reason: OmitReason, count = 1): void {
    this.omitted.set(reason, (this.omitted.get(reason) ?? 0) + count);
  }

  stateOf(key: string): State | undefined {
    return this.#states.get(key);
  }

  /** Remembers a state, which must not be changed afterwards; false where there is no room for one more series. */
  keep(key: string, state: State | undefined): boolean {
    const before = this.#states.get(key);
    if (before === undefined && state !== undefined && this.#states.size >= this.#maxStates) {
      this.omit("full");
      return false;
    }
    const touched = this.#touched.get(key);
    this.#touched.set(key, {
      before: touched === undefined ? before : touched.before,
      after: state,
    });
    if (state === undefined) this.#states.delete(key);
    else this.#states.set(key, state);
    return true;
  }

  /**
   * Makes as if these readings had not come, because their samples were not stored: sent again, they give the same. A
   * series that went on meanwhile stays as it is.
   */
  undo(): void {
    for (const [key, { before, after }] of this.#touched) {
      if (this.#states.get(key) !== after) continue;
      if (before === undefined) this.#states.delete(key);
      else this.#states.set(key, before);
    }
  }
}

/** What names the state of a series: kinds of readings do not share one. */
export const stateKey = (kind: string, metric: string, labels: Labels): string =>
  seriesKey(kind, metric, labels);
