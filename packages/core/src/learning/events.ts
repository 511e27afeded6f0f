import type { ANOMALY_PHASES, Labels, Threshold } from "../messages/index.ts";
import type { Incident, Recommendation } from "../stats/index.ts";
import type { PromiseOutcome } from "./threshold-promise.ts";

/** The threshold in force of a series. */
export type ThresholdInForce = Pick<
  Threshold,
  | "threshold"
  | "previous"
  | "strategy"
  | "confidence"
  | "reasoning"
  | "source"
  | "pinned"
  | "action_id"
  | "timestamp"
>;

/** What came of a sample or command, in event time (ms). */
export type SeriesEvent =
  | { type: "recommendation"; time: number; recommendation: Recommendation; inForce: number | null }
  | { type: "threshold"; time: number; threshold: ThresholdInForce }
  | {
      type: "anomaly";
      time: number;
      phase: (typeof ANOMALY_PHASES)[number];
      incident: Incident;
      threshold: number | null;
    }
  /** How well a changed threshold keeps its promised exceedance rate, beside the one before. */
  | ({ type: "outcome"; time: number } & PromiseOutcome);

/** One optimisation in a series' history. */
export interface Optimisation {
  readonly time: number;
  readonly recommended_value: number;
  readonly confidence: number;
  readonly strategy: string;
  readonly provisional: boolean;
}

/** What a series has learned from, and how much of it. */
export interface LearningStatistics {
  readonly metric: string;
  readonly labels: Labels;
  /** Samples that entered the window, ever. */
  readonly points: number;
  readonly duplicates: number;
  /** Samples older than the series' newest by more than `max_late_seconds`. */
  readonly late: number;
  /** Samples older than the window reaches. */
  readonly outside: number;
  readonly excluded: number;
  readonly anomalies: number;
  /** Anomalies per judged sample, 0–1. */
  readonly anomaly_rate: number;
  readonly sensitivity: number;
  readonly frozen: boolean;
  readonly parameters: object;
  readonly optimisations: readonly Optimisation[];
}
