import { type Labels, seriesKey } from "@mapek/core/contract";
import { type Buckets, bucketQuantile, QUANTILES, totalOf } from "./histogram.ts";

/**
 * Why a reading gave no sample. A closed set, because it is a label of a counter.
 *
 * - `first`: no earlier reading to compare with, or only one from before a gap
 * - `not_newer`: not newer than the previous reading
 * - `reset`: a total that restarted, or a histogram with other buckets
 * - `stale`: the series ended
 * - `incomplete`: buckets of a histogram are missing
 * - `full`: more series than the converter may remember
 */
export type OmitReason = "first" | "not_newer" | "reset" | "stale" | "incomplete" | "full";

/** A sample for the monitor. */
export interface ConvertedSample {
  readonly metric: string;
  readonly labels: Labels;
  /** Milliseconds since 1970; undefined for a gauge without a time. */
  readonly timestamp: number | undefined;
  readonly value: number;
}

/** Result of converting readings: samples, omissions, and the changes of state, which {@link undo} takes back. */
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

  /** Emits the quantiles of the observations in `increase`; nothing where there are none. */
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

  /**
   * Stores a state, which must not be changed afterwards; undefined deletes it. Returns false where there is no room
   * for one more series.
   */
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
   * Restores the states from before these readings, because their samples were not stored: the same readings sent
   * again give the same samples. A series with newer readings keeps its state.
   */
  undo(): void {
    for (const [key, { before, after }] of this.#touched) {
      if (this.#states.get(key) !== after) continue;
      if (before === undefined) this.#states.delete(key);
      else this.#states.set(key, before);
    }
  }
}

/** Key of the state of a series. The kind is part of the key, so that readings of two kinds do not share a state. */
export const stateKey = (kind: string, metric: string, labels: Labels): string =>
  seriesKey(kind, metric, labels);
