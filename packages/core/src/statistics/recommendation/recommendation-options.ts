import { requireCount, requireFinite, requireRange, StatsError } from "../errors.ts";
import type { Season } from "../trend/trend.ts";
import { SIDES, type Side, STRATEGIES, type Strategy } from "./strategies.ts";

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

/**
 * Options from a message or a caller that is not typed end in an error with a code instead of in a wrong threshold.
 *
 * @throws {StatsError} MAPEK_STATS_BAD_SETTING, MAPEK_STATS_NOT_FINITE
 */
export function requireOptions({
  exceedanceRate,
  minDataPoints,
  strategy,
  side,
  bounds,
  adaptiveValue,
}: {
  exceedanceRate: number;
  minDataPoints: number;
  strategy: Strategy | "auto";
  side: Side;
  bounds: readonly [low: number, high: number] | undefined;
  adaptiveValue: number | undefined;
}): void {
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
}
