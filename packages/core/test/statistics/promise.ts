import { expect } from "vitest";
import type { TimedSeries } from "../../../../test/support/synthetic-series.ts";
import { AdaptiveQuantile, type Side } from "../../src/statistics/index.ts";

/** Promised rates, and how far from them the measured one may lie. */
export const RATES = [
  [0.05, 0.01],
  [0.01, 0.003],
] as const;
/** A series that is longer is held to the promise. */
export const LONG = 4_000;

export interface Measured {
  /** Share beyond the threshold. */
  beyond: number;
  /** Share beyond it or on it. */
  reached: number;
  /** Changes of the threshold a thousand samples. */
  changes: number;
}

/** How often a threshold that learns as it goes is exceeded; its own figure has to agree. */
export function measure(
  { times, values }: TimedSeries,
  exceedanceRate: number,
  side: Side,
): Measured {
  const threshold = new AdaptiveQuantile({ exceedanceRate, side });
  const sign = side === "upper" ? 1 : -1;
  let judged = 0;
  let beyond = 0;
  let reached = 0;
  let changes = 0;
  let last: number | undefined;
  for (const [i, value] of values.entries()) {
    const now = threshold.value(times[i]!);
    if (now !== undefined) {
      judged++;
      if (sign * (value - now) > 0) beyond++;
      if (sign * (value - now) >= 0) reached++;
      if (last !== undefined && now !== last) changes++;
      last = now;
    }
    threshold.update(times[i]!, value);
  }
  expect(threshold.measuredRate).toBeCloseTo(beyond / judged, 2);
  return {
    beyond: beyond / judged,
    reached: reached / judged,
    changes: (1_000 * changes) / judged,
  };
}
