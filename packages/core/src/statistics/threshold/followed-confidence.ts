import { keptProbability } from "../recommendation/confidence.ts";

/**
 * Parts of the variance of the samples beyond a threshold in force over a window in which m are promised. Chosen on a quarter
 * of kpi, NAB's half and synthetic kinds, checked on a third of wsd and on cloud; see bench/quality/calibration.
 */
/** However few are promised, while nothing is known: it fades as promised exceedances come, by half with the first so many. */
const UNKNOWN = 5.5;
const UNKNOWN_EXCEEDANCES = 16;
/** For each promised one, times the measured dispersion. */
const NOISE = 0.7;
/** Standard deviation as a share of m: what drifts while the threshold follows. */
const DRIFT = 0.17;
/** The same, for each mean excess that the threshold may lie away from where it is learned. */
const LOOSENESS = 0.15;
/** Standard deviation as a share of the samples that tie at the threshold: they may count as either. */
const TIES = 0.055;

/** What is known of a threshold that follows what is learned online. */
export interface Followed {
  /** Samples that the online threshold has learned from. */
  readonly learned: number;
  /** Squared deviation of the online threshold's exceedances over that of independent samples; see `AdaptiveQuantile`. */
  readonly dispersion: number;
  /** How far the one in force may lie from the online one, in mean excesses over that. */
  readonly looseness: number;
  /** Share of the window that equals the online threshold, 0 … 1. */
  readonly tieShare: number;
  /** Share of the window's time without samples, below 1. */
  readonly gapShare: number;
}

/**
 * Probability that a threshold in force that follows the online one keeps its promise, within ±50 % of itself, over the
 * next window of `count` samples. It grows with the independent information in them and before them: exceedances that come in
 * clusters have a dispersion that makes ten say as much as one. Cost: O(1).
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
