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

/** What came of a sample or command, in event time (ms). */
export type SeriesEvent =
  | {
      type: "recommendation";
      time: number;
      side: Side;
      recommendation: Recommendation;
      /** Its value then. Null also where the one in force is from before a level shift. */
      inForce: number | null;
      /** How fast it follows what is learned, 0 … 1; 0 while it does not. Undefined where it is not to. */
      rate: number | undefined;
    }
  | {
      type: "threshold";
      time: number;
      side: Side;
      threshold: ThresholdInForce;
      /** Undefined where it is constant. */
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
  /** How well a changed threshold keeps its promised exceedance rate, beside the one before. */
  | ({ type: "outcome"; time: number } & PromiseOutcome);

/** A recommendation as a series' history keeps it. */
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
  /** Samples older than the series' newest, imported history above all: they fill its window, and teach no season, change or anomaly. */
  readonly not_taught: number;
  readonly excluded: number;
  /** Samples that came while the series was frozen. */
  readonly not_learned: number;
  readonly anomalies: number;
  /** Anomalies per judged sample, 0–1. */
  readonly anomaly_rate: number;
  /** Evidence enough for an alarm that was none, by reason. */
  readonly suppressed: SuppressionCounts;
  readonly sensitivity: number;
  readonly frozen: boolean;
  readonly parameters: object;
  readonly optimisations: readonly RecommendationMade[];
}
