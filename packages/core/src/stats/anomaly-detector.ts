import { doubles } from "./doubles.ts";
import { requireFinite, requireSnapshot } from "./errors.ts";
import { RangeMemory, type RangeMemorySnapshot } from "./range-memory.ts";
import { RecentValues, type RecentValuesSnapshot } from "./recent-values.ts";
import { SEASON_NUMBERS, type SeasonPoint, VIEWS } from "./season-point.ts";
import { SeasonViews, type SeasonViewsSnapshot } from "./season-views.ts";
import { Silence } from "./silence.ts";
import { TrendOfDays } from "./trend-of-days.ts";

/** Silent until this many points have come. */
const SILENT_POINTS = 30;
/** Points at which youth halves the evidence. */
const YOUTH = 400;
/** Evidence at which the score is 1/2. */
const HALF_EVIDENCE = 0.2;
/** What is left of a point's evidence at the next one that has some. */
const EVIDENCE_KEPT = 0.5;
/** Rates of the two running means that a value is compared with. */
const FAST_RATE = 0.1;
const SLOW_RATE = 0.01;
/** Least range of a view, as a share of the range of the values. */
const RANGE_FLOOR = 0.1;
/** A stretch this flat, as a share of the largest extent, is as flat as it gets. */
const FLATNESS_FLOOR = 0.01;
/** What the largest extent loses a point. */
const EXTENT_DECAY = 1 / 5_000;
const FLATNESS_POINTS = 50;
const INTERVAL_RATE = 0.05;
/** A gap counts as at most so many usual ones. */
const LONGEST_GAP = 5;
/** Means learn a value as at most so many ranges outside the usual one. */
const LEARNED_RANGES = 2;
/** Larger values are taken for this one, so that sums and differences stay finite. */
const LARGEST = 1e300;

/** Views, by their place in the range memory. */
const VALUE = 0;
const LOWEST_SHORT = 1;
const LOWEST_MIDDLE = 2;
const LOWEST_LONG = 3;
const HIGHEST = 4;
const FAST_RESIDUAL = 5;
const SLOW_RESIDUAL = 6;
const FLATNESS = 7;

/** Families of views, as messages name them; `AnomalyDetector.excesses` is in this order. */
export const VIEW_FAMILIES = [
  "value",
  "lows",
  "highs",
  "running_mean",
  "flatness",
  "hour_of_day",
  "hour_of_week",
  "usual_residual",
  "silence",
] as const;
export type ViewFamily = (typeof VIEW_FAMILIES)[number];

/** Places of the numbers of the state. */
const EVIDENCE = 0;
/** What is left of the evidence of the points before. */
const KEPT = 1;
/** Ends of the usual range before the last point, NaN before the second. */
const EXPECTED_LOW = 2;
const EXPECTED_HIGH = 3;
const FAST_MEAN = 4;
const SLOW_MEAN = 5;
const LARGEST_EXTENT = 6;
/** NaN before the first point. */
const LAST_MS = 7;
const INTERVAL_MS = 8;
const EXPECTED = 9;
const SILENCE = new Silence(10);
const SEASON = 10 + Silence.LENGTH;
const TREND_AT = SEASON + SEASON_NUMBERS;
const TREND = new TrendOfDays(TREND_AT);
const NUMBERS = TREND_AT + TrendOfDays.LENGTH;
const MAY_BE_UNKNOWN = [EXPECTED_LOW, EXPECTED_HIGH, LAST_MS];

/** Excess of each family at the last point of any detector. */
const excesses = doubles(VIEW_FAMILIES.length, 0);

/** The point that is judged now, of any detector. */
const point: SeasonPoint = {
  localMs: 0.5,
  x: 0.5,
  learnedLow: 0.5,
  learnedHigh: 0.5,
  floor: 0.5,
  intervalMs: 0.5,
  numbers: [],
  from: SEASON,
  line: 0.5,
  slope: 0.5,
  ranges: new RangeMemory(VIEWS),
  recent: new RecentValues(),
  dayBegun: undefined,
  knowsTrend: false,
};

/** State of an `AnomalyDetector`: numbers and typed arrays. */
export interface AnomalyDetectorSnapshot {
  version: 5;
  numbers: Float64Array;
  ranges: RangeMemorySnapshot;
  recent: RecentValuesSnapshot;
  season: SeasonViewsSnapshot;
}

/**
 * Online detector of unusual points, in both directions: a point is unusual when several views of the series leave
 * the range that each has had over about the last 5,000 points.
 *
 * Views, in nine families: the value; the least of the last 6, 24 and 48; the largest of 24; the distance from two running
 * means; how flat the last 50 are; the distance from the hour of the day; from the hour of the week, and its mean of 24;
 * medians of 11 and 25 of the distance from the time of day, in usual distances; how long the series has not been above
 * its mean. A family's excess e is the largest distance outside of a range, over that range, at most 5 (see `RangeMemory`);
 * evidence is (Σ √e)² · n / (n + 400), so that agreement counts and youth is doubted, plus half of what there was at the
 * point before; score = evidence / (evidence + 0.2). Each score depends on this and earlier points only.
 *
 * Cost: O(1), about 0.9 µs a point; 1.2 KB when new, about 4.5 KB when seasoned (see `SeasonViews`).
 */
export class AnomalyDetector {
  readonly #numbers: number[];
  #ranges = new RangeMemory(VIEWS);
  #recent = new RecentValues();
  #season: SeasonViews;

  /** @param seasonal Whether the series may follow the hours of days and weeks: else those views are left out. */
  constructor(seasonal = true) {
    this.#season = new SeasonViews(seasonal);
    this.#numbers = doubles(NUMBERS, 0);
    this.#numbers[EXPECTED_LOW] = Number.NaN;
    this.#numbers[EXPECTED_HIGH] = Number.NaN;
    this.#numbers[LAST_MS] = Number.NaN;
  }

  get seasonal(): boolean {
    return this.#season.wanted;
  }

  /** What was known of the season is let go of; one that is wanted anew is learned from now on. */
  set seasonal(wanted: boolean) {
    this.#season.want(wanted, this.#numbers, SEASON);
  }

  /** Points judged. */
  get count(): number {
    return this.#ranges.points;
  }

  /** Evidence of the last point, ≥ 0; 0 where no view has left its range. */
  get evidence(): number {
    return this.#numbers[EVIDENCE]!;
  }

  /** Score of the last point, 0 … 1. */
  get score(): number {
    return scoreOf(this.#numbers[EVIDENCE]!);
  }

  /**
   * Excess of each family of `VIEW_FAMILIES` at the last point, 0 … 5. One list for all detectors: good until the next
   * `update` of any.
   */
  get excesses(): readonly number[] {
    return excesses;
  }

  /** Lower end of the range that was usual before the last point, unit of the values; undefined before the second. */
  get expectedLow(): number | undefined {
    const low = this.#numbers[EXPECTED_LOW]!;
    return Number.isNaN(low) ? undefined : low;
  }

  /** Upper end. */
  get expectedHigh(): number | undefined {
    const high = this.#numbers[EXPECTED_HIGH]!;
    return Number.isNaN(high) ? undefined : high;
  }

  /** What was expected of the last point: the mean of its hour of the day, where there is one, else the running mean. */
  get expected(): number {
    return this.#numbers[EXPECTED]!;
  }

  /** Usual milliseconds between two points, 0 before the second. */
  get intervalMs(): number {
    return this.#numbers[INTERVAL_MS]!;
  }

  /** Whether a value lies within that range; false before the second point. Cost: two comparisons. */
  expects(value: number): boolean {
    return value >= this.#numbers[EXPECTED_LOW]! && value <= this.#numbers[EXPECTED_HIGH]!;
  }

  /**
   * Judges the next point, then learns from it.
   *
   * @param localMs Local time in milliseconds since 1970, for the hour of the day and the day of the week.
   * @param value Any finite number.
   * @returns Score, 0 … 1; 0 for the first 30 points.
   * @throws {StatsError} MAPEK_STATS_NOT_FINITE, with nothing learned.
   */
  update(localMs: number, value: number): number {
    if (!(Number.isFinite(value) && Number.isFinite(localMs))) {
      requireFinite(value, "value");
      requireFinite(localMs, "time");
    }
    const numbers = this.#numbers;
    const x = Math.min(LARGEST, Math.max(-LARGEST, value));
    this.#followInterval(localMs);
    const seen = this.#ranges.points;
    if (seen === 0) {
      numbers[FAST_MEAN] = x;
      numbers[SLOW_MEAN] = x;
    } else {
      numbers[EXPECTED_LOW] = this.#ranges.lowOf(VALUE);
      numbers[EXPECTED_HIGH] = this.#ranges.highOf(VALUE);
    }
    this.#confine(seen);
    const learned = Math.min(point.learnedHigh, Math.max(point.learnedLow, x));
    this.#compare(localMs, x, learned);
    numbers[FAST_MEAN]! += (learned - numbers[FAST_MEAN]!) * FAST_RATE;
    numbers[SLOW_MEAN]! += (learned - numbers[SLOW_MEAN]!) * SLOW_RATE;
    this.#ranges.advance();

    let roots = 0;
    for (const excess of excesses) if (excess > 0) roots += Math.sqrt(excess);
    const evidence = seen < SILENT_POINTS ? 0 : (roots * roots * seen) / (seen + YOUTH);
    numbers[KEPT] = numbers[KEPT]! * EVIDENCE_KEPT + evidence;
    numbers[EVIDENCE] = evidence > 0 ? numbers[KEPT]! : 0;
    return this.score;
  }

  snapshot(): AnomalyDetectorSnapshot {
    return {
      version: 5,
      numbers: Float64Array.from(this.#numbers),
      ranges: this.#ranges.snapshot(),
      recent: this.#recent.snapshot(),
      season: this.#season.snapshot(this.count),
    };
  }

  /**
   * Continues where `snapshot` was taken, bit for bit. One of version 4 knows no line: that is learned from then on.
   *
   * @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT
   */
  static restore({
    version,
    numbers: stored,
    ranges,
    recent,
    season,
  }:
    | AnomalyDetectorSnapshot
    | (Omit<AnomalyDetectorSnapshot, "version"> & { version: 4 })): AnomalyDetector {
    requireSnapshot(version === 5 || version === 4, "not an anomaly detector of version 4 or 5");
    requireSnapshot(
      stored.length === (version === 4 ? TREND_AT : NUMBERS),
      "wrong number of numbers",
    );
    const numbers = new Float64Array(NUMBERS);
    numbers.set(stored);
    requireSnapshot(TREND.isSound(numbers), "a count is out of range");
    requireSnapshot(numbers[EVIDENCE]! >= 0 && numbers[KEPT]! >= 0, "evidence out of range");
    requireSnapshot(
      numbers.every((number, at) => Number.isFinite(number) || MAY_BE_UNKNOWN.includes(at)),
      "a number is not finite",
    );
    const restored = new AnomalyDetector(season.seasonal);
    for (let at = 0; at < NUMBERS; at++) restored.#numbers[at] = numbers[at]!;
    restored.#ranges = RangeMemory.restore(VIEWS, ranges);
    restored.#recent = RecentValues.restore(recent);
    restored.#season = SeasonViews.restore(season, restored.count);
    return restored;
  }

  /** Fills `excesses`, and takes the point into every view. */
  #compare(localMs: number, x: number, learned: number): void {
    const numbers = this.#numbers;
    const ranges = this.#ranges;
    const range = ranges.points === 0 ? 0 : numbers[EXPECTED_HIGH]! - numbers[EXPECTED_LOW]!;
    const floor = RANGE_FLOOR * range;
    numbers[EXPECTED] = numbers[SLOW_MEAN]!;
    const recent = this.#recent.update(x);
    excesses[0] = ranges.excess(VALUE, x, floor);
    excesses[1] = Math.max(
      ranges.excess(LOWEST_SHORT, recent.lowestShort, floor),
      ranges.excess(LOWEST_MIDDLE, recent.lowestMiddle, floor),
      ranges.excess(LOWEST_LONG, recent.lowestLong, floor),
    );
    excesses[2] = ranges.excess(HIGHEST, recent.highest, floor);
    excesses[3] = Math.max(
      ranges.excess(FAST_RESIDUAL, x - numbers[FAST_MEAN]!, floor),
      ranges.excess(SLOW_RESIDUAL, x - numbers[SLOW_MEAN]!, floor),
    );
    numbers[LARGEST_EXTENT] = Math.max(
      recent.extent,
      numbers[LARGEST_EXTENT]! * (1 - EXTENT_DECAY),
    );
    excesses[4] =
      this.#recent.held < FLATNESS_POINTS || numbers[LARGEST_EXTENT]! === 0
        ? 0
        : ranges.excess(
            FLATNESS,
            Math.log(recent.extent / numbers[LARGEST_EXTENT]! + FLATNESS_FLOOR),
            0,
          );
    this.#compareSeason(localMs, x, learned, floor);
    const rise = point.slope * point.intervalMs;
    const silence = SILENCE.update(numbers, ranges.points, x, learned, rise);
    excesses[8] = silence > 0 && this.#season.mayFall(point) ? 0 : silence;
  }

  #compareSeason(localMs: number, x: number, learned: number, floor: number): void {
    const numbers = this.#numbers;
    point.dayBegun = TREND.update(numbers, localMs, learned);
    point.line = TREND.at(numbers, localMs);
    point.slope = TREND.slope(numbers);
    point.knowsTrend = TREND.isKnown(numbers);
    point.localMs = localMs;
    point.x = x;
    point.floor = floor;
    point.intervalMs = this.intervalMs;
    point.numbers = numbers;
    point.ranges = this.#ranges;
    point.recent = this.#recent;
    const { expected, hourOfDay, hourOfWeek, usualResidual } = this.#season.update(point);
    if (!Number.isNaN(expected)) numbers[EXPECTED] = expected;
    excesses[5] = hourOfDay;
    excesses[6] = hourOfWeek;
    excesses[7] = usualResidual;
  }

  /** What means learn of a value: one far outside the usual range as one two ranges outside. */
  #confine(seen: number): void {
    const [low, high] = [this.#numbers[EXPECTED_LOW]!, this.#numbers[EXPECTED_HIGH]!];
    const reach = LEARNED_RANGES * (high - low);
    const isKnown = seen > 0 && reach > 0;
    point.learnedLow = isKnown ? low - reach : -Number.MAX_VALUE;
    point.learnedHigh = isKnown ? high + reach : Number.MAX_VALUE;
  }

  #followInterval(localMs: number): void {
    const gap = localMs - this.#numbers[LAST_MS]!;
    this.#numbers[LAST_MS] = localMs;
    if (!(gap > 0)) return;
    const usual = this.#numbers[INTERVAL_MS]!;
    // A silence says little of what is usual.
    const learned = usual === 0 ? gap : Math.min(gap, LONGEST_GAP * usual);
    this.#numbers[INTERVAL_MS] = usual === 0 ? gap : usual + INTERVAL_RATE * (learned - usual);
  }
}

/** Score of an amount of evidence: 0 … 1, 1/2 at 0.2. */
export const scoreOf = (evidence: number): number => evidence / (evidence + HALF_EVIDENCE);
