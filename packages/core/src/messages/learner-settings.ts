import { z } from "zod";
import { strategyName } from "./recommendation.ts";

/** Whether the runtime knows a time zone by this IANA name. */
function isTimeZone(name: string): boolean {
  // The default: every service reads it, and looking a zone up takes 20 ms the first time.
  if (name === "UTC") return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** What a metric may have a value of its own for, and what holds where it has none. */
const metricFields = {
  /** Seconds of event time that a window looks back; the newest 5 · `min_data_points` samples are kept however old they are. */
  learning_window_seconds: z.number().positive(),
  /** Samples from which a recommendation is no longer provisional. */
  min_data_points: z.number().int().min(16),
  /** Seconds of event time between two recommendations. */
  optimization_interval: z.number().positive(),
  /** The exceedance rate that a threshold promises. */
  exceedance_rate: z.number().min(0.0001).max(0.25),
  strategy: z.union([strategyName, z.literal("auto")]),
  /** Which thresholds are learned: one that few samples are above, one that few are below, or both. */
  thresholds: z.enum(["upper", "lower", "both"]),
  /**
   * Distance between what a threshold in force is and what it was handed out as from which on it is handed out anew, in
   * usual deviations of the series; 0: at each change, once a minute at most.
   */
  threshold_tolerance: z.number().min(0).max(10),
  /** Bounds that a learned threshold may take, unit of the metric; unset = none. `maximum` wins. */
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  /**
   * Seconds of event time between two judged samples. A sample that follows sooner is judged only where it
   * leaves the range that its series had so far; 0 judges every one.
   */
  detection_resolution_seconds: z.number().min(0),
  /** False incidents that a series may open in fourteen days: what the level of its alarms is derived from. */
  alarm_budget: z.number().min(0.01).max(100),
  /** Multiplies that budget; labels and operators move it from here. */
  sensitivity: z.number().min(0.1).max(10),
  /** Least distance from the expected range that is an anomaly, unit of the metric. */
  min_deviation: z.number().min(0),
  /** The same as a share of the expected value. */
  min_relative_deviation: z.number().min(0),
  /** On which side of the expected range an anomaly may lie. */
  direction: z.enum(["both", "above", "below"]),
  /** Zone of the days and weeks that the metric follows. */
  time_zone: z.string().refine(isTimeZone, "expected the IANA name of a time zone, such as UTC"),
  /** Whether the metric may follow days and weeks. */
  seasonal: z.boolean(),
  /** Seconds without a sample after which a series is stale; unset = 10 usual intervals, at least 300. */
  stale_after_seconds: z.number().positive().optional(),
};

const defaultsOfMetrics = z.strictObject({
  ...metricFields,
  learning_window_seconds: metricFields.learning_window_seconds.default(86_400),
  min_data_points: metricFields.min_data_points.default(100),
  optimization_interval: metricFields.optimization_interval.default(3_600),
  exceedance_rate: metricFields.exceedance_rate.default(0.05),
  strategy: metricFields.strategy.default("auto"),
  thresholds: metricFields.thresholds.default("upper"),
  threshold_tolerance: metricFields.threshold_tolerance.default(0.3),
  detection_resolution_seconds: metricFields.detection_resolution_seconds.default(1),
  alarm_budget: metricFields.alarm_budget.default(0.5),
  sensitivity: metricFields.sensitivity.default(1),
  min_deviation: metricFields.min_deviation.default(0),
  min_relative_deviation: metricFields.min_relative_deviation.default(0),
  direction: metricFields.direction.default("both"),
  time_zone: metricFields.time_zone.default("UTC"),
  seasonal: metricFields.seasonal.default(true),
});

/** A system's and a metric's pattern: `*` is any characters, `?` one. */
const MATCH_PATTERN = /^[A-Za-z0-9_*?-]{1,128}\/[\s\S]{1,256}$/;

/** Settings of the series that a pattern matches. */
export const metricSettings = z.strictObject({
  /** `<system>/<metric>`, with `*` for any characters and `?` for one. */
  match: z.string().regex(MATCH_PATTERN, "expected <system>/<metric>, with * and ?"),
  /** Labels that the series must have, with just these values. */
  labels: z.record(z.string(), z.string()).optional(),
  ...z.object(metricFields).partial().shape,
});
export type MetricSettings = z.infer<typeof metricSettings>;

/** What one series goes by. */
export const seriesSettings = defaultsOfMetrics.extend({
  /** Most samples in a window. */
  window_capacity: z.number().int().min(16).max(1_000_000).default(10_000),
  /** Seconds of event time that computed statistics are kept. */
  statistics_cache_seconds: z.number().min(0).default(60),
  /** Seconds that a sample may be older than its series' newest. */
  max_late_seconds: z.number().min(0).default(600),
  /** Seconds of event time in which what labels did to a sensitivity halves; set by an operator it stays. */
  sensitivity_half_life_seconds: z.number().positive().default(604_800),
});
export type SeriesSettings = z.infer<typeof seriesSettings>;

/** Settings that the learner's actors read. They are input: a change of them is a message in the log. */
export const learnerSettings = seriesSettings.extend({
  /** Settings of single metrics, in order: a later entry wins. */
  metrics: z.array(metricSettings).max(1_000).default([]),
  /** Seconds without a sample after which a series is forgotten; at least the learning window counts. */
  idle_series_seconds: z.number().positive().default(172_800),
  /** Series that one system may have in one partition; not there = no limit. The learner derives it. */
  max_series_of_system: z.number().int().min(1).optional(),
});
export type LearnerSettings = z.infer<typeof learnerSettings>;

/** The longest window that any series may have, seconds. */
export const longestWindowSeconds = ({
  learning_window_seconds,
  metrics,
}: Pick<LearnerSettings, "learning_window_seconds" | "metrics">): number =>
  metrics.reduce(
    (longest, entry) => Math.max(longest, entry.learning_window_seconds ?? 0),
    learning_window_seconds,
  );
