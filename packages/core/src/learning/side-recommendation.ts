import type { SeriesSettings } from "../messages/index.ts";
import { type Candidates, type Recommendation, recommend, type Side } from "../stats/index.ts";

/**
 * What samples say about the threshold of a side; null under 16. The lower side is that of the values with their sign
 * turned.
 *
 * @param values In order of time; those of the lower side are changed. Cost: that of `recommend`.
 */
export function recommendSide(
  side: Side,
  values: Float64Array,
  times: Float64Array,
  { min_data_points, strategy, exceedance_rate }: SeriesSettings,
  adaptiveValue: number | undefined,
): Recommendation | null {
  const options = { exceedanceRate: exceedance_rate, strategy, minDataPoints: min_data_points };
  if (side === "upper") return recommend(values, times, { ...options, adaptiveValue });
  for (let i = 0; i < values.length; i++) values[i] = 0 - values[i]!;
  const turned = recommend(values, times, {
    ...options,
    adaptiveValue: adaptiveValue === undefined ? undefined : 0 - adaptiveValue,
  });
  return turned === null ? null : turnedBack(turned);
}

function turnedBack(turned: Recommendation): Recommendation {
  const { candidates, supporting_data: data, reasoning } = turned;
  const { increasing, decreasing } = {
    increasing: "decreasing",
    decreasing: "increasing",
  } as const;
  const directions = { ...NO_DIRECTIONS, increasing, decreasing };
  return {
    ...turned,
    recommended_value: 0 - turned.recommended_value,
    candidates: Object.fromEntries(
      Object.entries(candidates).map(([name, value]) => [name, 0 - value]),
    ) as Candidates,
    supporting_data: {
      ...data,
      mean: 0 - data.mean,
      median: 0 - data.median,
      min_value: 0 - data.max_value,
      max_value: 0 - data.min_value,
      p25: 0 - data.p75,
      p75: 0 - data.p25,
      p95: 0 - data.p95,
      skewness: 0 - data.skewness,
      slope_per_hour: 0 - data.slope_per_hour,
      trend_direction: directions[data.trend_direction],
    },
    reasoning: `With the sign of the values turned: ${reasoning}`,
  };
}

const NO_DIRECTIONS = { stable: "stable", unknown: "unknown" } as const;
