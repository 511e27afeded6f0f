import {
  LOOPS,
  labelsSchema,
  metricNameSchema,
  sideSchema,
  timestampSchema,
  tokenSchema,
} from "@mapek/core/contract";
import { z } from "zod";
import { ConsoleError } from "./errors.ts";

/** Labels in an address, as JSON. */
const labelsText = z
  .string()
  .max(32_768)
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: "custom", message: "expected JSON" });
      return z.NEVER;
    }
  })
  .pipe(labelsSchema);

const oneSeries = { system: tokenSchema, metric: metricNameSchema };

/** Query that names one series. */
export const seriesQuery = z.object({ ...oneSeries, labels: labelsText.default({}) });

export const samplesQuery = z.object({
  ...seriesQuery.shape,
  from: z.coerce.number().pipe(timestampSchema).optional(),
});

/** Query for a part of the ranked list of series. */
export const listQuery = z.object({
  system: tokenSchema.optional(),
  /** Words that must all occur in the series key, in any order. */
  search: z.string().max(200).default(""),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});
export type ListQuery = z.infer<typeof listQuery>;

export const systemQuery = z.object({ system: tokenSchema });
export const loopsQuery = z.object({ system: tokenSchema.optional() });

/** Query of a live page: which data it watches. */
export const watchQuery = z.discriminatedUnion("watch", [
  z.object({ watch: z.literal("systems") }),
  z.object({ watch: z.literal("system"), system: tokenSchema }),
  z.object({ watch: z.literal("loops"), system: tokenSchema.optional() }),
  z.object({ watch: z.literal("list"), ...listQuery.shape }),
  z.object({ watch: z.literal("series"), ...seriesQuery.shape }),
]);
export type WatchQuery = z.infer<typeof watchQuery>;

const aSeries = { ...oneSeries, labels: labelsSchema.default({}) };

/** A label on one anomaly. */
export const labelBody = z.object({
  ...aSeries,
  verdict: z.enum(["true_positive", "false_positive", "false_negative"]),
  /** Event time, ms: opening of the anomaly, or beginning of a missed one. */
  at: timestampSchema,
  /** Threshold that the operator proposes: the threshold in force moves toward it by the learning rate. */
  propose: z.object({ threshold: z.number(), side: sideSchema }).optional(),
});

const reason = z.string().max(512).optional();

/** An operator's command about one series. */
export const commandBody = z.discriminatedUnion("command", [
  z.object({
    ...aSeries,
    command: z.literal("pin"),
    side: sideSchema,
    threshold: z.number(),
    reason,
  }),
  z.object({ ...aSeries, command: z.literal("unpin"), side: sideSchema, reason }),
  z.object({ ...aSeries, command: z.literal("freeze"), reason }),
  z.object({ ...aSeries, command: z.literal("unfreeze"), reason }),
  z
    .object({
      ...aSeries,
      command: z.literal("exclude"),
      from: timestampSchema,
      to: timestampSchema,
      reason,
    })
    .refine(({ from, to }) => from < to, { message: "from must be before to" }),
]);

export const loopBody = z.object({
  system: tokenSchema,
  loop: z.enum(LOOPS),
  enabled: z.boolean(),
});

/** Validates a query or body. @throws {ConsoleError} MAPEK_CONSOLE_BAD_REQUEST with the first wrong field. */
export function checked<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.join(".") ?? "";
  throw new ConsoleError("MAPEK_CONSOLE_BAD_REQUEST", `${path}: ${issue?.message ?? "refused"}`);
}
