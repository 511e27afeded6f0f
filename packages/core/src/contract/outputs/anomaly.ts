import { z } from "zod";
import { ANOMALY_FAMILIES, ENDINGS, EVIDENCE_FAMILIES } from "../../statistics/index.ts";
import { defineMessage } from "../codec/codec.ts";
import { labelsSchema } from "../subjects/labels.ts";
import {
  metricNameSchema,
  shareSchema,
  timestampSchema,
  tokenSchema,
  versionSchema,
} from "../subjects/vocabulary.ts";

export const ANOMALY_PHASES = ["opened", "peak", "closed"] as const;

/** Kinds of evidence of an anomaly: families of evidence, views of records, and the views of releases before 0.2.0. */
const TOLD_FAMILIES = [
  ...ANOMALY_FAMILIES,
  "hour_of_day",
  "hour_of_week",
  "usual_residual",
] as const;

/** One incident of a series: opened, perhaps with a higher peak, closed. Stored and republished on `anomalies.<system>.<metric>`. */
export const anomaly = defineMessage(
  "mapek.anomaly.v1",
  z.object({
    version: versionSchema,
    system: tokenSchema,
    metric: metricNameSchema,
    labels: labelsSchema,
    /** `<series key>@<opened_at>`: names the anomaly in feedback. */
    anomaly_id: z.string(),
    phase: z.enum(ANOMALY_PHASES),
    /** Side of the expected range on which the peak lies; `within` where only the pattern is unusual. */
    direction: z.enum(["above", "below", "within"]),
    opened_at: timestampSchema,
    closed_at: timestampSchema.nullable(),
    peak_at: timestampSchema,
    peak_value: z.number(),
    peak_score: shareSchema,
    /** Expected range of the sample that opened the anomaly: nine hours of ten stay within this range. */
    expected_low: z.number().nullable(),
    expected_high: z.number().nullable(),
    /** Kinds of evidence at the peak, the most unusual first. */
    families: z.array(z.enum(TOLD_FAMILIES)).optional(),
    /** Expected value of the sample at the peak. */
    expected: z.number().optional(),
    /** Surprise of each family of evidence at the peak: −log10 of the share of the series' hours that hold as much. */
    surprises: z.partialRecord(z.enum(EVIDENCE_FAMILIES), z.number().min(0)).optional(),
    /** Why the anomaly ended; null while the anomaly is open. */
    ending: z.enum(ENDINGS).nullable().optional(),
    /** Id of the group: anomalies of one partition's series that began together in the system share `<system>@<first opening>`. */
    group: z.string().optional(),
    /** The threshold in force at the time of this message. */
    threshold: z.number().nullable(),
    timestamp: timestampSchema,
  }),
);
export type Anomaly = z.infer<typeof anomaly.schema>;

/** The series key at the start of an anomaly's id; undefined where the id has none. */
export function seriesKeyOfAnomaly(anomalyId: string): string | undefined {
  const at = anomalyId.lastIndexOf("@");
  return at > 0 ? anomalyId.slice(0, at) : undefined;
}

/** The event time (ms) at the end of an anomaly's id; undefined where the id has none. */
export function openingOfAnomaly(anomalyId: string): number | undefined {
  const text = anomalyId.slice(anomalyId.lastIndexOf("@") + 1);
  const checked = timestampSchema.safeParse(/^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined);
  return checked.success ? checked.data : undefined;
}
