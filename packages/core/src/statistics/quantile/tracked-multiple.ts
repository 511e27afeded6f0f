import { within } from "../clamp.ts";
import type { ValueGrid } from "../memory/value-grid.ts";
import type { RatePromise } from "../recommendation/rate-promise.ts";
import { PLACES } from "./quantile-numbers.ts";

const { SPREAD, MULTIPLE, TAIL, OWED } = PLACES;

/** An excess counts for the mean excess with at most this many spreads, and with this share. */
const EXCESS_LIMIT = 8;
const EXCESS_RATE = 0.05;
/** The mean excess is at least this share of that of a normal distribution. */
const LEAST_EXCESS = 0.25;
/**
 * Until as many samples came as one exceedance is promised in, an exceedance moves the multiple further: by this many mean
 * excesses more for each power of e by which they are fewer.
 */
const EARLY_GAIN = 2;
/** Part of the gain with which exceedances owed are paid back. From 1/4 on the multiple would swing about its place. */
const OWED_SHARE = 1 / 16;
const OWED_LIMIT = 20;
/** On a coarse grid the multiple moves by this share: a wrong place there costs a whole step. */
const GRID_GAIN = 0.25;
/** The median of anything lies at most two mean absolute values below 0. */
const LEAST_MULTIPLE = -2;

/**
 * The long-run share of samples beyond the threshold is the promised one, whatever the series does, as long as its size is
 * bounded: the multiple rises with each sample beyond and falls with each other one, by so much that the promised share
 * keeps it in place, and by a part of the exceedances that are owed so far.
 *
 * It is an integral controller whose unit is the mean excess, so a step is as large as the tail is long. The multiple stays
 * within −2 and 2 / exceedanceRate: by Markov's inequality the quantile lies there.
 *
 * @param lies How the sample lies to the threshold: 1 beyond, 0 on it, −1 short of it.
 * @param excess The sample less the threshold. @param spread The spread that the threshold was computed with.
 * @param gap How far above its computed place the threshold was shown.
 * @param count Samples so far, this one too. @param grid The values at which the threshold stays where they tie. Cost: O(1).
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
    // A sample on the threshold may count as beyond or as short of it: as whichever lessens what is owed.
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
