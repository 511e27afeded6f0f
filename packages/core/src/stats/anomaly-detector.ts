import { requireFinite, requireRange, requireSnapshot } from "./errors.ts";
import { HourProfile, type HourProfileSnapshot } from "./hour-profile.ts";
import { RangeMemory, type RangeMemorySnapshot } from "./range-memory.ts";
import { RecentValues, type RecentValuesSnapshot } from "./recent-values.ts";

/** Silent until this many points have come. */
const SILENT_POINTS = 30;
/** Points at which youth halves the evidence. */
const YOUTH = 400;
/** Evidence at which the score is 1/2. */
const HALF_EVIDENCE = 0.2;
/** Evidence that is an alarm at sensitivity 1. */
const ALARM_EVIDENCE = 2.5;
/** Rates of the two running means that a value is compared with. */
const FAST_RATE = 0.1;
const SLOW_RATE = 0.01;
/** Least range of a view, as a share of the range of the values. */
const RANGE_FLOOR = 0.1;
/** A stretch this flat, as a share of the range of the values, is as flat as it gets. */
const FLATNESS_FLOOR = 0.01;

/** Views, by their place in the range memory. */
const VALUE = 0;
const MEDIAN = 1;
const SHORT_MEAN = 2;
const LONG_MEAN = 3;
const LOWEST = 4;
const HIGHEST = 5;
const FAST_RESIDUAL = 6;
const SLOW_RESIDUAL = 7;
const HOUR_RESIDUAL = 8;
const FLATNESS = 9;
const VIEWS = 10;

export interface AnomalyDetectorOptions {
  /** 0.1 … 10. Larger: more alarms, on less evidence. The score does not depend on it. @default 1 */
  sensitivity?: number;
}

/** State of an `AnomalyDetector`: numbers and typed arrays. */
export interface AnomalyDetectorSnapshot {
  version: 1;
  sensitivity: number;
  score: number;
  expected_low: number;
  expected_high: number;
  fast_mean: number;
  slow_mean: number;
  ranges: RangeMemorySnapshot;
  recent: RecentValuesSnapshot;
  hours: HourProfileSnapshot;
}

/**
 * Online detector of unusual points, in both directions: a point is unusual when several views of the series leave
 * the range that each has had over about the last 5,000 points.
 *
 * Views: the value; its median of 5; its means of 6 and 24; its minimum and its maximum of 12; its distance from two
 * running means; its distance from the same hour on earlier days; how flat the last 24 points are. A view's excess e
 * is its distance outside over its range, at most 5; evidence is (Σ √e)² · n / (n + 400) over families of views, so
 * that agreement counts and youth is doubted; score = evidence / (evidence + 0.2).
 * Each score depends on this and earlier points only. Silent for the first 30 points.
 *
 * Cost: O(1), below 1 µs a point; 0.8 KB when new, 2.6 KB when seasoned.
 */
export class AnomalyDetector {
  #sensitivity: number;
  #score = 0;
  #expectedLow = Number.NaN;
  #expectedHigh = Number.NaN;
  #fastMean = 0;
  #slowMean = 0;
  #ranges = new RangeMemory(VIEWS);
  #recent = new RecentValues();
  #hours = new HourProfile();

  /** @throws {StatsError} MAPEK_STATS_BAD_SETTING */
  constructor({ sensitivity = 1 }: AnomalyDetectorOptions = {}) {
    requireRange(sensitivity, 0.1, 10, "sensitivity");
    this.#sensitivity = sensitivity;
  }

  /** Points judged. */
  get count(): number {
    return this.#ranges.points;
  }

  /** Score of the last point, 0 … 1. */
  get score(): number {
    return this.#score;
  }

  /** Score from which on a point is an alarm, 0 … 1: lower at higher sensitivity. */
  get alarmScore(): number {
    const evidence = ALARM_EVIDENCE / this.#sensitivity;
    return evidence / (evidence + HALF_EVIDENCE);
  }

  /** Whether the last point is an alarm. */
  get isAlarm(): boolean {
    return this.#score >= this.alarmScore;
  }

  /** Lower end of the range that was usual before the last point, unit of the values; undefined before the second. */
  get expectedLow(): number | undefined {
    return Number.isNaN(this.#expectedLow) ? undefined : this.#expectedLow;
  }

  /** Upper end. */
  get expectedHigh(): number | undefined {
    return Number.isNaN(this.#expectedHigh) ? undefined : this.#expectedHigh;
  }

  /** Whether a value lies within that range; false before the second point. Cost: two comparisons. */
  expects(value: number): boolean {
    return value >= this.#expectedLow && value <= this.#expectedHigh;
  }

  get sensitivity(): number {
    return this.#sensitivity;
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SETTING outside 0.1 … 10 */
  set sensitivity(sensitivity: number) {
    requireRange(sensitivity, 0.1, 10, "sensitivity");
    this.#sensitivity = sensitivity;
  }

  /**
   * Judges the next point, then learns from it.
   *
   * @param timeMs Milliseconds since 1970, for the hour of the day.
   * @param value Any finite number.
   * @returns Score, 0 … 1; 0 for the first 30 points.
   * @throws {StatsError} MAPEK_STATS_NOT_FINITE, with nothing learned.
   */
  update(timeMs: number, value: number): number {
    if (!(Number.isFinite(value) && Number.isFinite(timeMs))) {
      requireFinite(value, "value");
      requireFinite(timeMs, "time");
    }
    const ranges = this.#ranges;
    const seen = ranges.points;
    if (seen === 0) {
      this.#fastMean = value;
      this.#slowMean = value;
    } else {
      this.#expectedLow = ranges.lowOf(VALUE);
      this.#expectedHigh = ranges.highOf(VALUE);
    }
    // Halved before the subtraction: the range of finite values may not be finite.
    const range =
      seen === 0
        ? 0
        : Math.min(Number.MAX_VALUE, 2 * (this.#expectedHigh / 2 - this.#expectedLow / 2));
    const floor = RANGE_FLOOR * range;
    const recent = this.#recent.update(value);

    let roots = Math.sqrt(ranges.excess(VALUE, value, floor));
    roots += Math.sqrt(ranges.excess(MEDIAN, recent.median, floor));
    roots += Math.sqrt(
      Math.max(
        ranges.excess(SHORT_MEAN, recent.shortMean, floor),
        ranges.excess(LONG_MEAN, recent.longMean, floor),
      ),
    );
    roots += Math.sqrt(ranges.excess(LOWEST, recent.lowest, floor));
    roots += Math.sqrt(ranges.excess(HIGHEST, recent.highest, floor));
    roots += Math.sqrt(
      Math.max(
        ranges.excess(FAST_RESIDUAL, value - this.#fastMean, floor),
        ranges.excess(SLOW_RESIDUAL, value - this.#slowMean, floor),
      ),
    );
    const days = this.#hours.daysBefore(timeMs);
    if (days >= 1) {
      const residual = ranges.excess(HOUR_RESIDUAL, value - this.#hours.expected(timeMs), floor);
      // The second day only shows what residuals are usual.
      if (days >= 2) roots += Math.sqrt(residual);
    }
    if (range > 0 && seen >= SILENT_POINTS) {
      roots += Math.sqrt(
        ranges.excess(FLATNESS, Math.log(recent.extent / range + FLATNESS_FLOOR), 0),
      );
    }
    this.#learn(timeMs, value, range);
    ranges.advance();
    if (seen < SILENT_POINTS) {
      this.#score = 0;
      return 0;
    }
    const evidence = (roots * roots * seen) / (seen + YOUTH);
    this.#score = evidence / (evidence + HALF_EVIDENCE);
    return this.#score;
  }

  snapshot(): AnomalyDetectorSnapshot {
    return {
      version: 1,
      sensitivity: this.#sensitivity,
      score: this.#score,
      expected_low: this.#expectedLow,
      expected_high: this.#expectedHigh,
      fast_mean: this.#fastMean,
      slow_mean: this.#slowMean,
      ranges: this.#ranges.snapshot(),
      recent: this.#recent.snapshot(),
      hours: this.#hours.snapshot(),
    };
  }

  /** Continues where `snapshot` was taken, bit for bit. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(snapshot: AnomalyDetectorSnapshot): AnomalyDetector {
    const { version, sensitivity, score, fast_mean, slow_mean } = snapshot;
    requireSnapshot(version === 1, "not an anomaly detector of version 1");
    requireSnapshot(sensitivity >= 0.1 && sensitivity <= 10, "sensitivity out of range");
    requireSnapshot(score >= 0 && score <= 1, "score out of range");
    requireSnapshot(
      Number.isFinite(fast_mean) && Number.isFinite(slow_mean),
      "a mean is not finite",
    );
    const restored = new AnomalyDetector({ sensitivity });
    restored.#score = score;
    restored.#expectedLow = snapshot.expected_low;
    restored.#expectedHigh = snapshot.expected_high;
    restored.#fastMean = fast_mean;
    restored.#slowMean = slow_mean;
    restored.#ranges = RangeMemory.restore(VIEWS, snapshot.ranges);
    restored.#recent = RecentValues.restore(snapshot.recent);
    restored.#hours = HourProfile.restore(snapshot.hours);
    return restored;
  }

  /** Running means and the profile learn a value far outside as one range outside: bounded, but not deaf. */
  #learn(timeMs: number, value: number, range: number): void {
    let bounded = value;
    if (range > 0) {
      bounded = Math.min(this.#expectedHigh + range, Math.max(this.#expectedLow - range, value));
      bounded = Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, bounded));
    }
    this.#fastMean = this.#fastMean * (1 - FAST_RATE) + bounded * FAST_RATE;
    this.#slowMean = this.#slowMean * (1 - SLOW_RATE) + bounded * SLOW_RATE;
    this.#hours.update(timeMs, bounded);
  }
}
