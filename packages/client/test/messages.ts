import type {
  Action,
  Anomaly,
  Feedback,
  Parameters,
  Recommendation,
  Threshold,
  Transition,
} from "@mapek/core/contract";

/** One good message of each output family, with changes. */
const NOW = 1_760_000_000_000;

export const aThreshold = (changes: Partial<Threshold> = {}): Threshold => ({
  version: 1,
  system: "checkout",
  metric: "latency_ms",
  labels: {},
  threshold: 250,
  previous: null,
  strategy: "percentile",
  confidence: 0.9,
  reasoning: "P95 of 500 samples",
  source: "recommendation",
  pinned: false,
  action_id: null,
  timestamp: NOW,
  ...changes,
});

export const aRecommendation = (changes: Partial<Recommendation> = {}): Recommendation => ({
  version: 1,
  system: "checkout",
  metric: "latency_ms",
  labels: {},
  recommended_value: 250,
  confidence: 0.9,
  strategy: "percentile",
  reasoning: "P95 of 500 samples",
  candidates: { percentile: 250, sigma: 260, iqr: 270, adaptive: 255 },
  supporting_data: { data_points: 500 },
  provisional: false,
  timestamp: NOW,
  ...changes,
});

export const anAnomaly = (changes: Partial<Anomaly> = {}): Anomaly => ({
  version: 1,
  system: "checkout",
  metric: "latency_ms",
  labels: {},
  anomaly_id: `checkout/latency_ms@${NOW}`,
  phase: "opened",
  direction: "above",
  opened_at: NOW,
  closed_at: null,
  peak_at: NOW,
  peak_value: 900,
  peak_score: 0.99,
  expected_low: 100,
  expected_high: 300,
  threshold: 250,
  timestamp: NOW,
  ...changes,
});

export const someParameters = (changes: Partial<Parameters> = {}): Parameters => ({
  version: 1,
  system: "checkout",
  monitoring_interval: 60,
  analysis_depth: 100,
  planning_lookahead: 300,
  execution_parallelism: 4,
  knowledge_retention: 604_800,
  learning_rate: 0.1,
  state: "healthy",
  mode: "apply",
  changed: [],
  reason: "first report",
  timestamp: NOW,
  ...changes,
});

export const aTransition = (changes: Partial<Transition> = {}): Transition => ({
  version: 1,
  system: "checkout",
  from: "healthy",
  to: "critical",
  reason: "cpu 91 % > 80 %",
  forced: false,
  performance: { cpu_usage: 91 },
  count: 1,
  timestamp: NOW,
  ...changes,
});

export const aFeedback = (changes: Partial<Feedback> = {}): Feedback => ({
  version: 1,
  system: "checkout",
  loop: "decision_quality",
  id: "s-1",
  source: "test",
  signal: { decision_id: "d-1", predicted_outcome: 1, actual_outcome: 1 },
  timestamp: NOW,
  ...changes,
});

export const anAction = (changes: Partial<Action> = {}): Action => ({
  version: 1,
  system: "checkout",
  loop: "decision_quality",
  action_id: "a-1",
  signal_id: "s-1",
  status: "applied",
  target: { service: "optimizer", setting: "learning_rate", series: null },
  from: 0.1,
  to: 0.12,
  reason: "accuracy 0.4 < 0.5",
  objective: null,
  helped: null,
  effectiveness: null,
  damping: 1,
  timestamp: NOW,
  ...changes,
});
