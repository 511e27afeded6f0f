import { keptProbability } from "../recommendation/confidence.ts";

/**
 * The constants below are the parts of the variance of the exceedances of a threshold in force, over a window in which m
 * exceedances are promised. Chosen on a quarter of kpi, NAB's half and synthetic kinds, checked on a third of wsd and on
 * cloud; see bench/quality/calibration.
 */
/** Variance before the first sample, for any m; half of this variance is left after `UNKNOWN_EXCEEDANCES` promised ones. */
const UNKNOWN = 5.5;
const UNKNOWN_EXCEEDANCES = 16;
/** Variance for each promised exceedance, times the measured dispersion. */
const NOISE = 0.7;
/** Standard deviation as a share of m: the series drifts while the threshold follows. */
const DRIFT = 0.17;
/** Standard deviation as a share of m, for each unit of `looseness`. */
const LOOSENESS = 0.15;
/** Standard deviation as a share of the samples that tie at the threshold: a tie may count as beyond or as short of it. */
const TIES = 0.055;

/** Measurements of a threshold in force that follows the online threshold. */
export interface Followed {
  /** Samples that the online threshold has learned from. */
  readonly learned: number;
  /** Squared deviation of the online threshold's exceedances over that of independent samples; see `AdaptiveQuantile`. */
  readonly dispersion: number;
  /** Largest distance of the threshold in force from the online threshold, in mean excesses over the online threshold. */
  readonly looseness: number;
  /** Share of the window that equals the online threshold, 0 … 1. */
  readonly tieShare: number;
  /** Share of the window's time without samples, below 1. */
  readonly gapShare: number;
}

/**
 * Probability that a threshold in force that follows the online threshold keeps the promised rate within ±50 % over the next
 * `count` samples, 0 … 1. The probability grows with the number of independent exceedances promised so far and in that
 * window; clusters lower the probability: at a dispersion of 10, ten exceedances tell as much as one. Cost: O(1).
 */
export function assessFollowed(
  count: number,
  exceedanceRate: number,
  { learned, dispersion, looseness, tieShare, gapShare }: Followed,
): number {
  const promised = exceedanceRate * count;
  const unknown = UNKNOWN_EXCEEDANCES / (UNKNOWN_EXCEEDANCES + exceedanceRate * learned);
  const variance =
    UNKNOWN * unknown +
    NOISE * dispersion * promised +
    (DRIFT * promised) ** 2 +
    (LOOSENESS * looseness * promised) ** 2 +
    (TIES * tieShare * count) ** 2;
  const deviation = Math.sqrt(variance / (1 - gapShare)) / count;
  return keptProbability(count, exceedanceRate, exceedanceRate, deviation);
}
