import { z } from "zod";
import { defineMessage } from "../codec/codec.ts";
import { labelsSchema } from "../subjects/labels.ts";
import {
  metricNameSchema,
  timestampSchema,
  tokenSchema,
  versionSchema,
} from "../subjects/vocabulary.ts";

/** Kinds of change: the level shifted, the level drifts, samples stopped, samples came again. */
export const CHANGE_KINDS = ["level_shift", "drift", "stale", "resumed"] as const;

/** A lasting change of a series. Stored and republished on `changes.<system>.<metric>`. */
export const change = defineMessage(
  "mapek.change.v1",
  z.object({
    version: versionSchema,
    system: tokenSchema,
    metric: metricNameSchema,
    labels: labelsSchema,
    kind: z.enum(CHANGE_KINDS),
    /** Beginning of the change; for a stale or resumed series the time of the last sample before the silence. */
    since: timestampSchema,
    /** Levels before and after the change; null for a kind without levels. */
    before: z.number().nullable(),
    after: z.number().nullable(),
    /** Distance of the levels in standard deviations of the samples around them, at most 1000. */
    size: z.number().min(0).nullable(),
    reasoning: z.string(),
    timestamp: timestampSchema,
  }),
);
export type Change = z.infer<typeof change.schema>;
