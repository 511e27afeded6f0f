import { z } from "zod";
import { defineMessage, type MessageFamily } from "./codec.ts";
import { labelsSchema } from "./labels.ts";
import {
  inputVersionSchema,
  type Loop,
  metricNameSchema,
  shareSchema,
  sideSchema,
  timestampSchema,
} from "./vocabulary.ts";

const common = {
  version: inputVersionSchema,
  /** Names the signal: one that comes again on its loop, among the last 10,000 of its system, counts once. */
  id: z.string().min(1).max(128).optional(),
  /** Who says so; weights and limits are kept per source. */
  source: z.string().min(1).max(128).optional(),
  timestamp: timestampSchema.optional(),
};

/** How often: a number of events, or `true` for one. */
const count = z
  .union([z.boolean().transform(Number), z.number().int().min(0).max(1_000)])
  .optional();

/** Evidence for the metrics_learning loop: a threshold that somebody proposes for a metric. */
export const metricsLearningSignal = defineMessage(
  "mapek.signal.metrics_learning.v1",
  z.object({
    ...common,
    /** The metric's name. */
    parameter: metricNameSchema,
    labels: labelsSchema.optional(),
    /** Which threshold: not there = upper. */
    side: sideSchema,
    threshold_value: z.number(),
    confidence: shareSchema,
  }),
);

/** Evidence for the performance_adaptation loop: what the system's resources look like now. */
export const performanceAdaptationSignal = defineMessage(
  "mapek.signal.performance_adaptation.v1",
  z
    .object({
      ...common,
      cpu_usage: z.number().min(0).max(100).optional(),
      memory_usage: z.number().min(0).max(100).optional(),
      /** Milliseconds of one cycle. */
      latency_ms: z.number().min(0).max(86_400_000).optional(),
    })
    .refine((body) => (body.cpu_usage ?? body.memory_usage ?? body.latency_ms) !== undefined, {
      message: "expected at least one of cpu_usage, memory_usage, latency_ms",
    }),
);

/** Evidence for the decision_quality loop: what a decision was to bring about and what it did. */
export const decisionQualitySignal = defineMessage(
  "mapek.signal.decision_quality.v1",
  z.object({
    ...common,
    decision_id: z.string().min(1).max(128),
    predicted_outcome: z.number(),
    actual_outcome: z.number(),
  }),
);

/** Evidence for the anomaly_feedback loop: judged right, a false alarm, or one that was missed. */
export const anomalyFeedbackSignal = defineMessage(
  "mapek.signal.anomaly_feedback.v1",
  z
    .object({
      ...common,
      true_positive: count,
      false_positive: count,
      false_negative: count,
      /**
       * Which anomaly, as its messages name it; its series follows from it. One that was missed: the key of
       * its series, `@`, and the event time in ms at which it began.
       */
      anomaly_id: z.string().min(1).max(8_192).optional(),
      /** The series, where no anomaly_id names it; without either the whole system is meant. */
      metric: metricNameSchema.optional(),
      labels: labelsSchema.optional(),
    })
    .refine(
      (body) =>
        (body.true_positive ?? 0) + (body.false_positive ?? 0) + (body.false_negative ?? 0) > 0,
      {
        message: "expected true_positive, false_positive or false_negative above 0",
      },
    ),
);

/** Evidence for the resource_optimization loop: how busy a resource is. */
export const resourceOptimizationSignal = defineMessage(
  "mapek.signal.resource_optimization.v1",
  z.object({ ...common, resource_type: z.string().min(1).max(128), utilization: shareSchema }),
);

export type MetricsLearningSignal = z.output<typeof metricsLearningSignal.schema>;
export type PerformanceAdaptationSignal = z.output<typeof performanceAdaptationSignal.schema>;
export type DecisionQualitySignal = z.output<typeof decisionQualitySignal.schema>;
export type AnomalyFeedbackSignal = z.output<typeof anomalyFeedbackSignal.schema>;
export type ResourceOptimizationSignal = z.output<typeof resourceOptimizationSignal.schema>;

export interface SignalBodies {
  metrics_learning: MetricsLearningSignal;
  performance_adaptation: PerformanceAdaptationSignal;
  decision_quality: DecisionQualitySignal;
  anomaly_feedback: AnomalyFeedbackSignal;
  resource_optimization: ResourceOptimizationSignal;
}

/** What a sender writes: counts may be booleans. */
export interface SignalInputs {
  metrics_learning: z.input<typeof metricsLearningSignal.schema>;
  performance_adaptation: z.input<typeof performanceAdaptationSignal.schema>;
  decision_quality: z.input<typeof decisionQualitySignal.schema>;
  anomaly_feedback: z.input<typeof anomalyFeedbackSignal.schema>;
  resource_optimization: z.input<typeof resourceOptimizationSignal.schema>;
}

/** The schema of each loop's signal. */
export const signals: {
  readonly [L in Loop]: MessageFamily<z.ZodType<SignalBodies[L], SignalInputs[L]>>;
} = {
  metrics_learning: metricsLearningSignal,
  performance_adaptation: performanceAdaptationSignal,
  decision_quality: decisionQualitySignal,
  anomaly_feedback: anomalyFeedbackSignal,
  resource_optimization: resourceOptimizationSignal,
};

/** A signal of any loop, as the feedback actor receives it. */
export type AnySignal = { [L in Loop]: { loop: L; body: SignalBodies[L] } }[Loop];
