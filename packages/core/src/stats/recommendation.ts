import { backtest } from "./backtest.ts";
import { clamp } from "./clamp.ts";
import { assessPromise, gapShareOf, type Promised } from "./confidence.ts";
import { Scratch } from "./doubles.ts";
import { requireCount, requireFinite, requireRange, StatsError } from "./errors.ts";
import { assessFollowed } from "./followed-confidence.ts";
import { type Moments, moments, normality } from "./moments.ts";
import { finiteQuantiles } from "./quantile.ts";
import { explain, isDrifting, SKEWED } from "./reasoning.ts";
import { describeShape } from "./statistics.ts";
import {
  type Candidates,
  DEFAULT_EXCEEDANCE_RATE,
  iqrThreshold,
  SIDES,
  type Side,
  STRATEGIES,
  type Strategy,
  sigmaThreshold,
} from "./strategies.ts";
import { type Season, type Trend, timeToThresholdMs, trend } from "./trend.ts";

/** Under this many samples there is no recommendation. */
export const MIN_RECOMMENDATION_POINTS = 16;
/** The strategy that suits the shape is kept unless another's backtest loss is lower by more than this share. */
const LOSS_MARGIN = 0.05;
/** A loss that is lower by less is the same: which of two alike is chosen may not depend on the unit of the values. */
const ROUNDING = 1e-9;
/** A formula gives way to the percentile when that is more confident by this much. */
const CONFIDENCE_MARGIN = 0.1;
/** An online threshold needs this many samples to be more than a guess. */
const ADAPTIVE_POINTS = 100;
/** Up to this kurtosis tails are called light. */
const LIGHT_TAILS = 3.5;
/** Up to this many samples a deviation is known better than a tail quantile. */
const FEW_POINTS = 60;

export interface RecommendationOptions {
  /** Promised share of samples above the threshold, 0.0001 … 0.25. @default 0.05 */
  exceedanceRate?: number;
  /** A strategy, or "auto" to choose by shape and backtest. @default "auto" */
  strategy?: Strategy | "auto";
  /** Below this many samples the recommendation is provisional, whole number. @default 100 */
  minDataPoints?: number;
  /** The series' own online threshold at its newest sample; without it one is run over the window. */
  adaptiveValue?: number | undefined;
  /** Usual absolute deviation from the expected level that goes with it; without it that of the window's run. */
  spread?: number | undefined;
  /** How much its exceedances vary over what those of independent samples would; without it, as much. See `AdaptiveQuantile`. */
  dispersion?: number | undefined;
  /** Samples that it has learned from; without it those of the window. */
  learned?: number | undefined;
  /** How far the threshold in force may lie from it, in mean excesses; without it, not at all. */
  looseness?: number | undefined;
  /** Whether the series may follow the hours of the day and of the week. @default true */
  seasonal?: boolean;
  /** What is known of its season, from before the window too. */
  season?: Season;
  /** How much of the series that season explains, 0 … 1; without it the window tells. */
  seasonality?: number;
  /** Whether samples above or below the threshold exceed it. @default "upper" */
  side?: Side;
  /**
   * Bounds beyond which a sample counts as lying on them, lower first: how the caller keeps an open anomaly from being
   * learned from. Without them every sample counts as it is.
   */
  bounds?: readonly [low: number, high: number];
}

const NO_SEASON: Season = () => 0;
const turnedValues = new Scratch();
const boundedValues = new Scratch();

/** What a recommendation rests on, flat. Unit of the values unless said otherwise. */
export type SupportingData = {
  data_points: number;
  mean: number;
  std_dev: number;
  median: number;
  min_value: number;
  max_value: number;
  /** Usual absolute deviation from the expected level: trend, day and week taken off. */
  spread: number;
  p25: number;
  p75: number;
  p95: number;
  /** Third standardised moment. */
  skewness: number;
  /** Fourth standardised moment, 3 for normal. */
  kurtosis: number;
  /** Promised share above the threshold, 0 … 1. */
  promised_exceedance_rate: number;
  /** Share of the window beyond the recommended value, 0 … 1. */
  exceedance_rate: number;
  /** Share of the window that equals the recommended value, 0 … 1: above 0 for discrete series. */
  tie_share: number;
  /** Share of the window's time without samples, 0 … 1. */
  gap_share: number;
  /** Chance of a skewness and kurtosis like these in normal, independent samples, 0 … 1 (Jarque-Bera test). */
  normality: number;
  /** Relative loss of each strategy on later samples, 1 = best. */
  loss_percentile: number;
  loss_sigma: number;
  loss_iqr: number;
  loss_adaptive: number;
  /** Share of the variance of hourly means that the hour of the day and of the week explains, 0 … 1; null under two days. */
  seasonality: number | null;
  trend_direction: Trend["direction"];
  /** Units of the values an hour. */
  slope_per_hour: number;
  /** Milliseconds until the trend reaches the recommended value, null where that does not apply. */
  time_to_threshold_ms: number | null;
};

/** A threshold proposed for a series, as it stands in messages. */
export interface Recommendation {
  recommended_value: number;
  /**
   * Probability that the threshold in force keeps the promised rate within ±50 % over the next window as long, 0 … 1, in
   * thousandths. See `assessFollowed`; of a threshold that stays what it is `assessPromise`.
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
 * The threshold to use for a series.
 *
 * @param samples Finite, in order of time.
 * @param times Milliseconds, ascending, as many.
 * @returns Null under 16 samples. Every number in it is finite.
 * @throws {StatsError} MAPEK_STATS_NOT_FINITE, MAPEK_STATS_LENGTH_MISMATCH, MAPEK_STATS_BAD_SETTING
 * Cost: O(n), about 0.2 ms for 10,000 samples. Deterministic.
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
  requireRange(exceedanceRate, 0.0001, 0.25, "exceedanceRate");
  requireCount(minDataPoints, 0, "minDataPoints");
  if (strategy !== "auto" && !STRATEGIES.includes(strategy)) {
    throw new StatsError("MAPEK_STATS_BAD_SETTING", `strategy is ${strategy}`);
  }
  if (!SIDES.includes(side)) {
    throw new StatsError("MAPEK_STATS_BAD_SETTING", `side is ${String(side)}`);
  }
  if (bounds !== undefined && !(bounds[0] <= bounds[1])) {
    throw new StatsError("MAPEK_STATS_BAD_SETTING", `bounds are ${bounds.join(" and ")}`);
  }
  if (adaptiveValue !== undefined) requireFinite(adaptiveValue, "adaptiveValue");
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
  // Whatever value it starts from, what is in force follows the online threshold, unless a fixed strategy was asked for.
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
  const { above, ties } = promised;
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
      above,
      exceedanceRate,
      side,
    }),
    candidates,
    supporting_data: {
      data_points: n,
      mean: statistics.mean,
      std_dev: statistics.std_dev,
      median: statistics.median,
      min_value: statistics.min_value,
      max_value: statistics.max_value,
      spread: spread ?? tested.online.spread,
      p25: statistics.p25,
      p75: statistics.p75,
      p95: statistics.p95,
      skewness: shape.skewness,
      kurtosis: shape.kurtosis,
      promised_exceedance_rate: exceedanceRate,
      exceedance_rate: above / n,
      tie_share: ties / n,
      gap_share: gapShare,
      normality: normality(shape),
      loss_percentile: tested.losses.percentile,
      loss_sigma: tested.losses.sigma,
      loss_iqr: tested.losses.iqr,
      loss_adaptive: tested.losses.adaptive,
      seasonality: seasonality ?? tested.online.seasonality ?? null,
      trend_direction: direction.direction,
      slope_per_hour: direction.slope_per_hour,
      time_to_threshold_ms: timeToThresholdMs(direction, values[n - 1]!, recommended) ?? null,
    },
    provisional: n < minDataPoints,
  };
}

/** Which strategy is asked for a second opinion: the online one where it runs, else the percentile against a formula. */
function likelierOf(chosen: Strategy, count: number, online: number | undefined): Strategy {
  if (online !== undefined && count >= ADAPTIVE_POINTS) return "adaptive";
  return chosen === "sigma" || chosen === "iqr" ? "percentile" : chosen;
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

/** What best practice takes for this shape. */
function suitedStrategy(shape: Moments, direction: Trend): Strategy {
  if (isDrifting(direction) && shape.count >= ADAPTIVE_POINTS) return "adaptive";
  if (shape.skewness > SKEWED) return "iqr";
  return shape.count <= FEW_POINTS && shape.stdDev > 0 && shape.kurtosis <= LIGHT_TAILS
    ? "sigma"
    : "percentile";
}

function chooseStrategy(suited: Strategy, losses: Candidates, count: number): Strategy {
  let best = suited;
  for (const strategy of STRATEGIES) {
    if (strategy === "adaptive" && count < ADAPTIVE_POINTS) continue;
    if (losses[strategy] < losses[best] * (1 - ROUNDING)) best = strategy;
  }
  return losses[suited] <= losses[best] * (1 + LOSS_MARGIN) ? suited : best;
}
