import { z } from "zod";
import { strategyName } from "../outputs/recommendation.ts";
import { setting } from "./setting-facts.ts";

/** Whether the runtime knows a time zone by this IANA name. */
function isTimeZone(name: string): boolean {
  // Every service reads the default UTC, and the first lookup of a time zone takes 20 ms.
  if (name === "UTC") return true;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Settings that `metrics` may override for a metric, with their defaults. */
const metricFields = {
  learning_window_seconds: setting(z.number().positive(), {
    meaning:
      "Event time that a window looks back; the newest 5 · `min_data_points` samples are kept however old they are.",
    unit: "s",
    env: "MAPEK_LEARNING_WINDOW",
  }),
  min_data_points: setting(z.number().int().min(16), {
    meaning: "Samples from which a recommendation is no longer provisional.",
    unit: "samples",
    env: "MAPEK_MIN_DATA_POINTS",
  }),
  optimization_interval: setting(z.number().positive(), {
    meaning: "Event time between two recommendations.",
    unit: "s",
    env: "MAPEK_OPTIMIZATION_INTERVAL",
  }),
  exceedance_rate: setting(z.number().min(0.0001).max(0.25), {
    meaning: "Share of the samples beyond a threshold that is promised of it.",
    unit: "share",
  }),
  strategy: setting(z.union([strategyName, z.literal("auto")]), {
    meaning:
      "How a recommendation is computed; `auto` takes the strategy that did best on the series' own window.",
  }),
  thresholds: setting(z.enum(["upper", "lower", "both"]), {
    meaning:
      "Which thresholds are learned: one that few samples are above, one that few are below, or both.",
  }),
  threshold_tolerance: setting(z.number().min(0).max(10), {
    meaning:
      "A threshold in force is handed out anew when it lies this far from what was handed out; 0: at each change, once a minute at most.",
    unit: "usual deviations of the series",
  }),
  minimum: setting(z.number().optional(), {
    meaning: "No learned threshold lies below; unset: no bound. Where both bind, `maximum` wins.",
    unit: "metric",
  }),
  maximum: setting(z.number().optional(), {
    meaning: "No learned threshold lies above; unset: no bound.",
    unit: "metric",
  }),
  detection_resolution_seconds: setting(z.number().min(0), {
    meaning:
      "Event time between two samples that are judged. One that follows sooner is judged only where it leaves the range that its series had so far; 0 judges every one.",
    unit: "s",
  }),
  alarm_budget: setting(z.number().min(0.01).max(100), {
    meaning:
      "False incidents that a series may open in fourteen days; the level of its alarms is derived from it.",
    unit: "incidents",
  }),
  sensitivity: setting(z.number().min(0.1).max(10), {
    meaning: "Multiplies `alarm_budget`; labels and operators move it from here.",
    unit: "factor",
  }),
  min_deviation: setting(z.number().min(0), {
    meaning: "A sample nearer than this to what was expected is no anomaly.",
    unit: "metric",
  }),
  min_relative_deviation: setting(z.number().min(0), {
    meaning: "A sample nearer than this share of what was expected is no anomaly.",
    unit: "share",
  }),
  direction: setting(z.enum(["both", "above", "below"]), {
    meaning: "On which side of what was expected an anomaly may lie.",
  }),
  time_zone: setting(
    z.string().refine(isTimeZone, "expected the IANA name of a time zone, such as UTC"),
    { meaning: "Zone of the days and weeks that the metric follows." },
  ),
  seasonal: setting(z.boolean(), { meaning: "Whether the metric may follow days and weeks." }),
  stale_after_seconds: setting(z.number().positive().optional(), {
    meaning:
      "A series is stale after so long without a sample; unset: 10 usual intervals, at least 300 s.",
    unit: "s",
  }),
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
  match: setting(z.string().regex(MATCH_PATTERN, "expected <system>/<metric>, with * and ?"), {
    meaning:
      "The series that the entry is for: `<system>/<metric>`, with `*` for any characters and `?` for one.",
  }),
  labels: setting(z.record(z.string(), z.string()).optional(), {
    meaning: "Labels that these series must have, with just these values; unset: any.",
  }),
  ...z.object(metricFields).partial().shape,
});
export type MetricSettings = z.infer<typeof metricSettings>;

/** Settings of one series. */
export const seriesSettings = defaultsOfMetrics.extend({
  window_capacity: setting(z.number().int().min(16).max(1_000_000).default(10_000), {
    meaning: "Most samples in a window.",
    unit: "samples",
  }),
  statistics_cache_seconds: setting(z.number().min(0).default(60), {
    meaning: "Event time for which computed statistics are kept.",
    unit: "s",
  }),
  max_late_seconds: setting(z.number().min(0).default(600), {
    meaning: "A sample may be so much older than its series' newest; later ones are refused.",
    unit: "s",
  }),
  sensitivity_half_life_seconds: setting(z.number().positive().default(604_800), {
    meaning:
      "Event time in which what labels did to a sensitivity halves; one set by an operator stays.",
    unit: "s",
  }),
});
export type SeriesSettings = z.infer<typeof seriesSettings>;

/** Settings that the learner's actors read. Settings are input: each change of settings is a message in the log. */
export const learnerSettings = seriesSettings.extend({
  metrics: setting(z.array(metricSettings).max(1_000).default([]), {
    meaning:
      "Settings of single metrics: each entry has a `match` and any of the keys above up to `stale_after_seconds`; a later entry wins.",
  }),
  idle_series_seconds: setting(z.number().positive().default(172_800), {
    meaning:
      "A series is forgotten after so long without a sample, never before its learning window is over.",
    unit: "s",
  }),
  /** Most series of one system in one partition; absent = no limit. Derived by the learner, not set by users. */
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
