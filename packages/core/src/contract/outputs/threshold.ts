import { z } from "zod";
import { defineMessage } from "../codec/codec.ts";
import { labelsSchema } from "../subjects/labels.ts";
import {
  metricNameSchema,
  shareSchema,
  sideSchema,
  timestampSchema,
  tokenSchema,
  versionSchema,
} from "../subjects/vocabulary.ts";

/** Why the threshold in force changed. */
export const THRESHOLD_SOURCES = ["recommendation", "signal", "operator", "rollback"] as const;

/** A threshold in force. Stored and republished on `thresholds.<system>.<metric>`; the newest per series is in the bucket `mapek_thresholds`. */
export const threshold = defineMessage(
  "mapek.threshold.v1",
  z.object({
    version: versionSchema,
    system: tokenSchema,
    metric: metricNameSchema,
    labels: labelsSchema,
    /** Which threshold: not there = upper. */
    side: sideSchema,
    /** Its value at `timestamp`. */
    threshold: z.number(),
    /** The value that is expected for the hours around and after `timestamp`: pairs of a time in ms and a value, ascending, straight lines between; before the first pair its value holds, after the last that one's. Not there where the threshold is constant. */
    schedule: z
      .array(z.tuple([z.number(), z.number()]).readonly())
      .min(1)
      .max(100)
      .readonly()
      .optional(),
    /** The one before, at the same time; null for the first. */
    previous: z.number().nullable(),
    /** A strategy of the learner, or `manual`. */
    strategy: z.string(),
    confidence: shareSchema,
    reasoning: z.string(),
    source: z.enum(THRESHOLD_SOURCES),
    pinned: z.boolean(),
    action_id: z.string().nullable(),
    timestamp: timestampSchema,
  }),
);
export type Threshold = z.infer<typeof threshold.schema>;
