import { clampFinite } from "../clamp.ts";
import { StatsError } from "../errors.ts";
import { normalCdf } from "../quantile/normal-distribution.ts";
import { cyclicTrend } from "../season/cyclic-trend.ts";
import { fillPeriods, LONGEST_SEASONAL_MS, seasonalTrend } from "../season/seasonal-trend.ts";
import { fillBlocks, monotoneTrend } from "./monotone-trend.ts";
import { CRITICAL_Z, keepSeason, putBackSeason, type Slope, takeOffSeason } from "./trend-cells.ts";

const MIN_POINTS = 8;
/** A change over the window below this many standard deviations of the noise is no trend. */
const MIN_CHANGE = 0.3;
const HOUR_MS = 3_600_000;
/** From here on a window may be a part of a daily cycle, and from about two days on days can be compared. */
const CYCLIC_FROM_MS = 4 * HOUR_MS;
const SEASONAL_FROM_MS = 46 * HOUR_MS;
/** Error of a learned season, as a part of its range in the window: the season follows a weekend late. */
const SEASON_ERROR = 0.75;
/** A slope beside the daily cycle is no trend if the learned season has more than this part of the slope: a weekend begins. */
const SEASON_PART = 0.5;

/** Where a series is going, as it stands in messages. Slopes are in units of the values an hour. */
export interface Trend {
  /**
   * "unknown" under 8 points, or when all points have the same time: then all numbers are 0. Also "unknown" where a
   * window of 4 hours to 2 days changes as a part of a daily cycle may: then the slope is that of the window.
   */
  direction: "increasing" | "decreasing" | "stable" | "unknown";
  slope_per_hour: number;
  /** Lower end of the slope's 95 % confidence interval. */
  slope_low: number;
  /** Upper end. */
  slope_high: number;
  /** Slope times the time covered, unit of the values. */
  change_over_window: number;
  /** 1 − p of the test against no trend, 0 … 1. */
  significance: number;
}

/** What is expected at a local time (ms), unit of the values. */
export type Season = (localTimeMs: number) => number;

const UNKNOWN: Trend = {
  direction: "unknown",
  slope_per_hour: 0,
  slope_low: 0,
  slope_high: 0,
  change_over_window: 0,
  significance: 0,
};

/**
 * Trend of a window: significant against its own noise, autocorrelation and seasons considered, and large enough to
 * matter.
 *
 * Points are averaged to at most 168 cells. From two days on only cells at the same time of day are compared, from two
 * weeks on at the same time of the week (`seasonalTrend`), else all cells (`monotoneTrend`): the slope is the median of
 * slopes, robust against outliers and indifferent to the level. In a window of 4 hours to 2 days a change counts only if the
 * change is no part of a daily cycle (`cyclicTrend`) and the learned season has another slope, or if the change is larger
 * than the error of the learned season. "increasing" and "decreasing" need 95 % significance and a change over the window of
 * 0.3 standard deviations of the noise.
 *
 * @param times Milliseconds, ascending, as long as `values`.
 * @param values Finite, in the order of `times`.
 * @param season What is known of the series' season; () => 0 for one that is known to have none.
 * @throws {StatsError} MAPEK_STATS_LENGTH_MISMATCH
 * Cost: O(n), 20 to 90 µs for 10,000 points.
 */
export function trend(times: Float64Array, values: Float64Array, season?: Season): Trend {
  const n = values.length;
  if (times.length !== n) {
    throw new StatsError("MAPEK_STATS_LENGTH_MISMATCH", `${times.length} times for ${n} values`);
  }
  if (n < MIN_POINTS || times[n - 1] === times[0]) return { ...UNKNOWN };
  const spanMs = times[n - 1]! - times[0]!;
  if (spanMs >= SEASONAL_FROM_MS && spanMs < LONGEST_SEASONAL_MS) {
    const scale = filledAt(fillPeriods, times, values);
    const found = seasonalTrend(spanMs);
    if (found !== undefined) return described(found, spanMs, scale);
  }
  const scale = filledAt(fillBlocks, times, values);
  const isCyclic = spanMs >= CYCLIC_FROM_MS && spanMs < SEASONAL_FROM_MS;
  let ofSeason = 0;
  if (isCyclic && season !== undefined) {
    const range = takeOffSeason(season, times[0]!, scale);
    const rest = monotoneTrend(spanMs);
    if (rest !== undefined && Math.abs(rest.slope * spanMs) > SEASON_ERROR * range) {
      const found = described(rest, spanMs, scale);
      if (range === 0 || found.direction !== "stable") return found;
    }
    keepSeason();
    ofSeason = cyclicTrend()?.slope ?? 0;
    putBackSeason();
  }
  const plain = monotoneTrend(spanMs);
  if (plain === undefined) return { ...UNKNOWN };
  const found = described(plain, spanMs, scale);
  if (!isCyclic) return found;
  const beside = cyclicTrend();
  if (beside !== undefined) {
    const cleared = described(beside, spanMs, scale);
    const isSeason = ofSeason / beside.slope > SEASON_PART;
    if (cleared.direction !== "stable" && !isSeason) return cleared;
    found.significance = Math.min(found.significance, cleared.significance);
  }
  return found.direction === "stable" ? found : { ...found, direction: "unknown" };
}

/** Fills the cells; huge values are brought down first, by the factor returned. */
function filledAt(fill: typeof fillBlocks, times: Float64Array, values: Float64Array): number {
  if (fill(times, values, 1)) return 1;
  const scale = 2 ** -540;
  fill(times, values, scale);
  return scale;
}

function described(
  { slope, low, high, z, deviation }: Slope,
  spanMs: number,
  scale: number,
): Trend {
  const change = slope * spanMs;
  const matters = z > CRITICAL_Z && Math.abs(change) > MIN_CHANGE * deviation;
  const inUnit = (x: number): number => clampFinite(x / scale);
  return {
    direction: !matters ? "stable" : slope > 0 ? "increasing" : "decreasing",
    slope_per_hour: inUnit(slope * HOUR_MS),
    slope_low: inUnit(low * HOUR_MS),
    slope_high: inUnit(high * HOUR_MS),
    change_over_window: inUnit(change),
    significance: Math.max(0, 2 * normalCdf(z) - 1),
  };
}

/**
 * Time until a series on its trend reaches a threshold that it is moving towards.
 *
 * @param lastValue Value now, @param threshold unit of the values.
 * @returns Milliseconds, ≥ 0; undefined without a trend, or when it leads away or has passed it.
 */
export function timeToThresholdMs(
  trend: Trend,
  lastValue: number,
  threshold: number,
): number | undefined {
  if (trend.direction !== "increasing" && trend.direction !== "decreasing") return undefined;
  const ms = ((threshold - lastValue) / trend.slope_per_hour) * HOUR_MS;
  return ms >= 0 && Number.isFinite(ms) ? ms : undefined;
}
