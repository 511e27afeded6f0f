import { clampFinite } from "../clamp.ts";
import { normalUpperQuantile } from "../quantile/normal-distribution.ts";
import type { Statistics } from "../quantile/statistics.ts";

/** The ways to find a threshold. */
export const STRATEGIES = ["percentile", "sigma", "iqr", "adaptive"] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** "upper": samples above the threshold exceed it; "lower": samples below the threshold. */
export const SIDES = ["upper", "lower"] as const;
export type Side = (typeof SIDES)[number];

/** A threshold of each strategy, unit of the values. */
export type Candidates = Record<Strategy, number>;

/** Promised share of samples beyond a threshold, unless a setting gives another share. */
export const DEFAULT_EXCEEDANCE_RATE = 0.05;

/** Factor on the textbook multipliers: 1 at the default rate, in proportion to the normal quantile at others. */
function widening(exceedanceRate: number): number {
  if (exceedanceRate === DEFAULT_EXCEEDANCE_RATE) return 1;
  return normalUpperQuantile(exceedanceRate) / normalUpperQuantile(DEFAULT_EXCEEDANCE_RATE);
}

/** The 95th percentile; the 5th for the lower side has no place in `Statistics`. */
export function percentileThreshold(statistics: Statistics): number {
  return statistics.p95;
}

/** mean + 2 · standard deviation, − for the lower side; at another exceedance rate the 2 grows as the normal quantile does. */
export function sigmaThreshold(
  { mean, std_dev }: Pick<Statistics, "mean" | "std_dev">,
  exceedanceRate = DEFAULT_EXCEEDANCE_RATE,
  side: Side = "upper",
): number {
  const distance = 2 * widening(exceedanceRate) * std_dev;
  return clampFinite(side === "upper" ? mean + distance : mean - distance);
}

/**
 * p75 + 1.5 · (p75 − p25), p25 − 1.5 · (p75 − p25) for the lower side; at another exceedance rate the 1.5 grows as the
 * normal quantile does. Source: Tukey (1977).
 */
export function iqrThreshold(
  { p25, p75 }: Pick<Statistics, "p25" | "p75">,
  exceedanceRate = DEFAULT_EXCEEDANCE_RATE,
  side: Side = "upper",
): number {
  const distance = 1.5 * widening(exceedanceRate) * (p75 - p25);
  return clampFinite(side === "upper" ? p75 + distance : p25 - distance);
}
