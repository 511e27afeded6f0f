import { type Moments, moments } from "./moments.ts";
import { finiteQuantiles } from "./quantile.ts";

/** Statistics of a window, as messages have them. All in the unit of the values, all finite. */
export interface Statistics {
  /** Values described, from 1. */
  data_points: number;
  mean: number;
  median: number;
  /** Population standard deviation. */
  std_dev: number;
  min_value: number;
  max_value: number;
  p25: number;
  p75: number;
  p90: number;
  p95: number;
  p99: number;
}

const PROBABILITIES = [0.25, 0.5, 0.75, 0.9, 0.95, 0.99] as const;

/**
 * Statistics of a set of values, computed anew: no rounding error of earlier calls remains.
 *
 * @param values Any length and order; left as it is.
 * @returns Undefined for no values.
 * @throws {StatsError} MAPEK_STATS_NOT_FINITE
 * Cost: O(n), about 0.1 ms for 10,000 values.
 */
export function describe(values: Float64Array): Statistics | undefined {
  const shape = moments(values);
  return shape === undefined ? undefined : describeShape(values, shape);
}

/** As `describe`, with the moments at hand. */
export function describeShape(values: Float64Array, shape: Moments): Statistics {
  const [p25, median, p75, p90, p95, p99] = finiteQuantiles(values, PROBABILITIES);
  return {
    data_points: shape.count,
    mean: shape.mean,
    median: median!,
    std_dev: shape.stdDev,
    min_value: shape.min,
    max_value: shape.max,
    p25: p25!,
    p75: p75!,
    p90: p90!,
    p95: p95!,
    p99: p99!,
  };
}
