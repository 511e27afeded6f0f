import { SIZES } from "./evidence/evidence-families.ts";
import { VIEW_FAMILIES } from "./record-detector.ts";

/** Families of evidence, as messages name them. `AnomalyDetector.surprises` has this order. */
export const EVIDENCE_FAMILIES = [...SIZES, "record", "hour"] as const;
export type EvidenceFamily = (typeof EVIDENCE_FAMILIES)[number];
/** Places of "record" and "hour" in `EVIDENCE_FAMILIES`. */
export const RECORD = SIZES.length;
export const HOUR = RECORD + 1;
/** The surprise of each family. */
export type Surprises = Partial<Record<EvidenceFamily, number>>;

/** Names that `Incident.families` may contain: the families of evidence, and the views of a record. */
export const ANOMALY_FAMILIES = [...EVIDENCE_FAMILIES, ...VIEW_FAMILIES] as const;
export type AnomalyFamily = (typeof ANOMALY_FAMILIES)[number];
