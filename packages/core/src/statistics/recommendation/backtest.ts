import { AdaptiveQuantile } from "../quantile/adaptive-quantile.ts";
import { moments } from "../quantile/moments.ts";
import { finiteQuantiles } from "../quantile/quantile.ts";
import {
  type Candidates,
  iqrThreshold,
  STRATEGIES,
  type Strategy,
  sigmaThreshold,
} from "./strategies.ts";

/** The window is thinned to at most this many samples. */
const MAX_SAMPLES = 256;
/** Each round learns on half of the samples and judges on the next quarter. */
const ROUNDS = 2;
/** Weight of the relative error of the exceedance rate beside the relative pinball loss. */
const RATE_WEIGHT = 0.25;

const MAX_RELATIVE_LOSS = 1000;

const thinned = new Float64Array(MAX_SAMPLES);
const thinnedTimes = new Float64Array(MAX_SAMPLES);

/** Result of every strategy on past samples. */
export interface Backtest {
  /** 1 = the smallest pinball loss of the four and exactly the promised rate; larger is worse. */
  losses: Candidates;
  /** Online threshold after the whole (thinned) window. */
  online: AdaptiveQuantile;
}

/**
 * Every strategy is judged on later samples than the strategy learned from. The loss is the pinball loss relative to the best
 * strategy, plus a quarter of the relative error of the exceedance rate (at most 1) beyond one standard deviation of chance.
 * "adaptive" learns each sample after judging that sample, as in use.
 *
 * @param values In order of time, at least 16, turned so that exceeding is being above. @param times Milliseconds.
 * @param exceedanceRate Promised share above the threshold, 0 … 0.5.
 * @param seasonal Whether the series may follow the hours of the day and of the week.
 * Cost: bounded, about 50 µs. Source of the loss: Koenker and Bassett (1978), Econometrica 46(1), 33-50.
 */
export function backtest(
  values: Float64Array,
  times: Float64Array,
  exceedanceRate: number,
  seasonal: boolean,
): Backtest {
  const stride = Math.ceil(values.length / MAX_SAMPLES);
  const count = Math.floor(values.length / stride);
  const samples = thinned.subarray(0, count);
  const first = values.length - 1 - (count - 1) * stride;
  for (let i = 0; i < count; i++) {
    samples[i] = values[first + i * stride]!;
    thinnedTimes[i] = times[first + i * stride]!;
  }
  const step = () => online.update(thinnedTimes[seen]!, samples[seen++]!);

  const online = new AdaptiveQuantile({ exceedanceRate, seasonal });
  const half = Math.floor(count / 2);
  const pinball = STRATEGIES.map(() => 0);
  const above = STRATEGIES.map(() => 0);
  let seen = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const start = Math.floor(((count - half) * round) / ROUNDS);
    const split = start + half;
    const end = Math.floor(((count - half) * (round + 1)) / ROUNDS) + half;
    while (seen < split) step();
    const thresholds = fixedThresholds(samples.subarray(start, split), exceedanceRate);
    for (let s = 0; s < STRATEGIES.length; s++) {
      const fixed = thresholds[s];
      let beyond = 0;
      let short = 0;
      let exceedances = 0;
      for (let i = split; i < end; i++) {
        const excess = samples[i]! - (fixed ?? online.value(thinnedTimes[i]!) ?? samples[i]!);
        if (excess > 0) {
          beyond += excess;
          exceedances++;
        } else short -= excess;
        if (fixed === undefined) step();
      }
      pinball[s]! += (1 - exceedanceRate) * beyond + exceedanceRate * short;
      above[s]! += exceedances;
    }
  }

  const best = Math.min(...pinball);
  const losses: Candidates = { percentile: 1, sigma: 1, iqr: 1, adaptive: 1 };
  const chance = Math.sqrt((exceedanceRate * (1 - exceedanceRate)) / (count - half));
  for (let s = 0; s < STRATEGIES.length; s++) {
    const rateOff = Math.abs(above[s]! / (count - half) - exceedanceRate);
    const rateError = Math.max(0, rateOff - chance) / exceedanceRate;
    losses[STRATEGIES[s]!] = relativeLoss(pinball[s]!, best) + RATE_WEIGHT * Math.min(1, rateError);
  }
  return { losses, online };
}

/** 1 for the best strategy, at most 1000 even where a sum has overflowed. */
function relativeLoss(loss: number, best: number): number {
  if (loss === best) return 1;
  return best > 0 ? Math.min(MAX_RELATIVE_LOSS, loss / best) : MAX_RELATIVE_LOSS;
}

/** Thresholds in the order of `STRATEGIES`, undefined for "adaptive", which moves with each sample. */
function fixedThresholds(learned: Float64Array, exceedanceRate: number): (number | undefined)[] {
  const shape = moments(learned)!;
  const [p25, p75, tail] = finiteQuantiles(learned, [
    0.25,
    0.75,
    Math.max(0.75, 1 - exceedanceRate),
  ]);
  const fixed: Record<Strategy, number | undefined> = {
    percentile: tail!,
    sigma: sigmaThreshold({ mean: shape.mean, std_dev: shape.stdDev }, exceedanceRate),
    iqr: iqrThreshold({ p25: p25!, p75: p75! }, exceedanceRate),
    adaptive: undefined,
  };
  return STRATEGIES.map((strategy) => fixed[strategy]);
}
