import { type Moments, normality } from "../quantile/moments.ts";
import type { Statistics } from "../quantile/statistics.ts";
import { type Trend, timeToThresholdMs } from "../trend/trend.ts";
import type { Backtest } from "./backtest.ts";
import type { Promised } from "./confidence.ts";

/** Facts behind a recommendation, in one flat object. Unit of the values unless said otherwise. */
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
  /** Milliseconds until the trend reaches the recommended value; null without a trend towards this value. */
  time_to_threshold_ms: number | null;
};

/** Facts of a window and of the recommendation for this window. */
export interface WindowFacts {
  readonly statistics: Statistics;
  readonly shape: Moments;
  readonly direction: Trend;
  readonly tested: Backtest;
  /** The promise of the recommended value, judged by the window. */
  readonly promised: Promised;
  readonly exceedanceRate: number;
  readonly gapShare: number;
  readonly recommended: number;
  /** Newest value of the window. */
  readonly newest: number;
  /** Spread and seasonality that the caller knows; undefined for those of the backtest's online threshold. */
  readonly spread: number | undefined;
  readonly seasonality: number | undefined;
}

/** The supporting data of a recommendation. Messages have the fields in this order. */
export function supportingData({
  statistics,
  shape,
  direction,
  tested: { losses, online },
  promised: { above, ties },
  exceedanceRate,
  gapShare,
  recommended,
  newest,
  spread,
  seasonality,
}: WindowFacts): SupportingData {
  const n = statistics.data_points;
  return {
    data_points: n,
    mean: statistics.mean,
    std_dev: statistics.std_dev,
    median: statistics.median,
    min_value: statistics.min_value,
    max_value: statistics.max_value,
    spread: spread ?? online.spread,
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
    loss_percentile: losses.percentile,
    loss_sigma: losses.sigma,
    loss_iqr: losses.iqr,
    loss_adaptive: losses.adaptive,
    seasonality: seasonality ?? online.seasonality ?? null,
    trend_direction: direction.direction,
    slope_per_hour: direction.slope_per_hour,
    time_to_threshold_ms: timeToThresholdMs(direction, newest, recommended) ?? null,
  };
}
