import type { Labels } from "@mapek/core/messages";

/** What every reading says. */
interface Named {
  /** The metric's true name, as the format gives it. */
  readonly metric: string;
  readonly labels: Labels;
  /** Milliseconds since 1970; undefined where the format gives none. */
  readonly timeMs: number | undefined;
}

/** A value that may go up and down, and is a sample as it stands. */
export interface GaugeReading extends Named {
  readonly kind: "gauge";
  readonly value: number;
}

/** A total since `startMs`, which falls only when it starts anew. */
export interface CumulativeReading extends Named {
  readonly kind: "cumulative";
  readonly value: number;
  /** When the total was 0; undefined where the format does not say. */
  readonly startMs: number | undefined;
}

/** What was added since the reading before, or since `startMs` where that is known. */
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
  /** Observations in each bucket, one more than bounds. Not summed up. */
  readonly counts: readonly number[];
  /** Resolution of an exponential histogram: those of one scale share one lattice of bounds. */
  readonly scale: number | undefined;
  readonly startMs: number | undefined;
}

/** One bucket of a Prometheus histogram: the observations up to `upperBound`, summed up from below. */
export interface BucketReading extends Named {
  readonly kind: "bucket";
  /** Name of the histogram, without `_bucket`; the labels are those without `le`. */
  readonly metric: string;
  /** `+Infinity` for the last. */
  readonly upperBound: number;
  readonly value: number;
  readonly startMs: number | undefined;
}

/** The series has ended, or has no value now: what comes later does not continue it. */
export interface StaleReading extends Named {
  readonly kind: "stale";
  /** Of a bucket: which. */
  readonly upperBound: number | undefined;
}

/** What a format's bytes say about one series at one time. */
export type Reading =
  | GaugeReading
  | CumulativeReading
  | DeltaReading
  | HistogramReading
  | BucketReading
  | StaleReading;

/** Why something that was read is no reading. A closed set: it is a label of a counter. */
export type SkipReason =
  | "malformed"
  | "text"
  | "not_finite"
  | "no_value"
  | "unsupported"
  | "bad_name"
  | "full";

/** What was made of one payload. */
export interface Parsed {
  readonly readings: Reading[];
  /** How many values, lines or points were left out, by reason; only reasons that occurred. */
  readonly skipped: ReadonlyMap<SkipReason, number>;
  /** The first malformed part, for people; undefined where all could be read. */
  readonly fault: string | undefined;
}

/** Gathers what a parser finds. */
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
