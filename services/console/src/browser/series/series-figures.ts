import type { Anomaly, Threshold } from "@mapek/core/contract";
import type { Curve } from "@mapek/core/curve";
import { aheadOf, handedOutAt, presentAt } from "./thresholds.ts";

/** An anomaly in the chart; times in milliseconds. */
interface Mark {
  /** `to` is null while the anomaly is open. */
  readonly from: number;
  readonly to: number | null;
  readonly peakAt: number;
  readonly peakValue: number;
}

/** One threshold in the chart. */
export interface Line {
  /** Threshold handed out for the time of each sample; null where none was in force. */
  readonly past: readonly (number | null)[];
  /** Where none was in force: the present threshold at that time of day; null elsewhere. */
  readonly before: readonly (number | null)[];
  /** Threshold expected after the newest sample. */
  readonly ahead: Curve;
  /** Offsets within which the threshold keeps its promise, see {@link promiseBand}; undefined where unknown. */
  readonly band: Band | undefined;
}
export type Band = readonly [low: number, high: number];

/** Data of the chart of a series. */
export interface SeriesFigures {
  /** Milliseconds, ascending; `values` has the same length. */
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly upper: Line;
  readonly lower: Line;
  /** The values above the upper or below the lower threshold of their time; null elsewhere. */
  readonly beyond: readonly (number | null)[];
  readonly marks: readonly Mark[];
  readonly unit: string;
}

/** Relative deviation from the promised exceedance rate that still counts as kept, as in the learner's confidence. */
const TOLERANCE = 0.5;
/** Time shown after the newest sample, as a share of the time shown before it. */
const AHEAD = 0.25;

/**
 * The offsets by which a threshold could be moved and still keep its promise on these samples: from 1.5 times the
 * promised share of samples beyond the threshold to half of that share.
 *
 * @param above How far each sample lies above the threshold of its time.
 * @param rate Promised share of samples beyond the threshold.
 * @returns Undefined where the samples are too few for the rarer of the two shares.
 */
export function promiseBand(
  above: readonly number[],
  rate: number,
  side: "upper" | "lower",
): Band | undefined {
  if (above.length * rate * (1 - TOLERANCE) < 1) return undefined;
  const sorted = Float64Array.from(above).sort();
  const often = rate * (1 + TOLERANCE);
  const seldom = rate * (1 - TOLERANCE);
  return side === "upper"
    ? [quantile(sorted, 1 - often), quantile(sorted, 1 - seldom)]
    : [quantile(sorted, seldom), quantile(sorted, often)];
}

/** Quantile of type 7 in Hyndman and Fan (1996), The American Statistician 50(4), 361–365. */
function quantile(sorted: Float64Array, share: number): number {
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? low;
  return low + (high - low) * (place - Math.floor(place));
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

/** The messages about one threshold, and the band of its promise. */
interface KnownThreshold {
  /** Oldest first. */
  readonly messages: readonly Threshold[];
  readonly band: Band | undefined;
}

/** All known data of a series, from which {@link figuresSince} makes the chart. */
export interface Known {
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly upper: KnownThreshold;
  readonly lower: KnownThreshold;
  readonly anomalies: readonly Anomaly[];
  readonly unit: string;
}

/** The figures of the chart from a time on. */
export function figuresSince(known: Known, since: number): SeriesFigures {
  const found = known.times.findIndex((time) => time >= since);
  const from = found < 0 ? known.times.length : found;
  const times = known.times.slice(from);
  const values = known.values.slice(from);
  const newest = times.at(-1) ?? 0;
  const shownMs = newest - (times[0] ?? newest);
  const lineOf = ({ messages, band }: KnownThreshold): Line => {
    const present = messages.at(-1);
    const past = handedOutAt(messages, times);
    const before = past.map((value, i) =>
      value === null && present !== undefined ? presentAt(present, times[i] ?? 0) : null,
    );
    return { past, before, ahead: aheadOf(present, newest, newest + AHEAD * shownMs), band };
  };
  const upper = lineOf(known.upper);
  const lower = lineOf(known.lower);
  return {
    times,
    values,
    upper,
    lower,
    beyond: values.map((value, i) =>
      isBeyond(value, upper.past[i], lower.past[i]) ? value : null,
    ),
    marks: known.anomalies.map(markOf),
    unit: known.unit,
  };
}

/** Whether a value is above the upper or below the lower threshold of its time; false where none is in force. */
export const isBeyond = (
  value: number,
  upper: number | null | undefined,
  lower: number | null | undefined,
): boolean =>
  value > (upper ?? Number.POSITIVE_INFINITY) || value < (lower ?? Number.NEGATIVE_INFINITY);
