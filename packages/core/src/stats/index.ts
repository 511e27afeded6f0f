export {
  AdaptiveQuantile,
  type AdaptiveQuantileOptions,
  type AdaptiveQuantileSnapshot,
} from "./adaptive-quantile.ts";
export {
  AnomalyDetector,
  type AnomalyDetectorOptions,
  type AnomalyDetectorSnapshot,
} from "./anomaly-detector.ts";
export { type Change, ChangeDetector, type ChangeDetectorSnapshot } from "./change-detector.ts";
export { assessPromise, type Promised } from "./confidence.ts";
export { doubles, Scratch } from "./doubles.ts";
export { STATS_ERRORS, type StatsConsequence, StatsError, type StatsErrorCode } from "./errors.ts";
export {
  type Incident,
  type IncidentEvent,
  IncidentTracker,
  type IncidentTrackerOptions,
  type IncidentTrackerSnapshot,
  type ScoredSample,
} from "./incident.ts";
export { type Moments, moments } from "./moments.ts";
export { quantile, quantiles } from "./quantile.ts";
export {
  MIN_RECOMMENDATION_POINTS,
  type Recommendation,
  type RecommendationOptions,
  recommend,
  type SupportingData,
} from "./recommendation.ts";
export { type AddOutcome, SampleWindow, type SampleWindowOptions } from "./sample-window.ts";
export { SeasonalProfile, type SeasonalProfileSnapshot } from "./seasonal-profile.ts";
export { describe, type Statistics } from "./statistics.ts";
export {
  type Candidates,
  DEFAULT_EXCEEDANCE_RATE,
  iqrThreshold,
  percentileThreshold,
  SIDES,
  type Side,
  STRATEGIES,
  type Strategy,
  sigmaThreshold,
} from "./strategies.ts";
export { zoneOffset } from "./time-zone.ts";
export { type Trend, timeToThresholdMs, trend } from "./trend.ts";
