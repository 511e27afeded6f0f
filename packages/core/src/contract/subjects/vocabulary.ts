import { z } from "zod";
import { SIDES, type Side } from "../../statistics/index.ts";

/** The closed sets of words that messages use. */
export const SERVICES = ["monitor", "learner", "optimizer", "feedback"] as const;
export type Service = (typeof SERVICES)[number];

/** Services whose inputs are partitioned and stored. */
export const ACTOR_SERVICES = ["learner", "optimizer", "feedback"] as const;
export type ActorService = (typeof ACTOR_SERVICES)[number];

export const SYSTEM_STATES = [
  "healthy",
  "optimizing",
  "degraded",
  "critical",
  "recovering",
] as const;
export type SystemState = (typeof SYSTEM_STATES)[number];

export const MODES = ["off", "shadow", "apply"] as const;
/** Mode of the optimizer: decisions are off, only published, or applied. */
export type Mode = (typeof MODES)[number];

export const PARAMETER_NAMES = [
  "monitoring_interval",
  "analysis_depth",
  "planning_lookahead",
  "execution_parallelism",
  "knowledge_retention",
  "learning_rate",
] as const;
export type ParameterName = (typeof PARAMETER_NAMES)[number];

/** Side of a threshold: few samples are above an upper threshold, few are below a lower threshold. */
export { SIDES, type Side as ThresholdSide };
/** The side in a message; absent = upper. */
export const sideSchema = z.enum(SIDES).optional();

/** A subject token: the name of a system, or of a metric within a subject. */
export const TOKEN_PATTERN = /^[A-Za-z0-9_-]{1,128}$/;

export const tokenSchema = z
  .string()
  .regex(TOKEN_PATTERN, "expected 1–128 characters of A–Z a–z 0–9 _ -");

/** Milliseconds since 1970-01-01 UTC, fractions allowed; up to the year 2255. */
export const timestampSchema = z.number().min(0).max(9e12);

/** A share or probability. */
export const shareSchema = z.number().min(0).max(1);

export const metricNameSchema = z.string().min(1).max(256);

/**
 * The major version in every body. An absent version on input means 1;
 * readers ignore unknown fields and refuse an unknown major version.
 */
export const versionSchema = z.literal(1);
export const inputVersionSchema = versionSchema.optional();
