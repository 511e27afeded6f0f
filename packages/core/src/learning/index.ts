export { type AnalysedAnomaly, type Analysis, analyze } from "./analyze.ts";
export type {
  LearningStatistics,
  RecommendationMade,
  SeriesEvent,
  ThresholdInForce,
} from "./events.ts";
export { SeriesJudge } from "./judge/series-judge.ts";
export { type DecayingFactor, factorAt, steadyFactor, UNMOVED } from "./rules/decaying-factor.ts";
export { type ExcludedRange, exclude, isExcluded } from "./rules/excluded-ranges.ts";
export { MetricRules } from "./rules/metric-rules.ts";
export { SeriesLearner } from "./series-learner.ts";
export type { SeriesSnapshot } from "./state/series-snapshot.ts";
