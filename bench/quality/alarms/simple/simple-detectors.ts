import { quantiles } from "@mapek/core/statistics";
import { fluxFeatures } from "./flux-features.ts";
import { known, rollingDeviation, rollingMean, shifted } from "./rolling.ts";
import { subspaceDistance } from "./subspace-distance.ts";

/** A score for each row, from 0; only the order of scores has a meaning. */
export type Detector = (times: readonly number[], values: Float64Array) => Float64Array;

/** Points over which a usual residual is averaged, and from how many on it is known. */
const USUAL_WINDOW = 20_000;
const USUAL_FROM = 30;

/**
 * Textbook detectors, that any other must beat: the baselines of `corpora/evaluate.py`. On the same series each gives that
 * program's figures (events told, false ones, delays) exactly. Scores agree to 1e-9 of themselves but for one row in 6,000 of
 * the z-score and FluxEV (up to 1e-4), where a rolling deviation of pandas has lost digits after a spike.
 */
export const SIMPLE_DETECTORS: Readonly<Record<string, Detector>> = {
  "z-score of 60": zScore,
  "x − mean of 5": residual,
  "FluxEV features": (times, values) => fluxFeatures(times, values, scaleOf(values)),
  "sub-PCA of 32": (_, values) => subspaceDistance(values, 32),
};

/** Size of a series' usual variation, from its first half: what is small beside it is no evidence. Above 0. */
function scaleOf(values: Float64Array): number {
  const half = values.slice(0, Math.max(50, values.length >>> 1));
  const [low, high] = quantiles(half, [0.05, 0.95]) as [number, number];
  const mean = half.reduce((sum, x) => sum + x, 0) / half.length;
  const squares = half.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return Math.max(high - low, Math.sqrt(squares / half.length) / 2, 1e-12);
}

/** Distance from the mean of the 60 points before, in their standard deviations. */
function zScore(_: readonly number[], values: Float64Array): Float64Array {
  const floor = 0.01 * scaleOf(values);
  const mean = shifted(rollingMean(values, 60, 10));
  const deviation = shifted(rollingDeviation(values, 60, 10, 1));
  return values.map((value, i) => known(Math.abs(value - mean[i]!) / (deviation[i]! + floor)));
}

/** Distance from the mean of the five points before, over the usual one of the last 20,000. */
export function residual(_: readonly number[], values: Float64Array): Float64Array {
  const floor = 0.01 * scaleOf(values);
  const mean = shifted(rollingMean(values, 5, 1));
  const distance = values.map((value, i) => Math.abs(value - mean[i]!));
  const usual = shifted(rollingMean(distance, USUAL_WINDOW, USUAL_FROM));
  return distance.map((one, i) => known(one / (usual[i]! + floor)));
}
