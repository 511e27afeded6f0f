import { backtest } from "./backtest.ts";
import { assessPromise } from "./confidence.ts";
import { requireCount, requireFinite, requireRange, StatsError } from "./errors.ts";
import { type Moments, moments } from "./moments.ts";
import { finiteQuantiles } from "./quantile.ts";
import { describeShape } from "./statistics.ts";
import {
  type Candidates,
  DEFAULT_EXCEEDANCE_RATE,
  iqrThreshold,
  percentileThreshold,
  STRATEGIES,
  type Strategy,
  sigmaThreshold,
} from "./strategies.ts";
import { type Trend, timeToThresholdMs, trend } from "./trend.ts";

/** Under this many samples there is no recommendation. */
export const MIN_RECOMMENDATION_POINTS = 16;
/** The strategy that suits the shape is kept unless another's backtest loss is lower by more than this share. */
const LOSS_MARGIN = 0.05;
/** A formula gives way to the percentile when that is more confident by this much. */
const CONFIDENCE_MARGIN = 0.1;
/** An online threshold needs this many samples to be more than a guess. */
const ADAPTIVE_POINTS = 100;
/** From this skewness on a distribution is called skewed. */
const SKEWED = 1;
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
  /** The series' own online threshold; without it one is run over the window. */
  adaptiveValue?: number | undefined;
}

/** What a recommendation rests on, flat. Unit of the values unless said otherwise. */
export type SupportingData = {
  data_points: number;
  mean: number;
  std_dev: number;
  median: number;
  min_value: number;
  max_value: number;
  p25: number;
  p75: number;
  p95: number;
  /** Third standardised moment. */
  skewness: number;
  /** Fourth standardised moment, 3 for normal. */
  kurtosis: number;
  /** Promised share above the threshold, 0 … 1. */
  promised_exceedance_rate: number;
  /** Share of the window above the recommended value, 0 … 1. */
  exceedance_rate: number;
  /** Relative loss of each strategy on later samples, 1 = best. */
  loss_percentile: number;
  loss_sigma: number;
  loss_iqr: number;
  loss_adaptive: number;
  trend_direction: Trend["direction"];
  /** Units of the values an hour. */
  slope_per_hour: number;
  /** Milliseconds until the trend reaches the recommended value, null where that does not apply. */
  time_to_threshold_ms: number | null;
};

/** A threshold proposed for a series, as it stands in messages. */
export interface Recommendation {
  recommended_value: number;
  /** Probability that the promised rate will be kept within ±50 %, 0 … 1. See `assessPromise`. */
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
 * @param values Finite, in order of time.
 * @param times Milliseconds, ascending, as long as `values`.
 * @returns Null under 16 samples. Every number in it is finite.
 * @throws {StatsError} MAPEK_STATS_NOT_FINITE, MAPEK_STATS_LENGTH_MISMATCH, MAPEK_STATS_BAD_SETTING
 * Cost: O(n), about 0.2 ms for 10,000 samples. Deterministic.
 */
export function recommend(
  values: Float64Array,
  times: Float64Array,
  {
    exceedanceRate = DEFAULT_EXCEEDANCE_RATE,
    strategy = "auto",
    minDataPoints = 100,
    adaptiveValue,
  }: RecommendationOptions = {},
): Recommendation | null {
  requireRange(exceedanceRate, 0.0001, 0.25, "exceedanceRate");
  requireCount(minDataPoints, 0, "minDataPoints");
  if (strategy !== "auto" && !STRATEGIES.includes(strategy)) {
    throw new StatsError("MAPEK_STATS_BAD_SETTING", `strategy is ${strategy}`);
  }
  if (adaptiveValue !== undefined) requireFinite(adaptiveValue, "adaptiveValue");
  if (times.length !== values.length) {
    throw new StatsError(
      "MAPEK_STATS_LENGTH_MISMATCH",
      `${times.length} times for ${values.length} values`,
    );
  }
  const n = values.length;
  if (n < MIN_RECOMMENDATION_POINTS) return null;

  const shape = moments(values)!;
  const statistics = describeShape(values, shape);
  const direction = trend(times, values);
  const tested = backtest(values, times, exceedanceRate);
  const percentile =
    exceedanceRate === DEFAULT_EXCEEDANCE_RATE
      ? percentileThreshold(statistics)
      : finiteQuantiles(values, [1 - exceedanceRate])[0]!;
  const candidates: Candidates = {
    percentile,
    sigma: sigmaThreshold(statistics, exceedanceRate),
    iqr: iqrThreshold(statistics, exceedanceRate),
    adaptive: n < ADAPTIVE_POINTS ? percentile : (adaptiveValue ?? tested.adaptive),
  };
  const suited = suitedStrategy(shape, direction);
  let chosen = strategy === "auto" ? chooseStrategy(suited, tested.losses, n) : strategy;
  let promised = assessPromise(values, candidates[chosen], exceedanceRate);
  let overruled: Strategy | undefined;
  if (strategy === "auto" && (chosen === "sigma" || chosen === "iqr")) {
    // A formula may fit the backtest and yet miss the promised rate over the whole window.
    const plain = assessPromise(values, percentile, exceedanceRate);
    if (plain.confidence > promised.confidence + CONFIDENCE_MARGIN) {
      overruled = chosen;
      chosen = "percentile";
      promised = plain;
    }
  }
  const recommended = candidates[chosen];
  const { confidence, above } = promised;

  return {
    recommended_value: recommended,
    confidence,
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
    }),
    candidates,
    supporting_data: {
      data_points: n,
      mean: statistics.mean,
      std_dev: statistics.std_dev,
      median: statistics.median,
      min_value: statistics.min_value,
      max_value: statistics.max_value,
      p25: statistics.p25,
      p75: statistics.p75,
      p95: statistics.p95,
      skewness: shape.skewness,
      kurtosis: shape.kurtosis,
      promised_exceedance_rate: exceedanceRate,
      exceedance_rate: above / n,
      loss_percentile: tested.losses.percentile,
      loss_sigma: tested.losses.sigma,
      loss_iqr: tested.losses.iqr,
      loss_adaptive: tested.losses.adaptive,
      trend_direction: direction.direction,
      slope_per_hour: direction.slope_per_hour,
      time_to_threshold_ms: timeToThresholdMs(direction, values[n - 1]!, recommended) ?? null,
    },
    provisional: n < minDataPoints,
  };
}

function isDrifting({ direction }: Trend): boolean {
  return direction === "increasing" || direction === "decreasing";
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
    if (losses[strategy] < losses[best]) best = strategy;
  }
  return losses[suited] <= losses[best] * (1 + LOSS_MARGIN) ? suited : best;
}

const SUBJECTS: Record<Strategy, string> = {
  percentile: "The percentile",
  sigma: "Mean and deviation",
  iqr: "The interquartile range",
  adaptive: "The online threshold",
};

function explain(facts: {
  chosen: Strategy;
  forced: boolean;
  /** Chosen at first, less likely to keep its promise. */
  overruled: Strategy | undefined;
  suited: Strategy;
  shape: Moments;
  direction: Trend;
  losses: Candidates;
  above: number;
  exceedanceRate: number;
}): string {
  const { chosen, forced, overruled, suited, shape, direction, losses, above, exceedanceRate } =
    facts;
  const kind = isDrifting(direction)
    ? `${direction.direction} by ${short(Math.abs(direction.slope_per_hour))} an hour`
    : shape.stdDev === 0
      ? "constant"
      : shape.skewness > SKEWED
        ? `skewed (skewness ${short(shape.skewness)})`
        : `about symmetric (skewness ${short(shape.skewness)})`;
  const others = STRATEGIES.filter((strategy) => strategy !== chosen);
  const next = others.reduce((best, strategy) =>
    losses[strategy] < losses[best] ? strategy : best,
  );
  const why = forced
    ? "was asked for"
    : overruled !== undefined
      ? `is likelier to keep the promised rate than ${overruled}`
      : chosen === suited
        ? "suits this shape and no other did clearly better in the backtest"
        : `did better in the backtest than ${suited}, which suits this shape`;
  return (
    `${SUBJECTS[chosen]} ${why} (loss ${short(losses[chosen])}, ${next} ${short(losses[next])}): ` +
    `${shape.count} samples, ${kind}, mean ${short(shape.mean)}, deviation ${short(shape.stdDev)}, ` +
    `${percent(above / shape.count)} of them above the value where ${percent(exceedanceRate)} are promised.`
  );
}

const short = (x: number): string => String(Number(x.toPrecision(4)));
const percent = (share: number): string => `${short(share * 100)} %`;
