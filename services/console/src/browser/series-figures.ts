import type { Anomaly, Threshold } from "@mapek/core/messages";

/** A stretch in which something was abnormal. */
interface Mark {
  /** Milliseconds; null while it is open. */
  readonly from: number;
  readonly to: number | null;
  readonly peakAt: number;
  readonly peakValue: number;
}

/** What the chart of a series shows. All arrays are of one length. */
export interface SeriesFigures {
  /** Milliseconds, ascending. */
  readonly times: readonly number[];
  readonly values: readonly number[];
  /** The thresholds in force at those times; null where there was none. */
  readonly upper: readonly (number | null)[];
  readonly lower: readonly (number | null)[];
  /** Between which values a threshold keeps its promise on these samples. */
  readonly bands: readonly (readonly [low: number, high: number])[];
  readonly marks: readonly Mark[];
  readonly unit: string;
}

/** How far from itself a promised rate may come out and still count as kept: as the learner's confidence has it. */
const TOLERANCE = 0.5;

/**
 * Between which values an upper (or lower) threshold would have kept its promise on these samples: from 1.5 times the promised
 * share beyond it to half of it.
 *
 * @param rate Promised share of samples beyond the threshold.
 * @returns Undefined where the samples are too few for the rarer of the two shares.
 */
export function promiseBand(
  values: readonly number[],
  rate: number,
  side: "upper" | "lower",
): readonly [low: number, high: number] | undefined {
  if (values.length * rate * (1 - TOLERANCE) < 1) return undefined;
  const sorted = Float64Array.from(values).sort();
  const often = rate * (1 + TOLERANCE);
  const seldom = rate * (1 - TOLERANCE);
  return side === "upper"
    ? [quantile(sorted, 1 - often), quantile(sorted, 1 - seldom)]
    : [quantile(sorted, seldom), quantile(sorted, often)];
}

/** Hyndman–Fan type 7. */
function quantile(sorted: Float64Array, share: number): number {
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? low;
  return low + (high - low) * (place - Math.floor(place));
}

/**
 * The threshold in force at each time.
 *
 * @param changes Oldest first, all of one side. @param times Ascending.
 */
function inForceAt(changes: readonly Threshold[], times: readonly number[]): (number | null)[] {
  let next = 0;
  let value = changes[0]?.previous ?? null;
  return times.map((time) => {
    for (; next < changes.length && (changes[next]?.timestamp ?? 0) <= time; next++)
      value = changes[next]?.threshold ?? null;
    return value;
  });
}

/** The newest message of each anomaly, the newest anomaly first. */
export function newestOfAnomalies(messages: readonly Anomaly[]): Anomaly[] {
  const newest = new Map<string, Anomaly>();
  for (const message of messages) newest.set(message.anomaly_id, message);
  return [...newest.values()].sort((a, b) => b.opened_at - a.opened_at);
}

const markOf = ({ opened_at, closed_at, peak_at, peak_value }: Anomaly): Mark => ({
  from: opened_at,
  to: closed_at,
  peakAt: peak_at,
  peakValue: peak_value,
});

/** What is known of a series, for its chart. */
export interface Known {
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly upper: readonly Threshold[];
  readonly lower: readonly Threshold[];
  readonly anomalies: readonly Anomaly[];
  readonly bands: SeriesFigures["bands"];
  readonly unit: string;
}

/** The part of it from a time on. */
export function figuresSince(known: Known, since: number): SeriesFigures {
  const found = known.times.findIndex((time) => time >= since);
  const from = found < 0 ? known.times.length : found;
  const times = known.times.slice(from);
  return {
    times,
    values: known.values.slice(from),
    upper: inForceAt(known.upper, times),
    lower: inForceAt(known.lower, times),
    bands: known.bands,
    marks: known.anomalies.map(markOf),
    unit: known.unit,
  };
}
