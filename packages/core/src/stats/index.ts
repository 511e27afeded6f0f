export { AdaptiveQuantile, type AdaptiveQuantileOptions } from "./adaptive-quantile.ts";
export {
  AlarmRule,
  type AlarmRuleSnapshot,
  type AlarmSettings,
  type Evidence,
  type LabelOutcome,
  SUPPRESSIONS,
  type Suppression,
} from "./alarm-rule.ts";
export { AnomalyDetector, type AnomalyDetectorSnapshot } from "./anomaly-detector.ts";
export {
  ANOMALY_FAMILIES,
  type AnomalyFamily,
  EVIDENCE_FAMILIES,
  type EvidenceFamily,
  type Surprises,
} from "./anomaly-families.ts";
export {
  BaselineForecast,
  type BaselineForecastSnapshot,
  type Forecast,
  type Standing,
} from "./baseline-forecast.ts";
export type { Change } from "./change.ts";
export { ChangeDetector } from "./change-detector.ts";
export type { ChangeDetectorSnapshot } from "./change-snapshot.ts";
export { clamp } from "./clamp.ts";
export { assessPromise, type Promised } from "./confidence.ts";
export { copiedDoubles, doubles, Scratch } from "./doubles.ts";
export {
  requireFinite,
  STATS_ERRORS,
  StatsError,
  type StatsErrorCode,
} from "./errors.ts";
export { figure } from "./figure.ts";
export { FollowedThreshold, type FollowedThresholdSnapshot } from "./followed-threshold.ts";
export { ENDINGS, type Incident, type IncidentEvent, scoreOf } from "./incident.ts";
export { IncidentTracker, type IncidentTrackerSnapshot } from "./incident-tracker.ts";
export { LabelledKinds, type LabelledKindsSnapshot, type Verdict } from "./labelled-kinds.ts";
export { MissedKinds, type MissedKindsSnapshot } from "./missed-kinds.ts";
export { type Moments, moments } from "./moments.ts";
export { NearMisses } from "./near-misses.ts";
export {
  disturb,
  follow,
  noTrack,
  type ObjectiveTrack,
  standingOf,
} from "./objective-track.ts";
export type { OldDetectorSnapshot } from "./old-detector.ts";
export { quantile, quantiles } from "./quantile.ts";
export type { AdaptiveQuantileSnapshot } from "./quantile-snapshot.ts";
export {
  MIN_RECOMMENDATION_POINTS,
  type Recommendation,
  recommend,
} from "./recommendation.ts";
export type { RecommendationOptions } from "./recommendation-options.ts";
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
export type { SupportingData } from "./supporting-data.ts";
export type { Moment } from "./threshold-moment.ts";
export { zoneOffset } from "./time-zone.ts";
export { type Season, type Trend, timeToThresholdMs, trend } from "./trend.ts";
