import type { Labels } from "@mapek/core/contract";

/** The fields of every reading. */
interface Named {
  /** Name of the metric, as the format gives it. */
  readonly metric: string;
  readonly labels: Labels;
  /** Milliseconds since 1970; undefined where the format gives none. */
  readonly timeMs: number | undefined;
}

/** A value that may rise and fall; it becomes a sample unchanged. */
export interface GaugeReading extends Named {
  readonly kind: "gauge";
  readonly value: number;
}

/** A running total since `startMs`; it falls only where it restarts. */
export interface CumulativeReading extends Named {
  readonly kind: "cumulative";
  readonly value: number;
  /** When the total began at 0; undefined where the format does not say. */
  readonly startMs: number | undefined;
}

/** An increase since the previous reading, or since `startMs` where that is set. */
export interface DeltaReading extends Named {
  readonly kind: "delta";
  readonly value: number;
  readonly startMs: number | undefined;
}

/** All buckets of a histogram. */
export interface HistogramReading extends Named {
  readonly kind: "histogram";
  readonly temporality: "cumulative" | "delta";
  /** Upper bounds, ascending and finite; the last bucket has none. */
  readonly bounds: readonly number[];
  /** Observations in each bucket, not cumulative; one more count than bounds. */
  readonly counts: readonly number[];
  /**
   * Scale of an exponential histogram; histograms of one scale have their bounds at the same places. Undefined for
   * explicit bounds.
   */
  readonly scale: number | undefined;
  readonly startMs: number | undefined;
}

/** One bucket of a Prometheus histogram: the number of observations up to `upperBound`, cumulative. */
export interface BucketReading extends Named {
  readonly kind: "bucket";
  /** Name of the histogram, without `_bucket`; the labels are those without `le`. */
  readonly metric: string;
  /** `+Infinity` for the last bucket. */
  readonly upperBound: number;
  readonly value: number;
  readonly startMs: number | undefined;
}

/** The series has ended, or has no value now. Later readings do not continue it. */
export interface StaleReading extends Named {
  readonly kind: "stale";
  /** Upper bound of a bucket; undefined for other series. */
  readonly upperBound: number | undefined;
}

/** One value of one series at one time. */
export type Reading =
  | GaugeReading
  | CumulativeReading
  | DeltaReading
  | HistogramReading
  | BucketReading
  | StaleReading;

/** Why a value gave no reading. A closed set, because it is a label of a counter. */
export type SkipReason =
  | "malformed"
  | "text"
  | "not_finite"
  | "no_value"
  | "unsupported"
  | "bad_name"
  | "full";

/** Result of parsing one payload. */
export interface Parsed {
  readonly readings: Reading[];
  /** Number of values, lines or points that were skipped, by reason; only reasons that occurred. */
  readonly skipped: ReadonlyMap<SkipReason, number>;
  /** The first malformed part, for the error message; undefined where everything could be read. */
  readonly fault: string | undefined;
}

/** Collects the readings, skips and faults of a parser. */
export class Findings implements Parsed {
  readonly readings: Reading[] = [];
  readonly skipped = new Map<SkipReason, number>();
  fault: string | undefined;

  add(reading: Reading): void {
    this.readings.push(reading);
  }

  skip(reason: SkipReason, count = 1): void {
    if (count > 0) this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + count);
  }

  malformed(what: string): void {
    this.fault ??= what.slice(0, 300);
    this.skip("malformed");
  }
}
