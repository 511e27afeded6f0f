import { z } from "zod";
import { defineMessage } from "../codec/codec.ts";
import {
  MODES,
  PARAMETER_NAMES,
  SYSTEM_STATES,
  timestampSchema,
  tokenSchema,
  versionSchema,
} from "../subjects/vocabulary.ts";

/** The six parameters of a control loop. */
export const parameterValues = z.object({
  /** Seconds between two observations of the system. */
  monitoring_interval: z.number().positive(),
  /** Number of past samples in an analysis. */
  analysis_depth: z.number().int().positive(),
  /** Seconds that a plan looks ahead. */
  planning_lookahead: z.number().positive(),
  /** Most plans that are executed at the same time. */
  execution_parallelism: z.number().int().min(1),
  /** Seconds that knowledge is kept. */
  knowledge_retention: z.number().positive(),
  /** Share of a proposed change that is made in one step, 0.05–1. */
  learning_rate: z.number().min(0.05).max(1),
});
export type ParameterValues = z.infer<typeof parameterValues>;

export const CHANGE_PHASES = ["canary", "full", "probe", "rollback"] as const;
/**
 * Phase of a change: a share of a step as a first trial, the whole step, a step down that tests whether
 * latency follows, or a rollback because the objective worsened.
 */
export type ChangePhase = (typeof CHANGE_PHASES)[number];

/** An objective before a change and its prediction for after the change; smaller is better. */
const effect = {
  /** `pressure`, `cycle_latency` or `look_loss`. */
  objective: z.string(),
  /** Mean over the last reports before the change. */
  before: z.number(),
  /** Expected mean after the change. */
  predicted: z.number(),
};

/** The predicted effect of a change, and the time by which it is judged. */
export const prediction = z.object({
  ...effect,
  /** Number of reports after which the change is judged, and about how many seconds these reports take. */
  within_reports: z.number().int().positive(),
  within_seconds: z.number().positive(),
});
export type Prediction = z.infer<typeof prediction>;

/** The outcome of an earlier change. */
export const outcomeOfChange = z.object({
  ...effect,
  /** The parameter that was changed, or `state`. */
  setting: z.string(),
  from: z.union([z.number(), z.string()]),
  to: z.union([z.number(), z.string()]),
  after: z.number(),
  /** Standard error of the difference between after and before. */
  noise: z.number().min(0),
  /** Whether the objective worsened by more than its noise. */
  worse: z.boolean(),
  /** Time of the judgement, ms. */
  timestamp: timestampSchema,
});
export type OutcomeOfChange = z.infer<typeof outcomeOfChange>;

/** Control-loop parameters of a system. Stored and republished on `parameters.<system>`; the newest is in the bucket `mapek_parameters`. */
export const parameters = defineMessage(
  "mapek.parameters.v1",
  z.object({
    version: versionSchema,
    system: tokenSchema,
    ...parameterValues.shape,
    state: z.enum(SYSTEM_STATES),
    /** Readers apply parameters in mode `apply` only. */
    mode: z.enum(MODES),
    /** What changed since the message before. */
    changed: z.array(z.enum(PARAMETER_NAMES)),
    reason: z.string(),
    phase: z.enum(CHANGE_PHASES).optional(),
    predicted: prediction.optional(),
    /** Outcome of the change whose judgement led to this message. */
    outcome: outcomeOfChange.optional(),
    timestamp: timestampSchema,
  }),
);
export type Parameters = z.infer<typeof parameters.schema>;

/** A change of state. Stored and republished on `transitions.<system>`. */
export const transition = defineMessage(
  "mapek.transition.v1",
  z.object({
    version: versionSchema,
    system: tokenSchema,
    from: z.enum(SYSTEM_STATES),
    to: z.enum(SYSTEM_STATES),
    reason: z.string(),
    /** True where an operator forced or released the state. */
    forced: z.boolean(),
    /** The means that decided. */
    performance: z.record(z.string(), z.number()),
    /** Transitions of this system so far, this one included. */
    count: z.number().int().positive(),
    timestamp: timestampSchema,
  }),
);
export type Transition = z.infer<typeof transition.schema>;
