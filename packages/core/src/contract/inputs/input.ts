import { z } from "zod";
import { defineMessage } from "../codec/codec.ts";
import { LABEL_VERDICTS, settingValue } from "../outputs/feedback.ts";
import { parameters } from "../outputs/parameters.ts";
import { recommendation } from "../outputs/recommendation.ts";
import { THRESHOLD_SOURCES } from "../outputs/threshold.ts";
import { learnerSettings } from "../settings/learner-settings.ts";
import { feedbackSettings, optimizerSettings } from "../settings/settings.ts";
import { labelsSchema } from "../subjects/labels.ts";
import {
  metricNameSchema,
  shareSchema,
  sideSchema,
  timestampSchema,
  tokenSchema,
} from "../subjects/vocabulary.ts";
import { feedbackControl, learnerControl, optimizerControl } from "./control.ts";
import { performance } from "./performance.ts";
import { LOOPS } from "./signal.ts";

/** Fields of every stored input: the event time (ms) and, except for ticks, settings and admission, the system. */
const timed = { version: z.literal(1), time: timestampSchema };
const about = { ...timed, system: tokenSchema };

/** Written by the runtime, so that actors can act while no other input arrives. */
const tick = z.object({ ...timed, kind: z.literal("tick") });

/** Moves the threshold in force of one series. */
const setThreshold = z.object({
  name: z.literal("set_threshold"),
  metric: metricNameSchema,
  labels: labelsSchema,
  side: sideSchema,
  threshold: z.number(),
  strategy: z.string(),
  confidence: shareSchema,
  reasoning: z.string(),
  source: z.enum(THRESHOLD_SOURCES),
  /** The threshold that the sender knew: the one in force moves by `threshold` − `moved_from`. Absent: it becomes `threshold`. */
  moved_from: z.number().optional(),
  /**
   * Event time (ms) for which `threshold` is meant, where `moved_from` is absent: that of the newest sample behind a recommendation.
   * Absent: now.
   */
  at: timestampSchema.optional(),
  /** How fast the threshold follows the online threshold from now on; 0: not at all. Absent: as before. */
  rate: shareSchema.optional(),
  /** The command is refused where a threshold is in force, since its sender assumes that none is. */
  only_first: z.boolean().optional(),
});

/**
 * Multiplies the sensitivity of one series, or of every series of the system (`metric` null; sent to every partition).
 * A label may name its anomaly, or the time of a missed anomaly: the series then learns that kind of burst. Where the series
 * learned the kind, `known_kind_factor` replaces `factor`.
 */
const scaleSensitivity = z.object({
  name: z.literal("scale_sensitivity"),
  metric: metricNameSchema.nullable(),
  labels: labelsSchema,
  factor: z.number().positive(),
  /** Replaces `factor` where the series knows the kind of the named anomaly. */
  known_kind_factor: z.number().positive().optional(),
  /** Event time (ms) at which the named anomaly opened, or at which a missed anomaly should have opened. */
  anomaly_opened_at: timestampSchema.optional(),
  verdict: z.enum(LABEL_VERDICTS).optional(),
  /** Weight of the verdict, 0–1. */
  weight: shareSchema.optional(),
});

/** Makes the optimizer decide now, on these values in place of the means. */
const reEvaluate = z.object({
  name: z.literal("re_evaluate"),
  cpu_usage: z.number().optional(),
  memory_usage: z.number().optional(),
  /** Seconds. */
  cycle_latency: z.number().optional(),
});

const scaleLearningRate = z.object({
  name: z.literal("scale_learning_rate"),
  factor: z.number().positive(),
});
const adjustParallelism = z.object({
  name: z.literal("adjust_parallelism"),
  delta: z.number().int(),
});

/** A command of the feedback service; its target answers with a {@link confirmation}. */
const command = { ...about, kind: z.literal("command"), action_id: z.string().min(1) };

/** A target's answer to a command: done or refused, with the values before and after. */
const confirmation = z.object({
  ...about,
  kind: z.literal("confirmation"),
  action_id: z.string(),
  applied: z.boolean(),
  from: settingValue,
  to: settingValue,
  reason: z.string(),
});

/**
 * The objective before and after an action, measured by its target; smaller is better. A target may also give the objective
 * without the action, and the variance of `after` around it.
 */
const outcome = z.object({
  ...about,
  kind: z.literal("outcome"),
  action_id: z.string(),
  objective: z.string(),
  before: z.number(),
  after: z.number(),
  /** The objective without the action: measured alongside `after`, or forecast from times without actions. */
  expected: z.number().optional(),
  /** Variance of `after` − `expected` where the action has no effect. */
  noise_variance: z.number().min(0).optional(),
  /** Number of independent samples behind the variance. */
  samples: z.number().min(1).optional(),
});

export const learnerInput = defineMessage(
  "mapek.input.learner.v1",
  z.discriminatedUnion("kind", [
    tick,
    z.object({ ...timed, kind: z.literal("settings"), settings: learnerSettings }),
    /** Whether new series may be learned: written by the runtime when memory gets short, and when memory is free again. */
    z.object({ ...timed, kind: z.literal("admission"), new_series: z.boolean() }),
    z.object({ ...about, kind: z.literal("control"), control: learnerControl.schema }),
    z.object({
      ...command,
      command: z.discriminatedUnion("name", [setThreshold, scaleSensitivity]),
    }),
  ]),
);
export type LearnerInput = z.output<typeof learnerInput.schema>;
export type LearnerCommand = Extract<LearnerInput, { kind: "command" }>["command"];

export const optimizerInput = defineMessage(
  "mapek.input.optimizer.v1",
  z.discriminatedUnion("kind", [
    tick,
    z.object({ ...timed, kind: z.literal("settings"), settings: optimizerSettings }),
    z.object({ ...about, kind: z.literal("performance"), performance: performance.schema }),
    z.object({ ...about, kind: z.literal("control"), control: optimizerControl.schema }),
    z.object({
      ...command,
      command: z.discriminatedUnion("name", [reEvaluate, scaleLearningRate, adjustParallelism]),
    }),
  ]),
);
export type OptimizerInput = z.output<typeof optimizerInput.schema>;
export type OptimizerCommand = Extract<OptimizerInput, { kind: "command" }>["command"];

export const feedbackInput = defineMessage(
  "mapek.input.feedback.v1",
  z.discriminatedUnion("kind", [
    tick,
    z.object({ ...timed, kind: z.literal("settings"), settings: feedbackSettings }),
    z.object({
      ...about,
      kind: z.literal("signal"),
      loop: z.enum(LOOPS),
      id: z.string().min(1),
      source: z.string(),
      /** Whether the server lets no other sender publish as this source. */
      proven: z.boolean().optional(),
      /** Validated at the front door by the schema of the signal's loop. */
      signal: z.record(z.string(), z.unknown()),
    }),
    /** From the learner: a recommendation that is not provisional, with the threshold in force beside it. */
    z.object({
      ...about,
      kind: z.literal("recommendation"),
      recommendation: recommendation.schema,
      in_force: z.number().nullable(),
      /** How fast the threshold in force follows the online threshold; 0: not yet. Absent: it must not follow. */
      in_force_rate: shareSchema.optional(),
    }),
    /** From the optimizer: the current parameters. */
    z.object({ ...about, kind: z.literal("parameters"), parameters: parameters.schema }),
    z.object({ ...about, kind: z.literal("control"), control: feedbackControl.schema }),
    confirmation,
    outcome,
  ]),
);
export type FeedbackInput = z.output<typeof feedbackInput.schema>;
export type Confirmation = z.infer<typeof confirmation>;
export type Outcome = z.infer<typeof outcome>;
