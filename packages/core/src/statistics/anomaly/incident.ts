import type { AnomalyFamily, Surprises } from "./anomaly-families.ts";

/** The reasons why an incident closes. */
export const ENDINGS = ["recovered", "opposite", "level_shift", "silent"] as const;
export type Ending = (typeof ENDINGS)[number];

/** A run of unusual samples, as messages contain it. Times are in milliseconds. */
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
  /** Expected range of the sample that opened the incident, unit of the value; null if the range was unknown. */
  expected_low: number | null;
  expected_high: number | null;
  /** Expected value of the sample at the peak, unit of the value. */
  expected: number;
  /** The unusual families at the peak, the most surprising first. */
  families: AnomalyFamily[];
  /** The surprise of each family at the peak. */
  surprises: Surprises;
  /** Null while open. */
  ending: Ending | null;
}

export interface IncidentEvent {
  type: "opened" | "peak" | "closed";
  incident: Incident;
}

/** A sample that the detector and the alarm rule have judged. */
export interface WeighedSample {
  timeMs: number;
  value: number;
  /** −log10 of the share of hours that hold as much as this sample, at least 0. */
  surprise: number;
  /** Surprise of the distance from the hour's usual value; undefined while the hours are unknown. */
  levelSurprise: number | undefined;
  /** The larger surprise of level and step. Level and step forget an incident at once, the other families slowly. */
  directSurprise: number;
  /** The surprise from which a sample opens an incident. */
  level: number;
  /** Whether the sample opens an incident if none is open. */
  alarm: boolean;
  /** Expected value of the sample, unit of the value. */
  expected: number;
  /** Expected range of the sample, unit of the value; undefined while unknown. */
  expectedLow?: number | undefined;
  expectedHigh?: number | undefined;
  /** The unusual families and all surprises. A function, because only a new incident or a new peak needs them. */
  unusual: () => Pick<Incident, "families" | "surprises">;
  /** Usual time between samples, ms. */
  intervalMs: number;
}

/** The score of a surprise: 1 − 10^(−surprise), 0 … 1. */
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

/** A copy, so that later changes of the incident do not change a published event. */
export const copyOf = (incident: Incident): Incident => ({
  ...incident,
  families: [...incident.families],
  surprises: { ...incident.surprises },
});
