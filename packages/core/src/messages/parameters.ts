import { z } from "zod";
import { defineMessage } from "./codec.ts";
import {
  MODES,
  PARAMETER_NAMES,
  SYSTEM_STATES,
  timestampSchema,
  tokenSchema,
  versionSchema,
} from "./vocabulary.ts";

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
