import { within } from "../clamp.ts";
import type { AdaptiveQuantile } from "../quantile/adaptive-quantile.ts";
import { ratePromise } from "../recommendation/rate-promise.ts";
import { PLACES } from "./followed-numbers.ts";

const { CORRECTION, OWED } = PLACES;

/**
 * Gain of the correction beside that of the online threshold, at a promise of 1: the rarer exceedances are, the more
 * each says. Chosen, with the numbers below, on synthetic kinds, NAB's half and every third of kpi; checked on wsd.
 */
const GAIN_SHARE = 0.001;
const MOST_GAIN_SHARE = 0.1;
/** Part of a step by which each exceedance that is owed moves the correction. */
const OWED_SHARE = 0.05;
/** What a burst let through beyond these is not paid back: the threshold would stand above everything for days. */
const OWED_LIMIT = 20;
/** Learning rate of the online threshold, whose gain the correction takes a share of. */
const ONLINE_LEARNING_RATE = 0.05;

/**
 * Without the correction a curve may let through too much for ever: it is late, it pauses, and its season may fail. The online
 * threshold does not learn that, since it is always up to date itself. The correction is an integral controller, of a fiftieth
 * of the online threshold's gain at a promise of 5 %.
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
  // A sample on the threshold may count as beyond or as short of it: as whichever lessens what is owed.
  if (lies === 0 && numbers[OWED]! < 0) {
    numbers[OWED] = Math.min(0, numbers[OWED]! + 1 - rate);
    return;
  }
  const beyond = lies > 0 ? 1 : 0;
  numbers[OWED] = within(numbers[OWED]! + beyond - rate, OWED_LIMIT);
  const gain = ratePromise(rate, ONLINE_LEARNING_RATE).gain * online.tail;
  const owed = OWED_SHARE * rate * numbers[OWED]!;
  const step = Math.min(MOST_GAIN_SHARE, GAIN_SHARE / rate) * gain * (beyond - rate + owed);
  // By Markov's inequality no quantile is farther from the level.
  numbers[CORRECTION] = within(numbers[CORRECTION]! + step, 2 / rate);
}
