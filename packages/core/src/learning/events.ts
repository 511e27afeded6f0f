import type { ANOMALY_PHASES, Change, Labels, Threshold } from "../contract/index.ts";
import type { Curve } from "../curve.ts";
import type { Incident, Recommendation, Side } from "../statistics/index.ts";
import type { SuppressionCounts } from "./judge/series-judge.ts";
import type { PromiseOutcome } from "./thresholds/threshold-promise.ts";

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

/** An event that follows from a sample or a command; times are event times (ms). */
export type SeriesEvent =
  | {
      type: "recommendation";
      time: number;
      side: Side;
      recommendation: Recommendation;
      /** Value of the threshold in force at `time`; null where none is in force, or an unpinned one from before a level shift. */
      inForce: number | null;
      /** How fast the threshold in force follows the online threshold, 0 … 1; 0: not yet. Undefined where it must not follow. */
      rate: number | undefined;
    }
  | {
      type: "threshold";
      time: number;
      side: Side;
      threshold: ThresholdInForce;
      /** Undefined where the threshold is constant. */
      schedule: Curve | undefined;
    }
  | ({ type: "change"; time: number } & Pick<
      Change,
      "kind" | "since" | "before" | "after" | "size" | "reasoning"
    >)
  | {
      type: "anomaly";
      time: number;
      phase: (typeof ANOMALY_PHASES)[number];
      incident: Incident;
      threshold: number | null;
    }
  /** Error of a changed threshold's exceedance rate, compared with the threshold before the change. */
  | ({ type: "outcome"; time: number } & PromiseOutcome);

/** A recommendation in the history of a series. */
export interface RecommendationMade {
  /** Event time in whole milliseconds, rounded down. */
  readonly time: number;
  readonly side: Side;
  readonly recommended_value: number;
  /** 0–1, in thousandths. */
  readonly confidence: number;
  readonly strategy: string;
  readonly provisional: boolean;
}

/** Numbers of a series' samples, anomalies and suppressed alarms. */
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
  /**
   * Samples older than the newest on arrival, mostly imported history: such samples fill the window and teach no season, change or
   * anomaly.
   */
  readonly not_taught: number;
  readonly excluded: number;
  /** Samples that came while the series was frozen. */
  readonly not_learned: number;
  readonly anomalies: number;
  /** Anomalies per judged sample, 0–1. */
  readonly anomaly_rate: number;
  /** Number of suppressed alarms, by reason. */
  readonly suppressed: SuppressionCounts;
  readonly sensitivity: number;
  readonly frozen: boolean;
  readonly parameters: object;
  readonly optimisations: readonly RecommendationMade[];
}
