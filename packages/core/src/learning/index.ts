export { type AnalysedAnomaly, type Analysis, analyze } from "./analyze.ts";
export { type DecayingFactor, factorAt, steadyFactor, UNMOVED } from "./decaying-factor.ts";
export type {
  LearningStatistics,
  RecommendationMade,
  SeriesEvent,
  ThresholdInForce,
} from "./events.ts";
export { type ExcludedRange, exclude, isExcluded } from "./excluded-ranges.ts";
export { MetricRules } from "./metric-rules.ts";
export { SeriesJudge } from "./series-judge.ts";
export { SeriesLearner } from "./series-learner.ts";
export type { SeriesSnapshot } from "./series-snapshot.ts";
