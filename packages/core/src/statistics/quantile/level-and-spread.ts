import { clampFinite, within } from "../clamp.ts";
import { medianOf } from "./median.ts";
import { PLACES, WARM_UP } from "./quantile-numbers.ts";

const { LEVEL, SPREAD, OWED, LEVEL_RUN, SPREAD_RUN } = PLACES;

/** Shares of a residual that move the level and the spread; the share is 1 / count while that is larger. */
const LEVEL_RATE = 0.02;
const SPREAD_RATE = 0.01;
/** A single residual counts for at most this many spreads: where it moves the level, and where it moves the spread. */
const LEVEL_LIMIT = 1;
const SPREAD_LIMIT = 8;

/**
 * After 100 samples one outlier moves the level by at most 0.02 spreads, and the spread by at most 0.07 of the spread. The
 * limits double with each further residual in a row beyond the limit, so the level reaches a shifted series within few samples.
 *
 * @param residual The sample less the level and the season.
 * @param count Samples so far, this one too. Cost: O(1).
 */
export function followResidual(numbers: number[], residual: number, count: number): void {
  const spread = numbers[SPREAD]!;
  // Up to the 16th sample, and after a constant stretch, no spread is known: the residual has no limit.
  const known = count > WARM_UP && spread > 0;
  const levelLimit = known ? LEVEL_LIMIT * spread : Number.MAX_VALUE;
  const levelRun = nextRun(numbers[LEVEL_RUN]!, residual, levelLimit);
  numbers[LEVEL_RUN] = levelRun;
  const forLevel = within(residual, levelLimit * widened(levelRun));
  numbers[LEVEL] = clampFinite(numbers[LEVEL]! + Math.max(LEVEL_RATE, 1 / count) * forLevel);
  const spreadLimit = known ? SPREAD_LIMIT * spread : Number.MAX_VALUE;
  const spreadRun = nextRun(numbers[SPREAD_RUN]!, residual, spreadLimit);
  numbers[SPREAD_RUN] = spreadRun;
  // Many exceedances owed mean that large values are usual, though rare: such values are no outliers.
  const looser = spreadRun === 0 ? 1 : (1 + Math.max(0, numbers[OWED]!)) ** 2;
  const forSpread = within(residual, spreadLimit * widened(spreadRun) * looser);
  const rate = Math.max(SPREAD_RATE, 1 / count);
  numbers[SPREAD] = clampFinite(spread + rate * (Math.abs(forSpread) - spread));
}

/**
 * An extreme value among the first 16 samples leaves no trace, though no limit held for these samples: the level restarts at
 * the median of the samples, and the spread at the mean deviation from that median, each deviation limited to eight times the
 * median one.
 *
 * @param values The first 16 samples.
 * @returns The samples with limited deviations, from which the season learns.
 */
export function beginLevelAndSpread(numbers: number[], values: readonly number[]): number[] {
  const level = medianOf(values);
  const deviations = values.map((value) => clampFinite(value - level));
  const limit = clampFinite(SPREAD_LIMIT * medianOf(deviations.map(Math.abs)));
  const bounded = deviations.map((deviation) => within(deviation, limit));
  numbers[LEVEL] = level;
  numbers[SPREAD] = bounded.reduce((sum, deviation) => sum + Math.abs(deviation) / WARM_UP, 0);
  return bounded.map((deviation) => clampFinite(level + deviation));
}

/** How many residuals in a row are beyond the limit, this one too; negative for those below. */
function nextRun(run: number, residual: number, limit: number): number {
  if (residual > limit) return run > 0 ? run + 1 : 1;
  if (residual < -limit) return run < 0 ? run - 1 : -1;
  return 0;
}

/** Factor on a limit: doubled with each residual of a run after the first. A bit shift costs much less than a power. */
function widened(run: number): number {
  const doublings = Math.abs(run) - 1;
  if (doublings <= 0) return 1;
  return doublings < 30 ? 1 << doublings : 2 ** doublings;
}
