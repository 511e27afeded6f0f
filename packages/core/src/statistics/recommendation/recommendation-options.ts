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
  /** The series' online threshold at the newest sample; if left out, a new online threshold learns the window. */
  adaptiveValue?: number | undefined;
  /** Spread of the series' online threshold; if left out, the spread of the backtest's online threshold. */
  spread?: number | undefined;
  /** Dispersion of the series' online threshold, see `AdaptiveQuantile`. @default 1 */
  dispersion?: number | undefined;
  /** Samples that the series' online threshold has learned from; if left out, the number of samples in the window. */
  learned?: number | undefined;
  /** Largest distance of the threshold in force from the online threshold, in mean excesses. @default 0 */
  looseness?: number | undefined;
  /** Whether the series may follow the hours of the day and of the week. @default true */
  seasonal?: boolean;
  /** The series' season, learned before the window too. */
  season?: Season;
  /** Share of the series that the season explains, 0 … 1; if left out, the share is measured on the window. */
  seasonality?: number;
  /** Whether samples above or below the threshold exceed it. @default "upper" */
  side?: Side;
  /**
   * Samples beyond these bounds count as lying on the bound, lower bound first, so that an open anomaly is not learned from.
   * If left out, every sample counts unchanged.
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
