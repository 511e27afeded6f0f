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

/** Every stored input: when it happened (event time, ms) and, but for ticks and settings, to which system. */
const timed = { version: z.literal(1), time: timestampSchema };
const about = { ...timed, system: tokenSchema };

/** Written by the runtime so that actors can act in silence. */
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
  /** The threshold that the sender knew: the one in force is moved by as much as from this to `threshold`. Not there: it becomes `threshold`. */
  moved_from: z.number().optional(),
  /** Event time (ms) for which `threshold` was meant, where it was not moved from another: of the newest sample that a recommendation rests on. Not there: now. */
  at: timestampSchema.optional(),
  /** How fast it follows what is learned from now on; 0: not at all. Not there: as before. */
  rate: shareSchema.optional(),
  /** Refused where a threshold is in force: its sender believes that there is none. */
  only_first: z.boolean().optional(),
});

/**
 * Multiplies the sensitivity of one series, or of every series of the system (`metric` null; sent to every partition).
 * A label that names its anomaly, or the time of one that was missed, says so: its series learns that kind of burst, and where the kind
 * was learned the sensitivity moves by the smaller factor.
 */
const scaleSensitivity = z.object({
  name: z.literal("scale_sensitivity"),
  metric: metricNameSchema.nullable(),
  labels: labelsSchema,
  factor: z.number().positive(),
  /** In place of `factor`, where the series knows what kind the named anomaly was of. */
  known_kind_factor: z.number().positive().optional(),
  /** Event time (ms) at which the named anomaly opened, or at which a missed one should have. */
  anomaly_opened_at: timestampSchema.optional(),
  verdict: z.enum(LABEL_VERDICTS).optional(),
  /** How much the verdict counts, 0–1. */
  weight: shareSchema.optional(),
});

/** Decides now, on these values in place of the means. */
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

/** What a target says of a command: done or refused, from what to what. */
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
 * The objective before and after an action, measured by its target; smaller is better. A target that knows more says
 * what would have come without the action, and how far noise alone takes `after` from that.
 */
const outcome = z.object({
  ...about,
  kind: z.literal("outcome"),
  action_id: z.string(),
  objective: z.string(),
  before: z.number(),
  after: z.number(),
  /** What would have come without the action: measured beside it, or forecast from times when nobody acted. */
  expected: z.number().optional(),
  /** Variance of `after` less `expected` when the action does nothing. */
  noise_variance: z.number().min(0).optional(),
  /** Independent samples that the variance rests on. */
  samples: z.number().min(1).optional(),
});

export const learnerInput = defineMessage(
  "mapek.input.learner.v1",
  z.discriminatedUnion("kind", [
    tick,
    z.object({ ...timed, kind: z.literal("settings"), settings: learnerSettings }),
    /** Whether series that are new may be learned: the runtime writes it when memory gets short, and when there is some again. */
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
      /** Whether nobody else may publish as this source. */
      proven: z.boolean().optional(),
      /** Validated by its loop's schema at the front door. */
      signal: z.record(z.string(), z.unknown()),
    }),
    /** From the learner: a recommendation that is not provisional, with the threshold in force beside it. */
    z.object({
      ...about,
      kind: z.literal("recommendation"),
      recommendation: recommendation.schema,
      in_force: z.number().nullable(),
      /** How fast that one follows what is learned; 0: it does not yet. Not there: it is not to. */
      in_force_rate: shareSchema.optional(),
    }),
    /** From the optimizer: the parameters that hold now. */
    z.object({ ...about, kind: z.literal("parameters"), parameters: parameters.schema }),
    z.object({ ...about, kind: z.literal("control"), control: feedbackControl.schema }),
    confirmation,
    outcome,
  ]),
);
export type FeedbackInput = z.output<typeof feedbackInput.schema>;
export type Confirmation = z.infer<typeof confirmation>;
export type Outcome = z.infer<typeof outcome>;
