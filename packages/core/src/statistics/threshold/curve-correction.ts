import { within } from "../clamp.ts";
import type { AdaptiveQuantile } from "../quantile/adaptive-quantile.ts";
import { ratePromise } from "../recommendation/rate-promise.ts";
import { PLACES } from "./followed-numbers.ts";

const { CORRECTION, OWED } = PLACES;

/**
 * Gain of the correction as a share of the online threshold's gain, at a promised rate of 1. The share grows as the promised
 * rate falls, since a rare exceedance tells more. Chosen, with the numbers below, on synthetic kinds, NAB's half and every
 * third of kpi; checked on wsd.
 */
const GAIN_SHARE = 0.001;
const MOST_GAIN_SHARE = 0.1;
/** Part of a step by which each exceedance that is owed moves the correction. */
const OWED_SHARE = 0.05;
/** Most exceedances that are paid back: after a long burst the threshold would otherwise stand above all samples for days. */
const OWED_LIMIT = 20;
/** Learning rate of the online threshold; the correction's gain is a share of the gain at this rate. */
const ONLINE_LEARNING_RATE = 0.05;

/**
 * Without the correction a curve may exceed the promised rate for ever: a curve is late, curves pause, and the season may fail.
 * The online threshold cannot learn this error, because the online threshold itself is always up to date. The correction is
 * an integral controller with a fiftieth of the online threshold's gain at a promised rate of 5 %.
 *
 * @param lies How a sample lies to the curve: 1 beyond, 0 on it, −1 short of it. @param rate The promised share beyond.
 * Cost: O(1). Source: Angelopoulos, Candès and Tibshirani (2023), NeurIPS 36 (error integration).
 */
export function payBack(
  numbers: number[],
  online: AdaptiveQuantile,
  rate: number,
  lies: number,
): void {
  // A sample on the threshold may count as beyond or as short of it: the count that brings `OWED` nearer to 0 is taken.
  if (lies === 0 && numbers[OWED]! < 0) {
    numbers[OWED] = Math.min(0, numbers[OWED]! + 1 - rate);
    return;
  }
  const beyond = lies > 0 ? 1 : 0;
  numbers[OWED] = within(numbers[OWED]! + beyond - rate, OWED_LIMIT);
  const gain = ratePromise(rate, ONLINE_LEARNING_RATE).gain * online.tail;
  const owed = OWED_SHARE * rate * numbers[OWED]!;
  const step = Math.min(MOST_GAIN_SHARE, GAIN_SHARE / rate) * gain * (beyond - rate + owed);
  // By Markov's inequality the quantile lies within 2 / rate spreads of the level.
  numbers[CORRECTION] = within(numbers[CORRECTION]! + step, 2 / rate);
}
