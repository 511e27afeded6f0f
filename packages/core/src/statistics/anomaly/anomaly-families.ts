import { SIZES } from "./evidence/evidence-families.ts";
import { VIEW_FAMILIES } from "./record-detector.ts";

/** What can be unusual of a sample, as messages name it; `AnomalyDetector.surprises` is in this order. */
export const EVIDENCE_FAMILIES = [...SIZES, "record", "hour"] as const;
export type EvidenceFamily = (typeof EVIDENCE_FAMILIES)[number];
/** Places of the last two in `EVIDENCE_FAMILIES`. */
export const RECORD = SIZES.length;
export const HOUR = RECORD + 1;
/** −log10 of the share of hours that hold so much, of each family. */
export type Surprises = Partial<Record<EvidenceFamily, number>>;

/** What may stand in an anomaly's list of families: the above, and by which of its views a record is one. */
export const ANOMALY_FAMILIES = [...EVIDENCE_FAMILIES, ...VIEW_FAMILIES] as const;
export type AnomalyFamily = (typeof ANOMALY_FAMILIES)[number];
