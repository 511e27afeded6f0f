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

/** Kinds of decision: the learner explains thresholds and anomalies, the optimizer states and parameters, feedback actions. */
export const EXPLAINED = ["threshold", "anomaly", "state", "parameters", "action"] as const;
export type Explained = (typeof EXPLAINED)[number];

const seqSchema = z.number().int().min(0);

/** A stored output, unchanged; the `events` verb answers with these. */
export const outputEvent = defineMessage(
  "mapek.event.v1",
  z.object({
    /** Sequence of the output in the log. */
    seq: seqSchema,
    /** Time in the message itself, ms. */
    timestamp: timestampSchema,
    family: z.enum(OUTPUT_FAMILIES),
    message: z.record(z.string(), z.unknown()),
    /**
     * The cause of the output: the stored input at index `part` of a message of a stream. Absent in outputs that an older version
     * stored.
     */
    cause: z.object({ stream: z.string(), seq: seqSchema, part: seqSchema }).optional(),
  }),
);
export type OutputEvent = z.infer<typeof outputEvent.schema>;

/** A stored message in one line. */
const link = z.object({
  /** Sequence of the message in the log. */
  seq: seqSchema,
  timestamp: timestampSchema,
  /** Family of an output; otherwise `command`, `control`, `settings`, `performance`, or `log` at the end of the log itself. */
  family: z.string(),
  text: z.string(),
});
export type ExplanationLink = z.infer<typeof link>;

/** The explanation of a decision at a time: composed of stored messages only, nothing is recomputed or guessed. */
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
    /** The requested time, ms. */
    at: timestampSchema,
    /** The decision in force; null where none was in force, or where the log does not reach back that far. */
    decision: outputEvent.schema.nullable(),
    /** The rule that decided, with its numbers. */
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
    /** Messages that led to the decision, oldest first. */
    causes: z.array(link),
    /** The newest 100 changes since the decision, oldest first. */
    since: z.array(link),
  }),
);
export type Explanation = z.infer<typeof explanation.schema>;
