import { within } from "./clamp.ts";
import { doubles } from "./doubles.ts";
import { requireSnapshot } from "./errors.ts";
import { readHalf, writeHalf } from "./half-doubles.ts";
import { NewestValues } from "./newest-values.ts";
import type { RecentValues } from "./recent-values.ts";
import type { DayBegun } from "./trend-of-days.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY_HOURS = 24;
const WEEK_HOURS = 168;
const QUARTER_MS = 900_000;
const DAY_QUARTERS = 96;
/** Where each profile's buckets begin among all: hours of the day, quarters of the day, hours of the week. */
const HOURS = 0;
const QUARTERS = DAY_HOURS;
const WEEK = DAY_HOURS + DAY_QUARTERS;
const BUCKETS = WEEK + WEEK_HOURS;
/** Halves of the state: means, then spreads, which only the profiles of the day have. */
const SPREADS = BUCKETS;
const HALVES = BUCKETS + WEEK;
/** Twelve weights, whole numbers up to 15, make one number of the state. */
const WEIGHTS = HALVES / 2;
const PACKED = 12;
const BITS = 4;
const MOST_WEIGHT = 15;
/** Six of them make a part that bit operations can take. */
const PART = 6;
const PART_UNIT = 2 ** (PART * BITS);
/** Places of the other numbers of the state. */
const OTHERS = WEIGHTS + BUCKETS / PACKED;
/** Means are kept as distances from the first value. */
const ORIGIN = OTHERS;
/** Size of all residuals of the hours, their number, and the same of the quarters. */
const HOUR_SIZE = OTHERS + 1;
const QUARTER_SIZE = OTHERS + 3;
/** The present quarter, and what the values weigh that came in it and in its hour. */
const QUARTER = OTHERS + 5;
const QUARTER_GATHERED = OTHERS + 6;
const HOUR_GATHERED = OTHERS + 7;
const HOUR_QUARTERS = 4;
/** First bucket of each profile, buckets, and what one lasts. */
const PROFILES = [
  [HOURS, DAY_HOURS, HOUR_MS],
  [QUARTERS, DAY_QUARTERS, QUARTER_MS],
  [WEEK, WEEK_HOURS, HOUR_MS],
] as const;
/** A mean lies no further from 0, so that no difference overflows. */
const LARGEST = 1e301;
/** Residuals against the hour of the day, in usual ones: the last 25. The same against the quarter of the day. */
export const HOUR_RESIDUALS = new NewestValues(25, OTHERS + 8);
export const QUARTER_RESIDUALS = new NewestValues(25, OTHERS + 8 + HOUR_RESIDUALS.length);
/** The last 24 residuals against the hour of the week. */
const WEEK_RESIDUALS = new NewestValues(
  24,
  OTHERS + 8 + HOUR_RESIDUALS.length + QUARTER_RESIDUALS.length,
);
const NUMBERS =
  OTHERS + 8 + HOUR_RESIDUALS.length + QUARTER_RESIDUALS.length + WEEK_RESIDUALS.length;
/**
 * Share of what the last hours differ that a line must explain for them to look straight: it explains 0.61 of a whole wave and
 * at most 0.75 of a step. Chosen on synthetic lines, checked on NAB's development half.
 */
const STRAIGHT = 0.8;
const FEWEST_HOURS = 3;
/** What a line is behind by at most, in its rise of a day. */
const FURTHEST = 2;
/** Least weight of a value in its bucket's mean, at one value in five minutes or fewer. */
const DAY_RATE = 0.1;
const WEEK_RATE = 0.2;
const LEAST_WEIGHT = 1e-9;
/** Least weight of a residual in the size of all. */
const OVERALL_RATE = 0.01;
/** A residual is measured by the usual size in its bucket and, in part, by that of all. */
const BUCKET_SHARE = 0.7;

/** State of `SeasonalResiduals`: its numbers. */
export type SeasonalResidualsSnapshot = Float64Array;

/** What a value is, less what is usual at its time; NaN where no earlier value tells. */
export interface SeasonalReadings {
  /** Against the hour of the day. */
  hour: number;
  /** Whether that hour has come on an earlier day. */
  hourReturns: boolean;
  /** Against the hour of the week. */
  week: number;
  /** Mean of the last 24 of those. */
  weekMean: number;
  /** Whether there is a new residual to read a median of, in `HOUR_RESIDUALS` and `QUARTER_RESIDUALS`. */
  newHour: boolean;
  newQuarter: boolean;
}

const readings: SeasonalReadings = {
  hour: 0.5,
  hourReturns: false,
  week: 0.5,
  weekMean: 0.5,
  newHour: false,
  newQuarter: false,
};

/**
 * What is usual at each hour of the day, quarter of the day and hour of the week, and how far a series is from it.
 *
 * Each bucket keeps a mean in which later values weigh more; compared first, learned from then. Values that come faster
 * than one in five minutes weigh less, so that an hour's weight does not depend on the sampling rate.
 *
 * Memory: 2.5 KB; means and spreads have 20 significant bits. Cost: about 0.3 µs a value.
 */
export class SeasonalResiduals {
  readonly #numbers = doubles(NUMBERS, 0);

  /** @param origin Any value of the series. */
  constructor(origin: number) {
    this.#numbers[ORIGIN] = origin;
  }

  /**
   * Begins with what is known of a series whose values all came in one quarter of an hour: the origin is their mean.
   *
   * @param localMs Any time of that quarter. @param weight What those values weigh: the sum of their shares.
   * @param recent The newest of them.
   */
  begin(localMs: number, weight: number, recent: RecentValues): void {
    const numbers = this.#numbers;
    const hour = Math.floor(localMs / HOUR_MS);
    numbers[QUARTER] = Math.floor(localMs / QUARTER_MS);
    numbers[HOUR_GATHERED] = weight;
    numbers[QUARTER_GATHERED] = weight;
    const mean = numbers[ORIGIN]!;
    const { held } = recent;
    let spread = 0;
    for (let age = 0; age < held; age++) spread += Math.abs(recent.newest(age) - mean) / held;
    for (const [size, bucket] of [
      [HOUR_SIZE, HOURS + modulo(hour, DAY_HOURS)],
      [QUARTER_SIZE, QUARTERS + modulo(numbers[QUARTER]!, DAY_QUARTERS)],
    ] as const) {
      numbers[size] = spread;
      numbers[size + 1] = held;
      writeHalf(numbers, SPREADS + bucket, spread);
    }
    for (let age = Math.min(held, WEEK_RESIDUALS.slots) - 1; age >= 0; age--)
      WEEK_RESIDUALS.add(numbers, recent.newest(age) - mean);
  }

  /**
   * Compares a value with what is usual at its time, then learns from it.
   *
   * @param localMs Local time, ms. @param x Less the line that the series follows; at most 2e300 in size.
   * @param learned What the means learn of it.
   * @param share 0 … 1: how much a value counts, 1 at one in five minutes or fewer. @param rise Of the line in a week.
   * @returns One object for all series, good until the next call.
   */
  update(
    localMs: number,
    x: number,
    learned: number,
    share: number,
    rise: number,
  ): Readonly<SeasonalReadings> {
    const hour = Math.floor(localMs / HOUR_MS);
    const quarter = Math.floor(localMs / QUARTER_MS);
    const hourBucket = HOURS + modulo(hour, DAY_HOURS);
    const weekBucket = WEEK + modulo(hour, WEEK_HOURS);
    const quarterBucket = QUARTERS + modulo(quarter, DAY_QUARTERS);
    this.#enter(hour, quarter);
    const numbers = this.#numbers;
    const keptWeight = this.#weightOf(hourBucket);
    readings.hourReturns = keptWeight > 0;
    const hourWeight = keptWeight + numbers[HOUR_GATHERED]!;
    const weekWeight = this.#weightOf(weekBucket) + numbers[HOUR_GATHERED]!;
    const quarterWeight = this.#weightOf(quarterBucket) + numbers[QUARTER_GATHERED]!;
    const weight = Math.max(LEAST_WEIGHT, share);
    const value = x - numbers[ORIGIN]!;
    const hourMean = readHalf(numbers, hourBucket);
    const weekMean = readHalf(numbers, weekBucket);
    const quarterMean = readHalf(numbers, quarterBucket);
    readings.hour = hourWeight > 0 ? value - hourMean : Number.NaN;
    readings.newHour =
      hourWeight > 0 &&
      this.#measure(hourBucket, readings.hour, HOUR_RESIDUALS, HOUR_SIZE, weight, hourWeight);
    readings.newQuarter =
      quarterWeight > 0 &&
      this.#measure(
        quarterBucket,
        value - quarterMean,
        QUARTER_RESIDUALS,
        QUARTER_SIZE,
        weight,
        quarterWeight,
      );
    readings.week = weekWeight > 0 ? nearer(value - weekMean, rise) : Number.NaN;
    readings.weekMean = Number.NaN;
    if (weekWeight > 0) {
      WEEK_RESIDUALS.add(numbers, readings.week);
      readings.weekMean = WEEK_RESIDUALS.mean(numbers);
    }
    const toLearn = learned - numbers[ORIGIN]!;
    writeHalf(numbers, hourBucket, moved(hourMean, toLearn, DAY_RATE, weight, hourWeight));
    writeHalf(numbers, quarterBucket, moved(quarterMean, toLearn, DAY_RATE, weight, quarterWeight));
    writeHalf(numbers, weekBucket, moved(weekMean, toLearn, WEEK_RATE, weight, weekWeight));
    numbers[HOUR_GATHERED]! += weight;
    numbers[QUARTER_GATHERED]! += weight;
    return readings;
  }

  /**
   * Keeps what is known in force where a day has begun with another line: each bucket is moved by what the line's new slope
   * makes of the time since it was last learned.
   */
  beginDay({ localMs, rise, tilt, skipped }: Readonly<DayBegun>): void {
    const numbers = this.#numbers;
    numbers[ORIGIN] = within(numbers[ORIGIN]! + rise, LARGEST);
    if (tilt === 0) return;
    for (const [first, length, lengthMs] of PROFILES) {
      const next = Math.floor(localMs / lengthMs);
      for (let age = 1; age <= length; age++) {
        const bucket = first + modulo(next - age, length);
        const moved = tilt * ((age - 0.5) * lengthMs + skipped * DAY_MS);
        writeHalf(numbers, bucket, within(readHalf(numbers, bucket) + moved, LARGEST));
      }
    }
  }

  /**
   * Whether a distance from the hour of the day is what a line would make of it: the last hours went straight, to the same
   * side and as far. Cost: O(23).
   */
  mayBeLine(localMs: number, residual: number): boolean {
    const rise = this.straightRise(localMs);
    return residual * rise > 0 && Math.abs(residual) <= FURTHEST * Math.abs(rise);
  }

  /** What the series rises in a day by its last hours, at most 23; 0 where those are fewer than three, or are not on a line. */
  straightRise(localMs: number): number {
    const numbers = this.#numbers;
    const hour = Math.floor(localMs / HOUR_MS);
    const newest = readHalf(numbers, HOURS + modulo(hour - 1, DAY_HOURS));
    let count = 0;
    let [sum, squares, along] = [0, 0, 0];
    for (let age = 1; age < DAY_HOURS; age++) {
      const bucket = HOURS + modulo(hour - age, DAY_HOURS);
      if (this.#weightOf(bucket) === 0) break;
      const x = (readHalf(numbers, bucket) - newest) / DAY_HOURS;
      count++;
      sum += x;
      squares += x * x;
      along -= x * age;
    }
    if (count < FEWEST_HOURS) return 0;
    along += (sum * (count + 1)) / 2;
    const spread = squares - (sum * sum) / count;
    const size = (count * (count * count - 1)) / 12;
    return along * along >= STRAIGHT * spread * size ? (along / size) * DAY_HOURS * DAY_HOURS : 0;
  }

  /** Median of the last `most` of some residuals, see `NewestValues.median`. @param most 1 … 25. */
  median(residuals: NewestValues, most: number): number {
    return residuals.median(this.#numbers, most);
  }

  /** See `NewestValues.slackOfMedian`. */
  slackOfMedian(residuals: NewestValues, most: number, low: number, high: number): number {
    return residuals.slackOfMedian(this.#numbers, most, low, high);
  }

  snapshot(): SeasonalResidualsSnapshot {
    return Float64Array.from(this.#numbers);
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(numbers: SeasonalResidualsSnapshot): SeasonalResiduals {
    requireSnapshot(numbers.length === NUMBERS, "wrong number of buckets");
    requireSnapshot(numbers.every(Number.isFinite), "a bucket is not finite");
    requireSnapshot(
      [HOUR_RESIDUALS, QUARTER_RESIDUALS, WEEK_RESIDUALS].every((kept) => kept.isSound(numbers)),
      "newest residuals are damaged",
    );
    const restored = new SeasonalResiduals(0);
    for (let at = 0; at < NUMBERS; at++) restored.#numbers[at] = numbers[at]!;
    return restored;
  }

  /**
   * Measures a residual by the usual size of those at its time of the day, then learns that size.
   *
   * @param size Where its profile's overall size lies. @param before What the values of the bucket weigh, above 0.
   * @returns Whether the scaled residual was added to `scaled`.
   */
  #measure(
    bucket: number,
    residual: number,
    scaled: NewestValues,
    size: number,
    weight: number,
    before: number,
  ): boolean {
    const numbers = this.#numbers;
    const spread = readHalf(numbers, SPREADS + bucket);
    const overall = numbers[size]!;
    const scale = BUCKET_SHARE * spread + (1 - BUCKET_SHARE) * overall;
    if (scale > 0) scaled.add(numbers, residual / scale);
    const off = Math.abs(residual);
    const rate = Math.max(DAY_RATE * weight, weight / Math.max(weight, before));
    writeHalf(numbers, SPREADS + bucket, spread + (off - spread) * rate);
    const seen = numbers[size + 1]! + 1;
    numbers[size + 1] = seen;
    numbers[size] = overall + (off - overall) * Math.max(OVERALL_RATE, 1 / seen);
    return scale > 0;
  }

  /** Where an hour or a quarter has begun, the one before keeps what its values weigh. */
  #enter(hour: number, quarter: number): void {
    const numbers = this.#numbers;
    if (quarter === numbers[QUARTER]) return;
    this.#keepWeight(
      QUARTERS + modulo(numbers[QUARTER]!, DAY_QUARTERS),
      numbers[QUARTER_GATHERED]!,
    );
    const hourBefore = Math.floor(numbers[QUARTER]! / HOUR_QUARTERS);
    numbers[QUARTER] = quarter;
    numbers[QUARTER_GATHERED] = 0;
    if (hour === hourBefore) return;
    this.#keepWeight(HOURS + modulo(hourBefore, DAY_HOURS), numbers[HOUR_GATHERED]!);
    this.#keepWeight(WEEK + modulo(hourBefore, WEEK_HOURS), numbers[HOUR_GATHERED]!);
    numbers[HOUR_GATHERED] = 0;
  }

  /** What all values of a bucket weigh, up to the last time that it was left: 0 where none came, else 1 … 15. */
  #weightOf(bucket: number): number {
    const packed = this.#numbers[WEIGHTS + Math.floor(bucket / PACKED)]!;
    const upper = Math.floor(packed / PART_UNIT);
    const place = bucket % PACKED;
    const part = place < PART ? packed - upper * PART_UNIT : upper;
    return (part >> (BITS * (place % PART))) & MOST_WEIGHT;
  }

  #keepWeight(bucket: number, gathered: number): void {
    if (gathered === 0) return;
    const before = this.#weightOf(bucket);
    const weight = Math.min(MOST_WEIGHT, Math.max(1, Math.round(before + gathered)));
    const unit = 2 ** (BITS * (bucket % PACKED));
    this.#numbers[WEIGHTS + Math.floor(bucket / PACKED)]! += (weight - before) * unit;
  }
}

/** Distance of a value from all that lies between what was last time and what a line has made of it; the nearer end's. @param x Distance from the latter. */
function nearer(x: number, rise: number): number {
  const other = x + rise;
  if (x > 0 !== other > 0) return 0;
  return Math.abs(x) < Math.abs(other) ? x : other;
}

/** A mean that follows a value. @param before What the values weigh that it rests on. */
const moved = (mean: number, x: number, leastRate: number, weight: number, before: number) =>
  mean + (x - mean) * Math.max(leastRate * weight, weight / (before + weight));

/** Remainder from 0; that of a small integer is cheap. */
function modulo(x: number, by: number): number {
  const small = x | 0;
  const rest = small === x ? small % by : x % by;
  return rest < 0 ? rest + by : rest;
}
