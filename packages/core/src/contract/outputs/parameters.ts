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
  /** Seconds between two looks at the system. */
  monitoring_interval: z.number().positive(),
  /** How many samples an analysis looks back on. */
  analysis_depth: z.number().int().positive(),
  /** Seconds that a plan looks ahead. */
  planning_lookahead: z.number().positive(),
  /** How many plans may be executed at the same time. */
  execution_parallelism: z.number().int().min(1),
  /** Seconds that knowledge is kept. */
  knowledge_retention: z.number().positive(),
  /** Share of a proposed change that is made in one step, 0.05–1. */
  learning_rate: z.number().min(0.05).max(1),
});
export type ParameterValues = z.infer<typeof parameterValues>;

export const CHANGE_PHASES = ["canary", "full", "probe", "rollback"] as const;
/**
 * How much of a change this is: a share of a step that is tried first, the whole of it, a step down
 * that tries out whether latency follows, or the way back because the objective worsened.
 */
export type ChangePhase = (typeof CHANGE_PHASES)[number];

/** What an objective is worth and how far it scatters; smaller is better. */
const effect = {
  /** `pressure`, `cycle_latency` or `look_loss`. */
  objective: z.string(),
  /** Mean over the last reports before the change. */
  before: z.number(),
  /** What the mean after the change is expected to be. */
  predicted: z.number(),
};

/** What a change is expected to bring, by when. */
export const prediction = z.object({
  ...effect,
  /** Reports by which it is judged, and about how many seconds they take. */
  within_reports: z.number().int().positive(),
  within_seconds: z.number().positive(),
});
export type Prediction = z.infer<typeof prediction>;

/** What came of an earlier change. */
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
  /** When it was judged. */
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
    /** Of the change whose judgement led to this one. */
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
