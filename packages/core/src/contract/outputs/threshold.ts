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
    /** Side of the threshold; absent = upper. */
    side: sideSchema,
    /** Value of the threshold at `timestamp`. */
    threshold: z.number(),
    /**
     * The curve of the threshold for the hours around and after `timestamp`: pairs of a time (ms) and a value, ascending, with linear
     * interpolation between pairs. The first value also holds before the first pair, the last value after the last. Absent where
     * the threshold is constant.
     */
    schedule: z
      .array(z.tuple([z.number(), z.number()]).readonly())
      .min(1)
      .max(100)
      .readonly()
      .optional(),
    /** Value of the previous threshold at `timestamp`; null for the first threshold. */
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
