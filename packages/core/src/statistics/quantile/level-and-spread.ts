import { clampFinite, within } from "../clamp.ts";
import { medianOf } from "./median.ts";
import { PLACES, WARM_UP } from "./quantile-numbers.ts";

const { LEVEL, SPREAD, OWED, LEVEL_RUN, SPREAD_RUN } = PLACES;

/** Shares of a residual that move the level and the spread; while fewer samples came, each counts for one of so many. */
const LEVEL_RATE = 0.02;
const SPREAD_RATE = 0.01;
/** A single residual counts for at most this many spreads: where it moves the level, and where it moves the spread. */
const LEVEL_LIMIT = 1;
const SPREAD_LIMIT = 8;

/**
 * One outlier moves the level by at most 0.02 spreads, and the spread by at most 0.07 of itself, once 100 samples came. The
 * limits double with each residual in a row that is beyond them, so a level that really moved is reached within a few samples.
 *
 * @param residual The sample less the level and the season.
 * @param count Samples so far, this one too. Cost: O(1).
 */
export function followResidual(numbers: number[], residual: number, count: number): void {
  const spread = numbers[SPREAD]!;
  // Up to the 16th sample, and after a constant stretch, no spread is known to limit by: the residual counts whole.
  const known = count > WARM_UP && spread > 0;
  const levelLimit = known ? LEVEL_LIMIT * spread : Number.MAX_VALUE;
  const levelRun = nextRun(numbers[LEVEL_RUN]!, residual, levelLimit);
  numbers[LEVEL_RUN] = levelRun;
  const forLevel = within(residual, levelLimit * widened(levelRun));
  numbers[LEVEL] = clampFinite(numbers[LEVEL]! + Math.max(LEVEL_RATE, 1 / count) * forLevel);
  const spreadLimit = known ? SPREAD_LIMIT * spread : Number.MAX_VALUE;
  const spreadRun = nextRun(numbers[SPREAD_RUN]!, residual, spreadLimit);
  numbers[SPREAD_RUN] = spreadRun;
  // A series whose large values are rare but usual owes many exceedances: its large values are no outliers.
  const looser = spreadRun === 0 ? 1 : (1 + Math.max(0, numbers[OWED]!)) ** 2;
  const forSpread = within(residual, spreadLimit * widened(spreadRun) * looser);
  const rate = Math.max(SPREAD_RATE, 1 / count);
  numbers[SPREAD] = clampFinite(spread + rate * (Math.abs(forSpread) - spread));
}

/**
 * An extreme value among the first 16 samples, which nothing has limited yet, leaves no trace: the level begins anew at
 * their median, and the spread at the mean of their deviations from it, each limited to eight usual ones.
 *
 * @param values The first 16 samples.
 * @returns The same with their deviations limited, to learn the season from.
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

/** By what a limit is multiplied: doubled with each residual of a run after the first. A shift costs much less than a power. */
function widened(run: number): number {
  const doublings = Math.abs(run) - 1;
  if (doublings <= 0) return 1;
  return doublings < 30 ? 1 << doublings : 2 ** doublings;
}
