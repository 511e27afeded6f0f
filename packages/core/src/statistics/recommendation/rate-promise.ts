import { normalUpperQuantile } from "../quantile/normal-distribution.ts";
import { DEFAULT_EXCEEDANCE_RATE } from "./strategies.ts";

/** Steps of the multiple, in mean excesses, for each unit of the learning rate. */
const GAIN = 10;
/** Most by which the gain is multiplied at a low promised rate, where each exceedance tells more. */
const RARE_GAIN = 2;
/** Standard deviation of a normal variable over its mean absolute deviation. */
const DEVIATION_PER_SPREAD = 1.2533141373155;

/** Settings and start values of an online threshold and of the threshold in force. */
export interface RatePromise {
  readonly exceedanceRate: number;
  readonly learningRate: number;
  /** Step of the multiple, in mean excesses. */
  readonly gain: number;
  /** Multiple and mean excess of a normal distribution, in mean absolute deviations. */
  readonly multiple: number;
  readonly tail: number;
}

const promises = new Map<string, RatePromise>();

/** Start values from the normal distribution, and the gain; one object for all series with the same settings. Cost: O(1). */
export function ratePromise(exceedanceRate: number, learningRate: number): RatePromise {
  const key = `${exceedanceRate} ${learningRate}`;
  let promise = promises.get(key);
  if (promise === undefined) {
    promise = normalPromise(exceedanceRate, learningRate);
    promises.set(key, promise);
  }
  return promise;
}

function normalPromise(exceedanceRate: number, learningRate: number): RatePromise {
  const z = normalUpperQuantile(exceedanceRate);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  const rarity = Math.sqrt(DEFAULT_EXCEEDANCE_RATE / exceedanceRate);
  return {
    exceedanceRate,
    learningRate,
    gain: GAIN * learningRate * Math.min(RARE_GAIN, rarity),
    multiple: z * DEVIATION_PER_SPREAD,
    tail: (density / exceedanceRate - z) * DEVIATION_PER_SPREAD,
  };
}
