import type { SeriesSettings } from "../../contract/index.ts";
import {
  type AlarmSettings,
  type RecommendationOptions,
  type SampleWindowOptions,
  type Side,
  zoneOffset,
} from "../../statistics/index.ts";

/** Number of samples that a slow series keeps at any age, so that thresholds can be learned from its window. */
const KEPT_MIN_DATA_POINTS = 5;

/** A window keeps its newest `keep` samples at any age; further samples are bounded by number and by age. */
export const windowOptions = (settings: SeriesSettings): Required<SampleWindowOptions> => ({
  capacity: settings.window_capacity,
  spanMs: settings.learning_window_seconds * 1_000,
  keep: Math.min(settings.window_capacity, KEPT_MIN_DATA_POINTS * settings.min_data_points),
});

let lastAlarmSettings: { of: SeriesSettings; value: AlarmSettings } | undefined;

/**
 * `alarmSettings` gives consecutive series with equal settings and sensitivity the same object, which saves the memory of one
 * object for each series.
 */
export function alarmSettings(settings: SeriesSettings, sensitivity: number): AlarmSettings {
  if (lastAlarmSettings?.of === settings && lastAlarmSettings.value.sensitivity === sensitivity)
    return lastAlarmSettings.value;
  const { alarm_budget, min_deviation, min_relative_deviation, direction } = settings;
  const value = {
    sensitivity,
    budget: alarm_budget,
    minDeviation: min_deviation,
    minRelativeDeviation: min_relative_deviation,
    direction,
  };
  lastAlarmSettings = { of: settings, value };
  return value;
}

/** The learner and `analyze` share `recommendationOptions`; with other options their recommendations would differ. */
export const recommendationOptions = ({
  exceedance_rate,
  strategy,
  min_data_points,
  seasonal,
}: SeriesSettings): RecommendationOptions => ({
  exceedanceRate: exceedance_rate,
  strategy,
  minDataPoints: min_data_points,
  seasonal,
});

/** The sides that settings ask for, upper before lower. */
export const learnedSides = ({ thresholds }: SeriesSettings): readonly Side[] =>
  thresholds === "both" ? ["upper", "lower"] : [thresholds];

/** Whether thresholds follow the online threshold; with an explicitly chosen formula they do not. */
export const followsOnline = ({ strategy }: SeriesSettings): boolean =>
  strategy === "auto" || strategy === "adaptive";

/** Milliseconds by which local time is ahead of UTC at a time; 0 without a time zone. */
export const localOffset = ({ time_zone }: SeriesSettings, time: number): number =>
  time_zone === undefined ? 0 : zoneOffset(time_zone)(time);

/** A learned threshold stays within the bounds that the settings set; the maximum wins. */
export function boundedThreshold(
  threshold: number,
  { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY }: SeriesSettings,
): number {
  return Math.min(maximum, Math.max(minimum, threshold));
}
