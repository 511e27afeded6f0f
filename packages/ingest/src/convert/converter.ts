import type { Labels } from "@mapek/core/contract";
import type {
  BucketReading,
  CumulativeReading,
  DeltaReading,
  HistogramReading,
  Reading,
  StaleReading,
} from "../reading.ts";
import { type BucketFamilyState, takeBuckets } from "./bucket-family.ts";
import { Conversion, stateKey } from "./conversion.ts";
import { type CounterState, counterRate } from "./counter-state.ts";
import { type Buckets, bucketIncrease, totalOf } from "./histogram.ts";

interface HistogramState extends Buckets {
  readonly kind: "histogram";
  readonly timeMs: number;
  readonly scale: number | undefined;
  readonly seenMs: number;
}

/** State of a series. A state is replaced, never changed, so that a conversion can be undone. */
type SeriesState = CounterState | HistogramState | BucketFamilyState;

export interface ConverterOptions {
  /** Most counters and histograms that are remembered; further ones give no samples. */
  readonly maxSeries: number;
  /** Longest time between two readings that are compared, and time after which a silent series is forgotten, ms. */
  readonly gapMs: number;
}

/** The buckets of one histogram in one call, by time. */
interface Family {
  readonly metric: string;
  readonly labels: Labels;
  readonly byTime: Map<number, Map<number, number>>;
}

/**
 * Turns the readings of one system into samples: gauges stay, totals become rates per second (`<name>_rate`),
 * histograms become quantiles (`<name>_p50`, `_p90`, `_p99`) and, where all buckets arrive in one reading,
 * `<name>_count_rate`.
 *
 * A rate needs two readings: the first one after a start, a gap or a stale marker gives no sample. `maxSeries` bounds
 * the memory.
 */
export class Converter {
  readonly #options: ConverterOptions;
  readonly #states = new Map<string, SeriesState>();

  constructor(options: ConverterOptions) {
    this.#options = options;
  }

  /** Number of remembered series. */
  get size(): number {
    return this.#states.size;
  }

  /**
   * Converts readings. Cost: O(readings).
   *
   * @param nowMs Time of totals and histograms without a time of their own.
   */
  convert(readings: readonly Reading[], nowMs: number): Conversion<SeriesState> {
    const conversion = new Conversion<SeriesState>(this.#states, this.#options.maxSeries);
    const families = new Map<string, Family>();
    for (const reading of readings) {
      const timeMs = reading.timeMs ?? nowMs;
      const { metric, labels } = reading;
      switch (reading.kind) {
        case "gauge":
          conversion.emit(metric, labels, reading.timeMs, reading.value);
          break;
        case "cumulative":
          this.#takeTotal(reading, timeMs, nowMs, conversion);
          break;
        case "delta":
          this.#takeDelta(reading, timeMs, nowMs, conversion);
          break;
        case "histogram":
          this.#takeHistogram(reading, timeMs, nowMs, conversion);
          break;
        case "bucket":
          gather(reading, timeMs, families);
          break;
        case "stale":
          this.#end(reading, families, nowMs, conversion);
          break;
      }
    }
    for (const [key, family] of families) this.#takeFamily(key, family, nowMs, conversion);
    return conversion;
  }

  /** Forgets series without a reading for `gapMs`. Cost: O(series). */
  forgetIdle(nowMs: number): void {
    const before = nowMs - this.#options.gapMs;
    for (const [key, { seenMs }] of this.#states) if (seenMs < before) this.#states.delete(key);
  }

  #takeFamily(
    key: string,
    { byTime, ...series }: Family,
    nowMs: number,
    conversion: Conversion<SeriesState>,
  ): void {
    const clock = { nowMs, gapMs: this.#options.gapMs };
    for (const [timeMs, totals] of [...byTime].sort(([a], [b]) => a - b)) {
      const before = conversion.stateOf(key) as BucketFamilyState | undefined;
      const after = takeBuckets(before, series, { timeMs, totals }, clock, conversion);
      if (after !== before) conversion.keep(key, after);
    }
  }

  /** Forgets a series that ended, of any kind. Buckets of a histogram that arrived before its end are still converted. */
  #end(
    { metric, labels, upperBound }: StaleReading,
    families: Map<string, Family>,
    nowMs: number,
    conversion: Conversion<SeriesState>,
  ): void {
    conversion.omit("stale");
    if (upperBound === undefined) {
      for (const kind of ["total", "delta", "cumulative"])
        conversion.keep(stateKey(kind, metric, labels), undefined);
      return;
    }
    const key = stateKey("buckets", metric, labels);
    const family = families.get(key);
    if (family !== undefined) this.#takeFamily(key, family, nowMs, conversion);
    families.delete(key);
    conversion.keep(key, undefined);
  }

  #takeTotal(
    reading: CumulativeReading,
    timeMs: number,
    nowMs: number,
    conversion: Conversion<SeriesState>,
  ): void {
    const { metric, labels, value } = reading;
    const key = stateKey("total", metric, labels);
    const before = conversion.stateOf(key) as CounterState | undefined;
    const rate = counterRate(before, reading, timeMs, this.#options.gapMs);
    const kept =
      rate === "not_newer" ||
      conversion.keep(key, { kind: "counter", timeMs, value, seenMs: nowMs });
    if (typeof rate === "number") conversion.emit(`${metric}_rate`, labels, timeMs, rate);
    else if (kept) conversion.omit(rate);
  }

  #takeDelta(
    { metric, labels, value, startMs }: DeltaReading,
    timeMs: number,
    nowMs: number,
    conversion: Conversion<SeriesState>,
  ): void {
    const seconds = this.#secondsOf(
      stateKey("delta", metric, labels),
      startMs,
      timeMs,
      nowMs,
      conversion,
    );
    if (seconds !== undefined) conversion.emit(`${metric}_rate`, labels, timeMs, value / seconds);
  }

  /** Seconds over which a delta was counted: since its start where it has one, else since the previous delta. */
  #secondsOf(
    key: string,
    startMs: number | undefined,
    timeMs: number,
    nowMs: number,
    conversion: Conversion<SeriesState>,
  ): number | undefined {
    if (startMs !== undefined && startMs < timeMs) return (timeMs - startMs) / 1_000;
    const before = conversion.stateOf(key);
    const from = before?.kind === "counter" ? before.timeMs : undefined;
    if (from !== undefined && timeMs <= from) {
      conversion.omit("not_newer");
      return undefined;
    }
    const kept = conversion.keep(key, { kind: "counter", timeMs, value: 0, seenMs: nowMs });
    if (from !== undefined && timeMs - from <= this.#options.gapMs) return (timeMs - from) / 1_000;
    if (kept) conversion.omit("first");
    return undefined;
  }

  #takeHistogram(
    reading: HistogramReading,
    timeMs: number,
    nowMs: number,
    conversion: Conversion<SeriesState>,
  ) {
    const { metric, labels, bounds, counts, scale, startMs, temporality } = reading;
    const key = stateKey(temporality, metric, labels);
    if (temporality === "delta") {
      const seconds = this.#secondsOf(key, startMs, timeMs, nowMs, conversion);
      if (seconds === undefined) return;
      conversion.emitQuantiles(metric, labels, timeMs, reading);
      conversion.emit(`${metric}_count_rate`, labels, timeMs, totalOf(counts) / seconds);
      return;
    }
    const before = conversion.stateOf(key) as HistogramState | undefined;
    const total = { kind: "counter", value: totalOf(before?.counts ?? []) } as const;
    const rate = counterRate(
      before && { ...total, timeMs: before.timeMs, seenMs: before.seenMs },
      { value: totalOf(counts), startMs },
      timeMs,
      this.#options.gapMs,
    );
    if (rate === "not_newer") return conversion.omit(rate);
    const state: HistogramState = {
      kind: "histogram",
      timeMs,
      bounds,
      counts,
      scale,
      seenMs: nowMs,
    };
    const kept = conversion.keep(key, state);
    if (typeof rate === "string" || before === undefined) {
      if (kept) conversion.omit(typeof rate === "string" ? rate : "first");
      return;
    }
    const sharesLattice = scale !== undefined && scale === before.scale;
    const increase = bucketIncrease(before, reading, sharesLattice);
    if (increase === undefined) return conversion.omit("reset");
    conversion.emitQuantiles(metric, labels, timeMs, increase);
    conversion.emit(`${metric}_count_rate`, labels, timeMs, rate);
  }
}

function gather(
  { metric, labels, upperBound, value }: BucketReading,
  timeMs: number,
  families: Map<string, Family>,
): void {
  const key = stateKey("buckets", metric, labels);
  let family = families.get(key);
  if (family === undefined) {
    family = { metric, labels, byTime: new Map() };
    families.set(key, family);
  }
  const totals = family.byTime.get(timeMs);
  if (totals === undefined) family.byTime.set(timeMs, new Map([[upperBound, value]]));
  else totals.set(upperBound, value);
}
