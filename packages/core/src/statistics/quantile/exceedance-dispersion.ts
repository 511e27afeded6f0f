import type { RatePromise } from "../recommendation/rate-promise.ts";
import { PLACES } from "./quantile-numbers.ts";

const { IN_BLOCK, DISPERSION } = PLACES;

/** Exceedances that are promised in a block of samples. */
const BLOCK_EXCEEDANCES = 4;
/** The dispersion is the mean of about this many blocks. */
const BLOCKS = 64;
/**
 * Dispersion before the first block, and the weight of this prior in blocks. The doc comment in `followed-confidence.ts` says
 * how both were chosen.
 */
export const PRIOR_DISPERSION = 1;
const PRIOR_BLOCKS = 4;

/**
 * The dispersion is comparable between series: the squared deviation of a block's exceedances from the promised ones, over
 * that of independent samples. A block has as many samples as promise four exceedances, so a low promised rate has long
 * blocks. Independent samples give 1; exceedances that come in clusters give more.
 *
 * @param isBeyond Whether the sample is an exceedance. @param judged Samples after the 16th, this one too. Cost: O(1).
 */
export function countExceedance(
  numbers: number[],
  { exceedanceRate }: RatePromise,
  isBeyond: boolean,
  judged: number,
): void {
  const length = Math.round(BLOCK_EXCEEDANCES / exceedanceRate);
  if (isBeyond) numbers[IN_BLOCK]!++;
  if (judged % length !== 0) return;
  const promised = exceedanceRate * length;
  const deviation = numbers[IN_BLOCK]! - promised;
  const ratio = (deviation * deviation) / (promised * (1 - exceedanceRate));
  const share = Math.max(1 / BLOCKS, 1 / (judged / length + PRIOR_BLOCKS));
  numbers[DISPERSION]! += share * (ratio - numbers[DISPERSION]!);
  numbers[IN_BLOCK] = 0;
}
