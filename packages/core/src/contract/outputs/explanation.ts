import { z } from "zod";
import { defineMessage } from "../codec/codec.ts";
import { labelsSchema } from "../subjects/labels.ts";
import { OUTPUT_FAMILIES } from "../subjects/subjects.ts";
import {
  metricNameSchema,
  sideSchema,
  timestampSchema,
  tokenSchema,
  versionSchema,
} from "../subjects/vocabulary.ts";

/** What can be explained: by the learner thresholds and anomalies, by the optimizer states and parameters, by feedback actions. */
export const EXPLAINED = ["threshold", "anomaly", "state", "parameters", "action"] as const;
export type Explained = (typeof EXPLAINED)[number];

const seqSchema = z.number().int().min(0);

/** A stored output as it is: what the `events` verb answers with. */
export const outputEvent = defineMessage(
  "mapek.event.v1",
  z.object({
    /** Its place in the log. */
    seq: seqSchema,
    /** The message's own time, ms. */
    timestamp: timestampSchema,
    family: z.enum(OUTPUT_FAMILIES),
    message: z.record(z.string(), z.unknown()),
    /**
     * The stored input that led to it: a message of a stream, and of those that it bundles the one at this place. Not there of an
     * output that an older version stored.
     */
    cause: z.object({ stream: z.string(), seq: seqSchema, part: seqSchema }).optional(),
  }),
);
export type OutputEvent = z.infer<typeof outputEvent.schema>;

/** A stored message in one line. */
const link = z.object({
  /** Its place in the log. */
  seq: seqSchema,
  timestamp: timestampSchema,
  /** Of an output its family; else `command`, `control`, `settings`, `performance`, or `log` where the log itself ends. */
  family: z.string(),
  text: z.string(),
});
export type ExplanationLink = z.infer<typeof link>;

/** Why something was as it was at a time: composed of stored messages, nothing is computed anew or guessed. */
export const explanation = defineMessage(
  "mapek.explanation.v1",
  z.object({
    version: versionSchema,
    kind: z.enum(EXPLAINED),
    system: tokenSchema,
    metric: metricNameSchema.optional(),
    labels: labelsSchema.optional(),
    side: sideSchema,
    action_id: z.string().optional(),
    anomaly_id: z.string().optional(),
    /** The time that was asked about, ms. */
    at: timestampSchema,
    /** What was in force; null where nothing was, or where the log does not reach back that far. */
    decision: outputEvent.schema.nullable(),
    /** Which rule decided, with its numbers. */
    rule: z.string(),
    inputs: z.array(
      z.object({
        name: z.string(),
        value: z.union([z.number(), z.string(), z.boolean(), z.null()]),
        unit: z.string().optional(),
      }),
    ),
    candidates: z.array(
      z.object({
        name: z.string(),
        value: z.union([z.number(), z.string()]),
        chosen: z.boolean(),
        detail: z.string().optional(),
      }),
    ),
    /** What led there, oldest first. */
    causes: z.array(link),
    /** What has changed since, oldest first; the newest 100. */
    since: z.array(link),
  }),
);
export type Explanation = z.infer<typeof explanation.schema>;
