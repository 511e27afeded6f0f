export {
  AlarmRule,
  type AlarmRuleSnapshot,
  type AlarmSettings,
  type Evidence,
  type LabelOutcome,
  SUPPRESSIONS,
  type Suppression,
} from "./anomaly/alarm-rule.ts";
export { AnomalyDetector, type AnomalyDetectorSnapshot } from "./anomaly/anomaly-detector.ts";
export {
  ANOMALY_FAMILIES,
  type AnomalyFamily,
  EVIDENCE_FAMILIES,
  type EvidenceFamily,
  type Surprises,
} from "./anomaly/anomaly-families.ts";
export { ENDINGS, type Incident, type IncidentEvent, scoreOf } from "./anomaly/incident.ts";
export { IncidentTracker, type IncidentTrackerSnapshot } from "./anomaly/incident-tracker.ts";
export {
  LabelledKinds,
  type LabelledKindsSnapshot,
  type Verdict,
} from "./anomaly/labels/labelled-kinds.ts";
export { MissedKinds, type MissedKindsSnapshot } from "./anomaly/labels/missed-kinds.ts";
export { NearMisses } from "./anomaly/labels/near-misses.ts";
export type { OldDetectorSnapshot } from "./anomaly/old-detector.ts";
export type { Change } from "./change/change.ts";
export { ChangeDetector } from "./change/change-detector.ts";
export type { ChangeDetectorSnapshot } from "./change/change-snapshot.ts";
export { clamp } from "./clamp.ts";
export {
  BaselineForecast,
  type BaselineForecastSnapshot,
  type Forecast,
  type Standing,
} from "./effect/baseline-forecast.ts";
export {
  disturb,
  follow,
  noTrack,
  type ObjectiveTrack,
  standingOf,
} from "./effect/objective-track.ts";
export {
  requireFinite,
  STATS_ERRORS,
  StatsError,
  type StatsErrorCode,
} from "./errors.ts";
export { figure } from "./figure.ts";
export { copiedDoubles, doubles, Scratch } from "./memory/doubles.ts";
export { AdaptiveQuantile, type AdaptiveQuantileOptions } from "./quantile/adaptive-quantile.ts";
export { type Moments, moments } from "./quantile/moments.ts";
export { quantile, quantiles } from "./quantile/quantile.ts";
export type { AdaptiveQuantileSnapshot } from "./quantile/quantile-snapshot.ts";
export { describe, type Statistics } from "./quantile/statistics.ts";
export { assessPromise, type Promised } from "./recommendation/confidence.ts";
export {
  MIN_RECOMMENDATION_POINTS,
  type Recommendation,
  recommend,
} from "./recommendation/recommendation.ts";
export type { RecommendationOptions } from "./recommendation/recommendation-options.ts";
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
} from "./recommendation/strategies.ts";
export type { SupportingData } from "./recommendation/supporting-data.ts";
export { SeasonalProfile, type SeasonalProfileSnapshot } from "./season/seasonal-profile.ts";
export { zoneOffset } from "./season/time-zone.ts";
export {
  FollowedThreshold,
  type FollowedThresholdSnapshot,
} from "./threshold/followed-threshold.ts";
export type { Moment } from "./threshold/threshold-moment.ts";
export { type Season, type Trend, timeToThresholdMs, trend } from "./trend/trend.ts";
export { type AddOutcome, SampleWindow, type SampleWindowOptions } from "./window/sample-window.ts";
