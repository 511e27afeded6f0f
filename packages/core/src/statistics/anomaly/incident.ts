import type { AnomalyFamily, Surprises } from "./anomaly-families.ts";

/** Why an incident is over. */
export const ENDINGS = ["recovered", "opposite", "level_shift", "silent"] as const;
export type Ending = (typeof ENDINGS)[number];

/** A run of samples judged abnormal, as it stands in messages. Times in milliseconds. */
export interface Incident {
  opened_at: number;
  /** Null while open. */
  closed_at: number | null;
  peak_at: number;
  peak_value: number;
  /** Largest score, 0 … 1. */
  peak_score: number;
  /** Side of the expected range on which the peak lies; "within" where only the pattern is unusual. */
  direction: "above" | "below" | "within";
  /** Range that was expected of the sample that opened it, unit of the value, null where it was not known. */
  expected_low: number | null;
  expected_high: number | null;
  /** What was expected of the sample at the peak, unit of the value. */
  expected: number;
  /** What was unusual at the peak, the most unusual first. */
  families: AnomalyFamily[];
  /** How rare each was at the peak: −log10 of the share of hours that hold so much. */
  surprises: Surprises;
  /** Null while open. */
  ending: Ending | null;
}

export interface IncidentEvent {
  type: "opened" | "peak" | "closed";
  incident: Incident;
}

/** A judged sample. */
export interface WeighedSample {
  timeMs: number;
  value: number;
  /** −log10 of the share of hours that hold so much, from 0. */
  surprise: number;
  /** The same of its distance from what its hour usually is alone, undefined where that is not known; and of that or its step: they forget at once, others linger. */
  levelSurprise: number | undefined;
  directSurprise: number;
  /** Surprise from which on a sample opens an incident at all. */
  level: number;
  /** Whether it opens an incident where none is open. */
  alarm: boolean;
  /** What was expected of the sample, unit of the value. */
  expected: number;
  /** Range expected for the sample, unit of the value, where it is known. */
  expectedLow?: number | undefined;
  expectedHigh?: number | undefined;
  /** What was unusual, and how rare each of it; asked for only when it is told. */
  unusual: () => Pick<Incident, "families" | "surprises">;
  /** Usual time between samples, ms. */
  intervalMs: number;
}

/** What score a surprise is: 1 − its probability. */
export const scoreOf = (surprise: number): number => 1 - 10 ** -surprise;

/** Side of the expected range on which a sample lies. */
export function directionOf({
  value,
  expectedLow,
  expectedHigh,
}: WeighedSample): Incident["direction"] {
  if (expectedHigh !== undefined && value > expectedHigh) return "above";
  return expectedLow !== undefined && value < expectedLow ? "below" : "within";
}

/** A copy that later changes of the incident do not reach. */
export const copyOf = (incident: Incident): Incident => ({
  ...incident,
  families: [...incident.families],
  surprises: { ...incident.surprises },
});
