import type { SeriesSettings } from "../messages/index.ts";
import type { RecommendationOptions } from "../stats/index.ts";

/** What a series' settings say about its recommendations. */
export const recommendationOptions = ({
  exceedance_rate,
  strategy,
  min_data_points,
  seasonal,
}: SeriesSettings): RecommendationOptions => ({
  exceedanceRate: exceedance_rate,
  strategy,
  minDataPoints: min_data_points,
  seasonal,
});
