import { within } from "../clamp.ts";
import type { ValueGrid } from "../memory/value-grid.ts";
import type { RatePromise } from "../recommendation/rate-promise.ts";
import { PLACES } from "./quantile-numbers.ts";

const { SPREAD, MULTIPLE, TAIL, OWED } = PLACES;

/** Limit of one excess in the mean excess, in spreads, and the share with which the newest excess enters. */
const EXCESS_LIMIT = 8;
const EXCESS_RATE = 0.05;
/** Least mean excess, as a share of the mean excess of a normal distribution. */
const LEAST_EXCESS = 0.25;
/**
 * Up to sample 1 / exceedanceRate an exceedance moves the multiple further, by this many mean excesses more for each factor e
 * by which the samples are fewer.
 */
const EARLY_GAIN = 2;
/** Part of the gain with which exceedances owed are paid back. From 1/4 on the multiple would oscillate. */
const OWED_SHARE = 1 / 16;
const OWED_LIMIT = 20;
/** Factor on the gain on a coarse grid, where a wrong multiple puts the threshold off by a whole step. */
const GRID_GAIN = 0.25;
/** The median of anything lies at most two mean absolute values below 0. */
const LEAST_MULTIPLE = -2;

/**
 * The long-run share of samples beyond the threshold is the promised rate for any bounded series. The multiple rises with each
 * sample beyond the threshold and falls with each other sample; at the promised rate rises and falls cancel. A part of the
 * exceedances owed so far is added to each step.
 *
 * `trackMultiple` is an integral controller whose unit is the mean excess, so steps grow with the tail. The multiple stays
 * between −2 and 2 / exceedanceRate: by Markov's inequality the quantile lies in this range.
 *
 * @param lies Side of the threshold on which the sample lies: 1 beyond, 0 on the threshold, −1 short of it.
 * @param excess The sample less the threshold. @param spread The spread that the threshold was computed with.
 * @param gap Shown threshold less computed threshold.
 * @param count Samples so far, this one too. @param grid The grid that places the threshold where values tie. Cost: O(1).
 */
export function trackMultiple(
  numbers: number[],
  { exceedanceRate, gain, tail }: RatePromise,
  lies: -1 | 0 | 1,
  excess: number,
  spread: number,
  gap: number,
  count: number,
  grid: ValueGrid,
): void {
  if (lies > 0 && spread > 0) {
    const counted = Math.min(EXCESS_LIMIT, excess / spread);
    const mean = numbers[TAIL]! + EXCESS_RATE * (counted - numbers[TAIL]!);
    numbers[TAIL] = Math.max(LEAST_EXCESS * tail, mean);
  }
  if (numbers[SPREAD] === 0) return;
  const loop = gain * (grid.isCoarse(spread) ? GRID_GAIN : 1) * numbers[TAIL]!;
  let multiple = numbers[MULTIPLE]!;
  if (lies === 0) {
    // A sample on the threshold may count as beyond or as short of it: the count that brings `OWED` nearer to 0 is taken.
    if (numbers[OWED]! < 0) numbers[OWED] = Math.min(0, numbers[OWED]! + 1 - exceedanceRate);
    else numbers[OWED]! -= exceedanceRate;
    multiple +=
      gap > 0 && spread > 0
        ? Math.min(gap / spread, loop * (1 - exceedanceRate))
        : -loop * exceedanceRate;
  } else if (lies > 0) {
    const early = 1 + (EARLY_GAIN / gain) * Math.max(0, -Math.log(exceedanceRate * count));
    multiple += loop * (1 - exceedanceRate) * early;
    numbers[OWED]! += 1 - exceedanceRate;
  } else {
    multiple -= loop * exceedanceRate;
    numbers[OWED]! -= exceedanceRate;
  }
  multiple += loop * OWED_SHARE * gain * exceedanceRate * within(numbers[OWED]!, OWED_LIMIT);
  numbers[MULTIPLE] = Math.min(2 / exceedanceRate, Math.max(LEAST_MULTIPLE, multiple));
}
