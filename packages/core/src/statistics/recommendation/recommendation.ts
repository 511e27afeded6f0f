import { clamp } from "../clamp.ts";
import { StatsError } from "../errors.ts";
import { Scratch } from "../memory/doubles.ts";
import { moments } from "../quantile/moments.ts";
import { finiteQuantiles } from "../quantile/quantile.ts";
import { describeShape } from "../quantile/statistics.ts";
import { assessFollowed } from "../threshold/followed-confidence.ts";
import { type Season, trend } from "../trend/trend.ts";
import { backtest } from "./backtest.ts";
import { assessPromise, gapShareOf, type Promised } from "./confidence.ts";
import { explain } from "./reasoning.ts";
import { type RecommendationOptions, requireOptions } from "./recommendation-options.ts";
import {
  type Candidates,
  DEFAULT_EXCEEDANCE_RATE,
  iqrThreshold,
  type Strategy,
  sigmaThreshold,
} from "./strategies.ts";
import { ADAPTIVE_POINTS, chooseStrategy, likelierOf, suitedStrategy } from "./strategy-choice.ts";
import { type SupportingData, supportingData } from "./supporting-data.ts";

/** Under this many samples there is no recommendation. */
export const MIN_RECOMMENDATION_POINTS = 16;
/** The chosen strategy gives way to the one of `likelierOf` when the confidence of the latter is higher by more than this. */
const CONFIDENCE_MARGIN = 0.1;

const NO_SEASON: Season = () => 0;
const turnedValues = new Scratch();
const boundedValues = new Scratch();

/** A threshold proposed for a series, as it stands in messages. */
export interface Recommendation {
  recommended_value: number;
  /**
   * Probability that the threshold in force keeps the promised rate within ±50 % over the next window as long, 0 … 1, in
   * thousandths. `assessFollowed` gives the confidence of a threshold that follows, `assessPromise` that of a constant.
   */
  confidence: number;
  strategy: Strategy;
  /** One sentence with numbers. */
  reasoning: string;
  candidates: Candidates;
  supporting_data: SupportingData;
  /** True below `minDataPoints`. */
  provisional: boolean;
}

/**
 * The threshold to use for a series: the same samples and options give the same one, to the bit.
 *
 * @param samples Finite, in order of time.
 * @param times Milliseconds, ascending, as many.
 * @returns Null under 16 samples. Every number in the recommendation is finite.
 * @throws {StatsError} MAPEK_STATS_NOT_FINITE, MAPEK_STATS_LENGTH_MISMATCH, MAPEK_STATS_BAD_SETTING
 * Cost: O(n), about 0.2 ms for 10,000 samples.
 */
export function recommend(
  samples: Float64Array,
  times: Float64Array,
  {
    exceedanceRate = DEFAULT_EXCEEDANCE_RATE,
    strategy = "auto",
    minDataPoints = 100,
    adaptiveValue,
    spread,
    learned = samples.length,
    dispersion = 1,
    looseness = 0,
    seasonal = true,
    season,
    seasonality,
    side = "upper",
    bounds,
  }: RecommendationOptions = {},
): Recommendation | null {
  requireOptions({ exceedanceRate, minDataPoints, strategy, side, bounds, adaptiveValue });
  if (times.length !== samples.length) {
    throw new StatsError(
      "MAPEK_STATS_LENGTH_MISMATCH",
      `${times.length} times for ${samples.length} values`,
    );
  }
  const n = samples.length;
  if (n < MIN_RECOMMENDATION_POINTS) return null;

  const values = bounds === undefined ? samples : within(samples, bounds);
  const shape = moments(values)!;
  const statistics = describeShape(values, shape);
  const direction = trend(times, values, seasonal ? season : NO_SEASON);
  const isUpper = side === "upper";
  const sign = isUpper ? 1 : -1;
  const turned = isUpper ? values : negated(values);
  const tested = backtest(turned, times, exceedanceRate, seasonal);
  const percentile =
    isUpper && exceedanceRate === DEFAULT_EXCEEDANCE_RATE
      ? statistics.p95
      : finiteQuantiles(values, [isUpper ? 1 - exceedanceRate : exceedanceRate])[0]!;
  const candidates: Candidates = {
    percentile,
    sigma: sigmaThreshold(statistics, exceedanceRate, side),
    iqr: iqrThreshold(statistics, exceedanceRate, side),
    adaptive:
      adaptiveValue ??
      (n < ADAPTIVE_POINTS
        ? percentile
        : sign * (tested.online.value(times[n - 1]!) ?? turned[n - 1]!)),
  };
  const gapShare = gapShareOf(times);
  const fixed = (of: Strategy): Promised =>
    assessPromise(turned, sign * candidates[of], exceedanceRate, gapShare);
  // The threshold in force follows the online threshold from any start value, unless a fixed strategy was asked for.
  const isFollowed =
    adaptiveValue !== undefined && (strategy === "auto" || strategy === "adaptive");
  const online = isFollowed ? fixed("adaptive") : undefined;
  if (online !== undefined) {
    const followed = { learned, dispersion, looseness, tieShare: online.ties / n, gapShare };
    online.confidence = assessFollowed(n, exceedanceRate, followed);
  }
  const assess = (of: Strategy): Promised =>
    of === "adaptive" && online !== undefined ? online : fixed(of);
  const suited = suitedStrategy(shape, direction);
  let chosen = strategy === "auto" ? chooseStrategy(suited, tested.losses, n) : strategy;
  let promised = assess(chosen);
  let overruled: Strategy | undefined;
  const likelier = likelierOf(chosen, n, adaptiveValue);
  if (strategy === "auto" && likelier !== chosen) {
    // A strategy may do well in the backtest and yet miss the promised rate over a whole window.
    const other = assess(likelier);
    if (other.confidence > promised.confidence + CONFIDENCE_MARGIN) {
      overruled = chosen;
      chosen = likelier;
      promised = other;
    }
  }
  const recommended = candidates[chosen];
  const { confidence } = online ?? promised;

  return {
    recommended_value: recommended,
    confidence: Math.round(confidence * 1_000) / 1_000,
    strategy: chosen,
    reasoning: explain({
      chosen,
      forced: strategy !== "auto",
      overruled,
      suited,
      shape,
      direction,
      losses: tested.losses,
      above: promised.above,
      exceedanceRate,
      side,
    }),
    candidates,
    supporting_data: supportingData({
      statistics,
      shape,
      direction,
      tested,
      promised,
      exceedanceRate,
      gapShare,
      recommended,
      newest: values[n - 1]!,
      spread,
      seasonality,
    }),
    provisional: n < minDataPoints,
  };
}

function within(samples: Float64Array, [low, high]: readonly [number, number]): Float64Array {
  const bounded = boundedValues.take(samples.length);
  for (let i = 0; i < samples.length; i++) bounded[i] = clamp(samples[i]!, low, high);
  return bounded;
}

function negated(values: Float64Array): Float64Array {
  const turned = turnedValues.take(values.length);
  for (let i = 0; i < values.length; i++) turned[i] = -values[i]!;
  return turned;
}
