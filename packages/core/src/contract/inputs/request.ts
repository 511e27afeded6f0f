import { z } from "zod";
import { defineMessage } from "../codec/codec.ts";
import { EXPLAINED } from "../outputs/explanation.ts";
import { labelsSchema } from "../subjects/labels.ts";
import { OUTPUT_FAMILIES } from "../subjects/subjects.ts";
import { metricNameSchema, sideSchema, timestampSchema } from "../subjects/vocabulary.ts";
import { LOOPS } from "./signal.ts";

/** The request verbs of each service, on `requests.<service>.<verb>.<system>`. */
export const VERBS = {
  learner: [
    "series",
    "statistics",
    "recommendations",
    "thresholds",
    "learning",
    "export",
    "import",
    "events",
    "explain",
    "durability",
  ],
  optimizer: ["parameters", "transitions", "events", "explain", "durability"],
  feedback: ["signals", "actions", "effectiveness", "events", "explain", "durability"],
  monitor: [],
} as const;

/** A request. All fields are optional; an absent field does not narrow the answer. */
export const request = defineMessage(
  "mapek.request.v1",
  z.object({
    version: z.literal(1).optional(),
    metric: metricNameSchema.optional(),
    labels: labelsSchema.optional(),
    loop: z.enum(LOOPS).optional(),
    /** Only series in which an anomaly is open. */
    anomalous: z.boolean().optional(),
    /** Only items of this partition of the service: divides an answer that is too large for one message. */
    partition: z.number().int().min(0).max(255).optional(),
    /** Most items in the answer; the newest items are kept. */
    limit: z.number().int().min(1).max(10_000).optional(),
    /** Only samples or outputs of this range of event time, both ends included. */
    from: timestampSchema.optional(),
    to: timestampSchema.optional(),
    /** `events`: only outputs of these families. */
    families: z.array(z.enum(OUTPUT_FAMILIES)).min(1).optional(),
    /** `explain`: the kind of decision to explain. */
    kind: z.enum(EXPLAINED).optional(),
    /** `explain` of a threshold; absent = upper. */
    side: sideSchema,
    /** `explain` of an action; absent = the newest. */
    action_id: z.string().min(1).max(512).optional(),
    /** `explain` of an anomaly; absent = the newest of the series. */
    anomaly_id: z.string().min(1).max(33_000).optional(),
    /** `explain`: the decision that was in force at this time; absent = now. */
    at: timestampSchema.optional(),
  }),
);
export type Request = z.infer<typeof request.schema>;

/** The answer: items, oldest first, or an error with a code. */
export const response = defineMessage(
  "mapek.response.v1",
  z.union([
    z.object({ items: z.array(z.unknown()) }),
    z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
  ]),
);
export type Response = z.infer<typeof response.schema>;

/** Samples of one series, as `export` gives them and `import` takes them. */
export const seriesExport = defineMessage(
  "mapek.export.v1",
  z
    .object({
      version: z.literal(1),
      metric: metricNameSchema,
      labels: labelsSchema,
      /** Milliseconds, ascending. */
      timestamps: z.array(timestampSchema),
      values: z.array(z.number()),
    })
    .refine((body) => body.timestamps.length === body.values.length, {
      message: "timestamps and values differ in length",
    }),
);
export type SeriesExport = z.infer<typeof seriesExport.schema>;
