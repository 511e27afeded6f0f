import { z } from "zod";
import { defineMessage } from "../codec/codec.ts";
import { labelsSchema } from "../subjects/labels.ts";
import {
  inputVersionSchema,
  metricNameSchema,
  shareSchema,
  sideSchema,
  timestampSchema,
} from "../subjects/vocabulary.ts";

const common = {
  version: inputVersionSchema,
  /** Identifies the signal: a repeated id on the same loop, among the last 10,000 signals of the system, counts once. */
  id: z.string().min(1).max(128).optional(),
  /** Sender of the signal; weights and limits are kept per source. */
  source: z.string().min(1).max(128).optional(),
  timestamp: timestampSchema.optional(),
};

/** Number of events, or `true` for one event. */
const count = z
  .union([z.boolean().transform(Number), z.number().int().min(0).max(1_000)])
  .optional();

/** The feedback loops, in the order in which they are listed, with the evidence that each takes. */
export const signals = {
  /** A threshold that somebody proposes for a metric. */
  metrics_learning: defineMessage(
    "mapek.signal.metrics_learning.v1",
    z.object({
      ...common,
      /** The metric's name. */
      parameter: metricNameSchema,
      labels: labelsSchema.optional(),
      /** Side of the threshold; absent = upper. */
      side: sideSchema,
      threshold_value: z.number(),
      confidence: shareSchema,
    }),
  ),

  /** The current use of the system's resources. */
  performance_adaptation: defineMessage(
    "mapek.signal.performance_adaptation.v1",
    z
      .object({
        ...common,
        cpu_usage: z.number().min(0).max(100).optional(),
        memory_usage: z.number().min(0).max(100).optional(),
        /** Duration of one cycle, ms. */
        latency_ms: z.number().min(0).max(86_400_000).optional(),
      })
      .refine((body) => (body.cpu_usage ?? body.memory_usage ?? body.latency_ms) !== undefined, {
        message: "expected at least one of cpu_usage, memory_usage, latency_ms",
      }),
  ),

  /** The expected and the actual result of a decision. */
  decision_quality: defineMessage(
    "mapek.signal.decision_quality.v1",
    z.object({
      ...common,
      decision_id: z.string().min(1).max(128),
      predicted_outcome: z.number(),
      actual_outcome: z.number(),
    }),
  ),

  /** Labels of anomalies: right, a false alarm, or missed. */
  anomaly_feedback: defineMessage(
    "mapek.signal.anomaly_feedback.v1",
    z
      .object({
        ...common,
        true_positive: count,
        false_positive: count,
        false_negative: count,
        /**
         * Id of the anomaly, as its messages give the id; the id also names the series. For a missed anomaly: the series key,
         * `@`, and the event time (ms) at which the anomaly began.
         */
        anomaly_id: z.string().min(1).max(8_192).optional(),
        /** The series, where no `anomaly_id` is given; without either the signal is about the whole system. */
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
  ),

  /** How busy a resource is. */
  resource_optimization: defineMessage(
    "mapek.signal.resource_optimization.v1",
    z.object({ ...common, resource_type: z.string().min(1).max(128), utilization: shareSchema }),
  ),
};
export type Loop = keyof typeof signals;
export const LOOPS = Object.keys(signals) as readonly Loop[];

/** Purpose of each loop. */
export const LOOP_PURPOSES: Readonly<Record<Loop, string>> = {
  metrics_learning: "Proposed thresholds move the one in force.",
  performance_adaptation: "Load reports make the optimizer decide now.",
  decision_quality: "Predicted against actual outcomes move the learning rate.",
  anomaly_feedback: "Labels on anomalies move sensitivity and teach kinds of burst.",
  resource_optimization: "How busy resources are moves parallelism.",
};

export type SignalBodies = { [L in Loop]: z.output<(typeof signals)[L]["schema"]> };
/** Signals as senders write them: counts may be booleans. */
export type SignalInputs = { [L in Loop]: z.input<(typeof signals)[L]["schema"]> };
/** A signal of any loop, as the feedback actor receives it. */
export type AnySignal = { [L in Loop]: { loop: L; body: SignalBodies[L] } }[Loop];
