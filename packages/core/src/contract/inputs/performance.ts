import { z } from "zod";
import { defineMessage } from "../codec/codec.ts";
import { inputVersionSchema, shareSchema, timestampSchema } from "../subjects/vocabulary.ts";

const percent = z.number().min(0).max(100);

/** The measurements of a managed loop that decide its state; the units are those of the field names' documentation. */
export const performanceFields = {
  /** % of all cores. */
  cpu_usage: percent.optional(),
  /** % of memory in use. */
  memory_usage: percent.optional(),
  /** Seconds that one MAPE-K cycle took. */
  cycle_latency: z.number().min(0).max(86_400).optional(),
  decisions_per_minute: z.number().min(0).max(1e9).optional(),
  decision_quality: shareSchema.optional(),
  anomaly_detection_accuracy: shareSchema.optional(),
  false_positive_rate: shareSchema.optional(),
};

export const PERFORMANCE_FIELDS = Object.keys(
  performanceFields,
) as (keyof typeof performanceFields)[];

/** A report of how the managed loop performs. Any subset of the measurements, at least one. */
export const performance = defineMessage(
  "mapek.performance.v1",
  z
    .object({
      version: inputVersionSchema,
      timestamp: timestampSchema.optional(),
      ...performanceFields,
    })
    .refine((body) => PERFORMANCE_FIELDS.some((field) => body[field] !== undefined), {
      message: `expected at least one of ${PERFORMANCE_FIELDS.join(", ")}`,
    }),
);
export type Performance = z.infer<typeof performance.schema>;
