import type { Curve } from "@mapek/core/curve";
import type { Anomaly, Threshold } from "@mapek/core/messages";
import { aheadOf, handedOutAt, presentAt } from "./thresholds.ts";

/** A stretch in which something was abnormal. */
interface Mark {
  /** Milliseconds; null while it is open. */
  readonly from: number;
  readonly to: number | null;
  readonly peakAt: number;
  readonly peakValue: number;
}

/** What a chart shows of one threshold. */
export interface Line {
  /** As it was handed out for the time of each sample; null where none was. */
  readonly past: readonly (number | null)[];
  /** What the present one would have been where none was; null elsewhere. */
  readonly before: readonly (number | null)[];
  /** What is expected after the newest sample. */
  readonly ahead: Curve;
  /** How far it could lie lower or higher as a whole and keep its promise; undefined where that is not said. */
  readonly band: Band | undefined;
}
export type Band = readonly [low: number, high: number];

/** What the chart of a series shows. */
export interface SeriesFigures {
  /** Milliseconds, ascending; as many values. */
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly upper: Line;
  readonly lower: Line;
  /** The values above the upper or below the lower threshold of their time; null elsewhere. */
  readonly beyond: readonly (number | null)[];
  readonly marks: readonly Mark[];
  readonly unit: string;
}

/** How far from itself a promised rate may come out and still count as kept: as the learner's confidence has it. */
const TOLERANCE = 0.5;
/** Part of what is shown of the past that is shown of what comes. */
const AHEAD = 0.25;

/**
 * How far an upper (or lower) threshold could have been moved as a whole and kept its promise on these samples: from where
 * 1.5 times the promised share lies beyond it to where half of it does.
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

/** Hyndman–Fan type 7. */
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

/** A threshold's messages, and the band of its promise. */
interface KnownThreshold {
  /** Oldest first. */
  readonly messages: readonly Threshold[];
  readonly band: Band | undefined;
}

/** What is known of a series, for its chart. */
export interface Known {
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly upper: KnownThreshold;
  readonly lower: KnownThreshold;
  readonly anomalies: readonly Anomaly[];
  readonly unit: string;
}

/** The part of it from a time on. */
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

/** Whether a value is above the upper or below the lower threshold of its time, where there are any. */
export const isBeyond = (
  value: number,
  upper: number | null | undefined,
  lower: number | null | undefined,
): boolean =>
  value > (upper ?? Number.POSITIVE_INFINITY) || value < (lower ?? Number.NEGATIVE_INFINITY);
