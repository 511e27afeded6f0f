import { clamp } from "../clamp.ts";
import { requireFinite, requireSnapshot } from "../errors.ts";
import { doubles } from "../memory/doubles.ts";
import { type DayBegun, TrendOfDays } from "../season/trend-of-days.ts";
import { RecentValues, type RecentValuesSnapshot } from "../window/recent-values.ts";
import { RangeMemory, type RangeMemorySnapshot } from "./range-memory.ts";
import { Silence } from "./silence.ts";

/** Evidence is 0 for the first 30 points. */
const SILENT_POINTS = 30;
/** After so many points evidence has half its weight: n / (n + 400). */
const YOUTH = 400;
/** Share of the kept evidence that the next point adds to its own. */
const EVIDENCE_KEPT = 0.5;
/** Rates of the two running means. */
const FAST_RATE = 0.1;
const SLOW_RATE = 0.01;
/** Least range of a view, as a share of the range of the values. */
const RANGE_FLOOR = 0.1;
/** Added to the extent as a share of the largest one, so that the logarithm of flatness has a lower limit. */
const FLATNESS_FLOOR = 0.01;
/** Share that the largest extent loses per point. */
const EXTENT_DECAY = 1 / 5_000;
const FLATNESS_POINTS = 50;
const INTERVAL_RATE = 0.05;
/** A gap counts as at most 5 usual intervals. */
const LONGEST_GAP = 5;
/** The running means learn a value as at most two ranges outside the usual range. */
const LEARNED_RANGES = 2;
/** Values are limited to ±1e300, so that sums and differences stay finite. */
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
const VIEWS = 8;

/** Families of views, as messages name them; `RecordDetector.excesses` is in this order. */
export const VIEW_FAMILIES = [
  "value",
  "lows",
  "highs",
  "running_mean",
  "flatness",
  "silence",
] as const;

/** Places of the numbers of the state. */
const EVIDENCE = 0;
/** Decayed sum of the evidence so far. */
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
const SILENCE_AT = 10;
const SILENCE = new Silence(SILENCE_AT);
const TREND_AT = SILENCE_AT + Silence.LENGTH;
const TREND = new TrendOfDays(TREND_AT);
const NUMBERS = TREND_AT + TrendOfDays.LENGTH;
const MAY_BE_UNKNOWN = [EXPECTED_LOW, EXPECTED_HIGH, LAST_MS];

/** Excess of each family at the last point. All detectors share this list. */
const excesses = doubles(VIEW_FAMILIES.length, 0);
/** The day of the trend line that began with the last point of any detector. */
let begun: Readonly<DayBegun> | undefined;

/** State of a `RecordDetector`: numbers and typed arrays. */
export interface RecordDetectorSnapshot {
  version: 6;
  numbers: Float64Array;
  ranges: RangeMemorySnapshot;
  recent: RecentValuesSnapshot;
}

/**
 * Online detector of records in both directions. A point is a record if several views of the series leave the range that each view has
 * had over its last 5,000 points (fifteen days, for a fast series).
 *
 * Families of views: the value; the minimum of the last 6, 24 and 48 points; the maximum of the last 24; the distance from two running
 * means; the flatness of the last 50; the time since the series was above its mean (`Silence`). The excess e of a family is the largest
 * distance outside a range, divided by the range, at most 5 (see `RangeMemory`). Evidence is (Σ √e)² · n / (n + 400), so that agreeing
 * families count more and young series less, plus half of the evidence kept from earlier points. The rarity of evidence depends on
 * neither unit nor series (`recordSurprise`). Records know nothing of the hours of days and weeks.
 *
 * Cost: O(1), about 0.5 µs a point; 1.1 KB when new, 1.9 KB when seasoned.
 */
export class RecordDetector {
  readonly #numbers: number[];
  #ranges = new RangeMemory(VIEWS);
  #recent = new RecentValues();

  constructor() {
    this.#numbers = doubles(NUMBERS, 0);
    this.#numbers[EXPECTED_LOW] = Number.NaN;
    this.#numbers[EXPECTED_HIGH] = Number.NaN;
    this.#numbers[LAST_MS] = Number.NaN;
  }

  /** Points judged. */
  get count(): number {
    return this.#ranges.points;
  }

  /** Evidence of the last point, ≥ 0; 0 if no view has left its range. */
  get evidence(): number {
    return this.#numbers[EVIDENCE]!;
  }

  /**
   * Excess of each family of `VIEW_FAMILIES` at the last point, 0 … 5. All detectors share this list: the next `update` of any
   * detector overwrites it.
   */
  get excesses(): readonly number[] {
    return excesses;
  }

  /** Lower end of the usual range before the last point, unit of the values; undefined before the second point. */
  get expectedLow(): number | undefined {
    const low = this.#numbers[EXPECTED_LOW]!;
    return Number.isNaN(low) ? undefined : low;
  }

  /** Upper end of the usual range. */
  get expectedHigh(): number | undefined {
    const high = this.#numbers[EXPECTED_HIGH]!;
    return Number.isNaN(high) ? undefined : high;
  }

  /** The running mean before the last point. */
  get expected(): number {
    return this.#numbers[EXPECTED]!;
  }

  /** The day of the trend line that began with the last point. The next `update` of any detector overwrites the day. */
  get dayBegun(): Readonly<DayBegun> | undefined {
    return begun;
  }

  /** The trend line at a local time, ms: 0 at the beginning of the day, or if there is no line. */
  lineAt(localMs: number): number {
    return TREND.at(this.#numbers, localMs);
  }

  /** Usual milliseconds between two points, 0 before the second. */
  get intervalMs(): number {
    return this.#numbers[INTERVAL_MS]!;
  }

  /** Whether a value lies within the usual range; false before the second point. Cost: two comparisons. */
  expects(value: number): boolean {
    return value >= this.#numbers[EXPECTED_LOW]! && value <= this.#numbers[EXPECTED_HIGH]!;
  }

  /**
   * Judges the next point, then learns from it.
   *
   * @param localMs Local time in milliseconds since 1970.
   * @param value Any finite number.
   * @throws {StatsError} MAPEK_STATS_NOT_FINITE, with nothing learned.
   */
  update(localMs: number, value: number): void {
    if (!(Number.isFinite(value) && Number.isFinite(localMs))) {
      requireFinite(value, "value");
      requireFinite(localMs, "time");
    }
    const numbers = this.#numbers;
    const x = confined(value);
    this.#followInterval(localMs);
    const seen = this.#ranges.points;
    if (seen === 0) {
      numbers[FAST_MEAN] = x;
      numbers[SLOW_MEAN] = x;
    } else {
      numbers[EXPECTED_LOW] = this.#ranges.lowOf(VALUE);
      numbers[EXPECTED_HIGH] = this.#ranges.highOf(VALUE);
    }
    const learned = this.#learnedOf(x, seen);
    this.#compare(localMs, x, learned);
    numbers[FAST_MEAN]! += (learned - numbers[FAST_MEAN]!) * FAST_RATE;
    numbers[SLOW_MEAN]! += (learned - numbers[SLOW_MEAN]!) * SLOW_RATE;
    this.#ranges.advance(localMs);

    let roots = 0;
    for (const excess of excesses) if (excess > 0) roots += Math.sqrt(excess);
    const evidence = seen < SILENT_POINTS ? 0 : (roots * roots * seen) / (seen + YOUTH);
    numbers[KEPT] = numbers[KEPT]! * EVIDENCE_KEPT + evidence;
    numbers[EVIDENCE] = evidence > 0 ? numbers[KEPT]! : 0;
  }

  snapshot(): RecordDetectorSnapshot {
    return {
      version: 6,
      numbers: Float64Array.from(this.#numbers),
      ranges: this.#ranges.snapshot(),
      recent: this.#recent.snapshot(),
    };
  }

  /** Continues where `snapshot` was taken, bit for bit. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ version, numbers, ranges, recent }: RecordDetectorSnapshot): RecordDetector {
    requireSnapshot(version === 6, "not a record detector of version 6");
    requireSnapshot(numbers.length === NUMBERS, "wrong number of numbers");
    requireSnapshot(TREND.isSound(numbers), "a count is out of range");
    requireSnapshot(numbers[EVIDENCE]! >= 0 && numbers[KEPT]! >= 0, "evidence out of range");
    requireSnapshot(
      numbers.every((number, at) => Number.isFinite(number) || MAY_BE_UNKNOWN.includes(at)),
      "a number is not finite",
    );
    const restored = new RecordDetector();
    for (let at = 0; at < NUMBERS; at++) restored.#numbers[at] = numbers[at]!;
    restored.#ranges = RangeMemory.restore(VIEWS, ranges);
    restored.#recent = RecentValues.restore(recent);
    return restored;
  }

  /** Fills `excesses`, and updates every view with the point. */
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
    begun = TREND.update(numbers, localMs, learned);
    const rise = TREND.slope(numbers) * this.intervalMs;
    excesses[5] = SILENCE.update(numbers, ranges.points, x, learned, rise);
  }

  /** The value that the running means learn: at most two ranges outside the usual range. */
  #learnedOf(x: number, seen: number): number {
    const [low, high] = [this.#numbers[EXPECTED_LOW]!, this.#numbers[EXPECTED_HIGH]!];
    const reach = LEARNED_RANGES * (high - low);
    return seen > 0 && reach > 0 ? Math.min(high + reach, Math.max(low - reach, x)) : x;
  }

  #followInterval(localMs: number): void {
    const gap = localMs - this.#numbers[LAST_MS]!;
    this.#numbers[LAST_MS] = localMs;
    if (!(gap > 0)) return;
    const usual = this.#numbers[INTERVAL_MS]!;
    // A long gap in the samples must not change the usual interval.
    const learned = usual === 0 ? gap : Math.min(gap, LONGEST_GAP * usual);
    this.#numbers[INTERVAL_MS] = usual === 0 ? gap : usual + INTERVAL_RATE * (learned - usual);
  }
}

/** A value limited to ±1e300. */
export const confined = (value: number): number => clamp(value, -LARGEST, LARGEST);
