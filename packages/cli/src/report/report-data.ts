import type { Anomaly, Change, Recommendation, Threshold } from "@mapek/core/contract";
import type { Analysis } from "@mapek/core/learning";

/** A threshold from a time on: a decision, or a redraw of the decision before it. */
export type ReportedThreshold = Pick<
  Threshold,
  "threshold" | "schedule" | "source" | "reasoning" | "action_id" | "pinned" | "timestamp"
> & { readonly side: "upper" | "lower" };

export type ReportedAnomaly = Pick<
  Anomaly,
  "opened_at" | "closed_at" | "peak_at" | "peak_value" | "peak_score" | "direction"
> &
  Partial<
    Pick<
      Anomaly,
      "expected_low" | "expected_high" | "expected" | "families" | "surprises" | "ending"
    >
  >;

type ReportedChange = Pick<Change, "kind" | "since" | "before" | "after" | "reasoning">;

export type ReportedRecommendation = Pick<
  Recommendation,
  | "recommended_value"
  | "confidence"
  | "strategy"
  | "reasoning"
  | "candidates"
  | "supporting_data"
  | "provisional"
>;

/** Data of one series in a report. */
export interface ReportedSeries {
  /** `metric`, with its labels. */
  readonly name: string;
  /** Ascending, ms. */
  readonly times: readonly number[];
  /** Same length as `times`, finite. */
  readonly values: readonly number[];
  readonly statistics: Analysis["statistics"];
  readonly trend: Analysis["trend"];
  readonly recommendation: ReportedRecommendation | null;
  /** Thresholds handed out, in order of time; empty for a file, which has none in force. */
  readonly thresholds: readonly ReportedThreshold[];
  readonly anomalies: readonly ReportedAnomaly[];
  readonly changes: readonly ReportedChange[];
}

export interface Report {
  readonly title: string;
  /** Name of the file or system that the samples come from. */
  readonly source: string;
  /** When it was made, ms. */
  readonly madeAt: number;
  readonly series: readonly ReportedSeries[];
}
